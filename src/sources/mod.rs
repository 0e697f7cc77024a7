//! Reads task definitions and events from files. Logweir remembers the position of a task definition in its file, so
//! that it can replace only the task definition and keep the rest of the file.

mod error;
mod events;
mod file_kind;
mod files;
mod ignore_files;
mod kind;
mod pascal;
mod recognize;
mod shape;
mod syntax;
mod walk;

use std::ops::Range;
use std::rc::Rc;

use serde::de::IgnoredAny;

use crate::domain::ecs::repeated_key;
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::{NotATaskDefinition, TaskDefinition};
use crate::domain::text::place::{self, Position};
use recognize::recognize;
use shape::{Form, Located};

pub use error::SourceError;
pub use events::{EventName, FoundEvent, FoundEvents};
pub use file_kind::FileKind;
pub use files::{FileTarget, Found, named, optional, read_file, read_found, read_stdin};
pub use kind::{Kind, PassedOver};
pub use walk::{WalkOptions, Walked, walk};

/// A task definition in a JSON text. The text may contain several task definitions, and each of them is a document.
pub struct Document {
    /// The path of the file, or `<stdin>`.
    pub origin: String,
    text: Rc<str>,
    /// The byte range of the task definition in the text.
    place: Range<usize>,
    /// The position of the start of this range.
    position: Position,
    /// The JSON pointer (RFC 6901) to the task definition in the text.
    pointer: String,
    form: Form,
    pub definition: TaskDefinition,
    pub tags: Vec<Tag>,
}

impl Document {
    /// Reads the task definitions in a text. `family` is the family of the task definitions that name none.
    pub fn parse_all(origin: &str, text: &str, family: Option<&str>) -> Result<Vec<Self>, SourceError> {
        let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let body = &text[bom..];
        if let Err(error) = serde_json::from_str::<IgnoredAny>(body) {
            // A text that begins as JSON and contains containers is a task definition with an error.
            let is_definition = body.trim_start().starts_with(['{', '[']) && body.contains("ontainerDefinitions");
            return Err(match recognize(origin, body).filter(|_| !is_definition) {
                Some(kind) => SourceError::of_kind(origin, body, 0, kind),
                None => SourceError::not_json(origin, body, &error),
            });
        }
        if let Ok(Some(repeated)) = repeated_key::in_response(body) {
            let error = NotATaskDefinition::Repeated(repeated);
            return Err(SourceError::not_a_task_definition(origin, body, 0..body.len(), &|at| at, error));
        }
        let found = shape::find(body, family).map_err(|why| SourceError::not_found(origin, body, &why))?;
        let text: Rc<str> = text.into();
        let starts: Vec<usize> = found.iter().map(|found| bom + found.place.start).collect();
        let positions = place::positions(&text, &starts);
        let document = |(found, position)| Self::of(origin, &text, bom, found, position);
        found.into_iter().zip(positions).map(document).collect()
    }

    fn of(origin: &str, text: &Rc<str>, bom: usize, found: Located, position: Position) -> Result<Self, SourceError> {
        let Located { place, pointer, tags, form } = found;
        let body = &text[bom..];
        let definition = TaskDefinition::parse(form.read(&body[place.clone()])).map_err(|error| {
            let position_of = |at| (place.start + form.position(at)).min(place.end);
            SourceError::not_a_task_definition(origin, body, place.clone(), &position_of, error)
        })?;
        let tags = tags.and_then(|tags| Tag::parse_list(&body[tags]).ok()).unwrap_or_default();
        let place = place.start + bom..place.end + bom;
        Ok(Self { origin: origin.to_owned(), text: text.clone(), place, position, pointer, form, definition, tags })
    }

    /// Returns the whole text, unchanged.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the part of the text that is the task definition, or the list of its containers.
    pub fn part(&self) -> &str {
        &self.text[self.place.clone()]
    }

    /// Returns the text that replaces [`Self::part`], if `definition` replaces the task definition.
    pub fn part_with(&self, definition: &TaskDefinition) -> String {
        self.form.write(definition.text())
    }

    /// Returns the whole text with each of these definitions in place of the task definition of its document. All
    /// documents are of one text. Every byte outside the task definitions stays the same. Returns an empty text if
    /// there is no document.
    pub fn with_all<'d>(fixed: impl IntoIterator<Item = (&'d Self, &'d TaskDefinition)>) -> String {
        let (mut whole, mut end, mut text) = (String::new(), 0, "");
        for (document, definition) in fixed {
            text = document.text();
            whole += &text[end..document.place.start];
            whole += &document.part_with(definition);
            end = document.place.end;
        }
        whole + &text[end..]
    }

    /// Returns a function that maps positions in the task definition to line numbers. `text` is the whole text, or the
    /// whole text with another task definition.
    pub fn lines<'t>(&'t self, text: &'t str) -> impl Fn(&[usize]) -> Vec<usize> + use<'t> {
        move |offsets| {
            let offsets: Vec<usize> = offsets.iter().map(|at| self.place.start + self.form.position(*at)).collect();
            place::positions(text, &offsets).into_iter().map(|position| position.line).collect()
        }
    }

    /// Returns the position, in the whole text, of each member of the task definition that `locate` has found.
    pub fn positions(&self, found: &[place::Found]) -> Vec<Position> {
        let offsets: Vec<usize> = found.iter().map(|found| self.form.position(found.member().start)).collect();
        let below = place::positions(&self.text[self.place.clone()], &offsets);
        below.into_iter().map(|position| self.position.plus(position)).collect()
    }

    /// Returns the byte range, in the whole text, and the position of the member at each JSON pointer in the task
    /// definition. If the task definition has no member at a pointer, the result is the place of the nearest enclosing
    /// member.
    pub fn places<'p>(&self, pointers: impl IntoIterator<Item = &'p str>) -> Vec<(Range<usize>, Position)> {
        let found = place::locate(self.definition.text(), pointers);
        let at = |at: usize| (self.place.start + self.form.position(at)).min(self.place.end);
        let ranges = found.iter().map(place::Found::member).map(|range| at(range.start)..at(range.end));
        ranges.zip(self.positions(&found)).collect()
    }

    /// Returns the JSON pointer, in the whole text, for a JSON pointer into the task definition.
    pub fn pointer(&self, below: &str) -> String {
        format!("{}{}", self.pointer, self.form.pointer(below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: &str = r#"{"family":"web","containerDefinitions":[{}]}"#;
    const APP: &str =
        r#"{"name":"app","memory":512,"logConfiguration":{"logDriver":"awslogs","options":{"mode":"blocking"}}}"#;

    fn parse(text: &str, family: Option<&str>) -> Result<Vec<Document>, SourceError> {
        Document::parse_all("web.json", text, family)
    }

    fn at_position(document: &Document, at: usize) -> (usize, usize) {
        let below = place::position(document.part(), document.form.position(at));
        let Position { line, column } = document.position.plus(below);
        (line, column)
    }

    fn error(origin: &str, text: &str) -> SourceError {
        Document::parse_all(origin, text, None).err().unwrap()
    }

    /// Returns the text of the only document in `text`, after `change` has changed the text of the task definition.
    fn changed(text: &str, family: Option<&str>, change: (&str, &str)) -> String {
        let document = parse(text, family).unwrap().remove(0);
        let changed = document.definition.text().replace(change.0, change.1);
        let changed = TaskDefinition::parse(changed).unwrap();
        Document::with_all([(&document, &changed)])
    }

    #[test]
    fn each_shape_is_read_and_given_back_in_its_shape() {
        let camel =
            |pascal: &str| pascal.replace("Family", "family").replace("ContainerDefinitions", "containerDefinitions");
        let pascal = r#"{"Family":"web","ContainerDefinitions":[{}]}"#;
        let resource = format!(r#"{{"Type":"AWS::ECS::TaskDefinition","Properties":{pascal}}}"#);
        for (text, pointer, definition) in [
            (INPUT.to_owned(), "", INPUT.to_owned()),
            (format!("\u{feff}\r\n {INPUT} \n"), "", INPUT.to_owned()),
            (
                format!("{{ \"taskDefinition\" : {INPUT}, \"tags\": [{{\"key\":\"a\",\"value\":\"b\"}}] }}"),
                "/taskDefinition",
                INPUT.to_owned(),
            ),
            (pascal.to_owned(), "", camel(pascal)),
            (format!(r#"{{"TaskDefinition":{pascal},"Tags":[]}}"#), "/TaskDefinition", camel(pascal)),
            (resource, "/Properties", camel(pascal)),
            (format!("[{INPUT}]"), "/0", INPUT.to_owned()),
            (format!("[{{\"taskDefinition\":{INPUT}}}]"), "/0/taskDefinition", INPUT.to_owned()),
            (format!("{{\"taskDefinitions\":[{INPUT}],\"failures\":[]}}"), "/taskDefinitions/0", INPUT.to_owned()),
        ] {
            let documents = parse(&text, None).unwrap();
            assert_eq!(documents.len(), 1, "{text}");
            let document = &documents[0];
            assert_eq!(
                (document.pointer(""), document.definition.text()),
                (pointer.to_owned(), &*definition),
                "{text}"
            );
            assert_eq!(Document::with_all([(document, &document.definition)]), text);
        }
    }

    #[test]
    fn every_task_definition_of_a_list_is_read_and_changed_in_its_place() {
        let text = format!("[ {INPUT},\n  {{\"family\":\"api\",\"containerDefinitions\":[{APP}]}}\n]\n");
        let documents = parse(&text, None).unwrap();
        let families: Vec<_> = documents.iter().map(|document| document.definition.family().unwrap()).collect();
        assert_eq!(families, ["web", "api"]);
        assert_eq!(documents[1].pointer("/containerDefinitions/0"), "/1/containerDefinitions/0");
        assert_eq!(at_position(&documents[1], 0), (2, 3));
        let fixed = TaskDefinition::parse(documents[1].definition.text().replace("blocking", "non-blocking")).unwrap();
        let with = Document::with_all([(&documents[0], &documents[0].definition), (&documents[1], &fixed)]);
        assert_eq!(with, text.replace("\"blocking\"", "\"non-blocking\""));
    }

    #[test]
    fn a_list_of_containers_needs_a_family() {
        let text = format!("\n[ {APP} ]\n");
        let missing = error("web.json", &text);
        assert!(missing.message.contains("a list of containers"), "{missing}");
        assert!(missing.help.unwrap().contains("--family"));
        let document = parse(&text, Some("web")).unwrap().remove(0);
        assert_eq!(document.definition.family(), Some("web"));
        assert_eq!(document.pointer("/containerDefinitions/0/logConfiguration"), "/0/logConfiguration");
        let at = document.definition.text().find("\"app\"").unwrap();
        assert_eq!(at_position(&document, at), (2, 11));
        assert_eq!(changed(&text, Some("web"), ("\"blocking\"", "\"x\"")), text.replace("blocking", "x"));
    }

    #[test]
    fn a_task_definition_without_a_family_takes_the_family_that_the_caller_names() {
        let text = format!("{{\n \"containerDefinitions\": [{APP}]\n}}");
        assert_eq!(parse(&text, None).unwrap()[0].definition.family(), None);
        let document = parse(&text, Some("we\"b")).unwrap().remove(0);
        assert_eq!(document.definition.family(), Some("we\"b"));
        let at = document.definition.text().find("\"app\"").unwrap();
        assert_eq!(at_position(&document, at), (2, 35));
        assert_eq!(at_position(&document, 0), (1, 1));
        assert_eq!(changed(&text, Some("web"), ("\"blocking\"", "\"x\"")), text.replace("blocking", "x"));
        assert_eq!(parse(INPUT, Some("other")).unwrap()[0].definition.family(), Some("web"));
    }

    #[test]
    fn new_members_of_a_document_in_pascal_case_are_in_pascal_case() {
        let text = r#"{"TaskDefinition":{"ContainerDefinitions":[{"Name":"app","LogConfiguration":{"LogDriver":"awslogs"}}]}}"#;
        for family in [None, Some("web")] {
            let with = changed(text, family, (r#""awslogs""#, r#""awslogs","options":{"mode":"non-blocking"}"#));
            assert_eq!(with, text.replace(r#""awslogs""#, r#""awslogs","Options":{"mode":"non-blocking"}"#));
        }
        let document = parse(text, None).unwrap().remove(0);
        assert_eq!(
            document.pointer("/containerDefinitions/0/logConfiguration/options/mode"),
            "/TaskDefinition/ContainerDefinitions/0/LogConfiguration/Options/mode"
        );
    }

    #[test]
    fn a_file_that_is_no_task_definition_is_named_for_what_it_is() {
        for (origin, text, kind) in [
            ("t.json", r#"{"Resources":{}}"#, "a CloudFormation template"),
            ("t.yaml", "AWSTemplateFormatVersion: 2010-09-09\n", "a CloudFormation template"),
            ("td.yml", "family: web\n", "a YAML document"),
            ("plan.json", r#"{"resource_changes":[]}"#, "a Terraform plan"),
            ("appspec.json", r#"{"version":1,"Resources":[{"TargetService":{}}]}"#, "a CodeDeploy AppSpec file"),
            ("svc.json", r#"{"desiredCount":1}"#, "an ECS service definition"),
            ("c.json", r#"{"name":"app","image":"x"}"#, "a single container definition"),
        ] {
            let error = error(origin, text);
            assert_eq!(error.message, format!("not a task definition: the file is {kind}"), "{origin}");
        }
    }

    #[test]
    fn a_repeated_key_is_an_error_with_both_places() {
        let once = r#""logConfiguration":{"logDriver":"awslogs","options":{"mode":"blocking"}}"#;
        let twice = once.replace("\"blocking\"", "\"blocking\",\n\"mo\\u0064e\":\"non-blocking\"");
        let input = format!("{{\"containerDefinitions\":[{{{twice}}}]}}");
        for (text, pointer, first, line) in [
            (input.clone(), "/containerDefinitions/0/logConfiguration/options/mode", 80, 2),
            (
                format!("{{\"taskDefinition\":\n{input}}}"),
                "/containerDefinitions/0/logConfiguration/options/mode",
                80,
                3,
            ),
            (format!("{{\"taskDefinition\":{INPUT},\n\"taskDefinition\":{INPUT}}}"), "/taskDefinition", 2, 2),
            (format!("{{\"taskDefinition\":{INPUT},\"tags\":[],\n\"tags\":[]}}"), "/tags", 64, 2),
            (
                format!("{{\"taskDefinition\":{INPUT},\"tags\":[{{\"key\":\"a\",\n\"key\":\"b\"}}]}}"),
                "/tags/0/key",
                73,
                2,
            ),
        ] {
            let error = error("web.json", &text);
            assert_eq!((error.line, error.column), (line, 1), "{error}");
            let both =
                format!("`{pointer}` occurs twice, in line {}, column {first} and in line {line}, column 1;", line - 1);
            assert!(error.message.starts_with(&both), "{error}");
        }
    }

    #[test]
    fn one_item_that_is_no_task_definition_is_an_error_at_its_place() {
        let error = error("all.json", &format!("[{INPUT},\n {{\"serviceName\":\"web\"}}]"));
        assert_eq!(error.to_string(), "all.json:2:2: item 2 of the list is an ECS service definition");
    }

    #[test]
    fn a_task_definition_of_both_cases_is_refused() {
        let error = error("web.json", r#"{"Family":"web","ContainerDefinitions":[{"name":"app"}]}"#);
        assert!(error.message.contains("partly in PascalCase"), "{error}");
    }

    #[test]
    fn a_templated_file_has_to_be_rendered_first() {
        let text = "{\n  \"family\": \"web\",\n  \"containerDefinitions\": [{{ containers }}]\n}";
        let error = error("web.json", text);
        assert_eq!((error.line, error.column), (3, 29));
        assert!(error.help.unwrap().contains("render"));
    }
}
