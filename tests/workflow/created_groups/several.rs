//! Several containers, of which some create their log groups later than the others.

use super::*;
use crate::world::story::{applies, backs_out, deregistration, retires};

const FIRST: &str = "/app/first";
const SECOND: &str = "/app/second";

/// web:1 has three containers. The log group of `app` exists, and Logweir has corrected `app` as web:2.
async fn partly() -> (World, RevisionArn) {
    let world = World::new();
    let containers = [container("app", GROUP), container("first", FIRST), container("second", SECOND)];
    let source = world.account(|account| {
        account.has_group(GROUP, Some(30), 1);
        account.registers(&document(&containers))
    });
    assert_eq!(ended(&register(&world, &event(&source)).await), REMEDIATED);
    assert_eq!(modes(&world, 2), ["non-blocking", "blocking", "blocking"]);
    world.account(|account| account.runs_service("prod/web", &source));
    world.advance(SignedDuration::from_mins(10));
    (world, source)
}

#[tokio::test]
async fn each_container_is_corrected_after_it_has_created_its_group() {
    let (world, _) = partly().await;
    assert_eq!((ended(&completed(&world).await), active(&world)), (DUPLICATE, vec![1, 2]));
    for (group, number, expected) in
        [(FIRST, 3, ["non-blocking", "non-blocking", "blocking"]), (SECOND, 4, ["non-blocking"; 3])]
    {
        creates(&world, group);
        world.advance(SignedDuration::from_mins(10));
        let report = completed(&world).await;
        assert_eq!(
            (ended(&report), modes(&world, number)),
            (REMEDIATED, expected.map(String::from).to_vec()),
            "{report:?}"
        );
        assert!(report.report.rules.contains(&"unbounded-retention".to_owned()), "{:?}", report.report.rules);
        assert_eq!(ended(&completed(&world).await), DUPLICATE);
    }
    assert_eq!(active(&world), [1, 2, 3, 4]);
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_service_that_runs_the_corrected_revision_shows_it_too() {
    let (world, _) = partly().await;
    creates(&world, FIRST);
    world.account(|account| {
        let corrected = account.arn("web", 2);
        account.updates_service("prod/web", &corrected);
        account.completes("prod/web");
    });
    assert_eq!((ended(&completed(&world).await), active(&world)), (REMEDIATED, vec![1, 2, 3]));
}

#[tokio::test]
async fn nothing_is_corrected_that_was_backed_out_or_whose_baseline_has_changed() {
    let (world, source) = partly().await;
    creates(&world, FIRST);
    let other = SHIPPED_BASELINE.replace("corrections-per-week = 50", "corrections-per-week = 51");
    let event = world.account(|account| account.events.last().unwrap().clone());
    assert_eq!(ended(&with(&world, &other, Mode::Register, "worker", &event).await), DUPLICATE);
    backs_out(&world, &source).await;
    assert_eq!(ended(&completed(&world).await), (Outcome::Skipped, Some(Reason::BackedOutBefore)));
    assert_eq!(active(&world), [1]);
}

#[tokio::test]
async fn an_operator_corrects_it_by_name() {
    let (world, _) = partly().await;
    creates(&world, FIRST);
    let corrected = world.account(|account| account.arn("web", 2));
    assert_eq!((ended(&applies(&world, &corrected, false).await), active(&world)), (REMEDIATED, vec![1, 2, 3]));
}

#[tokio::test]
async fn after_a_correction_of_log_groups_alone_the_source_is_corrected() {
    let world = World::new();
    let sound = container("app", "/ecs/web").to_string();
    let sound = sound.replace("\"blocking\"", "\"non-blocking\",\"max-buffer-size\":\"25m\"");
    let containers = [serde_json::from_str(&sound).unwrap(), container("first", FIRST)];
    let source = world.account(|account| account.registers(&document(&containers)));
    assert_eq!((ended(&register(&world, &event(&source)).await), active(&world)), (REMEDIATED, vec![1]));
    world.account(|account| account.runs_service("prod/web", &source));
    assert_eq!(ended(&completed(&world).await), ADVICE_ONLY);
    creates(&world, FIRST);
    assert_eq!((ended(&completed(&world).await), active(&world)), (REMEDIATED, vec![1, 2]));
    assert_eq!((ended(&completed(&world).await), modes(&world, 2)), (DUPLICATE, vec!["non-blocking".to_owned(); 2]));
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(active(&world), [1]);
    nothing_wrong(&world);
}

#[tokio::test]
async fn every_correction_is_retired_when_the_source_is_deregistered() {
    let (world, source) = partly().await;
    creates(&world, FIRST);
    completed(&world).await;
    world.account(|account| {
        account.forgets_service("prod/web");
        account.deregisters(&source);
    });
    let event = deregistration(&world, &source);
    for _ in 0..2 {
        let report = with(&world, SHIPPED_BASELINE, Mode::Register, "withdrawn", &event).await;
        assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::SourceWithdrawn)));
    }
    for _ in 0..40 {
        world.advance(SignedDuration::from_mins(5));
        retires(&world).await;
    }
    assert_eq!(active(&world), Vec::<usize>::new(), "the newest is retired first, and then the older one");
    nothing_wrong(&world);
}
