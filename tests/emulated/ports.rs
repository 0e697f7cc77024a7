//! The contract of the ECS and CloudWatch Logs adapters, tested on the real adapters with two emulators.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration};
use logweir::aws::{Aws, Ecs, Logs};
use logweir::domain::ecs::revision::RevisionArn;

use crate::ports_contract::{Difference, Others, Subject};

mod ministack {
    crate::ports_contract::held_by!(super::ministack());
}

mod moto {
    crate::ports_contract::held_by!(super::moto());
}

fn ministack() -> Subject<Ecs, Logs, Sdk> {
    use Difference::*;
    at("LOGWEIR_TEST_MINISTACK", &[LosesUnknownMembers, FamilyMeansAnyStatus, AnyTags, AnyLogOptions, AnyGroupName])
}

fn moto() -> Subject<Ecs, Logs, Sdk> {
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
            AnyLogOptions,
            AnyRetention,
            AnyGroupName,
        ],
    )
}

fn at(variable: &str, differences: &'static [Difference]) -> Subject<Ecs, Logs, Sdk> {
    let Ok(url) = std::env::var(variable) else {
        panic!("{variable} is not set: the feature `emulators` is for `make test`, or tests/with-emulators COMMAND");
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
        others: Sdk { ecs: aws_sdk_ecs::Client::new(&config), logs: aws_sdk_cloudwatchlogs::Client::new(&config) },
    }
}

struct Sdk {
    ecs: aws_sdk_ecs::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
}

impl Others for Sdk {
    async fn write_to(&self, name: &str) {
        self.logs.create_log_stream().log_group_name(name).log_stream_name("app/app/1").send().await.unwrap();
        let now = jiff::Timestamp::now().as_millisecond();
        let event = InputLogEvent::builder().timestamp(now).message("a line").build().unwrap();
        let put = self.logs.put_log_events().log_group_name(name).log_stream_name("app/app/1").log_events(event);
        put.send().await.unwrap();
    }

    async fn has_cluster(&self, cluster: &str) {
        self.ecs.create_cluster().cluster_name(cluster).send().await.unwrap();
    }

    async fn deploys(&self, cluster: &str, service: &str, revision: &RevisionArn) {
        let update = self.ecs.update_service().cluster(cluster).service(service).task_definition(revision.to_string());
        if update.send().await.is_err() {
            let create = self.ecs.create_service().cluster(cluster).service_name(service).desired_count(0);
            create.task_definition(revision.to_string()).send().await.unwrap();
        }
    }

    async fn deletes(&self, cluster: &str, service: &str) {
        self.ecs.delete_service().cluster(cluster).service(service).force(true).send().await.unwrap();
    }

    async fn runs(&self, cluster: &str, revision: &RevisionArn) -> String {
        let run =
            self.ecs.run_task().cluster(cluster).task_definition(revision.to_string()).launch_type(LaunchType::Fargate);
        let vpc = AwsVpcConfiguration::builder().subnets("subnet-0123abcd").build().unwrap();
        let network = NetworkConfiguration::builder().awsvpc_configuration(vpc).build();
        let started = run.network_configuration(network).send().await.unwrap();
        format!("task {cluster}/{}", started.tasks()[0].task_arn().unwrap().rsplit('/').next().unwrap())
    }

    async fn stops(&self, place: &str) {
        let (cluster, task) = place.strip_prefix("task ").unwrap().split_once('/').unwrap();
        self.ecs.stop_task().cluster(cluster).task(task).send().await.unwrap();
    }
}
