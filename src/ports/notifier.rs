//! The channels for notifications.

use super::error::PortError;
use crate::domain::notice::Notice;

/// The sender of notifications.
pub trait Notifier: Sync {
    /// Sends the notification to each configured channel, and tries each channel once. Returns the errors of the failed
    /// channels. A failed notification does not change the decision that it reports.
    fn tell(&self, notice: &Notice) -> impl Future<Output = Vec<PortError>> + Send;
}
