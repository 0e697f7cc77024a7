//! Laws of the activity report: the accounts of the records are complete for any bytes, and the order and the split of
//! the files do not change the report.

use jiff::tz::TimeZone;
use logweir::domain::trail::Record;
use logweir::domain::trail::activity::{Activity, Collector, Duplicates, Filters, Question, Run};
use logweir::domain::trail::address::NoPlaces;
use logweir::sources::trail::{FilesRead, Limits, Sink, read_one};
use proptest::prelude::*;
use serde_json::{Value, json};

const LIMITS: Limits = Limits { file: 1 << 20, record: 2048 };

struct Counts<'a> {
    collector: Collector,
    question: &'a Question,
    kept: &'a Duplicates,
    /// How many elements the sink received.
    received: u64,
}

impl Sink for Counts<'_> {
    fn needs(&self, text: &[u8]) -> bool {
        text.len().is_multiple_of(2)
    }

    fn record(&mut self, record: &Record<'_>, _: &[u8]) {
        self.received += 1;
        self.collector.take(record, self.question, self.kept);
    }

    fn passed_over(&mut self, id: Option<&str>, time: &str) {
        self.received += 1;
        self.collector.passed_over(id, time);
    }

    fn unreadable(&mut self) {
        self.received += 1;
        self.collector.unreadable();
    }
}

/// Needs every record.
struct All<'a>(Counts<'a>);

impl Sink for All<'_> {
    fn needs(&self, _: &[u8]) -> bool {
        true
    }

    fn record(&mut self, record: &Record<'_>, text: &[u8]) {
        self.0.record(record, text);
    }

    fn passed_over(&mut self, id: Option<&str>, time: &str) {
        self.0.passed_over(id, time);
    }

    fn unreadable(&mut self) {
        self.0.unreadable();
    }
}

fn question() -> Question {
    let filters = Filters { sources: vec!["ecs.amazonaws.com".into()], ..Filters::default() };
    Question::new(filters, "2026-11-02T00:00:00Z".parse().ok(), None)
}

/// Returns the report on files, each read by a collector of its own.
fn report(files: &[Vec<u8>]) -> Activity {
    let (question, kept, mut read) = (question(), Duplicates::default(), FilesRead::default());
    let mut all = Collector::default();
    for (number, bytes) in files.iter().enumerate() {
        let counts = Counts { collector: Collector::default(), question: &question, kept: &kept, received: 0 };
        let mut sink = All(counts);
        let ended = read_one(bytes.as_slice(), LIMITS, &mut sink);
        read.add(&number.to_string(), bytes.len() as u64, ended);
        all.merge(sink.0.collector);
    }
    let run = Run {
        files: read.files,
        unreadable_files: read.unreadable(),
        notes: Vec::new(),
        time_zone: "UTC".into(),
        top: 0,
        geography: None,
        is_by_day: kept.is_by_day(),
    };
    all.report(&question, run, &TimeZone::UTC, &NoPlaces)
}

fn record(number: u64) -> Value {
    json!({
        "eventID": format!("event-{}", number % 40),
        "eventTime": format!("2026-11-{:02}T{:02}:00:00Z", 1 + number % 40 % 5, number % 24),
        "eventSource": if number.is_multiple_of(4) { "s3.amazonaws.com" } else { "ecs.amazonaws.com" },
        "eventName": (["ListTasks", "RunTask", "ExecuteCommand"][number as usize % 3]),
        "readOnly": number.is_multiple_of(3),
        "sourceIPAddress": format!("192.0.2.{}", number % 5),
        "userAgent": (["aws-cli/2.1", "Boto3/1.2", "curl/8"][number as usize % 3]),
        "errorCode": if number.is_multiple_of(7) { "AccessDenied" } else { "" },
        "userIdentity": {"type": "IAMUser", "userName": format!("user-{}", number % 4)},
        "requestParameters": {"cluster": format!("cluster-{}", number % 2)},
    })
}

/// A part of a file, right or wrong.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..60_u64).prop_map(|number| record(number).to_string()),
        (0..60_u64).prop_map(|number| json!({"detail": record(number)}).to_string()),
        (0..60_u64).prop_map(|number| json!({"CloudTrailEvent": record(number).to_string()}).to_string()),
        prop::sample::select(vec![
            "{\"Records\":[",
            "{\"Events\":[",
            "]}",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\n",
            "\"",
            "\\",
            "null",
            "5",
            "\u{0}",
            "é",
            "2026-11-01T08:00:00Z ",
            "{\"eventID\":\"x\"}",
            "{\"a\":{\"eventID\":[]}}",
            "{}",
        ])
        .prop_map(String::from),
        (0..4096_usize).prop_map(|length| format!("{{\"eventID\":\"{}\"}}", "x".repeat(length))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_element_is_accounted_for_once(parts in prop::collection::vec(fragment(), 0..12), noise in any::<Vec<u8>>()) {
        for bytes in [parts.concat().into_bytes(), [parts.concat().as_bytes(), &noise].concat(), noise.clone()] {
            let (question, kept) = (question(), Duplicates::default());
            let mut sink = Counts { collector: Collector::default(), question: &question, kept: &kept, received: 0 };
            let ended = read_one(bytes.as_slice(), LIMITS, &mut sink);
            let (Ok(elements) | Err((elements, _))) = ended;
            prop_assert_eq!(elements, sink.received);
            let run = Run {
                files: Default::default(),
                unreadable_files: Vec::new(),
                notes: Vec::new(),
                time_zone: "UTC".into(),
                top: 0,
                geography: None,
                is_by_day: false,
            };
            let records = sink.collector.report(&question, run, &TimeZone::UTC, &NoPlaces).records;
            prop_assert_eq!(records.read, elements);
            prop_assert_eq!(records.read, records.kept + records.filtered + records.duplicate + records.unreadable);
        }
    }

    #[test]
    fn the_order_and_the_split_of_the_files_do_not_matter(
        order in Just((0..60_u64).collect::<Vec<_>>()).prop_shuffle(),
        cuts in prop::collection::vec(1..20_usize, 4..12),
    ) {
        // Records with the same ID are equal, as CloudTrail's are.
        let records = |numbers: &[u64]| numbers.iter().map(|number| record(number % 40)).collect::<Vec<_>>();
        let one = report(&[json!({"Records": records(&(0..60).collect::<Vec<_>>())}).to_string().into_bytes()]);
        let (mut files, mut rest) = (Vec::new(), order.as_slice());
        for cut in cuts {
            let (file, others) = rest.split_at(cut.min(rest.len()));
            files.push(json!({"Records": records(file)}).to_string().into_bytes());
            rest = others;
        }
        files.push(records(rest).iter().map(|one| format!("{one}\n")).collect::<String>().into_bytes());
        let many = report(&files);
        prop_assert_eq!(Activity { files: one.files, ..many }, one);
    }
}
