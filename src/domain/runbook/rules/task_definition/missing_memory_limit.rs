//! A container that may use the whole memory of its instance.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "missing-memory-limit";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/memory", |container| {
        let of_task = subject.member("memory");
        let own = ["memory", "memoryReservation"].map(|name| match Member::of(container.member(name)) {
            // A zero, as in a skeleton of the AWS CLI, is no limit.
            Member::Known(size) if size == 0 || size == "0" => Member::Absent,
            size => size,
        });
        let is_unknown = |member: &Member<'_>| matches!(member, Member::Unknown);
        match (of_task, own) {
            (Member::Known(_), _) => (Verdict::Pass, "the memory of the task limits its containers".to_owned()),
            (_, [Member::Known(_), _]) => (Verdict::Pass, "the container has a memory limit".to_owned()),
            (_, [_, Member::Known(_)]) => {
                (Verdict::Pass, "the container reserves memory, and may use more while the instance has it".to_owned())
            }
            (of_task, own) if is_unknown(&of_task) || own.iter().any(is_unknown) => {
                (Verdict::Undecidable, "the memory is known only after the deployment".to_owned())
            }
            _ => (
                Verdict::Fail,
                "neither the task nor the container limits the memory, so one container can stop its neighbours; set \
                 memory or memoryReservation"
                    .to_owned(),
            ),
        }
    })
}
