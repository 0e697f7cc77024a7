//! What is pure and fast: rules and laws, what is read and what is decided on plain data; and what the tree of files and the
//! documentation promise.

mod baseline;
mod corpus;
mod docs;
mod events;
mod family;
mod following;
mod laws;
mod rate;
mod record;
mod rules;
mod tree;
