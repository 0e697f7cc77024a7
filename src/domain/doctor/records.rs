//! The check of the journal and its records. The journal must be readable, and must contain no record that stays
//! unfinished, no record that waits for an operator, and no open fuse.

use jiff::{SignedDuration, Timestamp};

use super::{Check, ReadResult, names};
use crate::domain::limits::family::{Family, Stopped};
use crate::domain::record::{ClusterRecord, Head, RecordKind, ResourceRecord, SettingRecord, WholeRecord};
use crate::domain::text::count;

/// The time for which a record may stay unfinished. The schedule resumes records every five minutes, and a lease may
/// last six minutes.
const UNFINISHED: SignedDuration = SignedDuration::from_mins(30);

/// The help for items of the journal that this version of Logweir cannot read.
pub const UNREADABLE: &str = "use the newest version of logweir that has used this journal; if the newest version cannot \
                              read the items either, restore them from a backup of the journal (docs/operations.md)";

/// The records and families in the journal that `doctor` checks.
#[derive(Clone, Debug)]
pub struct RecordState {
    /// Records with unfinished work.
    pub open: Vec<Head>,
    /// Records that recently ended with the outcome `needs-operator`.
    pub stuck: Vec<Head>,
    pub stopped: Vec<Family>,
    /// The records of clusters that have unfinished work or that ended recently.
    pub clusters: Vec<ClusterRecord>,
    /// The records of settings and tags that have unfinished work or that ended recently.
    pub resources: Vec<ResourceRecord>,
    /// The records of account settings.
    pub settings: Vec<SettingRecord>,
    /// The names of the records and families that this version of Logweir cannot read.
    pub unreadable: Vec<String>,
}

/// Checks the journal. `options` are the options with which the command line finds the journal and the account.
pub fn check(standing: &ReadResult<RecordState>, now: Timestamp, options: &str) -> Vec<Check> {
    const JOURNAL: &str = "journal";
    const RECORDS: &str = "records";
    let standing = match standing {
        Ok(standing) => standing,
        Err(unseen) if unseen.is_missing => {
            let says = format!("the journal does not exist: {}", unseen.why);
            let help = "restore the DynamoDB table from its point-in-time recovery, under its old name";
            return vec![Check::problem(JOURNAL, says, help)];
        }
        Err(unseen) => {
            let what = "doctor cannot tell whether the journal can be read";
            return vec![Check::unknown(JOURNAL, what, unseen)];
        }
    };
    let mut checks = vec![Check::ok(JOURNAL, "the journal can be read")];
    let shorts = |heads: &[&Head]| -> Vec<String> { heads.iter().map(|head| spoken(head)).collect() };
    let named = |shorts: &[String]| names(shorts.iter().map(String::as_str));
    // A rollout may take hours, and the baseline sets a deadline for rollouts. A record in which only rollouts are
    // unfinished therefore does not count as unfinished.
    let old: Vec<&Head> =
        standing.open.iter().filter(|head| head.is_unfinished() && now.duration_since(head.at) > UNFINISHED).collect();
    if !old.is_empty() {
        let says = format!(
            "the journal contains {} unfinished for half an hour: {}",
            count(old.len() as u64, "record"),
            named(&shorts(&old))
        );
        let help = format!("read what each record waits for: logweir records --open {options}");
        checks.push(Check::problem(RECORDS, says, help));
    }
    if !standing.stuck.is_empty() {
        let stuck: Vec<&Head> = standing.stuck.iter().collect();
        let says = format!(
            "the journal contains {} waiting for an operator: {}",
            count(stuck.len() as u64, "record"),
            named(&shorts(&stuck))
        );
        let help = format!("read what blocks each record: logweir records --outcome needs-operator {options}");
        checks.push(Check::problem(RECORDS, says, help));
    }
    checks.extend(
        clusters(&standing.clusters, now, options).into_iter().map(|(says, help)| Check::problem(RECORDS, says, help)),
    );
    let resources = resources(&standing.resources, now, options).into_iter();
    checks.extend(resources.map(|(says, help)| Check::problem(RECORDS, says, help)));
    checks.extend(settings(&standing.settings, now));
    let fuses: Vec<&str> = standing
        .stopped
        .iter()
        .filter(|family| matches!(family.stopped(now), Some(Stopped::FuseOpen(_))))
        .map(|family| family.name.family.as_str())
        .collect();
    if !fuses.is_empty() {
        let says = format!(
            "the journal contains {} (family: {})",
            count(fuses.len() as u64, "open fuse"),
            names(fuses.iter().copied())
        );
        let again = match fuses[0].strip_prefix("cluster/") {
            Some(cluster) => format!("logweir exec apply --force {cluster}"),
            None => format!("logweir apply --force ecs:{}", fuses[0]),
        };
        let help = format!("read why the fuse opened (logweir records {options}), fix the cause, then run: {again}");
        checks.push(Check::problem(RECORDS, says, help));
    }
    if !standing.unreadable.is_empty() {
        let says = format!(
            "this version of logweir cannot read and left out {} of the journal: {}",
            count(standing.unreadable.len() as u64, "item"),
            names(standing.unreadable.iter().map(String::as_str))
        );
        checks.push(Check::problem(RECORDS, says, UNREADABLE));
    }
    if checks.len() == 1 {
        let under_way = match standing.open.len() {
            0 => String::new(),
            some => format!("{} in progress; ", count(some as u64, "record")),
        };
        let says =
            "no record has been unfinished for half an hour, no record waits for an operator, and no fuse is open";
        checks.push(Check::ok(RECORDS, format!("{under_way}{says}")));
    }
    checks
}

/// Returns each fault of the records of clusters, with its help.
fn clusters(records: &[ClusterRecord], now: Timestamp, options: &str) -> Vec<(String, String)> {
    let is_old =
        |record: &ClusterRecord| record.open_since().is_some_and(|since| now.duration_since(since) > UNFINISHED);
    let old: Vec<String> =
        records.iter().filter(|record| is_old(record)).map(|record| record.cluster.short()).collect();
    let stuck: Vec<String> =
        records.iter().filter(|record| record.needs_operator()).map(|record| record.cluster.short()).collect();
    let faults = [
        (old, "unfinished for half an hour", "; the function finishes a correction only with Exec=correct"),
        (stuck, "waiting for an operator", ""),
    ];
    let faults = faults.into_iter().filter(|(names, ..)| !names.is_empty());
    let said = |(short, state, help): (Vec<String>, &str, &str)| {
        let number = count(short.len() as u64, "record");
        let says =
            format!("the journal contains {number} of clusters {state}: {}", names(short.iter().map(String::as_str)));
        (says, format!("read what blocks each record: logweir records {} {options}{help}", short[0]))
    };
    faults.map(said).collect()
}

/// Returns each fault of the records of settings and tags, with its help. No schedule finishes them.
fn resources(records: &[ResourceRecord], now: Timestamp, options: &str) -> Vec<(String, String)> {
    let is_old =
        |record: &&ResourceRecord| record.open_since().is_some_and(|since| now.duration_since(since) > UNFINISHED);
    let shorts = |records: Vec<&ResourceRecord>| records.iter().map(|record| record.short()).collect::<Vec<_>>();
    let old = shorts(records.iter().filter(is_old).collect());
    let stuck = shorts(records.iter().filter(|record| record.needs_operator()).collect());
    let faults = [(old, "unfinished for half an hour"), (stuck, "waiting for an operator")];
    let said = |(shorts, state): (Vec<String>, &str)| {
        let number = count(shorts.len() as u64, "record");
        let says = format!(
            "the journal contains {number} of settings and tags {state}: {}",
            names(shorts.iter().map(String::as_str))
        );
        let help = format!("finish the change or back it out: logweir backout {} {options}", shorts[0]);
        (says, help)
    };
    faults.into_iter().filter(|(shorts, _)| !shorts.is_empty()).map(said).collect()
}

/// Returns each unfinished record of an account setting. No schedule finishes it.
fn settings(records: &[SettingRecord], now: Timestamp) -> impl Iterator<Item = Check> {
    let is_left = move |record: &&SettingRecord| {
        let is_old = record.is_open() && now.duration_since(record.at) > UNFINISHED;
        is_old || record.needs_operator()
    };
    let said = |record: &SettingRecord| {
        let says = format!("the record {} is unfinished, or waits for an operator", record.name);
        let command = if record.is_suppressed() { "backout account-default" } else { "apply --account-default" };
        Check::problem("records", says, format!("run the command again: logweir {command}"))
    };
    records.iter().filter(is_left).map(said)
}

/// Returns the name of a record in a list.
fn spoken(head: &Head) -> String {
    match head.kind {
        RecordKind::Correction => head.source.short(),
        RecordKind::Migration => format!("{} (migration)", head.source.short()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{ReadFailure, State};
    use super::*;
    use crate::domain::limits::family::FamilyName;
    use crate::domain::record::Opening;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn head(at: &str) -> Head {
        let opening: Opening = serde_json::from_value(json!({
            "source": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41", "mode": "register",
            "trigger": "event", "baseline_digest": "", "rules": [], "cause": {}, "steps": []
        }))
        .unwrap();
        Head { open: true, ..Head::new(&opening, at.parse().unwrap()) }
    }

    fn faults(standing: RecordState) -> Vec<String> {
        let checks = check(&Ok(standing), NOW.parse().unwrap(), "--journal dynamodb:t --region eu-west-1");
        assert!(checks.iter().filter(|check| check.state != State::Ok).all(|check| check.help.is_some()));
        checks.into_iter().filter(|check| check.state == State::Problem).map(|check| check.says).collect()
    }

    fn nothing() -> RecordState {
        RecordState {
            open: Vec::new(),
            stuck: Vec::new(),
            stopped: Vec::new(),
            clusters: Vec::new(),
            resources: Vec::new(),
            settings: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    #[test]
    fn an_unfinished_record_of_an_account_setting_is_named_with_the_command_that_finishes_it() {
        let record = |at: &str, closed: bool| -> SettingRecord {
            let opened = json!({"at": at, "by": "w", "entry": "opened", "baseline_digest": "", "cause": {},
                "before": "blocking", "after": "non-blocking"});
            let last = if closed {
                json!({"at": at, "by": "w", "entry": "closed", "outcome": "remediated"})
            } else {
                json!({"at": at, "by": "w", "entry": "started"})
            };
            serde_json::from_value(
                json!({"schema": 1, "account": "111122223333", "region": "eu-west-1", "version": 2, "at": at,
                "owner": "w", "lease_until": at, "entries": [opened, last]}),
            )
            .unwrap()
        };
        let of = |record| faults(RecordState { settings: vec![record], ..nothing() });
        let (long_ago, name) = ("2026-11-01T00:00:00Z", "account-default/111122223333/eu-west-1");
        assert_eq!(of(record(long_ago, false)), [format!("the record {name} is unfinished, or waits for an operator")]);
        assert_eq!(of(record(long_ago, true)), [""; 0]);
        assert_eq!(of(record(NOW, false)), [""; 0]);
    }

    #[test]
    fn a_record_is_unfinished_once_the_schedule_should_have_taken_it_up() {
        assert!(faults(nothing()).is_empty());
        assert!(faults(RecordState { open: vec![head("2026-11-21T11:45:00Z")], ..nothing() }).is_empty());
        let old = faults(RecordState { open: vec![head("2026-11-21T11:00:00Z")], ..nothing() });
        assert_eq!(old, ["the journal contains 1 record unfinished for half an hour: web:41"]);
    }

    #[test]
    fn a_record_with_a_revision_that_no_worker_claims_is_unfinished() {
        let registered = head(NOW).source;
        let unclaimed = Head { open: false, unclaimed: vec![registered], ..head("2026-11-21T11:00:00Z") };
        let faults = faults(RecordState { open: vec![unclaimed], ..nothing() });
        assert_eq!(faults, ["the journal contains 1 record unfinished for half an hour: web:41"]);
    }

    #[test]
    fn services_on_their_way_may_take_longer() {
        let following = Head { open: false, ..head("2026-11-21T09:00:00Z") };
        assert!(faults(RecordState { open: vec![following], ..nothing() }).is_empty());
    }

    #[test]
    fn what_waits_for_an_operator_and_an_open_fuse_are_named_and_a_hold_is_no_fault() {
        let stuck = faults(RecordState { stuck: vec![head("2026-11-20T09:00:00Z")], ..nothing() });
        assert_eq!(stuck, ["the journal contains 1 record waiting for an operator: web:41"]);
        let mut family = Family::new(FamilyName::of(&head(NOW).source), NOW.parse().unwrap());
        family.hold = serde_json::from_value(json!({"until": "2026-11-22T00:00:00Z", "reason": null})).unwrap();
        assert!(faults(RecordState { stopped: vec![family.clone()], ..nothing() }).is_empty());
        family.hold = None;
        let writer = json!({"principal": null, "user_agent": null, "tool": null});
        family.fuse = serde_json::from_value(json!({"opened": NOW, "writer": writer, "times": 4, "last": 41})).unwrap();
        assert_eq!(
            faults(RecordState { stopped: vec![family], ..nothing() }),
            ["the journal contains 1 open fuse (family: web)"]
        );
    }

    #[test]
    fn a_cluster_whose_record_stays_unfinished_or_waits_for_an_operator_is_named() {
        let record = |at: &str, last: serde_json::Value| -> ClusterRecord {
            let opened = json!({"at": at, "by": "w", "entry": "opened", "mode": "correct", "trigger": "event",
                "baseline_digest": "", "cause": {}, "steps": []});
            serde_json::from_value(json!({"schema": 1, "version": 2, "at": NOW, "owner": "w", "lease_until": NOW,
                "cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod", "entries": [opened, last]}))
            .unwrap()
        };
        let resumed = || json!({"at": NOW, "by": "w", "entry": "resumed"});
        let of = |record| faults(RecordState { clusters: vec![record], ..nothing() });
        assert!(of(record("2026-11-21T11:45:00Z", resumed())).is_empty());
        let old = of(record("2026-11-21T11:00:00Z", resumed()));
        assert_eq!(old, ["the journal contains 1 record of clusters unfinished for half an hour: cluster/prod"]);
        let closed = json!({"at": NOW, "by": "w", "entry": "closed", "outcome": "needs-operator"});
        let stuck = of(record("2026-11-21T11:00:00Z", closed));
        assert_eq!(stuck, ["the journal contains 1 record of clusters waiting for an operator: cluster/prod"]);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_does_not_hide_the_rest() {
        let unreadable = vec!["arn:aws:ecs:eu-west-1:111122223333:task-definition/web:42".into()];
        let open = vec![head("2026-11-21T11:00:00Z")];
        assert_eq!(
            faults(RecordState { unreadable, open, ..nothing() }),
            [
                "the journal contains 1 record unfinished for half an hour: web:41",
                "this version of logweir cannot read and left out 1 item of the journal: \
                 arn:aws:ecs:eu-west-1:111122223333:task-definition/web:42"
            ]
        );
    }

    #[test]
    fn a_journal_that_cannot_be_read_says_nothing_of_its_records() {
        let unseen = |is_missing| ReadFailure { why: "no".into(), help: "ask".into(), is_missing };
        let state = |is_missing| check(&Err(unseen(is_missing)), NOW.parse().unwrap(), "")[0].state;
        assert_eq!((state(false), state(true)), (State::Unknown, State::Problem));
    }
}
