//! Acts of other principals between two calls of Logweir, what a crash leaves for the next worker, and refused calls.

use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, Journal, PortError};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use serde_json::Value;

use crate::world::story::{BLOCKING, corrected_text, ended, event, register, with};
use crate::world::{Lag, Moment, Then, World};

/// Another principal registers a blocking revision right before the correction.
fn slips_in() -> Then {
    Then::act(|account| drop(account.registers(BLOCKING)))
}

/// The next worker handles the event after the lease of the last one has expired.
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
    for baseline in [
        SHIPPED_BASELINE.to_owned(),
        SHIPPED_BASELINE.replace("corrections-per-week = 50", "corrections-per-week = 51"),
    ] {
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
async fn a_record_is_finished_with_the_baseline_that_it_was_started_with() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    // Meanwhile, another principal tags the source, and another baseline is deployed.
    world.account(|account| account.families.get_mut("web").unwrap()[0].tags.push(Tag::new("team", "a")));
    let other = SHIPPED_BASELINE.replace("corrections-per-week = 50", "corrections-per-week = 51");
    let report = with(&world, &other, Mode::Register, "second", &event(&source)).await;
    assert_eq!((ended(&report), active(&world)), ((Outcome::Remediated, None), vec![1, 2]));
}

#[tokio::test]
async fn a_started_record_is_finished_although_the_source_was_deregistered_meanwhile() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in());
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.account(|account| account.deregisters(&source));
    let report = later(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Superseded, Some(Reason::NewerRevision)), "{report:?}");
    assert_eq!(active(&world), [2], "the correction is withdrawn, and the other revision is the newest");
    assert!(!world.read(&source).await.unwrap().unwrap().head.open);
}

#[tokio::test]
async fn a_revision_registered_in_between_is_corrected_once_the_correction_is_withdrawn() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in());
    // The correction is registered and recorded. Then the process dies before it withdraws the correction.
    world.at_next("commit", Moment::After, Then::act(|_| {}));
    world.at_next("DeregisterTaskDefinition", Moment::Before, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    let other = world.account(|account| account.arn("web", 2));
    let report = register(&world, &event(&other)).await;
    assert!(report.is_retried(), "its event is retried: {report:?}");
    assert_eq!(later(&world, &event(&source)).await.outcome, Outcome::Superseded);
    assert_eq!(ended(&register(&world, &event(&other)).await), (Outcome::Remediated, None));
    assert_eq!(active(&world), [1, 2, 4]);
}

#[tokio::test]
async fn a_revision_registered_in_between_is_corrected_even_if_the_registration_was_not_answered() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in());
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    let other = world.account(|account| account.arn("web", 2));
    let report = register(&world, &event(&other)).await;
    assert!(report.is_retried(), "its event is retried: {report:?}");
    assert_eq!(later(&world, &event(&source)).await.outcome, Outcome::Superseded);
    assert_eq!(ended(&register(&world, &event(&other)).await), (Outcome::Remediated, None));
    assert_eq!(active(&world), [1, 2, 4]);
}

#[tokio::test]
async fn a_superseded_record_is_opened_again_if_the_source_is_the_newest_again() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let newer = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Superseded);
    world.account(|account| account.deregisters(&newer));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_group_that_is_written_to_between_read_and_act_keeps_its_data() {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", None, 0);
        account.registers(BLOCKING)
    });
    let fills = Then::act(|account| account.groups.get_mut("/ecs/web").unwrap().streams = 1);
    world.at_next("commit", Moment::After, fills);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.log_groups[0].action.name()), (Outcome::Remediated, "not-changed"));
    assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), None);
}

#[tokio::test]
async fn of_two_corrections_of_one_source_the_lower_one_stays() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Cut);
    assert!(register(&world, &event(&source)).await.is_retried());
    world.restart();
    world.advance(Lag::LONGEST);
    // The first registration, whose answer was lost, takes effect after the second worker's read.
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
async fn a_refused_withdrawal_is_reported_and_its_record_stays_open() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in());
    let refused = Then::fail(ErrorKind::Refused, "DeregisterTaskDefinition", "AccessDenied");
    world.at_next("DeregisterTaskDefinition", Moment::Before, refused);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.exit_code()), (Outcome::NeedsOperator, 2));
    let why = report.report.error.unwrap();
    assert!(why.contains("web:3 still has to be withdrawn") && why.contains("AccessDenied"), "{why}");
    // Once the withdrawal is allowed, the next delivery finishes it.
    assert_eq!(later(&world, &event(&source)).await.outcome, Outcome::Superseded);
    assert_eq!(active(&world), [1, 2]);
}

#[tokio::test]
async fn a_correction_that_is_deregistered_at_once_is_not_reported_as_done() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let takes = Then::act(|account| {
        let corrected = account.arn("web", 2);
        account.deregisters(&corrected);
    });
    world.at_next("RegisterTaskDefinition", Moment::After, takes);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.report.corrected), (Outcome::NeedsOperator, None));
    assert!(report.report.error.unwrap().contains("another principal deregistered the corrected revision web:2"));
}

#[tokio::test]
async fn a_retention_that_was_set_before_a_crash_is_reported() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("PutRetentionPolicy", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    let report = later(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.log_groups[0].retention_days), (Outcome::Remediated, Some(30)));
}

#[tokio::test]
async fn an_event_without_an_arn_is_resumed_and_recognized_as_a_duplicate() {
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
async fn a_group_that_may_not_be_read_is_not_changed_and_the_rest_is_corrected() {
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
async fn in_a_registered_revision_nothing_is_a_placeholder_and_any_group_name_is_looked_up() {
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

/// The process dies at every call, and something changes before the next delivery. In every case, no record stays open,
/// there is at most one correction, and the record names the ACTIVE one.
#[tokio::test]
async fn wherever_the_process_dies_and_whatever_changes_meanwhile_the_record_names_the_active_correction() {
    let whole = World::new();
    let source = whole.account(|account| account.registers(BLOCKING));
    register(&whole, &event(&source)).await;
    let calls = whole.calls().len();
    let other_baseline = SHIPPED_BASELINE.replace("corrections-per-week = 50", "corrections-per-week = 51");

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
                world.advance(Lag::LONGEST);
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
                let corrected: Vec<usize> = active(&world).into_iter().filter(|revision| *revision > 1).collect();
                assert!(corrected.len() <= 1, "{at}");
                if meanwhile != "source deregistered" {
                    assert_eq!(corrected.len(), 1, "{at}");
                }
                if let Some(record) = world.read(&source).await.unwrap() {
                    assert!(!record.head.open, "{at}");
                    let named: Vec<usize> = record.head.corrected.iter().map(|arn| arn.revision as usize).collect();
                    assert_eq!(named, corrected, "{at}");
                } else {
                    assert_eq!(corrected, Vec::<usize>::new(), "{at}");
                }
            }
        }
    }
}
