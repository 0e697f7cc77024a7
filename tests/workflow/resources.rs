//! The settings and tags of clusters and services, changed by an operator and backed out.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use logweir::domain::ecs::resource::{Insights, ResourceArn, ResourceState};
use logweir::domain::event::Cause;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::ResourceRecord;
use logweir::domain::report::ResourceReport;
use logweir::ports::{ErrorKind, StoredState};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{
    BackoutOptions, HoldRequest, ResourceOrder, ResourceWish, back_out_resource, change_resource, hold,
    preview_resource,
};

use crate::order::backout;
use crate::world::story::{by, home, parsed};
use crate::world::{Account, Lie, Moment, Then, World};

pub const CLUSTER: &str = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/prod/web";

pub fn cluster() -> ResourceArn {
    CLUSTER.parse().unwrap()
}

pub fn tags<const N: usize>(tags: [(&str, &str); N]) -> BTreeMap<String, String> {
    tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// A cluster without Container Insights, with the tag of an owner.
pub fn before() -> ResourceState {
    ResourceState { insights: Some("disabled".into()), tags: tags([("owner", "ada")]) }
}

/// The same cluster after the change.
pub fn after() -> ResourceState {
    ResourceState { insights: Some("enhanced".into()), tags: tags([("owner", "ada"), ("team", "pay"), ("cost", "42")]) }
}

pub fn wish() -> ResourceWish {
    ResourceWish {
        insights: Some(Insights::Enhanced),
        tags: tags([("team", "pay"), ("cost", "42"), ("owner", "logweir")]),
    }
}

pub fn begin(state: ResourceState) -> World {
    let world = World::new();
    world.account(|account| account.sets_resource(&cluster(), state));
    world
}

pub async fn asks(world: &World, worker: &str, arn: &ResourceArn, wish: &ResourceWish, force: bool) -> ResourceReport {
    let (by, baseline) = (by(), parsed(SHIPPED_BASELINE));
    let order = ResourceOrder {
        baseline,
        cause: Cause { actor: Some("arn:aws:iam::111122223333:user/ada".into()), ..Cause::default() },
        worker: worker.into(),
        lease: LEASE,
        backout: &by,
        is_dry_run: worker == "dry-run",
        is_forced: force,
    };
    change_resource(world, &order, arn, wish).await
}

pub async fn changes(world: &World, worker: &str) -> ResourceReport {
    asks(world, worker, &cluster(), &wish(), false).await
}

pub async fn backs_out(world: &World, worker: &str) -> ResourceReport {
    let (home, by) = (home(), by());
    back_out_resource(world, &backout(&home, &by, worker, BackoutOptions::default()), &cluster()).await
}

pub fn state(world: &World) -> ResourceState {
    world.account(|account| account.resource(&cluster()).clone())
}

pub fn ended(report: &ResourceReport) -> (Outcome, Option<Reason>) {
    (report.outcome, report.reason)
}

pub fn nothing_wrong(world: &World) {
    assert_eq!(world.account(|account| account.wrongs.clone()), [""; 0]);
}

#[tokio::test]
async fn a_cluster_gets_the_setting_and_the_tags_that_it_lacks_and_a_backout_restores_it() {
    let world = begin(before());
    let report = changes(&world, "worker").await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(state(&world), after());
    let insights = report.insights.unwrap();
    assert_eq!((insights.from.as_deref(), insights.to.as_str()), (Some("disabled"), "enhanced"));
    assert_eq!(insights.account.as_deref(), Some("disabled"));
    assert_eq!((report.tags.len(), report.kept_tags), (2, vec!["owner".to_owned()]));
    let command = report.backout.unwrap();
    assert!(command.starts_with(&format!("logweir backout runbook/{CLUSTER} ")), "{command}");
    assert_eq!(ended(&changes(&world, "again").await), (Outcome::Compliant, None));
    let undone = backs_out(&world, "operator").await;
    assert_eq!(ended(&undone), (Outcome::BackedOut, None), "{undone:?}");
    assert_eq!((undone.tags.len(), undone.insights.unwrap().to), (2, "disabled".into()));
    assert_eq!(state(&world), before());
    assert_eq!(ended(&backs_out(&world, "operator").await).1, Some(Reason::Duplicate));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_service_gets_tags_and_no_setting() {
    let (world, service): (World, ResourceArn) = (World::new(), SERVICE.parse().unwrap());
    world.account(|account| account.sets_resource(&service, ResourceState::default()));
    let report = asks(&world, "worker", &service, &wish(), false).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!((world.count("UpdateClusterSettings"), report.tags.len()), (0, 3));
    nothing_wrong(&world);
}

#[tokio::test]
async fn container_insights_that_are_on_stay_as_they_are() {
    for on in ["enabled", "enhanced"] {
        let world = begin(ResourceState { insights: Some(on.into()), ..before() });
        let wish = ResourceWish { insights: Some(Insights::Enhanced), ..ResourceWish::default() };
        assert_eq!(ended(&asks(&world, "worker", &cluster(), &wish, false).await), (Outcome::Compliant, None));
        assert_eq!(world.count("put_resource"), 0);
    }
}

#[tokio::test]
async fn a_dry_run_and_a_preview_write_nothing() {
    let world = begin(before());
    let planned = changes(&world, "dry-run").await;
    assert_eq!((ended(&planned), planned.tags.len()), ((Outcome::Observed, None), 2));
    assert_eq!((state(&world), world.count("put_resource")), (before(), 0));
    changes(&world, "worker").await;
    let picture = world.picture();
    let (home, by) = (home(), by());
    let ask = backout(&home, &by, "op", BackoutOptions::default());
    let previewed = preview_resource(&world, &ask, &cluster()).await;
    assert_eq!((ended(&previewed), previewed.tags.len()), ((Outcome::Observed, None), 2));
    assert_eq!(previewed.insights.unwrap().to, "disabled");
    assert!(world.picture() == picture);
}

#[tokio::test]
async fn a_tag_that_decides_what_logweir_may_do_is_refused() {
    let baseline = "version = 1\ntrusted-tags = [\"tier\"]\n[rollout]\nrequire-service-tag = \"logs=managed\"\n";
    for key in ["tier", "logs", "aws:x", "AWS:x", "logweir:source", "", "a\nb"] {
        let why = ResourceWish::obstacle(parsed(baseline), key, "v");
        assert!(why.is_some(), "{key}");
    }
    assert_eq!(ResourceWish::obstacle(parsed(baseline), "team", "pay"), None);
    let world = begin(before());
    let wish = ResourceWish { tags: tags([("aws:x", "1")]), ..ResourceWish::default() };
    let refused = asks(&world, "worker", &cluster(), &wish, true).await;
    assert_eq!(ended(&refused), (Outcome::Refused, Some(Reason::AdviceOnly)));
    assert_eq!(world.count("TagResource"), 0);
}

#[tokio::test]
async fn a_resource_gets_at_most_fifty_tags_without_those_of_aws() {
    let wish = ResourceWish { tags: tags([("team", "pay")]), ..ResourceWish::default() };
    for (prefix, expected) in [("aws:", Outcome::Remediated), ("own", Outcome::Refused)] {
        let full = (0..50).map(|index| (format!("{prefix}{index}"), "v".to_owned())).collect();
        let world = begin(ResourceState { tags: full, ..before() });
        let report = asks(&world, "worker", &cluster(), &wish, false).await;
        assert_eq!(ended(&report).0, expected, "{prefix}");
    }
}

#[tokio::test]
async fn another_principal_who_changes_the_same_member_between_two_calls_wins() {
    type Act = fn(&mut ResourceState);
    let acts: [(&str, Act); 2] = [
        ("put_resource", |state| state.insights = Some("enabled".into())),
        ("UpdateClusterSettings", |state| drop(state.tags.insert("team".into(), "other".into()))),
    ];
    for (call, act) in acts {
        let world = begin(before());
        let changes_it = move |account: &mut Account| account.changes_resource(&cluster(), act);
        world.at_next(call, Moment::After, Then::act(changes_it));
        let report = changes(&world, "worker").await;
        assert_eq!(ended(&report), (Outcome::Superseded, Some(Reason::ClusterChanged)), "{call}: {report:?}");
        let mut expected = before();
        act(&mut expected);
        world.advance(SignedDuration::from_mins(11));
        backs_out(&world, "operator").await;
        assert_eq!(state(&world), expected, "{call}: the backout leaves the other change");
        nothing_wrong(&world);
    }
}

#[tokio::test]
async fn a_backout_leaves_what_another_principal_has_changed() {
    let world = begin(before());
    changes(&world, "worker").await;
    world.account(|account| {
        account.changes_resource(&cluster(), |state| {
            state.insights = Some("enabled".into());
            state.tags.insert("team".into(), "other".into());
        });
    });
    let undone = backs_out(&world, "operator").await;
    assert_eq!(ended(&undone), (Outcome::BackedOut, None), "{undone:?}");
    assert_eq!((undone.kept_tags, undone.tags.len()), (vec!["team".to_owned()], 1));
    assert!(undone.notes.iter().any(|note| note.contains("another principal has since changed")));
    let tags = tags([("owner", "ada"), ("team", "other")]);
    assert_eq!(state(&world), ResourceState { insights: Some("enabled".into()), tags });
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_program_that_overwrites_a_tag_is_detected() {
    for lie in [None, Some(Lie::ResourceUnchanged)] {
        let world = begin(before());
        world.account(|account| account.lie = lie);
        let other = |account: &mut Account| {
            account.changes_resource(&cluster(), |state| drop(state.tags.insert("team".into(), "other".into())));
        };
        world.at_next("put_resource", Moment::After, Then::act(other));
        let wish = ResourceWish { insights: None, ..wish() };
        asks(&world, "worker", &cluster(), &wish, false).await;
        let wrongs = world.account(|account| account.wrongs.clone());
        assert_eq!(wrongs.is_empty(), lie.is_none(), "{wrongs:?}");
        assert!(lie.is_none() || wrongs == ["TagResource of cluster/prod replaces `team`"], "{wrongs:?}");
    }
}

#[tokio::test]
async fn a_backed_out_change_returns_only_by_force_and_a_hold_stops_it() {
    let world = begin(before());
    let request = HoldRequest::Hold {
        family: "cluster/prod".into(),
        until: "2026-11-21T13:00:00Z".parse().unwrap(),
        reason: None,
        requested_by: None,
    };
    hold(&world, &home(), &request).await;
    assert_eq!(ended(&changes(&world, "worker").await), (Outcome::Refused, Some(Reason::OnHold)));
    world.advance(SignedDuration::from_hours(2));
    changes(&world, "worker").await;
    backs_out(&world, "operator").await;
    assert_eq!(ended(&changes(&world, "worker").await), (Outcome::Skipped, Some(Reason::BackedOutBefore)));
    assert_eq!(ended(&asks(&world, "worker", &cluster(), &wish(), true).await), (Outcome::Remediated, None));
    assert_eq!(state(&world), after());
    nothing_wrong(&world);
}

#[tokio::test]
async fn two_changes_are_undone_together() {
    let world = begin(before());
    let first = ResourceWish { insights: Some(Insights::Enabled), tags: tags([("team", "pay")]) };
    asks(&world, "worker", &cluster(), &first, false).await;
    let second = ResourceWish { insights: None, tags: tags([("cost", "42")]) };
    asks(&world, "worker", &cluster(), &second, false).await;
    assert_eq!(state(&world).tags.len(), 3);
    assert_eq!(ended(&backs_out(&world, "operator").await), (Outcome::BackedOut, None));
    assert_eq!(state(&world), before());
    nothing_wrong(&world);
}

#[tokio::test]
async fn two_workers_change_a_resource_once_and_undo_it_once() {
    let world = begin(before());
    let (one, other) = tokio::join!(changes(&world, "one"), changes(&world, "other"));
    assert_eq!((world.count("UpdateClusterSettings"), world.count("TagResource")), (1, 1), "{one:?}\n{other:?}");
    assert_eq!(state(&world), after());
    let (one, other) = tokio::join!(backs_out(&world, "one"), backs_out(&world, "other"));
    assert_eq!((world.count("UpdateClusterSettings"), world.count("UntagResource")), (2, 1), "{one:?}\n{other:?}");
    assert_eq!(state(&world), before());
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_denied_call_changes_nothing_and_a_backout_has_nothing_to_undo() {
    let world = begin(before());
    let denied = Then::fail(ErrorKind::Refused, "UpdateClusterSettings", "AccessDenied");
    world.at_next("UpdateClusterSettings", Moment::Before, denied);
    let report = changes(&world, "worker").await;
    assert_eq!((report.outcome, report.backout), (Outcome::Failed, None));
    let undone = backs_out(&world, "operator").await;
    assert_eq!((undone.outcome, state(&world)), (Outcome::BackedOut, before()));
    let record = world.account(|account| account.resource_records[&cluster()].clone());
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<ResourceRecord>(&text).unwrap(), record);
    assert_eq!(ResourceRecord::name_in(&text), Some(cluster()));
}

#[tokio::test]
async fn a_read_that_lags_behind_neither_repeats_nor_hides_a_change() {
    let world = begin(before());
    world.advance(SignedDuration::from_mins(30));
    world.account(|account| {
        account.lag.clusters = 1;
        account.lag.lasts = SignedDuration::from_mins(7);
    });
    let waits = changes(&world, "worker").await;
    assert_eq!(ended(&waits), (Outcome::Failed, Some(Reason::NotVisibleYet)), "{waits:?}");
    let early = backs_out(&world, "operator").await;
    assert_eq!(ended(&early), (Outcome::Failed, Some(Reason::NotVisibleYet)), "{early:?}");
    world.advance(SignedDuration::from_mins(11));
    assert_eq!(ended(&backs_out(&world, "operator").await), (Outcome::BackedOut, None));
    assert_eq!(state(&world), before());
    nothing_wrong(&world);
}
