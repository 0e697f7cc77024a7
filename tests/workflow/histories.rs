//! Random histories of deployments, late, duplicate and concurrent events, crashes, lost answers, other principals'
//! acts at any call, and backouts. The promises hold in every history.

mod acts;
mod promises;

use std::collections::{BTreeMap, BTreeSet};

use acts::{Act, FAMILIES, Happening, Happens, LAGS, Op, Pick, THIRD_PARTY, document, history};
use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::own_message;
use logweir::domain::limits::reconciliation::Request;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::{EntryKind, Record};
use logweir::domain::report::Decision;
use logweir::ports::{Clock, ErrorKind as Failing, PortError};
use logweir::workflow::{
    BackoutOptions, Order, Origin, due_releases, reconcile, record_release, resume, resume_backouts, retire_unused,
};
use promises::Checked;
use serde_json::{Value, json};

use crate::cloudtrail::Call;
use crate::order::{backout, order};
use crate::random_histories::{Lived, run};
use crate::world::queue::Line;
use crate::world::story::{backs_out_with, by, deletion, deregistration, event, home, parsed, with};
use crate::world::{Account, DEPLOYER, Lag, Lie, Moment, Passing, Revision, Then, World};

const BASELINE: &str =
    "version = 1\n[log-group]\nadopt = [\"/ecs/third-party\"]\n[fuse]\ncorrections = 1\nminutes = 10\n";

struct History {
    world: World,
    workers: usize,
    stale_was_asked_for: bool,
    retention_was_touched: bool,
    /// The events that are delivered again.
    late: Vec<Value>,
    /// The deregistered revisions whose event was delivered, or waits.
    told: BTreeSet<RevisionArn>,
    checked: Checked,
    classes: BTreeSet<&'static str>,
    broken: Vec<String>,
}

/// What the checks after an operation compare with the state before it.
struct Before {
    running: BTreeMap<String, RevisionArn>,
    /// How often each backed-out record was opened.
    backed_out: BTreeMap<RevisionArn, usize>,
}

#[test]
fn a_program_that_omits_a_check_or_records_too_late_breaks_a_promise_in_some_history() {
    for lie in [
        Lie::CommitLater,
        Lie::NothingByLogweir,
        Lie::NothingNewer,
        Lie::RetentionIsLogweirs,
        Lie::NothingRuns,
        Lie::NothingPins,
        Lie::UnlistedIsInactive,
        Lie::UnseenIsInactive,
    ] {
        run(&history(), 0, |steps| lives(Some(lie), steps)).detects(lie, "deploys");
    }
}

#[test]
fn the_promises_hold_in_every_history() {
    let classes = [
        "deploys",
        "event",
        "event again",
        "event without its body",
        "two at once",
        "the process dies",
        "the answer to a call is lost",
        "AWS throttles a call",
        "another principal acts between two calls",
        "another principal registers a revision",
        "another principal deregisters a revision",
        "another principal deletes a revision",
        "another principal creates a log group",
        "another principal deletes a log group",
        "another principal changes a retention",
        "another principal changes a tag",
        "another principal changes the account's retention policy",
        "a container writes to a log group",
        "backs out",
        "backs out over a newer revision",
        "restores the source by request",
        "holds the family",
        "applies",
        "applies again",
        "resumes",
        "waits",
        "finds the fuse open",
        "finds the family on hold",
        "releases a revision after a hold",
        "finds another worker's lease",
        "runs the newest revision",
        "a description is late",
        "a list is late",
        "tags are late",
        "ECS refuses a registration: too many concurrent attempts",
        "ECS throttles a registration",
        "ECS answers a registration with a server error",
        "finds what is not visible yet",
        "an owner withdraws a source",
        "the event of a deregistration is lost",
        "a retirement is due",
        "retires a corrected revision",
        "a rule pins a corrected revision",
        "a pin keeps a corrected revision",
        "reconciles",
    ];
    run(&history(), 400, |steps| lives(None, steps)).holds(&classes);
}

async fn lives(lie: Option<Lie>, ops: Vec<Op>) -> Lived {
    let mut history = History {
        world: World::new(),
        workers: 0,
        stale_was_asked_for: false,
        retention_was_touched: false,
        late: Vec::new(),
        told: BTreeSet::new(),
        checked: Checked::default(),
        classes: BTreeSet::new(),
        broken: Vec::new(),
    };
    history.world.account(|account| {
        (account.lie, account.is_silent) = (lie, true);
        account.has_group(THIRD_PARTY, None, 1);
        account.adopted.insert(THIRD_PARTY.into());
    });
    for (number, op) in ops.iter().enumerate() {
        let before = history.before();
        history.goes_on(op).await;
        history.world.restart();
        history.look(op, &before, number);
        if !history.broken.is_empty() {
            return history.lived();
        }
    }
    history.comes_to_rest().await;
    history.lived()
}

impl History {
    fn lived(mut self) -> Lived {
        self.classes.extend(self.world.fired().into_keys());
        (self.classes, self.broken)
    }

    fn before(&self) -> Before {
        self.world.account(|account| Before {
            running: account.running.clone(),
            backed_out: account
                .records
                .iter()
                .filter(|(_, record)| record.head.suppressed)
                .map(|(source, record)| (source.clone(), opened(record)))
                .collect(),
        })
    }

    fn worker(&mut self) -> String {
        self.workers += 1;
        format!("worker-{}", self.workers)
    }

    /// One of the deployer's revisions.
    fn pick(&self, pick: Pick) -> Option<RevisionArn> {
        let family = FAMILIES[pick.family];
        self.world.account(|account| {
            let deployed: Vec<usize> = account
                .families
                .get(family)
                .into_iter()
                .flatten()
                .enumerate()
                .filter(|(_, revision)| revision.by == DEPLOYER)
                .map(|(index, _)| index + 1)
                .collect();
            (!deployed.is_empty()).then(|| account.arn(family, *pick.index.get(&deployed)))
        })
    }

    /// Plans what happens at the operation's calls.
    fn plan(&mut self, happens: &Happens, family: &'static str) {
        let base = self.world.calls().len();
        for (offset, happening) in happens {
            let number = base + offset;
            let throttled = || PortError {
                kind: Failing::Retry,
                call: "any",
                message: "Rate exceeded".into(),
                reason: Some(Reason::Throttled),
            };
            let (moment, then) = match *happening {
                Happening::Dies(moment) => (moment, Then::Crash),
                Happening::AnswerLost => (Moment::After, Then::Cut),
                Happening::Throttled => (Moment::Before, Then::Fail(throttled())),
                Happening::Refused(way) => {
                    self.world.refuses_next(*way.get(&Passing::of("RegisterTaskDefinition")));
                    continue;
                }
                Happening::Act(moment, act) => {
                    self.retention_was_touched |= act == Act::ChangesRetention;
                    let acts = move |account: &mut Account| {
                        act.on(account, family);
                        account.fires("another principal acts between two calls");
                    };
                    (moment, Then::act(acts))
                }
            };
            self.world.at(number, moment, then);
        }
    }

    async fn goes_on(&mut self, op: &Op) {
        let world = self.world.clone();
        match op {
            Op::Deploys { family, kind } => {
                self.classes.insert("deploys");
                world.account(|account| drop(account.registers(&document(FAMILIES[*family], *kind))));
            }
            Op::Event { of, omitted, happens } => {
                let Some(source) = self.pick(*of) else { return };
                let known = world.account(|account| account.records.contains_key(&source));
                self.classes.insert(if known { "event again" } else { "event" });
                self.plan(happens, FAMILIES[of.family]);
                let worker = self.worker();
                let mut event = event(&source);
                if *omitted {
                    self.classes.insert("event without its body");
                    event["detail"]["responseElements"] = Value::Null;
                    let at = world.account(|account| account.revision(&source).unwrap().at);
                    event["detail"]["eventTime"] = at.to_string().into();
                }
                let report = with(&world, BASELINE, Mode::Register, &worker, &event).await;
                self.is_true(&report);
            }
            Op::TwoAtOnce { one, other } => {
                let (Some(one), Some(other)) = (self.pick(*one), self.pick(*other)) else { return };
                self.classes.insert("two at once");
                let workers = (self.worker(), self.worker());
                let events = (event(&one), event(&other));
                let (one, other) = tokio::join!(
                    with(&world, BASELINE, Mode::Register, &workers.0, &events.0),
                    with(&world, BASELINE, Mode::Register, &workers.1, &events.1)
                );
                self.is_true(&one);
                self.is_true(&other);
            }
            Op::BackOut { of, restore, stale, hold, happens } => {
                let Some(source) = self.pick(*of) else { return };
                self.classes.insert("backs out");
                if *restore {
                    self.classes.insert("restores the source by request");
                }
                if *stale {
                    self.classes.insert("backs out over a newer revision");
                    self.stale_was_asked_for = true;
                }
                let hold_until = hold.then(|| {
                    self.classes.insert("holds the family");
                    world.account(|account| account.now) + SignedDuration::from_mins(40)
                });
                self.plan(happens, FAMILIES[of.family]);
                let worker = self.worker();
                let ask = BackoutOptions {
                    restore_source: *restore,
                    restore_over_newer: *stale,
                    hold_until,
                    ..BackoutOptions::default()
                };
                let report = backs_out_with(&world, &worker, &source, ask).await;
                self.is_backed_out(&report, &source);
            }
            Op::Apply { of, again, happens } => {
                let Some(source) = self.pick(*of) else { return };
                self.classes.insert(if *again { "applies again" } else { "applies" });
                self.plan(happens, FAMILIES[of.family]);
                let report = crate::world::story::applies_by(&world, BASELINE, &source, *again).await;
                self.is_true(&report);
            }
            Op::Resume { happens } => {
                self.classes.insert("resumes");
                self.plan(happens, FAMILIES[0]);
                self.resumes().await;
            }
            Op::Wait { minutes } => {
                self.classes.insert("waits");
                world.advance(SignedDuration::from_mins(*minutes));
            }
            Op::Runs { of, on } => {
                let family = FAMILIES[of.family];
                world.account(|account| {
                    let place = format!("service prod/{family}");
                    match account.active(family).last().filter(|_| *on) {
                        Some(newest) => drop(account.running.insert(place, account.arn(family, *newest))),
                        None => drop(account.running.remove(&place)),
                    }
                });
                self.classes.insert("runs the newest revision");
            }
            Op::Lags { way } => world.lags(way.map_or_else(Lag::default, |way| LAGS[way])),
            Op::Foreign { family, act } => {
                self.retention_was_touched |= *act == Act::ChangesRetention;
                world.account(|account| act.on(account, FAMILIES[*family]));
            }
            Op::Withdraws { of, deletes, is_told, happens } => {
                let Some(source) = self.pick(*of) else { return };
                self.withdraws(&source, *deletes, *is_told, happens).await;
            }
            Op::Retires { happens } => {
                self.plan(happens, FAMILIES[0]);
                self.retires().await;
            }
            Op::Pins { of, on, happens } => {
                let Some(source) = self.pick(*of) else { return };
                self.plan(happens, FAMILIES[of.family]);
                self.pins(&source, *on).await;
            }
            Op::Reconciles { happens } => {
                self.plan(happens, FAMILIES[0]);
                self.reconciles().await;
            }
        }
    }

    /// The owner deregisters or deletes a revision.
    async fn withdraws(&mut self, source: &RevisionArn, deletes: bool, is_told: bool, happens: &Happens) {
        let world = self.world.clone();
        if !world.account(|account| account.revision(source).is_some_and(Revision::is_active)) {
            return;
        }
        world.account(|account| {
            account.deregisters(source);
            if deletes {
                account.deletes(source);
            }
        });
        self.classes.insert("an owner withdraws a source");
        if !is_told {
            self.classes.insert("the event of a deregistration is lost");
            return;
        }
        self.told.insert(source.clone());
        let event = if deletes { deletion(&world, source) } else { deregistration(&world, source) };
        self.plan(happens, if source.family == FAMILIES[0] { FAMILIES[0] } else { FAMILIES[1] });
        self.delivers(event).await;
    }

    /// Delivers an event, which may have to be delivered again later.
    async fn delivers(&mut self, event: Value) {
        let worker = self.worker();
        let report = with(&self.world, BASELINE, Mode::Register, &worker, &event).await;
        self.is_true(&report);
        if report.is_retried() || self.world.is_dead() {
            self.late.push(event);
        }
    }

    async fn retires(&mut self) {
        let (home, by) = (home(), by());
        let order = backout(&home, &by, &self.worker(), BackoutOptions::default());
        for report in retire_unused(&self.world, &order).await.unwrap_or_default() {
            self.is_true(&report);
            if report.outcome == Outcome::Retired {
                self.classes.insert("retires a corrected revision");
            }
            if report.error.as_ref().is_some_and(|why| why.contains("EventBridge rule")) {
                self.classes.insert("a pin keeps a corrected revision");
            }
        }
    }

    /// A rule of the family pins the corrected revision of the source, or releases its pin.
    async fn pins(&mut self, source: &RevisionArn, on: bool) {
        self.world.advance(SignedDuration::from_secs(1));
        let rule = format!("rule-{}", source.family);
        let corrected = self.world.account(|account| account.records.get(source)?.head.corrected.clone());
        let (name, request) = match corrected.filter(|_| on) {
            Some(corrected) => {
                let target = json!({"id": "a", "ecsParameters": {"taskDefinitionArn": corrected.to_string()}});
                ("PutTargets", json!({"rule": rule, "targets": [target]}))
            }
            None => ("DeleteRule", json!({"name": rule})),
        };
        let (service, account, region, time) = ("events", "111122223333", "eu-west-1", self.world.now().to_string());
        let identity = json!({"type": "AssumedRole", "arn": DEPLOYER});
        let response = json!({});
        let call = Call { service, name, account, region, time: &time, id: "p-1", identity, request, response };
        self.delivers(call.event()).await;
        if self.world.account(|account| account.pins.values().any(|pins| !pins.holders.is_empty())) {
            self.classes.insert("a rule pins a corrected revision");
        }
    }

    async fn reconciles(&mut self) {
        let (home, by, baseline, queue) = (home(), by(), parsed(BASELINE), Line::default());
        let mut request = Request::Start;
        for _ in 0..10 {
            let worker = self.worker();
            let order = order(&home, &by, baseline, Mode::Register, &worker);
            if reconcile(&self.world, &order, &queue, request).await.is_err() {
                return;
            }
            self.classes.insert("reconciles");
            request = loop {
                let Some(sent) = queue.takes() else { return };
                let body: Value = serde_json::from_str(&sent.body).unwrap();
                match Request::of(&body) {
                    Some(page) => break page,
                    None => self.delivers(body).await,
                }
            };
        }
    }

    async fn resumes(&mut self) {
        let (home, by, baseline) = (home(), by(), parsed(BASELINE));
        let order = Order { origin: Origin::Resume, ..order(&home, &by, baseline, Mode::Register, &self.worker()) };
        let _ = resume(&self.world, &order, self.world.now()).await;
        self.releases(&order).await;
        for event in std::mem::take(&mut self.late) {
            self.delivers(event).await;
        }
        let order = backout(&home, &by, &self.worker(), BackoutOptions::default());
        let _ = resume_backouts(&self.world, &order).await;
    }

    /// Handles the events of the revisions that a hold deferred, once the hold has ended.
    async fn releases(&mut self, order: &Order<'_>) {
        for deferred in due_releases(&self.world, order).await.unwrap_or_default() {
            self.classes.insert("releases a revision after a hold");
            let event = own_message::registration(&deferred.source, &deferred.cause);
            let worker = self.worker();
            let report = with(&self.world, BASELINE, Mode::Register, &worker, &event).await;
            self.is_true(&report);
            let _ = record_release(&self.world, &deferred).await;
        }
    }

    /// Checks that a report has evidence for its verdict, and contains no secret.
    fn is_true(&mut self, report: &Decision) {
        let text = serde_json::to_string(report).unwrap();
        if text.contains("CANARY") {
            self.broken.push(format!("a report contains an environment value: {text}"));
        }
        let source = report.source.as_ref().and_then(|source| source.parse::<RevisionArn>().ok());
        let blocks = |source: RevisionArn| {
            self.world.account(|account| account.revision(&source).unwrap().text.contains("\"mode\":\"blocking\""))
        };
        if report.outcome == Outcome::Compliant && source.is_none_or(blocks) {
            self.broken.push(format!("compliant without evidence: {text}"));
        }
        match report.reason {
            Some(Reason::FuseOpen) => drop(self.classes.insert("finds the fuse open")),
            Some(Reason::OnHold) => drop(self.classes.insert("finds the family on hold")),
            Some(Reason::Locked) => drop(self.classes.insert("finds another worker's lease")),
            Some(Reason::NotVisibleYet) => drop(self.classes.insert("finds what is not visible yet")),
            Some(Reason::SourceWithdrawn) => drop(self.classes.insert("a retirement is due")),
            _ => {}
        }
    }

    /// Checks that after a completed backout, the restored revision that the record names is the only revision of the
    /// record that Logweir registered and that is ACTIVE.
    fn is_backed_out(&mut self, report: &Decision, source: &RevisionArn) {
        self.is_true(report);
        if report.outcome != Outcome::BackedOut {
            return;
        }
        self.classes.insert("backed out");
        self.world.account(|account| {
            for own in promises::own_revisions(account) {
                let stands = account.revision(own.revision).is_some_and(|revision| revision.is_active());
                let is_restored = own.record.head.restored.as_ref() == Some(own.revision);
                if own.record.head.source == *source && !is_restored && stands {
                    self.broken.push(format!(
                        "{} was backed out, and {} is ACTIVE",
                        source.short(),
                        own.revision.short()
                    ));
                }
            }
        });
    }

    /// The promises that hold after every operation.
    fn look(&mut self, op: &Op, before: &Before, number: usize) {
        let checked = &mut self.checked;
        let broken = self.world.account(|now| {
            let mut broken = promises::always(now, checked);
            if now.running != before.running && !matches!(op, Op::Runs { .. }) {
                broken.push("something runs that no principal has deployed".into());
            }
            // Only a forced correction opens a backed-out record again.
            let again = matches!(op, Op::Apply { again: true, .. });
            for (source, times) in before.backed_out.iter().filter(|_| !again) {
                let record = &now.records[source];
                if opened(record) != *times {
                    broken.push(format!("{} was backed out, and corrected again: {record:?}", source.short()));
                }
            }
            broken
        });
        self.broken.extend(broken.into_iter().map(|broken| format!("after operation {number}, {op:?}: {broken}")));
    }

    /// Finishes all open work, and then backs out everything.
    async fn comes_to_rest(&mut self) {
        self.world.lags(Lag::default());
        self.late.extend(self.untold());
        // A record that fails again and again is tried once a day.
        for _ in 0..6 {
            self.world.advance(SignedDuration::from_hours(24));
            self.resumes().await;
            self.retires().await;
        }
        let rest = self.world.picture();
        self.broken.extend(promises::at_rest(&rest, self.stale_was_asked_for));
        self.broken.extend(promises::outlive(&rest));

        // Events about revisions registered by Logweir do nothing.
        let own: Vec<RevisionArn> = promises::own_revisions(&rest).iter().map(|own| own.revision.clone()).collect();
        for revision in &own {
            let worker = self.worker();
            with(&self.world, BASELINE, Mode::Register, &worker, &event(revision)).await;
        }
        if self.world.picture().families != rest.families {
            self.broken.push("an event about a revision registered by Logweir led to another revision".into());
        }

        self.world.account(|account| {
            account.running.clear();
            account.pins.clear();
            account.pin_holders.clear();
            account.retention_policy = None;
        });
        let sources: Vec<RevisionArn> = rest.records.keys().cloned().collect();
        for source in sources.iter().rev() {
            let worker = self.worker();
            let ask = BackoutOptions { restore_over_newer: true, ..BackoutOptions::default() };
            let report = backs_out_with(&self.world, &worker, source, ask).await;
            if report.outcome != Outcome::BackedOut {
                self.broken.push(format!("{} cannot be backed out: {report:?}", source.short()));
            }
            self.is_backed_out(&report, source);
        }
        let retention = self.world.account(|account| account.groups[THIRD_PARTY].retention);
        if retention.is_some() && !self.retention_was_touched {
            self.broken.push(format!("everything was backed out, and the third-party group keeps {retention:?}"));
        }
        let checked = &mut self.checked;
        self.broken.extend(self.world.account(|account| promises::always(account, checked)));
    }

    /// The events of the deregistrations that no event has reported.
    fn untold(&self) -> Vec<Value> {
        let withdrawn: Vec<RevisionArn> = self.world.account(|account| {
            let sources = account.records.keys().filter(|source| !self.told.contains(*source));
            sources.filter(|source| !account.revision(source).unwrap().is_active()).cloned().collect()
        });
        withdrawn.iter().map(|source| deregistration(&self.world, source)).collect()
    }
}

/// How often a record was opened.
fn opened(record: &Record) -> usize {
    record.entries.iter().filter(|entry| matches!(entry.what, EntryKind::Opened(_))).count()
}
