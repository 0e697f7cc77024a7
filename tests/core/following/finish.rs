//! The next step of a rollout in flight: one assertion for each cell of the decision table.

use jiff::SignedDuration;
use logweir::domain::ecs::service::{Deployment, RolloutState, Service, ServiceArn};
use logweir::domain::event::ServiceChange;
use logweir::domain::record::{
    Ending, Fact, Facts, FinishStep, Rollout, RolloutPhase, ServiceUpdate, Sighting, next_step,
};

use super::{arn, at, deployment, id, service, web};

/// The corrected revision is `web:42`, its source `web:41`. The service ran deployment 1 when the update was decided.
fn pointing() -> ServiceUpdate {
    ServiceUpdate { service: web(), from: arn("web:41"), to: arn("web:42"), seen: vec![id(1)], settled: true }
}

fn step(phase: RolloutPhase<'_>, service: &Service, change: &ServiceChange, facts: &Facts) -> FinishStep {
    let (pointing, web) = (pointing(), web());
    let seen = Sighting {
        service,
        change,
        facts,
        may_start_again: true,
        leaves_rollback_to_ecs: false,
        is_overdue: false,
        may_lag: false,
    };
    next_step(&Rollout { update: Some(&pointing), ..rollout(&web, phase) }, &seen)
}

/// A rollout in this phase, without an update.
fn rollout<'r>(service: &'r ServiceArn, state: RolloutPhase<'r>) -> Rollout<'r> {
    let paused_for = SignedDuration::ZERO;
    let (update, deployment, is_replaced, begun, paused) = (None, None, false, None, None);
    Rollout { service, update, deployment, is_replaced, begun, paused, paused_for, state }
}

fn look(phase: RolloutPhase<'_>, service: &Service) -> FinishStep {
    step(phase, service, &ServiceChange::Look, &Facts::default())
}

fn told(state: RolloutState) -> ServiceChange {
    ServiceChange::Deployment { id: id(2), state, reason: Some("tasks failed".into()) }
}

fn before() -> Service {
    service("web:41", vec![deployment(1, "web:41", true)])
}

/// The corrected revision is deployed by deployment 2.
fn after() -> Service {
    service("web:42", vec![deployment(2, "web:42", true), deployment(1, "web:41", false)])
}

fn under_way() -> Service {
    let newest = Deployment { state: Some(RolloutState::InProgress), ..deployment(2, "web:42", true) };
    service("web:42", vec![newest, deployment(1, "web:41", false)])
}

/// Another principal has deployed `revision` by deployment 3.
fn moved_to(revision: &str) -> Service {
    service(revision, vec![deployment(3, revision, true), deployment(2, "web:42", false)])
}

fn failed() -> FinishStep {
    FinishStep::RollBack("tasks failed".into())
}

#[test]
fn an_intended_update_is_adopted_started_again_or_waited_for() {
    assert_eq!(look(RolloutPhase::Updating, &after()), FinishStep::Adopt(id(2)));
    assert_eq!(look(RolloutPhase::Updating, &before()), FinishStep::StartAgain);
    let unlisted = Service { revision: arn("web:42"), ..before() };
    assert_eq!(look(RolloutPhase::Updating, &unlisted), FinishStep::TryAgain);
}

#[test]
fn an_intended_update_is_not_started_again_if_ecs_lists_its_deployment() {
    let (pointing, web, change) = (pointing(), web(), &ServiceChange::Look);
    let rollout = Rollout { update: Some(&pointing), ..rollout(&web, RolloutPhase::Updating) };
    let step = |may_lag, deployed| {
        let (service, facts) = (&before(), &Facts { deployed, ..Facts::default() });
        let (may_start_again, leaves_rollback_to_ecs, is_overdue) = (true, false, false);
        let seen = Sighting { service, change, facts, may_start_again, leaves_rollback_to_ecs, is_overdue, may_lag };
        next_step(&rollout, &seen)
    };
    assert_eq!(step(true, None), FinishStep::Ask(Fact::Deployed));
    assert_eq!(step(true, Some(true)), FinishStep::TryAgain);
    assert_eq!(step(true, Some(false)), FinishStep::StartAgain);
    assert_eq!(step(false, None), FinishStep::StartAgain, "no read lags for so long");
}

#[test]
fn a_rollout_ends_by_an_event_or_by_a_listing_of_ecs_and_waits_otherwise() {
    let (two, none) = (id(2), Facts::default());
    let phase = RolloutPhase::Updated(&two);
    let completed = FinishStep::End(Ending::Completed);
    assert_eq!(step(phase, &under_way(), &told(RolloutState::Completed), &none), completed);
    assert_eq!(step(phase, &under_way(), &told(RolloutState::Failed), &none), failed());
    assert_eq!(look(phase, &under_way()), FinishStep::Ask(Fact::Completed));
    let known = |completed| Facts { completed: Some(completed), ..Facts::default() };
    assert_eq!(step(phase, &under_way(), &ServiceChange::Look, &known(true)), completed);
    assert_eq!(step(phase, &under_way(), &ServiceChange::Look, &known(false)), FinishStep::Wait);
}

#[test]
fn a_pause_is_read_only_if_something_hints_at_it_and_delays_the_deadline() {
    let (two, pointing, web) = (id(2), pointing(), web());
    let none = Facts { completed: Some(false), ..Facts::default() };
    let facts = |paused| Facts { paused: Some(paused), ..none.clone() };
    let step = |pauses, is_overdue, paused: Option<&str>, facts: &Facts| {
        let service = Service { pauses, ..under_way() };
        let rollout =
            Rollout { update: Some(&pointing), paused: paused.map(at), ..rollout(&web, RolloutPhase::Updated(&two)) };
        let (may_start_again, leaves_rollback_to_ecs, may_lag) = (true, false, false);
        let change = &ServiceChange::Look;
        let service = &service;
        let seen = Sighting { service, change, facts, may_start_again, leaves_rollback_to_ecs, is_overdue, may_lag };
        next_step(&rollout, &seen)
    };
    assert_eq!(step(false, false, None, &none), FinishStep::Wait, "nothing hints at a pause");
    for (pauses, is_overdue, paused) in [(true, false, None), (false, true, None), (false, false, Some("12:00:00"))] {
        assert_eq!(step(pauses, is_overdue, paused, &none), FinishStep::Ask(Fact::Paused));
    }
    for is_overdue in [false, true] {
        assert_eq!(step(true, is_overdue, None, &facts(true)), FinishStep::Pause);
        assert_eq!(step(true, is_overdue, Some("12:00:00"), &facts(true)), FinishStep::Wait);
        assert_eq!(step(true, is_overdue, Some("12:00:00"), &facts(false)), FinishStep::Continue);
    }
    assert_eq!(step(true, false, None, &facts(false)), FinishStep::Wait);
    assert_eq!(step(true, true, None, &facts(false)), FinishStep::End(Ending::Overdue));
}

#[test]
fn a_read_from_before_a_recent_update_concludes_nothing() {
    let (two, pointing, web) = (id(2), pointing(), web());
    let step = |service: &Service, may_lag| {
        let rollout = Rollout { update: Some(&pointing), ..rollout(&web, RolloutPhase::Updated(&two)) };
        let (change, facts) = (&ServiceChange::Look, &Facts { rollback: Some(None), ..Facts::default() });
        let (may_start_again, leaves_rollback_to_ecs, is_overdue) = (true, false, false);
        let seen = Sighting { service, change, facts, may_start_again, leaves_rollback_to_ecs, is_overdue, may_lag };
        next_step(&rollout, &seen)
    };
    assert_eq!(step(&before(), true), FinishStep::TryAgain);
    assert_eq!(step(&before(), false), FinishStep::End(Ending::RolledBack), "no read lags for so long");
    assert_eq!(step(&moved_to("web:41"), true), FinishStep::End(Ending::RolledBack), "a new deployment is no lag");
}

#[test]
fn a_deployment_of_the_corrected_revision_by_another_principal_is_adopted() {
    let two = id(2);
    assert_eq!(look(RolloutPhase::Updated(&two), &moved_to("web:42")), FinishStep::Adopt(id(3)));
}

#[test]
fn a_service_that_runs_another_revision_was_changed_returned_or_rolled_back() {
    let two = id(2);
    let phase = RolloutPhase::Updated(&two);
    assert_eq!(look(phase, &moved_to("web:43")), FinishStep::End(Ending::ServiceChanged));
    assert_eq!(look(phase, &moved_to("web:41")), FinishStep::Ask(Fact::Rollback));
    let no_rollback = Facts { rollback: Some(None), ..Facts::default() };
    let step = |facts: &Facts| step(phase, &moved_to("web:41"), &ServiceChange::Look, facts);
    assert_eq!(step(&no_rollback), FinishStep::End(Ending::RolledBack));
    let rollback = Facts { rollback: Some(Some("tasks failed".into())), ..Facts::default() };
    assert_eq!(step(&rollback), FinishStep::Ask(Fact::Overtaken));
    let by_ecs = Facts { overtaken: Some(false), ..rollback.clone() };
    assert_eq!(step(&by_ecs), FinishStep::End(Ending::Failed { why: "tasks failed".into() }));
    let by_another = Facts { overtaken: Some(true), ..rollback };
    assert_eq!(step(&by_another), FinishStep::End(Ending::ServiceChanged));
}

#[test]
fn logweir_yields_to_an_overtaken_revision_unless_the_service_runs_it_or_another() {
    let other = arn("web:43");
    let phase = RolloutPhase::Yielding(&other);
    assert_eq!(look(phase, &after()), FinishStep::Yield(other.clone()));
    assert_eq!(look(phase, &moved_to("web:43")), FinishStep::End(Ending::Yielded { to: other.clone() }));
    assert_eq!(look(phase, &moved_to("web:44")), FinishStep::End(Ending::ServiceChanged));
}

#[test]
fn a_failed_deployment_is_rolled_back_while_the_service_runs_it() {
    let phase = RolloutPhase::RollingBack("tasks failed");
    assert_eq!(look(phase, &after()), failed());
    let ended = FinishStep::End(Ending::Failed { why: "tasks failed".into() });
    assert_eq!(look(phase, &before()), ended, "it runs the source again");
}

#[test]
fn a_rollout_that_waits_or_has_ended_has_no_next_step() {
    let ending = Ending::Completed;
    for phase in [RolloutPhase::Waiting(logweir::domain::outcome::Reason::Frozen), RolloutPhase::Ended(&ending)] {
        assert_eq!(look(phase, &after()), FinishStep::Wait);
    }
}
