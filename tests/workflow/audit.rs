//! The audit of an account: what it finds, which calls it makes, and how it continues after an interruption.

mod account;
mod daemons;
mod findings;
mod resume;

use account::{Account, Logs, Memory, arn};
use logweir::domain::audit::{Audit, AuditHome, AuditTarget, AuditedRevision, Globs, Judge, Scope, Scopes, Selection};
use logweir::domain::baseline::{Baseline, Delivery};
use logweir::domain::limits::throttle::Rate;
use logweir::domain::rule_name::RuleName;
use logweir::domain::rules::packs::every;
use logweir::ports::{AuditMemory, NoMemory, Unwatched};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::audit::{AuditOrder, audit};
use proptest::prelude::*;

fn home() -> AuditHome {
    AuditHome { partition: "aws".into(), account: "111122223333".into(), region: "eu-west-1".into() }
}

fn shipped() -> Baseline {
    Baseline::parse(SHIPPED_BASELINE).unwrap()
}

async fn run_until(
    account: &Account,
    selection: &Selection,
    baseline: &Baseline,
    memory: &mut impl AuditMemory,
    until: impl Future<Output = ()>,
) -> Audit {
    let (home, rules) = (home(), every());
    let judge = Judge { rules: &rules, baseline };
    let order = AuditOrder { home: &home, judge, selection, program: "test", rate: Rate::WHOLE };
    audit(account, account, order, memory, &mut Unwatched, until).await
}

async fn run(account: &Account, selection: &Selection) -> Audit {
    run_until(account, selection, &shipped(), &mut NoMemory, std::future::pending()).await
}

async fn run_with(account: &Account, memory: &mut Memory) -> Audit {
    run_until(account, &Selection::default(), &shipped(), memory, std::future::pending()).await
}

fn only(scope: Scope) -> Selection {
    Selection { scopes: Scopes::of([scope]), ..Selection::default() }
}

fn revision<'a>(audit: &'a Audit, name: &str) -> &'a AuditedRevision {
    audit.revisions.iter().find(|revision| revision.short() == name).unwrap_or_else(|| panic!("{name}: {audit:#?}"))
}

fn names(audit: &Audit) -> Vec<String> {
    audit.revisions.iter().map(AuditedRevision::short).collect()
}

#[tokio::test(start_paused = true)]
async fn an_older_blocking_revision_that_a_service_runs_is_a_finding_though_the_newest_is_fine() {
    let mut account = Account::new();
    account.register("web", 1, Logs::blocking());
    account.register("web", 2, Logs::compliant());
    account.run("prod", "web", "web", 1);
    let audit = run(&account, &Selection::default()).await;
    let (old, new) = (revision(&audit, "web:1"), revision(&audit, "web:2"));
    assert_eq!((old.scopes.names(), new.scopes.names()), ("running".into(), "next".into()));
    assert_eq!(old.findings[0].rule, RuleName::BlockingDelivery);
    assert_eq!((old.compliant(), new.compliant()), (Some(false), Some(true)));
    assert_eq!((&*old.users[0].name, old.desired_tasks(), old.running_tasks()), ("web", 2, 2));
    assert!(audit.coverage.is_complete());
}

#[tokio::test(start_paused = true)]
async fn a_standalone_task_and_a_leftover_task_of_a_service_run_their_revisions() {
    let mut account = Account::new();
    for number in 1..=3 {
        account.register("jobs", number, Logs::blocking());
    }
    account.start("batch", "jobs", 1);
    account.start("batch", "jobs", 1);
    account.start("batch", "jobs", 2);
    account.tasks.get_mut("batch").unwrap()[2].group = "service:worker".into();
    account.run("batch", "worker", "jobs", 3);
    let audit = run(&account, &Selection::default()).await;
    let user = |name: &str| {
        let user = &revision(&audit, name).users[0];
        (user.kind, user.name.to_string(), user.desired, user.running, user.starts)
    };
    use logweir::domain::audit::UserKind::{Service, Tasks};
    assert_eq!(user("jobs:1"), (Tasks, "family:jobs".into(), 2, 2, false));
    assert_eq!(user("jobs:2"), (Service, "worker".into(), 0, 1, false));
    assert_eq!(user("jobs:3"), (Service, "worker".into(), 2, 2, true));
    assert_eq!(revision(&audit, "jobs:3").scopes.names(), "running, next");
}

#[tokio::test(start_paused = true)]
async fn what_runs_is_answered_without_a_list_of_families() {
    let account = Account::of(2_000, 100);
    let audit = run(&account, &only(Scope::Running)).await;
    assert_eq!(audit.revisions.len(), 100);
    assert_eq!((account.made("DescribeTaskDefinition"), account.made("ListTaskDefinitions")), (100, 0));
    assert_eq!(account.made("ListTaskDefinitionFamilies"), 0);
    assert!(account.all_made() < 130, "{}", account.all_made());
    assert!(account.seconds() < 5.0, "{}", account.seconds());
}

#[tokio::test(start_paused = true)]
async fn what_runs_is_judged_before_anything_else() {
    let account = Account::of(500, 40);
    run(&account, &Selection::default()).await;
    let described = account.described();
    let runs = |name: &String| name.split_once(':').is_some_and(|(family, _)| family < "family-000040");
    assert!(described[..40].iter().all(runs), "{described:?}");
    assert_eq!(described.len(), 500, "no revision is described twice");
}

#[tokio::test(start_paused = true)]
async fn two_thousand_families_take_at_most_a_twentieth_longer_than_aws_allows() {
    let account = Account::of(2_000, 100);
    let audit = run(&account, &Selection::default()).await;
    assert!(audit.coverage.is_complete());
    assert_eq!(audit.revisions.len(), 2_000);
    let reads: u64 = ["DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"]
        .map(|operation| account.made(operation))
        .iter()
        .sum();
    let limit = (reads as f64 - 50.0) / 20.0;
    assert!(account.seconds() < limit * 1.05, "{} s, but AWS allows {limit} s", account.seconds());
    assert_eq!(account.throttled(), 0, "the audit stays below the limit");
}

#[tokio::test(start_paused = true)]
async fn nothing_fails_though_other_principals_use_the_bucket_up() {
    let mut account = Account::of(300, 10);
    account.others = 15.0;
    let audit = run(&account, &Selection::default()).await;
    assert!(account.throttled() > 0);
    assert!(audit.coverage.is_complete(), "{:?}", audit.coverage);
    assert_eq!((audit.revisions.len(), audit.coverage.calls_throttled()), (300, account.throttled()));
    assert!(account.throttled() < 100, "a throttled call lowers the rate: {}", account.throttled());
}

#[tokio::test(start_paused = true)]
async fn a_denial_is_named_and_hides_no_other_finding() {
    let mut account = Account::of(20, 0);
    account.register("family-000003", 2, Logs::blocking());
    account.run("prod", "web", "family-000003", 2);
    account.denied = ["DescribeServices", "DescribeLogGroups", "ListAccountSettings"].into();
    let audit = run(&account, &Selection::default()).await;
    let unread: Vec<(&str, &str)> = audit.coverage.unread.iter().map(|part| (part.what.as_str(), part.call)).collect();
    let expected = [
        ("the services of cluster prod", "DescribeServices"),
        ("the account setting defaultLogDriverMode", "ListAccountSettings"),
        ("log groups", "DescribeLogGroups"),
    ];
    assert_eq!(unread, expected);
    assert!(audit.coverage.unread.iter().all(|part| part.is_denied) && !audit.coverage.is_complete());
    assert_eq!(audit.coverage.calls_denied(), 3);
    let faulty = revision(&audit, "family-000003:2");
    assert_eq!((faulty.compliant(), faulty.findings[0].rule), (Some(false), RuleName::BlockingDelivery));
    assert_eq!(revision(&audit, "family-000004:1").compliant(), None, "no verdict without the log groups");
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_cannot_be_read_is_no_compliant_revision() {
    let mut account = Account::of(3, 0);
    account.run("prod", "web", "deleted", 7);
    let audit = run(&account, &Selection::default()).await;
    let deleted = revision(&audit, "deleted:7");
    assert_eq!((deleted.is_unread, deleted.compliant()), (true, None));
    assert_eq!(audit.coverage.unread[0].what, "the revision deleted:7");
    assert_eq!(audit.revisions.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn missing_log_groups_are_findings_and_are_read_in_batches() {
    let mut account = Account::new();
    for number in 0..120 {
        let group = format!("/ecs/{number}");
        account.register(&format!("family-{number:03}"), 1, Logs::to(&group, Some("non-blocking")));
        if number != 7 {
            account.groups.insert(group, Some(30));
        }
    }
    let audit = run(&account, &Selection::default()).await;
    let faulty: Vec<&AuditedRevision> =
        audit.revisions.iter().filter(|revision| revision.compliant() == Some(false)).collect();
    assert_eq!((faulty.len(), faulty[0].findings[0].rule), (1, RuleName::MissingLogGroup));
    assert!(account.made("DescribeLogGroups") <= 4, "{}", account.made("DescribeLogGroups"));
    assert_eq!(audit.coverage.log_groups, 120);
}

#[tokio::test(start_paused = true)]
async fn a_second_audit_describes_no_revision_that_it_knows() {
    let account = Account::of(1_000, 100);
    let mut memory = Memory::default();
    let first = run_with(&account, &mut memory).await;
    let calls = account.all_made();
    account.forget_calls();
    let second = run_with(&account, &mut memory).await;
    assert_eq!(account.described(), [""; 0]);
    assert!(account.all_made() * 100 < calls * 6, "{} of {calls} calls", account.all_made());
    assert_eq!(second.revisions, first.revisions);
    assert_eq!(second.coverage.from_cache, 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_changed_account_setting_needs_no_description_and_changes_the_findings() {
    let mut account = Account::of(5, 5);
    account.register("family-000002", 2, Logs::to("/ecs/shared", None));
    let mut memory = Memory::default();
    let baseline = Baseline::parse("version = 1\n[logging]\nabsent-mode = \"effective\"\n").unwrap();
    let selection = Selection::default();
    let run = async |account: &Account, memory: &mut Memory| {
        run_until(account, &selection, &baseline, memory, std::future::pending()).await
    };
    let before = run(&account, &mut memory).await;
    account.mode = Delivery::Blocking;
    account.forget_calls();
    let after = run(&account, &mut memory).await;
    assert_eq!(account.described(), [""; 0]);
    let has = |audit: &Audit| {
        revision(audit, "family-000002:2").findings.iter().any(|found| found.rule == RuleName::BlockingDelivery)
    };
    assert!(!has(&before) && has(&after));
}

#[tokio::test(start_paused = true)]
async fn no_cache_and_no_resume_file_contains_a_part_of_a_document() {
    let account = Account::of(3, 1);
    let mut memory = Memory { has_resume: true, ..Memory::default() };
    run_with(&account, &mut memory).await;
    let texts: Vec<&String> = memory.memos.values().chain(&memory.steps).collect();
    assert!(texts.iter().any(|text| text.contains("family-000001")));
    for secret in ["hunter2", "PASSWORD", "containerDefinitions\"", "app:1"] {
        assert!(!texts.iter().any(|text| text.contains(secret)), "{secret}");
    }
}

#[tokio::test(start_paused = true)]
async fn filters_cut_the_calls() {
    let mut account = Account::of(300, 30);
    account.register("payments-api", 1, Logs::blocking());
    account.register("payments-test", 1, Logs::blocking());
    account.run("cluster-1", "payments", "payments-api", 1);
    let families = Selection { families: Globs::of(["payments-*", "!*-test"]), ..Selection::default() };
    let audit = run(&account, &Selection { scopes: Scopes::of([Scope::Next]), ..families.clone() }).await;
    assert_eq!(names(&audit), ["payments-api:1"]);
    assert_eq!((account.made("DescribeTaskDefinition"), account.made("ListTaskDefinitionFamilies")), (1, 1));

    account.forget_calls();
    let target = AuditTarget::parse("arn:aws:ecs:eu-west-1:111122223333:service/cluster-1/payments").unwrap();
    let audit = run(&account, &Selection { targets: vec![target], ..Selection::default() }).await;
    assert_eq!(names(&audit), ["payments-api:1"]);
    assert_eq!((account.made("DescribeServices"), account.made("ListTasks")), (1, 0));
    assert_eq!(account.all_made(), 7, "{:?}", account.calls.lock().unwrap().made);

    account.forget_calls();
    let clusters = Selection { clusters: Globs::of(["!cluster-0", "!cluster-1"]), ..Selection::default() };
    let audit = run(&account, &clusters).await;
    assert_eq!((audit.revisions.len(), audit.coverage.clusters), (10, 1));
    assert_eq!(account.made("ListTaskDefinitionFamilies"), 0);
}

#[tokio::test(start_paused = true)]
async fn stale_revisions_are_judged_only_if_they_are_asked_for() {
    let mut account = Account::new();
    for number in 1..=4 {
        account.register("web", number, Logs::blocking());
    }
    account.run("prod", "web", "web", 3);
    assert_eq!(names(&run(&account, &Selection::default()).await), ["web:3", "web:4"]);
    let stale = run(&account, &only(Scope::Stale)).await;
    assert_eq!(names(&stale), ["web:1", "web:2"]);
    let all = run(&account, &Selection { scopes: Scopes::ALL, ..Selection::default() }).await;
    let scopes: Vec<String> = all.revisions.iter().map(|revision| revision.scopes.names()).collect();
    assert_eq!(scopes, ["stale", "stale", "running", "next"]);
}

#[tokio::test(start_paused = true)]
async fn the_list_of_all_revisions_ends_early_if_it_saves_no_calls() {
    let mut account = Account::of(100, 0).without_buckets();
    for number in 0..100 {
        for revision in 2..=60 {
            account.register(&format!("family-{number:06}"), revision, Logs::compliant());
        }
    }
    let audit = run(&account, &Selection::default()).await;
    assert_eq!((audit.revisions.len(), account.made("ListTaskDefinitions")), (100, 5));
}

/// A change of the account between two audits.
#[derive(Clone, Debug)]
enum Change {
    Register(usize, usize),
    Tag(usize, &'static str),
    Mode(Delivery),
    Group(&'static str, Option<Option<u32>>),
    Run(usize),
}

const GROUPS: [&str; 2] = ["/ecs/shared", "/ecs/other"];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (0..4_usize, 0..6_usize).prop_map(|(family, logs)| Change::Register(family, logs)),
        (0..4_usize, prop_oneof![Just("gold"), Just("plain")]).prop_map(|(family, value)| Change::Tag(family, value)),
        prop_oneof![Just(Delivery::Blocking), Just(Delivery::NonBlocking)].prop_map(Change::Mode),
        (
            prop_oneof![Just(GROUPS[0]), Just(GROUPS[1])],
            prop_oneof![Just(None), Just(Some(None)), Just(Some(Some(1))), Just(Some(Some(400)))]
        )
            .prop_map(|(name, group)| Change::Group(name, group)),
        (0..4_usize).prop_map(Change::Run),
    ]
}

fn change_account(account: &mut Account, change: &Change) {
    let name = |number: &usize| format!("family-{number:06}");
    match change {
        Change::Register(family, logs) => {
            let mode = [None, Some("blocking"), Some("non-blocking")][logs % 3];
            let next = account.revisions[&name(family)].len() as u32 + 1;
            account.register(&name(family), next, Logs::to(GROUPS[logs / 3], mode));
        }
        Change::Tag(family, value) => {
            let newest = account.revisions[&name(family)].len() as u32;
            account.tag(&name(family), newest, "class", value);
        }
        Change::Mode(mode) => account.mode = *mode,
        Change::Group(name, None) => _ = account.groups.remove(*name),
        Change::Group(name, Some(retention)) => _ = account.groups.insert((*name).to_owned(), *retention),
        Change::Run(family) => {
            let service = &mut account.services.get_mut("cluster-0").unwrap()[0];
            service.definition = Some(arn(&name(family), 1).into());
            service.deployments[0].definition = arn(&name(family), 1).into();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_finding_never_differs_between_a_cached_and_an_uncached_audit(
        audits in prop::collection::vec(prop::collection::vec(change(), 0..4), 1..5)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let baseline = Baseline::parse(concat!(
                "version = 1\n[logging]\nabsent-mode = \"effective\"\n",
                "[[profile]]\nmatch = { tag = \"class=gold\" }\nlogging = { absent-mode = \"explicit\" }\n",
            ));
            let baseline = baseline.unwrap_or_else(|error| panic!("{error:?}"));
            let (mut account, mut memory) = (Account::of(4, 1), Memory::default());
            for changes in &audits {
                changes.iter().for_each(|change| change_account(&mut account, change));
                let (all, pending) = (Selection::default(), std::future::pending);
                let cached = run_until(&account, &all, &baseline, &mut memory, pending()).await;
                let fresh = run_until(&account, &all, &baseline, &mut NoMemory, pending()).await;
                assert_eq!(cached.revisions, fresh.revisions);
            }
        });
    }
}
