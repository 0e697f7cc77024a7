//! Recognizes the kind of a file that is no task definition, by its name and by its outer members.

use super::FileKind;
use super::kind::{ByName, Kind, by_name};
use crate::domain::text::json::{items, members};

/// Returns the kind of the file `name` with the content `text`. Returns `None` if neither the name nor the text shows
/// the kind. Reads only the outer members of the text, and never fails on an invalid text.
pub(super) fn recognize(name: &str, text: &str) -> Option<FileKind> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let body = text.trim_start_matches('\u{feff}').trim_start();
    let by_text = || match body.bytes().next() {
        Some(b'{') => of_object(&Object::of(body)?),
        Some(b'[') => of_list(body),
        _ => of_yaml(&name, body),
    };
    by_language(&name).or_else(by_text).or_else(|| of_name(&name))
}

/// Returns the kind of a file in a language that is neither JSON nor YAML. The name alone shows such a kind.
fn by_language(name: &str) -> Option<FileKind> {
    match by_name(name) {
        ByName::Hcl | ByName::Kind(Kind::Terraform) => Some(FileKind::TerraformConfiguration),
        ByName::Kind(Kind::Jsonnet) => Some(FileKind::Jsonnet),
        _ => (name == "dockerfile" || name.starts_with("dockerfile.")).then_some(FileKind::Dockerfile),
    }
}

/// Returns the kind of a file whose text shows no kind.
fn of_name(name: &str) -> Option<FileKind> {
    let is_json = name.ends_with(".json");
    match name {
        "package.json" | "package-lock.json" | "npm-shrinkwrap.json" => Some(FileKind::NodePackage),
        "cdk.json" | "cdk.context.json" => Some(FileKind::CdkFile),
        "appspec.json" => Some(FileKind::AppSpec),
        "imagedefinitions.json" | "imagedetail.json" => Some(FileKind::ImageDefinitions),
        _ if is_json && (name.starts_with("tsconfig") || name.starts_with("jsconfig")) => {
            Some(FileKind::TypescriptConfiguration)
        }
        _ if name.ends_with(".tfstate") => Some(FileKind::TerraformState),
        _ if by_name(name) == ByName::Yaml => Some(FileKind::Yaml),
        _ => None,
    }
}

/// The outer members of a JSON object, each with the text of its value.
struct Object<'t>(Vec<(String, &'t str)>);

impl<'t> Object<'t> {
    /// Returns `None` if the text is not a JSON object.
    fn of(text: &'t str) -> Option<Self> {
        let members = members(text).ok()?;
        Some(Self(members.into_iter().map(|member| (member.key, &text[member.value])).collect()))
    }

    fn text(&self, key: &str) -> Option<&'t str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, text)| *text)
    }

    fn has(&self, key: &str) -> bool {
        self.text(key).is_some()
    }

    fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    fn has_all(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has(key))
    }

    fn is_string(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| text.starts_with('"'))
    }

    fn is_list(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| text.starts_with('['))
    }

    /// Returns the object that is the value of `key`.
    fn object(&self, key: &str) -> Option<Object<'t>> {
        self.text(key).and_then(Object::of)
    }

    /// Whether the value of `key` is an object whose first member is an object with one of the members `inner`.
    fn holds(&self, key: &str, inner: &[&str]) -> bool {
        let first = self.object(key).and_then(|object| object.0.first().map(|(_, text)| *text));
        first.and_then(Object::of).is_some_and(|first| first.has_any(inner))
    }

    /// Whether the value of `key` is an empty list, or a list whose first item is an object with one of the members
    /// `inner`.
    fn lists(&self, key: &str, inner: &[&str]) -> bool {
        self.text(key).and_then(first_item).is_some_and(|first| first.has_any(inner))
    }
}

/// Returns the first item of the JSON array `text`, if the item is an object.
fn first_item(text: &str) -> Option<Object<'_>> {
    let items = items(text).ok()?;
    Object::of(&text[items.first()?.clone()])
}

fn of_object(object: &Object<'_>) -> Option<FileKind> {
    let schema = object.text("schema").or(object.text("$schema")).unwrap_or_default();
    if schema.starts_with("\"logweir.") {
        return Some(FileKind::LogweirReport);
    }
    of_template(object).or_else(|| of_ecs(object)).or_else(|| of_aws(object)).or_else(|| of_other(object, schema))
}

/// Returns the kind of a file that a tool renders or deploys.
fn of_template(object: &Object<'_>) -> Option<FileKind> {
    if object.has_any(&["resource_changes", "planned_values"]) {
        return Some(FileKind::TerraformPlan);
    }
    if object.has("terraform_version") || object.has_all(&["lineage", "serial"]) {
        return Some(FileKind::TerraformState);
    }
    let is_terraform = ["resource", "provider", "terraform", "module", "locals"];
    if is_terraform.iter().any(|key| object.object(key).is_some()) && !object.has("apiVersion") {
        return Some(FileKind::TerraformConfiguration);
    }
    if object.has("container_definitions") {
        return Some(FileKind::TerraformContainer);
    }
    if object.lists("Resources", &["TargetService", "targetService"]) || object.lists("resources", &["TargetService"]) {
        return Some(FileKind::AppSpec);
    }
    if object.has("AWSTemplateFormatVersion") || object.object("Resources").is_some() {
        return Some(FileKind::CloudFormation);
    }
    if object.has("services") && object.holds("services", &["image", "build", "extends"]) {
        return Some(FileKind::Compose);
    }
    if object.has_all(&["apiVersion", "kind"]) {
        return Some(FileKind::Kubernetes);
    }
    let is_cdk = object.has_all(&["version", "artifacts"]) || object.has_all(&["version", "files", "dockerImages"]);
    is_cdk.then_some(FileKind::CdkFile)
}

/// Returns the kind of an input or output of ECS.
fn of_ecs(object: &Object<'_>) -> Option<FileKind> {
    if object.has_any(&["daemonTaskDefinition", "daemonTaskDefinitionArn", "daemonTaskDefinitions"]) {
        return Some(FileKind::DaemonTaskDefinition);
    }
    if object.is_list("taskDefinitionArns") || object.is_list("familyNames") || object.has("families") {
        return Some(FileKind::TaskDefinitionNames);
    }
    let service = [
        "serviceName",
        "ServiceName",
        "serviceArn",
        "desiredCount",
        "DesiredCount",
        "deploymentConfiguration",
        "deploymentController",
        "schedulingStrategy",
        "primaryContainer",
    ];
    let is_service = object.has_any(&service)
        || object.object("service").is_some_and(|service| service.has_any(&["serviceArn", "serviceName"]))
        || object.lists("services", &["serviceArn", "serviceName"])
        || object.is_list("serviceArns");
    if is_service {
        return Some(FileKind::EcsService);
    }
    if object.lists("tasks", &["taskArn"]) || object.is_list("taskArns") || object.has("taskArn") {
        return Some(FileKind::EcsTasks);
    }
    if object.has("containerOverrides") || (object.is_string("taskDefinition") && !object.has("detail")) {
        return Some(FileKind::RunTask);
    }
    if object.lists("clusters", &["clusterArn"]) || object.object("cluster").is_some_and(|it| it.has("clusterArn")) {
        return Some(FileKind::EcsCluster);
    }
    is_container(object).then_some(FileKind::Container)
}

/// Returns the kind of an input or output of another AWS service.
fn of_aws(object: &Object<'_>) -> Option<FileKind> {
    let is_event = object.has_all(&["eventSource", "eventName"])
        || object.has_all(&["detail-type", "detail"])
        || object.lists("Records", &["eventSource", "EventSource", "eventName", "Sns"])
        || object.lists("Events", &["CloudTrailEvent", "EventName"])
        || object.lists("Messages", &["Body"])
        || object.has("CloudTrailEvent");
    if is_event {
        return Some(FileKind::Event);
    }
    if object.has_any(&["jobDefinitionName", "containerProperties", "jobDefinitions"]) {
        return Some(FileKind::BatchJobDefinition);
    }
    if object.has_all(&["StartAt", "States"]) {
        return Some(FileKind::StateMachine);
    }
    if object.has("Statement") {
        return Some(FileKind::IamPolicy);
    }
    if object.has("imageUri") || object.has("ImageURI") {
        return Some(FileKind::ImageDefinitions);
    }
    let is_item = object.has_any(&["configurationItemVersion", "configurationItems", "baseConfigurationItems"]);
    if is_item {
        return Some(FileKind::ConfigurationItem);
    }
    (object.has("phases") && object.has("version")).then_some(FileKind::BuildSpec)
}

/// Returns the kind of a file that has nothing to do with AWS.
fn of_other(object: &Object<'_>, schema: &str) -> Option<FileKind> {
    if object.has_any(&["openapi", "swagger"]) {
        return Some(FileKind::OpenApi);
    }
    if schema.contains("json-schema.org") {
        return Some(FileKind::JsonSchema);
    }
    let package = ["dependencies", "devDependencies", "scripts", "peerDependencies", "lockfileVersion"];
    if object.has("name") && object.has_any(&package) {
        return Some(FileKind::NodePackage);
    }
    object.has("compilerOptions").then_some(FileKind::TypescriptConfiguration)
}

fn is_container(object: &Object<'_>) -> bool {
    let members = ["image", "logConfiguration", "essential", "portMappings", "memoryReservation"];
    object.is_string("name") && object.has_any(&members)
}

fn of_list(body: &str) -> Option<FileKind> {
    let first = first_item(body)?;
    if first.is_string("name") && first.has("imageUri") {
        return Some(FileKind::ImageDefinitions);
    }
    match of_object(&first)? {
        FileKind::Container => None,
        kind => Some(kind),
    }
}

/// Returns the kind of a YAML document by the keys at its left margin.
fn of_yaml(name: &str, body: &str) -> Option<FileKind> {
    let is_yaml = by_name(name) == ByName::Yaml;
    let keys: Vec<&str> = body.lines().filter_map(margin_key).collect();
    let has = |key: &str| keys.contains(&key);
    if has("AWSTemplateFormatVersion") || body.contains("AWS::ECS::TaskDefinition") {
        return Some(FileKind::CloudFormation);
    }
    if has("containerDefinitions") || has("ContainerDefinitions") {
        return Some(FileKind::YamlTaskDefinition);
    }
    if !is_yaml && !body.starts_with("---") {
        return None;
    }
    let kind = match () {
        () if body.contains("ontainerDefinitions") => FileKind::YamlTaskDefinition,
        () if body.contains("TargetService:") || name.starts_with("appspec.") => FileKind::AppSpec,
        () if has("Resources") => FileKind::CloudFormation,
        () if has("services") => FileKind::Compose,
        () if has("apiVersion") && has("kind") => FileKind::Kubernetes,
        () if has("apiVersion") => FileKind::HelmChart,
        () if has("phases") => FileKind::BuildSpec,
        () if has("jobs") || has("stages") || has("pipelines") => FileKind::Workflow,
        () if has("type") && has("image") && has("name") => FileKind::CopilotManifest,
        () if has("openapi") || has("swagger") => FileKind::OpenApi,
        () => FileKind::Yaml,
    };
    Some(kind)
}

/// Returns the key of a line of YAML that begins at the left margin.
fn margin_key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    let is_key = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '"' || first == '\'');
    is_key.then(|| key.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_for_what_it_is() {
        use FileKind::*;
        let cases = [
            ("main.tf", "resource \"x\" \"y\" {}", Some(TerraformConfiguration)),
            ("td.libsonnet", "{", Some(Jsonnet)),
            ("x.json", r#"{"AWSTemplateFormatVersion":"2010-09-09"}"#, Some(CloudFormation)),
            ("x.json", r#"{"Resources":{}}"#, Some(CloudFormation)),
            ("x.yml", "AWSTemplateFormatVersion: 2010-09-09\n", Some(CloudFormation)),
            ("x.yml", "Resources:\n  A:\n    Type: AWS::SNS::Topic\n", Some(CloudFormation)),
            ("simple.golden", "Resources:\n  A:\n    Type: AWS::ECS::TaskDefinition\n", Some(CloudFormation)),
            ("td.yml", "family: web\ncontainerDefinitions:\n  - name: app\n", Some(YamlTaskDefinition)),
            ("td.yml", "family: web\n", Some(Yaml)),
            ("compose.yml", "services:\n  web:\n    image: x\n", Some(Compose)),
            ("x.json", r#"{"version":"3","services":{"web":{"image":"x"}}}"#, Some(Compose)),
            ("d.yaml", "apiVersion: apps/v1\nkind: Deployment\n", Some(Kubernetes)),
            ("d.json", r#"{"apiVersion":"v1","kind":"Pod"}"#, Some(Kubernetes)),
            ("Chart.yaml", "apiVersion: v2\nname: x\n", Some(HelmChart)),
            ("x.json", r#"{"resource_changes":[]}"#, Some(TerraformPlan)),
            ("x.json", r#"{"version":4,"terraform_version":"1.9","resources":[]}"#, Some(TerraformState)),
            ("x.json", r#"{"resource":{"aws_ecs_task_definition":{}}}"#, Some(TerraformConfiguration)),
            ("x.json", r#"{"family":"web","container_definitions":"[]"}"#, Some(TerraformContainer)),
            ("x.json", r#"{"version":1,"Resources":[{"TargetService":{"Type":"AWS::ECS::Service"}}]}"#, Some(AppSpec)),
            ("x.yaml", "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n", Some(AppSpec)),
            ("x.json", r#"{"serviceName":"web","taskDefinition":"web:1"}"#, Some(EcsService)),
            ("x.json", r#"{"desiredCount":1,"launchType":"FARGATE"}"#, Some(EcsService)),
            ("x.json", r#"{"services":[{"serviceArn":"a"}],"failures":[]}"#, Some(EcsService)),
            ("x.json", r#"{"service":{"serviceArn":"a"}}"#, Some(EcsService)),
            ("x.json", r#"{"tasks":[{"taskArn":"a"}]}"#, Some(EcsTasks)),
            ("x.json", r#"{"cluster":"c","taskDefinition":"web:1"}"#, Some(RunTask)),
            ("x.json", r#"{"taskDefinitionArns":["a"]}"#, Some(TaskDefinitionNames)),
            ("x.json", r#"{"daemonTaskDefinition":{"containerDefinitions":[]}}"#, Some(DaemonTaskDefinition)),
            ("x.json", r#"{"name":"app","image":"x"}"#, Some(Container)),
            ("x.json", r#"[{"name":"app","imageUri":"x"}]"#, Some(ImageDefinitions)),
            ("x.json", r#"{"eventSource":"ecs.amazonaws.com","eventName":"RunTask"}"#, Some(Event)),
            ("x.json", r#"{"Records":[{"eventSource":"aws:sqs"}]}"#, Some(Event)),
            ("x.json", r#"{"detail-type":"x","detail":{"taskDefinition":"y"}}"#, Some(Event)),
            ("x.json", r#"[{"detail-type":"x","detail":{}}]"#, Some(Event)),
            ("x.json", r#"{"jobDefinitionName":"x"}"#, Some(BatchJobDefinition)),
            ("x.json", r#"{"StartAt":"A","States":{}}"#, Some(StateMachine)),
            ("x.json", r#"{"Version":"2012-10-17","Statement":[]}"#, Some(IamPolicy)),
            ("package.json", r#"{"name":"x"}"#, Some(NodePackage)),
            ("x.json", r#"{"name":"x","dependencies":{}}"#, Some(NodePackage)),
            ("tsconfig.json", "{\n  // a comment\n  \"compilerOptions\": {} }", Some(TypescriptConfiguration)),
            ("x.json", r#"{"openapi":"3.0.0","paths":{}}"#, Some(OpenApi)),
            ("ci.yml", "on: push\njobs:\n  a: {}\n", Some(Workflow)),
            ("x.json", r#"{"a":1}"#, None),
            ("x.json", r#"[{"name":"app","image":"x"}]"#, None),
            ("x.json", "{\"a\":", None),
            ("x.json", "[]", None),
            ("x.json", "", None),
            ("notes.txt", "services: we have some\n", None),
        ];
        for (name, text, kind) in cases {
            assert_eq!(recognize(&format!("infra/{name}"), text), kind, "{name}: {text}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_white_space_hide_no_kind() {
        assert_eq!(recognize("x.json", "\u{feff}\r\n {\"Resources\":{}}"), Some(FileKind::CloudFormation));
    }
}
