//! The files for pipelines: `docs/pipelines.md` and `.pre-commit-hooks.yaml`. Their commands run with the real program on
//! a repository with one fault.

mod yaml;

use std::collections::BTreeMap;
use std::fs;
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

/// A repository with one fault, and a folder with the program.
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
        Self { folder, programs }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a script as GitHub's `shell: bash` does.
    fn script(&self, script: &str) -> Ran {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]).current_dir(self.folder.path());
        let path = format!("{}:/usr/bin:/bin", self.programs.path().display());
        command.env_clear().env("PATH", path).env("HOME", self.folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
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
    repository.script(&words.collect::<Vec<_>>().join(" "))
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
