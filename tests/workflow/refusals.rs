//! What ECS refuses, as it says it, and the limits of a document: nothing is left half done, and the words reach whoever
//! reads the report.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::event::scope::Scope;
use logweir::domain::event::{Cause, Home, ServiceChange, Trigger, read};
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::{LEASE, SHIPPED_BASELINE};

use crate::world::story::{
    BLOCKING, applies, backs_out, corrected_text, ended, event, home, register, resumes, triggers, with,
};
use crate::world::{Moment, Then, World};

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
async fn whatever_ecs_says_against_the_corrected_revision_stands_in_the_report_and_can_be_taken_back() {
    for message in MESSAGES {
        let world = World::new();
        let source = world.account(|account| account.registers(BLOCKING));
        world.at_next("RegisterTaskDefinition", Moment::Before, refused(message, None));
        let report = register(&world, &event(&source)).await;
        // The log group was made before, and is named.
        assert_eq!((ended(&report), report.exit_code()), ((Outcome::Partial, None), 2), "{report:?}");
        assert!(report.error.as_ref().unwrap().contains(message), "{report:?}");
        assert_eq!((report.log_groups[0].action.name(), report.comes_again()), ("created", false));
        assert_eq!(world.account(|account| account.active("web")), [1]);
        assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
        assert_eq!(world.account(|account| account.wrongs.len()), 0);
    }
}

#[tokio::test]
async fn a_role_that_may_not_be_passed_is_said_and_the_record_taken_up_again_once_it_may() {
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
async fn what_is_privileged_is_refused_to_events_before_anything_is_done_and_corrected_for_a_person_by_name() {
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
async fn a_privileged_one_that_a_person_has_corrected_is_not_refused_to_its_events() {
    let world = World::new();
    let source = world.account(|account| account.registers(&privileged()));
    assert_eq!(applies(&world, &source, false).await.outcome, Outcome::Remediated);
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::Duplicate)), "{report:?}");
    backs_out(&world, &source).await;
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::Suppressed)), "{report:?}");
}

#[tokio::test]
async fn what_only_its_log_group_wants_is_mended_privileged_or_not() {
    let world = World::new();
    let well = privileged().replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"");
    let source = world.account(|account| account.registers(&well));
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    assert_eq!(world.account(|account| (account.active("web"), account.groups.len())), (vec![1], 1));
}

#[tokio::test]
async fn a_privileged_one_that_a_person_began_and_left_is_not_registered_by_the_schedule() {
    let world = World::new();
    let source = world.account(|account| account.registers(&privileged()));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    applies(&world, &source, false).await;
    world.restart();
    world.advance(LEASE);
    let reports = resumes(&world, Mode::Register).await;
    assert_eq!(ended(&reports[0]), (Outcome::Partial, Some(Reason::Privileged)), "the log group was made");
    assert_eq!((world.account(|account| account.active("web")), world.count("RegisterTaskDefinition")), (vec![1], 1));
    assert_eq!(ended(&applies(&world, &source, false).await), (Outcome::Remediated, None), "by name it goes on");
}

#[tokio::test]
async fn a_source_whose_tags_are_at_their_limit_is_corrected_found_again_and_restored_without_ours() {
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
    backs_out(&world, &source).await;
    world.restart();
    world.advance(SignedDuration::from_mins(2));
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!((world.account(|account| account.active("web")), of(3)), (vec![3], tags));
}

#[tokio::test]
async fn a_document_that_the_correction_would_bring_over_64_kib_is_left_as_it_is() {
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
async fn a_group_that_somebody_deletes_after_it_was_made_is_not_waited_for_for_ever() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let deletes = Then::act(|account| drop(account.groups.remove("/ecs/web")));
    world.at_next("PutRetentionPolicy", Moment::Before, deletes);
    let report = register(&world, &event(&source)).await;
    assert!(report.comes_again(), "it may be that it cannot be seen yet: {report:?}");
    world.restart();
    world.advance(SignedDuration::from_mins(2));
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.comes_again()), (Outcome::Partial, false));
    assert!(report.report.error.unwrap().contains("/ecs/web was deleted after it was made"));
    // The next delivery makes it anew.
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), Some(30));
}

#[tokio::test]
async fn a_policy_of_the_account_that_comes_in_between_leaves_the_groups_retention_alone() {
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
async fn a_setting_that_decides_and_cannot_be_read_just_now_brings_the_event_again() {
    let world = World::new();
    let absent = BLOCKING.replace(",\"mode\":\"blocking\"", "");
    let source = world.account(|account| account.registers(&absent));
    let effective = "version = 1\n[logging]\nabsent-mode = \"effective\"\n";
    let throttled = Then::fail(ErrorKind::Retry, "ListAccountSettings", "Rate exceeded");
    world.at_next("ListAccountSettings", Moment::Before, throttled);
    let report = with(&world, effective, Mode::Register, "worker", &event(&source)).await;
    assert_eq!((report.outcome, report.comes_again()), (Outcome::Failed, true), "{report:?}");
}

#[tokio::test]
async fn what_may_have_been_done_is_not_taken_for_undone_because_nobody_may_look() {
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
    assert!(report.backout.is_some(), "it can be taken back");
    // Once it may be looked, ours is found.
    world.restart();
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    assert_eq!(world.account(|account| account.active("web")), [1, 2]);
}

const ADOPTS: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";

/// A source that logs into a group of others, which the baseline adopts.
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
async fn a_retention_that_somebody_sets_between_plan_and_act_is_his() {
    let world = World::new();
    let source = adopted(&world);
    let sets = Then::act(|account| account.groups.get_mut("/ecs/web").unwrap().retention = Some(365));
    // The first look is the plan's, the second the step's.
    world.at_nth("DescribeLogGroups", 2, Moment::Before, sets);
    let report = with(&world, ADOPTS, Mode::Register, "worker", &event(&source)).await;
    assert_eq!((report.outcome, retention(&world)), (Outcome::Remediated, Some(365)));
    assert_eq!(report.log_groups[0].action.name(), "left-alone");
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(retention(&world), Some(365));
}

#[tokio::test]
async fn a_retention_that_may_have_been_set_is_kept_in_mind_behind_a_policy_that_hides_it() {
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
async fn a_retention_that_may_have_been_set_is_kept_in_mind_though_nobody_may_look() {
    let world = World::new();
    let source = adopted(&world);
    world.at_next("PutRetentionPolicy", Moment::After, Then::Crash);
    with(&world, ADOPTS, Mode::Register, "one", &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    // The plan looks at the group first; it is the step's own look that is denied.
    let denied = Then::fail(ErrorKind::Refused, "DescribeLogGroups", "AccessDenied");
    world.at_nth("DescribeLogGroups", 2, Moment::Before, denied);
    with(&world, ADOPTS, Mode::Register, "two", &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(retention(&world), None);
}

#[tokio::test]
async fn what_was_certainly_not_done_ends_where_nobody_may_look() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    // The first look is for the budget; it is the step's own that is denied.
    let denied = Then::fail(ErrorKind::Refused, "ListTaskDefinitions", "AccessDenied");
    world.at_nth("ListTaskDefinitions", 2, Moment::Before, denied);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.comes_again()), (Outcome::Partial, false), "{report:?}");
    assert!(!world.account(|account| account.records[&source].head.open));
}

#[tokio::test]
async fn a_call_that_may_succeed_later_says_so_with_what_went_wrong() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let throttled = Then::fail(ErrorKind::Retry, "RegisterTaskDefinition", "Rate exceeded");
    world.at_next("RegisterTaskDefinition", Moment::Before, throttled);
    let report = register(&world, &event(&source)).await;
    assert!(report.comes_again() && report.error.as_ref().unwrap().contains("Rate exceeded"), "{report:?}");
}

#[tokio::test]
async fn a_family_that_the_deployment_is_not_for_is_left_alone_whatever_brings_it() {
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
            assert_eq!((report.outcome, report.comes_again()), (Outcome::Skipped, false), "{mode:?}: {report:?}");
            assert!(matches!(report.reason, Some(Reason::OutOfScope | Reason::OtherEvent)), "{report:?}");
        }
        for call in ["RegisterTaskDefinition", "CreateLogGroup", "commit", "put_budget", "UpdateService"] {
            assert_eq!(world.count(call), 0, "{mode:?}: {call}");
        }
    }
}
