//! The event queue and the dead-letter queue.

use super::error::{Answer, ErrorKind, PortError};

/// The event queue, or its dead-letter queue.
pub trait Queue: Sync {
    /// Sends a copy of a delivered message. After a successful send, SQS may delete the original message.
    fn send(&self, message: &Message<'_>) -> impl Future<Output = Answer<()>> + Send;
}

/// A message to send to an SQS queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'m> {
    pub body: &'m str,
    /// The message attributes, by name.
    pub attributes: Vec<(&'static str, String)>,
    /// The number of seconds by which SQS delays the delivery, at most [`LONGEST_DELAY`].
    pub delay: u16,
}

/// The longest delay of an SQS message, in seconds (source: SendMessage in the Amazon SQS API reference).
pub const LONGEST_DELAY: u16 = 900;

/// An optional queue. If no queue is configured, every send fails.
impl<Q: Queue> Queue for Option<Q> {
    async fn send(&self, message: &Message<'_>) -> Answer<()> {
        match self {
            Some(queue) => queue.send(message).await,
            None => {
                let message = "no queue is configured for this message".to_owned();
                Err(PortError { kind: ErrorKind::Retry, call: "SendMessage", message, reason: None })
            }
        }
    }
}
