//! One account setting instead of many revisions: what `defaultLogDriverMode` would resolve, and why Logweir does not
//! set it.

use std::collections::BTreeMap;

use super::baseline::{Baseline, Delivery};
use super::ecs::default_log_mode::{DefaultLogMode, SERVICE_DEFAULT, SETTING, SettingName};
use super::text::plain::plain;
use super::text::{count, names};

pub use super::rules::logging::unset_mode::UnsetModes;

/// The value that `logweir apply --account-default` sets.
pub const WANTED: Delivery = Delivery::NonBlocking;

/// The longest ARN of a principal in a sentence, in characters.
const LONGEST: usize = 256;

/// What an audit says about the setting of one account and Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub name: SettingName,
    pub setting: DefaultLogMode,
    /// The ARN of the principal that read the setting.
    pub caller: String,
    /// The containers without a mode by family, over all revisions that were read.
    pub families: BTreeMap<String, UnsetModes>,
}

impl Statement {
    /// Returns the number of findings that the setting would resolve.
    pub fn settled(&self) -> usize {
        let default = self.setting.effective();
        self.families.values().map(|unset| unset.settled(default)).sum()
    }

    /// Returns the command that sets the value.
    pub fn command(&self) -> String {
        let SettingName { account, region } = &self.name;
        format!("logweir apply --account-default --account {account} --region {region}")
    }

    /// Returns the sentences of the statement, each a paragraph. Returns no sentence if the setting would resolve
    /// nothing.
    pub fn sentences(&self) -> Vec<String> {
        let (settled, default) = (self.settled(), self.setting.effective());
        if settled == 0 {
            return Vec::new();
        }
        let families = self.families.values().filter(|unset| unset.settled(default) > 0).count();
        let explicit: usize = self.families.values().map(|unset| unset.explicit).sum();
        let mut sentences = vec![self.reading(), UNDOCUMENTED.to_owned()];
        let findings = count(settled as u64, "finding");
        let families = if families == 1 { "1 family".to_owned() } else { format!("{families} families") };
        let comes = if settled == 1 { "comes" } else { "come" };
        let origin = format!("{findings} of `blocking-delivery` in {families} {comes} from an absent mode.");
        let accepts = match (explicit, self.setting.value) {
            (0, _) => String::new(),
            (_, Some(WANTED)) => {
                " With `absent-mode = \"effective\"`, the baseline accepts these containers as they are.".to_owned()
            }
            (all, _) if all == settled => {
                " The setting resolves them together with `absent-mode = \"effective\"` in the baseline.".to_owned()
            }
            (part, _) => format!(
                " The setting resolves them; for {part} of them, the baseline also needs `absent-mode = \"effective\"`."
            ),
        };
        let origin = if explicit == 0 { format!("{origin} The setting resolves them.") } else { origin };
        sentences.push(origin + &accepts);
        if self.setting.value != Some(WANTED) {
            sentences.push(format!("To set {SETTING} to `{}` once for all of them: {}", WANTED.mode(), self.command()));
        }
        sentences
    }

    /// Returns the sentence about the value, the principal that read it, and the effect.
    fn reading(&self) -> String {
        let SettingName { account, region } = &self.name;
        let caller = plain(&self.caller, LONGEST);
        let effective = self.setting.effective().mode();
        match (self.setting.value, self.setting.own) {
            (None, _) => format!(
                "{SETTING} is not set in account {account}, {region}, as {caller} reads it: a container without a mode has \
                 the default of ECS, `{effective}`."
            ),
            (Some(_), Some(_)) => format!(
                "{SETTING} is `{effective}` for {caller} itself in account {account}, {region}. This value hides the \
                 account's default from the caller."
            ),
            (Some(_), None) => format!(
                "{SETTING} is `{effective}` in account {account}, {region}, as {caller} reads it: a container without a mode \
                 has the mode `{effective}`."
            ),
        }
    }
}

/// The sentence about the principal.
pub const UNDOCUMENTED: &str = "AWS does not document which principal's value applies to the tasks of a service.";

/// Returns why Logweir does not set the account's default, or `None` if Logweir may set it. `families` are the
/// containers without a mode, by family.
pub fn obstacle(baseline: &Baseline, families: &BTreeMap<String, UnsetModes>) -> Option<String> {
    let tables = baseline.blocking_tables();
    if !tables.is_empty() {
        let tables = names(tables.iter().map(String::as_str));
        return Some(format!(
            "the baseline asks for `delivery = \"blocking\"` in {tables}; {SETTING} would change every container without a \
             mode"
        ));
    }
    let is_exempt = |(_, unset): &(&String, &UnsetModes)| unset.exempt > 0;
    let exempt: Vec<&str> = families.iter().filter(is_exempt).map(|(family, _)| family.as_str()).collect();
    let names = names(exempt.iter().copied());
    (!exempt.is_empty()).then(|| {
        format!("the baseline exempts containers without a mode from `blocking-delivery`, in these families: {names}")
    })
}

/// Returns the sentence about an explicit `blocking`, which is a decision of the account's owner.
pub fn owners_decision(setting: &DefaultLogMode) -> Option<String> {
    (setting.value == Some(Delivery::Blocking)).then(|| {
        format!(
            "{SETTING} is explicitly `blocking`: the owner of the account chose this value, because the default of ECS is \
             `{}`. Setting it overrides the owner's decision.",
            SERVICE_DEFAULT.mode()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::task_definition::TaskDefinition;
    use crate::domain::rules::facts::{DefaultMode, Observation};

    const NOW: &str = "2026-12-01T12:00:00Z";

    fn unset(baseline: &str, family: &str) -> UnsetModes {
        let container = |name: &str, mode: &str| {
            format!(
                r#"{{"name":"{name}","image":"i","logConfiguration":{{"logDriver":"awslogs","options":{{{mode}}}}}}}"#
            )
        };
        let containers =
            [container("app", ""), container("side", r#""mode":"blocking""#), container("proxy", "")].join(",");
        let text = format!(r#"{{"family":"{family}","containerDefinitions":[{containers}]}}"#);
        let definition = TaskDefinition::parse(&text).unwrap();
        let seen = Observation {
            default_mode: DefaultMode::Known(Delivery::Blocking),
            ..Observation::of_document(&definition, Some("eu-west-1"), NOW.parse().unwrap())
        };
        UnsetModes::of(&seen, &Baseline::parse(baseline).unwrap())
    }

    fn statement(value: Option<Delivery>, own: Option<Delivery>, unset: UnsetModes) -> Statement {
        Statement {
            name: SettingName { account: "111122223333".into(), region: "eu-west-1".into() },
            setting: DefaultLogMode { value, principal: None, own },
            caller: "arn:aws:iam::111122223333:user/ann\u{1b}[2J".into(),
            families: BTreeMap::from([("web".to_owned(), unset), ("api".to_owned(), UnsetModes::default())]),
        }
    }

    #[test]
    fn the_containers_without_a_mode_are_counted_as_the_baseline_judges_them() {
        let of = |logging: &str| unset(&format!("version = 1\n{logging}"), "web");
        let explicit = UnsetModes { explicit: 2, ..UnsetModes::default() };
        assert_eq!(of(""), explicit);
        assert_eq!(of("[logging]\nabsent-mode = \"effective\""), UnsetModes { effective: 2, ..UnsetModes::default() });
        let exemption = "[[exempt]]\nmatch = { container = \"proxy\" }\nrules = [\"blocking-delivery\"]\n\
                         until = 2099-01-31\nowner = \"o\"\nreason = \"r\"";
        assert_eq!(of(exemption), UnsetModes { explicit: 1, exempt: 1, ..UnsetModes::default() });
        let profile = "[[profile]]\nmatch = { family = \"web\" }\nlogging.delivery = \"blocking\"";
        assert_eq!(of(profile), UnsetModes { blocking: 2, ..UnsetModes::default() });
        assert_eq!((explicit.settled(Delivery::Blocking), explicit.settled(Delivery::NonBlocking)), (2, 2));
        let effective = UnsetModes { effective: 2, ..UnsetModes::default() };
        assert_eq!((effective.settled(Delivery::Blocking), effective.settled(Delivery::NonBlocking)), (2, 0));
    }

    #[test]
    fn the_statement_says_the_value_the_principal_the_number_and_the_command() {
        let all = UnsetModes { explicit: 2, effective: 1, ..UnsetModes::default() };
        let said = statement(Some(Delivery::Blocking), None, all).sentences().join("\n");
        for part in ["is `blocking` in account 111122223333, eu-west-1", "3 findings", "in 1 family", "for 2 of them"] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(
            said.contains(UNDOCUMENTED)
                && said.ends_with(": logweir apply --account-default --account 111122223333 --region eu-west-1")
                && !said.contains('\u{1b}'),
            "{said}"
        );
        let set = statement(Some(WANTED), None, all).sentences().join("\n");
        assert!(set.contains("accepts these containers") && !set.contains("--account-default"), "{set}");
        let absent = statement(None, None, all).sentences().join("\n");
        assert!(
            absent.contains("is not set in account") && absent.contains("default of ECS, `non-blocking`"),
            "{absent}"
        );
        let own = statement(Some(Delivery::Blocking), Some(Delivery::Blocking), all).sentences().join("\n");
        assert!(own.contains("hides the account's default"), "{own}");
        assert_eq!(statement(Some(Delivery::Blocking), None, UnsetModes::default()).sentences(), [""; 0]);
    }

    #[test]
    fn a_baseline_that_lets_containers_block_stands_against_the_setting() {
        let baseline = |text: &str| Baseline::parse(&format!("version = 1\n{text}")).unwrap();
        let none = BTreeMap::new();
        let blocking = baseline("[[profile]]\nmatch = { family = \"audit-*\" }\nlogging.delivery = \"blocking\"");
        assert!(obstacle(&blocking, &none).unwrap().contains("profile family=audit-*"));
        assert!(obstacle(&baseline("[logging]\ndelivery = \"blocking\""), &none).unwrap().contains("[logging]"));
        let exempt = BTreeMap::from([("old".to_owned(), UnsetModes { exempt: 1, ..UnsetModes::default() })]);
        assert!(obstacle(&baseline(""), &exempt).unwrap().ends_with("in these families: old"));
        assert_eq!(obstacle(&baseline(""), &none), None);
        assert!(owners_decision(&statement(Some(Delivery::Blocking), None, UnsetModes::default()).setting).is_some());
        assert_eq!(owners_decision(&statement(None, None, UnsetModes::default()).setting), None);
    }
}
