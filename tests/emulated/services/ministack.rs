//! ministack completes a deployment at once, unless the service's configuration leaves it no room for new tasks.

use logweir::domain::outcome::{Outcome, Reason};

use super::{Story, corrected, ended, services};
use crate::emulated::Place;
use crate::emulated::events::{completed, created, deployment, registered, updated, updated_by};
use crate::emulated::others::Logs;

async fn story(name: &str) -> Story {
    Story::on(Place::ministack("222233334444"), name).await
}

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn a_new_service_follows_and_goes_back_when_somebody_asks() {
    let story = story("created").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    others.holds_up(&service).await;

    let report = logweir.gets(&created(&service, &source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("updated", None)]);
    assert_eq!(report.services[0].service, "created/web");
    let ours = corrected(&report);
    assert_eq!(others.runs(&service).await, ours);

    others.lets_go_on(&service).await;
    let event = completed(&service, &others.newest_deployment(&service).await);
    let report = logweir.gets(&event).await;
    assert_eq!(ended(&report), (Outcome::RolledOut, None), "{report:?}");
    assert_eq!(services(&report), [("rolled-out", None)]);

    story.changes();
    let report = logweir.gets(&event).await;
    assert_eq!((ended(&report), story.changes()), ((Outcome::Compliant, None), vec![]), "{report:?}");
    let report = logweir.gets(&created(&service, &source)).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::Duplicate), vec![]), "{report:?}");
    assert!(logweir.resumes().await.is_empty());

    let report = logweir.previews(&ours).await;
    assert_eq!((report.outcome, story.changes()), (Outcome::Observed, vec![]), "{report:?}");
    assert!(report.notes[0].starts_with("service created/web would be pointed back at created:1"), "{report:?}");
    let report = logweir.takes_back(&ours).await;
    assert_eq!(ended(&report), (Outcome::BackedOut, None), "{report:?}");
    assert_eq!(services(&report), [("pointed-back", None)]);
    assert_eq!((others.runs(&service).await, others.is_active(&ours).await), (source, false));

    story.changes();
    let report = logweir.gets(&completed(&service, &others.newest_deployment(&service).await)).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::Suppressed), vec![]), "{report:?}");
}

#[tokio::test]
async fn a_deployment_of_others_is_not_disturbed_and_followed_once_it_has_completed() {
    let story = story("deployed").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let first = others.registers(&story.name, Logs::Compliant).await;
    let service = others.creates("web", &first, 1).await;
    let source = others.registers(&story.name, Logs::Blocking).await;
    others.holds_up(&service).await;
    others.deploys(&service, &source).await;
    let theirs = others.newest_deployment(&service).await;

    let report = logweir.gets(&updated(&service, &source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("left-alone", Some(Reason::DeploymentUnderWay))]);
    let ours = corrected(&report);
    story.changes();
    let report = logweir.gets(&deployment("deployment-in-progress", &service, &theirs)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::DeploymentUnderWay)), "{report:?}");
    assert_eq!((others.runs(&service).await, story.changes()), (source, vec![]));

    others.lets_go_on(&service).await;
    others.holds_up(&service).await;
    let event = completed(&service, &theirs);
    let report = logweir.gets(&event).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("updated", None)]);
    assert_eq!(others.runs(&service).await, ours);

    story.changes();
    let report = logweir.gets(&event).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::DeploymentUnderWay)), "{report:?}");
    let report = logweir.gets(&updated_by(logweir.role(), &service, &ours)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::OwnRevision)), "{report:?}");
    assert_eq!(story.changes(), NOTHING);

    // No event comes: the schedule looks.
    others.lets_go_on(&service).await;
    let reports = logweir.resumes().await;
    assert_eq!(reports.iter().map(ended).collect::<Vec<_>>(), [(Outcome::RolledOut, None)], "{reports:?}");
}

#[tokio::test]
async fn a_service_that_moved_on_before_its_event_came_is_left_alone() {
    let story = story("moved-on-before").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    let theirs = story.moves_on(&service).await;

    let report = logweir.gets(&created(&service, &source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("left-alone", Some(Reason::ServiceMovedOn))]);
    story.changes();
    let report = logweir.gets(&completed(&service, &others.newest_deployment(&service).await)).await;
    assert_eq!((ended(&report), story.changes()), ((Outcome::Compliant, None), vec![]), "{report:?}");
    assert_eq!((others.runs(&service).await, story.count("UpdateService")), (theirs, 0));
}

#[tokio::test]
async fn a_service_that_moved_on_after_it_followed_is_left_alone() {
    let story = story("moved-on-after").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    let report = logweir.gets(&created(&service, &source)).await;
    let (ours, event) = (corrected(&report), completed(&service, &others.newest_deployment(&service).await));
    let theirs = story.moves_on(&service).await;

    let report = logweir.gets(&event).await;
    assert_eq!(services(&report)[0], ("left-alone", Some(Reason::ServiceMovedOn)), "{report:?}");
    let report = logweir.takes_back(&source).await;
    assert_eq!(ended(&report), (Outcome::BackedOut, None), "{report:?}");
    assert_eq!((others.runs(&service).await, others.is_active(&ours).await), (theirs, false));
    assert_eq!(story.count("UpdateService"), 1, "ours");
}

#[tokio::test]
async fn what_is_taken_back_before_it_has_completed_ends_once_its_last_task_has() {
    let story = story("too-early").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    others.holds_up(&service).await;
    let ours = corrected(&logweir.gets(&created(&service, &source)).await);
    let event = completed(&service, &others.newest_deployment(&service).await);

    let report = logweir.takes_back(&source).await;
    assert_eq!(ended(&report), (Outcome::Partial, Some(Reason::DeploymentUnderWay)), "{report:?}");
    assert_eq!(services(&report), [("pointed-back", None)]);
    assert_eq!((others.runs(&service).await, others.is_active(&ours).await), (source.clone(), true));
    story.changes();
    let report = logweir.gets(&event).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::Suppressed), vec![]), "{report:?}");

    others.lets_go_on(&service).await;
    let reports = logweir.resumes_taking_back().await;
    assert_eq!(reports.iter().map(ended).collect::<Vec<_>>(), [(Outcome::BackedOut, None)], "{reports:?}");
    assert_eq!((others.runs(&service).await, others.is_active(&ours).await), (source, false));
    story.changes();
    let report = logweir.gets(&event).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::Suppressed), vec![]), "{report:?}");
}

#[tokio::test]
async fn a_deployment_of_ours_that_fails_is_taken_back_and_tried_no_more() {
    let story = story("failed").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    others.holds_up(&service).await;
    let ours = corrected(&logweir.gets(&created(&service, &source)).await);
    // Without a circuit breaker nobody else takes it back.
    let event = deployment("deployment-failed", &service, &others.newest_deployment(&service).await);

    let report = logweir.gets(&event).await;
    assert_eq!(ended(&report), (Outcome::Failed, Some(Reason::DeploymentFailed)), "{report:?}");
    assert_eq!(services(&report), [("failed", Some(Reason::DeploymentFailed))]);
    assert_eq!((others.runs(&service).await, others.is_active(&ours).await), (source.clone(), true));

    others.lets_go_on(&service).await;
    story.changes();
    for event in [event, completed(&service, &others.newest_deployment(&service).await), created(&service, &source)] {
        let report = logweir.gets(&event).await;
        assert_eq!((services(&report), story.changes()), (vec![("left-alone", Some(Reason::Returned))], vec![]));
    }
    assert_eq!(others.runs(&service).await, source);
    let next = others.registers(&story.name, Logs::Blocking).await;
    let report = logweir.gets(&registered(&next)).await;
    assert_eq!(ended(&report), (Outcome::Refused, Some(Reason::FuseOpen)), "{report:?}");
}

#[tokio::test]
async fn of_a_family_one_service_is_on_its_way_and_the_next_one_follows_it() {
    let story = story("in-turn").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (first, source) = story.service_that_blocks(1).await;
    let second = others.creates("api", &source, 1).await;
    others.holds_up(&first).await;

    let ours = corrected(&logweir.gets(&created(&first, &source)).await);
    let report = logweir.gets(&created(&second, &source)).await;
    assert_eq!(services(&report), [("waits", Some(Reason::InFlight))], "{report:?}");
    assert_eq!((others.runs(&first).await, others.runs(&second).await), (ours.clone(), source));

    others.lets_go_on(&first).await;
    let report = logweir.gets(&completed(&first, &others.newest_deployment(&first).await)).await;
    assert_eq!(services(&report), [("rolled-out", None), ("updated", None)], "{report:?}");
    assert_eq!(report.services[1].service, second.short());
    assert_eq!(others.runs(&second).await, ours);
}
