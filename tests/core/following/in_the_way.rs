//! The reasons not to update a service: each one alone, and the gravest of several.

use logweir::domain::baseline::{Baseline, RolloutSettings, Workload};
use logweir::domain::ecs::service::{Controller, Deployment, RolloutState, Service, Status};
use logweir::domain::edit::{Change, Edit, Holder, OptionChange};
use logweir::domain::limits::rollout_guards::{Candidate, Obstacle, obstacle};
use logweir::domain::outcome::Reason;
use serde_json::{Value, json};

use super::{arn, at, deployment, service};

/// A service and its circumstances. Without changes, nothing prevents the update.
struct Case {
    service: Service,
    edits: Vec<Edit>,
    baseline: &'static str,
    /// When the deployment of the source completed.
    completed: Option<&'static str>,
    time: &'static str,
}

fn case() -> Case {
    let service = service("web:41", vec![deployment(1, "web:41", true)]);
    Case { service, edits: vec![options()], baseline: "", completed: Some("11:45:00"), time: "12:00:00" }
}

impl Case {
    fn stop(&self) -> Option<Obstacle> {
        let text = format!("version = 1\n[rollout]\n{}\n", self.baseline);
        let settings: RolloutSettings = Baseline::parse(&text).unwrap().rollout(&Workload::default()).clone();
        obstacle(&Candidate {
            service: &self.service,
            source: &arn("web:41"),
            edits: &self.edits,
            settings: &settings,
            completed: self.completed.map(at),
            now: at(self.time),
        })
    }

    fn reason(&self) -> Option<Reason> {
        self.stop().map(|stop| stop.reason)
    }
}

/// An edit of options of an existing driver.
fn options() -> Edit {
    let mode = OptionChange { option: "mode".into(), old: None, new: Some(json!("non-blocking")) };
    let change = Change::Options { before: Holder::Map, after: Holder::Map, options: vec![mode] };
    Edit { container: "app".into(), change }
}

/// An edit of a whole log configuration.
fn whole(old: Option<Value>, new: Option<Value>) -> Edit {
    Edit { container: "side".into(), change: Change::Configuration { old, new } }
}

fn driver(name: &str) -> Option<Value> {
    Some(json!({"logDriver": name, "options": {}}))
}

#[test]
fn a_service_that_runs_exactly_the_source_may_be_updated() {
    assert_eq!(case().stop(), None);
}

#[test]
fn a_deleted_service_is_not_updated() {
    for (status, note) in
        [(Status::Draining, "the service is being deleted"), (Status::Inactive, "the service was deleted")]
    {
        let stop = Case { service: Service { status, ..case().service }, ..case() }.stop().unwrap();
        assert_eq!(stop, Obstacle::for_good(Reason::ServiceInactive, note));
    }
}

#[test]
fn a_service_with_another_deployment_controller_is_not_updated() {
    for (controller, who) in
        [(Controller::CodeDeploy, "CodeDeploy"), (Controller::External, "external"), (Controller::Other, "not know")]
    {
        let stop = Case { service: Service { controller, ..case().service }, ..case() }.stop().unwrap();
        assert_eq!((stop.reason, stop.passes), (Reason::UnsupportedController, false));
        assert!(stop.note.contains(who), "{stop:?}");
    }
}

#[test]
fn a_service_managed_by_ecs_is_not_updated() {
    let case = Case { service: Service { managed: true, ..case().service }, ..case() };
    assert_eq!(case.reason(), Some(Reason::ServiceOwned));
}

#[test]
fn a_service_that_runs_another_revision_is_not_updated_and_the_revision_is_named() {
    let moved = service("web:40", vec![deployment(1, "web:40", true)]);
    let stop = Case { service: moved, ..case() }.stop().unwrap();
    assert_eq!(stop, Obstacle::for_good(Reason::ServiceChanged, "the service runs web:40 now"));
}

#[test]
fn a_service_without_the_opt_in_tag_is_not_updated() {
    let baseline = "require-service-tag = \"logweir=follow\"";
    let tagged = |tags: &[(&str, &str)]| {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Case { service: Service { tags, ..case().service }, baseline, ..case() }.reason()
    };
    assert_eq!(tagged(&[("team", "web"), ("logweir", "follow")]), None);
    for other in [&[][..], &[("logweir", "no")], &[("logweir", "Follow")], &[("follow", "logweir")]] {
        assert_eq!(tagged(other), Some(Reason::NotOptedIn), "{other:?}");
    }
}

#[test]
fn a_service_whose_source_is_still_being_deployed_is_not_updated_unless_at_once() {
    let waits = Case { completed: None, ..case() };
    assert_eq!(waits.reason(), Some(Reason::DeploymentUnderWay));
    assert_eq!(Case { baseline: "when = \"at-once\"", ..waits }.reason(), None);
}

#[test]
fn a_service_on_which_the_source_failed_is_not_updated_even_at_once() {
    let completed = case().completed;
    for (completed, baseline) in [(None, ""), (completed, ""), (None, "when = \"at-once\"")] {
        let failed = Deployment { state: Some(RolloutState::Failed), ..deployment(2, "web:41", true) };
        let service = service("web:41", vec![failed, deployment(1, "web:40", false)]);
        assert_eq!(Case { service, completed, baseline, ..case() }.reason(), Some(Reason::DeploymentFailed));
    }
}

#[test]
fn an_older_failed_deployment_does_not_prevent_the_update() {
    let failed = Deployment { state: Some(RolloutState::Failed), ..deployment(1, "web:41", false) };
    let service = service("web:41", vec![failed, deployment(2, "web:41", true)]);
    assert_eq!(Case { service, ..case() }.reason(), None);
}

#[test]
fn an_added_or_replaced_driver_requires_a_circuit_breaker_with_rollback() {
    let cases = [
        ("added where there was none", whole(None, driver("awslogs")), true),
        ("added where there was null", whole(Some(Value::Null), driver("awslogs")), true),
        ("added to a configuration without one", whole(Some(json!({})), driver("awslogs")), true),
        ("replaced", whole(driver("json-file"), driver("awslogs")), true),
        ("taken away", whole(driver("json-file"), None), true),
        ("the same as before", whole(driver("awslogs"), driver("awslogs")), false),
        ("an option alone", options(), false),
    ];
    for (what, edit, asks) in cases {
        let edits = vec![options(), edit];
        assert_eq!(Case { edits: edits.clone(), ..case() }.reason(), None, "{what}, with a circuit breaker");
        let bare = Service { rolls_back: false, ..case().service };
        let reason = Case { service: bare, edits, ..case() }.reason();
        assert_eq!(reason, asks.then_some(Reason::NoCircuitBreaker), "{what}, without one");
    }
}

#[test]
fn a_freeze_window_postpones_the_update_and_is_named() {
    let baseline = "freeze = [\"mon 00:00 - tue 00:00 UTC\", \"sat 10:00 - sat 14:00 Europe/Berlin\"]";
    for (time, frozen) in [("08:59:59", false), ("09:00:00", true), ("12:59:59", true), ("13:00:00", false)] {
        let stop = Case { baseline, time, completed: Some("08:00:00"), ..case() }.stop();
        assert_eq!(stop.as_ref().map(|stop| (stop.reason, stop.passes)), frozen.then_some((Reason::Frozen, true)));
        let note = stop.map(|stop| stop.note).unwrap_or_default();
        assert_eq!(note.contains("sat 10:00 - sat 14:00 Europe/Berlin"), frozen, "{time}: {note}");
    }
}

#[test]
fn after_the_deployment_of_the_source_the_settling_time_postpones_the_update() {
    for (baseline, time, settles) in [
        ("", "12:14:59", true),
        ("", "12:15:00", false),
        ("settle-minutes = 60", "12:59:59", true),
        ("settle-minutes = 60", "13:00:00", false),
        ("settle-minutes = 0", "12:00:00", false),
        ("when = \"at-once\"", "12:00:00", false),
    ] {
        let stop = Case { baseline, time, completed: Some("12:00:00"), ..case() }.stop();
        assert_eq!(stop.map(|stop| (stop.reason, stop.passes)), settles.then_some((Reason::Settling, true)), "{time}");
    }
    let stop = Case { completed: Some("11:46:00"), ..case() }.stop().unwrap();
    assert!(stop.note.contains("after 2026-11-21T12:01:00Z"), "{}", stop.note);
}

#[test]
fn only_a_freeze_window_and_the_settling_time_pass_by_themselves() {
    for (reason, put) in GRAVITY {
        let mut case = case();
        put(&mut case);
        let passes = matches!(reason, Reason::Frozen | Reason::Settling);
        assert_eq!(case.stop().unwrap().passes, passes, "{reason:?}");
    }
}

/// Changes a case so that a reason applies.
type Puts = fn(&mut Case);

/// Every reason, the gravest first.
const GRAVITY: [(Reason, Puts); 10] = [
    (Reason::ServiceInactive, |case| case.service.status = Status::Draining),
    (Reason::UnsupportedController, |case| case.service.controller = Controller::CodeDeploy),
    (Reason::ServiceOwned, |case| case.service.managed = true),
    (Reason::ServiceChanged, |case| case.service.revision = arn("web:40")),
    (Reason::NotOptedIn, |case| {
        case.baseline = "require-service-tag = \"a=b\"\nfreeze = [\"sat 00:00 - sun 00:00 UTC\"]"
    }),
    (Reason::DeploymentFailed, |case| case.service.deployments[0].state = Some(RolloutState::Failed)),
    (Reason::DeploymentUnderWay, |case| case.completed = None),
    (Reason::NoCircuitBreaker, |case| {
        case.service.rolls_back = false;
        case.edits.push(whole(None, driver("awslogs")));
    }),
    (Reason::Frozen, |case| {
        if case.baseline.is_empty() {
            case.baseline = "freeze = [\"sat 00:00 - sun 00:00 UTC\"]";
        }
    }),
    (Reason::Settling, |case| case.completed = case.completed.and(Some("11:59:00"))),
];

#[test]
fn of_several_reasons_the_gravest_is_reported() {
    for several in 1..1_usize << GRAVITY.len() {
        let mut case = case();
        let holds = |place: &usize| several & (1 << place) != 0;
        let holding: Vec<usize> = (0..GRAVITY.len()).filter(holds).collect();
        holding.iter().for_each(|place| GRAVITY[*place].1(&mut case));
        assert_eq!(case.reason(), Some(GRAVITY[holding[0]].0), "{holding:?}");
    }
}
