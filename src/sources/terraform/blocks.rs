//! The blocks of a task definition that the rules of the runbook judge, as members of the ECS API.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::hcl::{Block, Body, Fault};
use super::view::value_of;

/// The kinds of the blocks, and their members in the ECS API (source: AWS provider, resource aws_ecs_task_definition).
pub(super) const BLOCKS: [(&str, &str); 4] = [
    ("volume", "volumes"),
    ("runtime_platform", "runtimePlatform"),
    ("proxy_configuration", "proxyConfiguration"),
    ("inference_accelerator", "inferenceAccelerators"),
];

/// A member of the ECS API that blocks describe, with the byte range of the first block.
pub(super) struct Written {
    pub(super) member: &'static str,
    pub(super) value: Value,
    pub(super) place: Range<usize>,
}

/// Returns the members that the blocks of the body describe.
pub(super) fn written(text: &str, body: &Body) -> Result<Vec<Written>, Fault> {
    let mut all = Vec::new();
    for (kind, name) in BLOCKS {
        let is_dynamic = |block: &&Block| block.kind == "dynamic" && block.labels.iter().any(|label| label == kind);
        let unknown = body.blocks.iter().find(is_dynamic).map(|block| block.range.clone());
        // A file in JSON has an attribute in the place of the blocks.
        let unknown = unknown.or_else(|| body.attribute(kind).map(|attribute| attribute.range.clone()));
        if let Some(place) = unknown {
            all.push(Written { member: name, value: json!({ "Ref": kind }), place });
            continue;
        }
        let of_kind = || body.blocks.iter().filter(|block| block.kind == kind);
        let Some(first) = of_kind().next() else { continue };
        let blocks = of_kind().map(|block| attributes(text, block)).collect::<Result<Vec<Value>, Fault>>()?;
        all.push(Written { member: name, value: member(kind, &blocks), place: first.range.clone() });
    }
    Ok(all)
}

/// Returns the attributes of the block. An inner block is a list, as in a plan of Terraform.
fn attributes(text: &str, block: &Block) -> Result<Value, Fault> {
    let body = block.body(text)?;
    let mut all = Map::new();
    for attribute in &body.attributes {
        all.insert(attribute.name.clone(), value_of(text, &attribute.value));
    }
    for inner in &body.blocks {
        let (kind, value) = match (inner.kind.as_str(), inner.labels.first()) {
            ("dynamic", Some(label)) => (label.as_str(), json!({ "Ref": label })),
            (kind, _) => (kind, json!([attributes(text, inner)?])),
        };
        all.insert(kind.to_owned(), value);
    }
    Ok(Value::Object(all))
}

/// Returns the member that blocks of this kind describe.
pub(super) fn member(kind: &str, blocks: &[Value]) -> Value {
    let first = blocks.first().unwrap_or(&Value::Null);
    match kind {
        "volume" => blocks.iter().map(volume).collect(),
        "runtime_platform" => renamed(first, &[("operating_system_family", "operatingSystemFamily")]),
        "proxy_configuration" => renamed(first, &[("container_name", "containerName"), ("type", "type")]),
        _ => {
            let names = [("device_name", "deviceName"), ("device_type", "deviceType")];
            blocks.iter().map(|block| renamed(block, &names)).collect()
        }
    }
}

fn volume(block: &Value) -> Value {
    let mut volume = renamed(block, &[("name", "name")]);
    let host = renamed(block, &[("host_path", "sourcePath")]);
    if host != json!({}) {
        volume["host"] = host;
    }
    let efs = [("file_system_id", "fileSystemId"), ("transit_encryption", "transitEncryption")];
    let docker = [("driver", "driver"), ("driver_opts", "driverOpts")];
    for (kind, name, names) in [
        ("efs_volume_configuration", "efsVolumeConfiguration", efs),
        ("docker_volume_configuration", "dockerVolumeConfiguration", docker),
    ] {
        match &block[kind] {
            Value::Array(inner) => volume.as_object_mut().into_iter().for_each(|volume| {
                volume.extend(inner.first().map(|inner| (name.to_owned(), renamed(inner, &names))));
            }),
            Value::Null => {}
            unknown => volume[name] = unknown.clone(),
        }
    }
    volume
}

/// Returns the attributes with these names under their names in the ECS API. Leaves out an absent attribute. A block
/// that only Terraform knows stays as it is.
fn renamed(block: &Value, names: &[(&str, &str)]) -> Value {
    if block.get("Ref").is_some() {
        return block.clone();
    }
    let known = names.iter().filter(|(name, _)| !block[*name].is_null());
    Value::Object(known.map(|(name, of_ecs)| ((*of_ecs).to_owned(), block[*name].clone())).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::super::read_hcl;

    #[test]
    fn the_blocks_of_a_resource_are_members_of_the_task_definition() {
        let text = "resource \"aws_ecs_task_definition\" \"web\" {
  container_definitions = jsonencode([{ name = \"app\" }])
  volume {
    name      = \"host\"
    host_path = \"/etc\"
  }
  volume {
    name = \"efs\"
    efs_volume_configuration {
      file_system_id     = var.id
      transit_encryption = \"ENABLED\"
    }
  }
  runtime_platform {
    operating_system_family = \"WINDOWS_SERVER_2022_CORE\"
  }
  dynamic \"inference_accelerator\" {
    for_each = var.all
  }
}
";
        let documents = read_hcl("main.tf", Path::new("no-such-folder/main.tf"), text).unwrap();
        let view = documents[0].definition.view();
        let volumes = json!([
            {"name": "host", "host": {"sourcePath": "/etc"}},
            {"name": "efs", "efsVolumeConfiguration": {"fileSystemId": {"Ref": "var.id"}, "transitEncryption": "ENABLED"}},
        ]);
        assert_eq!(view["volumes"], volumes);
        assert_eq!(view["runtimePlatform"], json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}));
        assert_eq!(view["inferenceAccelerators"], json!({"Ref": "inference_accelerator"}));
    }
}
