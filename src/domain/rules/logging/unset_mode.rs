//! The containers whose delivery mode the account setting `defaultLogDriverMode` decides, because they have no `mode`.

use serde::{Deserialize, Serialize};

use super::blocking_delivery::{GivenMode, absent_mode, mode};
use crate::domain::baseline::{AbsentMode, Baseline, Delivery, Exempt};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::Case;
use crate::domain::rules::facts::Observation;

/// The containers of a task definition, or of many, that have a log driver with a delivery mode and no `mode`. Each
/// number counts containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsetModes {
    /// The baseline asks for `non-blocking`, and for an explicit `mode`.
    pub explicit: usize,
    /// The baseline asks for `non-blocking`, and accepts the mode that is in effect.
    pub effective: usize,
    /// The baseline asks for `blocking`.
    pub blocking: usize,
    /// An exemption of `blocking-delivery` covers the container.
    pub exempt: usize,
}

impl UnsetModes {
    /// Counts the containers of a task definition.
    pub fn of(seen: &Observation<'_>, baseline: &Baseline) -> Self {
        const RULE: RuleName = RuleName::BlockingDelivery;
        let case = Case::new(seen, baseline);
        let mut counts = Self::default();
        for subject in case.subjects() {
            let Some((driver, options)) = subject.delivery_options() else { continue };
            if case.is_off(RULE) || !matches!(mode(&subject, options), GivenMode::Absent) {
                continue;
            }
            let wanted = subject.settings.logging.delivery;
            let number = match (wanted, absent_mode(&subject, driver)) {
                _ if matches!(case.exempts(RULE, subject.container.name()), Exempt::Yes(_)) => &mut counts.exempt,
                _ if !subject.accepts(driver) => continue,
                (Delivery::Blocking, _) => &mut counts.blocking,
                (Delivery::NonBlocking, AbsentMode::Explicit) => &mut counts.explicit,
                (Delivery::NonBlocking, AbsentMode::Effective) => &mut counts.effective,
            };
            *number += 1;
        }
        counts
    }

    /// Returns the number of findings that a default of `non-blocking` resolves, if `default` is the mode in effect.
    /// The findings of containers with an explicit mode in the baseline also need `absent-mode = "effective"`.
    pub fn settled(self, default: Delivery) -> usize {
        match default {
            Delivery::Blocking => self.explicit + self.effective,
            Delivery::NonBlocking => self.explicit,
        }
    }
}

impl std::ops::AddAssign for UnsetModes {
    fn add_assign(&mut self, other: Self) {
        self.explicit += other.explicit;
        self.effective += other.effective;
        self.blocking += other.blocking;
        self.exempt += other.exempt;
    }
}
