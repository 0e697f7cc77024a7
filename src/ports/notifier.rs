//! The receivers of notifications.

use super::error::PortError;
use crate::domain::notice::Notice;

/// Whoever is to be told of decisions.
pub trait Notifier: Sync {
    /// Tells each channel that is set up, and tries each once. What could not be done comes back: a decision stands,
    /// whether anybody hears of it or not.
    fn tell(&self, notice: &Notice) -> impl Future<Output = Vec<PortError>> + Send;
}
