//! Migrations: Logweir registers the document that an operator planned, and updates no service.

use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::event::Cause;
use logweir::domain::limits::family::FamilyName;
use logweir::domain::limits::reconciliation::Request;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::record::{Record, RecordKind};
use logweir::domain::report::Decision;
use logweir::ports::{Clock, Journal};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{BackoutOptions, Order, Origin, migrate, reconcile, record_named, unfinished_migration};

use crate::order::order;
use crate::reconcile::scene::Work;
use crate::world::story::{
    BLOCKING, active, applies, backs_out, backs_out_with, by, corrected_text, deregistration, ended, event, home,
    previews, register, resumes, resumes_backouts, retires, with,
};
use crate::world::{LOGWEIR, Moment, Then, World};

/// The principal of the operator who runs `logweir firelens apply`.
pub(crate) const OPERATOR: &str = "arn:aws:sts::111122223333:assumed-role/Operator/ada";

/// Returns the planned document of web:1: its containers log through a router, and the router logs through awslogs.
pub(crate) fn planned() -> TaskDefinition {
    TaskDefinition::parse(routed("\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"")).unwrap()
}

/// Returns a document with a router whose log configuration has this mode.
fn routed(mode: &str) -> String {
    let options = "\"awslogs-group\":\"/ecs/web\",\"awslogs-region\":\"eu-west-1\"";
    let router = format!(
        "{{\"name\":\"log_router\",\"image\":\"aws-for-fluent-bit:3\",\"essential\":true,\"memory\":512,\
         \"memoryReservation\":100,\"firelensConfiguration\":{{\"type\":\"fluentbit\"}},\"logConfiguration\":\
         {{\"logDriver\":\"awslogs\",\"options\":{{{options},\"awslogs-stream-prefix\":\"router\",{mode}}}}}}}"
    );
    let moved = "\"logConfiguration\":{\"logDriver\":\"awsfirelens\",\"options\":{\"Name\":\"cloudwatch_logs\",\
                 \"region\":\"eu-west-1\",\"log_group_name\":\"/ecs/web\",\"log_stream_prefix\":\"app/\"}}";
    let from = BLOCKING.find("\"logConfiguration\"").unwrap();
    format!("{}{moved}}},{router}]}}", &BLOCKING[..from])
}

/// Migrates a revision to a document as the operator, with the operator's own credentials.
pub(crate) async fn migrates_to(
    world: &World,
    worker: &str,
    source: &RevisionArn,
    document: &TaskDefinition,
) -> Decision {
    let (home, by, baseline) = (home(), by(), Baseline::parse(SHIPPED_BASELINE).unwrap());
    let order = Order {
        origin: Origin::Apply { again: false },
        registrar: Some(OPERATOR),
        ..order(&home, &by, &baseline, Mode::Register, worker)
    };
    migrate(world, &order, source, document, Cause::default()).await
}

async fn migrates(world: &World, source: &RevisionArn) -> Decision {
    migrates_to(world, "cli", source, &planned()).await
}

/// A world with web:1 and its log group, and the ARN of web:1.
fn begun() -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", Some(30), 1);
        account.registers(BLOCKING)
    });
    (world, source)
}

/// A world in which the operator has migrated web:1 to web:2.
async fn migrated() -> (World, RevisionArn, RevisionArn) {
    let (world, source) = begun();
    world.account(|account| account.principal = OPERATOR.into());
    let report = migrates(&world, &source).await;
    assert_eq!(ended(&report), (Outcome::Migrated, None), "{report:?}");
    world.account(|account| account.principal = LOGWEIR.into());
    let migrated = world.account(|account| account.arn("web", 2));
    (world, source, migrated)
}

fn record(world: &World, source: &RevisionArn) -> Record {
    world.account(|account| account.migrations[source].clone())
}

#[tokio::test]
async fn a_migration_registers_the_planned_document_and_records_only_its_digest() {
    let (world, source, migrated) = migrated().await;
    let document = planned();
    assert_eq!(active(&world), [(1, BLOCKING.to_owned()), (2, document.text().to_owned())]);
    let record = record(&world, &source);
    assert_eq!((record.head.kind, &record.head.corrected), (RecordKind::Migration, &Some(migrated.clone())));
    let tags = world.account(|account| account.revision(&migrated).unwrap().tags.clone());
    assert_eq!(tags, [Tag::new("logweir:migrates", "1"), Tag::new("logweir:document", document.digest())]);
    let text = serde_json::to_string(&record.entries).unwrap();
    assert!(text.contains(&document.digest()) && !text.contains("log_router"), "{text}");
    assert!(world.account(|account| account.records.is_empty()), "the source has no record of a correction");
    assert_eq!(world.account(|account| account.wrongs.clone()), Vec::<String>::new());
}

#[tokio::test]
async fn the_report_names_the_migrated_revision_and_the_command_that_undoes_the_migration() {
    let (world, source) = begun();
    let report = migrates(&world, &source).await;
    assert_eq!(report.migrated.as_deref(), Some("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:2"));
    assert_eq!((report.corrected.as_deref(), report.mode.name()), (None, "migration"));
    let undo = report.backout.clone().unwrap();
    assert!(undo.starts_with("logweir backout arn:aws:ecs:eu-west-1:111122223333:task-definition/web:2 "), "{undo}");
}

#[tokio::test]
async fn a_second_run_of_the_same_command_registers_nothing() {
    let (world, source, migrated) = migrated().await;
    let report = migrates(&world, &source).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::Duplicate)));
    assert_eq!(report.migrated, Some(migrated.to_string()));
    assert_eq!(active(&world).len(), 2);
}

#[tokio::test]
async fn only_the_newest_active_revision_is_migrated() {
    let (world, source) = begun();
    world.account(|account| account.registers(BLOCKING));
    assert_eq!(ended(&migrates(&world, &source).await), (Outcome::Superseded, Some(Reason::NotLatest)));
    let (world, source) = begun();
    world.account(|account| account.deregisters(&source));
    assert_eq!(ended(&migrates(&world, &source).await), (Outcome::Superseded, Some(Reason::NotLatest)));
    assert!(world.account(|account| account.migrations.is_empty()));
}

#[tokio::test]
async fn a_family_on_hold_is_not_migrated() {
    let (world, source) = begun();
    register(&world, &event(&source)).await;
    let until = world.now() + SignedDuration::from_hours(1);
    let ask = BackoutOptions { hold_until: Some(until), ..BackoutOptions::default() };
    backs_out_with(&world, "operator", &source, ask).await;
    assert_eq!(ended(&migrates(&world, &source).await), (Outcome::Refused, Some(Reason::OnHold)));
    world.advance(SignedDuration::from_hours(2));
    assert_eq!(ended(&migrates(&world, &source).await), (Outcome::Migrated, None));
}

#[tokio::test]
async fn a_source_revision_with_too_many_tags_is_not_migrated() {
    let tags: Vec<Tag> = (0..49).map(|n| Tag::new(format!("k{n}"), "v")).collect();
    let world = World::new();
    let source = world.account(|account| account.registers_with_tags(BLOCKING, &tags));
    assert_eq!(ended(&migrates(&world, &source).await), (Outcome::Refused, Some(Reason::TooLarge)));
    assert!(world.account(|account| account.migrations.is_empty()));
}

#[tokio::test]
async fn a_migrated_revision_that_lost_a_member_is_withdrawn() {
    let (world, source) = begun();
    world.account(|account| account.loses.push("alien".into()));
    let report = migrates(&world, &source).await;
    assert_eq!(ended(&report), (Outcome::Failed, Some(Reason::LostMembers)));
    assert_eq!((active(&world).len(), report.migrated.as_deref()), (1, None));
}

#[tokio::test]
async fn no_event_of_a_migrated_revision_leads_to_a_correction() {
    for mode in [Mode::Observe, Mode::Register, Mode::Rollout] {
        let (world, source, migrated) = migrated().await;
        let report = with(&world, SHIPPED_BASELINE, mode, "worker", &event(&migrated)).await;
        assert_eq!(ended(&report), (Outcome::Compliant, None), "{mode:?}: {report:?}");
        let report = with(&world, SHIPPED_BASELINE, mode, "worker", &event(&source)).await;
        assert_eq!(active(&world).len(), 2, "{mode:?}: {report:?}");
    }
}

/// The operator may plan with another baseline than the function's.
#[tokio::test]
async fn a_router_that_blocks_is_corrected_once_and_the_migration_stays() {
    let (world, source) = begun();
    world.account(|account| account.principal = OPERATOR.into());
    let document = TaskDefinition::parse(routed("\"mode\":\"blocking\"")).unwrap();
    assert_eq!(migrates_to(&world, "cli", &source, &document).await.outcome, Outcome::Migrated);
    world.account(|account| account.principal = LOGWEIR.into());
    let migrated = world.account(|account| account.arn("web", 2));
    assert_eq!(register(&world, &event(&migrated)).await.outcome, Outcome::Remediated);
    for number in 1..=3 {
        let revision = world.account(|account| account.arn("web", number));
        let report = register(&world, &event(&revision)).await;
        assert!(report.corrected.is_none() || report.outcome != Outcome::Remediated, "{report:?}");
    }
    let revisions = active(&world);
    assert_eq!(revisions.len(), 3, "one correction, and it is a fixed point");
    assert!(revisions[2].1.contains("awsfirelens") && !revisions[2].1.contains("\"blocking\""), "{}", revisions[2].1);

    let kept = backs_out(&world, &migrated).await;
    assert_eq!(kept.outcome, Outcome::BackedOut, "the name of a corrected revision is the name of its correction");
    assert_eq!(active(&world).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2]);
    world.account(|account| account.principal = OPERATOR.into());
    assert_eq!(backs_out(&world, &migrated).await.outcome, Outcome::BackedOut);
    assert_eq!(active(&world).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn a_backout_keeps_a_migrated_revision_that_runs_and_deregisters_it_later() {
    let (world, source, migrated) = migrated().await;
    world.account(|account| account.running.insert("service prod/web".into(), migrated.clone()));
    let preview = previews(&world, &migrated).await;
    assert_eq!((preview.outcome, &preview.migrated), (Outcome::Observed, &Some(migrated.to_string())));
    for revision in [&migrated, &source] {
        let kept = backs_out_by_operator(&world, revision).await;
        assert_eq!(ended(&kept), (Outcome::Partial, Some(Reason::StillRunning)), "{kept:?}");
        assert!(kept.error.as_deref().unwrap().contains("it still runs in service prod/web"), "{kept:?}");
        assert_eq!(active(&world).len(), 2);
    }
    world.account(|account| account.running.insert("service prod/web".into(), source.clone()));
    let done = backs_out_by_operator(&world, &migrated).await;
    assert_eq!(ended(&done), (Outcome::BackedOut, None), "{done:?}");
    assert_eq!(active(&world), [(1, BLOCKING.to_owned())]);
    let again = backs_out_by_operator(&world, &migrated).await;
    assert_eq!(ended(&again), (Outcome::BackedOut, Some(Reason::Duplicate)));
}

/// Backs out as the operator who migrated.
async fn backs_out_by_operator(world: &World, revision: &RevisionArn) -> Decision {
    let (home, by) = (home(), by());
    let order = crate::order::backout(&home, &by, "cli", BackoutOptions::default());
    let order = logweir::workflow::BackoutOrder { registrar: Some(OPERATOR), ..order };
    let before = world.account(|account| std::mem::take(&mut account.wrongs));
    let report = logweir::workflow::back_out(world, &order, revision).await;
    // The in-memory account takes a revision of the operator for the revision of another principal.
    world.account(|account| {
        account.wrongs.retain(|wrong| !wrong.contains("was registered by another principal"));
        account.wrongs.splice(0..0, before);
    });
    report
}

#[tokio::test]
async fn a_backout_restores_no_source_even_by_request() {
    let (world, source, migrated) = migrated().await;
    world.account(|account| account.deregisters(&source));
    let ask = BackoutOptions { restore_source: true, restore_over_newer: true, ..BackoutOptions::default() };
    let done = backs_out_with(&world, "operator", &migrated, ask).await;
    assert_eq!(ended(&done), (Outcome::BackedOut, None), "{done:?}");
    assert_eq!((active(&world), done.restored.as_deref()), (vec![], None));
}

#[tokio::test]
async fn a_backout_of_a_migration_does_not_stop_the_correction_of_the_source() {
    let (world, source, migrated) = migrated().await;
    assert_eq!(backs_out(&world, &migrated).await.outcome, Outcome::BackedOut);
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    assert_eq!(active(&world).last(), Some(&(3, corrected_text())));
}

#[tokio::test]
async fn a_source_whose_correction_was_backed_out_stays_backed_out_after_a_migration() {
    let (world, source) = begun();
    register(&world, &event(&source)).await;
    backs_out(&world, &source).await;
    assert_eq!(migrates(&world, &source).await.outcome, Outcome::Migrated);
    let migrated = world.account(|account| account.arn("web", 3));
    assert_eq!(backs_out(&world, &migrated).await.outcome, Outcome::BackedOut);
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Skipped, Some(Reason::BackedOutBefore)));
    assert_eq!(migrates(&world, &source).await.outcome, Outcome::Migrated, "the operator may migrate again");
}

#[tokio::test]
async fn a_source_revision_names_its_correction_as_long_as_there_is_something_to_undo() {
    let (world, source, _) = migrated().await;
    let kind = async || record_named(&world, &source).await.unwrap().map(|record| record.head.kind);
    assert_eq!(kind().await, Some(RecordKind::Migration));
    world.account(|account| account.deregisters(&account.arn("web", 2)));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    assert_eq!(kind().await, Some(RecordKind::Correction));
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(kind().await, Some(RecordKind::Migration));
}

#[tokio::test]
async fn a_corrected_revision_is_migrated_and_both_are_undone() {
    let (world, source) = begun();
    register(&world, &event(&source)).await;
    let corrected = world.account(|account| account.arn("web", 2));
    assert_eq!(ended(&migrates(&world, &source).await), (Outcome::Superseded, Some(Reason::NotLatest)));
    assert_eq!(migrates(&world, &corrected).await.outcome, Outcome::Migrated);
    let migrated = world.account(|account| account.arn("web", 3));
    assert_eq!(backs_out(&world, &migrated).await.outcome, Outcome::BackedOut);
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(active(&world), [(1, BLOCKING.to_owned())]);
}

#[tokio::test]
async fn a_migrated_revision_is_not_retired_when_its_source_is_deregistered() {
    let (world, source, _) = migrated().await;
    world.account(|account| account.deregisters(&source));
    let report = register(&world, &deregistration(&world, &source)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::NoRecord)), "{report:?}");
    world.advance(SignedDuration::from_hours(48));
    assert_eq!(retires(&world).await, []);
    assert_eq!(active(&world).len(), 1);
}

#[tokio::test]
async fn the_reconciliation_finds_nothing_to_do_after_a_migration() {
    let (world, ..) = migrated().await;
    world.advance(SignedDuration::from_hours(48));
    let (home, by, baseline) = (home(), by(), Baseline::parse(SHIPPED_BASELINE).unwrap());
    let order = order(&home, &by, &baseline, Mode::Register, "reconciler");
    let work = Work::default();
    let page = reconcile(&world, &order, &work, Request::Start).await.unwrap();
    assert_eq!((page.failed, work.sent.lock().unwrap().clone()), (None, Vec::new()));
}

#[tokio::test]
async fn an_unfinished_migration_is_finished_by_the_same_command_alone() {
    let (world, source) = begun();
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    migrates(&world, &source).await;
    world.restart();
    world.advance(LEASE);
    let family = FamilyName::of(&source);
    assert_eq!(unfinished_migration(&world, &family).await.unwrap(), Some(source.clone()));
    let other = TaskDefinition::parse(planned().text().replace("app/", "other/")).unwrap();
    let refused = migrates_to(&world, "cli", &source, &other).await;
    assert_eq!(ended(&refused), (Outcome::Refused, Some(Reason::Duplicate)), "{refused:?}");
    assert_eq!(resumes(&world, Mode::Register).await, [], "a function has no planned document");
    assert_eq!(migrates(&world, &source).await.outcome, Outcome::Migrated);
    assert_eq!(active(&world).len(), 2);
    assert_eq!(unfinished_migration(&world, &family).await.unwrap(), None);
}

#[tokio::test]
async fn the_schedule_backs_out_a_migration_whose_command_stopped() {
    let (world, source) = begun();
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    migrates(&world, &source).await;
    world.restart();
    world.advance(LEASE);
    assert_eq!(resumes_backouts(&world).await, [], "the operator has time to run the command again");
    world.advance(SignedDuration::from_mins(15));
    let reports = resumes_backouts(&world).await;
    assert_eq!((reports.len(), ended(&reports[0])), (1, (Outcome::BackedOut, None)), "{reports:?}");
    assert_eq!(active(&world), [(1, BLOCKING.to_owned())]);
    assert_eq!(migrates(&world, &source).await.outcome, Outcome::Migrated);
}

#[tokio::test]
async fn a_forced_correction_by_name_does_not_register_an_old_revision_over_a_migrated_one() {
    let (world, source, _) = migrated().await;
    let report = applies(&world, &source, true).await;
    assert_eq!(ended(&report), (Outcome::Superseded, Some(Reason::NotLatest)), "{report:?}");
    assert_eq!(active(&world).len(), 2);
}

#[tokio::test]
async fn a_record_of_another_kind_is_no_migration() {
    let (world, source, _) = migrated().await;
    let mut record = record(&world, &source);
    record.head.kind = RecordKind::Correction;
    assert_eq!(record.attempt().unwrap_err().to_string(), "entry 0 opens a record of another kind");
    assert!(world.read(&source).await.unwrap().is_none());
}
