//! The differences between two baselines, setting by setting. A comparison of the findings under each baseline would
//! miss most of these differences, because most settings do not change findings.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::exec::ExecSettings;
use super::runbook::RunbookSettings;
use super::runbook_exemption::RunbookExemption;
use super::settings::{BaselineSettings, CorrectSettings, LogGroupSettings, Logging, RolloutSettings};
use super::size::size_text;
use super::values::ANY_RETENTION;
use super::{Baseline, Exemption, FuseLimits, Match};
use crate::domain::rule_name::RuleName;

/// A setting that differs between two baselines, with its key in `baseline.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub key: String,
    /// The value in the old baseline. `None` if the old baseline has no such profile or exemption.
    pub old: Option<String>,
    /// The value in the new baseline. `None` if the new baseline has no such profile or exemption.
    pub new: Option<String>,
}

/// Settings, each with its key in `baseline.toml`.
pub(super) type Listed = Vec<(Cow<'static, str>, String)>;

impl Baseline {
    /// Returns the differences between this baseline and `new`. A changed owner or reason of an exemption does not
    /// count as a difference, because owners and reasons do not affect the decisions of Logweir.
    pub fn differences(&self, new: &Self) -> Vec<Difference> {
        let root = different(listed(&self.root), listed(&new.root));
        let fuse = different(fuse(self.fuse), fuse(new.fuse));
        let exec = different(exec(&self.exec), exec(&new.exec));
        let runbook = different(runbook(&self.runbook), runbook(&new.runbook));
        let levels = different(self.listed_levels(), new.listed_levels());
        let mut all: Vec<Difference> =
            root.iter().chain(&fuse).chain(&exec).chain(&runbook).chain(&levels).cloned().collect();
        let orders = [self, new].map(|it| it.profiles.iter().map(|profile| profile.matches.name()).collect::<Vec<_>>());
        if orders[0] != orders[1] {
            let text = |names: &[String]| (!names.is_empty()).then(|| names.join("; "));
            all.push(Difference { key: "profile".into(), old: text(&orders[0]), new: text(&orders[1]) });
        }
        let mut names = orders.concat();
        names.sort();
        names.dedup();
        for name in &names {
            let within = different(listed(self.profile(name)), listed(new.profile(name)));
            // The list already contains the differences between the root settings, which the profile inherits.
            let own = within.into_iter().filter(|difference| !root.contains(difference));
            all.extend(own.map(|it| Difference { key: format!("profile ({name}) {}", it.key), ..it }));
        }
        let (mut old, mut new) = (exempted(&self.exemptions), exempted(&new.exemptions));
        let mut names: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
        names.sort();
        names.dedup();
        for name in names {
            let (old, new) = (old.remove(&name), new.remove(&name));
            if old != new {
                all.push(Difference { key: format!("exempt ({name})"), old, new });
            }
        }
        all
    }

    /// Returns the level of every rule, with the rule's key in `baseline.toml`.
    fn listed_levels(&self) -> Listed {
        let level = |rule: RuleName| (format!("rules.{rule}").into(), self.level(rule).name().to_owned());
        RuleName::ALL.map(level).into()
    }

    /// Returns the settings of the profile whose match has the text `name`, or the root settings if the baseline has no
    /// such profile.
    fn profile(&self, name: &str) -> &BaselineSettings {
        let profile = self.profiles.iter().find(|profile| profile.matches.name() == name);
        profile.map_or(&self.root, |profile| &profile.settings)
    }
}

impl Match {
    /// Returns the match as text, such as `family=audit-*, tag=team=core`.
    pub(super) fn name(&self) -> String {
        let Self { family, container, account, region, tag, cluster, service_tag } = self;
        let globs = [
            ("family", family),
            ("container", container),
            ("account", account),
            ("region", region),
            ("cluster", cluster),
        ];
        let globs = globs.into_iter().filter_map(|(key, glob)| Some(format!("{key}={}", glob.as_ref()?)));
        let tags = [("tag", tag), ("service-tag", service_tag)];
        let tags = tags.into_iter().filter_map(|(key, tag)| Some(format!("{key}={}", pair(tag.as_ref()?))));
        globs.chain(tags).collect::<Vec<_>>().join(", ")
    }
}

fn different(old: Listed, new: Listed) -> Vec<Difference> {
    let both = old.into_iter().zip(new).filter(|(old, new)| old != new);
    both.map(|((key, old), (_, new))| Difference { key: key.into_owned(), old: Some(old), new: Some(new) }).collect()
}

/// Returns every setting with its key. The code does not compile if this function misses a new setting.
pub(super) fn listed(settings: &BaselineSettings) -> Listed {
    let BaselineSettings { logging, log_group, rollout, correct: CorrectSettings { retire } } = settings;
    let Logging {
        driver,
        missing_driver,
        accept,
        replace,
        correct_drivers,
        delivery,
        absent_mode,
        max_buffer_size,
        min_buffer_size,
        max_buffer_share,
        group,
        stream_prefix,
    } = logging;
    let LogGroupSettings { create, retention_days, class, kms_key, adopt } = log_group;
    let RolloutSettings { when, image_guard, require_service_tag, freeze, settle, deadline, registers_per_second } =
        rollout;
    vec![
        ("logging.driver".into(), driver.clone()),
        ("logging.missing-driver".into(), word(missing_driver)),
        ("logging.accept".into(), list(accept)),
        ("logging.replace".into(), list(replace)),
        ("logging.correct-drivers".into(), list(correct_drivers)),
        ("logging.delivery".into(), word(delivery)),
        ("logging.absent-mode".into(), word(absent_mode)),
        ("logging.max-buffer-size".into(), size_text(*max_buffer_size)),
        ("logging.min-buffer-size".into(), size_text(*min_buffer_size)),
        ("logging.max-buffer-share".into(), max_buffer_share.to_string()),
        ("logging.group".into(), group.clone()),
        ("logging.stream-prefix".into(), stream_prefix.clone()),
        ("log-group.create".into(), list(create)),
        ("log-group.retention-days".into(), retention(*retention_days)),
        ("log-group.class".into(), class.clone()),
        ("log-group.kms-key".into(), kms_key.clone().unwrap_or_else(|| NOTHING.into())),
        ("log-group.adopt".into(), list(adopt)),
        ("rollout.when".into(), word(when)),
        ("rollout.image-guard".into(), word(image_guard)),
        ("rollout.require-service-tag".into(), require_service_tag.as_ref().map_or_else(|| NOTHING.into(), pair)),
        ("rollout.freeze".into(), list(freeze)),
        ("rollout.settle-minutes".into(), settle.as_mins().to_string()),
        ("rollout.deadline-minutes".into(), deadline.as_mins().to_string()),
        ("rollout.registers-per-second".into(), registers_per_second.to_string()),
        ("correct.retire".into(), word(retire)),
    ]
}

pub(super) fn fuse(limits: FuseLimits) -> Listed {
    let FuseLimits { corrections, within, weekly } = limits;
    vec![
        ("fuse.corrections".into(), corrections.to_string()),
        ("fuse.minutes".into(), within.as_mins().to_string()),
        ("fuse.corrections-per-week".into(), weekly.to_string()),
    ]
}

pub(super) fn exec(settings: &ExecSettings) -> Listed {
    let ExecSettings {
        clusters,
        log_group,
        retention_days,
        min_retention_days,
        correct_default,
        require_session_key,
        require_encryption,
    } = settings;
    vec![
        ("exec.clusters".into(), list(clusters)),
        ("exec.log-group".into(), log_group.clone()),
        ("exec.retention-days".into(), retention(*retention_days)),
        ("exec.min-retention-days".into(), min_retention_days.to_string()),
        ("exec.correct-default".into(), correct_default.to_string()),
        ("exec.require-session-key".into(), require_session_key.to_string()),
        ("exec.require-encryption".into(), require_encryption.to_string()),
    ]
}

pub(super) fn runbook(settings: &RunbookSettings) -> Listed {
    let RunbookSettings { registries, required_tags, exempt_known_agents, exemptions } = settings;
    let exempt = |one: &RunbookExemption| {
        let of = one.requirements.iter().chain(&one.rules).cloned().collect::<Vec<_>>().join(", ");
        format!("{of} for {} until {}", one.name(), one.until)
    };
    vec![
        ("runbook.registries".into(), list(registries)),
        ("runbook.required-tags".into(), list(required_tags)),
        ("runbook.exempt-known-agents".into(), exempt_known_agents.to_string()),
        ("runbook.exempt".into(), list(&exemptions.iter().map(exempt).collect::<Vec<_>>())),
    ]
}

fn retention(days: Option<u32>) -> String {
    days.map_or_else(|| ANY_RETENTION.into(), |days| days.to_string())
}

/// Returns one entry for each exemption. The key is the exemption's match criteria as text. The value is the exempted
/// rules and the end date as text.
fn exempted(exemptions: &[Exemption]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Exemption { matches, rules, until, .. } in exemptions {
        let mut rules: Vec<&str> = rules.iter().map(|rule| rule.name()).collect();
        rules.sort_unstable();
        all.entry(matches.name()).or_default().push(format!("{} until {until}", rules.join(", ")));
    }
    all.into_iter()
        .map(|(name, mut texts)| {
            texts.sort();
            (name, texts.join("; "))
        })
        .collect()
}

const NOTHING: &str = "nothing";

fn list(items: &[impl ToString]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    if texts.is_empty() { NOTHING.into() } else { texts.join(", ") }
}

fn pair((key, value): &(String, String)) -> String {
    format!("{key}={value}")
}

/// Returns the value in the spelling of `baseline.toml`.
fn word(value: &impl Serialize) -> String {
    json!(value).as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(old: &str, new: &str) -> Vec<String> {
        let parsed = |text: &str| Baseline::parse(&format!("version = 1\n{text}")).unwrap();
        let none = || "(none)".to_owned();
        let text =
            |it: Difference| format!("{}: {} → {}", it.key, it.old.unwrap_or_else(none), it.new.unwrap_or_else(none));
        parsed(old).differences(&parsed(new)).into_iter().map(text).collect()
    }

    #[test]
    fn settings_about_acting_are_named_by_their_keys() {
        for (table, key, value, expected) in [
            ("rollout", "when", "\"at-once\"", "deployed → at-once"),
            ("rollout", "image-guard", "\"off\"", "hold → off"),
            ("rollout", "require-service-tag", "\"logweir=follow\"", "nothing → logweir=follow"),
            ("rollout", "freeze", "[\"fri 15:00 - mon 08:00 UTC\"]", "nothing → fri 15:00 - mon 08:00 UTC"),
            ("rollout", "settle-minutes", "0", "15 → 0"),
            ("rollout", "deadline-minutes", "60", "120 → 60"),
            ("rollout", "registers-per-second", "1.0", "0.2 → 1"),
            ("correct", "retire", "\"never\"", "unused → never"),
            ("fuse", "corrections", "9", "3 → 9"),
            ("fuse", "minutes", "60", "10 → 60"),
            ("fuse", "corrections-per-week", "9", "50 → 9"),
            ("logging", "missing-driver", "\"advice\"", "fix → advice"),
            ("logging", "replace", "[\"json-file\"]", "nothing → json-file"),
            ("logging", "correct-drivers", "[\"awslogs\", \"splunk\"]", "awslogs → awslogs, splunk"),
            ("logging", "absent-mode", "\"effective\"", "explicit → effective"),
            ("logging", "max-buffer-size", "\"1536k\"", "25m → 1536k"),
            ("log-group", "create", "[]", "/ecs/* → nothing"),
            ("log-group", "adopt", "[\"/app/*\"]", "nothing → /app/*"),
            ("exec", "clusters", "[\"dev-*\"]", "* → dev-*"),
            ("exec", "log-group", "\"/audit\"", "/ecs/exec/{cluster} → /audit"),
            ("exec", "retention-days", "365", "90 → 365"),
            ("exec", "min-retention-days", "30", "90 → 30"),
            ("exec", "correct-default", "true", "false → true"),
            ("exec", "require-session-key", "true", "false → true"),
            ("exec", "require-encryption", "true", "false → true"),
            ("runbook", "registries", "[\"ghcr.io\"]", "nothing → ghcr.io"),
            ("runbook", "required-tags", "[\"team\"]", "nothing → team"),
            ("runbook", "exempt-known-agents", "true", "false → true"),
            ("log-group", "class", "\"INFREQUENT_ACCESS\"", "STANDARD → INFREQUENT_ACCESS"),
        ] {
            let more = if key == "max-buffer-size" { "\nmin-buffer-size = \"4k\"" } else { "" };
            let found = said("", &format!("[{table}]\n{key} = {value}{more}"));
            assert!(found.contains(&format!("{table}.{key}: {expected}")), "{found:?}");
            assert_eq!(found.len(), 1 + usize::from(!more.is_empty()), "{found:?}");
        }
    }

    #[test]
    fn a_profile_is_identified_by_its_match_and_its_settings() {
        let audit = "[[profile]]\nmatch = { family = \"audit-*\" }\nlogging.delivery = \"blocking\"\n";
        let prod = "[[profile]]\nmatch = { cluster = \"prod-*\" }\nrollout.image-guard = \"warn\"\n";
        let of_audit = "profile (family=audit-*) logging.delivery: non-blocking → blocking";
        assert_eq!(said("", audit), ["profile: (none) → family=audit-*", of_audit]);
        let both = [audit, prod].concat();
        assert_eq!(
            said(&both, &[prod, audit].concat()),
            ["profile: family=audit-*; cluster=prod-* → cluster=prod-*; family=audit-*"]
        );
        // A changed root setting also applies to the profile, but is listed once.
        assert_eq!(said(&both, &format!("[fuse]\ncorrections = 9\n{both}")), ["fuse.corrections: 3 → 9"]);
        let at_once = "[rollout]\nwhen = \"at-once\"\n";
        assert_eq!(said(&both, &format!("{at_once}{both}")), ["rollout.when: deployed → at-once"]);
    }

    #[test]
    fn a_new_removed_or_longer_exemption_is_reported() {
        let exempt = |rule: &str, until: &str, owner: &str| {
            format!(
                "[[exempt]]\nmatch = {{ family = \"old-*\" }}\nrules = [\"{rule}\"]\nuntil = {until}\nowner = \"{owner}\"\nreason = \"r\"\n"
            )
        };
        let first = exempt("blocking-delivery", "2027-01-31", "a");
        const KEY: &str = "exempt (family=old-*): ";
        const FIRST: &str = "blocking-delivery until 2027-01-31";
        assert_eq!(said("", &first), [format!("{KEY}(none) → {FIRST}")]);
        assert_eq!(said(&first, ""), [format!("{KEY}{FIRST} → (none)")]);
        let longer = exempt("blocking-delivery", "2028-01-31", "a");
        assert_eq!(said(&first, &longer), [format!("{KEY}{FIRST} → blocking-delivery until 2028-01-31")]);
        assert_eq!(said(&first, &exempt("blocking-delivery", "2027-01-31", "b")), [""; 0]);
    }
}
