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

/// A difference from AWS that the contract allows for. Each has its line in `docs/fidelity.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Members of a document that it does not know are dropped, at the top or everywhere.
    LosesUnknownMembers,
    /// An answer says neither when nor by whom a revision was registered.
    NoRegistrar,
    /// `defaultLogDriverMode` is an unknown account setting.
    NoDefaultMode,
    /// Any number of tags is taken.
    AnyTags,
    /// A family means its newest revision, ACTIVE or not.
    FamilyMeansAnyStatus,
    /// Families without an ACTIVE revision are listed too.
    FamiliesOfAnyStatus,
    /// A document without containers is taken.
    NoContainers,
    /// The options of a log driver are not looked at.
    AnyLogOptions,
    /// Any number of days is taken as a retention.
    AnyRetention,
    /// Any text is taken as the name of a log group.
    AnyGroupName,
}

/// What the contract is tried on.
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

/// Whoever else uses the account.
pub(crate) trait Others {
    /// Somebody writes a line to the group.
    async fn write_to(&self, name: &str);

    /// Somebody makes a cluster.
    async fn has_cluster(&self, cluster: &str);

    /// Somebody has a service of this cluster run a revision.
    async fn deploys(&self, cluster: &str, service: &str, revision: &RevisionArn);

    /// Somebody deletes a service.
    async fn deletes(&self, cluster: &str, service: &str);

    /// Somebody runs a task of a revision; its place.
    async fn runs(&self, cluster: &str, revision: &RevisionArn) -> String;

    /// Somebody stops the task in this place.
    async fn stops(&self, place: &str);
}

/// A name that no other test, and no other run, uses.
pub(crate) fn unique(word: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("{word}-{}-{now}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
