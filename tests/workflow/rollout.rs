//! Services follow, or do not: every reason and every situation, told through the events that tell of it. What the report
//! says, what the record keeps, and what is left as it is.

mod denied;
mod deployments;
mod failures;
mod forged;
mod fuses;
mod images;
mod intents;
mod modes;
mod overdue;
mod scene;
mod taken_back;
mod turns;
mod unconfirmed;
mod unseen;
mod waiting;
mod whose;
