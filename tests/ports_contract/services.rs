//! What every adapter of [`Services`] promises.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::ports::{LogGroups, Services, TaskDefinitions};

use crate::subject::{Subject, unique};
use crate::task_definitions::simple;

/// Revisions 1 and 2 of a new family.
async fn two<T: TaskDefinitions, L: LogGroups>(on: &Subject<T, L>) -> [RevisionArn; 2] {
    let definition = simple(&unique("web"));
    let register = async || on.task_definitions.register(&definition, &[]).await.unwrap();
    [register().await, register().await]
}

async fn cluster<T: TaskDefinitions, L: LogGroups>(on: &Subject<T, L>) -> String {
    let cluster = unique("prod");
    on.others.has_cluster(&cluster).await;
    cluster
}

async fn users<T: TaskDefinitions + Services, L: LogGroups>(on: &Subject<T, L>, of: &RevisionArn) -> Vec<String> {
    on.task_definitions.users(of).await.unwrap().iter().map(|user| user.place.to_string()).collect()
}

pub(crate) async fn nobody_runs_a_new_revision<T: TaskDefinitions + Services, L: LogGroups>(on: &Subject<T, L>) {
    let [one, two] = two(on).await;
    let cluster = cluster(on).await;
    on.others.deploys(&cluster, "web", &one).await;
    assert_eq!(users(on, &two).await, [""; 0]);
}

pub(crate) async fn a_service_runs_the_revision_that_it_was_pointed_at<T: TaskDefinitions + Services, L: LogGroups>(
    on: &Subject<T, L>,
) {
    let [one, two] = two(on).await;
    let cluster = cluster(on).await;
    on.others.deploys(&cluster, "web", &one).await;
    assert_eq!(users(on, &one).await, [format!("service {cluster}/web")]);
    on.others.deploys(&cluster, "web", &two).await;
    assert_eq!(users(on, &two).await, [format!("service {cluster}/web")]);
}

pub(crate) async fn a_service_that_is_deleted_runs_nothing<T: TaskDefinitions + Services, L: LogGroups>(
    on: &Subject<T, L>,
) {
    let [one, _] = two(on).await;
    let cluster = cluster(on).await;
    on.others.deploys(&cluster, "web", &one).await;
    on.others.deploys(&cluster, "api", &one).await;
    on.others.deletes(&cluster, "web").await;
    assert_eq!(users(on, &one).await, [format!("service {cluster}/api")]);
}

pub(crate) async fn services_of_several_clusters_are_found<T: TaskDefinitions + Services, L: LogGroups>(
    on: &Subject<T, L>,
) {
    let [one, two] = two(on).await;
    let (a, b) = (cluster(on).await, cluster(on).await);
    // More than one call describes.
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

pub(crate) async fn a_task_without_a_service_is_named_until_it_stops<T: TaskDefinitions + Services, L: LogGroups>(
    on: &Subject<T, L>,
) {
    let [one, two] = two(on).await;
    let cluster = cluster(on).await;
    let task = on.others.runs(&cluster, &one).await;
    on.others.runs(&cluster, &two).await;
    assert_eq!(users(on, &one).await, [task.as_str()]);
    on.others.stops(&task).await;
    assert_eq!(users(on, &one).await, [""; 0]);
}

pub(crate) async fn a_revision_that_was_deregistered_may_still_be_run<T: TaskDefinitions + Services, L: LogGroups>(
    on: &Subject<T, L>,
) {
    let [one, _] = two(on).await;
    let cluster = cluster(on).await;
    on.others.deploys(&cluster, "web", &one).await;
    on.task_definitions.deregister(&one).await.unwrap();
    assert_eq!(users(on, &one).await, [format!("service {cluster}/web")]);
}
