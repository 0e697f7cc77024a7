//! Finds a repeated key in the objects that rules read. JSON parsers disagree about the value of a repeated key, so
//! Logweir cannot know which of the values ECS uses.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::text::json;
use crate::domain::text::plain::plain;

/// A key that occurs twice in one object. The positions are positions of the two keys in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedKey {
    /// The JSON pointer (RFC 6901) to the member with the key.
    pub pointer: String,
    pub first: usize,
    pub second: usize,
}

/// The longest JSON pointer to a repeated key that Logweir prints, in characters.
const LONGEST: usize = 200;

/// Returns the first repeated key of the object `text` itself and of its tags. The object is a task definition, or a
/// response that contains one. If `text` is a list of such objects, or contains one, checks each item.
pub fn in_response(text: &str) -> Result<Option<RepeatedKey>, serde_json::Error> {
    let scanner = Scanner { text };
    Ok(scanner.responses(whole(text), &Path::WHOLE)?.err())
}

/// Returns the first repeated key of the task definition `text`, on the paths that rules read: the members of the task
/// definition, of its containers and of their log configurations with all options.
pub(super) fn in_task_definition(text: &str) -> Result<Option<RepeatedKey>, serde_json::Error> {
    Ok(Scanner { text }.task_definition()?.err())
}

/// The depth to which Logweir reads JSON (source: serde_json, the recursion limit).
const DEEPEST: usize = 128;

fn whole(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

struct Scanner<'t> {
    text: &'t str,
}

type Found<T> = Result<Result<T, RepeatedKey>, serde_json::Error>;

/// Returns the value, or returns from the function with the repeated key.
macro_rules! unique {
    ($found:expr) => {
        match $found? {
            Ok(value) => value,
            Err(repeated) => return Ok(Err(repeated)),
        }
    };
}

impl Scanner<'_> {
    fn responses(&self, place: Range<usize>, path: &Path<'_>) -> Found<()> {
        for (index, place) in self.items(place.clone())?.into_iter().enumerate() {
            unique!(self.response(place, &path.to(Step::Item(index))));
        }
        self.response(place, path)
    }

    fn response(&self, place: Range<usize>, path: &Path<'_>) -> Found<()> {
        for (key, place) in unique!(self.object(place, path)) {
            let below = path.to(Step::Member(&key));
            match key.as_str() {
                "tags" => unique!(self.deep(place, &below)),
                "taskDefinitions" if path.depth == 0 => unique!(self.responses(place, &below)),
                _ => {}
            }
        }
        Ok(Ok(()))
    }

    fn task_definition(&self) -> Found<()> {
        for (key, place) in unique!(self.object(whole(self.text), &Path::WHOLE)) {
            let path = Path::WHOLE.to(Step::Member(&key));
            match key.as_str() {
                "containerDefinitions" => {
                    for (index, place) in self.items(place)?.into_iter().enumerate() {
                        unique!(self.container(place, &path.to(Step::Item(index))));
                    }
                }
                "trustedExecutionConfiguration" => unique!(self.deep(place, &path)),
                _ => {}
            }
        }
        Ok(Ok(()))
    }

    fn container(&self, place: Range<usize>, path: &Path<'_>) -> Found<()> {
        for (key, place) in unique!(self.object(place, path)) {
            if key == "logConfiguration" || key == "firelensConfiguration" {
                unique!(self.deep(place, &path.to(Step::Member(&key))));
            }
        }
        Ok(Ok(()))
    }

    /// Checks a value and everything in it, down to the depth to which Logweir reads JSON.
    fn deep(&self, place: Range<usize>, path: &Path<'_>) -> Found<()> {
        if path.depth > DEEPEST {
            return Ok(Ok(()));
        }
        for (key, place) in unique!(self.object(place.clone(), path)) {
            unique!(self.deep(place, &path.to(Step::Member(&key))));
        }
        for (index, place) in self.items(place)?.into_iter().enumerate() {
            unique!(self.deep(place, &path.to(Step::Item(index))));
        }
        Ok(Ok(()))
    }

    /// Returns the members of the object at `place`, or its first repeated key. Returns no members if the value at
    /// `place` is not an object.
    fn object(&self, place: Range<usize>, path: &Path<'_>) -> Found<Vec<(String, Range<usize>)>> {
        let object = &self.text[place.clone()];
        let mut members = Vec::new();
        if !object.starts_with('{') {
            return Ok(Ok(members));
        }
        let mut keys: HashMap<String, usize> = HashMap::new();
        let mut end = None;
        for member in json::members(object)? {
            let at = place.start + json::key_start(object, end);
            end = Some(member.value.end);
            if let Some(first) = keys.insert(member.key.clone(), at) {
                let pointer = plain(&path.to(Step::Member(&member.key)).pointer(), LONGEST);
                return Ok(Err(RepeatedKey { pointer, first, second: at }));
            }
            members.push((member.key, place.start + member.value.start..place.start + member.value.end));
        }
        Ok(Ok(members))
    }

    /// Returns the positions of the items of the list at `place`. Returns no positions if the value at `place` is not a
    /// list.
    fn items(&self, place: Range<usize>) -> Result<Vec<Range<usize>>, serde_json::Error> {
        let list = &self.text[place.clone()];
        if !list.starts_with('[') {
            return Ok(Vec::new());
        }
        Ok(json::items(list)?.into_iter().map(|item| place.start + item.start..place.start + item.end).collect())
    }
}

/// The way from the whole text to a value. A step borrows its key and the steps above it, because a document may have a
/// very long key around very many values. Only a repeated key needs the pointer as text.
struct Path<'p> {
    above: Option<&'p Path<'p>>,
    step: Step<'p>,
    /// The number of steps.
    depth: usize,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Whole,
    Member(&'p str),
    Item(usize),
}

impl<'p> Path<'p> {
    const WHOLE: Path<'static> = Path { above: None, step: Step::Whole, depth: 0 };

    fn to(&'p self, step: Step<'p>) -> Self {
        Self { above: Some(self), step, depth: self.depth + 1 }
    }

    fn pointer(&self) -> String {
        let mut steps = Vec::new();
        let mut path = Some(self);
        while let Some(Path { above, step, .. }) = path {
            match step {
                Step::Whole => {}
                Step::Member(key) => steps.push(format!("/{}", escaped(key))),
                Step::Item(index) => steps.push(format!("/{index}")),
            }
            path = *above;
        }
        steps.reverse();
        steps.concat()
    }
}

/// Returns the key in the spelling of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, String, String)> {
        let key = |at: usize| text[at..].split(':').next().unwrap().trim().to_owned();
        let found = in_task_definition(text).unwrap()?;
        Some((found.pointer, key(found.first), key(found.second)))
    }

    #[test]
    fn a_repeated_key_is_found_on_each_path_that_rules_read() {
        let container = |members: &str| format!(r#"{{"containerDefinitions":[{{}}, {{ {members} }}]}}"#);
        let log = |members: &str| container(&format!(r#""logConfiguration" : {{{members}}}"#));
        for (text, pointer) in [
            (r#"{"family":"a","family":"a"}"#.to_owned(), "/family"),
            (r#" { "memory":"1" , "cpu" : 1, "memory": 2 } "#.to_owned(), "/memory"),
            (r#"{"containerDefinitions":[],"containerDefinitions":[]}"#.to_owned(), "/containerDefinitions"),
            (
                r#"{"trustedExecutionConfiguration":{"isolationMode":"A","isolationMode":"B"}}"#.to_owned(),
                "/trustedExecutionConfiguration/isolationMode",
            ),
            (container(r#""name":"a","name":"b""#), "/containerDefinitions/1/name"),
            (container(r#""logConfiguration":{},"logConfiguration":null"#), "/containerDefinitions/1/logConfiguration"),
            (
                container(r#""firelensConfiguration":{"options":{"a/b":"1","a/b":"2"}}"#),
                "/containerDefinitions/1/firelensConfiguration/options/a~1b",
            ),
            (log(r#""logDriver":"a","logDriver":"b""#), "/containerDefinitions/1/logConfiguration/logDriver"),
            (log(r#""options":{},"options":{}"#), "/containerDefinitions/1/logConfiguration/options"),
            (
                log(r#""options":{"mode":"blocking","a":{}, "mode":"non-blocking"}"#),
                "/containerDefinitions/1/logConfiguration/options/mode",
            ),
            (
                log(r#""secretOptions":[{"name":"a","name":"b"}]"#),
                "/containerDefinitions/1/logConfiguration/secretOptions/0/name",
            ),
        ] {
            let (at, first, second) = found(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((at.as_str(), first), (pointer, second), "{text}");
        }
    }

    #[test]
    fn a_repeated_key_is_found_around_each_task_definition() {
        for (text, pointer) in [
            (r#"{"taskDefinition":{},"taskDefinition":{}}"#, "/taskDefinition"),
            (r#" [{"taskDefinition":{}},{"taskDefinition":{},"taskDefinition":{}}]"#, "/1/taskDefinition"),
            (r#"{"taskDefinitions":[{"taskDefinition":1,"taskDefinition":2}]}"#, "/taskDefinitions/0/taskDefinition"),
            (r#"{"tags":[{"key":"a","key":"b"}]}"#, "/tags/0/key"),
        ] {
            assert_eq!(in_response(text).unwrap().map(|found| found.pointer).as_deref(), Some(pointer));
        }
        assert_eq!(in_response(r#"[{"a":1},{"a":1}]"#).unwrap(), None);
        let deep = format!(r#"{{"tags":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(in_response(&deep).unwrap(), None);
    }

    /// A copy of the key for each item would need more than 100 GB of copies.
    #[test]
    fn a_long_key_around_many_values_is_read_once() {
        let (key, items) = ("/".repeat(512 * 1024), "0,".repeat(256 * 1024));
        let log = |members: &str| format!(r#"{{"containerDefinitions":[{{"logConfiguration":{{{members}}}}}]}}"#);
        assert_eq!(in_task_definition(&log(&format!(r#""{key}":[{items}0]"#))).unwrap(), None);
        let objects = r#"{"a":1},"#.repeat(64 * 1024);
        let repeated = log(&format!(r#""{key}":[{objects}{{"a":1,"a":2}}]"#));
        let pointer = in_task_definition(&repeated).unwrap().unwrap().pointer;
        assert_eq!(pointer.chars().count(), LONGEST);
        assert!(pointer.starts_with("/containerDefinitions/0/logConfiguration/~1~1"), "{pointer}");
    }

    #[test]
    fn a_key_in_another_spelling_is_repeated() {
        let text = r#"{"containerDefinitions":[{"logConfiguration":{"options":{"mo\u0064e":"a","mode":"b"}}}]}"#;
        let (_, first, second) = found(text).unwrap();
        assert_eq!((first.as_str(), second.as_str()), (r#""mo\u0064e""#, r#""mode""#));
    }

    #[test]
    fn the_same_key_in_two_objects_or_where_no_rule_reads_is_not_repeated() {
        for text in [
            r#"{"containerDefinitions":[{"name":"a"},{"name":"b"}]}"#,
            r#"{"containerDefinitions":[{"dockerLabels":{"a":"1","a":"2"}}]}"#,
            r#"{"volumes":[{"a":1,"a":2}],"containerDefinitions":"x"}"#,
            "[]",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
