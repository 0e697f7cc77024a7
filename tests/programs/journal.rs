//! The journal in a file, with damaged files, and the journal in a table, with DynamoDB's responses.

mod budgets;
mod family_item;
mod file;
mod file_families;
mod file_pointings;
mod first_form;
mod newer_version;
mod pointings_item;
mod processes;
mod table;
mod words_before;
