//! The keys of `baseline.toml`, in the spelling of the file. An unknown key is an error.

use serde::Deserialize;
use toml::Spanned;

use super::levels::LevelKeys;
use super::settings::{AbsentMode, Delivery, ImageGuard, MissingDriver, Retire, RolloutWhen};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: Spanned<i64>,
    #[serde(default)]
    pub(super) trusted_tags: Vec<String>,
    #[serde(default)]
    pub(super) logging: LoggingKeys,
    #[serde(default)]
    pub(super) log_group: LogGroupKeys,
    #[serde(default)]
    pub(super) rollout: RolloutKeys,
    #[serde(default)]
    pub(super) correct: CorrectKeys,
    #[serde(default)]
    pub(super) fuse: FuseKeys,
    #[serde(default)]
    pub(super) exec: ExecKeys,
    #[serde(default)]
    pub(super) runbook: RunbookKeys,
    #[serde(default)]
    pub(super) rules: LevelKeys,
    #[serde(default)]
    pub(super) profile: Vec<ProfileKeys>,
    #[serde(default)]
    pub(super) exempt: Vec<ExemptKeys>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LoggingKeys {
    pub(super) driver: Option<Spanned<String>>,
    pub(super) missing_driver: Option<MissingDriver>,
    pub(super) accept: Option<Spanned<Vec<String>>>,
    pub(super) replace: Option<Spanned<Vec<String>>>,
    pub(super) correct_drivers: Option<Spanned<Vec<String>>>,
    pub(super) delivery: Option<Delivery>,
    pub(super) absent_mode: Option<AbsentMode>,
    pub(super) max_buffer_size: Option<Spanned<String>>,
    pub(super) min_buffer_size: Option<Spanned<String>>,
    pub(super) max_buffer_share: Option<Spanned<f64>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) stream_prefix: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LogGroupKeys {
    pub(super) create: Option<Vec<String>>,
    pub(super) retention_days: Option<Spanned<toml::Value>>,
    pub(super) class: Option<Spanned<String>>,
    pub(super) kms_key: Option<Spanned<String>>,
    pub(super) adopt: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RolloutKeys {
    pub(super) when: Option<RolloutWhen>,
    pub(super) image_guard: Option<ImageGuard>,
    pub(super) require_service_tag: Option<Spanned<String>>,
    pub(super) freeze: Option<Vec<Spanned<String>>>,
    pub(super) settle_minutes: Option<Spanned<i64>>,
    pub(super) deadline_minutes: Option<Spanned<i64>>,
    pub(super) registers_per_second: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct CorrectKeys {
    pub(super) retire: Option<Retire>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct FuseKeys {
    pub(super) corrections: Option<Spanned<i64>>,
    pub(super) minutes: Option<Spanned<i64>>,
    pub(super) corrections_per_week: Option<Spanned<i64>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ExecKeys {
    pub(super) clusters: Option<Vec<String>>,
    pub(super) log_group: Option<Spanned<String>>,
    pub(super) retention_days: Option<Spanned<toml::Value>>,
    pub(super) min_retention_days: Option<Spanned<i64>>,
    pub(super) correct_default: Option<bool>,
    pub(super) require_session_key: Option<bool>,
    pub(super) require_encryption: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct RunbookKeys {
    pub(super) registries: Vec<Spanned<String>>,
    pub(super) required_tags: Vec<Spanned<String>>,
    pub(super) exempt_known_agents: bool,
    pub(super) exempt: Vec<RunbookExemptKeys>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RunbookExemptKeys {
    pub(super) r#match: Spanned<RunbookMatchKeys>,
    #[serde(default)]
    pub(super) requirements: Vec<String>,
    #[serde(default)]
    pub(super) rules: Vec<String>,
    pub(super) until: Spanned<toml::value::Datetime>,
    pub(super) owner: Spanned<String>,
    pub(super) reason: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RunbookMatchKeys {
    pub(super) resource: Option<String>,
    pub(super) container: Option<String>,
    pub(super) image: Option<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct MatchKeys {
    pub(super) family: Option<String>,
    pub(super) container: Option<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) tag: Option<Spanned<String>>,
    pub(super) cluster: Option<Spanned<String>>,
    pub(super) service_tag: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ProfileKeys {
    pub(super) r#match: Spanned<MatchKeys>,
    pub(super) logging: Option<Spanned<LoggingKeys>>,
    pub(super) log_group: Option<Spanned<LogGroupKeys>>,
    #[serde(default)]
    pub(super) rollout: RolloutKeys,
    pub(super) correct: Option<Spanned<CorrectKeys>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ExemptKeys {
    pub(super) r#match: Spanned<MatchKeys>,
    pub(super) rules: Spanned<Vec<Spanned<String>>>,
    pub(super) until: Spanned<toml::value::Datetime>,
    pub(super) owner: Spanned<String>,
    pub(super) reason: Spanned<String>,
}
