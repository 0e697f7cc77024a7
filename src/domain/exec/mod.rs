//! The sessions of ECS Exec: which sessions there were, who opened them, and whether each has a transcript.
//!
//! Three sources describe a session. CloudTrail names the person in the event of ExecuteCommand. Systems Manager knows
//! the start and the end of the session. CloudWatch Logs or Amazon S3 has the transcript. [`join`] finds the events and
//! the records of Systems Manager that describe the same session. [`destination`] says where the transcript of a session
//! goes. [`judge`] compares this place with the log stream or the object that exists there.

mod command;
mod destination;
mod events;
mod evidence;
mod execute;
mod join;
mod judge;
mod other_calls;
mod owner;
mod person;
mod session;
mod setting;
mod ssm;
mod target;
mod task;
pub mod transcript;
mod verdict;
pub mod watch;

pub use command::{Command, program};
pub use destination::{ContainerLogs, Destination, destination};
pub use events::Events;
pub use evidence::{Look, Place, Seen};
pub use execute::{ExecuteCall, Outcome};
pub use join::{Case, Home, Origin, join};
pub use judge::{Facts, Life, judge, life};
pub use other_calls::{AssumedRole, ClusterChange, StartCall, StartedTask};
pub use owner::is_role_of_ecs;
pub use person::NamedPerson;
pub use session::{Session, Transcript, session};
pub use setting::{Basis, Setting, setting_at};
pub use ssm::{SsmSession, SsmSessions};
pub use target::Target;
pub use task::{TaskFacts, Tasks};
pub use verdict::{Judged, Verdict};

use jiff::SignedDuration;

/// The time after the end of a session in which its transcript may still be missing. The agent uploads the transcript
/// after the user has disconnected, and the upload takes one or two minutes (source: containers-roadmap#2764).
pub const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// The age of the oldest sessions that Systems Manager lists (source: Systems Manager API reference, DescribeSessions).
pub const SSM_HISTORY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The longest text that Logweir keeps from an event, in characters.
const LONGEST: usize = 512;
