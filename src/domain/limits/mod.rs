//! The limits on Logweir's actions: whether and when Logweir may act on a family, in an account and Region, or on a
//! service.

pub mod deferred;
pub mod family;
pub mod pages;
pub mod rate;
pub mod reconciliation;
pub mod rollout_guards;
pub mod service_history;
pub mod throttle;
