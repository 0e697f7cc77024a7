//! The event of a deregistration: the evidence, and what follows from it.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::read;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::report::{Decision, FollowUp};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{Order, remediate};

use super::{DUE, active, corrected, delivers, passes, record, schedule, withdraws};
use crate::order::order;
use crate::world::World;
use crate::world::story::{
    BLOCKING, applies, backs_out, by, deletion, deregistration, ended, event, home, parsed, register, retires, with,
};

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
async fn the_event_of_any_other_revision_costs_one_read_of_the_journal() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let before = world.calls().len();
    let report = withdraws(&world, &source).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::NoRecord)));
    assert_eq!(world.calls()[before..], ["read"]);
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
    let order = order(&home, &by, &baseline, Mode::Observe, "worker");
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
