//! The steps of most tests: a revision is registered, its event arrives, and a worker remediates.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::{Cause, Home, RevisionRef, Trigger, read};
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::{BackoutBy, Decision};
use logweir::ports::Clock;
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{
    BackoutOptions, Order, Origin, back_out, preview, remediate, resume, resume_backouts, retire_unused,
};
use serde_json::{Value, json};

use super::{DEPLOYER, World};
use crate::cloudtrail::Call;
use crate::order::{backout, order};

/// A document whose container blocks on its logs. It contains members that no SDK knows.
pub const BLOCKING: &str = r#"{"family":"web","alien":{"deep":[1.50,1E9,null,[]]},"containerDefinitions":[{"name":"app","image":"nginx","memory":512,"environment":[{"name":"A","value":""},{"name":"B","value":"x"}],"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/ecs/web","awslogs-region":"eu-west-1","awslogs-stream-prefix":"app","mode":"blocking"}}}]}"#;

pub fn home() -> Home {
    Home {
        partition: "aws".into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        own_roles: vec!["arn:aws:iam::111122223333:role/logweir/Remediator".into()],
        ..Home::default()
    }
}

/// The event of the registration of `arn`.
pub fn event(arn: &RevisionArn) -> Value {
    Call {
        service: "ecs",
        name: "RegisterTaskDefinition",
        account: &arn.account,
        region: &arn.region,
        time: "2026-11-21T12:00:00Z",
        id: "e-1",
        identity: json!({"type": "AssumedRole", "arn": DEPLOYER}),
        request: json!({"family": arn.family}),
        response: json!({"taskDefinition": {"taskDefinitionArn": arn.to_string()}}),
    }
    .event()
}

/// The shipped baseline without a settling time: Logweir updates a service as soon as a deployment has completed.
pub static PROMPT: LazyLock<String> =
    LazyLock::new(|| SHIPPED_BASELINE.replace("settle-minutes = 15", "settle-minutes = 0"));

/// Parses a baseline. Each text is parsed only once.
pub fn parsed(text: &str) -> &'static Baseline {
    static PARSED: Mutex<BTreeMap<String, &'static Baseline>> = Mutex::new(BTreeMap::new());
    let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(baseline) = parsed.get(text) {
        return baseline;
    }
    let baseline: &Baseline = Box::leak(Box::new(Baseline::parse(text).unwrap()));
    parsed.insert(text.to_owned(), baseline);
    baseline
}

pub async fn with(world: &World, baseline: &str, mode: Mode, worker: &str, event: &Value) -> Decision {
    let home = home();
    let trigger = read(event, &home).unwrap();
    triggers(world, &home, baseline, mode, worker, trigger).await
}

/// Handles a trigger in the account and Region of `home`.
pub async fn triggers(
    world: &World,
    home: &Home,
    baseline: &str,
    mode: Mode,
    worker: &str,
    trigger: Trigger,
) -> Decision {
    let baseline = parsed(baseline);
    remediate(world, &order(home, &by(), baseline, mode, worker), trigger).await
}

pub async fn register(world: &World, event: &Value) -> Decision {
    with(world, SHIPPED_BASELINE, Mode::Register, "worker", event).await
}

pub fn by() -> BackoutBy {
    BackoutBy::Function { name: "logweir-backout".into(), region: "eu-west-1".into() }
}

pub async fn backs_out_with(world: &World, worker: &str, revision: &RevisionArn, ask: BackoutOptions) -> Decision {
    let (home, by) = (home(), by());
    back_out(world, &backout(&home, &by, worker, ask), revision).await
}

/// Previews the backout of a revision's correction.
pub async fn previews(world: &World, revision: &RevisionArn) -> Decision {
    previews_with(world, revision, BackoutOptions::default()).await
}

pub async fn previews_with(world: &World, revision: &RevisionArn, ask: BackoutOptions) -> Decision {
    let (home, by) = (home(), by());
    preview(world, &backout(&home, &by, "op", ask), revision).await
}

/// Backs out a revision's correction as an operator.
pub async fn backs_out(world: &World, revision: &RevisionArn) -> Decision {
    backs_out_with(world, "operator", revision, BackoutOptions::default()).await
}

/// Corrects a revision by name, as `logweir apply` does.
pub async fn applies(world: &World, revision: &RevisionArn, again: bool) -> Decision {
    applies_by(world, SHIPPED_BASELINE, revision, again).await
}

pub async fn applies_by(world: &World, baseline: &str, revision: &RevisionArn, again: bool) -> Decision {
    let (home, by, baseline) = (home(), by(), parsed(baseline));
    let order = Order { origin: Origin::Apply { again }, ..order(&home, &by, baseline, Mode::Register, "hand") };
    let trigger = Trigger::Remediate { which: RevisionRef::Revision(revision.clone()), cause: Cause::default() };
    remediate(world, &order, trigger).await
}

pub fn ended(report: &Decision) -> (Outcome, Option<Reason>) {
    (report.outcome, report.reason)
}

/// The documents of the family's ACTIVE revisions, by number.
pub fn active(world: &World) -> Vec<(usize, String)> {
    let numbers = world.account(|account| account.active("web"));
    numbers.into_iter().map(|n| (n, world.account(|a| a.revision(&a.arn("web", n)).unwrap().text.clone()))).collect()
}

pub fn corrected_text() -> String {
    BLOCKING.replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"")
}

/// Resumes unfinished corrections, as the schedule does.
pub async fn resumes(world: &World, mode: Mode) -> Vec<Decision> {
    let (home, by, baseline) = (home(), by(), parsed(&PROMPT));
    let order = Order { origin: Origin::Resume, ..order(&home, &by, baseline, mode, "resumer") };
    resume(world, &order, world.now()).await.unwrap()
}

/// The event of the deregistration of `arn` by the deployer, now.
pub fn deregistration(world: &World, arn: &RevisionArn) -> Value {
    withdrawal(world, "DeregisterTaskDefinition", json!({"taskDefinition": arn.to_string()}))
}

/// The event of the deletion of `arn` by the deployer, now.
pub fn deletion(world: &World, arn: &RevisionArn) -> Value {
    withdrawal(world, "DeleteTaskDefinitions", json!({"taskDefinitions": [arn.to_string()]}))
}

fn withdrawal(world: &World, name: &str, request: Value) -> Value {
    let (account, region, time) = ("111122223333", "eu-west-1", world.now().to_string());
    let identity = json!({"type": "AssumedRole", "arn": DEPLOYER});
    let response = json!({});
    Call { service: "ecs", name, account, region, time: &time, id: "w-1", identity, request, response }.event()
}

/// Retires unused corrected revisions, as the schedule does.
pub async fn retires(world: &World) -> Vec<Decision> {
    let (home, by) = (home(), by());
    let order = backout(&home, &by, "retirer", BackoutOptions::default());
    retire_unused(world, &order).await.unwrap()
}

/// Resumes unfinished backouts, as the schedule does.
pub async fn resumes_backouts(world: &World) -> Vec<Decision> {
    let (home, by) = (home(), by());
    let order = backout(&home, &by, "back-resumer", BackoutOptions::default());
    resume_backouts(world, &order).await.unwrap()
}
