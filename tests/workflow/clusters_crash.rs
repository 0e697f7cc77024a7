//! The process of a cluster's correction or of its backout dies at every call, or the call's answer is lost. The final
//! state is always exactly the intended one.

use jiff::SignedDuration;
use logweir::domain::ecs::cluster::ClusterArn;
use logweir::domain::outcome::Outcome;
use logweir::domain::record::WholeRecord;
use logweir::domain::report::Decision;
use logweir::settings::LEASE;

use crate::clusters::{AFTER, GROUP, NONE, backs_out, begin, configuration, created, ended, nothing_wrong, resumes};
use crate::crash::{FAULTS, Fault};
use crate::world::{Account, Moment, Then, World};

/// What happens after the fault, until nothing is retried any more.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Afterwards {
    Again,
    Scheduled,
    BackedOut,
}

async fn settles(world: &World, cluster: &ClusterArn, afterwards: Afterwards) -> Option<Decision> {
    let mut last = None;
    for round in 0..8 {
        world.advance(LEASE + SignedDuration::from_mins(11));
        let worker = format!("later-{round}");
        let decision = match afterwards {
            Afterwards::Again => created(world, &worker).await,
            Afterwards::BackedOut => backs_out(world, &worker, cluster).await,
            Afterwards::Scheduled => {
                resumes(world).await;
                continue;
            }
        };
        let is_retried = decision.is_retried();
        last = Some(decision);
        if !is_retried {
            break;
        }
    }
    last
}

fn plan(world: &World, call: usize, fault: Fault) {
    match fault {
        Fault::DiesBefore => world.at(call, Moment::Before, Then::Crash),
        Fault::DiesAfter => world.at(call, Moment::After, Then::Crash),
        Fault::AnswerLost => world.at(call, Moment::After, Then::Cut),
    }
}

/// The number of calls of a correction, and of a correction with its backout.
async fn calls() -> (usize, usize) {
    let (world, cluster) = begin(NONE);
    created(&world, "worker").await;
    let correction = world.calls().len();
    backs_out(&world, "operator", &cluster).await;
    (correction, world.calls().len())
}

fn is_intended(world: &World, cluster: &ClusterArn, afterwards: Afterwards, about: &str) {
    let configuration = configuration(world, cluster);
    let record = world.account(|account| account.cluster_records.get(cluster).cloned());
    match afterwards {
        Afterwards::BackedOut => assert_eq!(configuration, NONE, "{about}"),
        Afterwards::Again => {
            assert_eq!(configuration, AFTER, "{about}");
            assert_eq!(world.account(|account| account.groups[GROUP].retention), Some(90), "{about}");
        }
        // Without a record, the schedule has nothing to finish.
        Afterwards::Scheduled => assert_eq!(configuration == AFTER, record.is_some(), "{about}"),
    }
    assert!(!record.is_some_and(|record| record.is_open()), "{about}");
    nothing_wrong(world);
}

#[tokio::test]
async fn a_correction_that_stops_at_any_call_ends_as_intended() {
    let (correction, _) = calls().await;
    for call in 1..=correction {
        for fault in FAULTS {
            for afterwards in [Afterwards::Again, Afterwards::Scheduled, Afterwards::BackedOut] {
                let (world, cluster) = begin(NONE);
                plan(&world, call, fault);
                created(&world, "worker").await;
                world.restart();
                settles(&world, &cluster, afterwards).await;
                is_intended(&world, &cluster, afterwards, &format!("call {call}, {fault:?}, {afterwards:?}"));
            }
        }
    }
}

#[tokio::test]
async fn a_backout_that_stops_at_any_call_ends_as_intended() {
    let (correction, all) = calls().await;
    for call in correction + 1..=all {
        for fault in FAULTS {
            let (world, cluster) = begin(NONE);
            created(&world, "worker").await;
            plan(&world, call, fault);
            backs_out(&world, "operator", &cluster).await;
            world.restart();
            let about = format!("call {call}, {fault:?}");
            let last = settles(&world, &cluster, Afterwards::BackedOut).await.unwrap();
            assert_eq!(last.outcome, Outcome::BackedOut, "{about}");
            is_intended(&world, &cluster, Afterwards::BackedOut, &about);
        }
    }
}

#[tokio::test]
async fn a_schedule_finishes_a_backout_whose_worker_stopped() {
    let (correction, all) = calls().await;
    for call in correction + 3..=all {
        let (world, cluster) = begin(NONE);
        created(&world, "worker").await;
        plan(&world, call, Fault::DiesBefore);
        backs_out(&world, "operator", &cluster).await;
        world.restart();
        settles(&world, &cluster, Afterwards::Scheduled).await;
        is_intended(&world, &cluster, Afterwards::BackedOut, &format!("call {call}"));
    }
}

#[tokio::test]
async fn a_correction_counts_although_the_owner_changes_another_member_right_after_it() {
    for then_dies in [false, true] {
        let (world, cluster) = begin(NONE);
        let owner = cluster.clone();
        let changes = move |account: &mut Account| account.configures(&owner, &AFTER.replace("disk", "other"));
        if then_dies {
            world.at_next("UpdateCluster", Moment::After, Then::Crash);
            created(&world, "worker").await;
            world.restart();
            world.account(changes);
            world.advance(LEASE + SignedDuration::from_mins(11));
        } else {
            world.at_next("UpdateCluster", Moment::After, Then::act(changes));
        }
        assert_eq!(ended(&created(&world, "next").await), (Outcome::Remediated, None), "{then_dies}");
        assert_eq!(ended(&backs_out(&world, "operator", &cluster).await), (Outcome::BackedOut, None));
        assert_eq!(configuration(&world, &cluster), NONE.replace("disk", "other"), "{then_dies}");
        nothing_wrong(&world);
    }
}

#[tokio::test]
async fn a_backout_reads_the_cluster_right_before_it_writes() {
    let (world, cluster) = begin(NONE);
    created(&world, "worker").await;
    let owner = cluster.clone();
    let changes = move |account: &mut Account| account.configures(&owner, &AFTER.replace("disk", "other"));
    // The second write of the record announces the change of the cluster.
    world.at_nth("put_cluster", 2, Moment::After, Then::act(changes));
    let waits = backs_out(&world, "operator", &cluster).await;
    assert!(waits.is_retried(), "{waits:?}");
    assert_eq!(ended(&backs_out(&world, "operator", &cluster).await), (Outcome::BackedOut, None));
    assert_eq!(configuration(&world, &cluster), NONE.replace("disk", "other"));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_backout_that_stopped_is_not_taken_for_done_while_reads_may_lag() {
    let (world, cluster) = begin(NONE);
    created(&world, "worker").await;
    world.at_next("UpdateCluster", Moment::Before, Then::Crash);
    backs_out(&world, "operator", &cluster).await;
    world.restart();
    world.account(|account| {
        account.lag.clusters = 1;
        account.lag.lasts = SignedDuration::from_mins(8);
    });
    world.advance(SignedDuration::from_mins(7));
    let waits = resumes(&world).await;
    assert!(!waits.is_empty() && waits.iter().all(Decision::is_retried), "{waits:?}");
    world.advance(SignedDuration::from_mins(11));
    resumes(&world).await;
    assert_eq!(configuration(&world, &cluster), NONE);
    nothing_wrong(&world);
}
