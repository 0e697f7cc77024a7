//! The files for pipelines: `docs/pipelines.md`, `action.yml` and `.pre-commit-hooks.yaml`. Their commands run with the
//! real program on a repository with one fault; the rules of safe workflows hold.

mod yaml;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::loopback::operator::Ran;

const LOGWEIR: &str = env!("CARGO_BIN_EXE_logweir");

const FAULTY: &str = r#"{"family": "web", "executionRoleArn": "arn:aws:iam::111122223333:role/x",
"containerDefinitions": [
  {"name": "app", "image": "nginx", "logConfiguration": {"logDriver": "awslogs", "options": {
    "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app", "mode": "blocking"}}}]}
"#;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The files on the page, by their paths.
fn files() -> BTreeMap<String, Value> {
    let page = read("docs/pipelines.md");
    let parts = page.split("\nFile `").skip(1);
    let file = |part: &str| {
        let (path, rest) = part.split_once("`:\n\n```yaml\n").expect(part);
        let (text, _) = rest.split_once("\n```\n").expect(path);
        (path.to_owned(), yaml::parse(text))
    };
    parts.map(file).collect()
}

/// A repository with one fault, and a folder with programs: `logweir`, and a `cargo` that installs it.
struct Repository {
    folder: TempDir,
    programs: TempDir,
}

impl Repository {
    fn new() -> Self {
        let (folder, programs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        fs::create_dir(folder.path().join("ecs")).unwrap();
        fs::write(folder.path().join("ecs/web.json"), FAULTY).unwrap();
        fs::write(folder.path().join("package.json"), "{\"name\": \"web\"}\n").unwrap();
        std::os::unix::fs::symlink(LOGWEIR, programs.path().join("logweir")).unwrap();
        // Installs the program in the folder that `--root` names, and writes the other arguments to a file.
        let cargo = r#"#!/bin/bash
            set -eu
            printf '%s\n' "$@" > "$ARGUMENTS"
            while [ "$1" != --root ]; do shift; done
            mkdir -p "$2/bin"
            ln -s "$PROGRAM_OF_THE_TEST" "$2/bin/logweir"
        "#;
        let path = programs.path().join("cargo");
        fs::write(&path, cargo).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, programs }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The arguments of the last `cargo`.
    fn installed(&self) -> String {
        fs::read_to_string(self.programs.path().join("arguments")).unwrap_or_default().replace('\n', " ")
    }

    /// Runs a script as GitHub's `shell: bash` does.
    fn script(&self, script: &str, environment: &[(String, String)]) -> Ran {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]).current_dir(self.folder.path());
        let path = format!("{}:/usr/bin:/bin", self.programs.path().display());
        command.env_clear().env("PATH", path).env("HOME", self.folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("PROGRAM_OF_THE_TEST", LOGWEIR).env("ARGUMENTS", self.programs.path().join("arguments"));
        command.envs(environment.iter().cloned());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v Vec<Value> {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer} of {value:#}"))
}

fn word<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} of {value:#}"))
}

fn variables(value: &Value) -> Vec<(String, String)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// Asserts that each action has a commit as its version, and that no script contains an expression.
fn assert_safe(steps: &[Value]) {
    for step in steps {
        if let Some(action) = step["uses"].as_str() {
            let commit = action.split_once('@').unwrap().1;
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{action}");
        }
        if let Some(script) = step["run"].as_str() {
            assert!(!script.contains("${{"), "an expression in a script is code: {script}");
            assert!(!script.contains("GITHUB_ENV") && !script.contains("GITHUB_PATH"), "{script}");
        }
    }
}

#[test]
fn the_page_has_a_file_for_each_service() {
    let paths: Vec<String> = files().into_keys().collect();
    let expected = [".github/workflows/logweir.yml", ".gitlab-ci.yml", ".pre-commit-config.yaml", "buildspec.yml"];
    assert_eq!(paths, expected);
}

#[test]
fn the_workflow_has_least_rights_and_uses_inputs_of_the_action() {
    let (files, action) = (files(), yaml::parse(&read("action.yml")));
    let workflow = &files[".github/workflows/logweir.yml"];
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    let job = &workflow["jobs"]["check"];
    assert_eq!(job["permissions"], serde_json::json!({"contents": "read", "security-events": "write"}));
    let steps = list(job, "/steps");
    assert_safe(steps);
    assert_eq!(steps[0].pointer("/with/persist-credentials").unwrap(), "false");
    let own = steps.iter().find(|step| word(step, "/uses").starts_with("logweir/logweir@")).unwrap();
    for (input, _) in variables(&own["with"]) {
        assert!(action["inputs"].get(&input).is_some(), "action.yml has no input `{input}`");
    }
    let upload = steps.iter().find(|step| word(step, "/uses").contains("/upload-sarif@")).unwrap();
    assert_eq!(word(upload, "/with/sarif_file"), word(own, "/with/sarif"));
}

#[test]
fn the_page_describes_each_input_of_the_action_and_each_output() {
    let (page, action) = (read("docs/pipelines.md"), yaml::parse(&read("action.yml")));
    for (input, described) in action["inputs"].as_object().unwrap() {
        assert!(page.contains(&format!("\n| `{input}` | ")), "docs/pipelines.md: {input}");
        assert!(described["description"].is_string() && described["default"].is_string(), "{input}");
    }
    for output in action["outputs"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{output}` (")), "docs/pipelines.md: {output}");
    }
}

/// Runs the steps of the action as a runner does, with these inputs. Returns the outputs of the action, and what the
/// last step printed.
fn act(repository: &Repository, inputs: &[(&str, &str)]) -> (BTreeMap<String, String>, Ran) {
    let action = yaml::parse(&read("action.yml"));
    let temporary = repository.programs.path().join("temporary").display().to_string();
    let mut values = BTreeMap::from([("github.action_path".to_owned(), env!("CARGO_MANIFEST_DIR").to_owned())]);
    for (name, input) in action["inputs"].as_object().unwrap() {
        values.insert(format!("inputs.{name}"), word(input, "/default").to_owned());
    }
    values.extend(inputs.iter().map(|(name, value)| (format!("inputs.{name}"), (*value).to_owned())));
    let mut ran = None;
    for step in list(&action, "/runs/steps") {
        assert_eq!(word(step, "/shell"), "bash");
        let outputs = repository.programs.path().join("outputs");
        fs::write(&outputs, "").unwrap();
        let resolved = |(name, value): (String, String)| {
            let expression = value.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")).expect(&value);
            (name, values.get(expression).unwrap_or_else(|| panic!("no value for {expression}")).clone())
        };
        let mut environment: Vec<(String, String)> = variables(&step["env"]).into_iter().map(resolved).collect();
        environment.push(("GITHUB_OUTPUT".into(), outputs.display().to_string()));
        environment.push(("RUNNER_TEMP".into(), temporary.clone()));
        let ended = repository.script(word(step, "/run"), &environment);
        for line in fs::read_to_string(&outputs).unwrap().lines() {
            let (name, value) = line.split_once('=').unwrap();
            values.insert(format!("steps.{}.outputs.{name}", word(step, "/id")), value.to_owned());
        }
        let is_over = ended.code != 0;
        ran = Some(ended);
        if is_over {
            break;
        }
    }
    let output = |(name, output): (&String, &Value)| {
        let expression = word(output, "/value").trim_start_matches("${{ ").trim_end_matches(" }}");
        (name.clone(), values.get(expression).cloned().unwrap_or_default())
    };
    (action["outputs"].as_object().unwrap().iter().map(output).collect(), ran.unwrap())
}

#[test]
fn the_action_is_safe() {
    let action = yaml::parse(&read("action.yml"));
    assert_eq!(word(&action, "/runs/using"), "composite");
    let steps = list(&action, "/runs/steps");
    assert_safe(steps);
    assert!(steps.iter().all(|step| step.get("uses").is_none()), "the action uses no other action");
    assert!(!read("action.yml").contains("secrets.") && !read("action.yml").contains("github.token"));
}

#[test]
fn the_action_builds_its_own_source_and_reports_the_findings() {
    let repository = Repository::new();
    let (outputs, ran) = act(&repository, &[("region", "eu-west-1")]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!((&*outputs["sarif"], &*outputs["findings"]), ("logweir.sarif", "true"));
    let path = env!("CARGO_MANIFEST_DIR");
    let installed = repository.installed();
    assert!(installed.contains("--locked") && installed.contains(&format!("--path {path} ")), "{installed}");
    let sarif: Value = serde_json::from_str(&repository.text("logweir.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = list(&sarif, "/runs/0/results");
    let place = |result: &Value| word(result, "/locations/0/physicalLocation/artifactLocation/uri").to_owned();
    assert!(!results.is_empty() && results.iter().all(|result| place(result) == "ecs/web.json"), "{results:#?}");
    assert!(ran.out.contains("::warning file=ecs/web.json,"), "{}", ran.out);
}

#[test]
fn an_input_of_the_action_is_data_and_never_code() {
    let repository = Repository::new();
    let inputs = [("targets", "\n$(touch injected)\n`touch injected`\n--help\n"), ("program", LOGWEIR)];
    let (_, ran) = act(&repository, &inputs);
    assert_eq!((ran.code, repository.path("injected").exists()), (2, false), "{ran:?}");
    let lines = [("sarif", "a.sarif\nfindings=false"), ("program", LOGWEIR), ("region", "eu-west-1")];
    let (outputs, _) = act(&repository, &lines);
    assert_eq!((&*outputs["sarif"], &*outputs["findings"]), ("a.sarif", "true"), "a line break adds no output");
}

#[test]
fn the_action_fails_on_new_findings_only_with_an_earlier_report() {
    let repository = Repository::new();
    let report = "logweir check . --region eu-west-1 --exit-zero --output json=logweir-report.json";
    assert!(read("docs/pipelines.md").contains("logweir check . --exit-zero --output json=logweir-report.json"));
    let written = repository.script(report, &[]);
    assert_eq!(written.code, 0, "{written:?}");
    let inputs = [("new-since", "logweir-report.json"), ("program", LOGWEIR), ("region", "eu-west-1")];
    let (outputs, ran) = act(&repository, &inputs);
    assert_eq!((ran.code, &*outputs["findings"]), (0, "false"), "{ran:?}");
    fs::write(repository.path("ecs/api.json"), FAULTY.replace("\"web\"", "\"api\"")).unwrap();
    let (outputs, ran) = act(&repository, &inputs);
    assert_eq!((ran.code, &*outputs["findings"]), (1, "true"), "{ran:?}");
}

/// Runs commands one after the other, as GitLab and CodeBuild do, and returns the last one's result.
fn run_all<'c>(
    repository: &Repository,
    commands: impl Iterator<Item = &'c Value>,
    variables: &[(String, String)],
) -> Ran {
    let mut last = None;
    for command in commands {
        let ran = repository.script(command.as_str().unwrap(), variables);
        let is_over = ran.code != 0;
        last = Some(ran);
        if is_over {
            break;
        }
    }
    last.unwrap()
}

fn assert_installs_a_commit(repository: &Repository) {
    let installed = repository.installed();
    let commit = installed.split("--rev ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    assert!(installed.contains("--locked") && commit.len() == 40, "{installed}");
}

#[test]
fn the_pipeline_of_gitlab_fails_with_both_reports() {
    let repository = Repository::new();
    let job = &files()[".gitlab-ci.yml"]["logweir"];
    let ran = run_all(&repository, list(job, "/script").iter(), &variables(&job["variables"]));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_installs_a_commit(&repository);
    let quality = word(job, "/artifacts/reports/codequality");
    let quality: Value = serde_json::from_str(&repository.text(quality)).unwrap();
    assert_eq!(word(&quality, "/0/location/path"), "ecs/web.json");
    assert!(repository.text(word(job, "/artifacts/reports/junit")).contains("<failure"));
    assert_eq!(word(job, "/artifacts/when"), "always");
}

#[test]
fn the_build_of_codebuild_fails_with_its_report() {
    let repository = Repository::new();
    let file = &files()["buildspec.yml"];
    let commands = ["/phases/install/commands", "/phases/build/commands"];
    let commands = commands.into_iter().flat_map(|phase| list(file, phase));
    let ran = run_all(&repository, commands, &variables(&file["env"]["variables"]));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_installs_a_commit(&repository);
    assert_eq!(word(file, "/reports/logweir/file-format"), "JUNITXML");
    assert!(repository.text(word(file, "/reports/logweir/files/0")).contains("<failure"));
}

/// The endings of the files that a hook gets, which its pattern lists as `\.(a|b)$`.
fn endings(hook: &Value) -> Vec<String> {
    let pattern = word(hook, "/files");
    let list = pattern.strip_prefix("\\.(").and_then(|rest| rest.strip_suffix(")$")).expect(pattern);
    list.split('|')
        .flat_map(|ending| match ending.split_once('?') {
            None => vec![ending.to_owned()],
            Some((start, end)) => vec![format!("{start}{end}"), format!("{}{end}", &start[..start.len() - 1])],
        })
        .collect()
}

/// Runs a hook as pre-commit does, with the arguments of the page and these files.
fn hook(repository: &Repository, id: &str, files_of_hook: impl Fn(&Value) -> Vec<String>) -> Ran {
    let hooks = yaml::parse(&read(".pre-commit-hooks.yaml"));
    let configuration = &files()[".pre-commit-config.yaml"];
    let find = |hooks: &[Value]| hooks.iter().find(|hook| hook["id"] == id).unwrap().clone();
    let (hook, used) = (find(hooks.as_array().unwrap()), find(list(configuration, "/repos/0/hooks")));
    assert_eq!(word(&hook, "/language"), "rust");
    let arguments = list(&used, "/args").iter().map(|argument| argument.as_str().unwrap().to_owned());
    let words = word(&hook, "/entry").split(' ').map(String::from).chain(arguments).chain(files_of_hook(&hook));
    repository.script(&words.collect::<Vec<_>>().join(" "), &[])
}

#[test]
fn the_hooks_report_and_fix_the_named_files_and_pass_over_the_others() {
    let repository = Repository::new();
    let named = |hook: &Value| {
        let others = endings(hook).into_iter().map(|ending| format!("other.{ending}"));
        others.clone().for_each(|name| fs::write(repository.path(&name), "").unwrap());
        others.chain(["ecs/web.json".to_owned(), "package.json".to_owned()]).collect()
    };
    let reported = hook(&repository, "logweir-check", named);
    assert!(reported.code == 1 && reported.out.contains("ecs/web.json"), "{reported:?}");
    assert_eq!(repository.text("ecs/web.json"), FAULTY);
    let fixed = hook(&repository, "logweir-fix", named);
    assert_eq!(fixed.code, 0, "{fixed:?}");
    let text = FAULTY.replace("\"blocking\"", "\"non-blocking\", \"max-buffer-size\": \"25m\"");
    assert_eq!(repository.text("ecs/web.json"), text, "pre-commit stops the commit, because a file has changed");
    let checked = hook(&repository, "logweir-check", named);
    assert_eq!((checked.code, checked.err.as_str()), (0, ""), "{checked:?}");
}
