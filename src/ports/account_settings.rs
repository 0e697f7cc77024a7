//! The account setting `defaultLogDriverMode` of ECS. Only the command line has this port, so no function can change
//! the setting.

use super::error::Answer;
use crate::domain::baseline::Delivery;
use crate::domain::ecs::default_log_mode::DefaultLogMode;

pub trait AccountSettings: Sync {
    /// Returns the setting as ECS shows it to the caller. Reads it again each time.
    fn default_log_mode(&self) -> impl Future<Output = Answer<DefaultLogMode>> + Send;

    /// Sets the value for all users and roles of the account that have no value of their own. Returns the value that
    /// ECS answers. A repeated call has the same effect.
    fn set_default_log_mode(&self, mode: Delivery) -> impl Future<Output = Answer<Delivery>> + Send;
}
