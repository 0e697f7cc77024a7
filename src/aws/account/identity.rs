//! Reads the roles of the tasks, and the parameters and secrets to which their task definitions refer.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::secrets::Refused;
use super::{AT_ONCE, fact};
use crate::aws::client::Aws;
use crate::domain::fleet::facts::Unread;
use crate::domain::runbook::account::identity::{IdentityFacts, Parameter, Role, Secret};
use crate::domain::runbook::account::{Account, Fact, Reference, Store};

impl Aws {
    /// Reads the identities of the task definitions in scope.
    pub async fn identity_facts(&self, account: &Account) -> IdentityFacts {
        let (roles, parameters, secrets) =
            tokio::join!(self.task_roles(account), self.all_parameters(account), self.all_secrets(account));
        let policies = self.attached(&roles).await;
        IdentityFacts { roles, policies, parameters, secrets }
    }

    async fn task_roles(&self, account: &Account) -> BTreeMap<String, Fact<Option<Role>>> {
        let roles = account.ecs.definitions.iter().filter_map(|definition| definition.task_role.as_deref());
        let arns: BTreeSet<String> = roles.map(|role| account.role_arn(role)).collect();
        let read = |arn: String| async move {
            let elsewhere = arn.split(':').nth(4).filter(|owner| !owner.is_empty() && *owner != account.account);
            let role = match elsewhere {
                Some(owner) => {
                    let message = format!("the role belongs to account {owner}, whose roles this run does not read");
                    Fact::Unread(Unread { action: "iam:GetRole", message, is_denied: false })
                }
                None => fact(self.role(arn.rsplit('/').next().unwrap_or(&arn)).await, "iam:GetRole"),
            };
            (arn, role)
        };
        stream::iter(arns).map(read).buffered(AT_ONCE).collect().await
    }

    /// Reads the policies that are attached to these roles, each once.
    async fn attached(&self, roles: &BTreeMap<String, Fact<Option<Role>>>) -> BTreeMap<String, Fact<Option<Value>>> {
        let roles = roles.values().filter_map(Fact::value).flatten();
        let arns: BTreeSet<String> =
            roles.filter_map(|role| role.attached.value()).flat_map(|arns| arns.iter().cloned()).collect();
        let read = |arn: String| async move {
            let policy = self.policy(&arn).await;
            (arn, policy)
        };
        stream::iter(arns).map(read).buffered(AT_ONCE).collect().await
    }

    /// Reads the parameters, Region by Region. Reads none of another account, because DescribeParameters shows only the
    /// account's own ones.
    async fn all_parameters(&self, account: &Account) -> BTreeMap<String, Fact<Option<Parameter>>> {
        let mut regions: BTreeMap<String, Vec<Reference>> = BTreeMap::new();
        let mut found = BTreeMap::new();
        for reference in account.references(Store::Parameters) {
            if reference.owner.as_ref().is_none_or(|owner| *owner == account.account) {
                regions.entry(reference.region.clone()).or_default().push(reference);
            }
        }
        for (region, references) in regions {
            let names: BTreeSet<String> = references.iter().flat_map(|one| one.names.iter().cloned()).collect();
            let names: Vec<String> = names.into_iter().collect();
            let read = fact(self.parameters(&region, &names).await, "ssm:DescribeParameters");
            for reference in references {
                found.insert(reference.text.clone(), parameter(&reference, &read));
            }
        }
        found
    }

    async fn all_secrets(&self, account: &Account) -> BTreeMap<String, Fact<Option<Secret>>> {
        let mut ids: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for Reference { text, region, names, .. } in account.references(Store::Secrets) {
            ids.entry((region, names.into_iter().next().unwrap_or_default())).or_default().push(text);
        }
        let read = |((region, id), texts): ((String, String), Vec<String>)| async move {
            (texts, fact(self.secret(&region, &id).await, "secretsmanager:DescribeSecret"))
        };
        let read: Vec<(Vec<String>, Fact<Option<Secret>>)> =
            stream::iter(ids).map(read).buffered(AT_ONCE).collect().await;
        read.into_iter().flat_map(|(texts, fact)| texts.into_iter().map(move |text| (text, fact.clone()))).collect()
    }
}

/// Returns the parameter to which a reference refers, from those that Logweir read in its Region.
fn parameter(reference: &Reference, read: &Fact<(Vec<Parameter>, Vec<Refused>)>) -> Fact<Option<Parameter>> {
    let ((found, refused), source, time) = match read {
        Fact::Read { value, source, time } => (value, *source, *time),
        Fact::Unread(unread) => return Fact::Unread(unread.clone()),
        Fact::NotAsked(depth) => return Fact::NotAsked(*depth),
    };
    let is_its = |name: &String| reference.names.contains(name);
    let value = found.iter().find(|parameter| is_its(&parameter.name)).cloned();
    match refused.iter().find(|refused| is_its(&refused.name)) {
        Some(Refused { code, .. }) if value.is_none() => {
            let message = format!("{code}: Systems Manager refuses the name of the parameter");
            Fact::Unread(Unread { action: "ssm:DescribeParameters", message, is_denied: false })
        }
        _ => Fact::Read { value, source, time },
    }
}
