//! What moto can tell of the story. It takes UpdateService, and says of the service that it runs what was asked for; it makes
//! no deployment of it, so none of ours is ever seen, nor completes. A service with tasks never completes its first one
//! either. Service deployments (HTTP 500) and their ARNs it does not know: nobody may ask for them here.

use logweir::domain::outcome::{Outcome, Reason};

use super::{Story, corrected, ended, services};
use crate::emulated::Place;
use crate::emulated::events::{completed, created};

async fn story(name: &str) -> Story {
    Story::on(Place::moto(), name).await
}

#[tokio::test]
async fn a_new_service_is_pointed_and_goes_back_though_no_deployment_is_ever_seen() {
    let story = story("created").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(0).await;

    let event = created(&service, &source);
    let report = logweir.gets(&event).await;
    assert_eq!((report.outcome, report.comes_again()), (Outcome::Failed, true), "{report:?}");
    assert!(report.error.as_ref().unwrap().contains("shows nothing of it yet"), "{report:?}");
    let ours = corrected(&report);
    assert_eq!(others.runs(&service).await, ours);
    for event in [event, completed(&service, &others.newest_deployment(&service).await)] {
        let report = logweir.gets(&event).await;
        assert_eq!((report.outcome, report.comes_again()), (Outcome::Failed, true), "{report:?}");
    }
    assert_eq!(story.count("UpdateService"), 1, "what was done is not done again");

    let report = logweir.takes_back(&source).await;
    assert_eq!(ended(&report), (Outcome::BackedOut, None), "{report:?}");
    assert_eq!(services(&report), [("pointed-back", None)]);
    assert_eq!((others.runs(&service).await, others.is_active(&ours).await), (source, false));
    story.changes();
    let report = logweir.gets(&completed(&service, &others.newest_deployment(&service).await)).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::Suppressed), vec![]), "{report:?}");
    assert_eq!(story.count("DescribeServiceDeployments"), 0);
}

#[tokio::test]
async fn a_service_that_moved_on_is_left_alone() {
    let story = story("moved-on").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(0).await;
    let theirs = story.moves_on(&service).await;

    let report = logweir.gets(&created(&service, &source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("left-alone", Some(Reason::ServiceMovedOn))]);
    assert_eq!((others.runs(&service).await, story.count("UpdateService")), (theirs, 0));
}

#[tokio::test]
async fn what_is_taken_back_before_its_deployment_has_completed_was_never_rolled_out() {
    let story = story("too-early").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;

    let report = logweir.gets(&created(&service, &source)).await;
    assert_eq!(services(&report), [("left-alone", Some(Reason::DeploymentUnderWay))], "{report:?}");
    let ours = corrected(&report);
    let report = logweir.takes_back(&source).await;
    assert_eq!(ended(&report), (Outcome::BackedOut, None), "{report:?}");
    assert_eq!((others.runs(&service).await, others.is_active(&ours).await), (source, false));
    assert_eq!((story.count("UpdateService"), story.count("DescribeServiceDeployments")), (0, 0));
}
