//! One contract for every adapter of [`TaskDefinitions`], [`Services`](logweir::ports::Services) and [`LogGroups`]: the
//! account in memory, and the real adapters against two emulators. The contract and `docs/fidelity.md` name each
//! difference between an emulator and AWS.

#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod log_groups;
pub(crate) mod services;
pub(crate) mod task_definitions;

use std::sync::atomic::{AtomicU32, Ordering};

use logweir::domain::ecs::revision::RevisionArn;
use logweir::ports::{LogGroups, TaskDefinitions};

/// Generates the tests of the contract for one subject. `held_by!(names)` lists its cases.
macro_rules! held_by {
    (names) => { $crate::ports_contract::held_by! { @each names } };
    ($subject:expr) => { $crate::ports_contract::held_by! { @each tests $subject } };
    (@each $($how:tt)*) => { $crate::ports_contract::held_by! { @ $($how)*;
            task_definitions:
            a_revision_is_described_as_it_was_registered
            unknown_members_survive
            tags_survive
            revision_numbers_are_never_reused
            the_newest_active_revisions_come_newest_first
            a_family_name_is_matched_exactly
            an_unregistered_family_has_no_newest_revision
            a_family_means_its_newest_active_revision
            families_with_an_active_revision_are_listed_page_by_page
            an_arn_and_a_short_name_mean_the_same
            an_unregistered_revision_is_missing
            a_deregistered_revision_is_inactive_or_gone
            deregistering_again_is_no_error
            the_time_and_the_principal_of_a_registration_are_returned
            too_many_tags_are_refused
            a_document_beyond_the_limit_is_refused
            missing_awslogs_options_are_refused
            the_account_setting_has_an_answer;
            log_groups:
            a_group_that_does_not_exist_is_not_found
            a_group_is_found_by_its_whole_name
            several_groups_are_found_at_once
            more_names_than_fit_in_one_call_are_looked_up
            a_group_is_created_once
            a_new_group_has_no_retention_until_one_is_set
            retention_can_be_set_again
            an_impossible_retention_is_refused
            the_retention_of_a_missing_group_cannot_be_set
            a_group_is_empty_until_a_line_is_written
            the_streams_of_a_missing_group_cannot_be_read
            a_cheaper_class_can_be_requested
            an_impossible_name_is_refused
            a_retention_can_be_removed
            the_retention_of_a_missing_group_cannot_be_removed;
            services:
            a_new_revision_has_no_users
            a_service_runs_the_revision_that_was_deployed_to_it
            a_service_that_is_deleted_runs_nothing
            services_of_several_clusters_are_found
            a_task_without_a_service_is_named_until_it_stops
            a_deregistered_revision_may_still_have_users;
    } };
    (@ tests $subject:expr; $($part:ident: $($case:ident)*;)*) => {
        $($(#[tokio::test]
        async fn $case() {
            $crate::ports_contract::$part::$case(&$subject).await
        })*)*
    };
    (@ names; $($part:ident: $($case:ident)*;)*) => { [$($(stringify!($case)),*),*] };
}
pub(crate) use held_by;

/// A difference from AWS that the contract allows. Each has a line in `docs/fidelity.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Unknown members of a document are dropped, at the top level or everywhere.
    LosesUnknownMembers,
    /// An answer has neither the time nor the principal of a registration.
    NoRegistrar,
    /// `defaultLogDriverMode` is an unknown account setting.
    NoDefaultMode,
    /// Any number of tags is accepted.
    AnyTags,
    /// A family means its newest revision, ACTIVE or not.
    FamilyMeansAnyStatus,
    /// Families without an ACTIVE revision are listed, too.
    FamiliesOfAnyStatus,
    /// The options of a log driver are not checked.
    AnyLogOptions,
    /// Any number of days is accepted as a retention.
    AnyRetention,
    /// Any text is accepted as the name of a log group.
    AnyGroupName,
}

/// The adapters that the contract is tested on.
pub(crate) struct Subject<T, L, O> {
    pub(crate) task_definitions: T,
    pub(crate) log_groups: L,
    pub(crate) differences: &'static [Difference],
    pub(crate) others: O,
}

impl<T: TaskDefinitions, L: LogGroups, O: Others> Subject<T, L, O> {
    pub(crate) fn differs(&self, difference: Difference) -> bool {
        self.differences.contains(&difference)
    }
}

/// The other principals of the account.
pub(crate) trait Others {
    /// Writes a line to a log group.
    async fn write_to(&self, name: &str);

    /// Creates a cluster.
    async fn has_cluster(&self, cluster: &str);

    /// Deploys a revision to a service of this cluster. Creates the service if necessary.
    async fn deploys(&self, cluster: &str, service: &str, revision: &RevisionArn);

    /// Deletes a service.
    async fn deletes(&self, cluster: &str, service: &str);

    /// Runs a task of a revision. Returns the task's place.
    async fn runs(&self, cluster: &str, revision: &RevisionArn) -> String;

    /// Stops the task in this place.
    async fn stops(&self, place: &str);
}

/// Returns a name that no other test and no other run uses.
pub(crate) fn unique(word: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("{word}-{}-{now}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
