//! A task definition in a file, with the way from the file to the task definition and back.

use std::ops::Range;
use std::rc::Rc;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::json_site::JsonSite;
use super::recognize::recognize;
use super::shape::{self, Located, NotFound};
use super::site::{Refused, Site};
use super::source_text::SourceText;
use super::tree::Tree;
use super::{Correction, Resource, SourceError, template_document, terraform, yaml_document};
use crate::domain::ecs::repeated_key;
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::{NotATaskDefinition, TaskDefinition};
use crate::domain::readings::Reading;
use crate::domain::rules::facts::TemplateFacts;
use crate::domain::text::place::{Found, Position};
use crate::domain::text::splice::{Splice, spliced};
use crate::domain::verdict::Unknown;

/// A task definition in a text. The text may contain several task definitions, and each of them is a document.
pub struct Document {
    /// The path of the file, or `<stdin>`.
    pub origin: String,
    /// The first reading of the task definition.
    pub definition: TaskDefinition,
    pub tags: Vec<Tag>,
    /// The resource that describes the task definition. `None` for a task definition in JSON or YAML.
    pub resource: Option<Resource>,
    /// What the file does not show, beside the values that the rules themselves report as unknown.
    pub unknowns: Vec<Unknown>,
    /// What the task definition is, for each branch of the conditions in the file. The list is never empty.
    pub readings: Vec<Reading>,
    /// The facts in the template or the HCL files around the task definition. `None` for any other file.
    pub template: Option<Rc<TemplateFacts>>,
    pub(super) text: SourceText,
    pub(super) site: Box<dyn Site>,
}

impl Document {
    /// Reads the task definitions in a text. `family` is the family of the task definitions that name none.
    pub fn parse_all(origin: &str, text: &str, family: Option<&str>) -> Result<Vec<Self>, SourceError> {
        match terraform::read_shown(origin, None, text) {
            Some(documents) => documents,
            None => Self::parse_not_shown(origin, text, family),
        }
    }

    /// Reads the task definitions in a text that is no plan and no state of Terraform.
    pub(super) fn parse_not_shown(origin: &str, text: &str, family: Option<&str>) -> Result<Vec<Self>, SourceError> {
        let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let body = &text[bom..];
        if let Err(error) = serde_json::from_str::<IgnoredAny>(body) {
            if yaml_document::may_be_yaml(origin, body) {
                return yaml_document::documents(origin, text, family);
            }
            // A text that begins as JSON and contains containers is a task definition with an error.
            let names_one = ["ontainerDefinitions", terraform::TASK_DEFINITION].iter().any(|name| body.contains(name));
            let is_definition = body.trim_start().starts_with(['{', '[']) && names_one;
            return Err(match recognize(origin, body).filter(|_| !is_definition) {
                Some(kind) => SourceError::of_kind(origin, body, 0, kind),
                None => SourceError::not_json(origin, body, &error),
            });
        }
        if let Ok(Some(repeated)) = repeated_key::in_response(body) {
            let error = NotATaskDefinition::Repeated(repeated);
            return Err(SourceError::not_a_task_definition(origin, body, 0..body.len(), &|at| at, error));
        }
        let found = match shape::find(body, family) {
            Err(NotFound::NoShape) => match Self::of_json_template(origin, text, family) {
                Some(documents) => return documents,
                None if recognize(origin, body).is_none() => shape::find_named(body, family),
                None => Err(NotFound::NoShape),
            },
            found => found,
        };
        let found = found.map_err(|why| SourceError::not_found(origin, body, &why))?;
        let text: SourceText = text.into();
        found.into_iter().map(|found| Self::of_json(origin, &text, bom, found)).collect()
    }

    /// Reads the task definitions in a template in JSON. Returns `None` if the text is no template.
    fn of_json_template(origin: &str, text: &str, family: Option<&str>) -> Option<Result<Vec<Self>, SourceError>> {
        if !["\"Resources\"", "\"Fn::Transform\""].iter().any(|mark| text.contains(mark)) {
            return None;
        }
        if text.len() > yaml_document::LARGEST {
            return Some(Err(SourceError::too_large(origin, yaml_document::LARGEST)));
        }
        let tree = Rc::new(Tree::of_json(text)?);
        let documents = template_document::documents(origin, &text.into(), &tree, *tree.roots.first()?, family)?;
        Some(documents.and_then(|documents| match documents.is_empty() {
            true => Err(SourceError::no_definition(origin)),
            false => Ok(documents),
        }))
    }

    fn of_json(origin: &str, text: &SourceText, bom: usize, found: Located) -> Result<Self, SourceError> {
        let Located { place, pointer, tags, form } = found;
        let body = &text[bom..];
        let definition = TaskDefinition::parse(form.read(&body[place.clone()])).map_err(|error| {
            let position_of = |at| (place.start + form.position(at)).min(place.end);
            SourceError::not_a_task_definition(origin, body, place.clone(), &position_of, error)
        })?;
        let tags = tags.and_then(|tags| Tag::parse_list(&body[tags]).ok()).unwrap_or_default();
        let place = place.start + bom..place.end + bom;
        Ok(Self {
            origin: origin.to_owned(),
            readings: vec![Reading::of(definition.clone())],
            definition,
            tags,
            resource: None,
            unknowns: Vec::new(),
            template: None,
            text: text.clone(),
            site: Box::new(JsonSite { place, pointer, form }),
        })
    }

    /// Whether Logweir judges the task definition and never changes it, because it is in a plan or in another file than
    /// the target.
    pub fn is_read_only(&self) -> bool {
        self.site.is_read_only()
    }

    /// Returns the whole text, unchanged.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the changes of the text that make `correction` of the task definition.
    pub fn splices(&self, correction: &Correction) -> Result<Vec<Splice>, Refused> {
        self.site.splices(self, correction)
    }

    /// Returns the JSON Patch (RFC 6902) that makes `correction` in the file. For a removed value, the patch contains
    /// only the pointer. Returns an empty patch if Logweir does not change the file.
    pub fn patch(&self, correction: &Correction) -> Value {
        self.site.patch(self, correction)
    }

    /// Returns the whole text with the corrections of its documents. All documents are of one text, and in the order of
    /// their positions. Every byte outside the corrections stays the same. Returns an empty text if there is no
    /// document.
    pub fn corrected(all: &[(&Self, &Correction)]) -> Result<String, Refused> {
        let Some((first, _)) = all.first() else { return Ok(String::new()) };
        let mut splices: Vec<Splice> = Vec::new();
        for (document, correction) in all {
            splices.extend(document.splices(correction)?);
        }
        let is_changed = !splices.is_empty();
        let text =
            spliced(first.text(), splices).ok_or_else(|| Refused::because("two corrections change the same place"))?;
        if is_changed {
            first.site.check(&text, all)?;
        }
        Ok(text)
    }

    /// Returns the whole text with each of these definitions in place of the task definition of its document. See
    /// [`Self::corrected`].
    pub fn with_all<'d>(fixed: impl IntoIterator<Item = (&'d Self, &'d TaskDefinition)>) -> Result<String, Refused> {
        let fixed: Vec<(&Self, Correction)> =
            fixed.into_iter().map(|(document, definition)| (document, Correction::from(definition))).collect();
        let all: Vec<(&Self, &Correction)> =
            fixed.iter().map(|(document, correction)| (*document, correction)).collect();
        Self::corrected(&all)
    }

    /// Returns the byte range, in the whole text, and the position of the member at each JSON pointer in the task
    /// definition. If the task definition has no member at a pointer, the result is the place of the nearest enclosing
    /// member.
    pub fn places<'p>(&self, pointers: impl IntoIterator<Item = &'p str>) -> Vec<(Range<usize>, Position)> {
        let pointers: Vec<&str> = pointers.into_iter().collect();
        let ranges: Vec<Range<usize>> = self.spots(0, &pointers).iter().map(Found::member).collect();
        let starts: Vec<usize> = ranges.iter().map(|range| range.start).collect();
        ranges.into_iter().zip(self.positions(&starts)).collect()
    }

    /// Returns the position of each byte offset in the whole text.
    pub fn positions(&self, offsets: &[usize]) -> Vec<Position> {
        offsets.iter().map(|offset| self.text.position(*offset)).collect()
    }

    /// Returns the member at each JSON pointer into a reading of the task definition, as byte ranges of the whole text.
    /// If the task definition has no member at a pointer, the result is the nearest enclosing member.
    pub fn spots(&self, reading: usize, pointers: &[&str]) -> Vec<Found> {
        self.site.spots(self, reading, pointers)
    }

    /// Returns the JSON pointer, in the whole text, for a JSON pointer into the first reading of the task definition.
    pub fn pointer(&self, below: &str) -> String {
        self.pointer_of(0, below)
    }

    /// Returns the JSON pointer, in the whole text, for a JSON pointer into a reading of the task definition.
    pub fn pointer_of(&self, reading: usize, below: &str) -> String {
        self.site.pointer(reading, below)
    }

    /// Returns the position, in the whole text, of a position in the text of the task definition. Returns `None` if the
    /// file is a template, whose text is not the text of the task definition.
    pub fn offset(&self, at: usize) -> Option<usize> {
        self.site.offset(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::place;

    const INPUT: &str = r#"{"family":"web","containerDefinitions":[{}]}"#;
    const APP: &str =
        r#"{"name":"app","memory":512,"logConfiguration":{"logDriver":"awslogs","options":{"mode":"blocking"}}}"#;

    fn parse(text: &str, family: Option<&str>) -> Result<Vec<Document>, SourceError> {
        Document::parse_all("web.json", text, family)
    }

    fn at_position(document: &Document, at: usize) -> (usize, usize) {
        let Position { line, column } = place::position(document.text(), document.site.offset(at).unwrap());
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
        Document::with_all([(&document, &changed)]).unwrap()
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
            assert_eq!(Document::with_all([(document, &document.definition)]).unwrap(), text);
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
        let with = Document::with_all([(&documents[0], &documents[0].definition), (&documents[1], &fixed)]).unwrap();
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
