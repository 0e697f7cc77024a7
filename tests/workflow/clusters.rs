//! Clusters that log no sessions of ECS Exec: their correction by an event or an operator, and its backout.

use jiff::SignedDuration;
use logweir::domain::ecs::cluster::ClusterArn;
use logweir::domain::event::scope::Scope;
use logweir::domain::event::{Cause, Home, Ignored, Trigger, read};
use logweir::domain::exec_mode::ExecMode;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::record::ClusterRecord;
use logweir::domain::report::{Decision, FollowUp};
use logweir::ports::{ErrorKind, StoredState};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{
    BackoutOptions, HoldRequest, Order, Origin, back_out_cluster, configure_cluster, hold, preview_cluster, remediate,
    resume_cluster_backouts, resume_clusters,
};
use serde_json::{Value, json};

use crate::cloudtrail::Call;
use crate::order::{backout, order};
use crate::world::story::{by, home, parsed};
use crate::world::{Account, DEPLOYER, LOGWEIR, Lie, Moment, Then, World};

/// A cluster without logging, with members that Logweir must not change.
pub const NONE: &str = r#"{"managedStorageConfiguration":{"kmsKeyId":"disk"},"executeCommandConfiguration":{"kmsKeyId":"key","logging":"NONE"},"newer":[1.50]}"#;
pub const AFTER: &str = r#"{"managedStorageConfiguration":{"kmsKeyId":"disk"},"executeCommandConfiguration":{"kmsKeyId":"key","logging":"OVERRIDE","logConfiguration":{"cloudWatchLogGroupName":"/ecs/exec/prod"}},"newer":[1.50]}"#;
pub const GROUP: &str = "/ecs/exec/prod";

pub fn begin(configuration: &str) -> (World, ClusterArn) {
    let world = World::new();
    let cluster = world.account(|account| {
        let cluster = account.cluster_arn("prod");
        account.configures(&cluster, configuration);
        cluster
    });
    (world, cluster)
}

/// The event of a change of the cluster `prod`.
pub fn event(name: &str, time: &str, principal: &str) -> Value {
    let arn = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
    Call {
        service: "ecs",
        name,
        account: "111122223333",
        region: "eu-west-1",
        time,
        id: "e-1",
        identity: json!({"type": "AssumedRole", "arn": principal}),
        request: json!({"cluster": "prod", "clusterName": "prod"}),
        response: json!({"cluster": {"clusterArn": arn}}),
    }
    .event()
}

pub async fn handles(world: &World, exec: ExecMode, worker: &str, event: &Value) -> Decision {
    let (home, by, baseline) = (home(), by(), parsed(SHIPPED_BASELINE));
    let order = Order { exec, exec_finishes: exec, ..order(&home, &by, baseline, Mode::Observe, worker) };
    remediate(world, &order, read(event, &home).unwrap()).await
}

/// Handles the event of the creation of the cluster.
pub async fn created(world: &World, worker: &str) -> Decision {
    handles(world, ExecMode::Correct, worker, &event("CreateCluster", "2026-11-21T12:00:00Z", DEPLOYER)).await
}

pub async fn applies(world: &World, baseline: &str, cluster: &ClusterArn, again: bool) -> Decision {
    let (home, by, baseline) = (home(), by(), parsed(baseline));
    let origin = Origin::Apply { again };
    let order = Order { origin, exec: ExecMode::Correct, ..order(&home, &by, baseline, Mode::Observe, "hand") };
    configure_cluster(world, &order, cluster, Cause::default()).await
}

pub async fn backs_out(world: &World, worker: &str, cluster: &ClusterArn) -> Decision {
    let (home, by) = (home(), by());
    back_out_cluster(world, &backout(&home, &by, worker, BackoutOptions::default()), cluster).await
}

/// Runs the schedules of both functions.
pub async fn resumes(world: &World) -> Vec<Decision> {
    let (home, by, baseline) = (home(), by(), parsed(SHIPPED_BASELINE));
    let (origin, exec_finishes) = (Origin::Resume, ExecMode::Correct);
    let resumer = Order { origin, exec_finishes, ..order(&home, &by, baseline, Mode::Observe, "resumer") };
    let mut decisions = resume_clusters(world, &resumer).await.unwrap();
    let undo = backout(&home, &by, "undoer", BackoutOptions::default());
    decisions.extend(resume_cluster_backouts(world, &undo).await.unwrap());
    decisions
}

pub fn configuration(world: &World, cluster: &ClusterArn) -> String {
    world.account(|account| account.configuration(cluster).to_owned())
}

pub fn ended(decision: &Decision) -> (Outcome, Option<Reason>) {
    (decision.outcome, decision.reason)
}

pub fn nothing_wrong(world: &World) {
    assert_eq!(world.account(|account| account.wrongs.clone()), [""; 0]);
}

#[tokio::test]
async fn a_cluster_without_logging_is_corrected_by_its_event_and_backed_out() {
    let (world, cluster) = begin(NONE);
    let decision = created(&world, "worker").await;
    assert_eq!(ended(&decision), (Outcome::Remediated, None), "{decision:?}");
    assert_eq!(configuration(&world, &cluster), AFTER);
    let group = world.account(|account| account.groups[GROUP].clone());
    assert_eq!((group.retention, group.by_logweir), (Some(90), true));
    let report = json!(decision.report);
    assert_eq!(report["record"], "cluster/prod");
    assert_eq!(
        report["cluster"],
        json!({"action": "configured", "from": "NONE", "to": "OVERRIDE to log group /ecs/exec/prod"})
    );
    assert_eq!(
        report["backout"],
        "logweir backout arn:aws:ecs:eu-west-1:111122223333:cluster/prod --function logweir-backout --region eu-west-1"
    );
    assert_eq!(ended(&created(&world, "again").await), (Outcome::Compliant, None));
    let undone = backs_out(&world, "operator", &cluster).await;
    assert_eq!(ended(&undone), (Outcome::BackedOut, None), "{undone:?}");
    assert_eq!(configuration(&world, &cluster), NONE);
    assert!(world.account(|account| account.groups.contains_key(GROUP)), "the group and its data stay");
    assert_eq!(ended(&backs_out(&world, "operator", &cluster).await).1, Some(Reason::Duplicate));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_backed_out_correction_returns_only_by_force() {
    let (world, cluster) = begin(NONE);
    created(&world, "worker").await;
    world.advance(SignedDuration::from_mins(20));
    backs_out(&world, "operator", &cluster).await;
    let late = event("UpdateCluster", "2026-11-21T12:30:00Z", DEPLOYER);
    let skipped = handles(&world, ExecMode::Correct, "worker", &late).await;
    assert_eq!(ended(&skipped), (Outcome::Skipped, Some(Reason::BackedOutBefore)));
    assert_eq!(ended(&applies(&world, SHIPPED_BASELINE, &cluster, false).await), ended(&skipped));
    assert_eq!(ended(&created(&world, "worker").await), ended(&skipped), "a late duplicate of the first event");
    // CreateCluster also succeeds for a cluster that exists.
    let anew = event("CreateCluster", "2026-11-21T12:30:00Z", DEPLOYER);
    assert_eq!(ended(&handles(&world, ExecMode::Correct, "worker", &anew).await), ended(&skipped));
    assert_eq!(ended(&applies(&world, SHIPPED_BASELINE, &cluster, true).await), (Outcome::Remediated, None));
    assert_eq!(configuration(&world, &cluster), AFTER);
    nothing_wrong(&world);
}

#[tokio::test]
async fn the_modes_off_and_observe_change_nothing() {
    let (world, cluster) = begin(NONE);
    let event = event("CreateCluster", "2026-11-21T12:00:00Z", DEPLOYER);
    let off = handles(&world, ExecMode::Off, "worker", &event).await;
    assert_eq!(ended(&off), (Outcome::Skipped, Some(Reason::OtherEvent)));
    assert_eq!(world.calls(), [""; 0]);
    let observed = handles(&world, ExecMode::Observe, "worker", &event).await;
    assert_eq!(ended(&observed), (Outcome::Observed, None));
    assert_eq!(json!(observed.report)["cluster"]["action"], "configure");
    assert_eq!(
        (world.count("put_cluster"), world.count("UpdateCluster"), configuration(&world, &cluster)),
        (0, 0, NONE.into())
    );
}

#[tokio::test]
async fn default_and_unset_are_advice_unless_the_baseline_and_an_operator_ask() {
    let asks = "version = 1\n[exec]\ncorrect-default = true\n";
    for before in ["{}", r#"{"executeCommandConfiguration":{"logging":"DEFAULT","kmsKeyId":"key"}}"#] {
        let (world, cluster) = begin(before);
        let advice = (Outcome::Skipped, Some(Reason::AdviceOnly));
        assert_eq!(ended(&created(&world, "worker").await), advice);
        assert_eq!(ended(&applies(&world, SHIPPED_BASELINE, &cluster, false).await), advice);
        assert_eq!(ended(&applies(&world, asks, &cluster, false).await), (Outcome::Remediated, None));
        assert!(configuration(&world, &cluster).contains("OVERRIDE"));
        world.advance(SignedDuration::from_mins(20));
        let undone = backs_out(&world, "operator", &cluster).await;
        assert_eq!(ended(&undone), (Outcome::BackedOut, None));
        assert!(configuration(&world, &cluster).contains(r#""logging":"DEFAULT""#));
        let says = undone.report.notes.iter().any(|note| note.contains("the cluster now has `logging: DEFAULT`"));
        assert_eq!(says, before == "{}", "{:?}", undone.report.notes);
        nothing_wrong(&world);
    }
}

#[tokio::test]
async fn what_override_would_switch_on_is_refused() {
    for log in [r#"{"s3BucketName":"b"}"#, r#"{"cloudWatchEncryptionEnabled":true}"#] {
        let text = format!(r#"{{"executeCommandConfiguration":{{"logging":"NONE","logConfiguration":{log}}}}}"#);
        let (world, cluster) = begin(&text);
        assert_eq!(ended(&created(&world, "worker").await), (Outcome::Refused, Some(Reason::AdviceOnly)));
        assert_eq!(configuration(&world, &cluster), text);
    }
}

#[tokio::test]
async fn an_owner_who_changes_the_cluster_between_two_calls_wins() {
    let changed = r#"{"executeCommandConfiguration":{"logging":"NONE"},"newer":[2]}"#;
    for (call, moment) in
        [("CreateLogGroup", Moment::Before), ("put_cluster", Moment::After), ("UpdateCluster", Moment::After)]
    {
        let (world, cluster) = begin(NONE);
        let owner = cluster.clone();
        world.at_next(call, moment, Then::act(move |account| account.configures(&owner, changed)));
        let decision = created(&world, "worker").await;
        assert_eq!(ended(&decision), (Outcome::Superseded, Some(Reason::ClusterChanged)), "{call}: {decision:?}");
        assert_eq!(configuration(&world, &cluster), changed);
        // The event of the owner's change leads to a new decision.
        let next = event("UpdateCluster", "2026-11-21T12:00:01Z", DEPLOYER);
        assert_eq!(ended(&handles(&world, ExecMode::Correct, "next", &next).await), (Outcome::Remediated, None));
        nothing_wrong(&world);
    }
}

#[tokio::test]
async fn a_program_that_does_not_read_the_cluster_again_is_detected() {
    let (world, cluster) = begin(NONE);
    let owner = cluster.clone();
    world.account(|account| account.lie = Some(Lie::ClusterUnchanged));
    let changes = move |account: &mut Account| account.configures(&owner, &NONE.replace("disk", "other"));
    world.at_next("CreateLogGroup", Moment::Before, Then::act(changes));
    created(&world, "worker").await;
    let wrongs = world.account(|account| account.wrongs.clone());
    assert_eq!(wrongs, ["UpdateCluster changes more of cluster/prod than its logging"]);
}

#[tokio::test]
async fn a_cluster_outside_the_scope_is_ignored() {
    let scoped = |clusters: &str| Home { scope: Scope::of(&["*"], &[clusters]), ..home() };
    let event = event("CreateCluster", "2026-11-21T12:00:00Z", DEPLOYER);
    assert!(matches!(read(&event, &scoped("pro?")), Ok(Trigger::Cluster { is_new: true, .. })));
    let outside = read(&event, &scoped("stage-*"));
    assert!(matches!(outside, Ok(Trigger::Ignore { why: Ignored::OutOfScope, .. })), "{outside:?}");
}

#[tokio::test]
async fn a_backout_leaves_what_another_principal_has_changed() {
    let changed = r#"{"executeCommandConfiguration":{"logging":"OVERRIDE","logConfiguration":{"s3BucketName":"b"}}}"#;
    let (world, cluster) = begin(NONE);
    created(&world, "worker").await;
    world.account(|account| account.configures(&cluster, changed));
    let kept = backs_out(&world, "operator", &cluster).await;
    assert_eq!(ended(&kept), (Outcome::BackedOut, None));
    assert!(kept.report.notes.iter().any(|note| note.contains("another principal has since changed")), "{kept:?}");
    assert_eq!(configuration(&world, &cluster), changed);
    // A change of another member is not in the way, and stays.
    let (world, cluster) = begin(NONE);
    created(&world, "worker").await;
    world.account(|account| account.configures(&cluster, &AFTER.replace("disk", "other")));
    assert_eq!(ended(&backs_out(&world, "operator", &cluster).await), (Outcome::BackedOut, None));
    assert_eq!(configuration(&world, &cluster), NONE.replace("disk", "other"));
    nothing_wrong(&world);
}

#[tokio::test]
async fn members_that_ecs_loses_are_reported_to_an_operator() {
    let (world, _) = begin(NONE);
    world.account(|account| account.loses.push("managedStorageConfiguration".into()));
    let decision = created(&world, "worker").await;
    assert_eq!(ended(&decision), (Outcome::NeedsOperator, Some(Reason::LostMembers)), "{decision:?}");
}

#[tokio::test]
async fn a_hold_and_an_open_fuse_stop_a_cluster_until_an_operator_forces_it() {
    let (world, cluster) = begin(NONE);
    let request = HoldRequest::Hold {
        family: "cluster/prod".into(),
        until: "2026-11-21T13:00:00Z".parse().unwrap(),
        reason: None,
        requested_by: None,
    };
    assert_eq!(hold(&world, &home(), &request).await.report.outcome, Outcome::Held);
    assert_eq!(ended(&created(&world, "worker").await), (Outcome::Refused, Some(Reason::OnHold)));
    world.advance(SignedDuration::from_hours(2));
    for minute in 0..3 {
        let time = format!("2026-11-21T14:0{minute}:30Z");
        let event = event("UpdateCluster", &time, DEPLOYER);
        world.account(|account| account.configures(&cluster, NONE));
        assert_eq!(ended(&handles(&world, ExecMode::Correct, "worker", &event).await), (Outcome::Remediated, None));
        world.advance(SignedDuration::from_mins(1));
    }
    world.account(|account| account.configures(&cluster, NONE));
    let last = event("UpdateCluster", "2026-11-21T14:03:30Z", DEPLOYER);
    let stopped = handles(&world, ExecMode::Correct, "worker", &last).await;
    assert_eq!(ended(&stopped), (Outcome::Refused, Some(Reason::FuseOpen)));
    assert!(stopped.notify.opens_fuse);
    assert_eq!(ended(&applies(&world, SHIPPED_BASELINE, &cluster, true).await), (Outcome::Remediated, None));
}

#[tokio::test]
async fn many_clusters_at_once_wait_for_the_rate_limit() {
    let world = World::new();
    let mut waited = 0;
    for number in 0..12 {
        let cluster = world.account(|account| account.cluster_arn(&format!("c{number}")));
        world.account(|account| account.configures(&cluster, NONE));
        let (home, by, baseline) = (home(), by(), parsed(SHIPPED_BASELINE));
        let order = order(&home, &by, baseline, Mode::Observe, &format!("worker-{number}"));
        let order = Order { exec: ExecMode::Correct, ..order };
        let trigger = Trigger::Cluster { cluster, is_new: true, cause: Cause::default() };
        let decision = remediate(&world, &order, trigger).await;
        waited += usize::from(decision.reason == Some(Reason::RateLimited) && decision.next == FollowUp::Later);
    }
    assert_eq!((waited, world.count("UpdateCluster")), (4, 8));
}

#[tokio::test]
async fn logweirs_own_change_of_a_cluster_starts_nothing() {
    let own = event("UpdateCluster", "2026-11-21T12:00:00Z", LOGWEIR);
    assert!(matches!(read(&own, &home()), Ok(Trigger::Ignore { .. })));
}

#[tokio::test]
async fn two_workers_change_a_cluster_once() {
    let (world, cluster) = begin(NONE);
    let (one, other) = tokio::join!(created(&world, "one"), created(&world, "other"));
    let retried = [&one, &other].into_iter().filter(|decision| decision.is_retried()).count();
    assert_eq!((world.count("UpdateCluster"), retried), (1, 1), "{one:?}\n{other:?}");
    assert_eq!(configuration(&world, &cluster), AFTER);
    let (one, other) = tokio::join!(backs_out(&world, "one", &cluster), backs_out(&world, "other", &cluster));
    assert_eq!(world.count("UpdateCluster"), 2, "{one:?}\n{other:?}");
    assert_eq!(configuration(&world, &cluster), NONE);
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_read_that_lags_behind_neither_repeats_nor_hides_a_change() {
    let (world, cluster) = begin(NONE);
    world.advance(SignedDuration::from_mins(30));
    world.account(|account| {
        account.lag.clusters = 1;
        account.lag.lasts = SignedDuration::from_mins(7);
    });
    let time = "2026-11-21T12:30:00Z";
    let waits = handles(&world, ExecMode::Correct, "worker", &event("UpdateCluster", time, DEPLOYER)).await;
    assert_eq!(ended(&waits), (Outcome::Failed, Some(Reason::NotVisibleYet)), "{waits:?}");
    assert!(waits.is_retried());
    let early = backs_out(&world, "operator", &cluster).await;
    assert!(early.is_retried(), "{early:?}");
    world.advance(SignedDuration::from_mins(11));
    assert_eq!(resumes(&world).await.len(), 1);
    assert_eq!(configuration(&world, &cluster), NONE);
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_preview_names_what_a_backout_would_restore_and_writes_nothing() {
    let (world, cluster) = begin(NONE);
    created(&world, "worker").await;
    let before = world.picture();
    let (home, by) = (home(), by());
    let ask = backout(&home, &by, "op", BackoutOptions::default());
    let previewed = preview_cluster(&world, &ask, &cluster).await;
    assert_eq!(ended(&previewed), (Outcome::Observed, None));
    assert_eq!(
        json!(previewed.report)["cluster"],
        json!({"action": "restore", "from": "OVERRIDE to log group /ecs/exec/prod", "to": "NONE"})
    );
    assert!(world.picture() == before);
}

#[tokio::test]
async fn a_denied_change_is_reported_and_a_later_event_tries_again() {
    let (world, cluster) = begin(NONE);
    world.at_next("UpdateCluster", Moment::Before, Then::fail(ErrorKind::Refused, "UpdateCluster", "AccessDenied"));
    let denied = created(&world, "worker").await;
    assert_eq!(denied.outcome, Outcome::Partial, "the log group exists: {denied:?}");
    assert_eq!(ended(&created(&world, "again").await), (Outcome::Remediated, None));
    assert_eq!(configuration(&world, &cluster), AFTER);
    let record = world.account(|account| account.cluster_records[&cluster].clone());
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<ClusterRecord>(&text).unwrap(), record);
    assert_eq!(ClusterRecord::name_in(&text), Some(cluster));
}
