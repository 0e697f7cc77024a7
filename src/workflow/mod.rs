//! The use cases of Logweir, which do all I/O through the traits of `crate::ports`. No use case uses an SDK, a file or
//! a clock directly.

#[cfg(feature = "cli")]
mod account_default;
mod assess;
#[cfg(feature = "cli")]
pub mod audit;
mod backed_out_run;
mod backout;
mod clusters;
mod consumers;
mod correct;
mod decide;
mod exec_sessions;
mod family_state;
mod family_walk;
mod gauges;
mod hold;
mod lag;
mod lease;
mod left_over;
mod look_up;
mod migrate;
mod numbers;
mod on_event;
mod order;
mod own_registration;
mod pins;
mod publish;
mod reconcile;
mod registration_state;
mod release;
mod remediate;
mod reporting;
mod request_text;
mod resources;
mod resume;
mod retire;
mod rollout;
mod run;
mod session;
mod summary;
pub mod trail_files;
pub mod trail_queries;
mod tried;
mod whole_claim;
mod withdraw;

#[cfg(feature = "cli")]
pub use account_default::{back_out_account_default, preview_account_default, set_account_default};
pub use assess::{Assessment, observe};
pub use backout::{BackoutOptions, BackoutOrder, BackoutWord, Request, back_out, preview, record_named};
pub use clusters::{back_out_cluster, configure_cluster, preview_cluster, resume_cluster_backouts, resume_clusters};
pub use correct::put_off;
pub use exec_sessions::{JudgedSessions, SessionAccount, SessionOrder, judge_sessions, transcript_destination};
pub use family_walk::{WalkCalls, all_families, newest};
pub use gauges::{Counted, gauges, not_read};
pub use hold::{HoldRequest, hold};
pub use look_up::look_up;
pub use migrate::{migrate, refused_migration, unfinished_migration};
pub use on_event::{failed_too_often, handle_event, unreadable};
pub use order::{Order, Origin};
pub use publish::{PublishError, publish_baseline};
pub use reconcile::{Reconciled, last_reconciliation, note_mode_and_baseline, reconcile};
pub use release::{due_releases, record_release};
pub use remediate::remediate;
pub use reporting::unseen;
pub use resources::{ResourceOrder, ResourceWish, back_out_resource, change_resource, preview_resource};
pub use resume::{resume, resume_backouts};
pub use retire::{forbid_retirements, retire_unused};
pub use run::{
    FamilyPlan, PlannedFamily, RunBackout, RunDriver, RunEvent, RunPatience, RunWatch, back_out_run, begin_run,
    followers, place_services, plan_family, read_run,
};
