//! Read-only clients: no writing call is sent, and every reading call is.

use std::collections::BTreeSet;
use std::fs;

use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
use logweir::aws::Aws;
use logweir::domain::baseline::Delivery;
use logweir::domain::ecs::image::EcrImage;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::limits::family::{Family, FamilyName};
use logweir::domain::limits::service_history::ServiceHistory;
use logweir::domain::outcome::{Mode, Outcome, TriggerKind};
use logweir::domain::record::{EntryKind, Head, Opening};
use logweir::ports::{
    AccountSettings, CommitError, ErrorKind, Expected, Filter, Journal, LogGroups, Notifier, OwnLog, PortError,
    Services, TaskDefinitions,
};
use serde_json::json;

use super::line::{Back, KEY_ID, Line, SECRET, Seen, aws, config};
use super::logs::group;
use super::lossless::ARN;
use super::notify::notice;
use super::services::{DEPLOYMENT, described, web};
use crate::loopback::{Loopback, Reply};

const WRITING: [&str; 10] = [
    "RegisterTaskDefinition",
    "DeregisterTaskDefinition",
    "CreateLogGroup",
    "PutRetentionPolicy",
    "DeleteRetentionPolicy",
    "TransactWriteItems",
    "PutItem",
    "UpdateService",
    "StopServiceDeployment",
    "PutAccountSettingDefault",
];

const READING: [&str; 17] = [
    "DescribeTaskDefinition",
    "ListTaskDefinitions",
    "ListTaskDefinitionFamilies",
    "ListAccountSettings",
    "ListClusters",
    "ListServices",
    "DescribeServices",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    "ListServiceDeployments",
    "ListTasks",
    "DescribeTasks",
    "DescribeLogGroups",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetItem",
    "Query",
];

fn answer(seen: &Seen) -> Back {
    Back::ok(match seen.name() {
        "DescribeTaskDefinition" => {
            json!({"taskDefinition": {"taskDefinitionArn": ARN, "containerDefinitions": [{"name": "app"}], "status": "ACTIVE"}})
        }
        "ListClusters" => json!({"clusterArns": [web().cluster_arn()]}),
        "ListServices" => json!({"serviceArns": [web().to_string()]}),
        "DescribeServices" => json!({"services": [described()]}),
        "UpdateService" => json!({"service": described()}),
        "DescribeServiceDeployments" => json!({"serviceDeployments": [{}]}),
        "ListTasks" => json!({"taskArns": ["t"]}),
        _ => json!({}),
    })
}

fn reading() -> (Aws, Line) {
    let (_, line) = aws(answer);
    let credentials = SharedCredentialsProvider::new(Credentials::new(KEY_ID, SECRET, None, None, "test"));
    (Aws::reading(&config(&line, credentials)).unwrap(), line)
}

fn family() -> Family {
    Family::new(FamilyName::of(&ARN.parse().unwrap()), "2026-11-21T08:00:00Z".parse().unwrap())
}

fn port(error: CommitError) -> PortError {
    match error {
        CommitError::Port(error) => error,
        CommitError::Lost => panic!("no other worker has written"),
    }
}

async fn claim(journal: &impl Journal) -> Result<(), PortError> {
    let opening = Opening {
        source: ARN.parse().unwrap(),
        mode: Mode::Register,
        trigger: TriggerKind::Event,
        baseline_digest: String::new(),
        rules: Vec::new(),
        cause: Default::default(),
        steps: Vec::new(),
        function: None,
        registrars: Vec::new(),
    };
    let mut head = Head::new(&opening, family().at);
    let entry = head.write(family().at, EntryKind::Opened(Box::new(opening)), &[]);
    journal.commit(&Expected::Nothing, &head, &entry).await.map_err(port)
}

/// One port call for each operation that writes.
async fn writes(aws: &Aws) -> [Result<(), PortError>; 10] {
    let definition = TaskDefinition::parse(r#"{"family":"web","containerDefinitions":[{}]}"#).unwrap();
    let journal = aws.journal("journal");
    [
        aws.ecs.register(&definition, &[]).await.map(drop),
        aws.ecs.deregister(&ARN.parse().unwrap()).await,
        aws.log_groups.create(&group("/ecs/web")).await.map(drop),
        aws.log_groups.set_retention("/ecs/web", 30).await,
        aws.log_groups.delete_retention("/ecs/web").await,
        claim(&journal).await,
        journal.put_state(&family()).await.map_err(port),
        aws.ecs.update(&web(), &ARN.parse().unwrap()).await.map(drop),
        aws.ecs.stop(DEPLOYMENT).await,
        aws.ecs.set_default_log_mode(Delivery::NonBlocking).await.map(drop),
    ]
}

#[tokio::test]
async fn no_writing_call_is_sent() {
    let (aws, line) = reading();
    for (answer, operation) in writes(&aws).await.into_iter().zip(WRITING) {
        let error = answer.unwrap_err();
        assert_eq!((error.kind, error.call), (ErrorKind::Refused, operation));
        let why = format!("{operation} would write, but this run is read-only");
        assert!(error.message.contains(&why), "{error}");
    }
    let error = aws.invoke("logweir-backout", &json!({})).await.unwrap_err();
    assert_eq!((error.kind, error.call), (ErrorKind::Refused, "Invoke"));
    let refused = aws.notifier(Some("topic".into()), Some("bus".into())).tell(&notice()).await;
    let refused: Vec<_> = refused.iter().map(|error| (error.kind, error.call)).collect();
    assert_eq!(refused, [(ErrorKind::Refused, "Publish"), (ErrorKind::Refused, "PutEvents")]);
    assert!(line.seen().is_empty() && aws.calls().count() == 0);
}

#[tokio::test]
async fn other_clients_send_writing_calls() {
    let (aws, line) = aws(answer);
    let _answers = writes(&aws).await;
    assert_eq!(line.names(), WRITING);
}

#[tokio::test]
async fn every_reading_call_is_sent() {
    let (aws, line) = reading();
    let (arn, journal) = (ARN.parse().unwrap(), aws.journal("journal"));
    aws.ecs.describe(ARN).await.unwrap();
    aws.ecs.newest("web", 1).await.unwrap();
    aws.ecs.families(None).await.unwrap();
    aws.ecs.default_mode().await.unwrap();
    aws.ecs.users(&arn).await.unwrap();
    let service = aws.ecs.service(&web()).await.unwrap();
    aws.ecs.running_images(&service).await.unwrap();
    aws.ecs.progress(DEPLOYMENT).await.unwrap();
    aws.ecs.deployed_since(&web(), family().at).await.unwrap();
    aws.log_groups.look(&["/ecs/web".into()]).await.unwrap();
    aws.log_groups.is_empty("/ecs/web").await.unwrap();
    aws.own_log(Some("/aws/lambda/logweir".into())).lines(Outcome::Observed, family().at, &mut |_| {}).await.unwrap();
    journal.source_of(&arn).await.unwrap();
    journal.read(&arn).await.unwrap();
    journal.list(&Filter { open: true, ..Filter::all(family().at) }, 1).await.unwrap();
    journal.read_state::<Family>(&family().name).await.unwrap();
    journal.read_state::<ServiceHistory>(&web()).await.unwrap();
    journal.stopped().await.unwrap();
    let sent: BTreeSet<String> = line.names().into_iter().collect();
    assert_eq!(sent, READING.map(String::from).into());
    assert!(aws.identity().await.is_err(), "the answer is invalid");
    assert!(line.seen().last().unwrap().body.contains("Action=GetCallerIdentity"));
}

/// Calls without an SDK do not pass an interceptor.
#[tokio::test]
async fn an_image_is_resolved() {
    let ecr = Loopback::serve(|_, _| Reply::ok(&json!({"imageDetails": []})));
    let (_, line) = aws(answer);
    let credentials = SharedCredentialsProvider::new(Credentials::new(KEY_ID, SECRET, None, None, "test"));
    let config = config(&line, credentials).to_builder().endpoint_url(&ecr.url).build();
    let image = EcrImage::parse("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1").unwrap();
    assert_eq!(Aws::reading(&config).unwrap().ecs.digest(&image).await, Ok(None));
    assert_eq!(ecr.calls()[0].0, "DescribeImages");
}

#[tokio::test]
async fn dead_letters_are_read_and_neither_moved_nor_released() {
    let message = json!({"MessageId": "m", "ReceiptHandle": "h", "Body": "{}"});
    let sqs = Loopback::serve(move |_, _| Reply::ok(&json!({"Messages": [message]})));
    let (_, line) = aws(answer);
    let credentials = SharedCredentialsProvider::new(Credentials::new(KEY_ID, SECRET, None, None, "test"));
    let config = config(&line, credentials).to_builder().endpoint_url(&sqs.url).build();
    let aws = Aws::reading(&config).unwrap();
    let seen = aws.peek("q").await.unwrap().remove(0);
    for (refused, operation) in [
        (aws.move_on(&seen, "q", "to").await, "SendMessage"),
        (aws.return_to_queue(&seen, "q").await, "ChangeMessageVisibility"),
    ] {
        let error = refused.unwrap_err();
        assert_eq!((error.kind, error.call), (ErrorKind::Refused, operation));
    }
    assert!(aws.take("q").await.is_err(), "to hide a message is not a read");
    assert_eq!(sqs.calls().len(), 1);
}

/// Add a new call to one of the lists above.
#[test]
fn every_called_operation_is_tested_here() {
    let mut called = BTreeSet::new();
    for file in walkdir::WalkDir::new("src/aws").into_iter().map(Result::unwrap).filter(|file| file.path().is_file()) {
        let text: String = fs::read_to_string(file.path()).unwrap().split_whitespace().collect();
        for client in ["self.client.", "self.logs.", "self.sts.", "self.dynamodb."] {
            let calls = text.split(client).skip(1).map(|rest| rest.split('(').next().unwrap());
            called.extend(calls.filter(|name| *name != "clone").map(|name| name.replace('_', "")));
        }
    }
    // Without the role of another account, a run cannot read that account. The credentials change nothing.
    let tried = WRITING.iter().chain(&READING).chain(&["GetCallerIdentity", "AssumeRole"]);
    assert_eq!(called, tried.map(|name| name.to_lowercase()).collect());
}
