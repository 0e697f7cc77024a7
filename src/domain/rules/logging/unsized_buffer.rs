//! A non-blocking container whose buffer size is absent, too small for an ordinary burst, or too large for the memory.

use serde_json::Value;

use super::blocking_delivery::{self, GivenMode};
use super::buffer_share::SizeOption;
use crate::domain::baseline::{Delivery, size_text};
use crate::domain::ecs::task_definition::Options;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::DefaultMode;
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::text::placeholder;

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
            .filter_map(|subject| {
                let (driver, options) = subject.delivery_options()?;
                check(&subject, driver, options)
            })
            .collect()
    }

    /// If a deploy tool sets the memory, the rule cannot check whether the buffers are too large.
    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        let is_variable = |memory: Option<&Value>| memory.is_some_and(placeholder::is_variable);
        let mut buffered = case.subjects().filter(Subject::has_buffer);
        !case.seen.is_live()
            && buffered.any(|subject| {
                is_variable(subject.container.member("memory"))
                    || is_variable(case.seen.definition.view().get("memory"))
            })
    }
}

fn check<'a>(subject: &Subject<'_, 'a>, driver: &str, options: Options<'a>) -> Option<Finding> {
    let mode = options.text("mode");
    let is_unknown = matches!(blocking_delivery::mode(subject, options), GivenMode::Unknown(_));
    let stays = is_unknown || subject.is_exempt(RuleName::BlockingDelivery);
    let found = SizeOption::of(subject, options);
    let is_corrected = subject.corrects_delivery(driver);
    if mode != Some("non-blocking") && (stays || !is_corrected && !matches!(found, SizeOption::Malformed)) {
        // No fix sets the mode `non-blocking`, and in any other mode the container runtime refuses a buffer size.
        return None;
    }
    if matches!(found, SizeOption::Absent) && driver != "awslogs" && !is_corrected {
        // The default size suits a driver that Logweir does not correct.
        return None;
    }
    let called = subject.called();
    let floor = subject.settings.logging.min_buffer_size;
    let (buffers, buffer) = (subject.case.buffers(), subject.buffer());
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
        SizeOption::Bytes(bytes)
            if bytes > buffer.bytes
                || (!buffers.fit(subject.container.index) && subject.case.is_editable(subject.container)) =>
        {
            let percent = subject.settings.logging.max_buffer_share * 100.0;
            format!(
                "the buffers of the {} containers take {} together, which exceeds the baseline's maximum of {percent:.0} % \
                 of the task's memory",
                buffers.count,
                size_text(buffers.total)
            )
        }
        SizeOption::Bytes(_) => return None,
    };
    let size = if is_corrected { buffer.text() } else { subject.advised_size(&found) };
    let set = vec![("mode", Some("non-blocking".to_owned())), ("max-buffer-size", Some(size))];
    let fix = match is_corrected && !buffers.fit(subject.container.index) {
        true => subject.more_memory(),
        false => subject.delivery_fix(driver, set),
    };
    let mut finding = subject.finding(NAME, "/options/max-buffer-size", message, fix);
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

impl Subject<'_, '_> {
    /// Returns the advice for a task whose memory is too small for the minimum buffers of all its containers.
    pub(super) fn more_memory(&self) -> Fix {
        let buffers = self.case.buffers();
        let size = |bytes: Option<u64>| size_text(bytes.unwrap_or_default());
        Fix::Advice(format!(
            "give the task more memory; the buffers of its {} containers need at least {}, but the baseline allows {}",
            buffers.count,
            size(buffers.too_much),
            size(buffers.bound)
        ))
    }
}
