//! FireLens: the router of a task, the output plugins and their options, the router's image, and the configuration that
//! the ECS agent generates.

pub mod agent;
pub mod image;
pub mod launcher;
pub mod migration;
mod option;
mod output;
mod outputs;
pub mod plugin;
pub mod port;
pub mod router;
mod shell;
