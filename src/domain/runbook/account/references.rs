//! The parameters and secrets to which the task definitions in scope refer.

use std::collections::BTreeMap;

use super::Account;
use super::ecs::Definition;
use crate::domain::ecs::arn::{is_account, is_partition_or_region};

/// A service that stores values for containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    Parameters,
    Secrets,
}

/// A reference of a task definition to a parameter or a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The reference as the task definition has it.
    pub text: String,
    pub region: String,
    /// The account in the ARN. `None` for a name.
    pub owner: Option<String>,
    /// The possible names of the parameter without its version, or the ARN or the name of the secret.
    pub names: Vec<String>,
}

impl Account {
    /// Returns the references to this store, each text once. Leaves out references that ECS does not resolve.
    pub fn references(&self, store: Store) -> Vec<Reference> {
        let of_all = self.ecs.definitions.iter().flat_map(|definition| self.references_of(definition));
        let of_store = of_all.filter(|(of, _)| *of == store).map(|(_, reference)| (reference.text.clone(), reference));
        of_store.collect::<BTreeMap<String, Reference>>().into_values().collect()
    }

    /// Returns the stores in this Region to which the task definition refers.
    pub fn stores_of(&self, definition: &Definition) -> impl Iterator<Item = Store> {
        self.references_of(definition)
            .filter(move |(_, reference)| reference.region == self.region)
            .map(|(store, _)| store)
    }

    fn references_of(&self, definition: &Definition) -> impl Iterator<Item = (Store, Reference)> {
        let secrets = definition.secrets.iter().filter_map(|text| parsed(text, &self.region));
        secrets.chain(definition.credentials.iter().filter_map(|text| credentials(text, &self.region)))
    }
}

/// Returns the store and the reference of the credentials of a private registry. A text that is no ARN is the name of a
/// secret in the Region of the task (source: ECS API reference, RepositoryCredentials).
fn credentials(text: &str, region: &str) -> Option<(Store, Reference)> {
    if text.starts_with("arn:") {
        return parsed(text, region);
    }
    let (text, region) = (text.to_owned(), region.to_owned());
    Some((Store::Secrets, Reference { names: vec![text.clone()], text, region, owner: None }))
}

/// Returns the store and the reference. A text that is no ARN is the name of a parameter.
fn parsed(text: &str, region: &str) -> Option<(Store, Reference)> {
    let reference = |region: &str, owner: Option<&str>, names: Vec<String>| Reference {
        text: text.to_owned(),
        region: region.to_owned(),
        owner: owner.map(String::from),
        names,
    };
    if !text.starts_with("arn:") {
        return Some((Store::Parameters, reference(region, None, vec![unversioned(text).to_owned()])));
    }
    let parts: Vec<&str> = text.split(':').collect();
    let [_, _, service, region, account, ..] = parts.as_slice() else { return None };
    if !is_partition_or_region(region) || !is_account(account) {
        return None;
    }
    match *service {
        // The ARN of the parameter `db` is the one of the parameter `/db` too.
        "ssm" => {
            let path = parts[5..].join(":");
            let path = unversioned(path.strip_prefix("parameter/")?);
            let names = match path.contains('/') {
                true => vec![format!("/{path}")],
                false => vec![path.to_owned(), format!("/{path}")],
            };
            Some((Store::Parameters, reference(region, Some(account), names)))
        }
        // A JSON key, a stage and a version may follow the ARN of the secret.
        "secretsmanager" if parts.len() >= 7 => {
            Some((Store::Secrets, reference(region, Some(account), vec![parts[..7].join(":")])))
        }
        _ => None,
    }
}

/// Returns the name of a parameter without its version or its label, which follow after a colon. No name contains a
/// colon (source: Systems Manager API reference, GetParameter, PutParameter and LabelParameterVersion).
fn unversioned(name: &str) -> &str {
    let is_version = |text: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        !text.is_empty() && text.bytes().all(is_part)
    };
    match name.split_once(':') {
        Some((name, version)) if is_version(version) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_parameter_or_a_secret() {
        let parsed =
            |text: &str| parsed(text, "eu-west-1").map(|(store, one)| (store, one.region, one.names.join(" ")));
        let in_region = |store, region: &str, names: &str| Some((store, region.to_owned(), names.to_owned()));
        let ssm = "arn:aws:ssm:eu-central-1:111122223333:parameter";
        let secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-AbCdEf";
        assert_eq!(parsed("db"), in_region(Store::Parameters, "eu-west-1", "db"));
        assert_eq!(parsed(&format!("{ssm}/db")), in_region(Store::Parameters, "eu-central-1", "db /db"));
        assert_eq!(parsed(&format!("{ssm}/prod/db")), in_region(Store::Parameters, "eu-central-1", "/prod/db"));
        for version in ["3", "live"] {
            let of_version = |text: &str| parsed(&format!("{text}:{version}"));
            assert_eq!(of_version("/prod/db"), in_region(Store::Parameters, "eu-west-1", "/prod/db"));
            assert_eq!(of_version(&format!("{ssm}/db")), in_region(Store::Parameters, "eu-central-1", "db /db"));
            assert_eq!(of_version(&format!("{ssm}/a/db")), in_region(Store::Parameters, "eu-central-1", "/a/db"));
        }
        // Systems Manager refuses a name with a colon, so a text that is no version stays in the name.
        for text in ["a:b:c", "db:", "a name: b"] {
            assert_eq!(parsed(text), in_region(Store::Parameters, "eu-west-1", text));
        }
        assert_eq!(parsed(secret), in_region(Store::Secrets, "eu-central-1", secret));
        assert_eq!(parsed(&format!("{secret}:password::")), in_region(Store::Secrets, "eu-central-1", secret));
        let of_registry =
            credentials("registry", "eu-west-1").map(|(store, one)| (store, one.region, one.names.join(" ")));
        assert_eq!(of_registry, in_region(Store::Secrets, "eu-west-1", "registry"));
        for text in ["arn:aws:s3:::bucket/x", "arn:aws:ssm:eu-central-1:1:parameter/db", "arn:", "arn:a:b:c:d"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
