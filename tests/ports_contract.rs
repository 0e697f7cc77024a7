//! One contract for every adapter of [`TaskDefinitions`], [`Services`](logweir::ports::Services) and
//! [`LogGroups`](logweir::ports::LogGroups): the account in memory, and the real adapters against two emulators. Where an emulator differs from AWS it says so by name, in
//! `subject.rs` and in `docs/fidelity.md`.

mod world;

#[path = "ports_contract/log_groups.rs"]
mod log_groups;
#[path = "ports_contract/services.rs"]
mod services;
#[path = "ports_contract/subject.rs"]
mod subject;
#[path = "ports_contract/task_definitions.rs"]
mod task_definitions;

macro_rules! contract {
    ($($part:ident: $($case:ident)*;)*) => {
        mod in_memory {
            $($(#[tokio::test] async fn $case() { crate::$part::$case(&crate::subject::in_memory()).await })*)*
        }
        #[cfg(feature = "emulators")]
        mod ministack {
            $($(#[tokio::test] async fn $case() { crate::$part::$case(&crate::subject::ministack()).await })*)*
        }
        #[cfg(feature = "emulators")]
        mod moto {
            $($(#[tokio::test] async fn $case() { crate::$part::$case(&crate::subject::moto()).await })*)*
        }
        #[test]
        fn every_case_is_run() {
            let run = [$($(stringify!($case)),*),*];
            for text in [
                include_str!("ports_contract/task_definitions.rs"),
                include_str!("ports_contract/log_groups.rs"),
                include_str!("ports_contract/services.rs"),
            ] {
                for line in text.lines().filter_map(|line| line.strip_prefix("pub(crate) async fn ")) {
                    let case = line.split(['<', '(']).next().unwrap();
                    assert!(run.contains(&case), "{case} is written and not run");
                }
            }
        }
    };
}

contract! {
    task_definitions:
        a_revision_is_described_as_it_was_registered
        what_nobody_knows_survives
        tags_survive
        numbers_count_up_and_are_never_used_again
        the_newest_are_active_and_come_newest_first
        a_family_is_exactly_that_family
        a_family_that_nobody_registered_has_no_newest
        a_family_means_its_newest_active_revision
        all_families_are_those_with_an_active_revision_in_order
        an_arn_and_a_short_name_mean_the_same
        what_was_never_registered_is_missing
        a_deregistered_revision_is_inactive_or_gone
        deregistering_again_is_no_error
        when_and_by_whom_is_told
        too_many_tags_are_refused
        a_document_beyond_the_limit_is_refused
        a_document_without_containers_is_refused
        options_that_awslogs_needs_are_asked_for
        the_account_setting_has_an_answer;
    log_groups:
        a_group_that_nobody_made_is_not_found
        a_group_is_found_by_its_whole_name
        several_groups_are_found_at_once
        more_names_than_one_call_takes_are_looked_up
        a_group_is_made_once
        a_new_group_never_expires_until_it_is_told_to
        retention_can_be_set_again
        an_impossible_retention_is_refused
        the_retention_of_no_group_cannot_be_set
        a_group_is_empty_until_somebody_writes
        the_streams_of_no_group_cannot_be_looked_at
        a_cheaper_class_can_be_asked_for
        an_impossible_name_is_refused
        a_retention_can_be_taken_away
        the_retention_of_no_group_cannot_be_taken_away;
    services:
        nobody_runs_a_new_revision
        a_service_runs_the_revision_that_it_was_pointed_at
        a_service_that_is_deleted_runs_nothing
        services_of_several_clusters_are_found
        a_task_without_a_service_is_named_until_it_stops
        a_revision_that_was_deregistered_may_still_be_run;
}
