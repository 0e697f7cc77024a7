//! The log driver options of a container.

use serde_json::Value;

use super::naming::OWN_REGION;
use crate::domain::baseline::LOG_DRIVERS;
use crate::domain::ecs::task_definition::{Log, Options};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::Subject;
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::text::placeholder::{is_intrinsic, is_placeholder};
use crate::domain::verdict::Decided;

/// The value of an option, as far as the task definition shows the value.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    /// The option is absent, null or an empty text.
    Absent,
    Text(&'a str),
    /// The task definition does not show the value, so no rule judges the value, and no fix overwrites it.
    Unknown(Unknown),
    /// The value is not a text, so ECS refuses it.
    Malformed(&'a Value),
}

/// The reason why a task definition does not show a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// A deploy tool replaces the value.
    Placeholder,
    /// A deploy tool did not replace the value before ECS registered the revision.
    Unreplaced,
    /// CloudFormation replaces the value.
    Intrinsic,
    /// ECS reads the value from a secret, because `secretOptions` names the option.
    Secret,
}

impl Unknown {
    /// Returns the kind of the value with an article, such as `a placeholder`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Placeholder => "a placeholder",
            Self::Unreplaced => "a placeholder that no deploy tool replaced",
            Self::Intrinsic => "an intrinsic function",
            Self::Secret => "a secret option",
        }
    }

    /// Returns the advice for a value that a rule has to know.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Placeholder | Self::Intrinsic => RENDER,
            Self::Unreplaced => "replace the placeholder; Logweir does not guess the intended value",
            Self::Secret => "check the value yourself; Logweir does not read secrets",
        }
    }
}

/// The advice for a task definition with a placeholder or an intrinsic function in a place that a rule has to know.
pub(in crate::domain) const RENDER: &str = "render the template, then check the rendered document";

impl<'a> Subject<'_, 'a> {
    /// Returns the options if the container uses `driver` and the options are readable.
    pub fn options_of(&self, driver: &str) -> Option<Options<'a>> {
        match self.container.log() {
            Log::Configured { driver: given, options }
                if given == driver && !matches!(options, Options::Malformed(_) | Options::Unknown) =>
            {
                Some(options)
            }
            _ => None,
        }
    }

    /// Returns the log driver and its options if the driver has a delivery mode and the options are readable. ECS says
    /// that the option `mode` applies to all supported log drivers (source: ECS API reference, LogConfiguration). The
    /// driver awsfirelens is an exception, because ECS passes its options to the router (source: amazon-ecs-agent,
    /// agent/api/task/task.go). A container that a fix gives another driver has no delivery mode to check.
    pub fn delivery_options(&self) -> Option<(&'a str, Options<'a>)> {
        let Log::Configured { driver, options } = self.container.log() else { return None };
        let has_mode = driver != "awsfirelens" && LOG_DRIVERS.contains(&driver) && !self.is_given_awslogs();
        (has_mode && !matches!(options, Options::Malformed(_) | Options::Unknown)).then_some((driver, options))
    }

    /// Whether the task definition does not show the options of a driver that has a delivery mode.
    pub fn hides_delivery_options(&self) -> bool {
        matches!(
            self.container.log(),
            Log::Configured { driver, options: Options::Unknown } if driver != "awsfirelens" && LOG_DRIVERS.contains(&driver)
        )
    }

    /// Whether the baseline lets Logweir correct the delivery mode and the buffer of the driver.
    pub fn corrects_delivery(&self, driver: &str) -> bool {
        self.settings.logging.correct_drivers.iter().any(|listed| listed == driver)
    }

    /// Whether the baseline lets containers use the driver. Another driver is a fault by itself.
    pub fn accepts(&self, driver: &str) -> bool {
        self.settings.logging.accept.iter().any(|accepted| accepted == driver)
    }

    /// Returns the fix that sets the options of the delivery, or advice if Logweir does not correct the driver.
    pub fn delivery_fix(&self, driver: &str, set: Vec<(&'static str, Option<String>)>) -> Fix {
        if self.corrects_delivery(driver) {
            return Fix::Options(set);
        }
        let wish = |(option, value): &(&str, Option<String>)| match value {
            Some(value) => format!("set {option} to `{value}`"),
            None => format!("remove {option}"),
        };
        let wishes: Vec<String> = set.iter().map(wish).collect();
        Fix::Advice(format!(
            "{}; Logweir corrects only the drivers under logging.correct-drivers in the baseline",
            wishes.join(" and ")
        ))
    }

    /// Returns the options if the container uses awslogs and the options are readable.
    pub fn awslogs(&self) -> Option<Options<'a>> {
        self.options_of("awslogs")
    }

    /// Returns the value of an option of the log driver. `options` are the options of this container.
    pub fn given(&self, options: Options<'a>, option: &str) -> Given<'a> {
        if self.has_secret_option(option) {
            return Given::Unknown(Unknown::Secret);
        }
        match options.value(option) {
            None | Some(Value::Null) if self.hides_secret_options() => Given::Unknown(Unknown::Intrinsic),
            None | Some(Value::Null) => Given::Absent,
            Some(Value::String(text)) if text.is_empty() => Given::Absent,
            Some(Value::String(text)) if self.is_placeholder(text) => Given::Unknown(Unknown::Placeholder),
            Some(Value::String(text)) => Given::Text(text),
            Some(value) if is_intrinsic(value) => Given::Unknown(Unknown::Intrinsic),
            Some(value) => Given::Malformed(value),
        }
    }

    /// Returns the value of an option whose legal values are a few words or a size. In a registered revision, a name
    /// such as `__GROUP__` is a literal, but a mode or a size that looks like a placeholder is no legal value, and the
    /// author's intention is not known.
    pub fn given_word(&self, options: Options<'a>, option: &str) -> Given<'a> {
        match self.given(options, option) {
            Given::Text(text) if is_placeholder(text) => Given::Unknown(Unknown::Unreplaced),
            given => given,
        }
    }

    /// Whether the option is CloudFormation's own parameter for the Region of the task, which is right in each Region.
    pub fn is_own_region(&self, options: Options<'a>) -> bool {
        let region = options.value("awslogs-region").and_then(Value::as_object).filter(|region| region.len() == 1);
        region.is_some_and(|region| {
            region.get("Ref").is_some_and(|name| name == "AWS::Region")
                || region.get("Fn::Sub").is_some_and(|text| text == OWN_REGION)
        })
    }

    /// Whether `secretOptions` of the log configuration names the option.
    fn has_secret_option(&self, option: &str) -> bool {
        self.secrets().any(|(_, name)| name == option)
    }

    /// Returns the names of the options in `secretOptions`, each with its position.
    pub(in crate::domain::rules) fn secrets(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let secrets = self.secret_options().and_then(Value::as_array).into_iter().flatten().enumerate();
        secrets.filter_map(|(at, secret)| Some((at, secret.get("name")?.as_str()?)))
    }

    /// Whether `secretOptions` is an intrinsic function, so that the task definition does not show the names in it.
    fn hides_secret_options(&self) -> bool {
        self.secret_options().is_some_and(is_intrinsic)
    }

    fn secret_options(&self) -> Option<&'a Value> {
        self.container.member("logConfiguration")?.get("secretOptions")
    }

    /// Returns a finding about a value that the rule has to know, but that the task definition does not show. `what`
    /// names the value, such as `mode`.
    pub fn unknown(&self, rule: RuleName, below: &str, what: &str, why: Unknown) -> Finding {
        let message = format!("the {what} of {} is {}", self.called(), why.kind());
        let decided = if why == Unknown::Intrinsic { Decided::Unknown } else { Decided::Yes };
        Finding { decided, ..self.finding(rule, below, message, Fix::Advice(why.advice().into())) }
    }
}
