//! The task definitions of a file in HCL: each resource `aws_ecs_task_definition`, as the JSON of the ECS API.

use std::ops::Range;

use serde_json::Value;

use super::blocks::{Written, written};
use super::containers::{Containers, Holder, Listed, containers};
use super::folder::{Folder, HclFile};
use super::hcl::{Block, Body, ExpressionKind, Fault};
use super::view::{View, ViewWriter};

/// The type of the resource.
pub(in crate::sources) const TASK_DEFINITION: &str = "aws_ecs_task_definition";

/// The type of the resource in the provider `awscc` (AWS Cloud Control), whose attributes Logweir does not read.
pub(super) const CLOUD_CONTROL: &str = "awscc_ecs_task_definition";

/// Why the containers of such a resource are unknown.
pub(super) const UNREAD_TYPE: &str = "Logweir does not read resources of the type awscc_ecs_task_definition";

/// The types of the resources that deploy a template of CloudFormation, which may be a text in the resource.
pub(super) const STACKS: [&str; 2] = ["aws_cloudformation_stack", "aws_cloudformation_stack_set"];

/// The type of a task definition in a template of CloudFormation.
pub(super) const IN_TEMPLATE: &str = "AWS::ECS::TaskDefinition";

/// Why the containers of such a template are unknown.
pub(super) const EMBEDDED: &str =
    "a text in the resource is a template of CloudFormation with task definitions; write it to a file of its own";

/// The attributes of the resource that the rules know, and their names in the ECS API (source: AWS provider,
/// resource aws_ecs_task_definition).
pub(super) const ATTRIBUTES: [(&str, &str); 9] = [
    ("family", "family"),
    ("execution_role_arn", "executionRoleArn"),
    ("task_role_arn", "taskRoleArn"),
    ("requires_compatibilities", "requiresCompatibilities"),
    ("network_mode", "networkMode"),
    ("cpu", "cpu"),
    ("memory", "memory"),
    ("pid_mode", "pidMode"),
    ("ipc_mode", "ipcMode"),
];

/// A task definition in HCL.
pub(super) struct Definition {
    /// The name of the resource.
    pub(super) name: String,
    pub(super) view: View,
    /// The byte range of the resource's first line in its own file.
    pub(super) header: Range<usize>,
    /// The list of containers, with the file that contains it. `None` if Logweir does not know the containers.
    pub(super) listed: Option<Listed>,
    /// Why Logweir does not know the containers.
    pub(super) unknown: Option<String>,
}

/// The reason why the containers of a resource cannot be read, with the offset of the fault in the file.
pub(super) struct Broken {
    pub(super) at: usize,
    pub(super) why: String,
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self { at: fault.at, why: format!("not HCL: {}", fault.message) }
    }
}

/// Returns the task definitions that the file of the folder defines. An override file defines none: it only changes the
/// resources of other files.
pub(super) fn definitions(folder: &Folder) -> Result<Vec<Definition>, Broken> {
    let file = &folder.file;
    if file.is_override() {
        return Ok(Vec::new());
    }
    let resources = file.named("resource", TASK_DEFINITION);
    resources.map(|(name, block)| definition(folder, file, name, block)).collect()
}

fn definition(folder: &Folder, file: &HclFile, name: &str, block: &Block) -> Result<Definition, Broken> {
    let body = block.body(&file.text)?;
    let header = block.header(&file.text);
    let found = body.attribute("container_definitions");
    let read = || match folder.override_of_block("resource", TASK_DEFINITION, name) {
        Some(why) => Some(Containers::Unknown(why)),
        None => found.map(|attribute| containers(folder, file, &attribute.value)),
    };
    let (listed, unknown) = match read() {
        Some(Containers::Listed(listed)) => (Some(listed), None),
        Some(Containers::Unknown(why)) => (None, Some(why)),
        Some(Containers::Broken { path, at, why }) => {
            let place = found.map_or(header.start, |attribute| attribute.value.range.start);
            let is_here = path == file.path;
            let of = if is_here { String::new() } else { format!(" in {}", path.display()) };
            let at = at.filter(|_| is_here).unwrap_or(place);
            return Err(Broken { at, why: format!("container_definitions{of}: {why}") });
        }
        None => (None, Some("the resource has no container_definitions".into())),
    };
    let attribute = found.map(|attribute| attribute.range.clone());
    let blocks = written(&file.text, &body)?;
    let view = view(file, (&body, &blocks[..]), listed.as_ref(), &header, attribute.unwrap_or(header.clone()));
    Ok(Definition { name: name.to_owned(), view, header, listed, unknown })
}

/// Returns the task definition of a resource with this body and these blocks. `header` is the place of the resource, and
/// `attribute` is the place of its containers.
fn view(
    file: &HclFile,
    (body, blocks): (&Body, &[Written]),
    listed: Option<&Listed>,
    header: &Range<usize>,
    attribute: Range<usize>,
) -> View {
    let is_here = listed.is_none_or(|listed| listed.path == file.path);
    let (text, whole, elsewhere) = match listed {
        Some(listed) if !is_here => (&listed.text, listed.list.range.clone(), listed.list.range.clone()),
        _ => (&file.text, header.clone(), attribute.clone()),
    };
    let mut writer = ViewWriter::new(text, whole, elsewhere);
    for (hcl, ecs) in ATTRIBUTES {
        let Some(found) = body.attribute(hcl).filter(|found| found.value.kind != ExpressionKind::Literal(Value::Null))
        else {
            continue;
        };
        let place = is_here.then(|| found.range.start..found.range.start + hcl.len());
        writer.member(ecs, place, |writer| match is_here {
            true => writer.expression(&found.value),
            false => writer.foreign(&file.text, &found.value),
        });
    }
    for Written { member, value, place } in blocks {
        let place = is_here.then(|| place.clone());
        writer.member(member, place.clone(), |writer| writer.value_at(place, value));
    }
    let name = is_here.then(|| attribute.start..attribute.start + "container_definitions".len().min(attribute.len()));
    writer.member("containerDefinitions", name, |writer| match listed {
        Some(listed) => writer.containers(&listed.list),
        None => {
            let value = serde_json::json!([{ "Ref": "container_definitions" }]);
            writer.value_at(Some(attribute), &value);
        }
    });
    writer.finish()
}

/// Whether Logweir can change the list of containers in the file.
pub(super) fn is_editable(listed: &Listed, file: &HclFile) -> bool {
    listed.path == file.path && listed.holder == Holder::Hcl
}
