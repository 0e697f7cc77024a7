//! A run of `logweir apply --all`: makes one plan for an account and Region, applies it, and backs it out.
//!
//! A run needs no lock of its own. The claim of each record lets one worker at a time correct a source revision, so two
//! workers that apply the same plan correct no revision twice.

mod backout;
mod check;
mod correct;
mod drive;
mod journal;
mod line;
mod services;
mod survey;
mod watch;

pub use backout::{RunBackout, back_out_run};
pub use drive::{RunDriver, RunPatience};
pub use journal::{begin_run, read_run};
pub use survey::{FamilyPlan, PlannedFamily, followers, place_services, plan_family};
pub use watch::{RunEvent, RunWatch};
