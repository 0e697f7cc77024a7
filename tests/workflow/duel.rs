//! Somebody who keeps putting the fault back, and what keeps Logweir from answering itself or him for ever.

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

/// Somebody registers the fault, and its event comes.
async fn puts_it_back(world: &World, agent: &str) -> (RevisionArn, Decision) {
    let source = world.account(|account| account.registers(BLOCKING));
    let mut event = event(&source);
    event["detail"]["userAgent"] = json!(agent);
    let report = register(world, &event).await;
    (source, report)
}

#[tokio::test]
async fn the_fuse_opens_after_three_corrections_in_ten_minutes_and_names_the_other_side() {
    let world = World::new();
    for _ in 0..3 {
        assert_eq!(puts_it_back(&world, TERRAFORM).await.1.outcome, Outcome::Remediated);
        world.advance(SignedDuration::from_mins(1));
    }
    let (source, report) = puts_it_back(&world, TERRAFORM).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Refused, Some(Reason::FuseOpen)), 1));
    let why = report.report.error.unwrap();
    assert!(why.contains("assumed-role/Deployer/session with Terraform put the fault back 3 times"), "{why}");

    // It does not close by itself, and it counts on.
    world.advance(SignedDuration::from_hours(24 * 30));
    let (_, report) = puts_it_back(&world, TERRAFORM).await;
    assert_eq!(ended(&report), (Outcome::Refused, Some(Reason::FuseOpen)));
    assert!(report.report.error.unwrap().contains("4 times"));
    let stopped = world.stopped().await.unwrap();
    assert_eq!((stopped.len(), stopped[0].name.family.as_str()), (1, "web"));

    // By name alone is not enough; again closes it, for the family.
    let newest = world.account(|account| account.arn("web", *account.active("web").last().unwrap()));
    assert_eq!(ended(&applies(&world, &newest, false).await), (Outcome::Refused, Some(Reason::FuseOpen)));
    assert_eq!(ended(&applies(&world, &newest, true).await), (Outcome::Remediated, None));
    assert_eq!(puts_it_back(&world, TERRAFORM).await.1.outcome, Outcome::Remediated);
    assert!(world.stopped().await.unwrap().is_empty(), "{source}");
}

#[tokio::test]
async fn the_limits_are_the_baselines() {
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
    let (source, _) = puts_it_back(&world, "aws-cli/2").await;
    for _ in 0..10 {
        assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Skipped, Some(Reason::Duplicate)));
    }
    assert_eq!(puts_it_back(&world, "aws-cli/2").await.1.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn another_family_goes_on_while_one_is_stopped() {
    let world = World::new();
    for _ in 0..4 {
        puts_it_back(&world, TERRAFORM).await;
    }
    let other = BLOCKING.replace("\"family\":\"web\"", "\"family\":\"shop\"");
    let source = world.account(|account| account.registers(&other));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn an_owner_that_keeps_a_description_of_its_own_is_named_with_what_it_will_do() {
    let world = World::new();
    let (_, report) = puts_it_back(&world, TERRAFORM).await;
    assert_eq!((report.outcome, report.owner), (Outcome::Remediated, Some("Terraform")));
    assert!(report.notes[0].contains("its next run registers the fault again"), "{report:?}");

    let stack = r#"[{"key":"aws:cloudformation:stack-id","value":"s"}]"#;
    let source = world.account(|account| {
        let source = account.registers(BLOCKING);
        account.families.get_mut("web").unwrap().last_mut().unwrap().tags = Tag::parse_list(stack).unwrap();
        source
    });
    assert_eq!(register(&world, &event(&source)).await.owner, Some("CloudFormation"));
    assert_eq!(puts_it_back(&world, "aws-cli/2.15.0").await.1.owner, None);
}

#[tokio::test]
async fn our_own_registration_is_left_alone_in_three_ways_of_which_each_suffices() {
    // The rule leaves out events of our own roles: the tests of the template look at that. Then by the principal that
    // the event names, without a call:
    let world = World::new();
    let (_, report) = puts_it_back(&world, "").await;
    let ours: RevisionArn = report.report.corrected.unwrap().parse().unwrap();
    let mut own = event(&ours);
    own["detail"]["userIdentity"]["arn"] = json!(LOGWEIR);
    let read = read(&own, &home()).unwrap();
    assert!(matches!(read, Trigger::Ignore { why: Ignored::OwnPrincipal, .. }), "{read:?}");

    // by the principal that ECS names, whatever the event says:
    assert_eq!(ended(&register(&world, &event(&ours)).await), (Outcome::Skipped, Some(Reason::OwnRevision)));

    // by the journal, where neither names anybody and the fault was put into the baseline meanwhile:
    let other_role = |account: &mut crate::world::Account| {
        account.families.get_mut("web").unwrap()[1].by = "arn:aws:sts::111122223333:assumed-role/Old/s".into();
    };
    world.account(other_role);
    let stricter = "version = 1\n[logging]\nmax-buffer-size = \"50m\"\nmin-buffer-size = \"50m\"\n";
    let report = with(&world, stricter, Mode::Register, "worker", &event(&ours)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::OwnRevision)));

    // and because a correction is a fixed point.
    world.account(|account| account.records.clear());
    assert_eq!(ended(&register(&world, &event(&ours)).await), (Outcome::Compliant, None));
}

#[tokio::test]
async fn a_stranger_who_copies_our_tags_gains_nothing_and_loses_nothing() {
    let world = World::new();
    let (source, _) = puts_it_back(&world, "").await;
    let tags = world.account(|account| account.families["web"][1].tags.clone());
    // His copy of our correction is no correction of ours: taking back leaves it alone.
    let theirs = world.account(|account| account.registers_with_tags(&corrected_text(), &tags));
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(world.account(|account| account.active("web")), [1, 3]);
    assert!(world.account(|account| account.wrongs.is_empty()), "{theirs}");
    // And a fault of his behind our tags is a fault.
    let faulty = world.account(|account| account.registers_with_tags(BLOCKING, &tags));
    assert_eq!(register(&world, &event(&faulty)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_correction_that_the_fuse_or_a_race_keeps_back_leaves_no_record_behind() {
    let world = World::new();
    for _ in 0..3 {
        puts_it_back(&world, "").await;
    }
    let (refused, _) = puts_it_back(&world, "").await;
    assert_eq!(world.read(&refused).await.unwrap(), None);
    let open = Filter { open: true, ..Filter::all(world.account(|account| account.now)) };
    assert_eq!(world.list(&open, 9).await.unwrap().len(), 0);
}

#[tokio::test]
async fn two_sources_of_a_family_at_once_are_both_counted() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    // Somebody else counts a correction of the family between our look and our count.
    let meanwhile = Then::act(|account| {
        let name = logweir::domain::limits::family::FamilyName::of(&account.arn("web", 1));
        let mut family = logweir::domain::limits::family::Family::new(name.clone(), account.now);
        family.version = 1;
        account.remembered.insert(name, family);
    });
    world.at_next("put_family", Moment::Before, meanwhile);
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.comes_again()), ((Outcome::Skipped, Some(Reason::LeaseHeld)), true));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn to_ask_again_closes_the_fuse_though_the_newest_revision_was_mended_at_its_source() {
    let world = World::new();
    for _ in 0..4 {
        puts_it_back(&world, TERRAFORM).await;
    }
    let mended = world.account(|account| account.registers(&corrected_text()));
    let report = applies(&world, &mended, true).await;
    assert_eq!(report.outcome, Outcome::Compliant);
    assert!(
        report.notes[0].contains("fuse is open since") && report.notes[0].contains("corrected again"),
        "{report:?}"
    );
    assert!(world.stopped().await.unwrap().is_empty());
    assert_eq!(puts_it_back(&world, TERRAFORM).await.1.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_burst_of_deployments_is_no_duel_what_came_to_no_correction_does_not_count() {
    let world = World::new();
    let burst: Vec<RevisionArn> = (0..5).map(|_| world.account(|account| account.registers(BLOCKING))).collect();
    for source in &burst[..4] {
        assert_eq!(register(&world, &event(source)).await.outcome, Outcome::Superseded);
    }
    // What may be registered at once is used up by them.
    world.advance(jiff::SignedDuration::from_secs(5));
    assert_eq!(ended(&register(&world, &event(&burst[4])).await), (Outcome::Remediated, None));
}

#[tokio::test]
async fn whoever_asks_by_name_is_not_named_as_the_one_who_put_the_fault_back() {
    let world = World::new();
    for _ in 0..3 {
        puts_it_back(&world, TERRAFORM).await;
    }
    let source = world.account(|account| account.registers(BLOCKING));
    let why = applies(&world, &source, false).await.report.error.unwrap();
    assert!(why.contains("assumed-role/Deployer/session put the fault back"), "{why}");
}

#[tokio::test]
async fn our_own_revision_is_corrected_by_name_only_under_another_baseline_or_if_it_is_asked_for_again() {
    let world = World::new();
    let (_, report) = puts_it_back(&world, "").await;
    let ours: RevisionArn = report.report.corrected.unwrap().parse().unwrap();
    // Something departs from the baseline again, which is no fault of the revision.
    world.account(|account| account.groups.clear());
    assert_eq!(ended(&applies(&world, &ours, false).await), (Outcome::Skipped, Some(Reason::OwnRevision)));
    let other = format!("{}\n# another text\n", logweir::settings::SHIPPED_BASELINE);
    assert_eq!(applies_by(&world, &other, &ours, false).await.outcome, Outcome::Remediated);
    world.account(|account| account.groups.clear());
    assert_eq!(applies(&world, &ours, true).await.outcome, Outcome::Remediated);
    assert!(world.account(|account| account.groups.contains_key("/ecs/web")));
}
