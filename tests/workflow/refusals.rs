//! Refusals of ECS in its own words, and the limits of a document. Nothing is left half done, and the report contains
//! the message of ECS.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::event::scope::Scope;
use logweir::domain::event::{Cause, Home, ServiceChange, Trigger, read};
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::BackoutOptions;

use crate::world::story::{
    BLOCKING, applies, backs_out, backs_out_with, corrected_text, ended, event, home, register, resumes, triggers, with,
};
use crate::world::{Lag, Moment, Then, World};

/// The messages of RegisterTaskDefinition as users have reported them, each a ClientException.
const MESSAGES: [&str; 7] = [
    "Log driver awslogs disallows options: log_key",
    "Log driver awslogs requires options: awslogs-region, awslogs-group",
    "Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.",
    "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
    "syslog is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens]",
    "When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver.",
    "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in one of the containers.",
];

fn refused(message: &str, reason: Option<Reason>) -> Then {
    Then::Fail(PortError {
        kind: ErrorKind::Refused,
        call: "RegisterTaskDefinition",
        message: format!("ClientException: {message}"),
        reason,
    })
}

#[tokio::test]
async fn the_report_contains_the_refusal_of_ecs_and_the_correction_can_be_backed_out() {
    for message in MESSAGES {
        let world = World::new();
        let source = world.account(|account| account.registers(BLOCKING));
        world.at_next("RegisterTaskDefinition", Moment::Before, refused(message, None));
        let report = register(&world, &event(&source)).await;
        // The log group was created before, and is named.
        assert_eq!((ended(&report), report.exit_code()), ((Outcome::Partial, None), 2), "{report:?}");
        assert!(report.error.as_ref().unwrap().contains(message), "{report:?}");
        assert_eq!((report.log_groups[0].action.name(), report.is_retried()), ("created", false));
        assert_eq!(world.account(|account| account.active("web")), [1]);
        assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
        assert_eq!(world.account(|account| account.wrongs.len()), 0);
    }
}

#[tokio::test]
async fn a_denied_pass_role_is_reported_and_the_next_event_succeeds_once_it_is_allowed() {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", Some(30), 1);
        account.registers(BLOCKING)
    });
    let denied = refused("not authorized to perform: iam:PassRole", Some(Reason::PassRoleDenied));
    world.at_next("RegisterTaskDefinition", Moment::Before, denied);
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Refused, Some(Reason::PassRoleDenied)), "nothing was changed");
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
}

fn privileged() -> String {
    BLOCKING.replace("\"memory\":512", "\"memory\":512,\"privileged\":true")
}

#[tokio::test]
async fn a_privileged_revision_is_refused_to_events_before_anything_is_done_and_corrected_by_name() {
    let world = World::new();
    let source = world.account(|account| account.registers(&privileged()));
    let report = with(&world, SHIPPED_BASELINE, Mode::Observe, "worker", &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Observed, Some(Reason::Privileged)));
    assert!(report.rules.contains(&"blocking-delivery".to_owned()), "{report:?}");
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Refused, Some(Reason::Privileged)), 1));
    assert_eq!(world.account(|account| (account.groups.len(), account.records.len())), (0, 0));
    assert_eq!(ended(&applies(&world, &source, false).await), (Outcome::Remediated, None));
    assert_eq!(world.account(|account| (account.active("web"), account.groups.len())), (vec![1, 2], 1));
}

#[tokio::test]
async fn a_privileged_revision_that_was_corrected_by_name_is_not_refused_to_its_events() {
    let world = World::new();
    let source = world.account(|account| account.registers(&privileged()));
    assert_eq!(applies(&world, &source, false).await.outcome, Outcome::Remediated);
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::Duplicate)), "{report:?}");
    backs_out(&world, &source).await;
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::BackedOutBefore)), "{report:?}");
}

#[tokio::test]
async fn a_log_group_is_fixed_even_if_the_revision_is_privileged() {
    let world = World::new();
    let well = privileged().replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"");
    let source = world.account(|account| account.registers(&well));
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    assert_eq!(world.account(|account| (account.active("web"), account.groups.len())), (vec![1], 1));
}

#[tokio::test]
async fn the_schedule_does_not_register_an_unfinished_correction_of_a_privileged_revision() {
    let world = World::new();
    let source = world.account(|account| account.registers(&privileged()));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    applies(&world, &source, false).await;
    world.restart();
    world.advance(Lag::LONGEST);
    let reports = resumes(&world, Mode::Register).await;
    assert_eq!(ended(&reports[0]), (Outcome::Partial, Some(Reason::Privileged)), "the log group was created");
    assert_eq!((world.account(|account| account.active("web")), world.count("RegisterTaskDefinition")), (vec![1], 1));
    assert_eq!(
        ended(&applies(&world, &source, false).await),
        (Outcome::Remediated, None),
        "by name, the correction is resumed"
    );
}

#[tokio::test]
async fn a_source_with_the_maximum_number_of_tags_is_corrected_and_restored_without_logweirs_tags() {
    let tags: Vec<Tag> = (0..50).map(|number| Tag::new(format!("k{number}"), "v")).collect();
    let world = World::new();
    let source = world.account(|account| account.registers_with_tags(BLOCKING, &tags));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.advance(SignedDuration::from_mins(2));
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    let of = |number| world.account(|account| account.revision(&account.arn("web", number)).unwrap().tags.clone());
    assert_eq!((world.account(|account| account.active("web")), of(2)), (vec![1, 2], tags.clone()));

    world.account(|account| account.deregisters(&source));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    let restore = || BackoutOptions { restore_source: true, ..BackoutOptions::default() };
    backs_out_with(&world, "operator", &source, restore()).await;
    world.restart();
    world.advance(SignedDuration::from_mins(2));
    assert_eq!(backs_out_with(&world, "other", &source, restore()).await.outcome, Outcome::BackedOut);
    assert_eq!((world.account(|account| account.active("web")), of(3)), (vec![3], tags));
}

#[tokio::test]
async fn a_document_whose_correction_would_exceed_64_kib_is_not_corrected() {
    let filler = "x".repeat(65536 - BLOCKING.len() - 20);
    let large = BLOCKING.replace("\"image\":\"nginx\"", &format!("\"image\":\"nginx{filler}\""));
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", Some(30), 1);
        account.registers(&large)
    });
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Refused, Some(Reason::TooLarge)), "{report:?}");
    assert_eq!(world.account(|account| account.active("web")), [1]);
}

#[tokio::test]
async fn a_group_that_is_deleted_after_its_creation_is_not_waited_for_for_ever() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let deletes = Then::act(|account| drop(account.groups.remove("/ecs/web")));
    world.at_next("PutRetentionPolicy", Moment::Before, deletes);
    let report = register(&world, &event(&source)).await;
    assert!(report.is_retried(), "the group may not be visible yet: {report:?}");
    world.restart();
    world.advance(SignedDuration::from_mins(2));
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.is_retried()), (Outcome::Partial, false));
    assert!(report.report.error.unwrap().contains("/ecs/web was deleted after Logweir created it"));
    // The next delivery creates it again.
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), Some(30));
}

#[tokio::test]
async fn with_an_account_policy_set_in_between_the_groups_retention_is_not_set() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let policy = Then::act(|account| account.retention_policy = Some(("everywhere".into(), 90)));
    world.at_next("CreateLogGroup", Moment::After, policy);
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.log_groups[0].action.name()), ((Outcome::Remediated, None), "created"));
    assert_eq!(report.log_groups[0].retention_days, None, "it was not set");
    assert_eq!(world.count("PutRetentionPolicy"), 0);
    assert_eq!(world.account(|account| account.active("web")), [1, 2]);
    assert_eq!(corrected_text(), world.account(|account| account.families["web"][1].text.clone()));
}

#[tokio::test]
async fn a_throttled_read_of_a_deciding_account_setting_makes_the_event_retryable() {
    let world = World::new();
    let absent = BLOCKING.replace(",\"mode\":\"blocking\"", "");
    let source = world.account(|account| account.registers(&absent));
    let effective = "version = 1\n[logging]\nabsent-mode = \"effective\"\n";
    let throttled = Then::fail(ErrorKind::Retry, "ListAccountSettings", "Rate exceeded");
    world.at_next("ListAccountSettings", Moment::Before, throttled);
    let report = with(&world, effective, Mode::Register, "worker", &event(&source)).await;
    assert_eq!((report.outcome, report.is_retried()), (Outcome::Failed, true), "{report:?}");
}

#[tokio::test]
async fn a_possible_registration_that_cannot_be_looked_up_needs_an_operator() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    let denied = Then::fail(ErrorKind::Refused, "ListTaskDefinitions", "AccessDenied");
    world.at_next("ListTaskDefinitions", Moment::Before, denied);
    let report = register(&world, &event(&source)).await;
    assert_eq!(report.outcome, Outcome::NeedsOperator, "{report:?}");
    assert!(report.backout.is_some(), "it can be backed out");
    // Once the list can be read, the correction is found.
    world.restart();
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    assert_eq!(world.account(|account| account.active("web")), [1, 2]);
}

const ADOPTS: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";

/// A source that logs to a third-party group that the baseline adopts.
fn adopted(world: &World) -> RevisionArn {
    world.account(|account| {
        account.has_group("/ecs/web", None, 1);
        account.adopted.insert("/ecs/web".into());
        account.registers(BLOCKING)
    })
}

fn retention(world: &World) -> Option<u32> {
    world.account(|account| account.groups["/ecs/web"].retention)
}

#[tokio::test]
async fn a_retention_that_another_principal_sets_between_plan_and_act_stays() {
    let world = World::new();
    let source = adopted(&world);
    let sets = Then::act(|account| account.groups.get_mut("/ecs/web").unwrap().retention = Some(365));
    // The first read is the plan's, the second the step's.
    world.at_nth("DescribeLogGroups", 2, Moment::Before, sets);
    let report = with(&world, ADOPTS, Mode::Register, "worker", &event(&source)).await;
    assert_eq!((report.outcome, retention(&world)), (Outcome::Remediated, Some(365)));
    assert_eq!(report.log_groups[0].action.name(), "not-changed");
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(retention(&world), Some(365));
}

fn deletes_the_group() -> Then {
    Then::act(|account| drop(account.groups.remove("/ecs/web")))
}

#[tokio::test]
async fn the_retention_of_a_third_party_group_deleted_after_the_plan_is_not_set() {
    let world = World::new();
    let source = adopted(&world);
    world.at_nth("DescribeLogGroups", 2, Moment::Before, deletes_the_group());
    let report = with(&world, ADOPTS, Mode::Register, "worker", &event(&source)).await;
    assert_eq!((report.outcome, report.log_groups[0].action.name()), (Outcome::Remediated, "not-changed"));
    assert_eq!(world.count("PutRetentionPolicy"), 0);
}

#[tokio::test]
async fn a_third_party_group_deleted_right_before_its_retention_is_set_is_not_waited_for() {
    let world = World::new();
    let source = adopted(&world);
    world.at_next("PutRetentionPolicy", Moment::Before, deletes_the_group());
    let report = with(&world, ADOPTS, Mode::Register, "worker", &event(&source)).await;
    assert_eq!((report.outcome, report.is_retried()), (Outcome::Failed, false), "{report:?}");
}

#[tokio::test]
async fn a_refused_retention_of_a_new_group_is_not_retried() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let denied = Then::fail(ErrorKind::Refused, "PutRetentionPolicy", "AccessDenied");
    world.at_next("PutRetentionPolicy", Moment::Before, denied);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.is_retried()), (Outcome::Partial, false), "{report:?}");
    let record = world.account(|account| account.records[&source].clone());
    assert!(!record.head.open, "the record is closed, and the next event corrects the revision again");
}

#[tokio::test]
async fn a_possibly_set_retention_is_undone_although_a_policy_hid_it() {
    let world = World::new();
    let source = adopted(&world);
    world.at_next("PutRetentionPolicy", Moment::After, Then::Crash);
    with(&world, ADOPTS, Mode::Register, "one", &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    world.account(|account| account.retention_policy = Some(("everywhere".into(), 90)));
    assert_eq!(with(&world, ADOPTS, Mode::Register, "two", &event(&source)).await.outcome, Outcome::Remediated);
    world.account(|account| account.retention_policy = None);
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(retention(&world), None);
}

#[tokio::test]
async fn a_possibly_set_retention_is_undone_although_it_could_not_be_read() {
    let world = World::new();
    let source = adopted(&world);
    world.at_next("PutRetentionPolicy", Moment::After, Then::Crash);
    with(&world, ADOPTS, Mode::Register, "one", &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    // The first read is the plan's. The step's own read is denied.
    let denied = Then::fail(ErrorKind::Refused, "DescribeLogGroups", "AccessDenied");
    world.at_nth("DescribeLogGroups", 2, Moment::Before, denied);
    with(&world, ADOPTS, Mode::Register, "two", &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(retention(&world), None);
}

#[tokio::test]
async fn a_step_that_certainly_had_no_effect_ends_although_its_effect_cannot_be_read() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    // The first read is for the rate limit. The step's own read is denied.
    let denied = Then::fail(ErrorKind::Refused, "ListTaskDefinitions", "AccessDenied");
    world.at_nth("ListTaskDefinitions", 2, Moment::Before, denied);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.is_retried()), (Outcome::Partial, false), "{report:?}");
    assert!(!world.account(|account| account.records[&source].head.open));
}

#[tokio::test]
async fn a_retryable_error_is_reported_with_its_message() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let throttled = Then::fail(ErrorKind::Retry, "RegisterTaskDefinition", "Rate exceeded");
    world.at_next("RegisterTaskDefinition", Moment::Before, throttled);
    let report = register(&world, &event(&source)).await;
    assert!(report.is_retried() && report.error.as_ref().unwrap().contains("Rate exceeded"), "{report:?}");
}

#[tokio::test]
async fn a_family_outside_the_scope_is_not_changed_by_any_trigger() {
    let scope = Scope::of(&["shop-*"], &["*"]);
    let home = Home { scope, ..home() };
    for mode in [Mode::Observe, Mode::Register, Mode::Rollout] {
        let world = World::new();
        let source = world.account(|account| account.registers(BLOCKING));
        let service = world.account(|account| {
            account.creates_service_as("prod/web", &source, |_| {});
            account.service_arn("prod/web")
        });
        let registered = read(&event(&source), &home).unwrap();
        let looked = Trigger::Service { service, change: ServiceChange::Look, cause: Cause::default() };
        for trigger in [registered, looked] {
            let report = triggers(&world, &home, SHIPPED_BASELINE, mode, "worker", trigger).await;
            assert_eq!((report.outcome, report.is_retried()), (Outcome::Skipped, false), "{mode:?}: {report:?}");
            assert!(matches!(report.reason, Some(Reason::OutOfScope | Reason::OtherEvent)), "{report:?}");
        }
        for call in ["RegisterTaskDefinition", "CreateLogGroup", "commit", "put_budget", "UpdateService"] {
            assert_eq!(world.count(call), 0, "{mode:?}: {call}");
        }
    }
}
