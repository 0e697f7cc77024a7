//! The sessions of ECS Exec: the join of the sources, and the verdicts.

mod edges;
mod matrix;
mod never_logged;
mod scene;
