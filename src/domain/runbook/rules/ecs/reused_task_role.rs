//! A task role that several families use, so that each family has the rights that another one needs.

use std::collections::{BTreeMap, BTreeSet};

use super::Checked;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::{Evidence, Resource, ResourceKind, RunbookResult, Verdict};
use crate::domain::text::names;
use crate::domain::text::plain::plain;

pub(super) const NAME: &str = "reused-task-role";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let mut families: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for definition in &account.ecs.definitions {
        if let Some(role) = definition.task_role.as_deref() {
            families.entry(account.role_arn(role)).or_default().insert(&definition.family);
        }
    }
    families.into_iter().map(|(role, families)| judged(&role, &families)).collect()
}

fn judged(role: &str, families: &BTreeSet<&str>) -> RunbookResult {
    let role = plain(role, 200);
    let resource = Resource::new(ResourceKind::Role, role.rsplit('/').next().unwrap_or(&role), &role);
    let evidence = Evidence {
        source: "ecs:DescribeTaskDefinition".to_owned(),
        member: "/taskRoleArn".to_owned(),
        value: Some(plain(&names(families.iter().copied()), 200)),
        time: None,
    };
    let result = |verdict, message: &str| RunbookResult {
        evidence: Some(evidence),
        ..RunbookResult::bare(resource, NAME, verdict, message)
    };
    if families.len() < 2 {
        return result(Verdict::Pass, "one family uses the role as its task role");
    }
    let message = format!(
        "{} families use the role as their task role ({}), so each has the rights that another one needs; give each family \
         a role of its own",
        families.len(),
        names(families.iter().copied())
    );
    result(Verdict::Advice, &plain(&message, 1000))
}
