//! The other principals of the account: they register revisions, create services, deploy and read.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType as Scalar,
};
use aws_sdk_ecs::types::{DeploymentConfiguration, Service};
use logweir::aws::Aws;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::NewLogGroup;
use logweir::ports::{LogGroups, TaskDefinitions};
use serde_json::json;

use super::{Place, REGION};

/// A log group that complies with the baseline.
pub const GOOD_GROUP: &str = "/ecs/good";

/// How a container logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logs {
    Compliant,
    Blocking,
    /// Blocking, to a log group that does not exist.
    BlockingToNoGroup,
}

#[derive(Clone)]
pub struct Others {
    pub place: Place,
    pub cluster: String,
    aws: Aws,
    ecs: aws_sdk_ecs::Client,
}

impl Others {
    /// The principals of a new cluster. No other test may use its name.
    pub async fn at(place: Place, cluster: &str) -> Self {
        let config = place.config();
        let (aws, ecs) = (Aws::with(&config).unwrap(), aws_sdk_ecs::Client::new(&config));
        ecs.create_cluster().cluster_name(cluster).send().await.unwrap();
        let new =
            NewLogGroup { name: GOOD_GROUP.into(), class: "STANDARD".into(), kms_key: None, retention_days: Some(30) };
        aws.log_groups.create(&new).await.unwrap();
        aws.log_groups.set_retention(GOOD_GROUP, 30).await.unwrap();
        Self { place, cluster: cluster.into(), aws, ecs }
    }

    /// The same principals in another cluster, which ministack creates with its first service.
    pub fn elsewhere(&self, cluster: &str) -> Self {
        Self { cluster: cluster.into(), ..self.clone() }
    }

    /// A journal's table, as `template.yaml` describes it.
    pub async fn make_table(&self, name: &str) {
        let key = |hash: &str, range: &str| {
            [(hash, KeyType::Hash), (range, KeyType::Range)]
                .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap())
                .to_vec()
        };
        let attribute =
            |name| AttributeDefinition::builder().attribute_name(name).attribute_type(Scalar::S).build().unwrap();
        let index = |name: &str, hash: &str| {
            let all = Projection::builder().projection_type(ProjectionType::All).build();
            let keys = Some(key(hash, "at"));
            GlobalSecondaryIndex::builder().index_name(name).set_key_schema(keys).projection(all).build().unwrap()
        };
        let create = self.aws.dynamodb().create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        create
            .set_attribute_definitions(Some(["pk", "sk", "at", "day", "family_key", "open"].map(attribute).to_vec()))
            .set_key_schema(Some(key("pk", "sk")))
            .global_secondary_indexes(index("by-family", "family_key"))
            .global_secondary_indexes(index("by-day", "day"))
            .global_secondary_indexes(index("by-open", "open"))
            .send()
            .await
            .unwrap();
    }

    /// Registers a new revision. Its image is named by digest.
    pub async fn registers(&self, family: &str, logs: Logs) -> RevisionArn {
        let mut options = json!({"awslogs-region": REGION, "awslogs-stream-prefix": "app"});
        options["awslogs-group"] = match logs {
            Logs::BlockingToNoGroup => format!("/ecs/{family}").into(),
            Logs::Compliant | Logs::Blocking => GOOD_GROUP.into(),
        };
        options["mode"] = if logs == Logs::Compliant { "non-blocking" } else { "blocking" }.into();
        if logs == Logs::Compliant {
            options["max-buffer-size"] = "25m".into();
        }
        let registry = format!("{}.dkr.ecr.{REGION}.amazonaws.com", self.place.account);
        let container = json!({
            "name": "app", "image": format!("{registry}/{family}@sha256:{}", "4f".repeat(32)), "memory": 512,
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        });
        let document = json!({"family": family, "containerDefinitions": [container]}).to_string();
        self.aws.ecs.register(&TaskDefinition::parse(document).unwrap(), &[]).await.unwrap()
    }

    pub fn service(&self, name: &str) -> ServiceArn {
        let account = &self.place.account;
        format!("arn:aws:ecs:{REGION}:{account}:service/{}/{name}", self.cluster).parse().unwrap()
    }

    /// Creates a service with this many tasks. Its deployment completes at once.
    pub async fn creates(&self, name: &str, revision: &RevisionArn, tasks: i32) -> ServiceArn {
        let create = self.ecs.create_service().cluster(&self.cluster).service_name(name).desired_count(tasks);
        let made = create.task_definition(revision.to_string()).send().await;
        let service = self.service(name);
        // If the response is lost, the SDK retries. ministack ignores the client token, so the service exists already.
        if made.is_err() {
            assert_eq!(self.runs(&service).await, *revision, "{made:?}");
        }
        service
    }

    pub async fn deploys(&self, service: &ServiceArn, revision: &RevisionArn) {
        let update = self.ecs.update_service().cluster(&service.cluster).service(&service.name);
        update.task_definition(revision.to_string()).send().await.unwrap();
    }

    /// Makes deployments start and not complete: neither more nor fewer tasks may run. Works on ministack, for services
    /// with tasks.
    pub async fn holds_up(&self, service: &ServiceArn) {
        self.configures(service, 100).await;
    }

    /// Lets the held deployment complete, and all later ones complete at once.
    pub async fn lets_go_on(&self, service: &ServiceArn) {
        self.configures(service, 200).await;
    }

    async fn configures(&self, service: &ServiceArn, most_percent: i32) {
        let how = DeploymentConfiguration::builder().maximum_percent(most_percent).minimum_healthy_percent(100).build();
        let update = self.ecs.update_service().cluster(&service.cluster).service(&service.name);
        update.deployment_configuration(how).send().await.unwrap();
    }

    pub async fn looks_at(&self, service: &ServiceArn) -> Service {
        let describe = self.ecs.describe_services().cluster(&service.cluster).services(&service.name);
        describe.send().await.unwrap().services.unwrap().remove(0)
    }

    /// The revision that the service runs.
    pub async fn runs(&self, service: &ServiceArn) -> RevisionArn {
        self.looks_at(service).await.task_definition().unwrap().parse().unwrap()
    }

    /// The id of the service's newest deployment.
    pub async fn newest_deployment(&self, service: &ServiceArn) -> String {
        let found = self.looks_at(service).await;
        let newest = found.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
        newest.unwrap().id().unwrap().to_owned()
    }

    pub async fn is_active(&self, revision: &RevisionArn) -> bool {
        self.aws.ecs.describe(&revision.to_string()).await.unwrap().is_active()
    }

    /// The ACTIVE revisions of a family by number, the newest first.
    pub async fn active(&self, family: &str) -> Vec<u32> {
        self.aws.ecs.newest(family, 100).await.unwrap().iter().map(|revision| revision.revision).collect()
    }
}
