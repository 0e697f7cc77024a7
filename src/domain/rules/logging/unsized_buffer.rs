//! A non-blocking container whose buffer size is absent, too small for an ordinary burst, or too large for the memory.

use super::buffer::SizeOption;
use super::options::Given;
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

fn check<'a>(subject: &Subject<'_, 'a>, options: Options<'a>) -> Option<Finding> {
    let given = subject.given_word(options, "mode");
    let mode = options.text("mode");
    let stays = matches!(given, Given::Unknown(_)) || subject.is_exempt(RuleName::BlockingDelivery);
    if mode != Some("non-blocking") && stays {
        // No fix sets the mode `non-blocking`, and in any other mode the container runtime refuses a buffer size.
        return None;
    }
    let called = subject.called();
    let floor = subject.settings.logging.min_buffer_size;
    let buffer = subject.buffer();
    let found = SizeOption::of(subject, options);
    let message = match found {
        SizeOption::Unknown(why) => {
            return Some(subject.unknown(NAME, "/options/max-buffer-size", "buffer size", why));
        }
        SizeOption::Absent => format!("{called} sets no buffer size"),
        SizeOption::Malformed => format!("the buffer size of {called} is not valid"),
        SizeOption::Bytes(bytes) if bytes < floor => {
            let (size, floor) = (size_text(bytes), size_text(floor));
            format!("the buffer of {called}, {size}, is below the baseline's minimum of {floor}")
        }
        SizeOption::Bytes(bytes) if subject.share().is_some_and(|share| bytes > share.max(floor)) => {
            let percent = subject.settings.logging.max_buffer_share * 100.0;
            format!(
                "the buffer of {called}, {}, exceeds the baseline's maximum of {percent:.0} % of the memory",
                size_text(bytes)
            )
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
        let percent = subject.settings.logging.max_buffer_share * 100.0;
        finding.notes.push(format!(
            "give the container more memory: the minimum buffer of {} takes more than {percent:.0} % of the memory",
            size_text(floor)
        ));
    }
    Some(finding)
}
