//! What a read of a service shows after an attempted update from web:41 to web:42. When the update was decided, the
//! service ran deployment 1 of web:41.

use logweir::domain::ecs::service::{After, Deployment, RolloutState, Service};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{arn, deployment, id, service};

fn after(found: &Service) -> After {
    found.after(&[id(1)], &arn("web:41"), &arn("web:42"))
}

/// What a read shows that finds these deployments, the newest first.
fn told(deployments: &[(u32, &str)]) -> After {
    let listed = deployments.iter().enumerate();
    let listed = listed.map(|(place, (number, revision))| deployment(*number, revision, place == 0)).collect();
    after(&service(deployments[0].1, listed))
}

#[test]
fn nothing_has_happened_if_the_newest_deployment_was_seen_before() {
    assert_eq!(told(&[(1, "web:41")]), After::AsBefore);
}

#[test]
fn the_update_stands_if_its_deployment_is_the_newest() {
    assert_eq!(told(&[(2, "web:42"), (1, "web:41")]), After::Stands(id(2)));
    assert_eq!(told(&[(2, "web:42")]), After::Stands(id(2)), "the earlier deployment has drained");
}

#[test]
fn a_later_deployment_by_another_principal_counts() {
    assert_eq!(told(&[(3, "api:7"), (2, "web:42"), (1, "web:41")]), After::Other(arn("api:7")));
    assert_eq!(told(&[(2, "api:7"), (1, "web:41")]), After::Other(arn("api:7")), "Logweir's deployment was never made");
}

#[test]
fn an_unseen_deployment_of_the_source_is_another_principals() {
    assert_eq!(told(&[(3, "web:41"), (2, "web:42"), (1, "web:41")]), After::Other(arn("web:41")));
    assert_eq!(told(&[(2, "web:41"), (1, "web:41")]), After::Other(arn("web:41")));
}

#[test]
fn a_rollback_by_ecs_to_a_seen_deployment_counts() {
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
fn a_seen_deployment_that_is_the_newest_again_and_not_of_the_source_counts() {
    let found = service("web:40", vec![deployment(1, "web:40", true), deployment(2, "web:42", false)]);
    assert_eq!(after(&found), After::Other(arn("web:40")));
}

#[test]
fn a_deployment_between_the_read_and_the_update_was_overtaken() {
    assert_eq!(told(&[(3, "web:42"), (2, "api:7"), (1, "web:41")]), After::Overtook(arn("api:7")));
    assert_eq!(told(&[(3, "web:42"), (2, "web:43")]), After::Overtook(arn("web:43")));
}

#[test]
fn of_several_overtaken_deployments_the_newest_counts() {
    for order in [[2, 3], [3, 2]] {
        let between = order.map(|number| deployment(number, if number == 2 { "api:7" } else { "api:8" }, false));
        let mut listed = vec![deployment(1, "web:41", false), deployment(4, "web:42", true)];
        listed.extend(between);
        assert_eq!(after(&service("web:42", listed)), After::Overtook(arn("api:8")), "{order:?}");
    }
}

#[test]
fn of_several_overtaken_deployments_one_with_a_known_time_is_the_newest() {
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
fn a_seen_deployment_of_any_revision_was_not_overtaken() {
    let seen = [id(1), id(2)];
    let listed = vec![deployment(3, "web:42", true), deployment(2, "web:41", false), deployment(1, "api:7", false)];
    let found = service("web:42", listed);
    assert_eq!(found.after(&seen, &arn("web:41"), &arn("web:42")), After::Stands(id(3)));
}

#[test]
fn an_unseen_deployment_of_the_source_or_of_the_corrected_revision_was_not_overtaken() {
    assert_eq!(told(&[(3, "web:42"), (2, "web:41"), (1, "web:41")]), After::Stands(id(3)));
    assert_eq!(told(&[(3, "web:42"), (2, "web:42"), (1, "web:41")]), After::Stands(id(3)));
}

#[test]
fn without_a_primary_deployment_the_services_own_revision_counts() {
    let older = || vec![deployment(1, "web:41", false), deployment(2, "web:42", false)];
    for deployments in [Vec::new(), older()] {
        assert_eq!(after(&service("web:41", deployments.clone())), After::AsBefore);
        assert_eq!(after(&service("api:7", deployments)), After::Other(arn("api:7")));
    }
}

#[test]
fn the_state_of_the_deployment_does_not_matter() {
    for state in [None, Some(RolloutState::InProgress), Some(RolloutState::Failed)] {
        let corrected = Deployment { state, ..deployment(2, "web:42", true) };
        assert_eq!(after(&service("web:42", vec![corrected, deployment(1, "web:41", false)])), After::Stands(id(2)));
    }
}

#[test]
fn deployments_of_an_earlier_answer_are_kept_and_are_no_longer_primary() {
    let earlier = service("api:7", vec![deployment(1, "web:41", false), deployment(2, "api:7", true)]);
    let mut found = service("web:42", vec![deployment(3, "web:42", true)]);
    found.with_those_of(&earlier);
    assert_eq!(found.seen(), [id(3), id(1), id(2)]);
    assert_eq!(found.primary().map(|newest| newest.id.clone()), Some(id(3)));
    assert_eq!(after(&found), After::Overtook(arn("api:7")));
}

#[test]
fn of_a_deployment_in_both_answers_the_later_answer_counts() {
    let under_way = Deployment { state: Some(RolloutState::InProgress), ..deployment(2, "web:42", true) };
    let mut found = service("web:42", vec![deployment(2, "web:42", true)]);
    let later = found.clone();
    found.with_those_of(&service("web:42", vec![under_way]));
    assert_eq!(found, later);
}

/// Any service that a read may find: deployments in any order, at most one of them primary.
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
    fn the_listing_order_of_deployments_does_not_matter(found in found(), seen in 0..9_u32) {
        let seen: Vec<String> = (1..=seen).map(id).collect();
        let mut turned = found.clone();
        turned.deployments.reverse();
        let told = |service: &Service| service.after(&seen, &arn("web:41"), &arn("web:42"));
        // The order of two deployments made at the same time is unknown.
        let times: Vec<_> = found.deployments.iter().map(|one| one.created).collect();
        prop_assume!(times.iter().enumerate().all(|(place, time)| !times[..place].contains(time)));
        prop_assert_eq!(told(&found), told(&turned));
    }

    #[test]
    fn every_answer_agrees_with_the_deployments(found in found(), seen in 0..9_u32) {
        let seen: Vec<String> = (1..=seen).map(id).collect();
        let newest = found.primary().map(|newest| (newest.id.clone(), newest.revision.clone()));
        match found.after(&seen, &arn("web:41"), &arn("web:42")) {
            After::Stands(id) => prop_assert_eq!(newest, Some((id, arn("web:42")))),
            After::Overtook(other) => {
                prop_assert_eq!(newest.map(|(_, revision)| revision), Some(arn("web:42")));
                prop_assert!(other != arn("web:41") && other != arn("web:42"));
                prop_assert!(found.deployments.iter().any(|one| one.revision == other && !seen.contains(&one.id)));
            }
            After::AsBefore => match newest {
                Some((id, revision)) => prop_assert!(seen.contains(&id) && revision == arn("web:41")),
                None => prop_assert_eq!(&found.revision, &arn("web:41")),
            },
            After::Other(other) => match newest {
                Some((id, revision)) => {
                    prop_assert!(revision == other && other != arn("web:42"));
                    prop_assert!(!seen.contains(&id) || other != arn("web:41"));
                }
                None => prop_assert!(found.revision == other && other != arn("web:41")),
            },
        }
    }

    #[test]
    fn adding_an_earlier_answer_changes_neither_the_primary_nor_the_listed_deployments(found in found(), earlier in found()) {
        let mut both = found.clone();
        both.with_those_of(&earlier);
        prop_assert_eq!(both.primary(), found.primary());
        prop_assert_eq!(&both.deployments[..found.deployments.len()], &found.deployments[..]);
        for one in &earlier.deployments {
            prop_assert!(both.deployment(&one.id).is_some());
        }
    }
}
