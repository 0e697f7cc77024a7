//! The part of the contract about runs of `logweir apply --all`.

use logweir::domain::outcome::Mode;
use logweir::domain::run::{PlanHead, Run, RunItem, RunPage, RunPlan, RunState};
use logweir::ports::{CommitError, Journal};

use super::run;
use super::sample::now;

/// A plan with so many items that the journal needs several pages.
fn plan() -> RunPlan {
    let head = PlanHead {
        schema: "logweir.plan/1".into(),
        made: now(),
        logweir: "0".into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        mode: Mode::Register,
        baseline_digest: "sha256:0".into(),
        canary: 0,
    };
    let item = |number: u32| RunItem {
        source: format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/f{number:05}:1").parse().unwrap(),
        source_digest: format!("sha256:{number:064}"),
        rules: vec!["blocking-delivery".into()],
        changes: Vec::new(),
        edits_digest: format!("sha256:{number:064}"),
        log_groups: Vec::new(),
        corrected: None,
        services: Vec::new(),
        left: Vec::new(),
        unplaced: None,
        owner: None,
    };
    let items = (0..1500).map(item).collect();
    RunPlan { head, items, left: Vec::new(), older: Vec::new(), unread: Vec::new(), families: 1500 }
}

pub fn a_run_is_stored_with_its_pages_and_its_states<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let plan = plan();
        let (first, pages) = Run::begin(&plan, "a", "operator", now());
        assert!(pages.len() > 1 && pages.len() == first.pages as usize);
        assert_eq!(open().read_state::<Run>(&first.name).await, Ok(None));
        for page in &pages {
            assert_eq!(open().put_state(page).await, Ok(()));
            assert_eq!(open().put_state(page).await, Ok(()), "the same page again");
        }
        assert_eq!(open().put_state(&first).await, Ok(()));
        let mut items = Vec::new();
        for page in &pages {
            items.extend(open().read_state::<RunPage>(&page.name).await.unwrap().unwrap().items);
        }
        let standing = open().read_state::<Run>(&first.name).await.unwrap().unwrap();
        assert_eq!(standing, first);
        assert_eq!(standing.plan_of(items).unwrap().items, plan.items);
        let next = first.next(RunState::Ended, "a", now());
        let other = first.next(RunState::Interrupted, "b", now());
        assert_eq!(open().put_state(&next).await, Ok(()));
        assert_eq!(open().put_state(&other).await, Err(CommitError::Lost), "another worker at the same time");
        assert_eq!(open().read_state::<Run>(&first.name).await, Ok(Some(next)));
    });
}
