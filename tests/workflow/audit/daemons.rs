//! The managed daemons of an account, which an audit does not judge.

use logweir::domain::audit::{AuditTarget, Selection, UnjudgedDaemon};

use super::account::Account;
use super::{names, run};

#[tokio::test(start_paused = true)]
async fn managed_daemons_that_run_are_named_because_they_are_not_judged() {
    let mut account = Account::of(2, 2);
    account.start_daemon("cluster-0", "agent", 3);
    account.start_daemon("cluster-0", "agent", 3);
    let audit = run(&account, &Selection::default()).await;
    let daemon = UnjudgedDaemon { cluster: "cluster-0".into(), definition: "agent:3".into(), tasks: 2 };
    assert_eq!((&audit.coverage.daemons, audit.coverage.is_complete()), (&vec![daemon], true));
    assert_eq!(names(&audit), ["family-000000:1", "family-000001:1"]);
    let other = Selection { targets: vec![AuditTarget::parse("cluster-1").unwrap()], ..Selection::default() };
    assert_eq!(run(&account, &other).await.coverage.daemons, []);
}
