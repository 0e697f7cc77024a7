//! The situations of these tests: a service runs a compliant revision, a deployer registers and deploys one that
//! blocks, and the events arrive.

use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::{Cause, RevisionRef, ServiceChange, Trigger, read};
use logweir::domain::outcome::Mode;
use logweir::domain::record::Record;
use logweir::domain::report::Decision;
use logweir::ports::Clock;
use logweir::workflow::{Order, Origin, remediate, resume};
use serde_json::Value;

use crate::order::order;
use crate::world::story::{self, BLOCKING, PROMPT, by, home};
use crate::world::{Account, LOGWEIR, LiveService, World};

pub const WEB: &str = "prod/web";

pub const REGISTER: &str = "RegisterTaskDefinition";
pub const CREATE: &str = "CreateService";
pub const UPDATE: &str = "UpdateService";
pub const IN_PROGRESS: &str = "SERVICE_DEPLOYMENT_IN_PROGRESS";
pub const COMPLETED: &str = "SERVICE_DEPLOYMENT_COMPLETED";
pub const FAILED: &str = "SERVICE_DEPLOYMENT_FAILED";

/// The reports of the schedule if it finds nothing new.
pub const NOTHING: [&str; 0] = [];

pub struct Scene {
    pub world: World,
    pub baseline: String,
    pub mode: Mode,
    /// Whether the baseline is confirmed.
    pub confirmed: bool,
    /// The revision that blocks.
    pub source: RevisionArn,
}

/// A document that blocks and whose image is pinned.
pub fn blocking() -> String {
    BLOCKING.replace("\"nginx\"", &format!("\"nginx@sha256:{}\"", "a".repeat(64)))
}

/// The same without the fault.
pub fn sound() -> String {
    blocking().replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"")
}

/// A baseline with these keys of `[rollout]`, and without a settling time.
pub fn rollout(keys: &str) -> String {
    format!("version = 1\n[rollout]\nsettle-minutes = 0\n{keys}\n")
}

/// A report in short: outcome, reason and exit code, then each service with its action and its reason.
pub fn said(report: &Decision) -> String {
    let word =
        |reason: &Option<_>| reason.map(|reason: logweir::domain::outcome::Reason| format!(" {}", reason.name()));
    let mut text = format!(
        "{}{} ({}){}",
        report.outcome.name(),
        word(&report.reason).unwrap_or_default(),
        report.exit_code(),
        if report.is_retried() { " again" } else { "" }
    );
    for line in &report.services {
        text += &format!("; {} {}{}", line.service, line.action.name(), word(&line.reason).unwrap_or_default());
    }
    text
}

/// The notes of a report about its services.
pub fn notes(report: &Decision) -> String {
    report.services.iter().filter_map(|line| line.note.clone()).collect::<Vec<_>>().join("; ")
}

impl Scene {
    /// These services run web:1. web:2, which blocks, was corrected as web:3. Neither is deployed.
    pub async fn before(services: &[&str], like: impl Fn(&mut LiveService)) -> Self {
        Self::of(&sound(), &blocking(), services, like).await
    }

    /// The same with other documents.
    pub async fn of(first: &str, blocking: &str, services: &[&str], like: impl Fn(&mut LiveService)) -> Self {
        let world = World::new();
        let source = world.account(|account| {
            account.has_group("/ecs/web", Some(30), 0);
            let first = account.registers(first);
            for name in services {
                account.creates_service_as(name, &first, &like);
                account.completes(name);
            }
            account.now += SignedDuration::from_mins(10);
            account.registers(blocking)
        });
        let scene = Self { world, baseline: PROMPT.clone(), mode: Mode::Rollout, confirmed: true, source };
        let report = scene.told(REGISTER).await;
        assert_eq!(said(&report), "remediated (0)");
        scene
    }

    /// A deployment of web:2 to prod/web is in progress.
    pub async fn deploying(like: impl Fn(&mut LiveService)) -> Self {
        let scene = Self::before(&[WEB], like).await;
        scene.deploys(WEB);
        scene
    }

    /// That deployment has completed. None of its events was delivered.
    pub async fn deployed(like: impl Fn(&mut LiveService)) -> Self {
        let scene = Self::deploying(like).await;
        scene.account(|account| account.completes(WEB));
        scene
    }

    /// prod/web was created with web:1, which blocks and was corrected as web:2.
    pub async fn created(like: impl Fn(&mut LiveService)) -> Self {
        let world = World::new();
        let source = world.account(|account| {
            account.has_group("/ecs/web", Some(30), 0);
            account.registers(&blocking())
        });
        let scene = Self { world, baseline: PROMPT.clone(), mode: Mode::Rollout, confirmed: true, source };
        scene.told(REGISTER).await;
        scene.account(|account| account.creates_service_as(WEB, &account.arn("web", 1), like));
        scene
    }

    /// Logweir's deployment of web:3 is in progress.
    pub async fn following(like: impl Fn(&mut LiveService)) -> Self {
        let scene = Self::deployed(like).await;
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), "remediated (0); prod/web updated");
        scene.after(60);
        scene
    }

    /// Logweir's deployment has completed, and the event was delivered.
    pub async fn followed(like: impl Fn(&mut LiveService)) -> Self {
        let scene = Self::following(like).await;
        scene.account(|account| account.completes(WEB));
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), "rolled-out (0); prod/web rolled-out");
        scene.after(60);
        scene
    }

    pub fn by(mut self, baseline: &str) -> Self {
        self.baseline = baseline.into();
        self
    }

    /// Deploys the source to a service as another principal.
    pub fn deploys(&self, name: &str) {
        let source = self.source.clone();
        self.account(|account| account.updates_service(name, &source));
    }

    pub fn account<T>(&self, act: impl FnOnce(&mut Account) -> T) -> T {
        self.world.account(act)
    }

    pub fn after(&self, seconds: i64) {
        self.world.advance(SignedDuration::from_secs(seconds));
    }

    /// The last event of this name that is about prod/web, or about no service, and not caused by Logweir.
    pub fn event(&self, name: &str) -> Value {
        self.event_of(name, WEB)
    }

    pub fn event_of(&self, name: &str, service: &str) -> Value {
        self.account(|account| {
            let arn = account.service_arn(service).to_string();
            let is_meant = |event: &&Value| {
                let text = event.to_string();
                event["detail"]["eventName"] == name
                    && event["detail"]["userIdentity"]["arn"] != LOGWEIR
                    && (name == REGISTER || text.contains(&format!("\"{arn}\"")))
            };
            account.events.iter().rev().find(is_meant).unwrap_or_else(|| panic!("no {name} of {service}")).clone()
        })
    }

    pub async fn told(&self, name: &str) -> Decision {
        self.told_of(name, WEB).await
    }

    pub async fn told_of(&self, name: &str, service: &str) -> Decision {
        self.tell(&self.event_of(name, service)).await
    }

    pub async fn tell(&self, event: &Value) -> Decision {
        let (home, by, baseline) = (home(), by(), story::parsed(&self.baseline));
        remediate(&self.world, &self.order(&home, &by, baseline), read(event, &home).unwrap()).await
    }

    /// Resumes unfinished work, as the schedule does.
    pub async fn resumes(&self) -> Vec<String> {
        let (home, by, baseline) = (home(), by(), story::parsed(&self.baseline));
        let order = Order { origin: Origin::Resume, worker: "resumer".into(), ..self.order(&home, &by, baseline) };
        resume(&self.world, &order, self.world.now()).await.unwrap().iter().map(said).collect()
    }

    /// Corrects the source by name, and then updates the service, as `logweir apply` does.
    pub async fn applies(&self, again: bool) -> [Decision; 2] {
        let (home, by, baseline) = (home(), by(), story::parsed(&self.baseline));
        let (which, cause) = (RevisionRef::Revision(self.source.clone()), Cause::default());
        let service = self.account(|account| account.service_arn(WEB));
        let asks = |trigger: Trigger| {
            let origin = Origin::Apply { again };
            let order = Order { origin, worker: "hand".into(), ..self.order(&home, &by, baseline) };
            async move { remediate(&self.world, &order, trigger).await }
        };
        let first = asks(Trigger::Remediate { which, cause: cause.clone() }).await;
        [first, asks(Trigger::Service { service, change: ServiceChange::Look, cause }).await]
    }

    /// Backs out the record.
    pub async fn backs_out(&self) -> Decision {
        story::backs_out(&self.world, &self.source).await
    }

    fn order<'o>(
        &self,
        home: &'o logweir::domain::event::Home,
        by: &'o logweir::domain::report::BackoutBy,
        baseline: &'o Baseline,
    ) -> Order<'o> {
        let mode = if self.confirmed { self.mode } else { Mode::Observe };
        Order { finishes: self.mode, ..order(home, by, baseline, mode, "worker") }
    }

    /// The revision that a service runs.
    pub fn runs(&self, name: &str) -> String {
        self.account(|account| account.service(name).revision.short())
    }

    /// The number of UpdateService calls.
    pub fn pointed(&self) -> usize {
        self.world.count(UPDATE)
    }

    pub fn record(&self) -> Record {
        self.account(|account| account.records[&self.source].clone())
    }

    /// The services with a pending rollout according to the record.
    pub fn on_their_way(&self) -> Vec<String> {
        self.record().head.following.iter().map(|service| service.short()).collect()
    }

    /// The entries of the record about services, in short.
    pub fn told_in_the_record(&self) -> String {
        let word = |value: &Value, member: &str| value[member].as_str().map(|word| format!(" {word}"));
        let tell = |entry: &logweir::domain::record::Entry| {
            let service = entry.what.service()?.name.clone();
            let value = serde_json::to_value(entry).unwrap();
            let mut told = service + &word(&value, "entry").unwrap_or_default();
            for member in ["ending", "reason"] {
                told += &word(&value, member).unwrap_or_default();
            }
            if value["entry"] == "waiting" {
                told += &word(&value, "why").unwrap_or_default();
            }
            Some(told)
        };
        self.record().entries.iter().filter_map(tell).collect::<Vec<_>>().join("; ")
    }

    /// The reason why the family is stopped.
    pub fn stopped(&self) -> Option<String> {
        self.account(|account| {
            let now = account.now;
            account.remembered.values().next().and_then(|family| family.stopped(now)).map(|stopped| stopped.to_string())
        })
    }
}

/// At the end of every test, asserts that nothing forbidden happened.
impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.account(|account| account.wrongs.clone()), NOTHING);
        }
    }
}
