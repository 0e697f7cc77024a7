//! Drift loops: another tool re-registers the fault again and again. Logweir must not correct the tool or itself
//! for ever.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::event::{Ignored, Trigger, read};
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::ports::{Filter, Journal};
use serde_json::json;

use crate::world::story::{
    BLOCKING, applies, applies_by, backs_out, corrected_text, ended, event, home, register, with,
};
use crate::world::{LOGWEIR, Moment, Then, World};

const TERRAFORM: &str =
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.7.0";

/// The deployer registers the fault, and the event arrives.
async fn registers_the_fault(world: &World, agent: &str) -> (RevisionArn, Decision) {
    let source = world.account(|account| account.registers(BLOCKING));
    let mut event = event(&source);
    event["detail"]["userAgent"] = json!(agent);
    let report = register(world, &event).await;
    (source, report)
}

#[tokio::test]
async fn the_fuse_opens_after_three_corrections_in_ten_minutes_and_names_the_other_principal() {
    let world = World::new();
    for _ in 0..3 {
        assert_eq!(registers_the_fault(&world, TERRAFORM).await.1.outcome, Outcome::Remediated);
        world.advance(SignedDuration::from_mins(1));
    }
    let (source, report) = registers_the_fault(&world, TERRAFORM).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Refused, Some(Reason::FuseOpen)), 1));
    let why = report.report.error.unwrap();
    assert!(why.contains("assumed-role/Deployer/session with Terraform re-registered the fault 3 times"), "{why}");

    // The fuse does not close by itself, and keeps counting.
    world.advance(SignedDuration::from_hours(24 * 30));
    let (_, report) = registers_the_fault(&world, TERRAFORM).await;
    assert_eq!(ended(&report), (Outcome::Refused, Some(Reason::FuseOpen)));
    assert!(report.report.error.unwrap().contains("4 times"));
    let stopped = world.stopped().await.unwrap().readable;
    assert_eq!((stopped.len(), stopped[0].name.family.as_str()), (1, "web"));

    // A correction by name is refused. A forced one closes the fuse of the family.
    let newest = world.account(|account| account.arn("web", *account.active("web").last().unwrap()));
    assert_eq!(ended(&applies(&world, &newest, false).await), (Outcome::Refused, Some(Reason::FuseOpen)));
    assert_eq!(ended(&applies(&world, &newest, true).await), (Outcome::Remediated, None));
    assert_eq!(registers_the_fault(&world, TERRAFORM).await.1.outcome, Outcome::Remediated);
    assert!(world.stopped().await.unwrap().readable.is_empty(), "{source}");
}

#[tokio::test]
async fn the_fuse_limits_come_from_the_baseline() {
    let world = World::new();
    let baseline = "version = 1\n[fuse]\ncorrections = 1\nminutes = 60\n";
    for expected in [Outcome::Remediated, Outcome::Refused] {
        let source = world.account(|account| account.registers(BLOCKING));
        let report = with(&world, baseline, Mode::Register, "worker", &event(&source)).await;
        assert_eq!(report.outcome, expected);
        world.advance(SignedDuration::from_mins(59));
    }
}

#[tokio::test]
async fn redeliveries_of_one_event_do_not_open_the_fuse() {
    let world = World::new();
    let (source, _) = registers_the_fault(&world, "aws-cli/2").await;
    for _ in 0..10 {
        assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Skipped, Some(Reason::Duplicate)));
    }
    assert_eq!(registers_the_fault(&world, "aws-cli/2").await.1.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn an_open_fuse_does_not_stop_other_families() {
    let world = World::new();
    for _ in 0..4 {
        registers_the_fault(&world, TERRAFORM).await;
    }
    let other = BLOCKING.replace("\"family\":\"web\"", "\"family\":\"shop\"");
    let source = world.account(|account| account.registers(&other));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_tool_that_owns_the_revision_is_named_with_a_warning_of_its_next_run() {
    let world = World::new();
    let (_, report) = registers_the_fault(&world, TERRAFORM).await;
    assert_eq!((report.outcome, report.owner), (Outcome::Remediated, Some("Terraform")));
    assert!(report.notes[0].contains("or the next run of Terraform registers the fault again"), "{report:?}");

    let stack = r#"[{"key":"aws:cloudformation:stack-id","value":"s"}]"#;
    let source = world.account(|account| {
        let source = account.registers(BLOCKING);
        account.families.get_mut("web").unwrap().last_mut().unwrap().tags = Tag::parse_list(stack).unwrap();
        source
    });
    assert_eq!(register(&world, &event(&source)).await.owner, Some("CloudFormation"));
    assert_eq!(registers_the_fault(&world, "aws-cli/2.15.0").await.1.owner, None);
}

#[tokio::test]
async fn each_of_several_checks_recognizes_logweirs_own_revision() {
    // The rule excludes events of Logweir's roles, as the template's tests check. The function recognizes the principal
    // in the event, without a call.
    let world = World::new();
    let (_, report) = registers_the_fault(&world, "").await;
    let correction: RevisionArn = report.report.corrected.unwrap().parse().unwrap();
    let mut own = event(&correction);
    own["detail"]["userIdentity"]["arn"] = json!(LOGWEIR);
    let read = read(&own, &home()).unwrap();
    assert!(matches!(read, Trigger::Ignore { why: Ignored::OwnPrincipal, .. }), "{read:?}");

    // It recognizes the principal that ECS names, whatever the event says.
    assert_eq!(
        ended(&register(&world, &event(&correction)).await),
        (Outcome::Skipped, Some(Reason::RegisteredByLogweir))
    );

    // The journal knows the revision, even if the principal is unknown and the baseline is stricter now.
    let other_role = |account: &mut crate::world::Account| {
        account.families.get_mut("web").unwrap()[1].by = "arn:aws:sts::111122223333:assumed-role/Old/s".into();
    };
    world.account(other_role);
    let stricter = "version = 1\n[logging]\nmax-buffer-size = \"50m\"\nmin-buffer-size = \"50m\"\n";
    let report = with(&world, stricter, Mode::Register, "worker", &event(&correction)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::RegisteredByLogweir)));

    // Even without a record, the correction is compliant, because it is a fixed point.
    world.account(|account| account.records.clear());
    assert_eq!(ended(&register(&world, &event(&correction)).await), (Outcome::Compliant, None));
}

#[tokio::test]
async fn a_third_party_revision_with_copied_tags_is_treated_like_any_other() {
    let world = World::new();
    let (source, _) = registers_the_fault(&world, "").await;
    let tags = world.account(|account| account.families["web"][1].tags.clone());
    // A third-party copy of the correction is not Logweir's, so the backout does not change it.
    let copy = world.account(|account| account.registers_with_tags(&corrected_text(), &tags));
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(world.account(|account| account.active("web")), [1, 3]);
    assert!(world.account(|account| account.wrongs.is_empty()), "{copy}");
    // A third-party fault with Logweir's tags is corrected.
    let faulty = world.account(|account| account.registers_with_tags(BLOCKING, &tags));
    assert_eq!(register(&world, &event(&faulty)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_correction_that_the_fuse_stops_leaves_no_record() {
    let world = World::new();
    for _ in 0..3 {
        registers_the_fault(&world, "").await;
    }
    let (refused, _) = registers_the_fault(&world, "").await;
    assert_eq!(world.read(&refused).await.unwrap(), None);
    let open = Filter { open: true, ..Filter::all(world.account(|account| account.now)) };
    assert_eq!(world.list(&open, 9).await.unwrap().readable.len(), 0);
}

#[tokio::test]
async fn a_concurrent_count_of_the_same_family_makes_the_event_retryable() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    // Another worker counts a correction of the family between this worker's read and its write.
    let meanwhile = Then::act(|account| {
        let name = logweir::domain::limits::family::FamilyName::of(&account.arn("web", 1));
        let mut family = logweir::domain::limits::family::Family::new(name.clone(), account.now);
        family.version = 1;
        account.remembered.insert(name, family);
    });
    world.at_next("put_family", Moment::Before, meanwhile);
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.is_retried()), ((Outcome::Skipped, Some(Reason::Locked)), true));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn forcing_a_correction_closes_the_fuse_although_the_newest_revision_is_compliant() {
    let world = World::new();
    for _ in 0..4 {
        registers_the_fault(&world, TERRAFORM).await;
    }
    let compliant = world.account(|account| account.registers(&corrected_text()));
    let report = applies(&world, &compliant, true).await;
    assert_eq!(report.outcome, Outcome::Compliant);
    assert!(
        report.notes[0].starts_with("`--force` closed the fuse of family web (the fuse was open since "),
        "{report:?}"
    );
    assert!(world.stopped().await.unwrap().readable.is_empty());
    assert_eq!(registers_the_fault(&world, TERRAFORM).await.1.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_burst_of_superseded_revisions_does_not_open_the_fuse() {
    let world = World::new();
    let burst: Vec<RevisionArn> = (0..5).map(|_| world.account(|account| account.registers(BLOCKING))).collect();
    for source in &burst[..4] {
        assert_eq!(register(&world, &event(source)).await.outcome, Outcome::Superseded);
    }
    // After five seconds, the rate limit has a free slot in any case.
    world.advance(jiff::SignedDuration::from_secs(5));
    assert_eq!(ended(&register(&world, &event(&burst[4])).await), (Outcome::Remediated, None));
}

#[tokio::test]
async fn an_operator_who_corrects_by_name_is_not_named_as_the_cause_of_the_fault() {
    let world = World::new();
    for _ in 0..3 {
        registers_the_fault(&world, TERRAFORM).await;
    }
    let source = world.account(|account| account.registers(BLOCKING));
    let why = applies(&world, &source, false).await.report.error.unwrap();
    assert!(why.contains("assumed-role/Deployer/session re-registered the fault"), "{why}");
}

#[tokio::test]
async fn logweirs_own_revision_is_corrected_by_name_only_under_another_baseline_or_if_forced() {
    let world = World::new();
    let (_, report) = registers_the_fault(&world, "").await;
    let correction: RevisionArn = report.report.corrected.unwrap().parse().unwrap();
    // The account departs from the baseline, which is not a fault of the revision.
    world.account(|account| account.groups.clear());
    assert_eq!(
        ended(&applies(&world, &correction, false).await),
        (Outcome::Skipped, Some(Reason::RegisteredByLogweir))
    );
    let other = logweir::settings::SHIPPED_BASELINE.replace("corrections-per-week = 50", "corrections-per-week = 51");
    assert_eq!(applies_by(&world, &other, &correction, false).await.outcome, Outcome::Remediated);
    world.account(|account| account.groups.clear());
    assert_eq!(applies(&world, &correction, true).await.outcome, Outcome::Remediated);
    assert!(world.account(|account| account.groups.contains_key("/ecs/web")));
}
