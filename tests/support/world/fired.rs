//! The lags, faults and acts of other principals that have really occurred. A test counts them here and not when it
//! plans them, because a plan may never come true.

use std::collections::BTreeMap;

use super::{Account, World};

/// How often each class has occurred. Pictures of the account ignore it.
#[derive(Clone, Debug, Default)]
pub(super) struct Fired(BTreeMap<&'static str, usize>);

impl PartialEq for Fired {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Account {
    /// Counts an occurrence of this class.
    pub(crate) fn fires(&mut self, class: &'static str) {
        *self.fired.0.entry(class).or_default() += 1;
    }

    /// What `read` returns if no read lags.
    pub(super) fn without_lag<T>(&mut self, read: impl FnOnce(&Self) -> T) -> T {
        let lag = std::mem::take(&mut self.lag);
        let truth = read(self);
        self.lag = lag;
        truth
    }
}

impl World {
    /// How often each class has occurred.
    pub(crate) fn fired(&self) -> BTreeMap<&'static str, usize> {
        self.account(|account| account.fired.0.clone())
    }
}
