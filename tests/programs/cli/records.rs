//! `records`: shows the records of a journal, as text and as JSON.

use jiff::{SignedDuration, Timestamp, ToSpan};
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::{Cause, RevisionRef, Trigger};
use logweir::domain::limits::deferred::DeferredRevisions;
use logweir::domain::limits::family::{Family, FamilyName, Fuse, Hold, Writer};
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::Outcome;
use logweir::domain::report::BackoutBy;
use logweir::journal_file::FileJournal;
use logweir::ports::{Adapters, Journal};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{BackoutOptions, back_out, remediate};
use serde_json::{Value, json};

use super::apply::blocking;
use crate::journal_contract::newer_version;
use crate::loopback::account::{WEB_1, event};
use crate::loopback::function::invoke;
use crate::loopback::operator::{Operator, Ran, undo};
use crate::order::{backout, order};
use crate::world::story::{BLOCKING, by, home};
use crate::world::{Moment, Then, World};

const HOSTILE: &str = "a\u{1b}[2Jb\nundo       rm -rf /\r\u{202e}c\u{7}";

/// Actions of other principals in a world, recorded in the operator's journal.
struct Past {
    world: World,
    operator: Operator,
    journal: FileJournal,
}

impl Past {
    fn new() -> Self {
        let operator = Operator::of(&[]);
        let journal = FileJournal::open(operator.journal()).unwrap();
        Self { world: World::new(), operator, journal }
    }

    fn ports(&self) -> Adapters<World, World, FileJournal, World> {
        let world = || self.world.clone();
        Adapters { ecs: world(), log_groups: world(), journal: self.journal.clone(), clock: world() }
    }

    /// `actor` registers a revision of a family, and Logweir corrects it. `who` can back out the correction.
    async fn corrected(&self, family: &str, actor: &str, who: &BackoutBy) -> RevisionArn {
        let document = BLOCKING.replace("\"web\"", &format!("{family:?}"));
        let source = self.world.account(|account| account.registers(&document));
        let (home, baseline) = (home(), Baseline::parse(SHIPPED_BASELINE).unwrap());
        let order = order(&home, who, &baseline, Mode::Register, "worker");
        let cause = Cause { actor: Some(actor.into()), ..Cause::default() };
        remediate(&self.ports(), &order, Trigger::Remediate { which: RevisionRef::Revision(source.clone()), cause })
            .await;
        source
    }

    async fn backs_out(&self, source: &RevisionArn, ask: BackoutOptions) -> Outcome {
        let (home, by) = (home(), by());
        back_out(&self.ports(), &backout(&home, &by, "operator", ask), source).await.outcome
    }

    async fn backed_out(&self, source: &RevisionArn, ask: BackoutOptions) {
        assert_eq!(self.backs_out(source, ask).await, Outcome::BackedOut);
    }

    fn records(&self, arguments: &[&str]) -> Ran {
        std::fs::create_dir_all(self.operator.journal()).unwrap();
        let ran = self.operator.run(&[&["records"], arguments].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran
    }

    fn listed(&self, filter: &[&str]) -> Vec<String> {
        let answer = self.records(&[filter, &["--format", "json"]].concat()).json();
        assert_eq!(answer["schema"], "logweir.records/1");
        let short = |record: &Value| record["source"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        answer["records"].as_array().unwrap().iter().map(short).collect()
    }
}

/// Four records: a correction, a backout an hour later, a correction a day later, and one whose worker has died.
async fn four() -> Past {
    let past = Past::new();
    past.corrected("web", "arn:aws:iam::111122223333:user/dev", &by()).await;
    past.world.advance(SignedDuration::from_hours(1));
    let api = past.corrected("api", "arn:aws:iam::111122223333:user/ops", &by()).await;
    past.backed_out(&api, BackoutOptions::default()).await;
    past.world.advance(SignedDuration::from_hours(24));
    past.corrected("web", "arn:aws:iam::111122223333:user/dev", &by()).await;
    past.world.advance(SignedDuration::from_hours(1));
    past.world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    past.corrected("cron", "arn:aws:sts::111122223333:assumed-role/ci/run", &by()).await;
    past
}

#[tokio::test]
async fn the_list_is_filtered_by_family_time_outcome_cause_and_open() {
    let past = four().await;
    let all = ["cron:1", "web:3", "api:1", "web:1"];
    for (filter, listed) in [
        (&[][..], &all[..]),
        (&["--limit", "2"], &all[..2]),
        (&["--family", "web"], &["web:3", "web:1"]),
        (&["--family", "none"], &[]),
        (&["--since", "2026-11-22"], &all[..2]),
        (&["--since", "2026-11-21T13:00:00Z"], &all[..3]),
        (&["--outcome", "backed-out"], &["api:1"]),
        (&["--outcome", "remediated"], &["web:3", "web:1"]),
        (&["--caused-by", "user/ops"], &["api:1"]),
        (&["--open"], &["cron:1"]),
        (&["--family", "web", "--open"], &[]),
        (&["--family", "web", "--since", "2026-11-22"], &["web:3"]),
    ] {
        assert_eq!(past.listed(filter), listed, "{filter:?}");
        let table = past.records(filter).out;
        assert_eq!(
            table.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect::<Vec<_>>(),
            listed
        );
    }
}

#[tokio::test]
async fn a_line_of_the_list_shows_outcome_correction_time_and_cause() {
    let table = four().await.records(&[]).out;
    let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0].join(" "), "RECORD OUTCOME CORRECTED WHEN ACCOUNT REGION CAUSED BY");
    assert_eq!(
        words[1],
        ["cron:1", "open", "-", "2026-11-22T14:00:00Z", "111122223333", "eu-west-1", "assumed-role/ci/run"]
    );
    assert_eq!(
        words[2],
        ["web:3", "remediated", "web:4", "2026-11-22T13:00:00Z", "111122223333", "eu-west-1", "user/dev"]
    );
    assert_eq!(words[3], ["api:1", "backed-out", "-", "2026-11-21T13:00:00Z", "111122223333", "eu-west-1", "user/ops"]);
}

#[test]
fn what_a_newer_version_wrote_is_named_and_does_not_hide_the_other_records() {
    let past = Past::new();
    std::fs::create_dir(past.operator.journal()).unwrap();
    std::fs::write(past.operator.journal().join("journal.jsonl"), newer_version::LINES).unwrap();
    let newer = ["web:50", "web:51"].map(|short| format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{short}"));
    let items = [&newer[..], &["111122223333/eu-west-1/web".to_owned()]].concat();
    assert_eq!(past.listed(&[]), ["api:3"]);
    assert_eq!(past.records(&["--format", "json"]).json()["unreadable"], json!(items));
    let ran = past.records(&[]);
    assert!(ran.out.contains("api:3") && ran.out.contains("! api: "), "{ran:?}");
    let warning =
        format!("warning: this version of logweir cannot read these items of the journal: {}", items.join(", "));
    assert!(ran.err.contains(&warning) && ran.err.contains("help: use the newest version of logweir"), "{ran:?}");
    for name in ["web:50", &newer[1]] {
        let ran = past.operator.run(&["records", name]);
        assert!(ran.code == 2 && ran.err.contains("this version of Logweir does not know"), "{ran:?}");
    }
    let ran = past.operator.run(&["records", "web:52"]);
    assert!(ran.code == 2 && ran.err.contains("no readable record has this name"), "{ran:?}");
}

#[test]
fn an_empty_journal_is_no_error() {
    let past = Past::new();
    let ran = past.records(&[]);
    assert!(
        ran.out.is_empty() && ran.err.starts_with("the journal has no matching records\njournal: file:"),
        "{ran:?}"
    );
    assert_eq!(past.listed(&[]), Vec::<String>::new());
    assert_eq!(past.operator.run(&["records", "web:1"]).code, 2);
}

#[test]
fn an_invalid_filter_is_wrong_usage() {
    let past = Past::new();
    for filter in [["--since", "yesterday"], ["--outcome", "fine"], ["--limit", "many"]] {
        assert_eq!(past.operator.run(&[&["records"], &filter[..]].concat()).code, 64, "{filter:?}");
    }
}

#[tokio::test]
async fn a_record_is_shown_entry_by_entry_with_its_undo_command() {
    let past = Past::new();
    past.corrected("web", "arn:aws:iam::111122223333:user/dev", &by()).await;
    for name in ["web:1", "web:2"] {
        let text = past.records(&[name]).out;
        let record = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1";
        let command = format!("logweir backout {record} --function logweir-backout --region eu-west-1");
        assert!(undo(&text).starts_with(&command), "{text}");
        let wanted = [
            "opened: 3 steps in mode register, to correct blocking-delivery, missing-log-group, unsized-buffer",
            "started: create log group /ecs/web",
            "done: create log group /ecs/web",
            "started: set retention of /ecs/web to 30 days",
            "done: set retention of /ecs/web to 30 days",
            "started: register a corrected revision (containers: app)",
            "done: registered web:2",
            "closed: remediated",
        ];
        let entries: Vec<&str> = text.lines().filter_map(|line| line.split_once("Z  ")).map(|(_, said)| said).collect();
        assert_eq!(entries, wanted);
        let answer = past.records(&[name, "--format", "json"]).json();
        assert_eq!((&answer["schema"], &answer["backout"]), (&json!("logweir.record/1"), &json!(undo(&text))));
        assert_eq!(answer["entries"].as_array().unwrap().len(), wanted.len());
    }
}

#[tokio::test]
async fn the_undo_command_of_the_command_line_names_the_journal_that_it_wrote() {
    let past = Past::new();
    let source = past.corrected("web", "dev", &BackoutBy::Journal(Vec::new())).await;
    let text = past.records(&["web:1"]).out;
    let words = shlex::split(undo(&text)).unwrap();
    let journal = format!("file:{}", past.operator.journal().display());
    assert_eq!(words[..3], ["logweir", "backout", &source.to_string()]);
    assert_eq!(words[3..7], ["--journal", &journal, "--region", "eu-west-1"]);
    assert_eq!(past.records(&["--format", "json"]).json()["records"][0]["backout"], undo(&text));
}

#[tokio::test]
async fn a_record_without_anything_to_back_out_has_no_undo_command() {
    let past = Past::new();
    let source = past.corrected("web", "dev", &by()).await;
    let ask = BackoutOptions {
        requested_by: Some("me".into()),
        reason: Some("incident 7".into()),
        ..BackoutOptions::default()
    };
    past.backed_out(&source, ask).await;
    for name in ["web:1", "web:2"] {
        let text = past.records(&[name]).out;
        assert!(
            !text.contains("undo ") && text.contains("to correct the revision again, run: logweir apply --force"),
            "{text}"
        );
        assert!(text.contains("backout requested by me: incident 7") && text.contains("closed: backed-out"), "{text}");
    }
    assert_eq!(past.records(&["web:1", "--format", "json"]).json()["backout"], Value::Null);
    assert_eq!(past.records(&["--format", "json"]).json()["records"][0]["backout"], Value::Null);
}

#[test]
fn the_printed_command_corrects_a_backed_out_revision_again() {
    let operator = Operator::of(&[blocking("web")]);
    operator.run(&["apply", "ecs:web", "--yes"]);
    operator.run(&["backout", "web:1"]);
    let text = operator.run(&["records", "web:1"]).out;
    let again = text
        .lines()
        .find_map(|line| line.strip_prefix("a backout was requested; to correct the revision again, run: "))
        .unwrap();
    let ran = operator.types(&format!("{again} --yes"));
    assert_eq!((ran.code, operator.account.active("web")), (0, vec![1, 3]), "{again}: {ran:?}");
}

#[test]
fn a_record_of_the_function_is_shown_and_backed_out_by_the_command_line() {
    let operator = Operator::of(&[blocking("web")]);
    let function = invoke(&operator.aws, "register", vec![event(WEB_1)]);
    let types = |line: &str| operator.types(&format!("{line} --endpoint-url {}", operator.aws.url));
    let place = "--journal dynamodb:journal --region eu-west-1";
    let list = types(&format!("logweir records {place}"));
    assert!(list.code == 0 && list.out.contains("web:1") && list.out.contains("remediated"), "{list:?}");
    let told = types(&format!("logweir records web:2 {place}"));
    let printed = function.invocations[0].answer["backout"].as_str().unwrap();
    assert_eq!(undo(&told.out), format!("{printed} --endpoint-url {}", operator.aws.url));
    assert_eq!(operator.types(undo(&told.out)).code, 0);
    assert_eq!(operator.account.active("web"), [1]);
}

#[tokio::test]
async fn a_record_with_an_unfinished_backout_is_open_and_shown_as_such() {
    let past = Past::new();
    let source = past.corrected("web", "dev", &by()).await;
    past.world.at_next("DeregisterTaskDefinition", Moment::Before, Then::Crash);
    past.backs_out(&source, BackoutOptions::default()).await;
    assert_eq!(past.listed(&["--open"]), ["web:1"]);
    assert!(past.records(&[]).out.contains("backing out"));
    let text = past.records(&["web:1"]).out;
    assert!(text.contains("undoing: deregister web:2") && undo(&text).contains("--function"), "{text}");
}

#[tokio::test]
async fn a_stopped_family_is_shown_with_the_cause() {
    let past = Past::new();
    past.corrected("web", "dev", &by()).await;
    let name = |family: &str| FamilyName {
        family: family.into(),
        ..FamilyName::of(&"arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1".parse().unwrap())
    };
    let now = Timestamp::now();
    let writer = Writer { principal: Some("ci".into()), ..Writer::default() };
    let fuse = Some(Fuse { opened: now, writer, times: 4, last: 9, failed: None });
    let open = Family { fuse, version: 1, ..Family::new(name("api"), now) };
    past.journal.put_state(&open).await.unwrap();
    let hold = Some(Hold { until: now + 2.hours(), reason: Some("incident 7".into()), by: None });
    let version = past.journal.read_state::<Family>(&name("web")).await.unwrap().unwrap().version + 1;
    let source = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:3".parse().unwrap();
    let mut deferred = DeferredRevisions::default();
    deferred.add(&source, &Cause::default());
    let cluster = "c".repeat(255);
    for n in 0..400 {
        let service = format!("arn:aws:ecs:eu-west-1:111122223333:service/{cluster}/web-{n}");
        deferred.add_service(&source, &service.parse().unwrap());
    }
    let left_out = format!("\n  Logweir had no room for {} events about other services", deferred.left_out());
    past.journal.put_state(&Family { hold, deferred, version, ..Family::new(name("web"), now) }).await.unwrap();

    let list = past.records(&[]).out;
    assert!(list.contains("! api: the family's fuse has been open since"), "{list}");
    assert!(
        list.contains("ci re-registered the fault 4 times") && list.contains("logweir apply --force ecs:api --journal"),
        "{list}"
    );
    assert!(list.contains("! web: the family is on hold until") && list.contains("incident 7"), "{list}");
    assert!(!past.records(&["--family", "web"]).out.contains("! api"));
    let stopped = past.records(&["--format", "json"]).json()["stopped"].clone();
    assert_eq!((stopped.as_array().unwrap().len(), &stopped[0]["fuse"]["times"]), (2, &json!(4)));
    let record = past.records(&["web:1"]).out;
    assert!(record.contains("! web: the family is on hold until"), "{record}");
    assert!(record.contains("\n  after the hold, Logweir corrects web:3, if it is still the newest"), "{record}");
    assert!(record.contains(&left_out), "{record}");
    assert_eq!(past.records(&["web:1", "--format", "json"]).json()["stopped"]["hold"]["reason"], "incident 7");
}

#[tokio::test]
async fn an_expired_hold_stops_nothing_and_is_not_shown() {
    let past = Past::new();
    let source = past.corrected("web", "dev", &by()).await;
    let name = FamilyName::of(&source);
    let version = past.journal.read_state::<Family>(&name).await.unwrap().unwrap().version + 1;
    let hold = Some(Hold { until: Timestamp::now() - 1.hour(), reason: None, by: None });
    past.journal.put_state(&Family { hold, version, ..Family::new(name, Timestamp::now()) }).await.unwrap();
    assert!(!past.records(&[]).out.contains("! web"));
    assert!(!past.records(&["web:1"]).out.contains("! web"));
    assert_eq!(past.records(&["--format", "json"]).json()["stopped"], json!([]));
}

#[tokio::test]
async fn hostile_texts_are_shown_as_one_harmless_line_each() {
    let past = Past::new();
    let source = past.corrected("web", HOSTILE, &by()).await;
    let now = past.world.account(|account| account.now);
    let hold_until = Some(Timestamp::now().max(now) + 2.hours());
    let hostile = Some(HOSTILE.to_owned());
    let ask =
        BackoutOptions { reason: hostile.clone(), requested_by: hostile, hold_until, ..BackoutOptions::default() };
    past.backed_out(&source, ask).await;
    for arguments in [&[][..], &["web:1"]] {
        for color in ["never", "always"] {
            let out = past.records(&[arguments, &["--color", color]].concat()).out;
            let control = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
            assert!(!out.chars().any(control), "{out:?}");
            assert!(!out.lines().any(|line| line.starts_with("undo")), "{out}");
            assert!(out.contains("a[2Jb"), "its harmless part is kept: {out}");
        }
    }
    let told = past.records(&["web:1"]).out;
    assert_eq!(told.lines().filter(|line| line.contains("backout requested by")).count(), 1);
}
