//! The use cases. All I/O goes through ports; no SDK, no file, no clock of their own.

mod assess;
mod backout;
mod consumers;
mod correct;
mod decide;
mod family_state;
mod gauges;
mod lease;
mod on_event;
mod order;
mod ownership;
mod remediate;
mod reporting;
mod resume;
mod rollout;
mod summary;
mod withdraw;

pub use assess::{Assessment, observe};
pub use backout::{BackoutOptions, BackoutOrder, BackoutWord, Request, back_out, preview};
pub use correct::put_off;
pub use gauges::gauges;
pub use on_event::{failed_too_often, handle_event, unreadable};
pub use order::{Order, Origin};
pub use remediate::remediate;
pub use reporting::unseen;
pub use resume::{resume, resume_backouts};
