//! Whether something may be done, and when: for a family, for all of an account and Region, and for a service.

pub mod family;
pub mod rate;
pub mod rollout_guards;
pub mod service_history;
