//! What every journal promises, held against each of them: the one file, the one table (on three emulators), and the one in
//! memory that other tests rely upon.

#![allow(unreachable_pub, reason = "what the modules of a test share is public among them")]

#[path = "journal/budgets.rs"]
mod budgets;
#[path = "journal/contract.rs"]
mod contract;
#[cfg(feature = "emulators")]
#[path = "journal/emulated.rs"]
mod emulated;
#[path = "journal/families.rs"]
mod families;
#[path = "journal/family_item.rs"]
mod family_item;
#[path = "journal/file.rs"]
mod file;
#[path = "journal/file_families.rs"]
mod file_families;
#[path = "journal/file_pointings.rs"]
mod file_pointings;
#[path = "journal/first_form.rs"]
mod first_form;
#[path = "journal/listing.rs"]
mod listing;
#[path = "loopback/mod.rs"]
mod loopback;
#[path = "journal/pointings.rs"]
mod pointings;
#[path = "journal/pointings_item.rs"]
mod pointings_item;
#[path = "journal/processes.rs"]
mod processes;
#[path = "journal/sample.rs"]
mod sample;
#[path = "journal/table.rs"]
mod table;
mod world;

mod memory {
    use super::world::World;

    super::contract::held_by!(
        World::new(), World::clone,
        also of_two_at_once_one_wins of_two_states_at_once_one_wins of_two_services_at_once_one_wins
    );
}
