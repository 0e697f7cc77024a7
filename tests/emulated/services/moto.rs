//! The part of the story that moto supports. moto accepts UpdateService and reports the service with the requested
//! revision, but creates no deployment. So no deployment by Logweir ever appears or completes. The first deployment of
//! a service with tasks never completes either. moto does not support service deployments (HTTP 500) and their ARNs, so
//! Logweir must not read them here.

use jiff::Timestamp;
use logweir::domain::outcome::{Outcome, Reason};

use super::{Story, corrected, ended, services};
use crate::emulated::Place;
use crate::emulated::events::{at, completed, created};

async fn story(name: &str) -> Story {
    Story::on(Place::moto(), name).await
}

#[tokio::test]
async fn a_new_service_is_updated_and_rolled_back_without_a_visible_deployment() {
    let story = story("created").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(0).await;

    let event = created(&service, &source);
    let report = logweir.gets(&event).await;
    assert_eq!((report.outcome, report.is_retried()), (Outcome::Failed, true), "{report:?}");
    assert!(report.error.as_ref().unwrap().contains("does not show the update yet"), "{report:?}");
    let correction = corrected(&report);
    assert_eq!(others.runs(&service).await, correction);
    for event in [event, completed(&service, &others.newest_deployment(&service).await)] {
        let report = logweir.gets(&event).await;
        assert_eq!((report.outcome, report.is_retried()), (Outcome::Failed, true), "{report:?}");
    }
    assert_eq!(story.count("UpdateService"), 1, "the update is not repeated");

    let report = logweir.backs_out(&source).await;
    assert_eq!(ended(&report), (Outcome::BackedOut, None), "{report:?}");
    assert_eq!(services(&report), [("backed-out", None)]);
    assert_eq!((others.runs(&service).await, others.is_active(&correction).await), (source, false));
    story.changes();
    let report = logweir.gets(&completed(&service, &others.newest_deployment(&service).await)).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::BackedOutBefore), vec![]), "{report:?}");
    assert_eq!(story.count("DescribeServiceDeployments"), 0);
}

#[tokio::test]
async fn a_changed_service_is_skipped() {
    let story = story("moved-on").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let asked = Timestamp::now();
    let (service, source) = story.service_that_blocks(0).await;
    // CloudTrail records the time of the request. A later time would mean that the read of the service lags.
    let creation = at(created(&service, &source), asked);
    let other = story.moves_on(&service).await;

    let report = logweir.gets(&creation).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("not-changed", Some(Reason::ServiceChanged))]);
    assert_eq!((others.runs(&service).await, story.count("UpdateService")), (other, 0));
}

#[tokio::test]
async fn a_backout_before_the_first_deployment_has_completed_updates_no_service() {
    let story = story("too-early").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;

    let report = logweir.gets(&created(&service, &source)).await;
    assert_eq!(services(&report), [("not-changed", Some(Reason::DeploymentUnderWay))], "{report:?}");
    let correction = corrected(&report);
    let report = logweir.backs_out(&source).await;
    assert_eq!(ended(&report), (Outcome::BackedOut, None), "{report:?}");
    assert_eq!((others.runs(&service).await, others.is_active(&correction).await), (source, false));
    assert_eq!((story.count("UpdateService"), story.count("DescribeServiceDeployments")), (0, 0));
}
