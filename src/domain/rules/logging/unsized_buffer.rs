//! The buffer of a non-blocking container: absent, too small to hold an ordinary burst, or too large for the memory.

use super::buffer::SizeOption;
use crate::domain::baseline::{Delivery, size_text};
use crate::domain::ecs::task_definition::Options;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::DefaultMode;
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct UnsizedBuffer;

const NAME: RuleName = RuleName::UnsizedBuffer;

impl Rule for UnsizedBuffer {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a non-blocking container whose buffer is unset, too small, or too large for its memory"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects()
            .filter(|subject| subject.settings.logging.delivery == Delivery::NonBlocking)
            .filter_map(|subject| check(&subject, subject.awslogs()?))
            .collect()
    }
}

fn check(subject: &Subject<'_, '_>, options: Options<'_>) -> Option<Finding> {
    let mode = options.text("mode");
    let stays = mode.is_some_and(|mode| subject.is_placeholder(mode)) || subject.is_exempt(RuleName::BlockingDelivery);
    if mode != Some("non-blocking") && stays {
        // The mode stays as it is, and a size without `non-blocking` beside it is refused by the container runtime.
        return None;
    }
    let called = subject.called();
    let floor = subject.settings.logging.min_buffer_size;
    let buffer = subject.buffer();
    let found = SizeOption::of(subject, options.value("max-buffer-size"));
    let message = match found {
        SizeOption::Placeholder => {
            let message = format!("how large the buffer of {called} gets is a placeholder");
            let advice = Fix::Advice("render the document, then check it".into());
            return Some(subject.finding(NAME, "/options/max-buffer-size", message, advice));
        }
        SizeOption::Absent => format!("{called} sets no buffer size"),
        SizeOption::Malformed => format!("the buffer size of {called} is not a size"),
        SizeOption::Bytes(bytes) if bytes < floor => {
            let (size, floor) = (size_text(bytes), size_text(floor));
            format!("the buffer of {called}, {size}, is below the baseline's floor of {floor}")
        }
        SizeOption::Bytes(bytes) if subject.share().is_some_and(|share| bytes > share.max(floor)) => {
            let share = subject.settings.logging.max_buffer_share * 100.0;
            format!("the buffer of {called}, {}, takes more than {share:.0} % of its memory", size_text(bytes))
        }
        SizeOption::Bytes(_) => return None,
    };
    let set = vec![("mode", Some("non-blocking".to_owned())), ("max-buffer-size", Some(buffer.text()))];
    let mut finding = subject.finding(NAME, "/options/max-buffer-size", message, Fix::Options(set));
    let non_blocking_today = match mode {
        Some(mode) => mode == "non-blocking",
        None => subject.case.seen.default_mode == DefaultMode::Known(Delivery::NonBlocking),
    };
    if non_blocking_today && matches!(found, SizeOption::Absent) {
        finding.effective = Some("10m on current platforms, 1m on old container agents".into());
    }
    if buffer.floor_exceeds_share {
        finding.notes.push(format!(
            "even the floor of {} is a large part of its memory: give the container more",
            size_text(floor)
        ));
    }
    Some(finding)
}
