//! Applies edits to the text of a task definition. All bytes outside the edits stay unchanged.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::{Change, Edit, Holder, OptionChange};
use crate::domain::ecs::task_definition::{NotATaskDefinition, TaskDefinition};
use crate::domain::text::json::{self, At, Layout};

/// The reason why an edit does not apply. The messages contain the names of containers and options, but never the
/// values of options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("no container is named `{0}`")]
    NoSuchContainer(String),
    #[error("more than one container is named `{0}`")]
    TwoContainers(String),
    #[error("`{what}` of container `{container}` differs from the old value in the edit")]
    Moved { container: String, what: String },
    #[error("container `{container}` has `{what}` twice")]
    Repeated { container: String, what: String },
    #[error(transparent)]
    Unreadable(#[from] NotATaskDefinition),
}

impl From<serde_json::Error> for Conflict {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

/// Applies all edits and returns the new definition, or the conflict of the first edit that does not apply.
pub fn apply(definition: &TaskDefinition, edits: &[Edit]) -> Result<TaskDefinition, Conflict> {
    let layout = Layout::of(definition.text());
    let text = exchanged(definition.text(), edits, |container, edit, indent| {
        edit_container(container, edit, &layout, indent)
    })?;
    Ok(TaskDefinition::parse(text)?)
}

/// Returns the document's text without the log configurations of the edited containers.
pub(super) fn without_log_configurations(definition: &TaskDefinition, edits: &[Edit]) -> Result<String, Conflict> {
    exchanged(definition.text(), edits, |container, _, _| Ok(json::remove(container, "logConfiguration")?))
}

/// One container of a document, with its position in the document and its new text.
struct ContainerText<'t> {
    name: Option<String>,
    place: Range<usize>,
    /// The indentation of the line in which the container starts.
    indent: &'t str,
    text: String,
}

/// Returns the document after `change` has rewritten the container of each edit. The last argument of `change` is the
/// container's indentation. This function locates the containers only once, because a document may be large.
fn exchanged(
    document: &str,
    edits: &[Edit],
    change: impl Fn(&str, &Edit, &str) -> Result<String, Conflict>,
) -> Result<String, Conflict> {
    let mut containers = containers(document)?;
    let mut named: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, container) in containers.iter_mut().enumerate() {
        if let Some(name) = container.name.take() {
            named.entry(name).or_default().push(index);
        }
    }
    for edit in edits {
        let found = match named.get(&edit.container).map(Vec::as_slice) {
            Some([only]) => &mut containers[*only],
            Some(_) => return Err(Conflict::TwoContainers(edit.container.clone())),
            None => return Err(Conflict::NoSuchContainer(edit.container.clone())),
        };
        found.text = change(&found.text, edit, found.indent)?;
    }
    let mut whole = String::with_capacity(document.len());
    let mut end = 0;
    for container in containers {
        whole += &document[end..container.place.start];
        whole += &container.text;
        end = container.place.end;
    }
    Ok(whole + &document[end..])
}

fn containers(document: &str) -> Result<Vec<ContainerText<'_>>, Conflict> {
    let list = json::members(document)?
        .into_iter()
        .find(|member| member.key == "containerDefinitions")
        .ok_or(NotATaskDefinition::NoContainers)?
        .value;
    let (mut from, mut indent) = (0, "");
    let container = |item: Range<usize>| {
        let place = list.start + item.start..list.start + item.end;
        indent = json::indent_before(&document[from..], place.start - from).unwrap_or(indent);
        from = place.start;
        let text = document[place.clone()].to_owned();
        ContainerText { name: name(&text), place, indent, text }
    };
    Ok(json::items(&document[list.clone()])?.into_iter().map(container).collect())
}

fn name(container: &str) -> Option<String> {
    let members = json::members(container).ok()?;
    let name = members.iter().rfind(|member| member.key == "name")?;
    serde_json::from_str(&container[name.value.clone()]).ok()
}

fn edit_container(container: &str, edit: &Edit, layout: &Layout, indent: &str) -> Result<String, Conflict> {
    let moved = |what: &str| Conflict::Moved { container: edit.container.clone(), what: what.into() };
    let only = |object: &str, key: &str| only_one(object, key, &edit.container);
    let standing = only(container, "logConfiguration")?;
    match &edit.change {
        Change::Configuration { old, new } => {
            let value = standing.map(|place| serde_json::from_str::<Value>(&container[place])).transpose()?;
            if value != *old {
                return Err(moved("logConfiguration"));
            }
            Ok(match new {
                Some(new) => json::set(container, "logConfiguration", new, At::BeforeLast, layout, indent)?,
                None => json::remove(container, "logConfiguration")?,
            })
        }
        Change::Options { before, after, options } => {
            let place = standing.ok_or_else(|| moved("logConfiguration"))?;
            let log = &container[place.clone()];
            let indent = json::indent_before(container, place.start).unwrap_or(indent);
            let held = only(log, "options")?;
            let holder = match held.clone().map(|place| &log[place]) {
                None => Holder::Absent,
                Some("null") => Holder::Null,
                Some(_) => Holder::Map,
            };
            if holder != *before {
                return Err(moved("options"));
            }
            let (mut map, deeper) = match held {
                Some(place) if holder == Holder::Map => {
                    (log[place.clone()].to_owned(), json::indent_before(log, place.start).unwrap_or(indent))
                }
                _ => ("{}".to_owned(), indent),
            };
            for change in options {
                only(&map, &change.option)?;
                map = set_option(&map, change, layout, deeper).map_err(|()| moved(&change.option))?;
            }
            let log = hold(log, holder, *after, &map, layout, indent).map_err(|()| moved("options"))?;
            Ok(json::exchange(container, &place, &log))
        }
    }
}

/// Returns the position of the value of `key` in `object`. A repeated key is an error, because Logweir cannot know
/// which of the values ECS uses.
fn only_one(object: &str, key: &str, container: &str) -> Result<Option<Range<usize>>, Conflict> {
    let mut places = json::members(object)?.into_iter().filter(|member| member.key == key);
    let first = places.next().map(|member| member.value);
    match places.next() {
        Some(_) => Err(Conflict::Repeated { container: container.into(), what: key.into() }),
        None => Ok(first),
    }
}

fn set_option(map: &str, change: &OptionChange, layout: &Layout, indent: &str) -> Result<String, ()> {
    let members = json::members(map).map_err(drop)?;
    let standing = members.into_iter().find(|member| member.key == change.option).map(|member| &map[member.value]);
    let standing: Option<Value> = standing.map(serde_json::from_str).transpose().map_err(drop)?;
    if standing != change.old {
        return Err(());
    }
    match &change.new {
        Some(new) => json::set(map, &change.option, new, At::End, layout, indent).map_err(drop),
        None => json::remove(map, &change.option).map_err(drop),
    }
}

/// Returns the log configuration `log` with the options `map`. `after` says whether the member `options` is a map, null
/// or absent in the result.
fn hold(log: &str, before: Holder, after: Holder, map: &str, layout: &Layout, indent: &str) -> Result<String, ()> {
    let empty = || json::members(map).is_ok_and(|members| members.is_empty());
    match (before, after) {
        (Holder::Map, Holder::Map) => {
            let place =
                json::members(log).map_err(drop)?.into_iter().find(|member| member.key == "options").ok_or(())?;
            Ok(json::exchange(log, &place.value, map))
        }
        (_, Holder::Map) => {
            let value: Value = serde_json::from_str(map).map_err(drop)?;
            json::set(log, "options", &value, At::End, layout, indent).map_err(drop)
        }
        (_, Holder::Null) if empty() => json::set(log, "options", &Value::Null, At::End, layout, indent).map_err(drop),
        (_, Holder::Absent) if empty() => json::remove(log, "options").map_err(drop),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WEB: &str = "{\r\n\t\"containerDefinitions\": [\r\n\t\t{\r\n\t\t\t\"name\": \"app\",\r\n\t\t\t\"cpu\": 1.50,\r\n\t\t\t\
        \"logConfiguration\": {\r\n\t\t\t\t\"logDriver\": \"awslogs\",\r\n\t\t\t\t\"options\": { \"awslogs-group\": \"g\" }\r\n\t\t\t}\r\n\t\t},\r\n\t\t\
        {\"name\": \"side\", \"alien\": [ ]}\r\n\t]\r\n}";

    fn mode(old: Option<&str>, new: Option<&str>) -> Edit {
        let change = OptionChange { option: "mode".into(), old: old.map(Value::from), new: new.map(Value::from) };
        Edit {
            container: "app".into(),
            change: Change::Options { before: Holder::Map, after: Holder::Map, options: vec![change] },
        }
    }

    #[test]
    fn only_the_option_is_written() {
        let definition = TaskDefinition::parse(WEB).unwrap();
        let patched = apply(&definition, &[mode(None, Some("non-blocking"))]).unwrap();
        assert_eq!(patched.text(), WEB.replace("\"g\" }", "\"g\", \"mode\": \"non-blocking\" }"));
        assert_eq!(apply(&patched, &[mode(None, Some("non-blocking")).reversed()]).unwrap(), definition);
    }

    #[test]
    fn an_edit_for_another_state_is_refused() {
        let definition = TaskDefinition::parse(WEB).unwrap();
        let conflict = apply(&definition, &[mode(Some("blocking"), Some("non-blocking"))]).unwrap_err();
        assert_eq!(conflict, Conflict::Moved { container: "app".into(), what: "mode".into() });
    }

    #[test]
    fn a_configuration_is_put_without_touching_another_line() {
        let definition =
            TaskDefinition::parse("{\"containerDefinitions\":[\n  {\n    \"name\": \"a\",\n    \"x\": 1\n  }\n]}")
                .unwrap();
        let change = Change::Configuration { old: None, new: Some(json!({"logDriver": "awslogs"})) };
        let edit = Edit { container: "a".into(), change };
        let patched = apply(&definition, std::slice::from_ref(&edit)).unwrap();
        assert!(
            patched.text().contains(
                "\"a\",\n    \"logConfiguration\": {\n      \"logDriver\": \"awslogs\"\n    },\n    \"x\": 1\n"
            )
        );
        assert_eq!(apply(&patched, &[edit.reversed()]).unwrap(), definition);
    }

    #[test]
    fn two_containers_of_one_name_are_never_edited() {
        let definition = TaskDefinition::parse(r#"{"containerDefinitions":[{"name":"app"},{"name":"app"}]}"#).unwrap();
        assert_eq!(apply(&definition, &[mode(None, None)]), Err(Conflict::TwoContainers("app".into())));
    }
}
