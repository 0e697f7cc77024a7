//! What a look at a service tells after it was to be pointed from web:41 at web:42. It ran deployment 1 of web:41 when that
//! was decided.

use logweir::domain::ecs::service::{After, Deployment, RolloutState, Service};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{arn, deployment, id, service};

fn after(found: &Service) -> After {
    found.after(&[id(1)], &arn("web:41"), &arn("web:42"))
}

/// What a look tells that finds these deployments, the newest first.
fn told(deployments: &[(u32, &str)]) -> After {
    let listed = deployments.iter().enumerate();
    let listed = listed.map(|(place, (number, revision))| deployment(*number, revision, place == 0)).collect();
    after(&service(deployments[0].1, listed))
}

#[test]
fn where_the_newest_is_the_one_that_was_seen_nothing_has_happened() {
    assert_eq!(told(&[(1, "web:41")]), After::AsBefore);
}

#[test]
fn where_ours_is_the_newest_it_stands() {
    assert_eq!(told(&[(2, "web:42"), (1, "web:41")]), After::Stands(id(2)));
    assert_eq!(told(&[(2, "web:42")]), After::Stands(id(2)), "the one before it has drained");
}

#[test]
fn where_somebody_has_deployed_since_that_is_what_counts() {
    assert_eq!(told(&[(3, "api:7"), (2, "web:42"), (1, "web:41")]), After::Other(arn("api:7")));
    assert_eq!(told(&[(2, "api:7"), (1, "web:41")]), After::Other(arn("api:7")), "ours was never made");
}

#[test]
fn a_deployment_of_the_source_that_was_not_seen_is_somebodys() {
    assert_eq!(told(&[(3, "web:41"), (2, "web:42"), (1, "web:41")]), After::Other(arn("web:41")));
    assert_eq!(told(&[(2, "web:41"), (1, "web:41")]), After::Other(arn("web:41")));
}

#[test]
fn where_ecs_rolls_back_to_what_was_seen_that_is_what_counts() {
    for reason in ["ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0.", "Rollback requested"] {
        let back = Deployment { reason: Some(reason.into()), ..deployment(1, "web:41", true) };
        assert!(back.is_rollback());
        let found = service("web:41", vec![deployment(2, "web:42", false), back]);
        assert_eq!(after(&found), After::Other(arn("web:41")), "{reason}");
    }
    let completed =
        Deployment { reason: Some("ECS deployment ecs-svc/1 completed.".into()), ..deployment(1, "web:41", true) };
    assert_eq!(after(&service("web:41", vec![completed])), After::AsBefore);
}

#[test]
fn where_the_newest_was_seen_and_is_not_the_source_somebody_has_gone_back_to_it() {
    let found = service("web:40", vec![deployment(1, "web:40", true), deployment(2, "web:42", false)]);
    assert_eq!(after(&found), After::Other(arn("web:40")));
}

#[test]
fn what_came_between_the_look_and_our_act_was_overtaken() {
    assert_eq!(told(&[(3, "web:42"), (2, "api:7"), (1, "web:41")]), After::Overtook(arn("api:7")));
    assert_eq!(told(&[(3, "web:42"), (2, "web:43")]), After::Overtook(arn("web:43")));
}

#[test]
fn of_several_that_were_overtaken_the_newest_is_what_was_meant() {
    for order in [[2, 3], [3, 2]] {
        let between = order.map(|number| deployment(number, if number == 2 { "api:7" } else { "api:8" }, false));
        let mut listed = vec![deployment(1, "web:41", false), deployment(4, "web:42", true)];
        listed.extend(between);
        assert_eq!(after(&service("web:42", listed)), After::Overtook(arn("api:8")), "{order:?}");
    }
}

#[test]
fn of_several_one_whose_time_is_known_is_the_newer() {
    let timeless = Deployment { created: None, ..deployment(3, "api:8", false) };
    for place in [0, 1] {
        let mut listed = vec![deployment(2, "api:7", false), deployment(4, "web:42", true)];
        listed.insert(place, timeless.clone());
        assert_eq!(after(&service("web:42", listed)), After::Overtook(arn("api:7")));
    }
    let alone = vec![timeless, deployment(4, "web:42", true)];
    assert_eq!(after(&service("web:42", alone)), After::Overtook(arn("api:8")));
}

#[test]
fn what_was_seen_was_not_overtaken_whatever_it_runs() {
    let seen = [id(1), id(2)];
    let listed = vec![deployment(3, "web:42", true), deployment(2, "web:41", false), deployment(1, "api:7", false)];
    let found = service("web:42", listed);
    assert_eq!(found.after(&seen, &arn("web:41"), &arn("web:42")), After::Stands(id(3)));
}

#[test]
fn another_of_the_source_or_of_ours_is_nothing_to_give_way_to() {
    assert_eq!(told(&[(3, "web:42"), (2, "web:41"), (1, "web:41")]), After::Stands(id(3)));
    assert_eq!(told(&[(3, "web:42"), (2, "web:42"), (1, "web:41")]), After::Stands(id(3)));
}

#[test]
fn without_a_newest_deployment_the_service_itself_says_what_it_runs() {
    let older = || vec![deployment(1, "web:41", false), deployment(2, "web:42", false)];
    for deployments in [Vec::new(), older()] {
        assert_eq!(after(&service("web:41", deployments.clone())), After::AsBefore);
        assert_eq!(after(&service("api:7", deployments)), After::Other(arn("api:7")));
    }
}

#[test]
fn how_far_a_deployment_is_does_not_count() {
    for state in [None, Some(RolloutState::InProgress), Some(RolloutState::Failed)] {
        let ours = Deployment { state, ..deployment(2, "web:42", true) };
        assert_eq!(after(&service("web:42", vec![ours, deployment(1, "web:41", false)])), After::Stands(id(2)));
    }
}

#[test]
fn what_an_earlier_answer_listed_is_not_forgotten_and_is_the_newest_no_more() {
    let earlier = service("api:7", vec![deployment(1, "web:41", false), deployment(2, "api:7", true)]);
    let mut found = service("web:42", vec![deployment(3, "web:42", true)]);
    found.with_those_of(&earlier);
    assert_eq!(found.seen(), [id(3), id(1), id(2)]);
    assert_eq!(found.primary().map(|newest| newest.id.clone()), Some(id(3)));
    assert_eq!(after(&found), After::Overtook(arn("api:7")));
}

#[test]
fn what_both_answers_list_is_as_the_later_one_has_it() {
    let under_way = Deployment { state: Some(RolloutState::InProgress), ..deployment(2, "web:42", true) };
    let mut found = service("web:42", vec![deployment(2, "web:42", true)]);
    let later = found.clone();
    found.with_those_of(&service("web:42", vec![under_way]));
    assert_eq!(found, later);
}

/// A service as it may be found: deployments in any order, at most one of them the newest.
fn found() -> impl Strategy<Value = Service> {
    let revision = || select(vec!["web:41", "web:42", "web:43", "api:7"]);
    let one = (1..9_u32, revision(), any::<bool>());
    (revision(), prop::collection::vec(one, 0..6), any::<Option<Index>>()).prop_map(|(runs, all, newest)| {
        let newest = newest.filter(|_| !all.is_empty()).map(|index| index.index(all.len()));
        let listed = all.iter().enumerate().map(|(place, (number, revision, known))| {
            let made = deployment(*number, revision, newest == Some(place));
            Deployment { created: made.created.filter(|_| *known), ..made }
        });
        service(runs, listed.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_deployments_are_listed_does_not_count(found in found(), seen in 0..9_u32) {
        let seen: Vec<String> = (1..=seen).map(id).collect();
        let mut turned = found.clone();
        turned.deployments.reverse();
        let told = |service: &Service| service.after(&seen, &arn("web:41"), &arn("web:42"));
        // Of two that were made in the same moment nobody can say which was meant.
        let times: Vec<_> = found.deployments.iter().map(|one| one.created).collect();
        prop_assume!(times.iter().enumerate().all(|(place, time)| !times[..place].contains(time)));
        prop_assert_eq!(told(&found), told(&turned));
    }

    #[test]
    fn every_answer_means_what_it_says(found in found(), seen in 0..9_u32) {
        let seen: Vec<String> = (1..=seen).map(id).collect();
        let newest = found.primary().map(|newest| (newest.id.clone(), newest.revision.clone()));
        match found.after(&seen, &arn("web:41"), &arn("web:42")) {
            After::Stands(id) => prop_assert_eq!(newest, Some((id, arn("web:42")))),
            After::Overtook(theirs) => {
                prop_assert_eq!(newest.map(|(_, revision)| revision), Some(arn("web:42")));
                prop_assert!(theirs != arn("web:41") && theirs != arn("web:42"));
                prop_assert!(found.deployments.iter().any(|one| one.revision == theirs && !seen.contains(&one.id)));
            }
            After::AsBefore => match newest {
                Some((id, revision)) => prop_assert!(seen.contains(&id) && revision == arn("web:41")),
                None => prop_assert_eq!(&found.revision, &arn("web:41")),
            },
            After::Other(theirs) => match newest {
                Some((id, revision)) => {
                    prop_assert!(revision == theirs && theirs != arn("web:42"));
                    prop_assert!(!seen.contains(&id) || theirs != arn("web:41"));
                }
                None => prop_assert!(found.revision == theirs && theirs != arn("web:41")),
            },
        }
    }

    #[test]
    fn to_remember_an_earlier_answer_changes_neither_the_newest_nor_what_is_listed(found in found(), earlier in found()) {
        let mut both = found.clone();
        both.with_those_of(&earlier);
        prop_assert_eq!(both.primary(), found.primary());
        prop_assert_eq!(&both.deployments[..found.deployments.len()], &found.deployments[..]);
        for one in &earlier.deployments {
            prop_assert!(both.deployment(&one.id).is_some());
        }
    }
}
