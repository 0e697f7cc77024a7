//! Situations for the rules: a task definition as its author wrote it, a baseline, and the known facts about AWS.

use std::collections::BTreeMap;
use std::fmt;

use logweir::domain::baseline::{Baseline, Delivery};
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::plan;
use logweir::domain::rules::facts::{DefaultMode, LogGroup};
use logweir::domain::rules::packs;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::json::{Json, anything, layouts, scalars};
use crate::rules::golden::Facts;

#[derive(Clone)]
pub struct Situation {
    pub definition: TaskDefinition,
    pub baseline_text: String,
    pub baseline: Baseline,
    pub facts: Facts,
}

/// The names of the rules by which the deployed function judges.
pub fn rule_names() -> Vec<&'static str> {
    packs::LOGGING.iter().map(|rule| rule.name().name()).collect()
}

impl Situation {
    pub fn new(text: &str, baseline_text: &str, facts: Facts) -> Self {
        Self {
            definition: TaskDefinition::parse(text).unwrap_or_else(|error| panic!("{error}:\n{text}")),
            baseline: Baseline::parse(baseline_text).unwrap_or_else(|error| panic!("{error}:\n{baseline_text}")),
            baseline_text: baseline_text.to_owned(),
            facts,
        }
    }

    pub fn plan(&self) -> plan::Plan {
        plan::plan(&self.facts.observe(&self.definition), &self.baseline)
    }

    /// The same situation with `more` appended to its baseline.
    pub fn with_baseline(&self, more: &str) -> Self {
        Self::new(self.definition.text(), &format!("{}\n{more}", self.baseline_text), self.facts.clone())
    }

    /// The same situation, live. The log groups that the rules ask for have these states, in turn.
    fn live(mut self, states: &[LogGroup], mode: DefaultMode) -> Self {
        self.facts.default_mode = mode;
        let names = plan::log_groups(&self.facts.observe(&self.definition), &self.baseline);
        self.facts.log_groups = Some(names.into_keys().zip(states.iter().cycle().cloned()).collect::<BTreeMap<_, _>>());
        self
    }
}

/// Shows all that is needed to turn a failing situation into a golden case.
impl fmt::Debug for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { definition, baseline_text, facts, .. } = self;
        write!(f, "\n--- input.json\n{}\n--- baseline.toml\n{baseline_text}\n--- facts\n{facts:?}\n", definition.text())
    }
}

/// Situations offline and live.
pub fn situations() -> BoxedStrategy<Situation> {
    (offline(), prop::option::weighted(0.7, (prop::collection::vec(log_groups(), 1..4), default_modes())))
        .prop_map(|(situation, live)| match live {
            Some((states, mode)) if situation.facts.region.is_some() => situation.live(&states, mode),
            _ => situation,
        })
        .boxed()
}

pub fn offline() -> BoxedStrategy<Situation> {
    (documents(), baselines(), prop::option::weighted(0.85, Just("eu-west-1")))
        .prop_map(|(text, baseline, region)| {
            Situation::new(&text, &baseline, Facts { region: region.map(String::from), ..Facts::none() })
        })
        .boxed()
}

fn default_modes() -> BoxedStrategy<DefaultMode> {
    select(vec![
        DefaultMode::Known(Delivery::NonBlocking),
        DefaultMode::Known(Delivery::Blocking),
        DefaultMode::Unreadable("AccessDenied".into()),
        DefaultMode::NotChecked,
    ])
    .boxed()
}

fn log_groups() -> BoxedStrategy<LogGroup> {
    let retention = select(vec![None, Some(1), Some(30), Some(90), Some(3653)]);
    let policy = prop::option::weighted(0.2, Just("keep".to_owned()));
    let empty = select(vec![None, Some(true), Some(false)]);
    let exists =
        (retention, policy, empty).prop_map(|(retention, policy, empty)| LogGroup::Exists { retention, policy, empty });
    prop_oneof![Just(LogGroup::Missing), exists].boxed()
}

/// Task definitions, realistic and hostile, in every layout.
pub fn documents() -> BoxedStrategy<String> {
    let family = one_of(&["\"web\"", "\"audit-trail\"", "\"${family}\"", "\"my web\"", "null", "7"]);
    let memory = one_of(&["512", "\"512\"", "\"0.5 GB\"", "8", "\"${memory}\"", "null", "1E9"]);
    let compatibilities = one_of(&[
        "[\"FARGATE\"]",
        "[\"EC2\", \"FARGATE\"]",
        "[\"EC2\"]",
        "[\"EXTERNAL\"]",
        "[\"EC2\", \"MANAGED_INSTANCES\"]",
        "[]",
        "null",
        "\"FARGATE\"",
    ]);
    let role = one_of(&["\"arn:aws:iam::111122223333:role/ecs\"", "\"\"", "null"]);
    let enclave = prop::option::weighted(0.05, Just(Json::raw(r#"{"isolationMode": "CONFIDENTIAL_SANDBOX"}"#)));
    let alien = prop::option::of(anything());
    let containers = prop::collection::vec(containers(), 1..5).prop_map(|all| Some(Json::Array(all)));
    let members = (
        optional("family", family),
        optional("memory", memory),
        optional("requiresCompatibilities", compatibilities),
        optional("executionRoleArn", role),
        optional("trustedExecutionConfiguration", enclave),
        optional("alienMember", alien),
        optional("containerDefinitions", containers),
    )
        .prop_map(|(a, b, c, d, e, f, g)| [a, b, c, d, e, f, g].into_iter().flatten().collect::<Vec<_>>());
    (members.prop_shuffle(), layouts()).prop_map(|(members, layout)| Json::Object(members).write(layout)).boxed()
}

type Member = (String, Json);

/// A member that may be absent. Its key is sometimes spelled with an escape.
fn optional(key: &'static str, value: impl Strategy<Value = Option<Json>> + 'static) -> BoxedStrategy<Option<Member>> {
    let escaped = format!("\"\\u{:04x}{}\"", key.chars().next().unwrap() as u32, &key[1..]);
    let key = prop_oneof![9 => Just(format!("\"{key}\"")), 1 => Just(escaped)];
    (key, value).prop_map(|(key, value)| value.map(|value| (key, value))).boxed()
}

/// One of these raw texts, the first most often; or nothing.
fn one_of(texts: &[&'static str]) -> BoxedStrategy<Option<Json>> {
    let first = Just(Some(Json::raw(texts[0])));
    prop_oneof![6 => first, 3 => select(texts.to_vec()).prop_map(|text| Some(Json::raw(text))), 1 => Just(None)].boxed()
}

fn containers() -> BoxedStrategy<Json> {
    let name = prop_oneof![
        8 => select(vec!["app", "side", "audit", "a/b~c", "na\\u00efve", "ro\\u0075ter"]).prop_map(|name| Some(Json::raw(format!("\"{name}\"")))),
        1 => select(vec!["null", "\"\"", "5"]).prop_map(|name| Some(Json::raw(name))),
        1 => Just(None),
    ];
    let memory = prop_oneof![2 => Just(None), 1 => one_of(&["512", "8", "64", "17", "\"${memory}\"", "null"])];
    let router = prop::option::weighted(
        0.2,
        select(vec![r#"{"type":"fluentbit"}"#, r#"{ "type": "fluentd" }"#, "{}", "null"]).prop_map(Json::raw),
    );
    let members = (
        optional("name", name),
        optional("image", Just(Some(Json::text("registry.example/web:1")))),
        optional("memory", memory),
        optional("firelensConfiguration", router),
        optional("alienMember", prop::option::of(anything())),
        optional("environment", prop::option::of(Just(Json::Array(Vec::new())))),
        optional("logConfiguration", log_configurations()),
    )
        .prop_map(|(a, b, c, d, e, f, g)| [a, b, c, d, e, f, g].into_iter().flatten().collect::<Vec<_>>());
    prop_oneof![19 => members.prop_shuffle().prop_map(Json::Object), 1 => scalars()].boxed()
}

fn log_configurations() -> BoxedStrategy<Option<Json>> {
    let driver = prop_oneof![
        6 => Just("awslogs"),
        3 => select(vec!["awsfirelens", "awsfirelens", "splunk", "json-file", "syslog", "${driver}", ""]),
    ];
    let options = prop_oneof![
        10 => awslogs_options().prop_map(Some),
        1 => Just(None),
        1 => select(vec!["null", "[]", "\"mode\"", "{}"]).prop_map(|text| Some(Json::raw(text))),
    ];
    let members = (
        optional("logDriver", driver.prop_map(|driver| Some(Json::text(driver)))),
        optional("options", options),
        optional("secretOptions", prop::option::weighted(0.2, Just(Json::Array(Vec::new())))),
        optional("alienMember", prop::option::weighted(0.2, anything())),
    )
        .prop_map(|(a, b, c, d)| [a, b, c, d].into_iter().flatten().collect::<Vec<_>>());
    let replaceable = select(vec!["{\"max-size\": \"10m\"}", "{}", "null"]).prop_map(|options| {
        let members = [("\"logDriver\"", Json::text("json-file")), ("\"options\"", Json::raw(options))];
        Json::Object(members.map(|(key, value)| (key.to_owned(), value)).into())
    });
    prop_oneof![
        12 => members.prop_shuffle().prop_map(|members| Some(Json::Object(members))),
        1 => replaceable.prop_map(Some),
        5 => Just(None),
        2 => select(vec!["null", "{}"]).prop_map(|text| Some(Json::raw(text))),
        1 => scalars().prop_map(Some),
    ]
    .boxed()
}

fn awslogs_options() -> BoxedStrategy<Json> {
    let odd = || one_of(&["\"\"", "null", "5", "[]", "\"${x}\""]);
    let mostly = |texts: &'static [&'static str]| prop_oneof![7 => one_of(texts), 1 => odd()];
    (
        optional("awslogs-group", mostly(&["\"/ecs/web\"", "\"/prod/web\"", "\"/ecs/\\u0077eb\""])),
        optional("awslogs-region", mostly(&["\"eu-west-1\"", "\"us-east-1\"", "\"eu-west-1a\""])),
        optional("awslogs-stream-prefix", mostly(&["\"app\"", "\"ecs\"", "\"a:b\""])),
        optional(
            "awslogs-create-group",
            prop::option::weighted(
                0.2,
                select(vec!["\"true\"", "\"false\"", "\"1\"", "\"\"", "true"]).prop_map(Json::raw),
            ),
        ),
        optional("mode", mostly(&["\"non-blocking\"", "\"blocking\"", "\"Blocking\""])),
        optional("max-buffer-size", mostly(&["\"25m\"", "\"1m\"", "\"400m\"", "\"4500000\"", "\"lots\"", "25.0"])),
        optional("alien-option", prop::option::weighted(0.3, scalars())),
        optional("Name", prop::option::weighted(0.1, Just(Json::raw("\"firehose\"")))),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].into_iter().flatten().collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(Json::Object)
        .boxed()
}

/// Baselines with every key that rules use, with profiles and with exemptions, some of them expired.
pub fn baselines() -> BoxedStrategy<String> {
    let logging = (
        select(vec!["fix", "advice"]),
        select(vec!["[]", "[\"json-file\"]", "[\"json-file\", \"syslog\"]"]),
        select(vec!["[\"awslogs\"]", "[]", "[\"awslogs\", \"splunk\", \"syslog\"]"]),
        select(vec!["non-blocking", "blocking"]),
        select(vec!["explicit", "effective"]),
        select(vec![("25m", "4m"), ("25m", "4500k"), ("1000000", "999999"), ("1g", "1")]),
        select(vec!["0.25", "1.0", "0.013"]),
        select(vec!["/ecs/{family}", "/ecs/{family}/{container}", "all"]),
        select(vec!["{container}", "{family}", "ecs"]),
    )
        .prop_map(|(missing, replace, correct, delivery, absent, (max, min), share, group, prefix)| {
            format!(
                "[logging]\nmissing-driver = \"{missing}\"\nreplace = {replace}\ncorrect-drivers = {correct}\ndelivery = \"{delivery}\"\nabsent-mode = \"{absent}\"\n\
                 max-buffer-size = \"{max}\"\nmin-buffer-size = \"{min}\"\nmax-buffer-share = {share}\ngroup = \"{group}\"\nstream-prefix = \"{prefix}\"\n"
            )
        });
    let group =
        (select(vec!["[]", "[\"/ecs/*\"]", "[\"*\"]"]), select(vec![1, 30, 365]), select(vec!["[]", "[\"/ecs/*\"]"]))
            .prop_map(|(create, days, adopt)| {
                format!("[log-group]\ncreate = {create}\nretention-days = {days}\nadopt = {adopt}\n")
            });
    let profile = (
        select(vec!["container = \"audit\"", "family = \"audit-*\""]),
        select(vec![
            "logging.delivery = \"blocking\"",
            "logging.delivery = \"non-blocking\"",
            "log-group.retention-days = 365",
            "logging.min-buffer-size = \"4097\"\nlogging.max-buffer-size = \"5000\"",
        ]),
    )
        .prop_map(|(who, what)| format!("[[profile]]\nmatch = {{ {who} }}\n{what}\n"));
    let exemption = (
        select(vec!["container = \"side\"", "container = \"a*\"", "container = \"*\"", "family = \"web\""]),
        subsequence(rule_names(), 1..=11),
        select(vec![2026, 2027]),
    )
        .prop_map(|(who, rules, year)| exemption(who, &rules, &format!("{year}-01-31")));
    (logging, group, prop::option::of(profile), prop::option::of(exemption))
        .prop_map(|(logging, group, profile, exemption)| {
            format!("version = 1\n{logging}{group}{}{}", profile.unwrap_or_default(), exemption.unwrap_or_default())
        })
        .boxed()
}

pub fn exemption(who: &str, rules: &[&str], until: &str) -> String {
    format!(
        "[[exempt]]\nmatch = {{ {who} }}\nrules = {rules:?}\nuntil = {until}\nowner = \"team\"\nreason = \"a reason\"\n"
    )
}
