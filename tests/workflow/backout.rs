//! Backouts: their effects, what they do not change because another principal has changed it, and their reports.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::ports::{ErrorKind, Journal};
use logweir::settings::BACKOUT_LEASE;
use logweir::workflow::BackoutOptions;

use crate::world::story::{
    BLOCKING, active, applies, applies_by, backs_out, backs_out_with, ended, event, previews, register,
    resumes_backouts, with,
};
use crate::world::{LOGWEIR, Lag, Moment, Then, World};

const BACKED_OUT: (Outcome, Option<Reason>) = (Outcome::BackedOut, None);
const ADOPTS: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";

/// Requests the restoration of a deregistered source that no service needs.
fn restore() -> BackoutOptions {
    BackoutOptions { restore_source: true, ..BackoutOptions::default() }
}

/// A world in which web:1 was corrected by web:2.
async fn corrected() -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    (world, source)
}

/// A world in which a third-party log group was given a retention, because the baseline adopts the group.
async fn adopted(retention: Option<u32>) -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", retention, 1);
        account.adopted.insert("/ecs/web".into());
        account.registers(BLOCKING)
    });
    let report = with(&world, ADOPTS, Mode::Register, "worker", &event(&source)).await;
    assert_eq!(report.outcome, Outcome::Remediated);
    (world, source)
}

fn correction(world: &World) -> RevisionArn {
    world.account(|account| account.arn("web", 2))
}

fn numbers(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

fn retention(world: &World) -> Option<u32> {
    world.account(|account| account.groups["/ecs/web"].retention)
}

fn nothing_wrong(world: &World) {
    assert_eq!(world.account(|account| account.wrongs.clone()), Vec::<String>::new());
}

#[tokio::test]
async fn a_backout_deregisters_the_correction_and_keeps_and_names_the_created_log_group() {
    let (world, source) = corrected().await;
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), report.exit_code()), (BACKED_OUT, 0), "{report:?}");
    assert_eq!(active(&world), [(1, BLOCKING.to_owned())]);
    assert_eq!((report.log_groups[0].name.as_str(), report.log_groups[0].action.name()), ("/ecs/web", "kept"));
    assert_eq!(retention(&world), Some(30));
    let backwards = report.changes.iter().find(|change| change.option == "mode").unwrap();
    assert_eq!((backwards.from.as_deref(), backwards.to.as_deref()), (Some("non-blocking"), Some("blocking")));
    assert_eq!((report.report.backout, report.report.corrected), (None, Some(correction(&world).to_string())));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_backout_may_name_the_corrected_revision() {
    let (world, source) = corrected().await;
    let report = backs_out(&world, &correction(&world)).await;
    assert_eq!((ended(&report), report.report.source), (BACKED_OUT, Some(source.to_string())));
}

#[tokio::test]
async fn a_second_backout_is_a_duplicate_and_changes_nothing() {
    let (world, source) = corrected().await;
    backs_out(&world, &source).await;
    let before = world.picture();
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::BackedOut, Some(Reason::Duplicate)), 0));
    assert!(report.notes.iter().any(|note| note.contains("backed out before")), "{report:?}");
    assert_eq!(world.picture(), before);
}

#[tokio::test]
async fn a_preview_names_all_steps_and_writes_nothing() {
    let (world, source) = adopted(None).await;
    world.account(|account| account.deregisters(&source));
    let before = world.picture();
    let report = previews(&world, &source).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Observed, None), 0));
    let notes = report.notes.join("; ");
    assert!(notes.contains("web:2 would be deregistered") && notes.contains("web:1 is not ACTIVE any more"), "{notes}");
    assert_eq!((report.log_groups[0].action.name(), report.log_groups[0].retention_days), ("restore-retention", None));
    assert_eq!(world.picture(), before);
}

#[tokio::test]
async fn a_preview_does_not_announce_the_restore_of_an_active_source() {
    let (world, source) = corrected().await;
    let report = previews(&world, &source).await;
    assert_eq!(report.notes[0], "web:2 would be deregistered, unless a service or task uses it");
    let unseen = "Logweir cannot see every consumer of web:2: a state machine, a pipeline or a script may name web:2 \
                  in RunTask";
    assert!(report.notes.len() == 2 && report.notes[1].starts_with(unseen), "{:?}", report.notes);
}

#[tokio::test]
async fn after_a_backout_the_source_is_corrected_again_only_if_forced() {
    let (world, source) = corrected().await;
    backs_out(&world, &source).await;
    for _ in 0..2 {
        let report = register(&world, &event(&source)).await;
        assert_eq!((ended(&report), report.exit_code()), ((Outcome::Skipped, Some(Reason::BackedOutBefore)), 0));
    }
    assert_eq!(ended(&applies(&world, &source, false).await), (Outcome::Skipped, Some(Reason::BackedOutBefore)));
    assert_eq!(numbers(&world), [1]);
    assert_eq!(ended(&applies(&world, &source, true).await), (Outcome::Remediated, None));
    assert_eq!(numbers(&world), [1, 3]);
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    assert_eq!(numbers(&world), [1]);
}

#[tokio::test]
async fn a_deregistered_source_is_restored_from_the_correction_and_not_corrected_again() {
    let (world, source) = corrected().await;
    world.account(|account| {
        account.families.get_mut("web").unwrap()[0].tags = Tag::parse_list(r#"[{"key":"team","value":"a"}]"#).unwrap();
        account.deregisters(&source);
        account.shows_inactive = false;
    });
    world.advance(SignedDuration::from_mins(10));
    let report = backs_out_with(&world, "operator", &source, restore()).await;
    let restored = world.account(|account| account.arn("web", 3));
    assert_eq!((ended(&report), report.report.restored), (BACKED_OUT, Some(restored.to_string())));
    assert_eq!(active(&world), [(3, BLOCKING.to_owned())], "the source, byte for byte");
    world.account(|account| assert_eq!(account.revision(&restored).unwrap().by, LOGWEIR));
    for name in [&restored, &source] {
        let report = register(&world, &event(name)).await;
        assert!(
            matches!(ended(&report), (Outcome::Skipped, Some(Reason::BackedOutBefore | Reason::RegisteredByLogweir)))
                || report.outcome == Outcome::Superseded && *name == source,
            "{report:?}"
        );
    }
    assert_eq!(ended(&applies(&world, &restored, false).await), (Outcome::Skipped, Some(Reason::BackedOutBefore)));
    assert_eq!(numbers(&world), [3]);
    assert_eq!(ended(&applies(&world, &restored, true).await), (Outcome::Remediated, None));
    assert_eq!(ended(&backs_out(&world, &restored).await), BACKED_OUT);
    assert_eq!(numbers(&world), [3]);
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_source_is_not_restored_over_a_newer_revision_unless_requested() {
    let (world, source) = corrected().await;
    world.account(|account| {
        account.registers(BLOCKING);
        account.deregisters(&source);
    });
    let report = backs_out_with(&world, "operator", &source, restore()).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::NeedsOperator, Some(Reason::NewerRevision)), 2));
    assert!(report.error.as_ref().unwrap().contains("--restore-over-newer") && report.backout.is_some(), "{report:?}");
    assert_eq!(numbers(&world), [2, 3]);
    let stale = BackoutOptions { restore_over_newer: true, ..restore() };
    assert_eq!(ended(&backs_out_with(&world, "operator", &source, stale).await), BACKED_OUT);
    assert_eq!(numbers(&world), [3, 4]);
}

#[tokio::test]
async fn a_revision_registered_during_the_restore_stays_the_newest() {
    let (world, source) = corrected().await;
    world.account(|account| account.deregisters(&source));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    let report = backs_out_with(&world, "operator", &source, restore()).await;
    assert_eq!(ended(&report), (Outcome::NeedsOperator, Some(Reason::NewerRevision)));
    assert_eq!((numbers(&world), report.report.restored), (vec![2, 3], None), "the restored one was withdrawn");
}

#[tokio::test]
async fn a_restored_revision_that_lost_members_is_withdrawn() {
    let (world, source) = corrected().await;
    world.account(|account| {
        account.deregisters(&source);
        account.loses = vec!["alien".into()];
    });
    let report = backs_out_with(&world, "operator", &source, restore()).await;
    assert_eq!(ended(&report), (Outcome::NeedsOperator, Some(Reason::LostMembers)));
    assert_eq!(numbers(&world), [2], "the correction stays, and the restored revision was withdrawn");
}

#[tokio::test]
async fn a_correction_in_use_stays_until_nothing_runs_it() {
    let (world, source) = corrected().await;
    world.account(|account| drop(account.running.insert("service prod/web".into(), account.arn("web", 2))));
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Partial, Some(Reason::StillRunning)), 2));
    assert_eq!(report.services[0].service, "service prod/web");
    assert!(report.error.as_ref().unwrap().contains("service prod/web") && report.backout.is_some(), "{report:?}");
    assert_eq!(numbers(&world), [1, 2]);
    world.account(|account| account.running.clear());
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    assert_eq!(numbers(&world), [1]);
}

#[tokio::test]
async fn a_report_names_at_most_twenty_users_of_the_correction_and_counts_the_others() {
    for (users, more) in
        [(1, None), (20, None), (21, Some("and 1 more: move these")), (23, Some("and 3 more: move these"))]
    {
        let (world, source) = corrected().await;
        world.account(|account| {
            let corrected = account.arn("web", 2);
            account.running.extend((0..users).map(|number| (format!("task prod/{number:02}"), corrected.clone())));
        });
        let report = backs_out(&world, &source).await;
        assert_eq!(report.services.len(), users.min(20));
        let why = report.report.error.unwrap();
        assert_eq!(
            (why.contains(" more"), more.is_none_or(|more| why.contains(more))),
            (more.is_some(), true),
            "{why}"
        );
    }
}

#[tokio::test]
async fn a_source_is_restored_only_once_although_the_correction_still_runs() {
    let (world, source) = corrected().await;
    world.account(|account| {
        account.running.insert("task prod/1".into(), account.arn("web", 2));
        account.deregisters(&source);
    });
    assert_eq!(
        ended(&backs_out_with(&world, "operator", &source, restore()).await),
        (Outcome::Partial, Some(Reason::StillRunning))
    );
    assert_eq!(numbers(&world), [2, 3]);
    world.account(|account| account.running.clear());
    assert_eq!(ended(&backs_out_with(&world, "operator", &source, restore()).await), BACKED_OUT);
    assert_eq!(numbers(&world), [3]);
}

#[tokio::test]
async fn a_correction_stays_if_its_users_cannot_be_read() {
    let (world, source) = corrected().await;
    world.at_next("ListServices", Moment::Before, Then::fail(ErrorKind::Refused, "ListServices", "AccessDenied"));
    let report = backs_out(&world, &source).await;
    assert_eq!((report.outcome, numbers(&world)), (Outcome::Partial, vec![1, 2]));
    assert!(
        report.report.error.unwrap().contains("is kept, because the services and tasks that use it could not be read")
    );
}

#[tokio::test]
async fn a_correction_deregistered_by_another_principal_is_no_error() {
    let (world, source) = corrected().await;
    world.account(|account| account.deregisters(&account.arn("web", 2)));
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), numbers(&world)), (BACKED_OUT, vec![1]));
    assert!(report.notes[0].contains("web:2 is not ACTIVE any more"));
}

#[tokio::test]
async fn a_correction_that_ecs_does_not_find_counts_as_deregistered_after_ten_minutes() {
    let (world, source) = corrected().await;
    for retried in [true, false] {
        let missing = Then::fail(ErrorKind::Missing, "DeregisterTaskDefinition", "The task definition does not exist.");
        world.at_next("DeregisterTaskDefinition", Moment::Before, missing);
        let report = backs_out(&world, &source).await;
        assert_eq!((report.is_retried(), report.outcome == Outcome::BackedOut), (retried, !retried), "{report:?}");
        world.advance(SignedDuration::from_mins(10));
    }
}

#[tokio::test]
async fn an_adopted_group_has_no_retention_again() {
    let (world, source) = adopted(None).await;
    assert_eq!(retention(&world), Some(30));
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), retention(&world)), (BACKED_OUT, None));
    assert_eq!((report.log_groups[0].action.name(), report.log_groups[0].retention_days), ("retention-restored", None));
}

#[tokio::test]
async fn a_retention_that_was_restored_before_a_crash_is_reported_as_restored() {
    let (world, source) = adopted(None).await;
    world.at_next("DeleteRetentionPolicy", Moment::After, Then::Crash);
    backs_out(&world, &source).await;
    world.restart();
    world.advance(BACKOUT_LEASE);
    let report = resumes_backouts(&world).await.remove(0);
    assert_eq!((ended(&report), retention(&world)), (BACKED_OUT, None));
    assert_eq!((report.log_groups[0].action.name(), report.notes.len()), ("retention-restored", 0), "{report:?}");
}

#[tokio::test]
async fn a_retention_changed_by_another_principal_stays() {
    let (world, source) = adopted(None).await;
    world.account(|account| account.groups.get_mut("/ecs/web").unwrap().retention = Some(365));
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), retention(&world)), (BACKED_OUT, Some(365)));
    assert!(
        report.notes[0].contains("another principal has since changed the retention of log group /ecs/web to 365 days"),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_shorter_retention_is_not_restored_and_the_report_says_why() {
    let (world, source) = adopted(Some(7)).await;
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), retention(&world)), (BACKED_OUT, Some(30)));
    assert!(report.notes[0].contains("because the old retention of 7 days would delete log data"), "{report:?}");
    nothing_wrong(&world);
}

#[tokio::test]
async fn an_account_policy_that_hides_the_groups_retention_makes_the_backout_partial() {
    let (world, source) = adopted(None).await;
    world.account(|account| account.retention_policy = Some(("everywhere".into(), 90)));
    let report = backs_out(&world, &source).await;
    assert_eq!((report.outcome, retention(&world)), (Outcome::Partial, Some(30)));
    assert!(report.report.error.unwrap().contains("the account's policy everywhere overrides"));
    world.account(|account| account.retention_policy = None);
    assert_eq!((ended(&backs_out(&world, &source).await), retention(&world)), (BACKED_OUT, None));
}

#[tokio::test]
async fn a_deleted_log_group_does_not_stop_a_backout() {
    let (world, source) = adopted(None).await;
    world.account(|account| account.groups.clear());
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), world.account(|account| account.groups.len())), (BACKED_OUT, 0));
}

#[tokio::test]
async fn the_effects_of_an_earlier_attempt_are_backed_out_as_well() {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", None, 1);
        account.adopted.insert("/ecs/web".into());
        account.registers(BLOCKING)
    });
    let denied = Then::fail(ErrorKind::Refused, "RegisterTaskDefinition", "iam:PassRole");
    world.at_next("RegisterTaskDefinition", Moment::Before, denied);
    let first = with(&world, ADOPTS, Mode::Register, "one", &event(&source)).await;
    assert_eq!((first.outcome, first.backout.is_some()), (Outcome::Partial, true));
    assert_eq!(with(&world, ADOPTS, Mode::Register, "two", &event(&source)).await.outcome, Outcome::Remediated);
    assert_eq!((ended(&backs_out(&world, &source).await), retention(&world)), (BACKED_OUT, None));
    assert_eq!(numbers(&world), [1]);
}

#[tokio::test]
async fn the_record_of_a_dead_worker_is_backed_out() {
    for (moment, left) in [(Moment::Before, vec![1]), (Moment::After, vec![1, 2])] {
        for shows_inactive in [true, false] {
            let world = World::new();
            let source = world.account(|account| account.registers(BLOCKING));
            world.at_next("RegisterTaskDefinition", moment, Then::Crash);
            register(&world, &event(&source)).await;
            world.restart();
            assert_eq!(numbers(&world), left);
            let held = backs_out(&world, &source).await;
            assert_eq!((ended(&held), held.is_retried()), ((Outcome::Skipped, Some(Reason::Locked)), true));
            // Until then, the registration may have been carried out although no read shows it.
            world.advance(Lag::LONGEST);
            if !shows_inactive {
                world.account(|account| {
                    account.deregisters(&source);
                    account.shows_inactive = false;
                });
            }
            let report = backs_out(&world, &source).await;
            assert_eq!(report.outcome, Outcome::BackedOut, "{report:?}");
            let expected = match (shows_inactive, moment) {
                (true, _) => vec![1],
                (false, _) => vec![],
            };
            assert_eq!(numbers(&world), expected);
            nothing_wrong(&world);
        }
    }
}

#[tokio::test]
async fn a_backed_out_record_without_effects_is_closed_to_events() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("commit", Moment::After, Then::act(|account| drop(account.registers(BLOCKING))));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Superseded);
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    world.account(|account| account.deregisters(&account.arn("web", 2)));
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Skipped, Some(Reason::BackedOutBefore)));
}

#[tokio::test]
async fn a_backout_without_a_record_or_in_another_account_or_region_fails() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(ended(&backs_out(&world, &source).await), (Outcome::Failed, Some(Reason::NoRecord)));
    let elsewhere = RevisionArn { account: "444455556666".into(), ..source.clone() };
    assert_eq!(ended(&backs_out(&world, &elsewhere).await), (Outcome::Refused, Some(Reason::ForeignAccount)));
    let elsewhere = RevisionArn { region: "us-east-1".into(), ..source };
    assert_eq!(ended(&backs_out(&world, &elsewhere).await), (Outcome::Refused, Some(Reason::ForeignRegion)));
}

#[tokio::test]
async fn a_family_on_hold_is_not_corrected_before_the_hold_ends() {
    let (world, source) = corrected().await;
    let until = world.account(|account| account.now) + SignedDuration::from_hours(2);
    let ask =
        BackoutOptions { hold_until: Some(until), reason: Some("incident 7".into()), ..BackoutOptions::default() };
    assert_eq!(ended(&backs_out_with(&world, "operator", &source, ask).await), BACKED_OUT);
    let next = world.account(|account| account.registers(BLOCKING));
    let report = register(&world, &event(&next)).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Refused, Some(Reason::OnHold)), 1));
    assert!(report.report.error.unwrap().contains("on hold until 2026-11-21T14:00:00Z: incident 7"));
    world.advance(SignedDuration::from_hours(2));
    assert_eq!(ended(&register(&world, &event(&next)).await), (Outcome::Remediated, None));
}

#[tokio::test]
async fn the_record_says_who_requested_the_backout_and_why() {
    let (world, source) = corrected().await;
    let long = "x".repeat(1000);
    let ask = BackoutOptions {
        reason: Some(format!("a\u{1b}[31m{long}")),
        requested_by: Some("op".into()),
        ..BackoutOptions::default()
    };
    backs_out_with(&world, "operator", &source, ask).await;
    let record = world.read(&source).await.unwrap().unwrap();
    let text = serde_json::to_string(&record.entries).unwrap();
    assert!(text.contains("\"requested_by\":\"op\"") && text.contains("a[31mx") && text.len() < 8000);
    assert!(record.head.suppressed && !record.head.open && record.head.corrected.is_none());
}

#[tokio::test]
async fn the_undo_command_is_printed_while_there_is_something_to_undo() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let report: Decision = register(&world, &event(&source)).await;
    let command = format!("logweir backout {source} --function logweir-backout --region eu-west-1");
    assert_eq!(report.backout, Some(command));
}

#[tokio::test]
async fn a_correction_of_a_correction_must_be_backed_out_first() {
    let (world, source) = corrected().await;
    let correction = correction(&world);
    let stricter = "version = 1\n[logging]\nmax-buffer-size = \"50m\"\nmin-buffer-size = \"50m\"\n";
    assert_eq!(applies_by(&world, stricter, &correction, false).await.outcome, Outcome::Remediated);
    assert_eq!(numbers(&world), [1, 2, 3]);
    let report = backs_out(&world, &source).await;
    assert_eq!(report.outcome, Outcome::NeedsOperator);
    assert!(report.report.error.unwrap().contains("run `logweir backout web:2` first"));
    assert_eq!(ended(&backs_out(&world, &correction).await), BACKED_OUT);
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    assert_eq!(numbers(&world), [1]);
}

#[tokio::test]
async fn a_possibly_restored_revision_waits_until_its_record_names_it() {
    let (world, source) = corrected().await;
    world.account(|account| account.deregisters(&source));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    backs_out_with(&world, "operator", &source, restore()).await;
    world.restart();
    let restored = world.account(|account| {
        // Registered by a principal that no setting names.
        account.families.get_mut("web").unwrap()[2].by = "arn:aws:sts::111122223333:assumed-role/Operator/me".into();
        account.arn("web", 3)
    });
    let report = register(&world, &event(&restored)).await;
    assert_eq!((ended(&report), report.is_retried()), ((Outcome::Skipped, Some(Reason::Locked)), true));
    // Once its record names it, it is not corrected. A third-party revision with the same tags is corrected as usual.
    world.account(|account| account.families.get_mut("web").unwrap()[2].by = LOGWEIR.into());
    world.advance(BACKOUT_LEASE);
    assert_eq!(ended(&backs_out_with(&world, "operator", &source, restore()).await), BACKED_OUT);
    let tags = world.account(|account| account.revision(&restored).unwrap().tags.clone());
    let third_party = world.account(|account| account.registers_with_tags(BLOCKING, &tags));
    assert_eq!(register(&world, &event(&third_party)).await.outcome, Outcome::Remediated);
}

/// A backout of web:1 died at the next call of this name. Returns the report on a third-party revision that has the tag
/// of a revision that restores web:1.
async fn tagged_during_a_backout(world: &World, source: &RevisionArn, call: &'static str) -> Decision {
    world.at_next(call, Moment::Before, Then::Crash);
    backs_out_with(world, "operator", source, restore()).await;
    world.restart();
    assert!(world.read(source).await.unwrap().unwrap().head.backing_out);
    let tag = Tag::new("logweir:restores", source.revision.to_string());
    let third_party = world.account(|account| account.registers_with_tags(BLOCKING, &[tag]));
    register(world, &event(&third_party)).await
}

#[tokio::test]
async fn during_a_backout_that_restores_nothing_a_third_party_revision_does_not_wait() {
    let (world, source) = corrected().await;
    let report = tagged_during_a_backout(&world, &source, "DeregisterTaskDefinition").await;
    assert_eq!(ended(&report), (Outcome::Remediated, None));
}

#[tokio::test]
async fn once_the_record_names_the_restored_revision_a_third_party_revision_does_not_wait() {
    let (world, source) = corrected().await;
    world.account(|account| account.deregisters(&source));
    let report = tagged_during_a_backout(&world, &source, "DeregisterTaskDefinition").await;
    assert_eq!(ended(&report), (Outcome::Remediated, None));
}

#[tokio::test]
async fn a_hold_that_ends_in_the_past_is_refused() {
    let (world, source) = corrected().await;
    let ask = BackoutOptions { hold_until: Some("2020-01-01T00:00:00Z".parse().unwrap()), ..BackoutOptions::default() };
    let report = backs_out_with(&world, "operator", &source, ask).await;
    assert_eq!((report.outcome, numbers(&world)), (Outcome::Failed, vec![1, 2]));
}
