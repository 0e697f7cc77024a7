//! Reads the facts about an account that the rules of the runbook judge, except those of Amazon ECS. Each module reads
//! the facts of one depth. All calls read, and no call reads the value of a parameter or of a secret.
//!
//! The number of calls depends on what the account runs: each VPC, role, repository, parameter and secret is read once.

mod ec2;
mod identity;
mod images;
mod load_balancers;
mod network;
mod policies;
mod query;
mod registry;
mod secrets;
mod trail;

use jiff::Timestamp;
use serde_json::Value;

use super::client::Aws;
use super::errors::unreadable;
use super::signed::Operation;
use crate::domain::fleet::facts::{Seen, Unread};
use crate::domain::runbook::Depth;
use crate::domain::runbook::account::network::NetworkFacts;
use crate::domain::runbook::account::trail::TrailFacts;
use crate::domain::runbook::account::{Account, Fact};
use crate::domain::text::plain::plain;
use crate::ports::{Answer, PortError};

impl Aws {
    /// Reads the facts of the depths beyond Amazon ECS, up to the depth of the run. The facts of ECS, which say what
    /// runs, must be known.
    pub async fn complete(&self, account: &mut Account) {
        let (depth, known) = (account.depth, &*account);
        let (network, identity, images, trail) = tokio::join!(
            given(depth.reads(Depth::Network), self.network_facts(&known.ecs)),
            given(depth.reads(Depth::Identity), self.identity_facts(known)),
            given(depth.reads(Depth::Images), self.image_facts(known)),
            given(depth.reads(Depth::Trail), self.trail_facts()),
        );
        account.network = network.unwrap_or_else(NetworkFacts::not_asked);
        account.identity = identity.unwrap_or_default();
        account.images = images.unwrap_or_default();
        account.trail = trail.unwrap_or_else(TrailFacts::not_asked);
    }
}

/// Returns what the read finds, if the run asks for it.
async fn given<T>(is_asked: bool, read: impl Future<Output = T>) -> Option<T> {
    if is_asked { Some(Box::pin(read).await) } else { None }
}

/// The largest number of pages of one list, so that an endless list ends the run.
const MOST_PAGES: usize = 200;

/// The number of calls of one kind at the same time.
const AT_ONCE: usize = 8;

/// The longest text that Logweir keeps from a response, in characters. The ARN of an ECS resource has less.
const LONGEST: usize = 2_048;

/// Returns the fact that the answer shows. `action` is the IAM action that the call needs.
fn fact<T>(answer: Answer<T>, action: &'static str) -> Fact<T> {
    Fact::of(seen(answer, action), action, Timestamp::now())
}

/// Returns the answer, or the reason why the fact is missing.
fn seen<T>(answer: Answer<T>, action: &'static str) -> Seen<T> {
    answer.map_err(|error| unread(&error, action))
}

fn unread(error: &PortError, action: &'static str) -> Unread {
    Unread { action, message: error.to_string(), is_denied: error.is_denied() }
}

/// Returns a text of a response without unsafe characters. Returns `None` if the text is absent or empty.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(|text| plain(text, LONGEST))
}

/// Returns the text at the member. Returns an error if the text is absent or empty.
fn required(operation: &Operation, value: &Value, member: &str) -> Answer<String> {
    text(&value[member]).ok_or_else(|| unreadable(operation.name, &format!("{member} is missing")))
}

/// Returns the items of a list. Returns none if the list is absent.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the texts of a list.
fn texts(value: &Value) -> Vec<String> {
    items(value).iter().filter_map(text).collect()
}
