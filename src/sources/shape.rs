//! The shapes in which files contain task definitions: one task definition, a list of task definitions or of
//! responses of DescribeTaskDefinition, or a list of containers without the rest of the task definition.

use std::ops::Range;

use super::pascal;
use super::tree::escaped;
use crate::domain::text::json::{self, Member};

/// A task definition in a text, with the way from the text of its place to the JSON of the ECS API and back.
pub(super) struct Located {
    /// The byte range of the task definition, or of the list of containers.
    pub(super) place: Range<usize>,
    /// The JSON pointer (RFC 6901) to the place.
    pub(super) pointer: String,
    /// The byte range of the tags beside the task definition, in a response of DescribeTaskDefinition.
    pub(super) tags: Option<Range<usize>>,
    pub(super) form: Form,
}

/// How the text of a place differs from a task definition in the JSON of the ECS API.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// Whether the members are in PascalCase.
    is_pascal: bool,
    /// Whether the place is a list of containers.
    is_containers: bool,
    /// The text before the place that completes the task definition, such as its family.
    head: String,
    /// The number of bytes at the start of the place that `head` replaces: 1 if `head` replaces the opening brace.
    replaced: usize,
    /// The text after the place that completes the task definition.
    tail: &'static str,
}

/// Why a text contains no task definition.
pub(super) enum NotFound {
    /// The text has none of the shapes.
    NoShape,
    /// The text is a list of containers, and the caller has not named their family.
    NoFamily,
    /// The members are partly in PascalCase and partly in camelCase.
    MixedCase,
    /// The item of the list at this index, which is at this byte range, is no task definition.
    Item { index: usize, place: Range<usize> },
    /// The task definition at this byte range contains another one.
    Nested { place: Range<usize> },
}

const CONTAINERS: [&str; 2] = ["containerDefinitions", "ContainerDefinitions"];
const WRAPPERS: [&str; 2] = ["taskDefinition", "TaskDefinition"];
const LISTS: [&str; 2] = ["taskDefinitions", "TaskDefinitions"];

/// Finds the task definitions in a JSON text. `family` is the family of the task definitions that name none.
pub(super) fn find(body: &str, family: Option<&str>) -> Result<Vec<Located>, NotFound> {
    let whole = whole(body);
    match body[whole.clone()].starts_with('[') {
        true => list(body, whole, "", family),
        false => object(body, whole, "", family),
    }
}

/// Finds the task definitions in a JSON object whose keys the author chooses, such as the names of services.
pub(super) fn find_named(body: &str, family: Option<&str>) -> Result<Vec<Located>, NotFound> {
    let mut found = Vec::new();
    for member in members(body, &whole(body)) {
        match object(body, member.value, &format!("/{}", escaped(&member.key)), family) {
            Err(NotFound::NoShape) => {}
            located => found.extend(located?),
        }
    }
    if found.is_empty() { Err(NotFound::NoShape) } else { Ok(found) }
}

fn whole(body: &str) -> Range<usize> {
    let start = body.len() - body.trim_start().len();
    start..start + body.trim().len()
}

fn list(body: &str, place: Range<usize>, pointer: &str, family: Option<&str>) -> Result<Vec<Located>, NotFound> {
    let items = json::items(&body[place.clone()]).map_err(|_| NotFound::NoShape)?;
    let items: Vec<_> = items.into_iter().map(|item| place.start + item.start..place.start + item.end).collect();
    let mut keys = items.iter().map(|item| members(body, item));
    if let Some(keys) = keys.find(|keys| is_container(keys)) {
        return Ok(vec![containers(body, place, pointer, &keys, family)?]);
    }
    let (mut all, mut other) = (Vec::new(), None);
    for (index, item) in items.into_iter().enumerate() {
        match object(body, item.clone(), &format!("{pointer}/{index}"), family) {
            Err(NotFound::NoShape) if other.is_none() => other = Some(NotFound::Item { index, place: item }),
            Err(NotFound::NoShape) => {}
            found => all.extend(found?),
        }
    }
    match other {
        _ if all.is_empty() => Err(NotFound::NoShape),
        Some(other) => Err(other),
        None => Ok(all),
    }
}

/// Returns the task definitions of the object at `place`: the object itself, or the task definitions in it, as in a
/// response, a list of responses, or a resource of CloudFormation.
fn object(body: &str, place: Range<usize>, pointer: &str, family: Option<&str>) -> Result<Vec<Located>, NotFound> {
    let keys = members(body, &place);
    let is_resource =
        keys.iter().any(|it| it.key == "Type" && body[it.value.clone()] == *"\"AWS::ECS::TaskDefinition\"");
    let tags = keys.iter().find(|member| matches!(&*member.key, "tags" | "Tags")).map(|member| member.value.clone());
    let mut found = Vec::new();
    for member in &keys {
        let pointer = format!("{pointer}/{}", member.key);
        let wraps = WRAPPERS.contains(&&*member.key) || (is_resource && member.key == "Properties");
        if wraps && is(body, member, '{') {
            let inner = members(body, &member.value);
            if has_containers(&inner) {
                let definition = definition(body, member.value.clone(), &pointer, &inner, family)?;
                found.push(Located { tags: tags.clone(), ..definition });
            }
        } else if LISTS.contains(&&*member.key) && is(body, member, '[') {
            match list(body, member.value.clone(), &pointer, family) {
                Err(NotFound::NoShape) => {}
                located => found.extend(located?),
            }
        }
    }
    match has_containers(&keys) {
        true if !found.is_empty() => Err(NotFound::Nested { place }),
        true => Ok(vec![definition(body, place, pointer, &keys, family)?]),
        false if found.is_empty() => Err(NotFound::NoShape),
        false => Ok(found),
    }
}

fn definition(
    body: &str,
    place: Range<usize>,
    pointer: &str,
    members: &[Member],
    family: Option<&str>,
) -> Result<Located, NotFound> {
    let has = |key: &str| members.iter().any(|member| member.key == key);
    let is_pascal = !has(CONTAINERS[0]);
    if is_pascal && pascal::to_camel(&body[place.clone()]).is_none() {
        return Err(NotFound::MixedCase);
    }
    let unnamed = family.filter(|_| !has("family") && !has("Family"));
    let (head, replaced) = match unnamed {
        Some(family) => (format!("{{\"family\":{},", serde_json::Value::from(family)), 1),
        None => (String::new(), 0),
    };
    let form = Form { is_pascal, head, replaced, ..Form::default() };
    Ok(Located { place, pointer: pointer.to_owned(), tags: None, form })
}

fn containers(
    body: &str,
    place: Range<usize>,
    pointer: &str,
    first: &[Member],
    family: Option<&str>,
) -> Result<Located, NotFound> {
    let is_pascal = !first.iter().any(|member| member.key == "name");
    if is_pascal && pascal::to_camel(&body[place.clone()]).is_none() {
        return Err(NotFound::MixedCase);
    }
    let family = serde_json::Value::from(family.ok_or(NotFound::NoFamily)?);
    let head = format!("{{\"family\":{family},\"containerDefinitions\":");
    let form = Form { is_pascal, is_containers: true, head, replaced: 0, tail: "}" };
    Ok(Located { place, pointer: pointer.to_owned(), tags: None, form })
}

/// Returns the members of the object at `place`, with their positions in `body`. Returns none for another value.
fn members(body: &str, place: &Range<usize>) -> Vec<Member> {
    let moved =
        |member: Member| Member { value: place.start + member.value.start..place.start + member.value.end, ..member };
    json::members(&body[place.clone()]).unwrap_or_default().into_iter().map(moved).collect()
}

fn is(body: &str, member: &Member, first: char) -> bool {
    body[member.value.clone()].starts_with(first)
}

fn has_containers(members: &[Member]) -> bool {
    members.iter().any(|member| CONTAINERS.contains(&&*member.key))
}

/// Whether these are the members of a container. A file of CodePipeline also lists objects with names, but each of
/// them has an `imageUri`.
fn is_container(members: &[Member]) -> bool {
    let has = |keys: &[&str]| members.iter().any(|member| keys.contains(&&*member.key));
    let others = [
        "image",
        "Image",
        "logConfiguration",
        "LogConfiguration",
        "essential",
        "Essential",
        "memory",
        "Memory",
        "memoryReservation",
        "MemoryReservation",
        "portMappings",
        "PortMappings",
        "environment",
        "Environment",
    ];
    has(&["name", "Name"]) && has(&others) && !has(&["imageUri"])
}

impl Form {
    /// Returns the task definition, in the JSON of the ECS API, whose text in the file is `text`.
    pub(super) fn read(&self, text: &str) -> String {
        let camel = if self.is_pascal { pascal::to_camel(text) } else { None };
        let text = camel.as_deref().unwrap_or(text);
        [&self.head, &text[self.replaced..], self.tail].concat()
    }

    /// Returns the text in the file of the task definition `definition`.
    pub(super) fn write(&self, definition: &str) -> String {
        let text = definition.strip_prefix(&*self.head).unwrap_or(definition);
        let text = text.strip_suffix(self.tail).unwrap_or(text);
        let text = [&"{"[..self.replaced], text].concat();
        if self.is_pascal { pascal::to_pascal(&text) } else { text }
    }

    /// Returns the position in the text of the file for the position `at` in the task definition.
    pub(super) fn position(&self, at: usize) -> usize {
        at.checked_sub(self.head.len()).map_or(0, |at| at + self.replaced)
    }

    /// Returns the JSON pointer in the text of the file for a pointer into the task definition.
    pub(super) fn pointer(&self, pointer: &str) -> String {
        let below =
            if self.is_containers { pointer.strip_prefix("/containerDefinitions").unwrap_or("") } else { pointer };
        if self.is_pascal { pascal::pointer_to_pascal(below) } else { below.to_owned() }
    }
}
