//! The settings of a Lambda function, which come from environment variables of the function.

mod place;
mod remediation;

use std::fmt::Display;

use jiff::SignedDuration;

use crate::domain::event;
use crate::domain::event::scope::Scope;
use crate::domain::outcome::Mode;
use crate::domain::report::BackoutBy;
pub use place::{BaselinePlace, JournalPlace};
pub use remediation::Remediation;

/// The length of a worker's lease on a record, during which no other worker may continue the record. The lease is
/// longer than the time-out of the Lambda function, which `template.yaml` sets.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// The length of the lease of a worker that performs a backout. The lease is longer than [`LEASE`], because a backout
/// reads every cluster of the account and Region, which may take minutes.
pub const BACKOUT_LEASE: SignedDuration = SignedDuration::from_secs(360);

/// The text of the default baseline `infra/baseline.toml`, which the package of the functions also contains.
pub const SHIPPED_BASELINE: &str = include_str!("../infra/baseline.toml");

pub struct Settings {
    pub role: Role,
    /// The name of the DynamoDB table that contains the journal.
    pub table: String,
    pub own_roles: Vec<String>,
    pub scope: Scope,
    /// The ARN of the SNS topic for notifications.
    pub topic: Option<String>,
    /// The name or ARN of the EventBridge bus for notifications.
    pub bus: Option<String>,
    /// The name of the log group to which the Lambda function writes its log.
    pub log_group: Option<String>,
}

/// The job of a Lambda function: to remediate, or to back out. The stack deploys the same program as two functions, and
/// each function has its own IAM role.
pub enum Role {
    Remediate(Box<Remediation>),
    Backout {
        /// Whether the function retires corrected revisions. The function retires none in mode observe or while Logweir
        /// is paused.
        retires: bool,
    },
}

/// The error for a missing or invalid environment variable of the Lambda function.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {message}")]
pub struct SettingsError {
    variable: &'static str,
    message: String,
}

fn wrong(variable: &'static str, message: impl Into<String>) -> SettingsError {
    SettingsError { variable, message: message.into() }
}

impl Settings {
    /// Reads the settings of the function. `variable` returns the value of an environment variable. `parameter` reads
    /// the Systems Manager parameter that contains the baseline, if the settings name such a parameter. Returns an
    /// error if a setting is missing, unknown or unreadable, because the function must not run with incomplete
    /// settings.
    pub async fn read<E: Display>(
        variable: impl Fn(&str) -> Option<String>,
        parameter: impl AsyncFnOnce(&str) -> Result<Option<String>, E>,
    ) -> Result<Self, SettingsError> {
        let needed = |name: &'static str| {
            variable(name).filter(|value| !value.is_empty()).ok_or_else(|| wrong(name, "is not set"))
        };
        let role = match needed("LOGWEIR_ROLE")?.as_str() {
            "remediate" => Role::Remediate(Box::new(Remediation::read(&variable, parameter).await?)),
            "backout" => Role::Backout { retires: retires(&variable)? },
            other => {
                let message = format!("`{other}` is not a role of this function; use remediate or backout");
                return Err(wrong("LOGWEIR_ROLE", message));
            }
        };
        let JournalPlace::Table(table) =
            needed("LOGWEIR_JOURNAL")?.parse().map_err(|error| wrong("LOGWEIR_JOURNAL", error))?
        else {
            return Err(wrong(
                "LOGWEIR_JOURNAL",
                "the function needs a journal in a DynamoDB table; use dynamodb:TABLE",
            ));
        };
        let own_roles = own_roles(&needed("LOGWEIR_OWN_ROLES")?)?;
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let topic = set("LOGWEIR_TOPIC");
        if topic.as_ref().is_some_and(|topic| !is_topic(topic)) {
            return Err(wrong("LOGWEIR_TOPIC", "is not the ARN of an SNS topic"));
        }
        let (bus, log_group) = (set("LOGWEIR_BUS"), set("AWS_LAMBDA_LOG_GROUP_NAME"));
        let list = |name| set(name).map(|list| patterns(&list));
        let all = || vec!["*".to_owned()];
        let families = list("LOGWEIR_FAMILIES").unwrap_or_else(all);
        let scope = Scope::of(&families, &list("LOGWEIR_CLUSTERS").unwrap_or_else(all));
        let roles: Vec<String> =
            [list("LOGWEIR_EXECUTION_ROLES"), list("LOGWEIR_TASK_ROLES")].into_iter().flatten().flatten().collect();
        let scope = if roles.is_empty() { scope } else { scope.passing(&roles) };
        let scope = scope.watching_sessions(flag(&variable, "LOGWEIR_EXEC_SESSIONS")?);
        Ok(Self { role, table, own_roles, scope, topic, bus, log_group })
    }

    /// Returns the URL of the event queue and the URL of the dead-letter queue. A URL is `None` if the settings do not
    /// contain it.
    pub fn queues(&self) -> (Option<&str>, Option<&str>) {
        match &self.role {
            Role::Remediate(remediation) => (remediation.queue.as_deref(), remediation.dead_letters.as_deref()),
            Role::Backout { .. } => (None, None),
        }
    }

    /// Returns how an operator backs out the corrections of this function: with the deployed backout function if there
    /// is one, and otherwise with the command line and the journal's table.
    pub fn backout(&self, region: &str) -> BackoutBy {
        match &self.role {
            Role::Remediate(remediation) if remediation.backout_function.is_some() => BackoutBy::Function {
                name: remediation.backout_function.clone().unwrap_or_default(),
                region: region.to_owned(),
            },
            _ => {
                let journal = format!("dynamodb:{}", self.table);
                BackoutBy::Journal(["--journal", &journal, "--region", region].map(String::from).into())
            }
        }
    }
}

/// Returns whether the backout function retires corrected revisions. If the mode is not set, the function retires none.
fn retires(variable: &impl Fn(&str) -> Option<String>) -> Result<bool, SettingsError> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let mode = set("LOGWEIR_MODE").map(|mode| mode.parse().map_err(|error: String| wrong("LOGWEIR_MODE", error)));
    let paused = flag(variable, "LOGWEIR_PAUSED")?;
    Ok(!paused && mode.transpose()?.is_some_and(|mode: Mode| mode > Mode::Observe))
}

/// Returns whether the variable is `true`. A variable that is not set counts as `false`.
fn flag(variable: &impl Fn(&str) -> Option<String>, name: &'static str) -> Result<bool, SettingsError> {
    match variable(name).as_deref() {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(wrong(name, "is neither true nor false")),
    }
}

/// Returns the patterns of a comma-separated list.
fn patterns(list: &str) -> Vec<String> {
    list.split(',').map(|pattern| pattern.trim().to_owned()).filter(|pattern| !pattern.is_empty()).collect()
}

/// Returns whether the text has the form `arn:PARTITION:sns:REGION:ACCOUNT:NAME`.
fn is_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts.as_slice(), ["arn", _, "sns", ..]) && parts.len() == 6 && parts.iter().all(|part| !part.is_empty())
}

/// Parses a comma-separated list of role ARNs. Returns an error if an item is not the ARN of an IAM role. Such an item
/// would match no principal, so Logweir would not recognize the calls that it made itself.
pub fn own_roles(list: &str) -> Result<Vec<String>, SettingsError> {
    let roles: Vec<String> =
        list.split(',').map(|role| role.trim().to_owned()).filter(|role| !role.is_empty()).collect();
    match roles.iter().find(|role| !event::is_own(role, std::slice::from_ref(role))) {
        Some(_) => Err(wrong("LOGWEIR_OWN_ROLES", "is not a comma-separated list of role ARNs")),
        None => Ok(roles),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::baseline::Baseline;
    use crate::domain::exec_mode::ExecMode;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/baseline.toml");

    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    /// Reads the settings from a complete environment in which the variables in `changed` have the given values. An
    /// empty variable counts as not set.
    fn read_with(changed: &[(&str, &str)], parameter: Result<Option<&str>, &str>) -> Result<Settings, SettingsError> {
        let variable = |name: &str| {
            let value = match name {
                "LOGWEIR_ROLE" => "remediate",
                "LOGWEIR_MODE" => "register",
                "LOGWEIR_BASELINE" => FILE,
                "LOGWEIR_JOURNAL" => "dynamodb:journal",
                "LOGWEIR_OWN_ROLES" => "arn:aws:iam::111122223333:role/a, arn:aws:iam::111122223333:role/b",
                _ => "",
            };
            let changed = changed.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
            Some(changed.unwrap_or(value).to_owned())
        };
        wait(Settings::read(variable, async |_: &str| parameter.map(|text| text.map(String::from))))
    }

    fn read(changed: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        read_with(changed, Err("no parameter was to be read"))
    }

    fn error(settings: Result<Settings, SettingsError>) -> String {
        settings.err().unwrap().to_string()
    }

    fn remediation(settings: Result<Settings, SettingsError>) -> Remediation {
        let Ok(Settings { role: Role::Remediate(remediation), .. }) = settings else { panic!() };
        *remediation
    }

    fn digest() -> String {
        Baseline::parse(SHIPPED_BASELINE).unwrap().digest().to_owned()
    }

    #[test]
    fn a_whole_environment_is_read() {
        let queue = ("LOGWEIR_QUEUE", "https://sqs.eu-west-1.amazonaws.com/111122223333/work");
        let dead_letters = ("LOGWEIR_DEAD_LETTERS", "https://sqs.eu-west-1.amazonaws.com/111122223333/dead");
        let settings = read(&[queue, dead_letters, ("LOGWEIR_CONFIRMED_BASELINE", &digest())]).unwrap();
        assert_eq!((settings.table.as_str(), settings.own_roles.len()), ("journal", 2));
        assert_eq!(settings.queues(), (Some(queue.1), Some(dead_letters.1)));
        assert_eq!(read(&[]).unwrap().queues(), (None, None));
        assert!(settings.scope.has_family("web"), "every family is in scope by default");
        assert_eq!(remediation(Ok(settings)).mode, Mode::Register);
    }

    #[test]
    fn what_it_is_for_may_be_narrowed() {
        let scope = read(&[("LOGWEIR_FAMILIES", "shop-*"), ("LOGWEIR_CLUSTERS", "prod")]).unwrap().scope;
        assert!(scope.has_family("shop-web") && !scope.has_family("web"));
        let service = |name| event::Home::default().service(name, None).unwrap();
        assert!(scope.has_service(&service("arn:aws:ecs:eu-west-1:111122223333:service/prod/web")));
        assert!(!scope.has_service(&service("arn:aws:ecs:eu-west-1:111122223333:service/test/web")));
    }

    #[test]
    fn sessions_are_watched_only_if_the_setting_says_so() {
        let name = "LOGWEIR_EXEC_SESSIONS";
        for (value, expected) in [("", false), ("false", false), ("true", true)] {
            assert_eq!(read(&[(name, value)]).unwrap().scope.watches_sessions(), expected, "{value}");
        }
        assert_eq!(error(read(&[(name, "yes")])), "LOGWEIR_EXEC_SESSIONS: is neither true nor false");
    }

    #[test]
    fn the_scope_may_be_a_list_and_so_may_the_roles() {
        let lists = [("LOGWEIR_FAMILIES", "shop-*, web"), ("LOGWEIR_CLUSTERS", "prod,stage-?")];
        let scope = read(&lists).unwrap().scope;
        assert!(["shop-a", "web"].iter().all(|family| scope.has_family(family)) && !scope.has_family("api"));
        let definition = r#"{"executionRoleArn":"ecs/web","taskRoleArn":"api","containerDefinitions":[{}]}"#;
        let definition = crate::domain::ecs::task_definition::TaskDefinition::parse(definition).unwrap();
        assert_eq!(scope.not_passed(&definition, "1"), [""; 0], "without the roles, nothing is known about them");
        let roles = [("LOGWEIR_EXECUTION_ROLES", "a,b"), ("LOGWEIR_TASK_ROLES", "ecs/*")];
        assert_eq!(read(&roles).unwrap().scope.not_passed(&definition, "1"), ["api"]);
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        assert_eq!(error(read(&[("LOGWEIR_MODE", "")])), "LOGWEIR_MODE: is not set");
        assert_eq!(
            error(read(&[("LOGWEIR_MODE", "rolout")])),
            "LOGWEIR_MODE: `rolout` is not a mode; use observe, register or rollout"
        );
        assert_eq!(
            error(read(&[("LOGWEIR_JOURNAL", "file:/tmp")])),
            "LOGWEIR_JOURNAL: the function needs a journal in a DynamoDB table; use dynamodb:TABLE"
        );
        for queue in ["LOGWEIR_QUEUE", "LOGWEIR_DEAD_LETTERS"] {
            assert_eq!(error(read(&[(queue, "work")])), format!("{queue}: is not the URL of a queue"));
        }
    }

    #[test]
    fn a_topic_is_optional() {
        let read = |topic| read(&[("LOGWEIR_ROLE", "backout"), ("LOGWEIR_TOPIC", topic)]);
        let arn = "arn:aws:sns:eu-west-1:111122223333:operators";
        assert_eq!(read(arn).unwrap().topic.as_deref(), Some(arn));
        assert_eq!(read("").unwrap().topic, None);
        let error = read("operators").err().unwrap().to_string();
        assert_eq!(error, "LOGWEIR_TOPIC: is not the ARN of an SNS topic");
    }

    #[test]
    fn the_role_decides_what_else_is_needed_and_none_is_taken_for_granted() {
        let backout = ("LOGWEIR_ROLE", "backout");
        let read_role = |role| read(&[("LOGWEIR_ROLE", role), ("LOGWEIR_MODE", ""), ("LOGWEIR_BASELINE", "")]);
        assert!(matches!(read_role(backout.1).map(|settings| settings.role), Ok(Role::Backout { retires: false })));
        assert_eq!(error(read_role("remediate")), "LOGWEIR_MODE: is not set");
        assert_eq!(error(read_role("")), "LOGWEIR_ROLE: is not set");
        assert!(error(read_role("Backout")).starts_with("LOGWEIR_ROLE: `Backout` is not a role"));
    }

    #[test]
    fn the_backout_function_retires_nothing_in_mode_observe_or_while_paused_or_if_unsure() {
        for (mode, paused, expected) in [
            ("register", "false", true),
            ("rollout", "", true),
            ("observe", "false", false),
            ("register", "true", false),
            ("", "false", false),
        ] {
            let settings = read(&[("LOGWEIR_ROLE", "backout"), ("LOGWEIR_MODE", mode), ("LOGWEIR_PAUSED", paused)]);
            let role = settings.unwrap().role;
            assert!(matches!(role, Role::Backout { retires } if retires == expected), "{mode} {paused}");
        }
        let error_of = |changed| error(read(&[("LOGWEIR_ROLE", "backout"), changed]));
        assert_eq!(error_of(("LOGWEIR_PAUSED", "yes")), "LOGWEIR_PAUSED: is neither true nor false");
        assert!(error_of(("LOGWEIR_MODE", "rolout")).starts_with("LOGWEIR_MODE: "));
    }

    #[test]
    fn an_unconfirmed_baseline_only_observes_and_every_report_says_so() {
        for confirmed in ["", "sha256:0", &digest()[..70]] {
            for mode in ["register", "rollout"] {
                let read = remediation(read(&[("LOGWEIR_MODE", mode), ("LOGWEIR_CONFIRMED_BASELINE", confirmed)]));
                let note = format!(
                    "baseline {0} is not confirmed, so Logweir only observes; to confirm it, deploy with ConfirmedBaseline={0}",
                    digest()
                );
                assert_eq!((read.mode, read.baseline.note()), (Mode::Observe, Some(note.as_str())), "{confirmed}");
                assert_eq!(read.finishes.name(), mode, "work that was started before is finished in this mode");
            }
        }
        for (mode, confirmed) in [(Mode::Rollout, digest()), (Mode::Observe, String::new())] {
            let read = remediation(read(&[("LOGWEIR_MODE", mode.name()), ("LOGWEIR_CONFIRMED_BASELINE", &confirmed)]));
            assert_eq!((read.mode, read.baseline.note()), (mode, None));
        }
    }

    #[test]
    fn clusters_are_ignored_by_default_and_corrected_only_with_a_confirmed_baseline() {
        let exec = |exec: &str, confirmed: &str| {
            let read = remediation(read(&[
                ("LOGWEIR_MODE", "observe"),
                ("LOGWEIR_EXEC", exec),
                ("LOGWEIR_CONFIRMED_BASELINE", confirmed),
            ]));
            (read.exec, read.exec_finishes, read.baseline.note().is_some())
        };
        assert_eq!(exec("", ""), (ExecMode::Off, ExecMode::Off, false));
        assert_eq!(exec("observe", ""), (ExecMode::Observe, ExecMode::Observe, false));
        assert_eq!(exec("correct", &digest()), (ExecMode::Correct, ExecMode::Correct, false));
        assert_eq!(exec("correct", "sha256:0"), (ExecMode::Observe, ExecMode::Correct, true));
        let wrong = error(read(&[("LOGWEIR_EXEC", "on")]));
        assert_eq!(wrong, "LOGWEIR_EXEC: `on` is not a mode for ECS Exec; use off, observe or correct");
    }

    #[test]
    fn a_baseline_may_stand_in_a_parameter_and_one_that_cannot_be_read_starts_nothing() {
        let place = [("LOGWEIR_BASELINE", "ssm:/logweir/baseline"), ("LOGWEIR_CONFIRMED_BASELINE", &digest())];
        let found = remediation(read_with(&place, Ok(Some(SHIPPED_BASELINE))));
        assert_eq!((found.mode, found.baseline.digest()), (Mode::Register, digest().as_str()));
        for (answer, why) in [
            (Ok(None), "this account and Region have no Systems Manager parameter of this name"),
            (Err("GetParameter: AccessDeniedException: no"), "GetParameter: AccessDeniedException: no"),
        ] {
            let expected = format!("LOGWEIR_BASELINE: ssm:/logweir/baseline: {why}");
            assert_eq!(error(read_with(&place, answer)), expected);
        }
        let wrong = error(read_with(&place, Ok(Some("version = 1\n[logging]\nmod = 1"))));
        assert!(wrong.starts_with("LOGWEIR_BASELINE: ssm:/logweir/baseline:3:1: "), "{wrong}");
    }
}
