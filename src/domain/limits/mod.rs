//! The limits of an action: whether and when Logweir may act on a family, an account and Region, or a service.

pub mod family;
pub mod rate;
pub mod rollout_guards;
pub mod service_history;
