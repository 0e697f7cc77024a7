//! The buffers of the non-blocking containers of a task: their sizes, and the sizes that the baseline requires.
//!
//! Containers without a `memory` of their own share the memory of the task, and so do their buffers. A `memory` of a
//! container is a part of the task's memory for this container alone, unless these parts exceed the task's memory
//! together. A buffer takes memory of the task outside of its container (source: shim-loggers-for-containerd,
//! docs/memory-optimization-recommendations.md), so parts that overlap protect no buffer from another one.

use super::blocking_delivery::{GivenMode, mode};
use super::options::{Given, Unknown};
use crate::domain::baseline::{Delivery, parse_size, size_text};
use crate::domain::ecs::task_definition::{Log, Options};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::buffers::Buffers;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::DefaultMode;

/// The size of a buffer without `max-buffer-size`, in bytes (source: LogConfiguration, ECS API reference).
const UNSET: u64 = 10 << 20;

/// The buffer of one container after the fixes, if the container were alone in its task.
#[derive(Clone, Copy)]
enum Single {
    /// The container has no buffer, or the task definition does not show the size of its buffer.
    None,
    /// Logweir does not change the size, for example because of an exemption.
    Kept(u64),
    /// The size is within the limits of the baseline.
    Standing(u64),
    /// A fix sets the size.
    Set(u64),
}

impl Single {
    fn bytes(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Kept(bytes) | Self::Standing(bytes) | Self::Set(bytes) => bytes,
        }
    }
}

impl Case<'_> {
    pub(super) fn buffers(&self) -> &Buffers {
        self.buffers.get_or_init(|| buffers(self))
    }
}

/// A container with its buffer.
struct Member<'c, 'a> {
    subject: Subject<'c, 'a>,
    single: Single,
    /// Whether the buffer shares the memory of the task with other buffers.
    shares: bool,
}

impl Member<'_, '_> {
    /// Returns the share of this container in the sum of the buffers if its buffer has `bytes`.
    fn counted(&self, bytes: u64) -> u64 {
        if self.shares { bytes } else { 0 }
    }
}

fn buffers(case: &Case<'_>) -> Buffers {
    let task = case.seen.definition.memory();
    let own: u64 = case.subjects().filter_map(|subject| subject.container.memory()).sum();
    let overlaps = task.is_some_and(|task| own > task);
    let members: Vec<Member<'_, '_>> = case
        .subjects()
        .map(|subject| {
            let single = single(&subject);
            let shares = !matches!(single, Single::None) && (overlaps || subject.container.memory().is_none());
            Member { subject, single, shares }
        })
        .collect();
    let sharing = members.iter().filter(|member| member.shares);
    let share = sharing.clone().map(|member| member.subject.settings.logging.max_buffer_share).fold(0.0, f64::max);
    let mut all = Buffers {
        sizes: members.iter().map(|member| member.single.bytes()).collect(),
        shares: members.iter().map(|member| member.shares).collect(),
        total: sharing.clone().map(|member| member.single.bytes()).sum(),
        bound: task.map(|memory| (memory as f64 * share) as u64),
        count: sharing.clone().count(),
        too_much: None,
    };
    let Some(bound) = all.bound.filter(|bound| all.total > *bound && all.count > 1) else { return all };
    // Logweir changes a size that is within the limits only if smaller sizes of the other buffers are not enough.
    let is_set = |single: &Single| matches!(single, Single::Set(_));
    let is_changeable = |single: &Single| matches!(single, Single::Set(_) | Single::Standing(_));
    match lowered(&members, bound, is_set).or_else(|| lowered(&members, bound, is_changeable)) {
        Some(sizes) => all.sizes = sizes,
        None => {
            let least = |member: &Member<'_, '_>| match member.single {
                Single::Set(_) | Single::Standing(_) => member.subject.settings.logging.min_buffer_size,
                single => single.bytes(),
            };
            all.too_much = Some(sharing.map(least).sum());
        }
    }
    all
}

/// Returns the sizes of all buffers after the largest changeable sizes are lowered to one size, so that the sum of the
/// buffers that share the memory is at most `bound`. Returns `None` if even the minimum sizes exceed the bound.
fn lowered(members: &[Member<'_, '_>], bound: u64, is_changeable: impl Fn(&Single) -> bool) -> Option<Vec<u64>> {
    let size = |member: &Member<'_, '_>, most: u64| {
        let bytes = member.single.bytes();
        match member.shares && is_changeable(&member.single) {
            true => bytes.min(whole(most, member.subject.settings.logging.min_buffer_size)),
            false => bytes,
        }
    };
    let fits = |most: u64| members.iter().map(|member| member.counted(size(member, most))).sum::<u64>() <= bound;
    if !fits(0) {
        return None;
    }
    // The largest size that fits, by bisection: `low` fits, and `high` does not.
    let (mut low, mut high) = (0, bound + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        *(if fits(middle) { &mut low } else { &mut high }) = middle;
    }
    Some(members.iter().map(|member| size(member, low)).collect())
}

/// Returns `bytes` in whole MiB, which are easier to read, but at least `least`.
fn whole(bytes: u64, least: u64) -> u64 {
    let whole = bytes >> 20 << 20;
    if whole >= least { whole } else { bytes.max(least) }
}

fn single(subject: &Subject<'_, '_>) -> Single {
    let sets_a_buffer = subject.settings.logging.delivery == Delivery::NonBlocking;
    match subject.container.log() {
        _ if subject.is_asked_to_use_awslogs() && !subject.waits_for_role() && sets_a_buffer => {
            Single::Set(subject.default_size())
        }
        Log::Configured { driver: "awsfirelens", .. } => Single::None,
        Log::Configured { driver, .. } if subject.corrects_delivery(driver) => {
            subject.options_of(driver).map_or(Single::None, |options| corrected(subject, options))
        }
        Log::Configured { options, .. } if options.text("mode") == Some("non-blocking") => kept(subject, options),
        _ => Single::None,
    }
}

fn kept<'a>(subject: &Subject<'_, 'a>, options: Options<'a>) -> Single {
    match SizeOption::of(subject, options) {
        SizeOption::Bytes(bytes) => Single::Kept(bytes),
        SizeOption::Absent | SizeOption::Malformed => Single::Kept(UNSET),
        SizeOption::Unknown(_) => Single::None,
    }
}

/// Returns the buffer of a container whose delivery Logweir corrects.
fn corrected<'a>(subject: &Subject<'_, 'a>, options: Options<'a>) -> Single {
    let logging = &subject.settings.logging;
    let mode = mode(subject, options);
    let is_non_blocking = matches!(mode, GivenMode::Is(Delivery::NonBlocking));
    let keeps_mode = matches!(mode, GivenMode::Unknown(_)) || subject.is_exempt(RuleName::BlockingDelivery);
    if logging.delivery == Delivery::Blocking || (keeps_mode && !is_non_blocking) {
        let may_be_non_blocking = match mode {
            GivenMode::Is(mode) => mode == Delivery::NonBlocking,
            GivenMode::Absent => subject.case.seen.default_mode != DefaultMode::Known(Delivery::Blocking),
            GivenMode::Unknown(_) | GivenMode::Malformed(_) => false,
        };
        return if keeps_mode && may_be_non_blocking { kept(subject, options) } else { Single::None };
    }
    if subject.is_exempt(RuleName::UnsizedBuffer) || !subject.case.is_editable(subject.container) {
        return kept(subject, options);
    }
    match SizeOption::of(subject, options) {
        SizeOption::Bytes(bytes) if bytes < logging.min_buffer_size => Single::Set(subject.default_size()),
        SizeOption::Bytes(bytes) => match subject.largest() {
            Some(largest) if bytes > largest => Single::Set(largest),
            _ => Single::Standing(bytes),
        },
        SizeOption::Absent | SizeOption::Malformed => Single::Set(subject.default_size()),
        SizeOption::Unknown(_) => Single::None,
    }
}

impl Subject<'_, '_> {
    /// Returns the buffer that a fix sets.
    pub fn buffer(&self) -> Buffer {
        let least = self.settings.logging.min_buffer_size;
        let bytes = self.case.buffers().sizes[self.container.index];
        Buffer { bytes, floor_exceeds_share: self.share().is_some_and(|share| least > share) }
    }

    /// Returns the size of a new buffer, in bytes: the smaller of the baseline's `max-buffer-size` and the share
    /// `max-buffer-share` of the memory, but at least the baseline's `min-buffer-size`.
    fn default_size(&self) -> u64 {
        let logging = &self.settings.logging;
        whole(logging.max_buffer_size.min(self.share().unwrap_or(u64::MAX)), logging.min_buffer_size)
    }

    /// Returns the size that Logweir advises for a driver that it does not correct, in Docker's notation.
    pub(super) fn advised_size(&self, found: &SizeOption) -> String {
        let share = self.share().filter(|share| matches!(found, SizeOption::Bytes(bytes) if bytes > share));
        size_text(share.and(self.largest()).unwrap_or_else(|| self.default_size()))
    }

    /// Returns the largest buffer that a fix leaves or sets, in bytes. `None` if the memory is unknown.
    fn largest(&self) -> Option<u64> {
        Some(whole(self.share()?, self.settings.logging.min_buffer_size))
    }

    /// Returns the largest buffer, in bytes, that the baseline allows for the memory of the container or task. `None`
    /// if the memory is unknown.
    pub fn share(&self) -> Option<u64> {
        let memory = match (self.container.memory(), self.case.seen.definition.memory()) {
            (Some(own), Some(task)) => own.min(task),
            (own, task) => own.or(task)?,
        };
        Some((memory as f64 * self.settings.logging.max_buffer_share) as u64)
    }

    /// Whether the container has a buffer after the fixes.
    pub(super) fn has_buffer(&self) -> bool {
        self.case.buffers().sizes[self.container.index] > 0
    }
}

/// The buffer that a fix sets for a container.
pub struct Buffer {
    pub bytes: u64,
    /// Whether the baseline's minimum buffer exceeds the share of the memory that a buffer may take. In this case, the
    /// buffer has the minimum size, and the container needs more memory.
    pub floor_exceeds_share: bool,
}

impl Buffer {
    /// Returns the size in Docker's notation, such as `25m`.
    pub fn text(&self) -> String {
        size_text(self.bytes)
    }
}

/// The value of the option `max-buffer-size` of a container.
pub(super) enum SizeOption {
    Absent,
    Unknown(Unknown),
    Malformed,
    Bytes(u64),
}

impl SizeOption {
    pub(super) fn of<'a>(subject: &Subject<'_, 'a>, options: Options<'a>) -> Self {
        match subject.given_word(options, "max-buffer-size") {
            Given::Absent => Self::Absent,
            Given::Unknown(why) => Self::Unknown(why),
            Given::Text(text) => parse_size(text).map_or(Self::Malformed, Self::Bytes),
            Given::Malformed(_) => Self::Malformed,
        }
    }
}
