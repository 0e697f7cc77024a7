//! Taking back: what stands afterwards, what is left alone because somebody has moved on, and what is said of it.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::ports::{ErrorKind, Journal};
use logweir::settings::{BACKOUT_LEASE, LEASE};
use logweir::workflow::BackoutOptions;

use crate::world::story::{
    BLOCKING, active, applies, applies_by, backs_out, ended, event, previews, register, takes_back, with,
};
use crate::world::{LOGWEIR, Moment, Then, World};

const BACKED_OUT: (Outcome, Option<Reason>) = (Outcome::BackedOut, None);
const ADOPTS: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";

/// A world in which web:1 was corrected by web:2.
async fn corrected() -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    (world, source)
}

/// A world in which the group of others was given a retention, as the baseline adopts it.
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

fn ours(world: &World) -> RevisionArn {
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
async fn what_was_done_is_taken_back_and_the_group_that_was_made_stays_and_is_named() {
    let (world, source) = corrected().await;
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), report.exit_code()), (BACKED_OUT, 0), "{report:?}");
    assert_eq!(active(&world), [(1, BLOCKING.to_owned())]);
    assert_eq!((report.log_groups[0].name.as_str(), report.log_groups[0].action.name()), ("/ecs/web", "kept"));
    assert_eq!(retention(&world), Some(30));
    let backwards = report.changes.iter().find(|change| change.option == "mode").unwrap();
    assert_eq!((backwards.from.as_deref(), backwards.to.as_deref()), (Some("non-blocking"), Some("blocking")));
    assert_eq!((report.report.backout, report.report.corrected), (None, Some(ours(&world).to_string())));
    nothing_wrong(&world);
}

#[tokio::test]
async fn by_the_name_of_our_revision_too() {
    let (world, source) = corrected().await;
    let report = backs_out(&world, &ours(&world)).await;
    assert_eq!((ended(&report), report.report.source), (BACKED_OUT, Some(source.to_string())));
}

#[tokio::test]
async fn the_second_time_says_so_and_touches_nothing() {
    let (world, source) = corrected().await;
    backs_out(&world, &source).await;
    let before = world.picture();
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::BackedOut, Some(Reason::Duplicate)), 0));
    assert!(report.notes.iter().any(|note| note.contains("taken back before")), "{report:?}");
    assert_eq!(world.picture(), before);
}

#[tokio::test]
async fn a_look_beforehand_names_all_and_writes_nothing() {
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
async fn a_source_that_was_taken_back_is_corrected_again_only_by_name() {
    let (world, source) = corrected().await;
    backs_out(&world, &source).await;
    for _ in 0..2 {
        let report = register(&world, &event(&source)).await;
        assert_eq!((ended(&report), report.exit_code()), ((Outcome::Skipped, Some(Reason::Suppressed)), 0));
    }
    assert_eq!(ended(&applies(&world, &source, false).await), (Outcome::Skipped, Some(Reason::Suppressed)));
    assert_eq!(numbers(&world), [1]);
    assert_eq!(ended(&applies(&world, &source, true).await), (Outcome::Remediated, None));
    assert_eq!(numbers(&world), [1, 3]);
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    assert_eq!(numbers(&world), [1]);
}

#[tokio::test]
async fn a_source_that_was_deregistered_meanwhile_is_restored_from_ours_and_suppressed_as_it_was() {
    let (world, source) = corrected().await;
    world.account(|account| {
        account.families.get_mut("web").unwrap()[0].tags = Tag::parse_list(r#"[{"key":"team","value":"a"}]"#).unwrap();
        account.deregisters(&source);
        account.shows_inactive = false;
    });
    let report = backs_out(&world, &source).await;
    let restored = world.account(|account| account.arn("web", 3));
    assert_eq!((ended(&report), report.report.restored), (BACKED_OUT, Some(restored.to_string())));
    assert_eq!(active(&world), [(3, BLOCKING.to_owned())], "byte for byte what the source was");
    world.account(|account| assert_eq!(account.revision(&restored).unwrap().by, LOGWEIR));
    for name in [&restored, &source] {
        let report = register(&world, &event(name)).await;
        assert!(
            matches!(ended(&report), (Outcome::Skipped, Some(Reason::Suppressed | Reason::OwnRevision)))
                || report.outcome == Outcome::Failed && *name == source,
            "{report:?}"
        );
    }
    assert_eq!(ended(&applies(&world, &restored, false).await), (Outcome::Skipped, Some(Reason::Suppressed)));
    assert_eq!(numbers(&world), [3]);
    assert_eq!(ended(&applies(&world, &restored, true).await), (Outcome::Remediated, None));
    assert_eq!(ended(&backs_out(&world, &restored).await), BACKED_OUT);
    assert_eq!(numbers(&world), [3]);
    nothing_wrong(&world);
}

#[tokio::test]
async fn old_code_is_not_restored_over_a_newer_revision_unless_it_is_asked_for() {
    let (world, source) = corrected().await;
    world.account(|account| {
        account.registers(BLOCKING);
        account.deregisters(&source);
    });
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::NeedsOperator, Some(Reason::NewerRevision)), 2));
    assert!(report.error.as_ref().unwrap().contains("--restore-stale") && report.backout.is_some(), "{report:?}");
    assert_eq!(numbers(&world), [2, 3]);
    let stale = BackoutOptions { restore_stale: true, ..BackoutOptions::default() };
    assert_eq!(ended(&takes_back(&world, "operator", &source, stale).await), BACKED_OUT);
    assert_eq!(numbers(&world), [3, 4]);
}

#[tokio::test]
async fn a_revision_that_slips_in_while_the_source_is_restored_stays_the_newest() {
    let (world, source) = corrected().await;
    world.account(|account| account.deregisters(&source));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    let report = backs_out(&world, &source).await;
    assert_eq!(ended(&report), (Outcome::NeedsOperator, Some(Reason::NewerRevision)));
    assert_eq!((numbers(&world), report.report.restored), (vec![2, 3], None), "the restored one was withdrawn");
}

#[tokio::test]
async fn what_ecs_does_not_give_back_is_not_restored() {
    let (world, source) = corrected().await;
    world.account(|account| {
        account.deregisters(&source);
        account.loses = vec!["alien".into()];
    });
    let report = backs_out(&world, &source).await;
    assert_eq!(ended(&report), (Outcome::NeedsOperator, Some(Reason::LostMembers)));
    assert_eq!(numbers(&world), [2], "ours still stands, and the restored one was withdrawn");
}

#[tokio::test]
async fn ours_stays_where_something_runs_it_and_goes_once_nothing_does() {
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
async fn a_source_is_restored_though_ours_still_runs_and_not_twice() {
    let (world, source) = corrected().await;
    world.account(|account| {
        account.running.insert("task prod/1".into(), account.arn("web", 2));
        account.deregisters(&source);
    });
    assert_eq!(ended(&backs_out(&world, &source).await), (Outcome::Partial, Some(Reason::StillRunning)));
    assert_eq!(numbers(&world), [2, 3]);
    world.account(|account| account.running.clear());
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    assert_eq!(numbers(&world), [3]);
}

#[tokio::test]
async fn ours_stays_where_it_may_not_be_looked_whether_something_runs_it() {
    let (world, source) = corrected().await;
    world.at_next("ListServices", Moment::Before, Then::fail(ErrorKind::Refused, "ListServices", "AccessDenied"));
    let report = backs_out(&world, &source).await;
    assert_eq!((report.outcome, numbers(&world)), (Outcome::Partial, vec![1, 2]));
    assert!(report.report.error.unwrap().contains("could not be read, so it stays"));
}

#[tokio::test]
async fn ours_that_somebody_took_away_is_nobodys_loss() {
    let (world, source) = corrected().await;
    world.account(|account| account.deregisters(&account.arn("web", 2)));
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), numbers(&world)), (BACKED_OUT, vec![1]));
    assert!(report.notes[0].contains("web:2 is not ACTIVE any more"));
}

#[tokio::test]
async fn an_adopted_group_never_expires_again_as_before() {
    let (world, source) = adopted(None).await;
    assert_eq!(retention(&world), Some(30));
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), retention(&world)), (BACKED_OUT, None));
    assert_eq!((report.log_groups[0].action.name(), report.log_groups[0].retention_days), ("retention-restored", None));
}

#[tokio::test]
async fn a_retention_that_somebody_has_changed_since_is_theirs() {
    let (world, source) = adopted(None).await;
    world.account(|account| account.groups.get_mut("/ecs/web").unwrap().retention = Some(365));
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), retention(&world)), (BACKED_OUT, Some(365)));
    assert!(report.notes[0].contains("somebody has given log group /ecs/web 365 days since"), "{report:?}");
}

#[tokio::test]
async fn going_back_to_a_shorter_retention_would_delete_data_so_it_is_left_and_said() {
    let (world, source) = adopted(Some(7)).await;
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), retention(&world)), (BACKED_OUT, Some(30)));
    assert!(report.notes[0].contains("to go back to 7 would delete log data"), "{report:?}");
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_policy_that_hides_the_groups_own_retention_leaves_it_to_a_human() {
    let (world, source) = adopted(None).await;
    world.account(|account| account.retention_policy = Some(("everywhere".into(), 90)));
    let report = backs_out(&world, &source).await;
    assert_eq!((report.outcome, retention(&world)), (Outcome::Partial, Some(30)));
    assert!(report.report.error.unwrap().contains("the account's policy everywhere decides"));
    world.account(|account| account.retention_policy = None);
    assert_eq!((ended(&backs_out(&world, &source).await), retention(&world)), (BACKED_OUT, None));
}

#[tokio::test]
async fn a_group_that_somebody_deleted_is_no_obstacle() {
    let (world, source) = adopted(None).await;
    world.account(|account| account.groups.clear());
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), world.account(|account| account.groups.len())), (BACKED_OUT, 0));
}

#[tokio::test]
async fn what_an_earlier_attempt_did_is_taken_back_as_well() {
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
async fn a_record_that_a_dead_worker_left_is_looked_into_and_taken_back() {
    for (moment, left) in [(Moment::Before, vec![1]), (Moment::After, vec![1, 2])] {
        for shows_inactive in [true, false] {
            let world = World::new();
            let source = world.account(|account| account.registers(BLOCKING));
            world.at_next("RegisterTaskDefinition", moment, Then::Crash);
            register(&world, &event(&source)).await;
            world.restart();
            assert_eq!(numbers(&world), left);
            let held = backs_out(&world, &source).await;
            assert_eq!((ended(&held), held.comes_again()), ((Outcome::Skipped, Some(Reason::LeaseHeld)), true));
            world.advance(LEASE);
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
                (false, Moment::After) => vec![3],
                (false, Moment::Before) => vec![],
            };
            assert_eq!(numbers(&world), expected);
            nothing_wrong(&world);
        }
    }
}

#[tokio::test]
async fn a_record_in_which_nothing_was_done_is_closed_to_events() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("commit", Moment::After, Then::act(|account| drop(account.registers(BLOCKING))));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Superseded);
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    world.account(|account| account.deregisters(&account.arn("web", 2)));
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Skipped, Some(Reason::Suppressed)));
}

#[tokio::test]
async fn what_has_no_record_or_lies_elsewhere_is_said() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(ended(&backs_out(&world, &source).await), (Outcome::Failed, Some(Reason::NoRecord)));
    let elsewhere = RevisionArn { account: "444455556666".into(), ..source.clone() };
    assert_eq!(ended(&backs_out(&world, &elsewhere).await), (Outcome::Refused, Some(Reason::ForeignAccount)));
    let elsewhere = RevisionArn { region: "us-east-1".into(), ..source };
    assert_eq!(ended(&backs_out(&world, &elsewhere).await), (Outcome::Refused, Some(Reason::ForeignRegion)));
}

#[tokio::test]
async fn a_held_family_is_not_corrected_before_the_hold_ends() {
    let (world, source) = corrected().await;
    let until = world.account(|account| account.now) + SignedDuration::from_hours(2);
    let ask =
        BackoutOptions { hold_until: Some(until), reason: Some("incident 7".into()), ..BackoutOptions::default() };
    assert_eq!(ended(&takes_back(&world, "operator", &source, ask).await), BACKED_OUT);
    let next = world.account(|account| account.registers(BLOCKING));
    let report = register(&world, &event(&next)).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Refused, Some(Reason::Held)), 1));
    assert!(report.report.error.unwrap().contains("held until 2026-11-21T14:00:00Z: incident 7"));
    world.advance(SignedDuration::from_hours(2));
    assert_eq!(ended(&register(&world, &event(&next)).await), (Outcome::Remediated, None));
}

#[tokio::test]
async fn who_asked_and_why_stands_in_the_record() {
    let (world, source) = corrected().await;
    let long = "x".repeat(1000);
    let ask = BackoutOptions {
        reason: Some(format!("a\u{1b}[31m{long}")),
        requested_by: Some("op".into()),
        ..BackoutOptions::default()
    };
    takes_back(&world, "operator", &source, ask).await;
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
    let command = format!("logweir replay --backout {source} --function logweir-backout --region eu-west-1");
    assert_eq!(report.backout, Some(command));
}

#[tokio::test]
async fn a_correction_of_our_own_correction_is_taken_back_first() {
    let (world, source) = corrected().await;
    let ours = ours(&world);
    let stricter = "version = 1\n[logging]\nmax-buffer-size = \"50m\"\nmin-buffer-size = \"50m\"\n";
    assert_eq!(applies_by(&world, stricter, &ours, false).await.outcome, Outcome::Remediated);
    assert_eq!(numbers(&world), [1, 2, 3]);
    let report = backs_out(&world, &source).await;
    assert_eq!(report.outcome, Outcome::NeedsOperator);
    assert!(report.report.error.unwrap().contains("take web:2 back first"));
    assert_eq!(ended(&backs_out(&world, &ours).await), BACKED_OUT);
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    assert_eq!(numbers(&world), [1]);
}

#[tokio::test]
async fn a_revision_that_may_be_the_restored_one_waits_until_its_record_says_so() {
    let (world, source) = corrected().await;
    world.account(|account| account.deregisters(&source));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    backs_out(&world, &source).await;
    world.restart();
    let restored = world.account(|account| {
        // Registered by somebody whom no setting names.
        account.families.get_mut("web").unwrap()[2].by = "arn:aws:sts::111122223333:assumed-role/Operator/me".into();
        account.arn("web", 3)
    });
    let report = register(&world, &event(&restored)).await;
    assert_eq!((ended(&report), report.comes_again()), ((Outcome::Skipped, Some(Reason::LeaseHeld)), true));
    // Once its record says so, it is suppressed; a stranger with the same tag is then corrected like anybody.
    world.account(|account| account.families.get_mut("web").unwrap()[2].by = LOGWEIR.into());
    world.advance(BACKOUT_LEASE);
    assert_eq!(ended(&backs_out(&world, &source).await), BACKED_OUT);
    let tags = world.account(|account| account.revision(&restored).unwrap().tags.clone());
    let theirs = world.account(|account| account.registers_with_tags(BLOCKING, &tags));
    assert_eq!(register(&world, &event(&theirs)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_hold_that_is_over_before_it_begins_is_refused() {
    let (world, source) = corrected().await;
    let ask = BackoutOptions { hold_until: Some("2020-01-01T00:00:00Z".parse().unwrap()), ..BackoutOptions::default() };
    let report = takes_back(&world, "operator", &source, ask).await;
    assert_eq!((report.outcome, numbers(&world)), (Outcome::Failed, vec![1, 2]));
}
