//! The record of one source revision: its kind, its steps and its entries. Before each action, a worker writes an entry
//! with its intent; after the action, the worker writes an entry with the result. A cluster, an account setting, and
//! the settings and tags that the command line changes have records of their own forms.

mod account_setting;
mod attempt;
mod backout;
mod cluster;
mod effects;
mod entry;
mod finish;
mod head;
mod history;
mod illegal;
mod key;
mod next;
mod registration;
mod resource;
mod retirement;
mod rollback;
mod rollout;
mod step;
mod topic;
mod whole;

pub use account_setting::{
    SettingAttempt, SettingBackout, SettingEffect, SettingEntry, SettingEntryKind, SettingNext, SettingOpening,
    SettingRecord,
};
pub use attempt::Attempt;
pub use backout::{Backout, NotRestored, Settled};
pub use cluster::{
    ClusterAttempt, ClusterBackout, ClusterEffect, ClusterEntry, ClusterEntryKind, ClusterNext, ClusterOpening,
    ClusterRecord, ClusterStep,
};
pub use effects::Effects;
pub use entry::{
    BackoutRequest, Ending, Entry, EntryKind, NotUndone, Opening, SCHEMA, ServiceRollback, ServiceUpdate,
    SourceWithdrawn,
};
pub use finish::{Fact, Facts, FinishStep, Sighting, next_step, words};
pub use head::{Head, Record};
pub use history::Registered;
pub use illegal::Illegal;
pub use key::{RecordKey, RecordKind};
pub use next::{Next, next};
pub use resource::{
    InsightsChange, KeptEffect, PREFIX, ResourceAttempt, ResourceBackout, ResourceEffects, ResourceEntry,
    ResourceEntryKind, ResourceFailure, ResourceNext, ResourceOpening, ResourceRecord, ResourceStep, ResourceUndo,
};
pub use retirement::Retirement;
pub use rollback::Rollback;
pub use rollout::{Rollout, RolloutPhase};
pub use step::{Done, Step, Undo};
pub use whole::{Progress, WholeEntry, WholeEntryKind, WholeRecord};
