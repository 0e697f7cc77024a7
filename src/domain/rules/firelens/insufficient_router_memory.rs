//! A router whose memory is smaller than what it may need for log lines.
//!
//! A Fluent Bit router needs up to twice the limit `Mem_Buf_Limit` of its inputs (source:
//! aws-samples/amazon-ecs-firelens-examples, oomkill-prevention). ECS refuses a container with more `memory` than its task,
//! and containers whose `memoryReservation` is together more than that of the task (source: its messages in
//! pulumi/pulumi-awsx#1220 and cloudnativedaysjp/dreamkast-infra#4766).

use crate::domain::firelens::agent::memory_limit;
use crate::domain::firelens::launcher::Section;
use crate::domain::firelens::plugin::bytes;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct InsufficientRouterMemory;

const NAME: RuleName = RuleName::InsufficientRouterMemory;

impl Rule for InsufficientRouterMemory {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a router with less memory than twice the limit of its buffer, or with more memory than the task has"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let refused = case.router().and_then(|router| beyond_task(case, &router));
        let fault = || case.fluent_bit().and_then(|router| fault(case, &router));
        refused.or_else(fault).into_iter().collect()
    }
}

/// Returns the finding about a router that needs memory which the task does not have.
fn beyond_task(case: &Case<'_>, router: &Subject<'_, '_>) -> Option<Finding> {
    let task = case.seen.definition.memory()?;
    let called = router.called();
    let own = router.container.memory().unwrap_or_default();
    let reservation = router.container.memory_reservation().unwrap_or_default();
    let all = case.subjects().filter_map(|subject| subject.container.memory_reservation());
    let reserved = all.fold(0, u64::saturating_add);
    let (member, amount, what) = if own > task {
        ("memory", own, format!("the limit of {called} is"))
    } else if reservation > 0 && reserved > task {
        ("memoryReservation", reserved, format!("{called} and the other containers reserve"))
    } else {
        return None;
    };
    let mib = amount.div_ceil(MIB);
    let message = format!("{what} {mib} MiB, but the task has {} MiB: ECS refuses the task definition", task / MIB);
    let advice = format!("raise the memory of the task to {mib} MiB or more, or lower {member}");
    Some(router.advice(NAME, &format!("/{member}"), message, advice))
}

fn fault(case: &Case<'_>, router: &Subject<'_, '_>) -> Option<Finding> {
    let launch = router.launch();
    let set = launch.as_ref().and_then(|launch| launch.value(Section::Input, "Mem_Buf_Limit"));
    let limit = match set {
        Some(text) => bytes(text)?,
        None if router.hides("memoryReservation") || router.hides("memory") => return None,
        None => memory_limit(router.container).bytes,
    };
    let (memory, of, pointer) = memory(case, router)?;
    let needed = limit.saturating_mul(2);
    if needed <= memory {
        return None;
    }
    let set_by = if set.is_some() { "its launcher" } else { "the ECS agent" };
    let message = format!(
        "{} may need {} MiB for log lines, twice the Mem_Buf_Limit of {set_by}, but {of} has {} MiB: the \
         kernel ends the router",
        router.called(),
        needed.div_ceil(MIB),
        memory / MIB
    );
    let lower =
        if set.is_some() { "lower Mem_Buf_Limit in the command" } else { "lower memoryReservation of the router" };
    let advice = format!("raise the memory of {of} to {} MiB or more, or {lower}", needed.div_ceil(MIB));
    Some(Finding { pointer, ..router.advice(NAME, "", message, advice) })
}

const MIB: u64 = 1024 * 1024;

/// Returns the memory that limits the router in bytes, with its owner and the pointer to it: the hard limit of the
/// router, or the memory of the task if it is smaller.
fn memory(case: &Case<'_>, router: &Subject<'_, '_>) -> Option<(u64, &'static str, String)> {
    let pointer = format!("/containerDefinitions/{}/memory", router.container.index);
    let own = router.container.memory().map(|bytes| (bytes, "the container", pointer));
    let task = case.seen.definition.memory().map(|bytes| (bytes, "the task", "/memory".into()));
    own.into_iter().chain(task).min_by_key(|(bytes, _, _)| *bytes)
}
