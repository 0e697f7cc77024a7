//! A month of invented activity for the tests of the page.

use jiff::{SignedDuration, Timestamp};

use crate::domain::country::database::CountryDatabase;
use crate::domain::trail::activity::*;
use crate::domain::trail::address::Kind;
use crate::domain::trail::{How, Strength};

/// What the tests do to each text: nothing, or make it hostile.
pub(super) type Change = fn(&str) -> String;

const PEOPLE: [(&str, How, Strength); 8] = [
    ("alice@example.org", How::PermissionSet, Strength::Proven),
    ("deploy-pipeline", How::Role, Strength::Unknown),
    ("bob@example.org", How::PermissionSet, Strength::Proven),
    ("terraform", How::SessionName, Strength::Claimed),
    ("ecs.amazonaws.com", How::Service, Strength::Proven),
    ("ci-runner-7", How::SessionName, Strength::Claimed),
    ("carol", How::IamUser, Strength::Proven),
    ("root of 111122223333", How::Root, Strength::Proven),
];

const EVENTS: [(&str, bool); 14] = [
    ("UpdateService", true),
    ("RegisterTaskDefinition", true),
    ("RunTask", true),
    ("DeregisterTaskDefinition", true),
    ("ExecuteCommand", true),
    ("CreateService", true),
    ("DeleteService", true),
    ("PutClusterCapacityProviders", true),
    ("DescribeTasks", false),
    ("DescribeServices", false),
    ("ListTasks", false),
    ("DescribeTaskDefinition", false),
    ("DescribeClusters", false),
    ("ListServices", false),
];

/// An address with its kind, its owner and its country.
type Source = (&'static str, Kind, Option<&'static str>, Option<&'static str>);

const ADDRESSES: [Source; 14] = [
    ("ecs.amazonaws.com", Kind::Service, Some("ecs.amazonaws.com"), None),
    ("81.2.69.142", Kind::Public, None, Some("GB")),
    ("3.248.17.9", Kind::Aws, Some("AWS eu-west-1 (EC2)"), Some("IE")),
    ("10.20.4.117", Kind::Private, Some("private network"), None),
    ("89.160.20.112", Kind::Public, None, Some("SE")),
    ("2a00:23c5:1c02:7a01::5f", Kind::Public, None, Some("GB")),
    ("198.51.100.24", Kind::VpcEndpoint, Some("vpce-0a1b2c3d4e5f60718"), None),
    ("175.16.199.12", Kind::Public, None, Some("CN")),
    ("67.43.156.9", Kind::Public, None, Some("US")),
    ("111.235.160.4", Kind::Public, None, Some("SG")),
    ("202.196.224.9", Kind::Public, None, Some("PH")),
    ("AWS Internal", Kind::Service, Some("AWS Internal"), None),
    ("216.160.83.56", Kind::Public, None, Some("BR")),
    ("203.0.113.77", Kind::Unknown, None, None),
];

fn ids(seed: usize, count: usize) -> Vec<String> {
    let id =
        |index| format!("{:08x}-4f2a-4c1d-9b7e-{:012x}", seed * 2_654_435_761 % 0xffff_ffff, seed * 977 + index * 31);
    (0..count).map(id).collect()
}

fn at(hours: i64) -> Timestamp {
    "2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

fn shares(names: &[&str], count: u64, change: Change) -> Vec<Share> {
    let share = |(index, name): (usize, &&str)| Share { name: change(name), count: count / (index as u64 * 3 + 2) };
    names.iter().enumerate().map(share).collect()
}

/// Returns a month of activity, in which `change` has changed every text from a record.
pub(super) fn activity(change: Change) -> Activity {
    let count = |index: usize| 18_400 / (index as u64 + 1).pow(2) + 3;
    let people: Vec<&str> = PEOPLE.iter().map(|(name, ..)| *name).collect();
    Activity {
        schema: SCHEMA,
        period: Period { since: Some(at(0)), until: Some(at(720)), first: Some(at(0)), last: Some(at(719)) },
        filters: Filters { sources: vec!["ecs.amazonaws.com".to_owned()], ..Filters::default() },
        records: Records { read: 81_206, kept: 44_903, filtered: 35_120, duplicate: 1_180, unreadable: 3 },
        files: Files { read: 2_880, unreadable: 1, skipped: 30, bytes: 48_211_900 },
        unreadable_files: vec![UnreadableFile {
            file: change("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/14/part.json.gz"),
            why: change("the compressed data end early"),
            records: 212,
        }],
        notes: vec!["Names of sessions are claims of their callers.".to_owned()],
        timeline: (0..30).map(day).collect(),
        timeline_step: Step::Day,
        time_zone: "Europe/London".to_owned(),
        week: week(),
        addresses: addresses(&people, count, change),
        countries: ["GB", "IE", "SE", "US", "SG", "CN", "PH", "BR"]
            .iter()
            .enumerate()
            .map(|(index, code)| CountryRow {
                country: (*code).to_owned(),
                count: count(index) / 2,
                addresses: 9 - index as u64,
                examples: ids(index + 300, 5),
            })
            .collect(),
        principals: principals(count, change),
        events: events(count, change),
        errors: errors(&people, change),
        agents: agents(count, change),
        targets: targets(count, change),
        new: Some(New {
            records_before: 40_112,
            since: Some(at(-720)),
            principals: seen(&["ci-runner-7", "root of 111122223333"], change),
            addresses: seen(&["175.16.199.12", "203.0.113.77", "111.235.160.4"], change),
            agents: seen(&["Pulumi"], change),
        }),
        root: watched(7, "", change)[..1].to_vec(),
        without_mfa: watched(6, "", change),
        old_tls: watched(3, "TLSv1.1", change),
        exec: listed(
            &[OccurrenceKind::ExecSession, OccurrenceKind::DirectSession, OccurrenceKind::ExecSession],
            change,
        ),
        logging: listed(
            &[
                OccurrenceKind::RevisionWithoutLogs,
                OccurrenceKind::LogGroupDeleted,
                OccurrenceKind::RetentionChanged,
                OccurrenceKind::ExecSettings,
            ],
            change,
        ),
        geography: Some(CountryDatabase::new("DBIP-Country-Lite", 1_780_345_978)),
        left_out: [("addresses", 118), ("principals", 4)].into(),
        verification: None,
    }
}

fn day(day: i64) -> Bar {
    let is_quiet = matches!(day % 7, 0 | 6);
    let wave = ((day * 7919) % 13) as u64;
    let (write, read) = if is_quiet { (12 + wave, 160 + wave * 21) } else { (170 + wave * 17, 1_250 + wave * 71) };
    Bar { start: at(day * 24), read, write }
}

fn week() -> [[u64; 24]; 7] {
    std::array::from_fn(|day| {
        std::array::from_fn(|hour| {
            let office = 10 - (13 - hour as i64).unsigned_abs().min(10);
            match day {
                5 | 6 if !(8..20).contains(&hour) => 0,
                5 | 6 => office * 3,
                _ => office.pow(3) + (day * hour) as u64 % 17 + 4,
            }
        })
    })
}

fn addresses(people: &[&str], count: fn(usize) -> u64, change: Change) -> Vec<AddressRow> {
    let row = |(index, (address, kind, owner, country)): (usize, &Source)| AddressRow {
        address: change(address),
        kind: *kind,
        owner: owner.map(change),
        country: country.map(String::from),
        count: count(index),
        errors: count(index) / 90,
        first: at(index as i64 * 7),
        last: at(719 - index as i64 * 3),
        principals: shares(&people[index % 5..index % 5 + 3], count(index), change),
        agents: shares(&["AWS CLI", "Terraform"], count(index), change),
        examples: ids(index, 5).iter().map(|id| change(id)).collect(),
    };
    ADDRESSES.iter().enumerate().map(row).collect()
}

fn principals(count: fn(usize) -> u64, change: Change) -> Vec<PrincipalRow> {
    let row = |(index, (name, how, strength)): (usize, &(&str, How, Strength))| PrincipalRow {
        name: change(name),
        how: *how,
        strength: *strength,
        count: count(index),
        writes: count(index) / 7,
        errors: count(index) / 120,
        first: at(index as i64 * 11),
        last: at(719 - index as i64 * 5),
        examples: ids(index + 100, 5),
    };
    PEOPLE.iter().enumerate().map(row).collect()
}

fn events(count: fn(usize) -> u64, change: Change) -> Vec<EventRow> {
    let row = |(index, (name, write)): (usize, &(&str, bool))| EventRow {
        source: change("ecs.amazonaws.com"),
        name: change(name),
        count: if *write { count(index + 2) } else { count(index - 8) },
        write: *write,
        errors: index as u64 % 4,
        examples: ids(index + 200, 5),
    };
    EVENTS.iter().enumerate().map(row).collect()
}

fn errors(people: &[&str], change: Change) -> Vec<ErrorRow> {
    let codes = ["AccessDenied", "ThrottlingException", "ClusterNotFoundException", "InvalidParameterException"];
    let row = |(index, code): (usize, &&str)| ErrorRow {
        code: change(code),
        count: 160 / (index as u64 * 2 + 1),
        principals: shares(&people[index..index + 2], 160, change),
        events: shares(&["RunTask", "UpdateService"], 90, change),
        examples: ids(index + 400, 4),
    };
    codes.iter().enumerate().map(row).collect()
}

fn agents(count: fn(usize) -> u64, change: Change) -> Vec<AgentRow> {
    let agents = [
        ("AWS service", AgentKind::Service),
        ("AWS CLI", AgentKind::Cli),
        ("Terraform", AgentKind::Tool),
        ("AWS console", AgentKind::Console),
        ("Boto3", AgentKind::Sdk),
        ("AWS SDK for Go", AgentKind::Sdk),
        ("Pulumi", AgentKind::Tool),
    ];
    let row = |(index, (agent, kind)): (usize, &(&str, AgentKind))| AgentRow {
        agent: change(agent),
        kind: *kind,
        count: count(index),
        first: at(2),
        last: at(718 - index as i64),
        examples: ids(index + 500, 5),
    };
    agents.iter().enumerate().map(row).collect()
}

fn targets(count: fn(usize) -> u64, change: Change) -> Vec<TargetRow> {
    let targets = [
        (TargetKind::Cluster, "production"),
        (TargetKind::Service, "production/checkout-api"),
        (TargetKind::Family, "checkout-api"),
        (TargetKind::Cluster, "staging"),
        (TargetKind::Service, "production/search-indexer"),
        (TargetKind::Family, "search-indexer"),
    ];
    let row = |(index, (kind, name)): (usize, &(TargetKind, &str))| TargetRow {
        kind: *kind,
        name: change(name),
        count: count(index),
        writes: count(index) / 9,
        last: at(700 - index as i64),
        examples: ids(index + 600, 5),
    };
    targets.iter().enumerate().map(row).collect()
}

fn seen(names: &[&str], change: Change) -> Vec<Seen> {
    let row = |(index, name): (usize, &&str)| Seen {
        name: change(name),
        count: 210 / (index as u64 + 1),
        first: at(300 + index as i64),
        examples: ids(index + 700, 3),
    };
    names.iter().enumerate().map(row).collect()
}

fn watched(person: usize, detail: &str, change: Change) -> Vec<Watched> {
    let row = |index: usize| Watched {
        principal: change(PEOPLE[person].0),
        source: change("ecs.amazonaws.com"),
        event: change(EVENTS[index].0),
        detail: change(detail),
        count: 14 / (index as u64 + 1),
        first: at(100),
        last: at(640 - index as i64),
        examples: ids(index + 800, 2),
    };
    (0..3).map(row).collect()
}

fn listed(kinds: &[OccurrenceKind], change: Change) -> Listed {
    let call = |(index, kind): (usize, &OccurrenceKind)| {
        let (name, _, strength) = PEOPLE[index % 4];
        let is_session = matches!(kind, OccurrenceKind::ExecSession | OccurrenceKind::DirectSession);
        let targets = ["checkout-api:41", "/ecs/search-indexer", "/ecs/checkout-api", "production"];
        let details = ["container app has no logConfiguration", "", "30 days instead of 365", "logging NONE"];
        let (target, detail) =
            if is_session { ("production / 7f3a9c1e5b6d4820 / app", "") } else { (targets[index], details[index]) };
        Occurrence {
            time: at(690 - 41 * index as i64),
            id: change(&ids(index + 900, 1)[0]),
            kind: *kind,
            source: change("ecs.amazonaws.com"),
            event: change(if is_session { "ExecuteCommand" } else { "RegisterTaskDefinition" }),
            principal: change(name),
            strength,
            address: change("81.2.69.142"),
            account: change("111122223333"),
            region: change("eu-west-1"),
            target: change(target),
            detail: change(detail),
            error: (index == 2).then(|| change("AccessDenied")),
            record: (index == 0 && !is_session).then(|| change("checkout-api:41")),
        }
    };
    Listed { count: kinds.len() as u64, calls: kinds.iter().enumerate().map(call).collect() }
}
