//! The event of a completed deployment, in mode register.

use logweir::domain::limits::family::{Family, FamilyName, Hold};

use super::*;
use crate::world::queue::Fifo;

async fn one(meanwhile: impl FnOnce(&World)) -> (World, RevisionArn) {
    deployed(&[container("app", GROUP)], meanwhile).await
}

#[tokio::test]
async fn before_the_container_starts_logweir_only_advises() {
    let (world, _, report) = registered(&[container("app", GROUP)]).await;
    assert_eq!((ended(&report), active(&world)), (ADVICE_ONLY, vec![1]));
    assert_eq!(report.report.rules, ["blocking-delivery", "missing-log-group", "unsized-buffer"]);
}

#[tokio::test]
async fn a_completed_deployment_corrects_the_delivery_and_reports_a_group_that_holds_data() {
    let (world, _) = one(|world| creates(world, GROUP)).await;
    let report = completed(&world).await;
    assert_eq!((ended(&report), active(&world)), (REMEDIATED, vec![1, 2]));
    assert_eq!(report.report.rules, ["blocking-delivery", "unbounded-retention", "unsized-buffer"]);
    assert_eq!((modes(&world, 2), retention(&world, GROUP)), (vec!["non-blocking".to_owned()], None));
    let service = world.account(|account| account.service("prod/web").revision.short());
    assert_eq!((service.as_str(), world.count("UpdateService")), ("web:1", 0), "mode register updates no service");
    nothing_wrong(&world);
}

#[tokio::test]
async fn an_event_that_arrives_twice_corrects_once() {
    let (world, _) = one(|world| creates(world, GROUP)).await;
    completed(&world).await;
    let before = world.calls().len();
    assert_eq!((ended(&completed(&world).await), active(&world)), (DUPLICATE, vec![1, 2]));
    assert!(!world.calls()[before..].contains(&"RegisterTaskDefinition"));
}

#[tokio::test]
async fn a_group_that_was_deleted_again_is_still_missing() {
    let (world, _) = one(|world| creates(world, GROUP)).await;
    world.account(|account| account.groups.remove(GROUP));
    assert_eq!((ended(&completed(&world).await), active(&world)), (ADVICE_ONLY, vec![1]));
    assert_eq!(world.count("CreateLogGroup"), 0);
}

#[tokio::test]
async fn the_shorter_retention_of_another_principal_stays() {
    let (world, _) = one(|world| world.account(|account| account.has_group(GROUP, Some(7), 1))).await;
    let report = completed(&world).await;
    assert_eq!((ended(&report), retention(&world, GROUP)), (REMEDIATED, Some(7)));
    assert!(report.report.rules.contains(&"unbounded-retention".to_owned()), "{:?}", report.report.rules);
}

#[tokio::test]
async fn a_group_that_is_still_empty_or_adopted_gets_a_retention() {
    let (world, _) = one(|world| world.account(|account| account.has_group(GROUP, None, 0))).await;
    assert_eq!((ended(&completed(&world).await), retention(&world, GROUP)), (REMEDIATED, Some(30)));
    nothing_wrong(&world);
    let (world, _) = one(|world| creates(world, GROUP)).await;
    world.account(|account| account.adopted.insert(GROUP.into()));
    let adopts = SHIPPED_BASELINE.replace("adopt = []", "adopt = [\"/app/*\"]");
    let event = world.account(|account| account.events.last().unwrap().clone());
    assert_eq!(ended(&with(&world, &adopts, Mode::Register, "worker", &event).await), REMEDIATED);
    assert_eq!(retention(&world, GROUP), Some(30));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_revision_that_is_no_longer_the_newest_is_not_corrected() {
    let (world, _) = one(|world| creates(world, GROUP)).await;
    world.account(|account| account.registers(&document(&[container("app", GROUP)])));
    let report = completed(&world).await;
    assert_eq!((ended(&report), active(&world)), ((Outcome::Superseded, Some(Reason::NotLatest)), vec![1, 2]));
    assert_eq!(report.notify.repeats, Some(true), "each event about the service would notify otherwise");
}

#[tokio::test]
async fn a_family_on_hold_is_corrected_after_the_hold() {
    let (world, source) = one(|world| creates(world, GROUP)).await;
    world.account(|account| {
        let hold = Some(Hold { until: account.now + SignedDuration::from_hours(1), reason: None, by: None });
        let name = FamilyName::of(&source);
        account.remembered.insert(name.clone(), Family { hold, version: 1, ..Family::new(name, account.now) });
    });
    assert_eq!(ended(&completed(&world).await), (Outcome::Refused, Some(Reason::OnHold)));
    world.advance(SignedDuration::from_hours(2));
    let queue = Fifo::default();
    queue.resumes(&world, Mode::Register).await;
    let delivered = queue.drains(&world, |_| SignedDuration::ZERO).await;
    assert_eq!(delivered.iter().map(|it| ended(&it.report)).collect::<Vec<_>>(), [REMEDIATED]);
    assert_eq!(active(&world), [1, 2]);
}

#[tokio::test]
async fn other_events_about_a_deployment_and_mode_observe_read_nothing_of_ecs() {
    let (world, _) = one(|world| creates(world, GROUP)).await;
    let before = world.count("DescribeServices");
    let other = (Outcome::Skipped, Some(Reason::OtherEvent));
    for (name, mode) in
        [("SERVICE_DEPLOYMENT_IN_PROGRESS", Mode::Register), ("SERVICE_DEPLOYMENT_COMPLETED", Mode::Observe)]
    {
        assert_eq!(ended(&told(&world, name, mode).await), other, "{name} {mode:?}");
    }
    assert_eq!((world.count("DescribeServices"), active(&world)), (before, vec![1]));
}

#[tokio::test]
async fn a_revision_without_such_a_container_is_not_corrected_at_a_deployment() {
    let text = document(&[container("app", GROUP)]).replace("\"awslogs-create-group\":\"true\",", "");
    assert!(!text.contains("create-group"), "{text}");
    let world = World::new();
    world.account(|account| {
        account.has_group(GROUP, Some(30), 1);
        let source = account.registers(&text);
        account.runs_service("prod/web", &source);
    });
    world.advance(SignedDuration::from_mins(2));
    let before = world.calls().len();
    assert_eq!(ended(&completed(&world).await), (Outcome::Skipped, Some(Reason::OtherEvent)));
    assert_eq!(world.calls()[before..], ["pointings", "DescribeServices", "DescribeTaskDefinition"]);
    assert_eq!(active(&world), [1]);
}

#[tokio::test]
async fn the_event_of_a_compliant_revision_costs_four_calls() {
    let sound =
        container("app", GROUP).to_string().replace("\"blocking\"", "\"non-blocking\",\"max-buffer-size\":\"25m\"");
    let (world, _, _) = registered(&[serde_json::from_str(&sound).unwrap()]).await;
    world.account(|account| {
        account.has_group(GROUP, Some(30), 1);
        let newest = account.arn("web", 1);
        account.runs_service("prod/web", &newest);
    });
    for _ in 0..2 {
        let before = world.calls().len();
        assert_eq!(completed(&world).await.outcome, Outcome::Compliant);
        let calls = world.calls()[before..].to_vec();
        let reads =
            ["pointings", "DescribeServices", "DescribeTaskDefinition", "ListAccountSettings", "DescribeLogGroups"];
        assert_eq!(calls, reads);
    }
}
