//! The kinds of files that a walk passes over, because they contain no task definition.

use std::collections::BTreeMap;

/// The kind of a file that a walk passes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    CloudFormation,
    Terraform,
    Yaml,
    Jsonnet,
    /// A list of containers without a task definition around it.
    ContainerList,
    SymbolicLink,
    /// Any other file.
    Other,
}

/// The number of files of each kind that a walk passed over.
pub type PassedOver = BTreeMap<Kind, usize>;

/// What the name of a file says about its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByName {
    /// The file contains JSON, or a template of JSON.
    Json,
    /// The file contains YAML, or a template of YAML.
    Yaml,
    /// The file contains HCL, the language of Terraform and OpenTofu, or the JSON syntax of Terraform.
    Hcl,
    /// The file is a template of some text, and may contain JSON or YAML.
    Template,
    Kind(Kind),
}

/// The endings of templates and samples, which follow the ending of the format: `task.json.tpl`.
const TEMPLATES: [&str; 19] = [
    "tpl",
    "tmpl",
    "template",
    "tftpl",
    "gotmpl",
    "j2",
    "jinja",
    "jinja2",
    "erb",
    "ejs",
    "mustache",
    "hbs",
    "handlebars",
    "liquid",
    "envsubst",
    "in",
    "dist",
    "example",
    "sample",
];

/// Returns what the name of a file says about its content.
pub(super) fn by_name(name: &str) -> ByName {
    let name = name.to_ascii_lowercase();
    let mut parts: Vec<&str> = name.split('.').collect();
    let all = parts.len();
    while parts.len() > 1 && parts.last().is_some_and(|ending| TEMPLATES.contains(ending)) {
        parts.pop();
    }
    let is_template = parts.len() < all;
    match parts[1..] {
        [.., "tf" | "tofu"] | [.., "tf" | "tofu", "json"] if !is_template => ByName::Hcl,
        [.., "tf" | "tofu" | "tfvars", "json"] | [.., "tf" | "tofu" | "tfvars" | "tfplan" | "hcl"] => {
            ByName::Kind(Kind::Terraform)
        }
        [.., "json" | "jsonc" | "json5" | "tfstate"] => ByName::Json,
        [.., "yaml" | "yml"] => ByName::Yaml,
        [.., "jsonnet" | "libsonnet"] => ByName::Kind(Kind::Jsonnet),
        [] if is_template => ByName::Template,
        _ => ByName::Kind(Kind::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_file_may_contain() {
        for name in [
            "web.json",
            "WEB.JSON",
            "task.json.tpl",
            "task.tpl.json",
            "web.json.j2",
            "web.jsonc",
            "web.json5",
            "web.json.erb.dist",
            "a.b.json",
            "terraform.tfstate",
        ] {
            assert_eq!(by_name(name), ByName::Json, "{name}");
        }
        for name in ["taskdef.tpl", "task-definition.j2", "web.template", "json.tpl"] {
            assert_eq!(by_name(name), ByName::Template, "{name}");
        }
        for name in ["stack.yaml", "stack.yml.j2", "TD.YAML"] {
            assert_eq!(by_name(name), ByName::Yaml, "{name}");
        }
        for name in ["main.tf", "main.tofu", "cdk.tf.json", "x_override.tofu.json"] {
            assert_eq!(by_name(name), ByName::Hcl, "{name}");
        }
        for (name, kind) in [
            ("prod.tfvars.json", Kind::Terraform),
            ("main.tf.json.j2", Kind::Terraform),
            ("prod.tfplan", Kind::Terraform),
            ("main.tf.tpl", Kind::Terraform),
            ("td.jsonnet", Kind::Jsonnet),
            ("README.md", Kind::Other),
            ("user-data.sh.tpl", Kind::Other),
            ("Makefile", Kind::Other),
            ("tpl", Kind::Other),
            ("json", Kind::Other),
            ("web.json.bak", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(by_name(name), ByName::Kind(kind), "{name}");
        }
    }
}
