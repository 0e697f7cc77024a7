//! The story that these tests tell: a service runs a revision that nothing is wrong with, somebody registers one that
//! blocks and deploys it, and the events come.

use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::{Cause, RevisionRef, ServiceChange, Trigger, read};
use logweir::domain::outcome::Mode;
use logweir::domain::record::Record;
use logweir::domain::report::Decision;
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{Order, Origin, remediate, resume};
use serde_json::Value;

use crate::order::order;
use crate::world::story::{self, BLOCKING, by, home};
use crate::world::{Account, LOGWEIR, LiveService, World};

pub const WEB: &str = "prod/web";

pub const REGISTER: &str = "RegisterTaskDefinition";
pub const CREATE: &str = "CreateService";
pub const UPDATE: &str = "UpdateService";
pub const IN_PROGRESS: &str = "SERVICE_DEPLOYMENT_IN_PROGRESS";
pub const COMPLETED: &str = "SERVICE_DEPLOYMENT_COMPLETED";
pub const FAILED: &str = "SERVICE_DEPLOYMENT_FAILED";

/// What the schedule reports where it finds nothing new.
pub const NOTHING: [&str; 0] = [];

pub struct Scene {
    pub world: World,
    pub baseline: String,
    pub mode: Mode,
    /// Whether somebody has confirmed the baseline.
    pub confirmed: bool,
    /// The revision that blocks.
    pub source: RevisionArn,
}

/// A document that blocks, and whose image means the same for ever.
pub fn blocking() -> String {
    BLOCKING.replace("\"nginx\"", &format!("\"nginx@sha256:{}\"", "a".repeat(64)))
}

/// The same without the fault.
pub fn sound() -> String {
    blocking().replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"")
}

/// A baseline with these keys of `[rollout]`.
pub fn rollout(keys: &str) -> String {
    format!("version = 1\n[rollout]\n{keys}\n")
}

/// What a report says of how it ended: outcome, reason and exit code, then each service, what was done about it, and why.
pub fn said(report: &Decision) -> String {
    let word =
        |reason: &Option<_>| reason.map(|reason: logweir::domain::outcome::Reason| format!(" {}", reason.name()));
    let mut text = format!(
        "{}{} ({}){}",
        report.outcome.name(),
        word(&report.reason).unwrap_or_default(),
        report.exit_code(),
        if report.comes_again() { " again" } else { "" }
    );
    for line in &report.services {
        text += &format!("; {} {}{}", line.service, line.action.name(), word(&line.reason).unwrap_or_default());
    }
    text
}

/// What a report says of its services in words.
pub fn notes(report: &Decision) -> String {
    report.services.iter().filter_map(|line| line.note.clone()).collect::<Vec<_>>().join("; ")
}

impl Scene {
    /// These services run web:1, and web:2, which blocks, was corrected as web:3. Nobody has deployed it.
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
        let scene = Self { world, baseline: SHIPPED_BASELINE.into(), mode: Mode::Rollout, confirmed: true, source };
        let report = scene.told(REGISTER).await;
        assert_eq!(said(&report), "remediated (0)");
        scene
    }

    /// Somebody has prod/web run web:2, and that deployment is under way.
    pub async fn deploying(like: impl Fn(&mut LiveService)) -> Self {
        let scene = Self::before(&[WEB], like).await;
        scene.deploys(WEB);
        scene
    }

    /// It has completed. No event of it was told.
    pub async fn deployed(like: impl Fn(&mut LiveService)) -> Self {
        let scene = Self::deploying(like).await;
        scene.account(|account| account.completes(WEB));
        scene
    }

    /// prod/web was made with web:1, which blocks and was corrected as web:2.
    pub async fn created(like: impl Fn(&mut LiveService)) -> Self {
        let world = World::new();
        let source = world.account(|account| {
            account.has_group("/ecs/web", Some(30), 0);
            account.registers(&blocking())
        });
        let scene = Self { world, baseline: SHIPPED_BASELINE.into(), mode: Mode::Rollout, confirmed: true, source };
        scene.told(REGISTER).await;
        scene.account(|account| account.creates_service_as(WEB, &account.arn("web", 1), like));
        scene
    }

    /// Our deployment of web:3 is under way.
    pub async fn following(like: impl Fn(&mut LiveService)) -> Self {
        let scene = Self::deployed(like).await;
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), "remediated (0); prod/web updated");
        scene.after(60);
        scene
    }

    /// It has completed, and ECS has told so.
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

    /// Somebody has a service run the source.
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

    /// The last event of this name that is about prod/web, or about no service, and not of our own doing.
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
        remediate(&self.world, &self.order(&home, &by, &baseline), read(event, &home).unwrap()).await
    }

    /// The schedule comes.
    pub async fn resumes(&self) -> Vec<String> {
        let (home, by, baseline) = (home(), by(), Baseline::parse(&self.baseline).unwrap());
        let order = Order { origin: Origin::Resume, worker: "resumer".into(), ..self.order(&home, &by, &baseline) };
        resume(&self.world, &order).await.unwrap().iter().map(said).collect()
    }

    /// Somebody asks for the source by name, and then for the service, as `logweir apply` does.
    pub async fn applies(&self, again: bool) -> [Decision; 2] {
        let (home, by, baseline) = (home(), by(), Baseline::parse(&self.baseline).unwrap());
        let (which, cause) = (RevisionRef::Revision(self.source.clone()), Cause::default());
        let service = self.account(|account| account.service_arn(WEB));
        let asks = |trigger: Trigger| {
            let origin = Origin::Apply { again };
            let order = Order { origin, worker: "hand".into(), ..self.order(&home, &by, &baseline) };
            async move { remediate(&self.world, &order, trigger).await }
        };
        let first = asks(Trigger::Remediate { which, cause: cause.clone() }).await;
        [first, asks(Trigger::Service { service, change: ServiceChange::Look, cause }).await]
    }

    /// Somebody asks for the record to be taken back.
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

    /// What a service runs.
    pub fn runs(&self, name: &str) -> String {
        self.account(|account| account.service(name).revision.short())
    }

    /// How often UpdateService was asked for.
    pub fn pointed(&self) -> usize {
        self.world.count(UPDATE)
    }

    pub fn record(&self) -> Record {
        self.account(|account| account.records[&self.source].clone())
    }

    /// The services that the record says are on their way.
    pub fn on_their_way(&self) -> Vec<String> {
        self.record().head.following.iter().map(|service| service.short()).collect()
    }

    /// What the record tells of services.
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

    /// Why the family is stopped.
    pub fn stopped(&self) -> Option<String> {
        self.account(|account| {
            let now = account.now;
            account.remembered.values().next().and_then(|family| family.stopped(now)).map(|stopped| stopped.to_string())
        })
    }
}

/// Whatever a test is about, what must never happen did not.
impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.account(|account| account.wrongs.clone()), NOTHING);
        }
    }
}
