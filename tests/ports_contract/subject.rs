//! What the contract is tried on, and where each differs from AWS.

use std::sync::atomic::{AtomicU32, Ordering};

use logweir::domain::ecs::revision::RevisionArn;
use logweir::ports::{LogGroups, TaskDefinitions};

use crate::world::World;

/// A difference from AWS that the contract allows for. Each has its line in `docs/fidelity.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Members of a document that it does not know are dropped, at the top or everywhere.
    LosesUnknownMembers,
    /// An answer says neither when nor by whom a revision was registered.
    NoRegistrar,
    /// `defaultLogDriverMode` is an unknown account setting.
    NoDefaultMode,
    /// Any number of tags is taken.
    AnyTags,
    /// A family means its newest revision, ACTIVE or not.
    FamilyMeansAnyStatus,
    /// Families without an ACTIVE revision are listed too.
    FamiliesOfAnyStatus,
    /// A document without containers is taken.
    NoContainers,
    /// The options of a log driver are not looked at.
    AnyLogOptions,
    /// Any number of days is taken as a retention.
    AnyRetention,
    /// Any text is taken as the name of a log group.
    AnyGroupName,
}

pub(crate) struct Subject<T, L> {
    pub(crate) task_definitions: T,
    pub(crate) log_groups: L,
    pub(crate) differences: &'static [Difference],
    pub(crate) others: Others,
}

/// Whoever else uses the account.
pub(crate) enum Others {
    InMemory(World),
    #[cfg(feature = "emulators")]
    Sdk {
        ecs: aws_sdk_ecs::Client,
        logs: aws_sdk_cloudwatchlogs::Client,
    },
}

impl<T: TaskDefinitions, L: LogGroups> Subject<T, L> {
    pub(crate) fn differs(&self, difference: Difference) -> bool {
        self.differences.contains(&difference)
    }
}

/// A name that no other test, and no other run, uses.
pub(crate) fn unique(word: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("{word}-{}-{now}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn in_memory() -> Subject<World, World> {
    let world = World::new();
    Subject {
        task_definitions: world.clone(),
        log_groups: world.clone(),
        differences: &[],
        others: Others::InMemory(world),
    }
}

impl Others {
    /// Somebody writes a line to the group.
    pub(crate) async fn write_to(&self, name: &str) {
        match self {
            Self::InMemory(world) => world.account(|account| {
                let group = account.groups.get_mut(name).unwrap();
                group.streams += 1;
                group.stored_bytes += 100;
            }),
            #[cfg(feature = "emulators")]
            Self::Sdk { logs, .. } => emulators::write(logs, name).await,
        }
    }

    /// Somebody makes a cluster.
    pub(crate) async fn has_cluster(&self, cluster: &str) {
        match self {
            Self::InMemory(_) => {}
            #[cfg(feature = "emulators")]
            Self::Sdk { ecs, .. } => drop(ecs.create_cluster().cluster_name(cluster).send().await.unwrap()),
        }
    }

    /// Somebody has a service of this cluster run a revision.
    pub(crate) async fn deploys(&self, cluster: &str, service: &str, revision: &RevisionArn) {
        match self {
            Self::InMemory(world) => {
                let place = format!("service {cluster}/{service}");
                world.account(|account| account.running.insert(place, revision.clone()));
            }
            #[cfg(feature = "emulators")]
            Self::Sdk { ecs, .. } => emulators::deploy(ecs, cluster, service, revision).await,
        }
    }

    /// Somebody deletes a service.
    pub(crate) async fn deletes(&self, cluster: &str, service: &str) {
        match self {
            Self::InMemory(world) => {
                world.account(|account| account.running.remove(&format!("service {cluster}/{service}")));
            }
            #[cfg(feature = "emulators")]
            Self::Sdk { ecs, .. } => {
                drop(ecs.delete_service().cluster(cluster).service(service).force(true).send().await.unwrap());
            }
        }
    }

    /// Somebody runs a task of a revision; its place.
    pub(crate) async fn runs(&self, cluster: &str, revision: &RevisionArn) -> String {
        match self {
            Self::InMemory(world) => {
                let place = format!("task {cluster}/{}", unique("0123abcd"));
                world.account(|account| account.running.insert(place.clone(), revision.clone()));
                place
            }
            #[cfg(feature = "emulators")]
            Self::Sdk { ecs, .. } => format!("task {cluster}/{}", emulators::run(ecs, cluster, revision).await),
        }
    }

    /// Somebody stops the task in this place.
    pub(crate) async fn stops(&self, place: &str) {
        match self {
            Self::InMemory(world) => drop(world.account(|account| account.running.remove(place))),
            #[cfg(feature = "emulators")]
            Self::Sdk { ecs, .. } => {
                let (cluster, task) = place.strip_prefix("task ").unwrap().split_once('/').unwrap();
                drop(ecs.stop_task().cluster(cluster).task(task).send().await.unwrap());
            }
        }
    }
}

#[cfg(feature = "emulators")]
pub(crate) use emulators::{ministack, moto};

#[cfg(feature = "emulators")]
mod emulators {
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_sdk_cloudwatchlogs::Client;
    use aws_sdk_cloudwatchlogs::types::InputLogEvent;
    use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
    use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration};
    use logweir::aws::{Aws, Ecs, Logs};
    use logweir::domain::ecs::revision::RevisionArn;

    use super::{Difference, Others, Subject};

    pub(crate) fn ministack() -> Subject<Ecs, Logs> {
        use Difference::*;
        at("LOGWEIR_TEST_MINISTACK", &[LosesUnknownMembers, FamilyMeansAnyStatus, AnyTags, AnyLogOptions, AnyGroupName])
    }

    pub(crate) fn moto() -> Subject<Ecs, Logs> {
        use Difference::*;
        at(
            "LOGWEIR_TEST_MOTO",
            &[
                LosesUnknownMembers,
                NoRegistrar,
                NoDefaultMode,
                FamilyMeansAnyStatus,
                FamiliesOfAnyStatus,
                AnyTags,
                NoContainers,
                AnyLogOptions,
                AnyRetention,
                AnyGroupName,
            ],
        )
    }

    fn at(variable: &str, differences: &'static [Difference]) -> Subject<Ecs, Logs> {
        let Ok(url) = std::env::var(variable) else {
            panic!(
                "{variable} is not set: the feature `emulators` is for `make test`, or tests/with-emulators COMMAND"
            );
        };
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
            .endpoint_url(url)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let aws = Aws::with(&config).unwrap();
        Subject {
            task_definitions: aws.ecs,
            log_groups: aws.log_groups,
            differences,
            others: Others::Sdk { ecs: aws_sdk_ecs::Client::new(&config), logs: Client::new(&config) },
        }
    }

    pub(super) async fn deploy(ecs: &aws_sdk_ecs::Client, cluster: &str, service: &str, revision: &RevisionArn) {
        let update = ecs.update_service().cluster(cluster).service(service).task_definition(revision.to_string());
        if update.send().await.is_err() {
            let create = ecs.create_service().cluster(cluster).service_name(service).desired_count(0);
            create.task_definition(revision.to_string()).send().await.unwrap();
        }
    }

    /// The new task's id.
    pub(super) async fn run(ecs: &aws_sdk_ecs::Client, cluster: &str, revision: &RevisionArn) -> String {
        let run =
            ecs.run_task().cluster(cluster).task_definition(revision.to_string()).launch_type(LaunchType::Fargate);
        let vpc = AwsVpcConfiguration::builder().subnets("subnet-0123abcd").build().unwrap();
        let network = NetworkConfiguration::builder().awsvpc_configuration(vpc).build();
        let started = run.network_configuration(network).send().await.unwrap();
        started.tasks()[0].task_arn().unwrap().rsplit('/').next().unwrap().to_owned()
    }

    pub(super) async fn write(logs: &Client, name: &str) {
        logs.create_log_stream().log_group_name(name).log_stream_name("app/app/1").send().await.unwrap();
        let now = jiff::Timestamp::now().as_millisecond();
        let event = InputLogEvent::builder().timestamp(now).message("a line").build().unwrap();
        let put = logs.put_log_events().log_group_name(name).log_stream_name("app/app/1").log_events(event);
        put.send().await.unwrap();
    }
}

#[test]
fn every_difference_is_documented() {
    let page = include_str!("../../docs/fidelity.md");
    let source = include_str!("subject.rs");
    let body = source.split_once("enum Difference {").unwrap().1.split_once("\n}").unwrap().0;
    let names: Vec<&str> = body.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("| `{name}` |")), "docs/fidelity.md has no line for {name}");
    }
}
