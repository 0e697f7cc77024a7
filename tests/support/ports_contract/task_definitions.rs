//! The contract of every adapter of [`TaskDefinitions`].

use logweir::domain::baseline::Delivery;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::difference::lost;
use logweir::domain::outcome::Reason;
use logweir::ports::{Answer, Described, ErrorKind, LogGroups, TaskDefinitions};
use serde_json::{Value, json};

use super::{Difference, Others, Subject, unique};

/// A document with a member of every kind that both emulators keep.
fn document(family: &str) -> Value {
    json!({
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::111122223333:role/exec",
        "taskRoleArn": "arn:aws:iam::111122223333:role/task",
        "cpu": "256",
        "memory": "512",
        "volumes": [{"name": "data", "host": {}}],
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "ephemeralStorage": {"sizeInGiB": 21},
        "containerDefinitions": [
            {
                "name": "app",
                "image": "example.com/app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
                "essential": true,
                "memory": 256,
                "command": [],
                "environment": [{"name": "EMPTY", "value": ""}, {"name": "UMLAUT", "value": "ä \" \\ /"}],
                "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/token"}],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": false}],
                "dockerLabels": {"b": "2", "a": "1"},
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/web",
                        "awslogs-region": "eu-west-1",
                        "awslogs-stream-prefix": "app",
                        "mode": "non-blocking",
                        "max-buffer-size": "25m",
                    },
                    "secretOptions": [],
                },
            },
            {"name": "sidecar", "image": "busybox", "essential": false, "memory": 64},
        ],
    })
}

fn parse(document: &Value) -> TaskDefinition {
    TaskDefinition::parse(document.to_string()).unwrap()
}

pub(crate) fn simple(family: &str) -> TaskDefinition {
    parse(&json!({"family": family, "containerDefinitions": [{"name": "app", "image": "busybox", "memory": 64}]}))
}

async fn registered(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
    family: &str,
    times: usize,
) -> Vec<RevisionArn> {
    let mut all = Vec::new();
    for _ in 0..times {
        all.push(on.task_definitions.register(&simple(family), &[]).await.unwrap());
    }
    all
}

fn kind<V>(answer: Answer<V>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind)
}

pub(crate) async fn a_revision_is_described_as_it_was_registered(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let family = unique("same");
    let sent = document(&family);
    let arn = on.task_definitions.register(&parse(&sent), &[]).await.unwrap();
    assert_eq!(arn.short(), format!("{family}:1"));
    let described = on.task_definitions.describe(&arn.to_string()).await.unwrap();
    assert_eq!(lost(&sent, described.definition.view()), [""; 0]);
    assert_eq!(described.arn, arn);
    assert!(described.is_active());
    assert!(described.tags.is_empty());
    for computed in logweir::domain::ecs::task_definition::COMPUTED {
        assert!(described.definition.view().get(computed).is_none(), "{computed} is computed by ECS");
    }
}

pub(crate) async fn unknown_members_survive(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let mut sent = document(&unique("unknown"));
    sent["unheardOf"] = json!({"deep": [1, {"flag": false}]});
    sent["containerDefinitions"][0]["unheardOf"] = json!("text");
    let arn = on.task_definitions.register(&parse(&sent), &[]).await.unwrap();
    let described = on.task_definitions.describe(&arn.to_string()).await.unwrap();
    let lost = lost(&sent, described.definition.view());
    assert_eq!(!lost.is_empty(), on.differs(Difference::LosesUnknownMembers), "{lost:?}");
    assert!(lost.iter().all(|pointer| pointer.contains("unheardOf")), "{lost:?}");
}

pub(crate) async fn tags_survive(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let tags = [Tag::new("team", "café"), Tag::new("empty", ""), Tag::new("logweir:source", "41")];
    let arn = on.task_definitions.register(&simple(&unique("tags")), &tags).await.unwrap();
    let described = on.task_definitions.describe(&arn.to_string()).await.unwrap();
    assert_eq!(pairs(&described.tags), pairs(&tags));
}

fn pairs(tags: &[Tag]) -> Vec<(&str, &str)> {
    let mut pairs: Vec<_> = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    pairs.sort_unstable();
    pairs
}

pub(crate) async fn revision_numbers_are_never_reused(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let family = unique("count");
    let first = registered(on, &family, 2).await;
    for arn in &first {
        on.task_definitions.deregister(arn).await.unwrap();
    }
    assert_eq!(registered(on, &family, 1).await[0].revision, 3);
}

pub(crate) async fn the_newest_active_revisions_come_newest_first(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let family = unique("newest");
    let all = registered(on, &family, 12).await;
    for gone in [&all[11], &all[8]] {
        on.task_definitions.deregister(gone).await.unwrap();
    }
    let numbers = async |most| {
        let newest = on.task_definitions.newest(&family, most).await.unwrap();
        newest.iter().map(|arn| arn.revision).collect::<Vec<_>>()
    };
    assert_eq!(numbers(1).await, [11]);
    assert_eq!(numbers(4).await, [11, 10, 8, 7]);
    assert_eq!(numbers(100).await.len(), 10);
}

pub(crate) async fn a_family_name_is_matched_exactly(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let family = unique("web");
    registered(on, &family, 1).await;
    for other in ["2", "-api", "_"] {
        registered(on, &format!("{family}{other}"), 2).await;
    }
    let newest = on.task_definitions.newest(&family, 1).await.unwrap();
    assert_eq!(newest.iter().map(RevisionArn::short).collect::<Vec<_>>(), [format!("{family}:1")]);
}

pub(crate) async fn an_unregistered_family_has_no_newest_revision(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    assert_eq!(on.task_definitions.newest(&unique("unknown"), 10).await.unwrap(), []);
}

pub(crate) async fn a_family_means_its_newest_active_revision(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let family = unique("family");
    let all = registered(on, &family, 3).await;
    assert_eq!(on.task_definitions.describe(&family).await.unwrap().arn, all[2]);
    on.task_definitions.deregister(&all[2]).await.unwrap();
    let described = on.task_definitions.describe(&family).await.unwrap();
    let expected = if on.differs(Difference::FamilyMeansAnyStatus) { &all[2] } else { &all[1] };
    assert_eq!(described.arn, *expected);
    assert_eq!(described.is_active(), described.arn == all[1]);
}

pub(crate) async fn families_with_an_active_revision_are_listed_page_by_page(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let [one, other, gone] = ["one", "other", "gone"].map(unique);
    for family in [&other, &one, &gone] {
        registered(on, family, 2).await;
    }
    for revision in on.task_definitions.newest(&gone, 2).await.unwrap() {
        on.task_definitions.deregister(&revision).await.unwrap();
    }
    // Other tests register families, too.
    let (mut families, mut token) = (Vec::new(), None);
    loop {
        let page = on.task_definitions.families(token.as_deref()).await.unwrap();
        families.extend(page.families);
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    families.sort();
    families.retain(|family| [&one, &other, &gone].contains(&family));
    let expected = if on.differs(Difference::FamiliesOfAnyStatus) { vec![gone, one, other] } else { vec![one, other] };
    assert_eq!(families, expected);
}

pub(crate) async fn an_arn_and_a_short_name_mean_the_same(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let all = registered(on, &unique("name"), 2).await;
    let [by_arn, by_name] = [
        on.task_definitions.describe(&all[0].to_string()).await.unwrap(),
        on.task_definitions.describe(&all[0].short()).await.unwrap(),
    ];
    let facts = |described: &Described| (described.arn.clone(), described.definition.text().to_owned());
    assert_eq!(facts(&by_arn), facts(&by_name));
    assert_eq!(by_arn.arn, all[0]);
}

pub(crate) async fn an_unregistered_revision_is_missing(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let family = unique("never");
    assert_eq!(kind(on.task_definitions.describe(&family).await), Some(ErrorKind::Missing));
    let arn = registered(on, &family, 1).await.remove(0);
    let next = RevisionArn { revision: 2, ..arn };
    assert_eq!(kind(on.task_definitions.describe(&next.to_string()).await), Some(ErrorKind::Missing));
    assert_eq!(kind(on.task_definitions.deregister(&next).await), Some(ErrorKind::Missing));
}

pub(crate) async fn a_deregistered_revision_is_inactive_or_gone(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let arn = registered(on, &unique("gone"), 1).await.remove(0);
    on.task_definitions.deregister(&arn).await.unwrap();
    match on.task_definitions.describe(&arn.to_string()).await {
        Ok(described) => assert!(!described.is_active() && described.definition.family() == Some(&arn.family)),
        Err(error) => assert_eq!(error.kind, ErrorKind::Missing),
    }
}

pub(crate) async fn deregistering_again_is_no_error(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let arn = registered(on, &unique("again"), 1).await.remove(0);
    for _ in 0..2 {
        on.task_definitions.deregister(&arn).await.unwrap();
    }
    assert_eq!(on.task_definitions.newest(&arn.family, 1).await.unwrap(), []);
}

pub(crate) async fn the_time_and_the_principal_of_a_registration_are_returned(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let arn = registered(on, &unique("who"), 1).await.remove(0);
    let described = on.task_definitions.describe(&arn.to_string()).await.unwrap();
    let told = described.registered_at.is_some() && described.registered_by.is_some();
    assert_eq!(
        told,
        !on.differs(Difference::NoRegistrar),
        "{:?} {:?}",
        described.registered_at,
        described.registered_by
    );
}

pub(crate) async fn too_many_tags_are_refused(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let tags: Vec<Tag> = (0..51).map(|n| Tag::new(format!("k{n}"), "v")).collect();
    let family = unique("limit");
    on.task_definitions.register(&simple(&family), &tags[..50]).await.unwrap();
    let answer = on.task_definitions.register(&simple(&family), &tags).await;
    assert_eq!(kind(answer), (!on.differs(Difference::AnyTags)).then_some(ErrorKind::Refused));
}

pub(crate) async fn a_document_beyond_the_limit_is_refused(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let mut large = document(&unique("large"));
    large["containerDefinitions"][0]["dockerLabels"]["long"] = json!("x".repeat(65_536));
    let error = on.task_definitions.register(&parse(&large), &[]).await.unwrap_err();
    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::TooLarge)));
}

pub(crate) async fn missing_awslogs_options_are_refused(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let mut document = document(&unique("options"));
    document["containerDefinitions"][0]["logConfiguration"]["options"]
        .as_object_mut()
        .unwrap()
        .shift_remove("awslogs-group");
    match on.task_definitions.register(&parse(&document), &[]).await {
        Ok(_) => assert!(on.differs(Difference::AnyLogOptions)),
        Err(error) => {
            assert!(error.kind == ErrorKind::Refused && !on.differs(Difference::AnyLogOptions), "{error}");
            assert!(error.message.contains("Log driver awslogs requires options: awslogs-group"), "{error}");
        }
    }
}

pub(crate) async fn the_account_setting_has_an_answer(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    match on.task_definitions.default_mode().await {
        Ok(mode) => assert_eq!((mode, on.differs(Difference::NoDefaultMode)), (Delivery::NonBlocking, false)),
        Err(error) => {
            assert_eq!((error.kind, on.differs(Difference::NoDefaultMode)), (ErrorKind::Refused, true), "{error}")
        }
    }
}
