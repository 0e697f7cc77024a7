//! The filters of tags and findings.

use logweir::domain::audit::{AuditSummary, Globs, Selection};
use logweir::domain::rule_name::RuleName;

use super::account::{Account, Logs};
use super::{names, revision, run};

#[tokio::test(start_paused = true)]
async fn filters_of_tags_rules_and_severities_choose_revisions_and_findings() {
    let mut account = Account::of(4, 4);
    for number in 0..4 {
        account.register(&format!("family-00000{number}"), 1, Logs::to("/ecs/none", Some("blocking")));
    }
    account.tag("family-000001", 1, "team", "web");
    account.services.get_mut("cluster-2").unwrap()[0].tags = vec![("team".into(), "web".into())];
    let selection = Selection { tags: Globs::of(["team=w*"]), ..Selection::default() };
    assert_eq!(names(&run(&account, &selection).await), ["family-000001:1", "family-000002:1"]);
    let rules = |selection: Selection| async move {
        let audit = run(&account, &selection).await;
        let rules = audit.revisions[0].findings.iter().map(|found| found.rule.name()).collect::<Vec<_>>();
        (rules, account)
    };
    let (found, account) = rules(Selection { rules: Globs::of(["missing-*"]), ..Selection::default() }).await;
    assert_eq!(found, ["missing-log-group"]);
    let severities = Globs::of(["!error"]);
    let audit = run(&account, &Selection { severities, ..Selection::default() }).await;
    assert_eq!(audit.revisions[0].findings[0].rule, RuleName::BlockingDelivery);
}

#[tokio::test(start_paused = true)]
async fn a_filter_of_findings_changes_no_verdict() {
    let mut account = Account::new();
    account.register("web", 1, Logs::blocking());
    account.register("fine", 1, Logs::compliant());
    let errors = Selection { severities: Globs::of(["error"]), ..Selection::default() };
    let others = Selection { rules: Globs::of(["none-*"]), ..Selection::default() };
    for (selection, shows) in [(Selection::default(), true), (errors, false), (others, false)] {
        let audits = [run(&account, &selection).await];
        let (web, fine) = (revision(&audits[0], "web:1"), revision(&audits[0], "fine:1"));
        assert_eq!((web.compliant(), fine.compliant()), (Some(false), Some(true)), "{selection:?}");
        assert_eq!((web.shows_fault(), web.hides_fault, fine.hides_fault), (shows, !shows, false), "{selection:?}");
        let summary = AuditSummary::of(&audits, &[]);
        assert_eq!((summary.compliant, summary.faulty), (1, 1), "{selection:?}");
    }
}
