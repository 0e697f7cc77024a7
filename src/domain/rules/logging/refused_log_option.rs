//! A log option that ECS, Docker or CloudWatch Logs refuses.
//!
//! The rules `unnamed-log-group`, `blocking-delivery`, `unsized-buffer` and `unroutable-firelens` report other faults
//! of the options that they need.

use serde_json::{Map, Value};

use super::awslogs_option::{AwslogsOption, meant, owner};
use super::options::Given;
use super::region::{is_region, probable_region};
use crate::domain::baseline::LOG_DRIVERS;
use crate::domain::ecs::task_definition::{Log, Options, kind};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::text::placeholder::{is_intrinsic, is_marked_format};
use crate::domain::text::{datetime, go_pattern};

pub(in crate::domain::rules) struct RefusedLogOption;

const NAME: RuleName = RuleName::RefusedLogOption;

const DATETIME: &str = "awslogs-datetime-format";
const MULTILINE: &str = "awslogs-multiline-pattern";
const CREATE_GROUP: &str = "awslogs-create-group";

/// The options of awslogs whose values the rule checks, except the date format and the regular expression, which may
/// contain the marks of a placeholder.
const CHECKED: [&str; 3] = ["awslogs-region", "awslogs-stream-prefix", CREATE_GROUP];

/// The options of awslogs whose types other rules check.
const CHECKED_ELSEWHERE: [&str; 5] =
    ["awslogs-group", "awslogs-region", "awslogs-stream-prefix", "mode", "max-buffer-size"];

impl Rule for RefusedLogOption {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a log option that ECS, Docker or CloudWatch Logs refuses"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects().flat_map(|subject| check(&subject)).collect()
    }

    /// If a deploy tool sets a value, the rule cannot check the value.
    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        let is_unknown = |subject: Subject<'_, '_>| {
            subject.awslogs().is_some_and(|options| {
                let is_own = subject.is_own_region(options);
                let checked = CHECKED.iter().filter(|option| **option != "awslogs-region" || !is_own);
                checked.into_iter().any(|option| matches!(subject.given(options, option), Given::Unknown(_)))
            })
        };
        !case.seen.is_live() && case.subjects().any(is_unknown)
    }
}

/// Returns the findings about the options of one container.
pub(in crate::domain::rules) fn check(subject: &Subject<'_, '_>) -> Vec<Finding> {
    let Log::Configured { driver, options } = subject.container.log() else { return Vec::new() };
    if !LOG_DRIVERS.contains(&driver) || subject.is_given_awslogs() {
        // The options of an unknown driver are not known, and the fix of the driver replaces all options.
        return Vec::new();
    }
    let options = match options {
        Options::Map(options) => options,
        Options::Malformed(found) if driver != "awslogs" => {
            let message =
                format!("the options of {} are {found} instead of an object: ECS refuses them", subject.called());
            let advice = "write the options as an object; Logweir does not guess the intended options";
            return vec![subject.finding(NAME, "/options", message, Fix::Advice(advice.into()))];
        }
        Options::Malformed(_) | Options::Absent | Options::Null | Options::Unknown => return Vec::new(),
    };
    let mut findings: Vec<Finding> = options
        .iter()
        .filter_map(|(name, value)| {
            let Fault { message, fix } = fault(subject, driver, name, value)?;
            let at = format!("/options/{}", name.replace('~', "~0").replace('/', "~1"));
            Some(subject.finding(NAME, &at, message, fix))
        })
        .collect();
    if driver == "awslogs" {
        findings.extend(both_multiline(subject, options));
    }
    findings
}

struct Fault {
    message: String,
    fix: Fix,
}

impl Fault {
    fn advice(message: String, advice: impl Into<String>) -> Self {
        Self { message, fix: Fix::Advice(advice.into()) }
    }
}

fn fault(subject: &Subject<'_, '_>, driver: &str, name: &str, value: &Value) -> Option<Fault> {
    if subject.is_marked(name) {
        return None;
    }
    let of_another = if driver == "awslogs" { unwanted(subject, name) } else { foreign(subject, driver, name) };
    if of_another.is_some() || is_intrinsic(value) && !subject.case.seen.is_live() {
        return of_another;
    }
    let is_awslogs = driver == "awslogs";
    match value {
        Value::String(text) if is_awslogs => refused_value(subject, name, text),
        Value::String(_) => None,
        _ if is_awslogs && CHECKED_ELSEWHERE.contains(&name) => None,
        _ if matches!(name, "mode" | "max-buffer-size") => None,
        other => {
            let message = format!(
                "option `{}` of {} is {} instead of a string: ECS refuses it",
                shown(name),
                subject.called(),
                kind(other)
            );
            Some(Fault::advice(message, "write the value as a string, or remove the option"))
        }
    }
}

/// Returns the fault of an awslogs container that has an option which awslogs does not take.
fn unwanted(subject: &Subject<'_, '_>, name: &str) -> Option<Fault> {
    let called = subject.called();
    let option = shown(name);
    match AwslogsOption::of(name) {
        AwslogsOption::Documented => None,
        // ECS has accepted the options of a registered revision.
        AwslogsOption::OfDocker if subject.case.seen.is_live() => None,
        AwslogsOption::OfDocker => {
            let advice = match name {
                "awslogs-stream" => "use awslogs-stream-prefix; ECS names the log stream after the prefix",
                _ => "remove the option",
            };
            let message = format!("{called} has the option `{option}`, which Docker takes but ECS does not offer");
            Some(Fault::advice(message, advice))
        }
        AwslogsOption::OfDriver(driver) => {
            let message =
                format!("{called} logs through awslogs with the option `{option}` of {driver}: ECS refuses it");
            Some(Fault::advice(message, "remove the option"))
        }
        AwslogsOption::Unknown => {
            let advice = match meant(name) {
                Some(meant) => format!("write `{meant}`; the names of options are case-sensitive"),
                None => "remove the option, or correct its name".into(),
            };
            let message = format!("{called} has the option `{option}`, which awslogs does not have: ECS refuses it");
            Some(Fault::advice(message, advice))
        }
    }
}

/// Returns the fault of a container that has an option of another driver than its own. awsfirelens passes its options
/// to the router, which may have an option of any name.
fn foreign(subject: &Subject<'_, '_>, driver: &str, name: &str) -> Option<Fault> {
    let owner = owner(name).filter(|owner| *owner != driver && driver != "awsfirelens")?;
    let message = format!(
        "{} logs through {driver} with the option `{}` of {owner}: ECS refuses it",
        subject.called(),
        shown(name)
    );
    Some(Fault::advice(message, "remove the option"))
}

/// Returns the fault of the value of an awslogs option.
fn refused_value(subject: &Subject<'_, '_>, name: &str, text: &str) -> Option<Fault> {
    let called = subject.called();
    match name {
        "awslogs-stream-prefix" => {
            let error = subject.check_stream_prefix(text).err()?;
            let message = format!("CloudWatch Logs refuses the log stream of {called}: {error}");
            let advice = "use a short prefix without `:` and `*`; until then, Logweir does not change the container";
            Some(Fault::advice(message, advice))
        }
        "awslogs-region" if subject.names_no_region(text) => {
            let message = format!("the awslogs-region of {called} is not the name of a Region");
            let advice = match probable_region(text) {
                Some(region) => format!("write `{region}`; until then, Logweir does not change the container"),
                None => "write the name of a Region such as `eu-west-1`; until then, Logweir does not change the \
                         container"
                    .into(),
            };
            Some(Fault::advice(message, advice))
        }
        CREATE_GROUP => create_group(subject, text),
        DATETIME | MULTILINE if text.is_empty() => {
            // ECS has accepted the empty option of a registered revision, and Docker ignores the option.
            let message = format!("{called} has the option `{name}` without a value");
            let fix = Fix::Options(vec![(if name == DATETIME { DATETIME } else { MULTILINE }, None)]);
            (!subject.case.seen.is_live()).then_some(Fault { message, fix })
        }
        DATETIME if !is_variable(subject, text) => {
            let error = datetime::pattern(text).err()?;
            let message = format!("Docker cannot use the awslogs-datetime-format of {called}: {error}");
            let advice = "use the directives %a %A %b %B %d %f %H %I %j %L %m %M %p %S %w %y %Y %z %Z, and write a \
                          backslash before each literal bracket, parenthesis and other special character";
            Some(Fault::advice(message, advice))
        }
        MULTILINE if !is_variable(subject, text) => {
            let error = go_pattern::check(text).err()?;
            let message = format!("Docker refuses the awslogs-multiline-pattern of {called}: {error}");
            Some(Fault::advice(message, "write a regular expression in the syntax of Go (RE2)"))
        }
        _ => None,
    }
}

/// Whether a date format or a regular expression contains the variable of a deploy tool.
fn is_variable(subject: &Subject<'_, '_>, text: &str) -> bool {
    !subject.case.seen.is_live() && is_marked_format(text)
}

/// ECS takes only the value `true` (source: terraform-linters/tflint-ruleset-aws#348). Other spellings of a truth value
/// are those of Docker.
fn create_group(subject: &Subject<'_, '_>, text: &str) -> Option<Fault> {
    if text == "true" || subject.is_placeholder(text) {
        return None;
    }
    let message =
        format!("the {CREATE_GROUP} of {} is not `true`: ECS refuses any other value of this option", subject.called());
    let fix = match text {
        "" | "false" | "False" | "FALSE" | "f" | "F" | "0" => Fix::Options(vec![(CREATE_GROUP, None)]),
        "True" | "TRUE" | "t" | "T" | "1" => Fix::Options(vec![(CREATE_GROUP, Some("true".into()))]),
        _ => Fix::Advice("write `true`, or remove the option".into()),
    };
    Some(Fault { message, fix })
}

fn both_multiline(subject: &Subject<'_, '_>, options: &Map<String, Value>) -> Option<Finding> {
    let has = |name: &str| match options.get(name) {
        None | Some(Value::Null) => false,
        // The fix removes an empty option from a file.
        Some(Value::String(text)) => !text.is_empty() || subject.case.seen.is_live(),
        Some(_) => true,
    };
    let message = format!("{} has both {DATETIME} and {MULTILINE}: Docker refuses the two together", subject.called());
    let advice = format!("remove {DATETIME} or {MULTILINE}");
    let at = format!("/options/{MULTILINE}");
    (has(DATETIME) && has(MULTILINE)).then(|| subject.finding(NAME, &at, message, Fix::Advice(advice)))
}

/// Returns the name of an option for messages. An author can write a name of any length.
fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    match name.char_indices().nth(LONGEST) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

impl Subject<'_, '_> {
    /// Whether the value of `awslogs-region` cannot be a Region.
    pub(super) fn names_no_region(&self, text: &str) -> bool {
        !text.is_empty() && Some(text) != self.case.seen.region && !self.is_placeholder(text) && !is_region(text)
    }
}
