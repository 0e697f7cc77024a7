//! The journal in a file and the journal in a table, on what may happen to a file, and on the answers that DynamoDB gives.

mod budgets;
mod family_item;
mod file;
mod file_families;
mod file_pointings;
mod first_form;
mod pointings_item;
mod processes;
mod table;
