//! Consumers that use a revision by number and are no services: reported if the revision would block, never changed.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::{Cause, Consumer, Trigger};
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::settings::SHIPPED_BASELINE;

use crate::world::story::{BLOCKING, corrected_text, ended, event, home, register, triggers};
use crate::world::{Then, World};

async fn told(world: &World, mode: Mode, used: &[(&str, Option<&RevisionArn>)]) -> Decision {
    let by = used.iter().map(|(name, revision)| Consumer { name: (*name).into(), revision: revision.cloned() });
    let trigger = Trigger::Used { by: by.collect(), cause: Cause::default() };
    triggers(world, &home(), SHIPPED_BASELINE, mode, "worker", trigger).await
}

fn named(report: &Decision) -> Vec<&str> {
    report.services.iter().map(|line| line.service.as_str()).collect()
}

/// A world with a log group, in which web:1 blocks.
fn blocking() -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", Some(30), 0);
        account.registers(BLOCKING)
    });
    (world, source)
}

#[tokio::test]
async fn a_consumer_of_a_blocking_revision_is_reported_and_nothing_is_written() {
    for mode in [Mode::Observe, Mode::Register, Mode::Rollout] {
        let (world, source) = blocking();
        let before = world.picture();
        let report = told(&world, mode, &[("RunTask by jo", Some(&source))]).await;
        assert_eq!((ended(&report), report.exit_code()), ((Outcome::Skipped, Some(Reason::OtherConsumer)), 0));
        assert_eq!((named(&report), report.record.as_deref()), (vec!["RunTask by jo"], Some("web:1")));
        assert_eq!(report.rules, ["blocking-delivery", "unsized-buffer"]);
        assert_eq!((report.changes.len(), report.log_groups.len()), (0, 0), "nothing is or would be changed");
        assert_eq!(world.picture(), before);
    }
}

#[tokio::test]
async fn a_consumer_of_a_compliant_revision_is_not_reported() {
    let (world, _) = blocking();
    let good = world.account(|account| account.registers(&corrected_text()));
    let report = told(&world, Mode::Register, &[("RunTask", Some(&good))]).await;
    assert_eq!((ended(&report), named(&report)), ((Outcome::Compliant, None), Vec::new()));
    assert_eq!(report.record.as_deref(), Some("web:2"));
}

#[tokio::test]
async fn a_consumer_of_a_corrected_revision_is_not_reported() {
    let (world, source) = blocking();
    register(&world, &event(&source)).await;
    let corrected = world.account(|account| account.arn("web", 2));
    let report = told(&world, Mode::Register, &[("RunTask", Some(&corrected))]).await;
    assert_eq!((ended(&report), named(&report)), ((Outcome::Compliant, None), Vec::new()));
}

#[tokio::test]
async fn of_several_consumers_those_that_would_block_are_reported() {
    let (world, source) = blocking();
    let good = world.account(|account| account.registers(&corrected_text()));
    for used in [
        [("a", Some(&source)), ("b", Some(&good)), ("c", None)],
        [("a", Some(&source)), ("c", None), ("b", Some(&good))],
    ] {
        let report = told(&world, Mode::Observe, &used).await;
        assert_eq!((named(&report), report.record.as_deref()), (vec!["a", "c"], Some("web:1")));
        assert_eq!(report.rules, ["blocking-delivery", "unsized-buffer"]);
    }
}

#[tokio::test]
async fn a_revision_that_cannot_be_read_leads_to_no_verdict_and_no_changes() {
    let (world, source) = blocking();
    let missing = world.account(|account| account.arn("other", 7));
    let report = told(&world, Mode::Register, &[("a", Some(&source)), ("b", Some(&missing))]).await;
    assert_eq!((report.outcome, report.record.as_deref()), (Outcome::Failed, Some("other:7")));
    assert_eq!((named(&report), report.changes.len()), (vec!["a"], 0));
    let throttled = Then::fail(logweir::ports::ErrorKind::Retry, "DescribeTaskDefinition", "Rate exceeded");
    world.at_next("DescribeTaskDefinition", crate::world::Moment::Before, throttled);
    let report = told(&world, Mode::Register, &[("a", Some(&source))]).await;
    assert!(report.outcome == Outcome::Failed && report.is_retried(), "{report:?}");
}
