//! The contract of every journal, tested on the journal in memory that the other suites use.

use crate::journal_contract::held_by;
use crate::world::World;

held_by!(
    World::new(), World::clone,
    also of_two_concurrent_commits_one_wins of_two_concurrent_family_states_one_wins of_two_concurrent_service_histories_one_wins
);
