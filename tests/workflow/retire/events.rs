//! The event of a deregistration: the evidence, and what follows from it.

use jiff::SignedDuration;
use logweir::aws::Sqs;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::read;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::report::{Decision, FollowUp};
use logweir::handler::{Queues, handle};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{Order, remediate};
use serde_json::{Value, json};

use super::{DUE, active, corrected, delivers, passes, record, schedule, withdraws};
use crate::order::order;
use crate::world::story::{
    BLOCKING, applies, backs_out, by, deletion, deregistration, ended, event, home, parsed, register, resumes, retires,
    with,
};
use crate::world::{Lag, RevisionState, World};

#[tokio::test]
async fn the_event_of_a_corrected_source_only_records_that_the_retirement_is_due() {
    let (world, source, corrected) = corrected().await;
    let report = withdraws(&world, &source).await;
    assert_eq!((ended(&report), report.exit_code(), report.is_retried()), (DUE, 0, false), "{report:?}");
    assert_eq!(
        (report.record.as_deref(), report.report.corrected.clone()),
        (Some("web:1"), Some(corrected.to_string()))
    );
    assert_eq!((active(&world), world.count("ListServices")), (vec![2], 0), "the remediator searches no cluster");
    let head = record(&world, &source).await.head;
    assert!(head.is_retiring() && !head.has_work() && !head.is_held(world.account(|account| account.now)));
    let again = delivers(&world, &source).await;
    assert_eq!((ended(&again), record(&world, &source).await.head), (DUE, head), "a second event changes nothing");
}

#[tokio::test]
async fn the_event_of_any_other_revision_costs_one_read_of_the_journal_at_each_of_two_deliveries() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.account(|account| account.deregisters(&source));
    let event = deregistration(&world, &source);
    for (minutes, next) in [(0, FollowUp::Later), (15, FollowUp::Nothing)] {
        passes(&world, minutes);
        let before = world.calls().len();
        let report = with(&world, SHIPPED_BASELINE, Mode::Register, "worker", &event).await;
        assert_eq!((ended(&report), report.next), ((Outcome::Skipped, Some(Reason::NoRecord)), next));
        assert_eq!(world.calls()[before..], ["read"]);
    }
}

/// A world in which web:1 was deregistered, and the event of this has arrived. Reads still show web:1 as ACTIVE.
async fn withdrawn_first() -> (World, RevisionArn, Value) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    passes(&world, 10);
    world.account(|account| account.deregisters(&source));
    world.lags(Lag { describe: 1, list: 1, lasts: SignedDuration::from_mins(9), ..Lag::default() });
    let event = deregistration(&world, &source);
    let report = with(&world, SHIPPED_BASELINE, Mode::Register, "worker", &event).await;
    assert_eq!(report.next, FollowUp::Later);
    (world, source, event)
}

#[tokio::test]
async fn a_correction_that_begins_with_a_late_read_after_the_event_does_not_outlive_its_source() {
    let (world, source, withdrawal) = withdrawn_first().await;
    register(&world, &event(&source)).await;
    passes(&world, 15);
    resumes(&world, Mode::Register).await;
    assert_eq!(active(&world), [2], "Logweir has corrected the revision");
    let report = with(&world, SHIPPED_BASELINE, Mode::Register, "worker", &withdrawal).await;
    assert_eq!((ended(&report), report.next), (DUE, FollowUp::Nothing));
    schedule(&world, 30).await;
    assert_eq!(active(&world), Vec::<usize>::new());
}

#[tokio::test]
async fn a_source_whose_deregistration_the_journal_knows_is_not_corrected_again() {
    let (world, source, _) = corrected().await;
    withdraws(&world, &source).await;
    schedule(&world, 30).await;
    // Even an operator who uses --force sees a late read.
    world.account(|account| account.becomes(&source, RevisionState::Active));
    let report = applies(&world, &source, true).await;
    assert_eq!(ended(&report), (Outcome::Superseded, Some(Reason::NotLatest)), "{report:?}");
    assert_eq!(world.count("RegisterTaskDefinition"), 1);
}

#[tokio::test]
async fn an_event_alone_is_no_evidence() {
    let (world, source, _) = corrected().await;
    let event = deregistration(&world, &source);
    let report = with(&world, SHIPPED_BASELINE, Mode::Register, "worker", &event).await;
    assert!(report.is_retried(), "the read may lag: {report:?}");
    passes(&world, 10);
    let report = with(&world, SHIPPED_BASELINE, Mode::Register, "worker", &event).await;
    assert!(!report.is_retried() && report.error.as_ref().unwrap().contains("web:1 as ACTIVE"), "{report:?}");
    assert_eq!(record(&world, &source).await.head.retirement, None);
    assert_eq!((schedule(&world, 60).await, active(&world)), (vec![], vec![1, 2]));
}

#[tokio::test]
async fn a_source_that_ecs_no_longer_describes_is_gone_only_if_it_is_not_new() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    world.account(|account| {
        account.deregisters(&source);
        account.shows_inactive = false;
    });
    passes(&world, 9);
    assert!(delivers(&world, &source).await.is_retried());
    assert_eq!(record(&world, &source).await.head.retirement, None);
    passes(&world, 1);
    assert_eq!(ended(&delivers(&world, &source).await), DUE);
    assert!(record(&world, &source).await.head.is_retiring());
}

#[tokio::test]
async fn mode_observe_records_nothing() {
    let (world, source, _) = corrected().await;
    world.account(|account| account.deregisters(&source));
    let before = world.picture();
    let event = deregistration(&world, &source);
    let report = with(&world, SHIPPED_BASELINE, Mode::Observe, "worker", &event).await;
    assert_eq!((report.outcome, world.picture()), (Outcome::Skipped, before));
}

/// Delivers the event of a deregistration while the baseline is unconfirmed.
async fn unconfirmed(world: &World, source: &RevisionArn) -> Decision {
    let (home, by, baseline) = (home(), by(), parsed(SHIPPED_BASELINE));
    let order = order(&home, &by, baseline, Mode::Observe, "worker");
    let order = Order { finishes: Mode::Register, ..order };
    remediate(world, &order, read(&deregistration(world, source), &home).unwrap()).await
}

#[tokio::test]
async fn while_the_baseline_is_unconfirmed_the_event_of_a_corrected_source_waits() {
    let (world, source, _) = corrected().await;
    world.account(|account| account.deregisters(&source));
    let before = world.picture();
    let report = unconfirmed(&world, &source).await;
    assert_eq!((report.outcome, report.next, world.picture()), (Outcome::Skipped, FollowUp::Later, before));
    assert_eq!(ended(&delivers(&world, &source).await), DUE, "the baseline is confirmed");
    assert!(record(&world, &source).await.head.is_retiring());
}

#[tokio::test]
async fn while_the_baseline_is_unconfirmed_no_other_event_waits() {
    let (world, source, _) = corrected().await;
    let other = world.account(|account| account.registers(BLOCKING));
    assert_eq!(unconfirmed(&world, &other).await.next, FollowUp::Nothing, "the revision has no record");
    backs_out(&world, &source).await;
    assert_eq!(unconfirmed(&world, &source).await.next, FollowUp::Nothing, "no corrected revision is in place");
}

#[tokio::test]
async fn the_baseline_can_forbid_retirements_also_for_a_single_family() {
    let never = "version = 1\n[correct]\nretire = \"never\"\n";
    let not_here = "version = 1\n[[profile]]\nmatch = { family = \"web\" }\ncorrect.retire = \"never\"\n";
    for baseline in [never, not_here] {
        let (world, source, _) = corrected().await;
        world.account(|account| account.deregisters(&source));
        let report = with(&world, baseline, Mode::Register, "worker", &deregistration(&world, &source)).await;
        assert_eq!(ended(&report), DUE);
        assert!(report.report.backout.as_ref().unwrap().contains("logweir backout"), "{report:?}");
        assert_eq!((schedule(&world, 60).await, active(&world)), (vec![], vec![2]));
    }
}

/// Invokes the remediator with this baseline and with the request of its schedule.
async fn resumes_under(world: &World, baseline: &str) -> Vec<Decision> {
    let (home, by, request) = (home(), by(), json!({"logweir": "resume"}));
    let order = order(&home, &by, parsed(baseline), Mode::Register, "resumer");
    let mut decisions = Vec::new();
    let mut written = |decision: &Decision| decisions.push(decision.clone());
    handle(world, &order, &Queues::<Sqs>::NONE, &request, &|| 0, &mut written).await;
    decisions
}

const NEVER: &str = "version = 1\n[correct]\nretire = \"never\"\n";

#[tokio::test]
async fn a_baseline_that_forbids_retirements_also_ends_those_that_are_due() {
    // Before the first search, and before the second.
    for minutes in [5, 20] {
        let (world, source, _) = corrected().await;
        withdraws(&world, &source).await;
        assert_eq!(schedule(&world, minutes).await, []);
        let reports = resumes_under(&world, NEVER).await;
        assert_eq!(ended(&reports[0]), DUE, "{reports:?}");
        assert!(reports[0].error.as_ref().unwrap().contains("logweir backout"), "{reports:?}");
        assert_eq!((resumes_under(&world, NEVER).await, schedule(&world, 25 * 60).await), (vec![], vec![]));
        assert_eq!((active(&world), record(&world, &source).await.head.retirement), (vec![2], None));
        assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    }
}

#[tokio::test]
async fn a_baseline_that_forbids_the_retirements_of_one_family_ends_no_others() {
    let (world, source, _) = corrected().await;
    withdraws(&world, &source).await;
    let other = "version = 1\n[[profile]]\nmatch = { family = \"shop\" }\ncorrect.retire = \"never\"\n";
    assert_eq!(resumes_under(&world, other).await, []);
    assert_eq!((schedule(&world, 30).await.len(), active(&world)), (1, vec![]));
}

#[tokio::test]
async fn an_event_after_the_baseline_allows_retirements_again_makes_a_retirement_due() {
    let (world, source, _) = corrected().await;
    withdraws(&world, &source).await;
    resumes_under(&world, NEVER).await;
    assert_eq!(ended(&delivers(&world, &source).await), DUE);
    assert_eq!((schedule(&world, 30).await.len(), active(&world)), (1, vec![]));
}

#[tokio::test]
async fn a_baseline_that_forbids_no_retirement_costs_no_read() {
    let world = World::new();
    let before = world.calls().len();
    resumes_under(&world, SHIPPED_BASELINE).await;
    let usual = world.calls().len() - before;
    resumes_under(&world, NEVER).await;
    assert_eq!(world.calls().len() - before, 2 * usual + 1);
}

#[tokio::test]
async fn a_revision_that_an_operator_registered_is_not_retired_and_the_report_names_the_command() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.account(|account| account.principal = "arn:aws:sts::111122223333:assumed-role/Operator/jo".into());
    assert_eq!(applies(&world, &source, false).await.outcome, Outcome::Remediated);
    passes(&world, 60);
    let report = withdraws(&world, &source).await;
    assert_eq!(ended(&report), DUE);
    let command = report.report.backout.clone().unwrap();
    assert!(report.error.as_ref().unwrap().contains("operator") && command.contains("logweir backout"), "{report:?}");
    assert_eq!((schedule(&world, 60).await, active(&world)), (vec![], vec![2]));
}

#[tokio::test]
async fn after_the_deletion_of_the_source_the_report_names_the_command_that_deletes_the_copy() {
    let command =
        "aws ecs delete-task-definitions --task-definitions arn:aws:ecs:eu-west-1:111122223333:task-definition/web:2";
    // The source is deleted before or after the retirement of its corrected revision.
    for (before, told_by_event) in [(true, false), (false, true)] {
        let (world, source, _) = corrected().await;
        withdraws(&world, &source).await;
        let mut notes = Vec::new();
        if !before {
            schedule(&world, 30).await;
        }
        world.account(|account| account.deletes(&source));
        let event = deletion(&world, &source);
        let report = with(&world, SHIPPED_BASELINE, Mode::Register, "worker", &event).await;
        let told = report.notes.iter().any(|note| note.contains(command));
        for (_, report) in schedule(&world, 30).await {
            notes.extend(report.report.notes);
        }
        assert_eq!((told, active(&world)), (told_by_event, vec![]), "{report:?}");
        assert_eq!(notes.iter().any(|note| note.contains(command)), before, "{notes:?}");
    }
}

#[tokio::test]
async fn a_record_without_a_corrected_revision_in_place_needs_no_retirement() {
    let (world, source, _) = corrected().await;
    backs_out(&world, &source).await;
    let report = withdraws(&world, &source).await;
    assert_eq!((ended(&report), retires(&world).await), (DUE, vec![]));
    assert_eq!(record(&world, &source).await.head.retirement, None);
}
