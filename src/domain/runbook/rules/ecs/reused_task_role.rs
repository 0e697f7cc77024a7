//! A task role that several families use, so that each family has the rights that another one needs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Checked, DEFINITIONS, Judged, not_checked, result, unread};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::{Account, Origin};
use crate::domain::runbook::verdict::{Resource, ResourceKind, RunbookResult, Verdict};
use crate::domain::text::names;
use crate::domain::text::plain::plain;

pub(super) const NAME: &str = "reused-task-role";

/// The families that use a role, and the time of the last read of one of them.
struct Users<'a> {
    families: BTreeSet<&'a str>,
    time: Timestamp,
}

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let mut roles: BTreeMap<String, Users<'_>> = BTreeMap::new();
    for definition in &account.ecs.definitions {
        if let Some(role) = definition.task_role.as_deref() {
            let new = Users { families: BTreeSet::new(), time: definition.time };
            let users = roles.entry(account.role_arn(role)).or_insert(new);
            users.families.insert(&definition.family);
            users.time = users.time.max(definition.time);
        }
    }
    roles.into_iter().map(|(role, users)| judged(account, &role, &users)).collect()
}

fn judged(account: &Account, role: &str, Users { families, time }: &Users<'_>) -> RunbookResult {
    let role = plain(role, 200);
    let resource = Resource::new(ResourceKind::Role, role.rsplit('/').next().unwrap_or(&role), &role);
    let (verdict, message) = if families.len() > 1 {
        let message = format!(
            "{} families use the role as their task role ({}), so each has the rights that another one needs; give each \
             family a role of its own",
            families.len(),
            names(families.iter().copied())
        );
        (Verdict::Advice, message)
    } else if let Some(missing) = unread(account, DEFINITIONS).or(account.unselected()) {
        // A task definition that Logweir did not read may use the role too.
        return not_checked(NAME, resource, missing);
    } else {
        (Verdict::Pass, "one family uses the role as its task role".to_owned())
    };
    let origin = Origin { source: "ecs:DescribeTaskDefinition", time: *time };
    let judged = Judged::new(verdict, message, "/taskRoleArn").with(Some(names(families.iter().copied())));
    result(NAME, resource, origin, judged)
}
