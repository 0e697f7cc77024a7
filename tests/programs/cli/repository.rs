//! Folders: which files `check` and `fix` read, which they pass over, and what `fix` writes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{BLOCKING, file, logweir, run};
use crate::loopback::operator::Ran;

/// A task definition without a fault.
fn compliant() -> String {
    BLOCKING.replace("\"mode\": \"blocking\"", "\"mode\": \"non-blocking\", \"max-buffer-size\": \"25m\"")
}

fn on(verb: &str, folder: &TempDir, options: &[&str]) -> Ran {
    let mut command = logweir(&[verb, ".", "--region", "eu-west-1"]);
    run(command.args(options).current_dir(folder.path()).env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME"))
}

/// The targets that `check` checks, in their order.
fn checked(folder: &TempDir, options: &[&str]) -> Vec<String> {
    let ran = on("check", folder, &[&["--format", "json"], options].concat());
    let output: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    let targets = output["targets"].as_array().unwrap().iter();
    targets.map(|target| target["target"].as_str().unwrap().trim_start_matches("./").to_owned()).collect()
}

#[test]
fn a_repository_is_judged_by_its_task_definitions_alone() {
    let folder = TempDir::new().unwrap();
    file(&folder, "ecs/web.json", &compliant());
    for (name, text) in [
        ("package.json", "{\"name\": \"web\", \"version\": \"1.0.0\"}"),
        ("tsconfig.json", "{\n  // comments are allowed here\n  \"compilerOptions\": {}\n}"),
        ("appspec.json", "{\"version\": 1, \"Resources\": [{\"TargetService\": {}}]}"),
        ("stack.json", "{\"Resources\": {\"Web\": {\"Properties\": {\"ContainerDefinitions\": []}}}}"),
        ("ecs/containers.json", "[{\"name\": \"app\", \"image\": \"nginx\"}]"),
        ("ecs/imagedefinitions.json", "[{\"name\": \"app\", \"imageUri\": \"nginx\"}]"),
        ("main.tf", "resource \"aws_ecs_cluster\" \"web\" {}"),
        ("plan.json", "{\"resource_changes\": [], \"planned_values\": {}}"),
        ("stack.yaml", "AWSTemplateFormatVersion: 2010-09-09\nContainerDefinitions: []"),
        ("td.jsonnet", "{ containerDefinitions: [] }"),
        ("README.md", "```json\n{ \"containerDefinitions\": [ }\n```"),
        ("ci.sh.tpl", "jq .containerDefinitions"),
        ("nginx.tpl", "server {} # containerDefinitions"),
        ("node_modules/x/task.json", BLOCKING),
    ] {
        file(&folder, name, text);
    }
    let ran = on("check", &folder, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let line = "7 other files; 2 Terraform, 1 YAML, 1 CloudFormation template, 1 Jsonnet, 1 container list not read\n";
    assert!(
        ran.out.starts_with("1 task definition checked: 1 compliant, 0 findings\n") && ran.out.contains(line),
        "{}",
        ran.out
    );
    let json: Value = serde_json::from_str(&on("check", &folder, &["--format", "json"]).out).unwrap();
    let passed_over = json!({
        "other": 7, "cloudformation": 1, "terraform": 2, "yaml": 1, "jsonnet": 1, "container_lists": 1, "symbolic_links": 0
    });
    assert_eq!(json["passed_over"], passed_over);
    assert_eq!(json["targets"].as_array().unwrap().len(), 1);
}

#[test]
fn a_broken_task_definition_in_a_folder_is_an_error() {
    for (name, text, what) in [
        ("web.json", "{\"containerDefinitions\": [{\"name\": \"app\",}]}", "not JSON"),
        ("web.json.tpl", "{\"containerDefinitions\": [{\"memory\": ${memory}}]}", "render it first"),
        ("web.json.j2", "{\"containerDefinitions\": [{% for c in list %}{}{% endfor %}]}", "render it first"),
        ("web.jsonc", "{\n  // the app\n  \"containerDefinitions\": []\n}", "remove the comments"),
        ("taskdef.tpl", "{\"containerDefinitions\": ${containers}}", "render it first"),
        ("pascal.json", "{\"ContainerDefinitions\": [", "not JSON"),
        ("text.json", "{\"family\": \"web\", \"containerDefinitions\": \"x\"}", "containerDefinitions is a string"),
        ("latin.json", "{\"containerDefinitions\": [], \"x\": \"\u{fffd}\"}", ""),
    ] {
        let folder = TempDir::new().unwrap();
        file(&folder, "good.json", &compliant());
        let path = file(&folder, name, text);
        if name == "latin.json" {
            fs::write(
                path,
                text.replace('\u{fffd}', "?")
                    .into_bytes()
                    .iter()
                    .map(|b| if *b == b'?' { 0xe9 } else { *b })
                    .collect::<Vec<u8>>(),
            )
            .unwrap();
        }
        let ran = on("check", &folder, &[]);
        assert_eq!(ran.code, 2, "{name}: {}", ran.out);
        assert!(ran.err.contains(name) && ran.err.contains(what), "{name}: {}", ran.err);
        assert!(ran.out.contains("2 task definitions checked: 1 compliant"), "{name}: {}", ran.out);
    }
}

#[test]
fn a_file_that_the_user_names_is_an_error_if_it_is_no_task_definition() {
    let folder = TempDir::new().unwrap();
    for (name, text) in [("package.json", "{\"name\": \"x\"}"), ("main.tf", ""), ("list.json", "[]")] {
        let path = file(&folder, name, text);
        assert_eq!(run(&mut logweir(&["check", &path])).code, 2, "{name}");
    }
}

/// A hook of pre-commit names each changed file.
#[test]
fn with_an_option_a_named_file_without_a_task_definition_is_passed_over() {
    let folder = TempDir::new().unwrap();
    let others =
        [("package.json", "{\"name\": \"x\"}"), ("notes.md", ""), ("list.json", "[]"), ("x.json.tpl", "{{ x }}")];
    let mut files = vec![file(&folder, "web.json", BLOCKING)];
    files.extend(others.map(|(name, text)| file(&folder, name, text)));
    let named = |arguments: &[&str]| {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        run(&mut logweir(&[arguments, &["--region", "eu-west-1", "--pass-over"], files.as_slice()].concat()))
    };
    let checked = named(&["check"]);
    assert_eq!((checked.code, checked.err.as_str()), (1, ""));
    assert!(checked.out.contains("1 task definition checked") && checked.out.contains("4 other files"), "{checked:?}");
    let fixed = named(&["fix", "--in-place"]);
    assert_eq!((fixed.code, fixed.out.as_str()), (0, ""), "{fixed:?}");
    assert!(!fs::read_to_string(&files[0]).unwrap().contains("\"blocking\""));
    let kept = others.map(|(name, text)| fs::read_to_string(folder.path().join(name)).unwrap() == text);
    assert_eq!(kept, [true; 4]);
    let alone = run(&mut logweir(&["check", "--pass-over", &files[1]]));
    assert_eq!((alone.code, alone.err.as_str()), (0, ""), "{alone:?}");
}

#[test]
fn the_option_hides_no_error() {
    let folder = TempDir::new().unwrap();
    let broken = file(&folder, "web.json", "{\"containerDefinitions\": [");
    let missing = folder.path().join("gone.md").display().to_string();
    for path in [broken, missing] {
        let ran = run(&mut logweir(&["check", "--pass-over", &path]));
        assert_eq!(ran.code, 2, "{ran:?}");
    }
}

#[test]
fn a_folder_without_a_task_definition_is_an_error() {
    let folder = TempDir::new().unwrap();
    file(&folder, "package.json", "{}");
    for verb in ["check", "fix"] {
        let ran = on(verb, &folder, &[]);
        assert_eq!(ran.code, 2);
        assert!(
            ran.err.contains("this folder contains no task definition") && ran.err.contains("--no-ignore"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn templates_of_json_are_read_if_they_are_json() {
    let folder = TempDir::new().unwrap();
    for name in ["b.json.tpl", "a.json.j2", "c.jsonc", "taskdef.tpl", "d.json.example"] {
        file(&folder, name, BLOCKING);
    }
    assert_eq!(checked(&folder, &[]), ["a.json.j2", "b.json.tpl", "c.jsonc", "d.json.example", "taskdef.tpl"]);
}

#[test]
fn ignored_and_hidden_files_are_not_read() {
    let folder = TempDir::new().unwrap();
    file(&folder, ".gitignore", "build/\n*.gen.json\n!keep.gen.json\n");
    file(&folder, "sub/.gitignore", "/here.json\n");
    file(&folder, ".ignore", "ignored.json\n");
    for name in [
        "web.json",
        "build/a.json",
        "b.gen.json",
        "keep.gen.json",
        "sub/here.json",
        "sub/there.json",
        ".hidden.json",
        ".aws/task.json",
        "ignored.json",
        "node_modules/x/a.json",
        "sub/node_modules/a.json",
    ] {
        file(&folder, name, BLOCKING);
    }
    assert_eq!(checked(&folder, &[]), ["keep.gen.json", "sub/there.json", "web.json"]);
    let all = [
        "b.gen.json",
        "build/a.json",
        "ignored.json",
        "keep.gen.json",
        "node_modules/x/a.json",
        "sub/here.json",
        "sub/node_modules/a.json",
        "sub/there.json",
        "web.json",
    ];
    assert_eq!(checked(&folder, &["--no-ignore"]), all);
    let named = run(logweir(&["check", ".aws/task.json", "build"]).current_dir(folder.path()));
    assert!(named.out.contains("2 task definitions checked"), "{}", named.out);
}

#[test]
fn an_excluded_path_is_not_read() {
    let folder = TempDir::new().unwrap();
    for name in ["web.json", "old/a.json", "old/deep/b.json", "test/fixtures/c.json", "test/d.json", "!e.json"] {
        file(&folder, name, BLOCKING);
    }
    let every = ["!e.json", "old/a.json", "old/deep/b.json", "test/d.json", "test/fixtures/c.json", "web.json"];
    assert_eq!(checked(&folder, &[]), every);
    assert_eq!(
        checked(&folder, &["--exclude", "old", "--exclude", "fixtures/"]),
        ["!e.json", "test/d.json", "web.json"]
    );
    assert_eq!(
        checked(&folder, &["--exclude", "old/**", "--exclude=test/*.json", "--exclude", "!e.json"]),
        ["test/fixtures/c.json", "web.json"]
    );
    let elsewhere = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let ran = run(logweir(&["check", path, "--exclude", "old/deep/*"]).current_dir(elsewhere.path()));
    assert!(ran.out.contains("5 task definitions checked"), "{}", ran.out);
    let below = run(logweir(&["check", "old", "--exclude", "old/deep"]).current_dir(folder.path()));
    assert!(below.out.contains("1 task definition checked"), "{}", below.out);
    let wrong = run(&mut logweir(&["check", path, "--exclude", "a{b"]));
    assert!(wrong.code == 64 && wrong.err.contains("`a{b` is not a valid pattern"), "{}", wrong.err);
}

#[cfg(unix)]
#[test]
fn fix_writes_only_where_the_walk_goes_and_says_what_it_wrote() {
    use std::os::unix::fs::symlink;
    let (folder, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let other = file(&outside, "other.json", BLOCKING);
    file(&folder, "good.json", &compliant());
    file(&folder, "a/web.json", BLOCKING);
    file(&folder, ".gitignore", "ignored.json\n");
    for name in ["ignored.json", ".hidden.json", "node_modules/x.json"] {
        file(&folder, name, BLOCKING);
    }
    file(&folder, "package.json", "{ \"name\": \"web\" }");
    symlink(&other, folder.path().join("link.json")).unwrap();
    symlink(outside.path(), folder.path().join("linked")).unwrap();
    let ran = on("fix", &folder, &["--in-place"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "wrote ./a/web.json\n1 other file; 2 symbolic links not followed\n");
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(text("a/web.json").contains("non-blocking"));
    for name in ["ignored.json", ".hidden.json", "node_modules/x.json", "link.json"] {
        assert_eq!(text(name), BLOCKING, "{name}");
    }
    assert!(folder.path().join("link.json").is_symlink());
    assert_eq!(fs::read_to_string(other).unwrap(), BLOCKING);
    let left: Vec<_> = fs::read_dir(folder.path().join("a")).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file remains");
}

#[cfg(unix)]
#[test]
fn a_linked_folder_or_file_that_the_user_names_is_read() {
    let (folder, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let other = file(&outside, "other.json", BLOCKING);
    std::os::unix::fs::symlink(&other, folder.path().join("link.json")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("linked")).unwrap();
    let ran = run(logweir(&["check", "link.json", "linked"]).current_dir(folder.path()));
    assert!(ran.out.contains("2 task definitions checked"), "{}{}", ran.out, ran.err);
}

#[cfg(unix)]
#[test]
fn only_regular_files_of_a_folder_are_read() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket.json")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.json")).status().unwrap();
    assert!(made.success());
    assert_eq!(checked(&folder, &[]), ["web.json"]);
    assert!(on("check", &folder, &[]).out.contains("2 other files\n"));
}

#[cfg(unix)]
#[test]
fn an_endless_ignore_file_is_an_error_and_is_not_read() {
    use std::os::unix::fs::symlink;
    for (at, to) in [
        (".gitignore", "/dev/zero"),
        (".ignore", "/dev/zero"),
        (".git/info/exclude", "/dev/zero"),
        (".git", "/proc/self/pagemap"),
        ("sub/.gitignore", "/dev/zero"),
        ("sub/deep/.ignore", "/proc/self/pagemap"),
        ("sub/.git/info/exclude", "/dev/zero"),
    ] {
        if !Path::new(to).exists() {
            continue;
        }
        let folder = TempDir::new().unwrap();
        for name in ["web.json", "sub/deep/api.json"] {
            file(&folder, name, BLOCKING);
        }
        let link = folder.path().join(at);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(to, &link).unwrap();
        let ran = on("check", &folder, &[]);
        let said = format!("{at}: this ignore file is not a regular file");
        assert!(ran.code == 2 && ran.err.contains(&said), "{at}: {}{}", ran.out, ran.err);
        assert_eq!(ran.out.contains("web.json"), at.starts_with("sub/"), "{at}: {}", ran.out);
        assert_eq!(checked(&folder, &["--no-ignore"]), ["sub/deep/api.json", "web.json"], "{at}");
        // The ignore files above the named folder count too.
        if !at.starts_with("sub/") {
            let below = run(logweir(&["check", "sub/deep"]).current_dir(folder.path()));
            assert!(below.code == 2 && below.err.contains(&said), "{at}: {}", below.err);
        }
    }
}

#[test]
fn an_ignore_file_has_a_largest_size() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    file(&folder, "sub/api.json", BLOCKING);
    file(&folder, "sub/.gitignore", &"# a comment\n".repeat(100_000));
    let ran = on("check", &folder, &[]);
    assert!(ran.code == 2 && ran.err.contains("sub/.gitignore: this ignore file is larger than"), "{}", ran.err);
    assert!(ran.out.contains("web.json") && !ran.out.contains("api.json"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_in_a_folder_is_an_error_and_hides_nothing_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&locked).is_ok() {
        // The superuser reads every folder.
        return;
    }
    let ran = on("check", &folder, &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("locked: permission denied") && ran.out.contains("1 finding"), "{}{}", ran.out, ran.err);
}

#[cfg(unix)]
#[test]
fn fix_does_not_write_through_a_symbolic_link_in_the_output_folder() {
    let (folder, to, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    file(&folder, "web.json", BLOCKING);
    let other = file(&outside, "other.json", "kept");
    std::os::unix::fs::symlink(&other, to.path().join("web.json")).unwrap();
    let ran = on("fix", &folder, &["--output-dir", to.path().to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("is a symbolic link"), "{}", ran.err);
    assert_eq!(fs::read_to_string(other).unwrap(), "kept");
}

#[test]
fn fix_prints_the_only_task_definition_of_a_folder() {
    let folder = TempDir::new().unwrap();
    file(&folder, "package.json", "{}");
    file(&folder, "web.json", BLOCKING);
    let ran = on("fix", &folder, &[]);
    assert!(ran.code == 0 && ran.out.contains("non-blocking"), "{}", ran.err);
    file(&folder, "api.json", BLOCKING);
    let two = on("fix", &folder, &[]);
    assert!(two.code == 64 && two.err.contains("cannot write 2 documents"), "{}", two.err);
}

#[test]
fn files_of_the_same_name_that_are_no_task_definitions_do_not_stop_fix() {
    let (folder, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for name in ["a/package.json", "b/package.json"] {
        file(&folder, name, "{}");
    }
    file(&folder, "a/web.json", BLOCKING);
    file(&folder, "b/api.json", BLOCKING);
    let output = to.path().to_str().unwrap();
    let ran =
        run(logweir(&["fix", "a", "b", "--region", "eu-west-1", "--output-dir", output]).current_dir(folder.path()));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(to.path().join("web.json").is_file() && to.path().join("api.json").is_file());
}

#[test]
fn the_cases_of_a_repository_have_the_expected_verdicts() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/repository");
    if !case.is_dir() {
        return;
    }
    let ran = run(logweir(&["check", ".", "--format", "json", "--region", "eu-west-1"]).current_dir(case));
    let output: Value = serde_json::from_str(&ran.out).unwrap();
    let targets: Vec<&str> =
        output["targets"].as_array().unwrap().iter().map(|target| target["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["./app/ecspresso/ecs-task-def.json", "./app/task.json.tpl"]);
    assert_eq!((ran.code, output["summary"]["errors"].as_u64()), (1, Some(0)), "{}", ran.err);
}
