//! The contract of every adapter of [`Services`].

use logweir::domain::ecs::revision::RevisionArn;
use logweir::ports::{LogGroups, Services, TaskDefinitions};

use super::task_definitions::simple;
use super::{Others, Subject, unique};

/// Revisions 1 and 2 of a new family.
async fn two(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) -> [RevisionArn; 2] {
    let definition = simple(&unique("web"));
    let register = async || on.task_definitions.register(&definition, &[]).await.unwrap();
    [register().await, register().await]
}

async fn cluster(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) -> String {
    let cluster = unique("prod");
    on.others.has_cluster(&cluster).await;
    cluster
}

async fn users(
    on: &Subject<impl TaskDefinitions + Services, impl LogGroups, impl Others>,
    of: &RevisionArn,
) -> Vec<String> {
    on.task_definitions.users(of).await.unwrap().iter().map(|user| user.place.to_string()).collect()
}

pub(crate) async fn a_new_revision_has_no_users(
    on: &Subject<impl TaskDefinitions + Services, impl LogGroups, impl Others>,
) {
    let [one, two] = two(on).await;
    let cluster = cluster(on).await;
    on.others.deploys(&cluster, "web", &one).await;
    assert_eq!(users(on, &two).await, [""; 0]);
}

pub(crate) async fn a_service_runs_the_revision_that_was_deployed_to_it(
    on: &Subject<impl TaskDefinitions + Services, impl LogGroups, impl Others>,
) {
    let [one, two] = two(on).await;
    let cluster = cluster(on).await;
    on.others.deploys(&cluster, "web", &one).await;
    assert_eq!(users(on, &one).await, [format!("service {cluster}/web")]);
    on.others.deploys(&cluster, "web", &two).await;
    assert_eq!(users(on, &two).await, [format!("service {cluster}/web")]);
}

pub(crate) async fn a_service_that_is_deleted_runs_nothing(
    on: &Subject<impl TaskDefinitions + Services, impl LogGroups, impl Others>,
) {
    let [one, _] = two(on).await;
    let cluster = cluster(on).await;
    on.others.deploys(&cluster, "web", &one).await;
    on.others.deploys(&cluster, "api", &one).await;
    on.others.deletes(&cluster, "web").await;
    assert_eq!(users(on, &one).await, [format!("service {cluster}/api")]);
}

pub(crate) async fn services_of_several_clusters_are_found(
    on: &Subject<impl TaskDefinitions + Services, impl LogGroups, impl Others>,
) {
    let [one, two] = two(on).await;
    let (a, b) = (cluster(on).await, cluster(on).await);
    // More services than one call describes.
    let mut expected: Vec<String> = (0..12).map(|number| format!("service {a}/web-{number}")).collect();
    for number in 0..12 {
        on.others.deploys(&a, &format!("web-{number}"), &one).await;
    }
    on.others.deploys(&b, "web", &one).await;
    on.others.deploys(&b, "other", &two).await;
    expected.push(format!("service {b}/web"));
    expected.sort();
    assert_eq!(users(on, &one).await, expected);
}

pub(crate) async fn a_task_without_a_service_is_named_until_it_stops(
    on: &Subject<impl TaskDefinitions + Services, impl LogGroups, impl Others>,
) {
    let [one, two] = two(on).await;
    let cluster = cluster(on).await;
    let task = on.others.runs(&cluster, &one).await;
    on.others.runs(&cluster, &two).await;
    assert_eq!(users(on, &one).await, [task.as_str()]);
    on.others.stops(&task).await;
    assert_eq!(users(on, &one).await, [""; 0]);
}

pub(crate) async fn a_deregistered_revision_may_still_have_users(
    on: &Subject<impl TaskDefinitions + Services, impl LogGroups, impl Others>,
) {
    let [one, _] = two(on).await;
    let cluster = cluster(on).await;
    on.others.deploys(&cluster, "web", &one).await;
    on.task_definitions.deregister(&one).await.unwrap();
    assert_eq!(users(on, &one).await, [format!("service {cluster}/web")]);
}
