//! The contract of every adapter of [`LogGroups`].

use logweir::domain::edit::NewLogGroup;
use logweir::domain::rules::facts::LogGroup;
use logweir::ports::{ErrorKind, LogGroups, TaskDefinitions};

use super::{Difference, Others, Subject, unique};

fn group(name: &str) -> NewLogGroup {
    NewLogGroup { name: name.into(), class: "STANDARD".into(), kms_key: None, retention_days: Some(30) }
}

fn name(word: &str) -> String {
    format!("/ecs/{}", unique(word))
}

async fn made(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>, name: &str) {
    assert!(on.log_groups.create(&group(name)).await.unwrap());
}

async fn found(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>, names: &[&String]) -> Vec<String> {
    let names: Vec<String> = names.iter().map(|name| (*name).clone()).collect();
    on.log_groups.look(&names).await.unwrap().into_keys().collect()
}

async fn retention(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>, name: &String) -> Option<u32> {
    match on.log_groups.look(std::slice::from_ref(name)).await.unwrap().remove(name) {
        Some(LogGroup::Exists { retention, policy: None, .. }) => retention,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_group_that_does_not_exist_is_not_found(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    assert_eq!(found(on, &[&name("unknown")]).await, [""; 0]);
    assert_eq!(found(on, &[]).await, [""; 0]);
}

pub(crate) async fn a_group_is_found_by_its_whole_name(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let web = name("web");
    let longer = format!("{web}-2");
    made(on, &longer).await;
    assert_eq!(found(on, &[&web]).await, [""; 0]);
    made(on, &web).await;
    assert_eq!(found(on, &[&web]).await, [web.as_str()]);
    assert_eq!(found(on, &[&longer]).await, [longer]);
}

pub(crate) async fn several_groups_are_found_at_once(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let (a, b, c, none) = (name("a"), name("b"), name("c"), name("none"));
    for name in [&a, &b, &c] {
        made(on, name).await;
    }
    assert_eq!(found(on, &[&b, &none, &a, &b]).await, [a, b]);
}

pub(crate) async fn more_names_than_fit_in_one_call_are_looked_up(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let base = name("many");
    let all: Vec<String> = (100..160).map(|n| format!("{base}-{n}")).collect();
    for name in [&all[3], &all[55]] {
        made(on, name).await;
    }
    assert_eq!(found(on, &all.iter().collect::<Vec<_>>()).await, [all[3].clone(), all[55].clone()]);
}

pub(crate) async fn a_group_is_created_once(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let name = name("once");
    made(on, &name).await;
    on.log_groups.set_retention(&name, 90).await.unwrap();
    assert!(!on.log_groups.create(&group(&name)).await.unwrap());
    assert_eq!(retention(on, &name).await, Some(90));
}

pub(crate) async fn a_new_group_has_no_retention_until_one_is_set(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let name = name("fresh");
    made(on, &name).await;
    assert_eq!(retention(on, &name).await, None);
    on.log_groups.set_retention(&name, 30).await.unwrap();
    assert_eq!(retention(on, &name).await, Some(30));
}

pub(crate) async fn retention_can_be_set_again(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let name = name("again");
    made(on, &name).await;
    for days in [30, 30, 3653, 1] {
        on.log_groups.set_retention(&name, days).await.unwrap();
        assert_eq!(retention(on, &name).await, Some(days));
    }
}

pub(crate) async fn an_impossible_retention_is_refused(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let name = name("days");
    made(on, &name).await;
    let answer = on.log_groups.set_retention(&name, 31).await;
    assert_eq!(answer.is_ok(), on.differs(Difference::AnyRetention));
    assert!(answer.is_ok_and(|()| true) || retention(on, &name).await.is_none());
}

pub(crate) async fn a_retention_can_be_removed(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let name = name("forever");
    made(on, &name).await;
    on.log_groups.set_retention(&name, 30).await.unwrap();
    for _ in 0..2 {
        on.log_groups.delete_retention(&name).await.unwrap();
        assert_eq!(retention(on, &name).await, None);
    }
    on.log_groups.set_retention(&name, 90).await.unwrap();
    assert_eq!(retention(on, &name).await, Some(90));
}

pub(crate) async fn the_retention_of_a_missing_group_cannot_be_removed(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let error = on.log_groups.delete_retention(&name("none")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Missing);
}

pub(crate) async fn the_retention_of_a_missing_group_cannot_be_set(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let error = on.log_groups.set_retention(&name("none"), 30).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Missing);
}

pub(crate) async fn a_group_is_empty_until_a_line_is_written(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    let name = name("empty");
    made(on, &name).await;
    assert!(on.log_groups.is_empty(&name).await.unwrap());
    on.others.write_to(&name).await;
    assert!(!on.log_groups.is_empty(&name).await.unwrap());
    let facts = on.log_groups.look(std::slice::from_ref(&name)).await.unwrap();
    assert!(!matches!(facts[&name], LogGroup::Exists { empty: Some(true), .. }));
}

pub(crate) async fn the_streams_of_a_missing_group_cannot_be_read(
    on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>,
) {
    assert_eq!(on.log_groups.is_empty(&name("none")).await.unwrap_err().kind, ErrorKind::Missing);
}

pub(crate) async fn a_cheaper_class_can_be_requested(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let name = name("class");
    let cheaper = NewLogGroup { class: "INFREQUENT_ACCESS".into(), ..group(&name) };
    assert!(on.log_groups.create(&cheaper).await.unwrap());
    assert_eq!(found(on, &[&name]).await, [name]);
}

pub(crate) async fn an_impossible_name_is_refused(on: &Subject<impl TaskDefinitions, impl LogGroups, impl Others>) {
    let answer = on.log_groups.create(&group(&format!("/ecs/{} with blanks", unique("bad")))).await;
    assert_eq!(
        answer.err().map(|error| error.kind),
        (!on.differs(Difference::AnyGroupName)).then_some(ErrorKind::Refused)
    );
}
