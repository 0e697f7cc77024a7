//! The readings of a task definition in a template: what it is for each branch of the conditions that decide about a
//! value that rules read.

use serde_json::Value;

use super::cloudformation::{Assignment, Template};
use super::tree::{NodeId, Tree};
use super::view::{Seen, Shape, Unviewed, View, Viewer};
use crate::domain::ecs::task_definition::{NotATaskDefinition, TaskDefinition};
use crate::domain::readings::{Branch, Reading};
use crate::domain::verdict::Unknown;

/// The largest number of readings of a task definition, and of forms of a reading.
const MOST: usize = 16;

/// The readings that a template gives a task definition.
#[derive(Default)]
pub(super) struct Found {
    pub(super) readings: Vec<Reading>,
    /// The shape of each reading's definition.
    pub(super) shapes: Vec<Shape>,
    pub(super) unknowns: Vec<Unknown>,
    /// Why no reading is a task definition.
    pub(super) not_a_definition: Option<NotATaskDefinition>,
}

/// Returns the readings of the task definition with these properties. `family` is the family if the template names
/// none. `condition` is the condition of the resource, which is true wherever the task definition exists.
pub(super) fn readings(
    tree: &Tree,
    template: &Template,
    properties: NodeId,
    condition: Option<&str>,
    family: Option<&str>,
) -> Result<Found, Unviewed> {
    let mut found = Found::default();
    let mut open = vec![condition.map(|condition| (condition.to_owned(), true)).into_iter().collect::<Assignment>()];
    let (mut is_cut, mut is_included) = (false, false);
    while let Some(assignment) = open.pop() {
        let (view, seen) = view(tree, template, properties, &assignment, Wish::Narrow)?;
        is_included |= !seen.included.is_empty();
        if let Some(condition) = seen.open_condition {
            if found.readings.len() + open.len() + 2 <= MOST {
                open.extend(branches(tree, template, &assignment, &condition));
                continue;
            }
            is_cut = true;
        }
        let Some(View { value, shape }) = view else { continue };
        let definition = match parse(value, family) {
            Ok(definition) => definition,
            Err(error) => {
                found.not_a_definition.get_or_insert(error);
                continue;
            }
        };
        let defaulted = match seen.defaults.is_empty() {
            false => self::view(tree, template, properties, &assignment, Wish::Defaults)?.0,
            true => None,
        };
        let defaulted = defaulted.and_then(|view| parse(view.value, family).ok());
        let further = match seen.is_conditional {
            true => forms(tree, template, properties, &assignment, family)?,
            false => Vec::new(),
        };
        let branch =
            |(condition, is_true): (&String, &bool)| Branch { condition: condition.clone(), is_true: *is_true };
        let branches = assignment.iter().map(branch).collect();
        found.readings.push(Reading { definition, defaulted, defaults: seen.defaults, branches, further });
        found.shapes.push(shape);
    }
    if !found.readings.is_empty() && found.not_a_definition.take().is_some() {
        found
            .unknowns
            .push(Unknown::of_whole("a branch of a condition is not a task definition that Logweir can read"));
    }
    if is_cut {
        let why = format!("the conditions of the template have more than {MOST} combinations");
        found.unknowns.push(Unknown::of_whole(why));
    }
    if is_included {
        let why = "an include, a macro or a loop (`Fn::Transform`, `Fn::ForEach`) adds members to the task definition";
        found.unknowns.push(Unknown::of_whole(why));
    }
    Ok(found)
}

/// Returns the assignment with each value of the condition that the template does not contradict.
fn branches(tree: &Tree, template: &Template, assignment: &Assignment, condition: &str) -> Vec<Assignment> {
    let assumed = [false, true].map(|value| {
        let mut assignment = assignment.clone();
        assignment.insert(condition.to_owned(), value);
        assignment
    });
    let is_possible = |assignment: &Assignment| !template.contradicts(tree, assignment);
    let is_open = !assumed.iter().any(is_possible);
    assumed.into_iter().filter(|assignment| is_open || is_possible(assignment)).collect()
}

/// Returns the forms of a task definition for each branch of all conditions. `assumed` has the values of the conditions
/// that the reading assumes. A condition beyond the largest number of forms stays in the last ones.
fn forms(
    tree: &Tree,
    template: &Template,
    properties: NodeId,
    assumed: &Assignment,
    family: Option<&str>,
) -> Result<Vec<TaskDefinition>, Unviewed> {
    let (mut forms, mut open) = (Vec::new(), vec![assumed.clone()]);
    while let Some(assignment) = open.pop() {
        let (view, seen) = view(tree, template, properties, &assignment, Wish::Wide)?;
        match seen.open_condition.filter(|_| forms.len() + open.len() + 2 <= MOST) {
            Some(condition) => open.extend(branches(tree, template, &assignment, &condition)),
            None => forms.extend(view.and_then(|view| parse(view.value, family).ok())),
        }
    }
    Ok(forms)
}

/// How a view reads values under parameters and conditions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Only the conditions of the values that the rules about logs read count.
    Narrow,
    /// As `Narrow`, with the defaults of parameters.
    Defaults,
    /// The conditions of all values count.
    Wide,
}

fn view(
    tree: &Tree,
    template: &Template,
    properties: NodeId,
    assignment: &Assignment,
    wish: Wish,
) -> Result<(Option<View>, Seen), Unviewed> {
    let seen = Seen::default();
    let (with_defaults, is_wide) = (wish == Wish::Defaults, wish == Wish::Wide);
    let template = Some(template);
    let mut viewer = Viewer { tree, template, assignment, with_defaults, is_pascal: true, is_wide, seen };
    let view = viewer.definition(properties)?;
    Ok((view, viewer.seen))
}

/// Returns the task definition with this JSON. Gives it the family if it has none.
pub(super) fn parse(mut value: Value, family: Option<&str>) -> Result<TaskDefinition, NotATaskDefinition> {
    if let (Some(family), Value::Object(members)) = (family, &mut value)
        && !members.contains_key("family")
    {
        members.insert("family".into(), family.into());
    }
    TaskDefinition::parse(value.to_string())
}
