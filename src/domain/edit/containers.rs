//! Changes of the list of containers in the text of a task definition: members of containers, new containers and
//! removed containers. All other bytes stay unchanged.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::domain::ecs::task_definition::{NotATaskDefinition, TaskDefinition};
use crate::domain::text::json::{self, At, Layout};

/// The changes of the containers of one task definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerChanges {
    /// The changes of each changed container, by its index.
    changed: BTreeMap<usize, Vec<(&'static str, MemberChange)>>,
    /// The removed and the new containers.
    list: ListChange,
}

/// The change of a member of a container.
#[derive(Clone, Debug, PartialEq)]
enum MemberChange {
    Set(Value),
    Remove,
    List(ListChange),
}

/// The change of a list.
#[derive(Clone, Debug, Default, PartialEq)]
struct ListChange {
    /// The indexes of the removed items.
    removed: Vec<usize>,
    /// The new items, which follow the last item.
    added: Vec<Value>,
}

impl ContainerChanges {
    /// Sets a member of the container at the index. Inside an object, changes only the members that differ.
    pub fn set(&mut self, container: usize, member: &'static str, value: Value) {
        self.changed.entry(container).or_default().push((member, MemberChange::Set(value)));
    }

    /// Removes a member of the container at the index.
    pub fn unset(&mut self, container: usize, member: &'static str) {
        self.changed.entry(container).or_default().push((member, MemberChange::Remove));
    }

    /// Adds an item to a list of the container at the index.
    pub fn push(&mut self, container: usize, member: &'static str, item: Value) {
        let list = ListChange { removed: Vec::new(), added: vec![item] };
        self.changed.entry(container).or_default().push((member, MemberChange::List(list)));
    }

    /// Removes the items at these indexes from a list of the container at the index.
    pub fn pull(&mut self, container: usize, member: &'static str, removed: Vec<usize>) {
        let list = ListChange { removed, added: Vec::new() };
        self.changed.entry(container).or_default().push((member, MemberChange::List(list)));
    }

    /// Adds a container behind the last container.
    pub fn add(&mut self, container: Value) {
        self.list.added.push(container);
    }

    /// Removes the container at the index.
    pub fn remove(&mut self, container: usize) {
        self.list.removed.push(container);
    }

    /// Returns the task definition with the changes.
    pub fn apply(&self, definition: &TaskDefinition) -> Result<TaskDefinition, NotATaskDefinition> {
        let text = definition.text();
        let layout = Layout::of(text);
        let container = |index: usize, container: &str, indent: &str| self.container(index, container, &layout, indent);
        let changed = in_list(text, "containerDefinitions", "", &self.list, &layout, &container)?;
        TaskDefinition::parse(changed.ok_or(NotATaskDefinition::NoContainers)?)
    }

    fn container(&self, index: usize, text: &str, layout: &Layout, indent: &str) -> Result<String, serde_json::Error> {
        let mut text = text.to_owned();
        for (member, change) in self.changed.get(&index).into_iter().flatten() {
            let same = |_: usize, item: &str, _: &str| Ok(item.to_owned());
            text = match change {
                MemberChange::Set(value) => set(&text, member, value, layout, indent)?,
                MemberChange::Remove => json::remove(&text, member)?,
                MemberChange::List(list) => in_list(&text, member, indent, list, layout, &same)?.unwrap_or(text),
            };
        }
        Ok(text)
    }
}

/// Returns the container with the member set to `value`.
fn set(
    container: &str,
    member: &str,
    value: &Value,
    layout: &Layout,
    indent: &str,
) -> Result<String, serde_json::Error> {
    let old = json::members(container)?.into_iter().find(|found| found.key == member).map(|found| found.value);
    if let (Some(old), Value::Object(new)) = (old, value)
        && container[old.clone()].starts_with('{')
    {
        let indent = json::indent_before(container, old.start).unwrap_or(indent);
        return Ok(json::exchange(container, &old, &merged(&container[old.clone()], new, layout, indent)?));
    }
    json::set(container, member, value, At::BeforeLast, layout, indent)
}

/// Returns `object` with exactly the members `new`. Members with the same value stay as they are.
fn merged(object: &str, new: &Map<String, Value>, layout: &Layout, indent: &str) -> Result<String, serde_json::Error> {
    let old: Map<String, Value> = serde_json::from_str(object)?;
    let mut text = object.to_owned();
    for gone in old.keys().filter(|key| !new.contains_key(*key)) {
        text = json::remove(&text, gone)?;
    }
    for (key, value) in new.iter().filter(|(key, value)| old.get(*key) != Some(*value)) {
        let place = json::members(&text)?.into_iter().find(|member| member.key == *key).map(|member| member.value);
        text = match (place, value) {
            (Some(place), Value::Object(members)) if text[place.clone()].starts_with('{') && !members.is_empty() => {
                let alike = json::alike(&text[place.clone()], members)?;
                let indent = json::indent_before(&text, place.start).unwrap_or(indent);
                let new = alike.unwrap_or_else(|| layout.render(value, indent));
                json::exchange(&text, &place, &new)
            }
            _ => json::set(&text, key, value, At::End, layout, indent)?,
        };
    }
    Ok(text)
}

/// Returns `object` with the change of its list `member`. `indent` is the indentation of the line on which the object
/// begins, and `kept` gives the new text of a kept item. Returns `None` if the object has no such member.
fn in_list(
    object: &str,
    member: &str,
    indent: &str,
    change: &ListChange,
    layout: &Layout,
    kept: &dyn Fn(usize, &str, &str) -> Result<String, serde_json::Error>,
) -> Result<Option<String>, serde_json::Error> {
    let Some(list) = json::members(object)?.into_iter().find(|found| found.key == member).map(|found| found.value)
    else {
        return Ok(None);
    };
    let items = json::items(&object[list.clone()])?;
    let items: Vec<_> = items.into_iter().map(|item| list.start + item.start..list.start + item.end).collect();
    let opening = list.start..items.first().map_or(list.end - 1, |first| first.start);
    let mut new = object[opening.clone()].to_owned();
    let mut indent = indent;
    let mut count = 0;
    for (index, item) in items.iter().enumerate().filter(|(index, _)| !change.removed.contains(index)) {
        indent = json::indent_before(object, item.start).unwrap_or(indent);
        if let Some(previous) = index.checked_sub(1).filter(|_| count > 0) {
            new += &object[items[previous].end..item.start];
        }
        new += &kept(index, &object[item.clone()], indent)?;
        count += 1;
    }
    let separator = separator(object, &list, &items);
    for item in &change.added {
        if count > 0 {
            new += &separator;
        }
        new += &layout.render(item, indent);
        count += 1;
    }
    new += &object[items.last().map_or(list.end - 1, |last| last.end)..list.end];
    Ok(Some(json::exchange(object, &list, &new)))
}

/// Returns the text between the last two items of a list, or a text like it.
fn separator(text: &str, list: &Range<usize>, items: &[Range<usize>]) -> String {
    match items {
        [.., before, last] => text[before.end..last.start].to_owned(),
        [only] => {
            let start = &text[list.start + 1..only.start];
            let gap = if start.is_empty() && !text[..list.start].ends_with(':') { " " } else { start };
            format!(",{gap}")
        }
        [] => ",".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ONE: &str = "{\n  \"family\": \"web\",\n  \"containerDefinitions\": [\n    {\n      \"name\": \"app\",\n      \"cpu\": 1.50\n    }\n  ]\n}";
    const TWO: &str = r#"{"containerDefinitions":[{"name":"app"}, {"name":"side","x":[ ]}],"family":"web"}"#;

    fn parse(text: &str) -> TaskDefinition {
        TaskDefinition::parse(text).unwrap()
    }

    #[test]
    fn a_container_that_was_added_can_be_removed_without_a_trace() {
        for text in
            [ONE, TWO, r#"{ "containerDefinitions": [{ "name": "app" }] }"#, "{\"containerDefinitions\":[ {} ]}"]
        {
            let (mut there, mut back) = (ContainerChanges::default(), ContainerChanges::default());
            there.add(json!({"name": "router", "dependsOn": [{"containerName": "app"}]}));
            let added = there.apply(&parse(text)).unwrap();
            let count = parse(text).containers().count();
            assert_eq!(added.containers().nth(count).unwrap().name(), Some("router"), "{}", added.text());
            back.remove(count);
            assert_eq!(back.apply(&added).unwrap().text(), text);
        }
    }

    #[test]
    fn a_member_is_set_in_the_layout_of_the_document() {
        let mut changes = ContainerChanges::default();
        changes.set(0, "dependsOn", json!([{"containerName": "router", "condition": "START"}]));
        changes.add(json!({"name": "router", "command": ["-s", "a"]}));
        let expected = "{\n  \"family\": \"web\",\n  \"containerDefinitions\": [\n    {\n      \"name\": \"app\",\n      \
            \"dependsOn\": [\n        {\n          \"containerName\": \"router\",\n          \"condition\": \"START\"\n        }\n      ],\n      \
            \"cpu\": 1.50\n    },\n    {\n      \"name\": \"router\",\n      \"command\": [\"-s\", \"a\"]\n    }\n  ]\n}";
        assert_eq!(changes.apply(&parse(ONE)).unwrap().text(), expected);
    }

    #[test]
    fn any_container_can_be_removed() {
        for (index, rest) in [(0, r#"[{"name":"side","x":[ ]}]"#), (1, r#"[{"name":"app"}]"#)] {
            let mut changes = ContainerChanges::default();
            changes.remove(index);
            let expected = format!("{{\"containerDefinitions\":{rest},\"family\":\"web\"}}");
            assert_eq!(changes.apply(&parse(TWO)).unwrap().text(), expected);
        }
    }

    #[test]
    fn an_item_that_was_added_to_a_list_can_be_removed_without_a_trace() {
        for list in ["[ \"a\" ]", "[\"a\",\"b\"]", "[\n  \"a\"\n]", "[]", "[ ]"] {
            let text = format!("{{\"containerDefinitions\":[{{\"x\" : {list}}}]}}");
            let count = parse(&text).containers().next().unwrap().member("x").unwrap().as_array().unwrap().len();
            let (mut there, mut back) = (ContainerChanges::default(), ContainerChanges::default());
            there.push(0, "x", json!("new"));
            let added = there.apply(&parse(&text)).unwrap();
            assert_eq!(added.containers().next().unwrap().member("x").unwrap()[count], "new", "{}", added.text());
            back.pull(0, "x", vec![count]);
            assert_eq!(back.apply(&added).unwrap().text(), text);
        }
    }
}
