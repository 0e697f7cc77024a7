//! Corrections while reads of ECS lag: after a read that does not show a write yet, Logweir tries again. The numbers of
//! revisions, and not a list, show which revisions were registered in between.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::record::EntryKind;
use logweir::domain::report::Decision;
use logweir::ports::{ErrorKind, Journal};

use crate::world::story::{BLOCKING, applies, backs_out, ended, event, register, resumes};
use crate::world::{LOGWEIR, Lag, Moment, Passing, Then, World};

const NOT_YET: (Outcome, Option<Reason>) = (Outcome::Failed, Some(Reason::NotVisibleYet));
const REMEDIATED: (Outcome, Option<Reason>) = (Outcome::Remediated, None);
const MINUTES: SignedDuration = SignedDuration::from_mins(5);

/// A world with web:1, which every read shows, and with this lag from then on.
fn lagging(lag: Lag) -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.advance(MINUTES);
    world.lags(Lag { lasts: MINUTES, ..lag });
    (world, source)
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

async fn entries(world: &World, source: &RevisionArn) -> Vec<EntryKind> {
    world.read(source).await.unwrap().unwrap().entries.into_iter().map(|entry| entry.what).collect()
}

async fn after_the_lag(world: &World, source: &RevisionArn) -> Decision {
    world.restart();
    world.advance(MINUTES);
    register(world, &event(source)).await
}

#[tokio::test]
async fn an_event_of_a_revision_that_cannot_be_described_yet_is_retried() {
    let world = World::new();
    world.lags(Lag { describe: 1, lasts: MINUTES, ..Lag::default() });
    let source = world.account(|account| account.registers(BLOCKING));
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.is_retried()), (NOT_YET, true));
    world.lags(Lag::default());
    assert_eq!(ended(&register(&world, &event(&source)).await), REMEDIATED);
}

#[tokio::test]
async fn a_source_that_the_list_does_not_show_yet_is_corrected() {
    let world = World::new();
    world.account(|account| account.registers(BLOCKING));
    world.advance(MINUTES);
    world.lags(Lag { list: 1, lasts: MINUTES, ..Lag::default() });
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(ended(&register(&world, &event(&source)).await), REMEDIATED);
    assert_eq!(active(&world), [1, 2, 3]);
}

#[tokio::test]
async fn a_newer_revision_that_is_only_listed_does_not_supersede_the_source() {
    let (world, source) = lagging(Lag { list: 1, ..Lag::default() });
    world.account(|account| {
        let newer = account.registers(BLOCKING);
        account.deregisters(&newer);
    });
    assert_eq!(ended(&register(&world, &event(&source)).await), REMEDIATED);
    assert_eq!(active(&world), [1, 3]);
}

#[tokio::test]
async fn a_newest_revision_that_logweir_withdrew_is_skipped() {
    let (world, source) = lagging(Lag::default());
    register(&world, &event(&source)).await;
    backs_out(&world, &source).await;
    // Neither the list nor the description shows the deregistration.
    world.lags(Lag { describe: 1, list: 1, lasts: MINUTES, ..Lag::default() });
    assert_eq!((ended(&applies(&world, &source, true).await), active(&world)), (NOT_YET, vec![1, 3]));
    assert_eq!((ended(&after_the_lag(&world, &source).await), active(&world)), (REMEDIATED, vec![1, 3]));
}

#[tokio::test]
async fn a_corrected_revision_that_cannot_be_described_yet_is_verified_later() {
    let (world, source) = lagging(Lag { describe: 1, ..Lag::default() });
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.is_retried(), active(&world)), (NOT_YET, true, vec![1, 2]));
    assert_eq!((ended(&after_the_lag(&world, &source).await), active(&world)), (REMEDIATED, vec![1, 2]));
    let vanished = |what: &EntryKind| matches!(what, EntryKind::Vanished { .. });
    assert!(!entries(&world, &source).await.iter().any(vanished));
}

#[tokio::test]
async fn a_corrected_revision_whose_tags_are_not_visible_yet_has_lost_nothing() {
    let (world, source) = lagging(Lag { tags: 1, ..Lag::default() });
    assert_eq!(ended(&register(&world, &event(&source)).await), NOT_YET);
    assert_eq!((ended(&after_the_lag(&world, &source).await), active(&world)), (REMEDIATED, vec![1, 2]));
}

#[tokio::test]
async fn tags_that_are_missing_after_the_longest_lag_are_lost() {
    let (world, source) = lagging(Lag { tags: 1, ..Lag::default() });
    assert_eq!(ended(&register(&world, &event(&source)).await), NOT_YET);
    world.account(|account| account.families.get_mut("web").unwrap()[1].tags.clear());
    world.advance(Lag::LONGEST);
    // Another worker does not know which tags were sent, but their number is in the journal.
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), active(&world)), ((Outcome::Failed, Some(Reason::LostMembers)), vec![1]));
}

#[tokio::test]
async fn only_a_described_status_says_that_another_principal_deregistered_a_revision() {
    for deletes in [false, true] {
        let (world, source) = lagging(Lag { describe: 1, ..Lag::default() });
        assert_eq!(ended(&register(&world, &event(&source)).await), NOT_YET);
        world.account(|account| {
            let corrected = account.arn("web", 2);
            account.deregisters(&corrected);
            if deletes {
                account.deletes(&corrected);
            }
        });
        let report = after_the_lag(&world, &source).await;
        assert_eq!((report.outcome, report.report.corrected), (Outcome::NeedsOperator, None));
        assert!(report.report.error.unwrap().contains("another principal deregistered the corrected revision web:2"));
    }
}

#[tokio::test]
async fn a_corrected_revision_that_never_becomes_visible_needs_an_operator() {
    let (world, source) = lagging(Lag { describe: 1, ..Lag::default() });
    assert_eq!(ended(&register(&world, &event(&source)).await), NOT_YET);
    world.account(|account| account.deregisters_and_deletes(&account.arn("web", 2)));
    world.advance(Lag::LONGEST);
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::NeedsOperator, Some(Reason::Unreadable)));
    assert!(report.report.error.as_deref().unwrap().contains("web:2 is registered, but ECS does not describe it"));
    assert_eq!(report.report.corrected.map(|it| it.ends_with("web:2")), Some(true));
}

#[tokio::test]
async fn a_revision_that_slipped_in_is_found_although_the_list_does_not_show_it() {
    let (world, source) = lagging(Lag { list: 3, ..Lag::default() });
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), active(&world)), ((Outcome::Superseded, Some(Reason::NewerRevision)), vec![1, 2]));
}

#[tokio::test]
async fn a_revision_that_slipped_in_and_cannot_be_described_yet_is_described_later() {
    let (world, source) = lagging(Lag { describe: 2, list: 3, ..Lag::default() });
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.is_retried()), (NOT_YET, true));
    let report = after_the_lag(&world, &source).await;
    assert_eq!((ended(&report), active(&world)), ((Outcome::Superseded, Some(Reason::NewerRevision)), vec![1, 2]));
}

#[tokio::test]
async fn a_deregistered_or_deleted_revision_in_between_means_nothing() {
    for deletes in [false, true] {
        let (world, source) = lagging(Lag::default());
        let slips_in = Then::act(move |account| {
            let other = account.registers(BLOCKING);
            match deletes {
                true => account.deregisters_and_deletes(&other),
                false => account.deregisters(&other),
            }
        });
        world.at_next("RegisterTaskDefinition", Moment::Before, slips_in);
        let mut report = register(&world, &event(&source)).await;
        if deletes {
            // A revision that cannot be described may become visible within ten minutes.
            assert_eq!(ended(&report), NOT_YET);
            world.advance(Lag::LONGEST);
            report = register(&world, &event(&source)).await;
        }
        assert_eq!((ended(&report), active(&world)), (REMEDIATED, vec![1, 3]));
    }
}

#[tokio::test]
async fn more_than_ten_revisions_in_between_need_an_operator() {
    for (many, expected) in [(10, REMEDIATED), (11, (Outcome::NeedsOperator, Some(Reason::NewerRevision)))] {
        let (world, source) = lagging(Lag::default());
        let slip_in = Then::act(move |account| {
            for _ in 0..many {
                let other = account.registers(BLOCKING);
                account.deregisters(&other);
            }
        });
        world.at_next("RegisterTaskDefinition", Moment::Before, slip_in);
        let described = world.count("DescribeTaskDefinition");
        let report = register(&world, &event(&source)).await;
        assert_eq!(ended(&report), expected);
        assert!(world.count("DescribeTaskDefinition") - described <= 12);
        assert!(!world.read(&source).await.unwrap().unwrap().head.open);
        if many == 11 {
            let why = report.report.error.as_deref().unwrap().to_owned();
            assert!(why.contains("more than 10 revisions have a number between web:1 and web:13"), "{why}");
            assert_eq!(ended(&backs_out(&world, &source).await), (Outcome::BackedOut, None));
        }
    }
}

#[tokio::test]
async fn a_registration_whose_answer_was_lost_is_found_although_the_list_does_not_show_it() {
    let (world, source) = lagging(Lag { list: 1, ..Lag::default() });
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Cut);
    assert!(register(&world, &event(&source)).await.is_retried());
    world.restart();
    assert_eq!(ended(&register(&world, &event(&source)).await), REMEDIATED);
    assert_eq!((active(&world), world.count("RegisterTaskDefinition")), (vec![1, 2], 1));
}

#[tokio::test]
async fn no_second_revision_is_registered_while_the_first_may_not_be_visible() {
    for lag in [Lag { describe: 1, list: 1, ..Lag::default() }, Lag { tags: 1, ..Lag::default() }] {
        let (world, source) = lagging(lag);
        world.at_next("RegisterTaskDefinition", Moment::After, Then::Cut);
        assert!(register(&world, &event(&source)).await.is_retried());
        world.restart();
        assert_eq!(ended(&register(&world, &event(&source)).await), NOT_YET);
        assert_eq!(ended(&after_the_lag(&world, &source).await), REMEDIATED);
        assert_eq!((active(&world), world.count("RegisterTaskDefinition")), (vec![1, 2], 1));
    }
}

#[tokio::test]
async fn a_registration_that_ecs_refused_for_the_moment_is_repeated_at_once() {
    for passing in Passing::ALL.into_iter().filter(|it| it.call == "RegisterTaskDefinition") {
        let (world, source) = lagging(Lag::default());
        world.refuses_next(passing);
        assert!(register(&world, &event(&source)).await.is_retried());
        let is_certain = passing.message.contains("ServerException");
        let again = register(&world, &event(&source)).await;
        // After a failure of the server, the registration may have been carried out.
        assert_eq!(ended(&again), if is_certain { NOT_YET } else { REMEDIATED }, "{}", passing.message);
        world.advance(Lag::LONGEST);
        register(&world, &event(&source)).await;
        assert_eq!(active(&world), [1, 2], "{}", passing.message);
    }
}

#[tokio::test]
async fn a_lost_answer_to_another_call_does_not_say_that_ecs_refused_the_registration() {
    let (world, source) = lagging(Lag { describe: 1, list: 1, ..Lag::default() });
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Cut);
    register(&world, &event(&source)).await;
    let throttled = logweir::ports::PortError {
        kind: ErrorKind::Retry,
        call: "ListTaskDefinitions",
        message: "ThrottlingException: Rate exceeded".into(),
        reason: Some(Reason::Throttled),
    };
    world.at_next("ListTaskDefinitions", Moment::Before, Then::Fail(throttled));
    register(&world, &event(&source)).await;
    assert_eq!(ended(&register(&world, &event(&source)).await), NOT_YET);
    assert_eq!(world.count("RegisterTaskDefinition"), 1);
}

#[tokio::test]
async fn a_revision_that_logweir_still_has_to_withdraw_is_recognized_before_its_tags_are_visible() {
    let (world, source) = lagging(Lag { tags: 1, ..Lag::default() });
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    let other = world.account(|account| account.arn("web", 2));
    let report = register(&world, &event(&other)).await;
    assert_eq!((ended(&report), report.is_retried()), (NOT_YET, true), "web:3 may be Logweir's");
    world.advance(MINUTES);
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Superseded, Some(Reason::NewerRevision)));
    world.advance(MINUTES);
    register(&world, &event(&other)).await;
    assert_eq!(ended(&after_the_lag(&world, &other).await), REMEDIATED);
    assert_eq!(active(&world), [1, 2, 4]);
}

#[tokio::test]
async fn the_schedule_finishes_a_correction_whose_source_it_cannot_describe_for_a_moment() {
    let (world, source) = lagging(Lag::default());
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.advance(MINUTES);
    let missing = "ClientException: Unable to describe task definition.";
    let call = "DescribeTaskDefinition";
    world.at_next(call, Moment::Before, Then::fail(ErrorKind::Missing, call, missing));
    assert_eq!(ended(&resumes(&world, Mode::Register).await[0]), NOT_YET);
    assert_eq!(ended(&resumes(&world, Mode::Register).await[0]), REMEDIATED);
    assert_eq!(world.account(|account| account.families["web"][1].by.clone()), LOGWEIR);
}
