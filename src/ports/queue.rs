//! The event queue and the dead-letter queue.

use super::error::{Answer, ErrorKind, PortError};

/// A queue: the one that events are delivered from, or that of its dead letters.
pub trait Queue: Sync {
    /// Sends a message. Once it is sent, the one that was delivered with this body is done with.
    fn send(&self, message: &Message<'_>) -> impl Future<Output = Answer<()>> + Send;
}

/// A message as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'m> {
    pub body: &'m str,
    /// What travels beside the body, by name.
    pub attributes: Vec<(&'static str, String)>,
    /// In how many seconds it is delivered, [`LONGEST_DELAY`] at most.
    pub delay: u16,
}

/// In seconds (source: SendMessage in the Amazon SQS API reference).
pub const LONGEST_DELAY: u16 = 900;

/// Where none is named, nothing can be sent.
impl<Q: Queue> Queue for Option<Q> {
    async fn send(&self, message: &Message<'_>) -> Answer<()> {
        match self {
            Some(queue) => queue.send(message).await,
            None => {
                let message = "no queue is named for it".to_owned();
                Err(PortError { kind: ErrorKind::Retry, call: "SendMessage", message, reason: None })
            }
        }
    }
}
