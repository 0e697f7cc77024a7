//! Services follow, or do not: every reason and every situation, told through the events that tell of it. What the report
//! says, what the record keeps, and what is left as it is.

mod world;

#[path = "rollout/denied.rs"]
mod denied;
#[path = "rollout/deployments.rs"]
mod deployments;
#[path = "rollout/failures.rs"]
mod failures;
#[path = "rollout/forged.rs"]
mod forged;
#[path = "rollout/fuses.rs"]
mod fuses;
#[path = "rollout/images.rs"]
mod images;
#[path = "rollout/intents.rs"]
mod intents;
#[path = "rollout/modes.rs"]
mod modes;
#[path = "rollout/overdue.rs"]
mod overdue;
#[path = "rollout/scene.rs"]
mod scene;
#[path = "rollout/taken_back.rs"]
mod taken_back;
#[path = "rollout/turns.rs"]
mod turns;
#[path = "rollout/unconfirmed.rs"]
mod unconfirmed;
#[path = "rollout/unseen.rs"]
mod unseen;
#[path = "rollout/waiting.rs"]
mod waiting;
#[path = "rollout/whose.rs"]
mod whose;
