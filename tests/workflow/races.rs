//! What others do between two calls of ours, what a crash leaves for the next worker, and what cannot be done.

use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, Journal, PortError};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use serde_json::Value;

use crate::world::story::{BLOCKING, corrected_text, ended, event, register, with};
use crate::world::{Moment, Then, World};

/// Somebody registers another blocking revision just before ours.
fn slips_in() -> Then {
    Then::act(|account| drop(account.registers(BLOCKING)))
}

/// The next worker, when the lease of the last one is over.
async fn later(world: &World, event: &Value) -> logweir::domain::report::Decision {
    world.restart();
    world.advance(LEASE);
    register(world, event).await
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

#[tokio::test]
async fn a_correction_of_another_journal_is_neither_adopted_nor_withdrawn() {
    for baseline in [SHIPPED_BASELINE.to_owned(), format!("{SHIPPED_BASELINE}\n# another text\n")] {
        let world = World::new();
        let source = world.account(|account| account.registers(BLOCKING));
        register(&world, &event(&source)).await;
        world.account(|account| account.records.clear());
        let report = with(&world, &baseline, Mode::Register, "cli", &event(&source)).await;
        assert_eq!(ended(&report), (Outcome::Superseded, Some(Reason::NotLatest)), "{report:?}");
        assert_eq!((active(&world), report.report.corrected), (vec![1, 2], None));
    }
}

#[tokio::test]
async fn a_record_is_finished_by_the_baseline_that_it_was_begun_with() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    // Somebody tags the source meanwhile, and another baseline is deployed.
    world.account(|account| account.families.get_mut("web").unwrap()[0].tags.push(Tag::new("team", "a")));
    let other = format!("{SHIPPED_BASELINE}\n# another text\n");
    let report = with(&world, &other, Mode::Register, "second", &event(&source)).await;
    assert_eq!((ended(&report), active(&world)), ((Outcome::Remediated, None), vec![1, 2]));
}

#[tokio::test]
async fn what_was_begun_is_brought_to_its_end_though_the_source_was_deregistered_meanwhile() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in());
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.account(|account| account.deregisters(&source));
    let report = later(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Superseded, Some(Reason::NewerRevision)), "{report:?}");
    assert_eq!(active(&world), [2], "ours is withdrawn, theirs is the newest");
    assert!(!world.read(&source).await.unwrap().unwrap().head.open);
}

#[tokio::test]
async fn the_revision_that_slipped_in_is_corrected_once_ours_is_out_of_its_way() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in());
    // Ours is registered and written down; then the process dies before its last look.
    world.at_next("commit", Moment::After, Then::act(|_| {}));
    world.at_next("DeregisterTaskDefinition", Moment::Before, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    let theirs = world.account(|account| account.arn("web", 2));
    let report = register(&world, &event(&theirs)).await;
    assert!(report.comes_again(), "its event comes again: {report:?}");
    assert_eq!(later(&world, &event(&source)).await.outcome, Outcome::Superseded);
    assert_eq!(ended(&register(&world, &event(&theirs)).await), (Outcome::Remediated, None));
    assert_eq!(active(&world), [1, 2, 4]);
}

#[tokio::test]
async fn so_it_is_where_the_registration_of_ours_was_not_answered() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in());
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    let theirs = world.account(|account| account.arn("web", 2));
    let report = register(&world, &event(&theirs)).await;
    assert!(report.comes_again(), "its event comes again: {report:?}");
    assert_eq!(later(&world, &event(&source)).await.outcome, Outcome::Superseded);
    assert_eq!(ended(&register(&world, &event(&theirs)).await), (Outcome::Remediated, None));
    assert_eq!(active(&world), [1, 2, 4]);
}

#[tokio::test]
async fn a_record_that_ended_superseded_is_opened_again_if_the_source_is_the_newest_after_all() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let newer = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Superseded);
    world.account(|account| account.deregisters(&newer));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_group_that_was_written_to_between_look_and_act_keeps_its_data() {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", None, 0);
        account.registers(BLOCKING)
    });
    let fills = Then::act(|account| account.groups.get_mut("/ecs/web").unwrap().streams = 1);
    world.at_next("commit", Moment::After, fills);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.log_groups[0].action.name()), (Outcome::Remediated, "left-alone"));
    assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), None);
}

#[tokio::test]
async fn of_two_registrations_of_ours_the_lower_one_stays() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Cut);
    assert!(register(&world, &event(&source)).await.comes_again());
    world.restart();
    // The first registration, whose answer was lost, lands after the second worker has looked.
    let digest = Baseline::parse(SHIPPED_BASELINE).unwrap().digest().to_owned();
    let lands = Then::act(move |account| {
        let tags = [Tag::new("logweir:source", "1"), Tag::new("logweir:baseline", digest)];
        account.registers_with_tags(&corrected_text(), &tags);
        account.families.get_mut("web").unwrap()[1].by = crate::world::LOGWEIR.into();
    });
    world.at_next("RegisterTaskDefinition", Moment::Before, lands);
    let report = register(&world, &event(&source)).await;
    let lower = world.account(|account| account.arn("web", 2));
    assert_eq!((ended(&report), active(&world)), ((Outcome::Remediated, None), vec![1, 2]));
    assert_eq!(report.corrected, Some(lower.to_string()));
    assert_eq!(world.source_of(&lower).await.unwrap(), Some(source));
}

#[tokio::test]
async fn a_withdrawal_that_is_refused_is_said_and_stays_open() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in());
    let refused = Then::fail(ErrorKind::Refused, "DeregisterTaskDefinition", "AccessDenied");
    world.at_next("DeregisterTaskDefinition", Moment::Before, refused);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.exit_code()), (Outcome::NeedsOperator, 2));
    let why = report.report.error.unwrap();
    assert!(why.contains("web:3 has to be withdrawn") && why.contains("AccessDenied"), "{why}");
    // Once it may, the next delivery finishes it.
    assert_eq!(later(&world, &event(&source)).await.outcome, Outcome::Superseded);
    assert_eq!(active(&world), [1, 2]);
}

#[tokio::test]
async fn a_correction_that_somebody_takes_away_at_once_is_not_reported_as_done() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let takes = Then::act(|account| {
        let ours = account.arn("web", 2);
        account.deregisters(&ours);
    });
    world.at_next("RegisterTaskDefinition", Moment::After, takes);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.report.corrected), (Outcome::NeedsOperator, None));
    assert!(report.report.error.unwrap().contains("somebody deregistered our revision web:2"));
}

#[tokio::test]
async fn a_retention_that_was_set_before_a_crash_is_known_to_be_set() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("PutRetentionPolicy", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    let report = later(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.log_groups[0].retention_days), (Outcome::Remediated, Some(30)));
}

#[tokio::test]
async fn an_event_without_an_arn_is_resumed_and_known_for_a_duplicate() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let mut without = event(&source);
    without["detail"]["responseElements"] = Value::Null;
    world.advance(SignedDuration::from_secs(40));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &without).await;
    assert_eq!(ended(&later(&world, &without).await), (Outcome::Remediated, None));
    assert_eq!(ended(&register(&world, &without).await), (Outcome::Skipped, Some(Reason::Duplicate)));
}

#[tokio::test]
async fn a_group_that_may_not_be_looked_into_is_left_to_a_human_and_the_rest_is_mended() {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", None, 0);
        account.registers(BLOCKING)
    });
    let denied = PortError {
        kind: ErrorKind::Refused,
        call: "DescribeLogStreams",
        message: "AccessDenied".into(),
        reason: Some(Reason::AccessDenied),
    };
    world.always("DescribeLogStreams", denied);
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), None);
}

#[tokio::test]
async fn live_nothing_is_a_placeholder_and_an_odd_name_of_a_group_is_looked_up() {
    let compliant = corrected_text();
    let world = World::new();
    let named = compliant.replace("/ecs/web", "/ecs/web__blue__v2");
    let source = world.account(|account| account.registers(&named));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    assert!(world.account(|account| account.groups.contains_key("/ecs/web__blue__v2")));

    let world = World::new();
    let unrendered = compliant.replace("\"awslogs-region\":\"eu-west-1\"", "\"awslogs-region\":\"${AWS_REGION}\"");
    let source = world.account(|account| account.registers(&unrendered));
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Skipped, Some(Reason::AdviceOnly)));
}

/// The process dies at every call; until the next delivery something else changes. Whatever it was: nothing stays open,
/// there is one correction of ours at the most, and the record and the report name the one that stands.
#[tokio::test]
async fn wherever_the_process_dies_and_whatever_changes_meanwhile_the_record_tells_the_truth() {
    let whole = World::new();
    let source = whole.account(|account| account.registers(BLOCKING));
    register(&whole, &event(&source)).await;
    let calls = whole.calls().len();
    let other_baseline = format!("{SHIPPED_BASELINE}\n# another text\n");

    for number in 1..=calls {
        for meanwhile in ["another baseline", "source deregistered", "tags changed", "body omitted", "group filled"] {
            for moment in [Moment::Before, Moment::After] {
                let world = World::new();
                let source = world.account(|account| account.registers(BLOCKING));
                let mut event = event(&source);
                if meanwhile == "body omitted" {
                    event["detail"]["responseElements"] = Value::Null;
                    world.advance(SignedDuration::from_secs(3));
                }
                world.at(number, moment, Then::Crash);
                register(&world, &event).await;
                world.restart();
                world.advance(LEASE);
                let baseline = if meanwhile == "another baseline" { &other_baseline } else { SHIPPED_BASELINE };
                match meanwhile {
                    "source deregistered" => world.account(|account| account.deregisters(&source)),
                    "tags changed" => world.account(|account| {
                        account.families.get_mut("web").unwrap()[0].tags.push(Tag::new("team", "a"));
                    }),
                    "group filled" => world.account(|account| {
                        if let Some(group) = account.groups.get_mut("/ecs/web") {
                            group.streams = 1;
                        }
                    }),
                    _ => {}
                }
                let report = with(&world, baseline, Mode::Register, "second", &event).await;
                let at = format!("{}, {moment:?}, {meanwhile}: {report:?}", whole.calls()[number - 1]);
                let ours: Vec<usize> = active(&world).into_iter().filter(|revision| *revision > 1).collect();
                assert!(ours.len() <= 1, "{at}");
                if meanwhile != "source deregistered" {
                    assert_eq!(ours.len(), 1, "{at}");
                }
                if let Some(record) = world.read(&source).await.unwrap() {
                    assert!(!record.head.open, "{at}");
                    let named: Vec<usize> = record.head.corrected.iter().map(|arn| arn.revision as usize).collect();
                    assert_eq!(named, ours, "{at}");
                } else {
                    assert_eq!(ours, Vec::<usize>::new(), "{at}");
                }
            }
        }
    }
}
