//! The entries about services: the sequences (stories) that workers may write, complete and cut off at every entry.

use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::outcome::{Conclusion, Outcome, Reason};
use logweir::domain::record::{Effects, Ending, EntryKind, Illegal, NotUndone, Record, RolloutPhase, Settled, Undo};
use proptest::prelude::*;
use proptest::sample::Index;

use super::telling::{All, LetterReport, Stage, Telling, arn, gravest, service};

/// The maximum length of a story of one service. A longer story shows nothing new.
const LONGEST: usize = 7;

/// Calls `look` with every story of one service in a corrected record, and with every prefix of each story.
fn every_story(look: &mut impl FnMut(&Telling, &LetterReport)) {
    fn tell(telling: &Telling, told: &LetterReport, left: usize, look: &mut impl FnMut(&Telling, &LetterReport)) {
        look(telling, told);
        for what in if left == 0 { Vec::new() } else { told.may_follow(&service("web")) } {
            let (next, mut heard) = (telling.with(what.clone()), told.clone());
            heard.hears(&what);
            tell(&next, &heard, left - 1, look);
        }
    }
    tell(&Telling::corrected(), &LetterReport::default(), LONGEST, look);
}

fn stage(state: RolloutPhase<'_>) -> Stage {
    match state {
        RolloutPhase::Waiting(why) => Stage::Waiting(why),
        RolloutPhase::Updating => Stage::ServiceUpdate,
        RolloutPhase::Updated(_) => Stage::UpdateResult,
        RolloutPhase::Yielding(to) => Stage::Yielding(to.clone()),
        RolloutPhase::RollingBack(_) => Stage::Returning,
        RolloutPhase::Ended(ending) => Stage::Ended(ending.clone()),
    }
}

/// The stage as the fold shows it. The fold does not distinguish `Back` from `Returning`, or `Paused` from
/// `UpdateResult`.
fn seen(stage: &Stage) -> Stage {
    match stage {
        Stage::Back => Stage::Returning,
        Stage::Paused => Stage::UpdateResult,
        stage => stage.clone(),
    }
}

#[test]
fn every_prefix_of_every_story_gives_the_stage_of_the_service() {
    let mut stories = 0;
    every_story(&mut |telling, told| {
        stories += 1;
        let attempt = telling.record.attempt().unwrap_or_else(|error| panic!("{error}: {:?}", telling.record.entries));
        let attempt = attempt.unwrap();
        assert_eq!(attempt.corrected(), Some(&arn("web:42")));
        let Some(rollout) = attempt.rollout(&service("web")) else {
            return assert_eq!(told.stage, Stage::FailedNotification);
        };
        assert_eq!(stage(rollout.state), seen(&told.stage), "{:?}", telling.record.entries);
        assert_eq!(rollout.deployment.map(String::from), told.deployment);
        let pointed =
            telling.record.entries.iter().rev().find(|entry| matches!(entry.what, EntryKind::UpdatingService(_)));
        assert_eq!(rollout.begun, pointed.map(|entry| entry.at));
        assert_eq!(rollout.paused.is_some(), told.stage == Stage::Paused);
        assert_eq!(rollout.update.is_some(), told.pointing);
    });
    assert!(stories > 1000, "{stories} stories");
}

#[test]
fn the_stage_decides_whether_a_service_is_free_in_flight_or_ended() {
    every_story(&mut |telling, told| {
        let attempt = telling.record.attempt().unwrap().unwrap();
        let Some(rollout) = attempt.rollout(&service("web")) else { return };
        let (free, in_flight, ended) = (rollout.is_free(), rollout.is_in_flight(), rollout.is_ended());
        let expected = match &told.stage {
            Stage::FailedNotification => unreachable!(),
            Stage::Waiting(_) => (true, false, false),
            // The service was never updated.
            Stage::Ended(Ending::NotDone { .. }) => (true, false, true),
            Stage::Ended(_) => (!told.pointing, false, true),
            Stage::ServiceUpdate
            | Stage::UpdateResult
            | Stage::Paused
            | Stage::Yielding(_)
            | Stage::Returning
            | Stage::Back => (!told.pointing, true, false),
        };
        assert_eq!((free, in_flight, ended), expected, "{:?}", told.stage);
    });
}

#[test]
fn an_update_is_in_place_from_its_intent_until_the_service_leaves_the_corrected_revision() {
    every_story(&mut |telling, told| {
        let standing = Effects::of(&telling.record);
        let services: Vec<_> = standing.services.iter().map(|(pointing, back)| (&pointing.service, *back)).collect();
        let web = service("web");
        let expected: Vec<_> = told.back.iter().map(|back| (&web, back)).collect();
        assert_eq!(services, expected, "{:?}", telling.record.entries);
        assert!(!standing.is_nothing());
    });
}

#[test]
fn services_are_undone_before_the_revision_and_rolled_back_only_to_the_source() {
    every_story(&mut |telling, told| {
        let mut undo = Effects::of(&telling.record).undo();
        if let Some(back) = &told.back {
            let settled = *back == arn("web:41");
            let point =
                Undo::RollBackService { service: service("web"), from: back.clone(), to: arn("web:42"), settled };
            assert_eq!(undo.remove(0), point);
        }
        assert_eq!(undo, [Undo::Deregister { corrected: arn("web:42"), edits: Vec::new() }]);
    });
}

#[test]
fn the_head_gives_the_pending_services_their_conclusion_and_whether_a_worker_acts() {
    every_story(&mut |telling, told| {
        let head = &telling.record.head;
        let web = service("web");
        assert_eq!(head.following.contains(&web), told.is_followed(), "{:?}", telling.record.entries);
        assert_eq!(head.has_work(), told.is_followed());
        assert_eq!(
            head.rolled,
            told.ending.as_ref().map(|ending| ending.conclusion().without_words()),
            "{:?}",
            telling.record.entries
        );
        let remediated = Conclusion::from(Outcome::Remediated);
        assert_eq!(head.closing, Some(remediated.clone()));
        assert_eq!(head.ending(), Some(&head.rolled.clone().unwrap_or(remediated)));
        // A worker has acted or is about to act. A rollout that waits or is in progress at ECS needs no worker.
        let at_it = matches!(told.stage, Stage::ServiceUpdate | Stage::Yielding(_) | Stage::Returning | Stage::Back);
        assert_eq!(head.is_held(telling.now), at_it, "{:?}", told.stage);
        assert_eq!((head.open, head.suppressed, head.backing_out), (false, false, false));
    });
}

#[test]
fn a_repeated_entry_changes_nothing() {
    every_story(&mut |telling, _| {
        let mut twice = telling.record.clone();
        let last = twice.entries.last().unwrap().clone();
        twice.entries.push(last);
        assert_eq!(twice.attempt(), telling.record.attempt(), "{:?}", twice.entries);
        assert_eq!(Effects::of(&twice), Effects::of(&telling.record), "{:?}", twice.entries);
    });
}

#[test]
fn a_new_attempt_has_no_pending_service_and_earlier_updates_stay_in_place() {
    every_story(&mut |telling, told| {
        let mut again = telling.clone();
        again.corrects("web:43");
        let (head, attempt) = (&again.record.head, again.record.attempt().unwrap().unwrap());
        assert_eq!((head.following.len(), &head.rolled, head.has_work()), (0, &None, false));
        assert_eq!((attempt.rollouts.len(), attempt.corrected()), (0, Some(&arn("web:43"))));
        assert_eq!(Effects::of(&again.record).services.len(), usize::from(told.back.is_some()));
    });
}

#[test]
fn a_backout_request_drops_the_pending_services_and_its_conclusion_counts() {
    every_story(&mut |telling, _| {
        let mut asked = telling.clone();
        asked.asks();
        let head = &asked.record.head;
        assert_eq!((head.following.len(), head.open, head.suppressed, head.backing_out), (0, true, true, true));
        let backed_out = Conclusion::from(Outcome::BackedOut);
        asked.writes(EntryKind::Closed(backed_out.clone()));
        assert_eq!(asked.record.head.ending(), Some(&backed_out), "whatever the services' earlier conclusions");
    });
}

#[test]
fn an_entry_about_a_service_is_illegal_before_the_correction_is_closed() {
    let corrected = Telling::corrected();
    for length in 1..corrected.record.entries.len() {
        for what in about_services() {
            let entries = corrected.record.entries[..length].to_vec();
            let started = Telling { record: Record { entries, ..corrected.record.clone() }, ..corrected };
            let number = started.record.head.next;
            assert_eq!(started.with(what).record.attempt(), Err(Illegal::NotCorrected(number)));
        }
    }
    let first = Telling::new().with(about_services().remove(0));
    assert_eq!(first.record.attempt(), Err(Illegal::BeforeOpening(0)));
}

#[test]
fn an_update_came_to_nothing_only_if_ecs_refused_it_or_did_not_carry_it_out() {
    every_story(&mut |telling, told| {
        let without_waits = telling
            .record
            .entries
            .iter()
            .rev()
            .find(|entry| entry.what.service().is_some() && !matches!(entry.what, EntryKind::Waiting { .. }));
        let expected = match &told.stage {
            Stage::ServiceUpdate | Stage::Ended(Ending::NotDone { .. }) => true,
            // A read has shown that ECS did not carry out the last update, if there was one.
            Stage::Waiting(_) => without_waits.is_some(),
            _ => false,
        };
        let entries = &telling.record.entries;
        assert_eq!(telling.record.came_to_nothing(&service("web")), expected, "{entries:?}");
    });
}

#[test]
fn a_refused_registration_leaves_no_effect() {
    let mut telling = Telling::corrected();
    telling.record.entries.truncate(2);
    assert!(!Effects::of(&telling.record).is_nothing(), "the registration was started");
    telling.writes(EntryKind::Failed { step: 0, why: "denied".into(), reason: None });
    assert!(Effects::of(&telling.record).is_nothing());
}

/// One entry of each kind that is about a service.
fn about_services() -> Vec<EntryKind> {
    let web = || service("web");
    let mut told = LetterReport::default();
    let pointing = told.may_follow(&web()).remove(1);
    told.hears(&pointing);
    vec![
        EntryKind::Waiting { service: web(), why: Reason::Frozen },
        pointing,
        EntryKind::ServiceUpdated { service: web(), deployment: "ecs-svc/2".into(), stoppable: true },
        EntryKind::DeploymentPaused { service: web() },
        EntryKind::DeploymentContinued { service: web() },
        EntryKind::Yielding { service: web(), to: arn("api:7") },
        EntryKind::RollingBack { service: web(), why: String::new() },
        EntryKind::RolloutEnded { service: web(), ending: Ending::Completed },
        EntryKind::ServiceRolledBack { service: web(), deployment: "ecs-svc/3".into() },
    ]
}

#[test]
fn during_a_backout_a_service_may_only_be_rolled_back_or_yielded() {
    let mut asked = Telling::corrected();
    asked.asks();
    let mut over = asked.clone();
    over.writes(EntryKind::Closed(Outcome::BackedOut.into()));
    for telling in [asked, over] {
        let number = telling.record.head.next;
        for what in about_services() {
            let is_back = matches!(what, EntryKind::ServiceRolledBack { .. } | EntryKind::Yielding { .. });
            let told = telling.with(what.clone());
            let refused = told.record.attempt().err();
            assert_eq!(refused, (!is_back).then_some(Illegal::BackingOut(number)), "{what:?}");
        }
    }
}

#[test]
fn a_rollback_without_a_request_is_illegal() {
    every_story(&mut |telling, told| {
        let number = telling.record.head.next;
        if matches!(told.stage, Stage::Returning | Stage::Back) {
            return;
        }
        let back =
            telling.with(EntryKind::ServiceRolledBack { service: service("web"), deployment: "ecs-svc/9".into() });
        assert_eq!(back.record.attempt(), Err(Illegal::NotAsked(number)));
    });
}

/// A corrected record whose service runs the corrected revision, with a requested backout.
fn asked() -> Telling {
    let mut telling = Telling::corrected();
    telling.writes(about_services().remove(1));
    telling.writes(EntryKind::RolloutEnded { service: service("web"), ending: Ending::Completed });
    telling.asks();
    telling
}

#[test]
fn a_backout_of_a_service_may_be_cut_off_after_any_entry() {
    let web = || service("web");
    let story = [
        EntryKind::Undoing { step: 0, rollback: None },
        EntryKind::ServiceRolledBack { service: web(), deployment: "ecs-svc/3".into() },
        EntryKind::Undone { step: 0 },
        EntryKind::Released { why: "the last tasks end".into(), refused: None },
        EntryKind::Resumed { registrars: Vec::new() },
        EntryKind::Undoing { step: 1, rollback: None },
        EntryKind::Undone { step: 1 },
        EntryKind::Closed(Outcome::BackedOut.into()),
    ];
    let mut telling = asked();
    for what in story {
        telling.writes(what.clone());
        let attempt = telling.record.attempt().unwrap().unwrap();
        let undone = attempt.backout.as_ref().is_some_and(|backout| backout.settled[0] == Some(Settled::Undone));
        let standing = Effects::of(&telling.record);
        assert_eq!(standing.services.is_empty(), undone, "{what:?}");
        assert_eq!(telling.record.head.following, [], "{what:?}");
        let mut twice = telling.record.clone();
        twice.entries.push(twice.entries[twice.entries.len() - 1].clone());
        assert_eq!((twice.attempt(), Effects::of(&twice)), (telling.record.attempt(), standing), "{what:?}");
    }
    assert!(Effects::of(&telling.record).is_nothing());
    assert_eq!(telling.record.last_deployment(&web()), Some("ecs-svc/3"));
}

#[test]
fn after_a_backout_that_yielded_another_backout_returns_to_the_overtaken_revision() {
    let mut telling = asked();
    telling.writes(EntryKind::Undoing { step: 0, rollback: None });
    for to in ["api:7", "api:8"] {
        let before = telling.record.clone();
        telling.writes(EntryKind::Yielding { service: service("web"), to: arn(to) });
        let attempt = telling.record.attempt().unwrap().unwrap();
        let yielding = attempt.backout.unwrap().yielding;
        assert_eq!(yielding.last(), Some(&(&service("web"), &arn(to))));
        let mut twice = telling.record.clone();
        twice.entries.push(twice.entries[before.entries.len()].clone());
        assert_eq!(twice.attempt(), telling.record.attempt(), "a repeated entry changes nothing");
    }
    let kept = NotUndone::open(0, "left with another revision".into(), Some(Reason::ServiceChanged));
    telling.writes(EntryKind::Kept(kept));
    let undo = Effects::of(&telling.record).undo();
    let back = Undo::RollBackService { service: service("web"), from: arn("api:8"), to: arn("web:42"), settled: false };
    assert_eq!(undo[0], back);
    telling.asks();
    assert_eq!(telling.record.attempt().unwrap().unwrap().backout.unwrap().yielding, []);
}

/// A story of three services, with each entry chosen among all legal ones; the expected state of each service; and the
/// order in which they ended.
fn stories() -> impl Strategy<Value = (Telling, All, Vec<ServiceArn>)> {
    prop::collection::vec((any::<Index>(), any::<Index>()), 0..24).prop_map(|choices| {
        let names = ["api", "web", "cron"].map(service);
        let (mut telling, mut all, mut ended) = (Telling::corrected(), All::new(), Vec::new());
        for (who, what) in choices {
            let of = &names[who.index(names.len())];
            let told = all.entry(of.clone()).or_default();
            let next = told.may_follow(of);
            if next.is_empty() {
                continue;
            }
            let what = next[what.index(next.len())].clone();
            told.hears(&what);
            if matches!(what, EntryKind::RolloutEnded { .. }) {
                ended.retain(|other| other != of);
                ended.push(of.clone());
            }
            telling.writes(what);
        }
        (telling, all, ended)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_of_several_services_has_its_own_story((telling, all, _) in stories()) {
        let attempt = telling.record.attempt().unwrap().unwrap();
        for (of, told) in &all {
            let found = attempt.rollout(of).map(|rollout| stage(rollout.state));
            prop_assert_eq!(found.unwrap_or_default(), seen(&told.stage));
            prop_assert_eq!(telling.record.head.following.contains(of), told.is_followed());
            let back = Effects::of(&telling.record).services.iter().find_map(|(pointing, back)| {
                (pointing.service == *of).then(|| (*back).clone())
            });
            prop_assert_eq!(back, told.back.clone());
        }
    }

    #[test]
    fn the_conclusion_of_several_services_is_their_gravest_ending((telling, all, ended) in stories()) {
        let endings: Vec<&Ending> = ended.iter().filter_map(|of| all[of].ending.as_ref()).collect();
        prop_assert_eq!(&telling.record.head.rolled, &gravest(&endings), "{:?}", telling.record.entries);
    }

    #[test]
    fn services_are_backed_out_in_the_reverse_order_of_their_updates((telling, all, _) in stories()) {
        let mut pointed: Vec<&ServiceArn> = Vec::new();
        for entry in &telling.record.entries {
            if let EntryKind::UpdatingService(pointing) = &entry.what {
                pointed.retain(|other| **other != pointing.service);
                pointed.push(&pointing.service);
            }
        }
        pointed.retain(|of| all[*of].back.is_some());
        pointed.reverse();
        let undo = Effects::of(&telling.record).undo();
        let back: Vec<&ServiceArn> = undo.iter().filter_map(|undo| match undo {
            Undo::RollBackService { service, .. } => Some(service),
            _ => None,
        }).collect();
        prop_assert_eq!(&back, &pointed);
        prop_assert!(matches!(undo[back.len()], Undo::Deregister { .. }), "the revision after the services");
    }
}
