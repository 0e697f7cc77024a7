//! A service, a task set or a task that does not run on Fargate.

use super::{Checked, Judged, each_placement, each_standalone_task};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::ecs::{ProviderKind, is_fargate};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "instance-placement";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let mut results = each_placement(account, NAME, |service, placed| {
        if placed.places.is_empty() && !service.task_sets.is_empty() {
            return Judged::new(Verdict::NotApplicable, "the task sets of the service decide", "/launchType");
        }
        let judged = judged(account, &placed.places, placed.placement.strategy.is_empty());
        match placed.is_by_default {
            true => by_default(judged),
            false => judged,
        }
    });
    results.extend(each_standalone_task(account, NAME, |task| {
        let provider = task.capacity_provider.as_deref();
        let place = provider.or(task.launch_type.as_deref());
        judged(account, &place.into_iter().collect::<Vec<_>>(), provider.is_none())
    }));
    results
}

/// Returns the decision about the default strategy of the cluster, which the description of the service does not show.
fn by_default(judged: Judged) -> Judged {
    let strategy = judged.value.unwrap_or_default();
    let message = format!("{}; the default strategy of the cluster decides: {strategy}", judged.message);
    Judged { message, value: None, ..judged }
}

/// Where a launch type or a capacity provider starts tasks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Fargate,
    ManagedInstances,
    Instances,
    /// A capacity provider that Logweir could not read.
    Unknown,
}

fn judged(account: &Account, places: &[&str], is_launch_type: bool) -> Judged {
    let member = if is_launch_type { "/launchType" } else { "/capacityProviderStrategy" };
    let found: Vec<Place> = places.iter().map(|place| place_of(account, place)).collect();
    let has = |place| found.contains(&place);
    let (verdict, message) = if found.is_empty() {
        (Verdict::Undecidable, "ECS shows neither a launch type nor a capacity provider".to_owned())
    } else if found.iter().all(|place| *place == Place::Fargate) {
        (Verdict::Pass, "the tasks run on Fargate".to_owned())
    } else if has(Place::Fargate) {
        (Verdict::Pass, "the tasks run on Fargate, and also on other capacity providers".to_owned())
    } else if has(Place::Instances) {
        (Verdict::Fail, "the tasks run on instances that the account operates, and not on Fargate".to_owned())
    } else if has(Place::Unknown) {
        let why = match account.ecs.capacity_providers.get() {
            Err(missing) => missing.message(),
            Ok(_) => "ECS describes no capacity provider with this name".to_owned(),
        };
        (Verdict::NotChecked, why)
    } else {
        (Verdict::Advice, "the tasks run on ECS Managed Instances, which AWS patches, and not on Fargate".to_owned())
    };
    let value = (!places.is_empty()).then(|| places.join(", "));
    Judged::new(verdict, message, member).with(value)
}

fn place_of(account: &Account, place: &str) -> Place {
    match place {
        place if is_fargate(place) => Place::Fargate,
        "EC2" | "EXTERNAL" => Place::Instances,
        "MANAGED_INSTANCES" => Place::ManagedInstances,
        name => {
            let mut all = account.ecs.capacity_providers.value().into_iter().flatten();
            match all.find(|provider| provider.name == name).map(|provider| &provider.kind) {
                Some(ProviderKind::AutoScalingGroup { .. }) => Place::Instances,
                Some(ProviderKind::ManagedInstances) => Place::ManagedInstances,
                Some(ProviderKind::Other) | None => Place::Unknown,
            }
        }
    }
}
