//! Changes of the list of containers in the text of a task definition: members of containers, new containers and
//! removed containers. All other bytes stay unchanged.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use crate::domain::ecs::task_definition::{NotATaskDefinition, TaskDefinition};
use crate::domain::text::json::{self, At, Layout};

/// The changes of the containers of one task definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerChanges {
    /// The new value of each changed member, by the index of the container and the name of the member. `None` removes
    /// the member.
    members: BTreeMap<usize, Vec<(&'static str, Option<Value>)>>,
    /// The indexes of the removed containers.
    removed: Vec<usize>,
    /// The new containers, which follow the last container.
    added: Vec<Value>,
}

impl ContainerChanges {
    /// Sets a member of the container at the index. `None` removes the member.
    pub fn set(&mut self, container: usize, member: &'static str, value: Option<Value>) {
        self.members.entry(container).or_default().push((member, value));
    }

    /// Adds a container behind the last container.
    pub fn add(&mut self, container: Value) {
        self.added.push(container);
    }

    /// Removes the container at the index.
    pub fn remove(&mut self, container: usize) {
        self.removed.push(container);
    }

    /// Returns the task definition with the changes.
    pub fn apply(&self, definition: &TaskDefinition) -> Result<TaskDefinition, NotATaskDefinition> {
        let text = definition.text();
        let members = json::members(text)?;
        let list = members.into_iter().find(|member| member.key == "containerDefinitions");
        let list = list.ok_or(NotATaskDefinition::NoContainers)?.value;
        TaskDefinition::parse(json::exchange(text, &list, &self.list(text, &list)?))
    }

    /// Returns the text of the changed list, which is at `list` in the text of the task definition.
    fn list(&self, text: &str, list: &Range<usize>) -> Result<String, NotATaskDefinition> {
        let layout = Layout::of(text);
        let items = json::items(&text[list.clone()])?;
        let items: Vec<_> = items.into_iter().map(|item| list.start + item.start..list.start + item.end).collect();
        let is_kept = |index: &usize| !self.removed.contains(index);
        let kept: Vec<usize> = (0..items.len()).filter(is_kept).collect();
        let mut new = String::new();
        let mut indent = "";
        for (position, index) in kept.iter().enumerate() {
            let item = items[*index].clone();
            indent = json::indent_before(text, item.start).unwrap_or(indent);
            // The text between two kept containers is the text before the later one.
            let before = match (position, index.checked_sub(1)) {
                (0, _) => list.start..items.first().map_or(list.start, |first| first.start),
                (_, Some(previous)) => items[previous].end..item.start,
                (_, None) => item.start..item.start,
            };
            new += &text[before];
            new += &self.container(*index, &text[item], &layout, indent)?;
        }
        let separator = separator(text, list, &items);
        for (position, container) in self.added.iter().enumerate() {
            if position + kept.len() > 0 {
                new += &separator;
            } else {
                new += &text[list.start..items.first().map_or(list.start, |first| first.start)];
            }
            new += &layout.render(container, indent);
        }
        new += &text[items.last().map_or(list.end, |last| last.end)..list.end];
        Ok(new)
    }

    fn container(
        &self,
        index: usize,
        container: &str,
        layout: &Layout,
        indent: &str,
    ) -> Result<String, NotATaskDefinition> {
        let mut text = container.to_owned();
        for (member, value) in self.members.get(&index).into_iter().flatten() {
            text = match value {
                Some(value) => json::set(&text, member, value, At::BeforeLast, layout, indent)?,
                None => json::remove(&text, member)?,
            };
        }
        Ok(text)
    }
}

/// Returns the text between the last two containers, or a text like it.
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
        changes.set(0, "dependsOn", Some(json!([{"containerName": "router", "condition": "START"}])));
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
}
