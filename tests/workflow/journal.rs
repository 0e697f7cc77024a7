//! What every journal promises, held by the one in memory that the other suites rely upon.

use crate::journal_contract::held_by;
use crate::world::World;

held_by!(
    World::new(), World::clone,
    also of_two_at_once_one_wins of_two_states_at_once_one_wins of_two_services_at_once_one_wins
);
