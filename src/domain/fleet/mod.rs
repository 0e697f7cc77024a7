//! The fleet of an account and Region: its clusters, the services, daemons and tasks with ECS Exec, and the rights that a
//! session needs.

pub mod facts;
pub mod rights;
pub mod uses;
pub mod version;
