//! The journal: it can be read, nothing lies unfinished, nothing waits for a human, no fuse is open.

use jiff::{SignedDuration, Timestamp};

use super::{Check, Looked, names};
use crate::domain::limits::family::{Family, Stopped};
use crate::domain::record::Head;
use crate::domain::text::count;

/// The schedule takes up what is left every five minutes, and a lease may last six.
const UNFINISHED: SignedDuration = SignedDuration::from_mins(30);

/// What the journal says.
#[derive(Clone, Debug)]
pub struct RecordState {
    /// Records on which work remains.
    pub open: Vec<Head>,
    /// Those that ended in `needs-operator` lately.
    pub stuck: Vec<Head>,
    pub stopped: Vec<Family>,
}

/// `options` are those with which the command line finds the journal and the account.
pub fn check(standing: &Looked<RecordState>, now: Timestamp, options: &str) -> Vec<Check> {
    const JOURNAL: &str = "journal";
    const RECORDS: &str = "records";
    let standing = match standing {
        Ok(standing) => standing,
        Err(unseen) if unseen.is_missing => {
            let says = format!("it is gone: {}", unseen.why);
            return vec![Check::problem(JOURNAL, says, "restore the table to a point in time, under its old name")];
        }
        Err(unseen) => return vec![Check::unknown(JOURNAL, "whether it can be read", unseen)],
    };
    let mut checks = vec![Check::ok(JOURNAL, "it can be read")];
    let shorts = |heads: &[&Head]| -> Vec<String> { heads.iter().map(|head| head.source.short()).collect() };
    let named = |shorts: &[String]| names(shorts.iter().map(String::as_str));
    // A service that is on its way may take hours, and the baseline's deadline says when that is too long.
    let old: Vec<&Head> =
        standing.open.iter().filter(|head| head.open && now.duration_since(head.at) > UNFINISHED).collect();
    if !old.is_empty() {
        let says =
            format!("{} unfinished for half an hour: {}", count(old.len() as u64, "record"), named(&shorts(&old)));
        let help = format!("logweir records --open {options}; each says what it waits for");
        checks.push(Check::problem(RECORDS, says, help));
    }
    if !standing.stuck.is_empty() {
        let stuck: Vec<&Head> = standing.stuck.iter().collect();
        let says = format!("{} for an operator: {}", count(stuck.len() as u64, "record"), named(&shorts(&stuck)));
        let help = format!("logweir records --outcome needs-operator {options}; each says what is in the way");
        checks.push(Check::problem(RECORDS, says, help));
    }
    let fuses: Vec<&str> = standing
        .stopped
        .iter()
        .filter(|family| matches!(family.stopped(now), Some(Stopped::FuseOpen(_))))
        .map(|family| family.name.family.as_str())
        .collect();
    if !fuses.is_empty() {
        let says = format!("{} open: {}", count(fuses.len() as u64, "fuse"), names(fuses.iter().copied()));
        let help = format!(
            "logweir records {options} says why; mend it where it comes from, then: logweir apply --again ecs:{}",
            fuses[0]
        );
        checks.push(Check::problem(RECORDS, says, help));
    }
    if checks.len() == 1 {
        let under_way = match standing.open.len() {
            0 => String::new(),
            some => format!("{} under way, ", some),
        };
        checks.push(Check::ok(RECORDS, format!("{under_way}none unfinished, none for an operator, no fuse open")));
    }
    checks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{State, Unseen};
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
        RecordState { open: Vec::new(), stuck: Vec::new(), stopped: Vec::new() }
    }

    #[test]
    fn a_record_is_unfinished_once_the_schedule_should_have_taken_it_up() {
        assert!(faults(nothing()).is_empty());
        assert!(faults(RecordState { open: vec![head("2026-11-21T11:45:00Z")], ..nothing() }).is_empty());
        let old = faults(RecordState { open: vec![head("2026-11-21T11:00:00Z")], ..nothing() });
        assert_eq!(old, ["1 record unfinished for half an hour: web:41"]);
    }

    #[test]
    fn services_on_their_way_may_take_longer() {
        let following = Head { open: false, ..head("2026-11-21T09:00:00Z") };
        assert!(faults(RecordState { open: vec![following], ..nothing() }).is_empty());
    }

    #[test]
    fn what_waits_for_an_operator_and_an_open_fuse_are_named_and_a_hold_is_no_fault() {
        let stuck = faults(RecordState { stuck: vec![head("2026-11-20T09:00:00Z")], ..nothing() });
        assert_eq!(stuck, ["1 record for an operator: web:41"]);
        let mut family = Family::new(FamilyName::of(&head(NOW).source), NOW.parse().unwrap());
        family.hold = serde_json::from_value(json!({"until": "2026-11-22T00:00:00Z", "reason": null})).unwrap();
        assert!(faults(RecordState { stopped: vec![family.clone()], ..nothing() }).is_empty());
        family.hold = None;
        let writer = json!({"principal": null, "user_agent": null, "tool": null});
        family.fuse = serde_json::from_value(json!({"opened": NOW, "writer": writer, "times": 4, "last": 41})).unwrap();
        assert_eq!(faults(RecordState { stopped: vec![family], ..nothing() }), ["1 fuse open: web"]);
    }

    #[test]
    fn a_journal_that_cannot_be_read_says_nothing_of_its_records() {
        let unseen = |is_missing| Unseen { why: "no".into(), help: "ask".into(), is_missing };
        let state = |is_missing| check(&Err(unseen(is_missing)), NOW.parse().unwrap(), "")[0].state;
        assert_eq!((state(false), state(true)), (State::Unknown, State::Problem));
    }
}
