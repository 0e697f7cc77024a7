//! ministack completes a deployment immediately, unless the service's configuration leaves no room for new tasks.

use jiff::Timestamp;
use logweir::domain::outcome::{Outcome, Reason};

use super::{Story, corrected, ended, services};
use crate::emulated::Place;
use crate::emulated::events::{at, completed, created, deployment, registered, updated, updated_by};
use crate::emulated::others::Logs;

async fn story(name: &str) -> Story {
    Story::on(Place::ministack("222233334444"), name).await
}

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn a_new_service_follows_and_is_rolled_back_on_request() {
    let story = story("created").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    others.holds_up(&service).await;

    let creation = created(&service, &source);
    let report = logweir.gets(&creation).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("updated", None)]);
    assert_eq!(report.services[0].service, "created/web");
    let correction = corrected(&report);
    assert_eq!(others.runs(&service).await, correction);

    others.lets_go_on(&service).await;
    let event = completed(&service, &others.newest_deployment(&service).await);
    let report = logweir.gets(&event).await;
    assert_eq!(ended(&report), (Outcome::RolledOut, None), "{report:?}");
    assert_eq!(services(&report), [("rolled-out", None)]);

    story.changes();
    let report = logweir.gets(&event).await;
    assert_eq!((ended(&report), story.changes()), ((Outcome::Compliant, None), vec![]), "{report:?}");
    // EventBridge delivers the same event again, with its old time.
    let report = logweir.gets(&creation).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::Duplicate), vec![]), "{report:?}");
    assert!(logweir.resumes().await.is_empty());
    assert_eq!(story.changes(), ["PutItem"], "the schedule records the mode and the baseline once");

    let report = logweir.previews(&correction).await;
    assert_eq!((report.outcome, story.changes()), (Outcome::Observed, vec![]), "{report:?}");
    assert!(report.notes[0].starts_with("service created/web would be rolled back to created:1"), "{report:?}");
    let report = logweir.backs_out(&correction).await;
    assert_eq!(ended(&report), (Outcome::BackedOut, None), "{report:?}");
    assert_eq!(services(&report), [("backed-out", None)]);
    assert_eq!((others.runs(&service).await, others.is_active(&correction).await), (source, false));

    story.changes();
    let report = logweir.gets(&completed(&service, &others.newest_deployment(&service).await)).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::BackedOutBefore), vec![]), "{report:?}");
}

#[tokio::test]
async fn a_third_party_deployment_is_not_disturbed_and_the_service_follows_after_it() {
    let story = story("deployed").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let first = others.registers(&story.name, Logs::Compliant).await;
    let service = others.creates("web", &first, 1).await;
    let source = others.registers(&story.name, Logs::Blocking).await;
    others.holds_up(&service).await;
    others.deploys(&service, &source).await;
    let other = others.newest_deployment(&service).await;

    let report = logweir.gets(&updated(&service, &source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("not-changed", Some(Reason::DeploymentUnderWay))]);
    let correction = corrected(&report);
    story.changes();
    let report = logweir.gets(&deployment("deployment-in-progress", &service, &other)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::DeploymentUnderWay)), "{report:?}");
    assert_eq!((others.runs(&service).await, story.changes()), (source, vec![]));

    others.lets_go_on(&service).await;
    others.holds_up(&service).await;
    let event = completed(&service, &other);
    let report = logweir.gets(&event).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("updated", None)]);
    assert_eq!(others.runs(&service).await, correction);

    story.changes();
    let report = logweir.gets(&event).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::DeploymentUnderWay)), "{report:?}");
    let report = logweir.gets(&updated_by(logweir.role(), &service, &correction)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::RegisteredByLogweir)), "{report:?}");
    assert_eq!(story.changes(), NOTHING);

    // No event arrives, so the schedule reads the deployment.
    others.lets_go_on(&service).await;
    let reports = logweir.resumes().await;
    assert_eq!(reports.iter().map(ended).collect::<Vec<_>>(), [(Outcome::RolledOut, None)], "{reports:?}");
}

#[tokio::test]
async fn a_service_that_changed_before_its_event_arrived_is_skipped() {
    let story = story("moved-on-before").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let asked = Timestamp::now();
    let (service, source) = story.service_that_blocks(1).await;
    // CloudTrail records the time of the request. A later time would mean that the read of the service lags.
    let creation = at(created(&service, &source), asked);
    let other = story.moves_on(&service).await;

    let report = logweir.gets(&creation).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(services(&report), [("not-changed", Some(Reason::ServiceChanged))]);
    story.changes();
    let report = logweir.gets(&completed(&service, &others.newest_deployment(&service).await)).await;
    assert_eq!((ended(&report), story.changes()), ((Outcome::Compliant, None), vec![]), "{report:?}");
    assert_eq!((others.runs(&service).await, story.count("UpdateService")), (other, 0));
}

#[tokio::test]
async fn a_service_that_changed_after_its_update_is_skipped() {
    let story = story("moved-on-after").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    let report = logweir.gets(&created(&service, &source)).await;
    let (correction, event) = (corrected(&report), completed(&service, &others.newest_deployment(&service).await));
    let other = story.moves_on(&service).await;

    let report = logweir.gets(&event).await;
    assert_eq!(services(&report)[0], ("not-changed", Some(Reason::ServiceChanged)), "{report:?}");
    let report = logweir.backs_out(&source).await;
    assert_eq!(ended(&report), (Outcome::BackedOut, None), "{report:?}");
    assert_eq!((others.runs(&service).await, others.is_active(&correction).await), (other, false));
    assert_eq!(story.count("UpdateService"), 1, "by Logweir");
}

#[tokio::test]
async fn a_backout_before_the_deployment_has_completed_ends_after_its_last_task() {
    let story = story("too-early").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    others.holds_up(&service).await;
    let correction = corrected(&logweir.gets(&created(&service, &source)).await);
    let event = completed(&service, &others.newest_deployment(&service).await);

    let report = logweir.backs_out(&source).await;
    assert_eq!(ended(&report), (Outcome::Partial, Some(Reason::DeploymentUnderWay)), "{report:?}");
    assert_eq!(services(&report), [("backed-out", None)]);
    assert_eq!((others.runs(&service).await, others.is_active(&correction).await), (source.clone(), true));
    story.changes();
    let report = logweir.gets(&event).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::BackedOutBefore), vec![]), "{report:?}");

    others.lets_go_on(&service).await;
    let reports = logweir.resumes_backouts().await;
    assert_eq!(reports.iter().map(ended).collect::<Vec<_>>(), [(Outcome::BackedOut, None)], "{reports:?}");
    assert_eq!((others.runs(&service).await, others.is_active(&correction).await), (source, false));
    story.changes();
    let report = logweir.gets(&event).await;
    assert_eq!((ended(&report).1, story.changes()), (Some(Reason::BackedOutBefore), vec![]), "{report:?}");
}

#[tokio::test]
async fn a_failed_deployment_by_logweir_is_rolled_back_and_not_retried() {
    let story = story("failed").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (service, source) = story.service_that_blocks(1).await;
    others.holds_up(&service).await;
    let correction = corrected(&logweir.gets(&created(&service, &source)).await);
    // Without a circuit breaker, only Logweir rolls the service back.
    let event = deployment("deployment-failed", &service, &others.newest_deployment(&service).await);

    let report = logweir.gets(&event).await;
    assert_eq!(ended(&report), (Outcome::Failed, Some(Reason::DeploymentFailed)), "{report:?}");
    assert_eq!(services(&report), [("failed", Some(Reason::DeploymentFailed))]);
    assert_eq!((others.runs(&service).await, others.is_active(&correction).await), (source.clone(), true));

    others.lets_go_on(&service).await;
    story.changes();
    for event in [event, completed(&service, &others.newest_deployment(&service).await), created(&service, &source)] {
        let report = logweir.gets(&event).await;
        assert_eq!(
            (services(&report), story.changes()),
            (vec![("not-changed", Some(Reason::ServiceRolledBack))], vec![])
        );
    }
    assert_eq!(others.runs(&service).await, source);
    let next = others.registers(&story.name, Logs::Blocking).await;
    let report = logweir.gets(&registered(&next)).await;
    assert_eq!(ended(&report), (Outcome::Refused, Some(Reason::FuseOpen)), "{report:?}");
}

#[tokio::test]
async fn the_services_of_a_family_follow_one_after_the_other() {
    let story = story("in-turn").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (first, source) = story.service_that_blocks(1).await;
    let second = others.creates("api", &source, 1).await;
    others.holds_up(&first).await;

    let correction = corrected(&logweir.gets(&created(&first, &source)).await);
    let report = logweir.gets(&created(&second, &source)).await;
    assert_eq!(services(&report), [("waits", Some(Reason::InFlight))], "{report:?}");
    assert_eq!((others.runs(&first).await, others.runs(&second).await), (correction.clone(), source));

    others.lets_go_on(&first).await;
    let report = logweir.gets(&completed(&first, &others.newest_deployment(&first).await)).await;
    assert_eq!(services(&report), [("rolled-out", None), ("updated", None)], "{report:?}");
    assert_eq!(report.services[1].service, second.short());
    assert_eq!(others.runs(&second).await, correction);
}
