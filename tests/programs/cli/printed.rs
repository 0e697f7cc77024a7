//! The commands that README and the docs print. Each is valid, and each that needs no AWS runs as it is printed.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// A command on a page.
struct Printed {
    page: String,
    command: String,
    /// The output that the page shows. It ends with `…` where the page cuts it.
    output: Option<String>,
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = walkdir::WalkDir::new(root.join("docs"))
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap().into_path());
    let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    ["README.md", "CONTRIBUTING.md"].map(|page| root.join(page)).into_iter().chain(pages).collect()
}

/// The fenced and the indented blocks of a page.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let (mut is_fenced, mut is_indented) = (false, false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
            is_indented = false;
            if is_fenced {
                blocks.push(Vec::new());
            }
        } else if is_fenced {
            blocks.last_mut().unwrap().push(line);
        } else if let Some(line) = line.strip_prefix("    ") {
            if !is_indented {
                blocks.push(Vec::new());
            }
            is_indented = true;
            blocks.last_mut().unwrap().push(line);
        } else {
            is_indented = false;
        }
    }
    blocks
}

/// The commands inside a sentence: code spans outside of blocks.
fn spans(text: &str) -> Vec<String> {
    let mut is_fenced = false;
    let outside = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        !is_fence && !is_fenced
    });
    let text = outside.collect::<Vec<_>>().join(" ");
    text.split('`').skip(1).step_by(2).map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The commands of `logweir` on all pages.
fn printed() -> Vec<Printed> {
    let mut all = Vec::new();
    for path in pages() {
        let page = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        // `logweir check` and `logweir firelens check` alone are the names of verbs.
        let name = |span: &str| if span.starts_with("logweir firelens ") { 3 } else { 2 };
        let is_command = |span: &String| span.starts_with("logweir ") && span.split(' ').count() > name(span);
        let commands = spans(&text).into_iter().filter(is_command);
        all.extend(commands.map(|command| Printed { page: page.clone(), command, output: None }));
        for block in blocks(&text) {
            let shows_output = block.iter().any(|line| line.starts_with("$ "));
            let mut lines = block.into_iter().peekable();
            while let Some(line) = lines.next() {
                let command = if shows_output { line.strip_prefix("$ ") } else { Some(line) };
                let Some(command) = command.filter(|command| command.starts_with("logweir ")) else { continue };
                let mut output = String::new();
                while shows_output && lines.peek().is_some_and(|line| !line.starts_with("$ ")) {
                    output.push_str(lines.next().unwrap());
                    output.push('\n');
                }
                let command = command.split(" #").next().unwrap().trim_end().to_owned();
                all.push(Printed { page: page.clone(), command, output: Some(output).filter(|text| !text.is_empty()) });
            }
        }
    }
    all
}

/// Whether a command works without an AWS account, and without a name that the reader fills in.
fn is_local(command: &str) -> bool {
    let is_name = |word: &str| word.chars().all(|c| c.is_ascii_uppercase()) || word == "…";
    if command.split(' ').any(|word| is_name(word.split('.').next().unwrap_or_default())) {
        return false;
    }
    let mut words = command.split(' ').skip(1).take_while(|word| !word.contains('>'));
    let local = ["check", "fix", "firelens", "rules", "baseline", "completions", "man", "--help", "--version"];
    let aws = ["ecs:", "arn:", "ssm:", "--all"];
    words.next().is_some_and(|verb| local.contains(&verb))
        && !words.any(|word| aws.iter().any(|start| word.starts_with(start)))
}

#[test]
fn each_command_on_a_page_that_needs_no_aws_runs_as_it_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The runbook makes this folder first.
    fs::create_dir(folder.path().join("incident")).unwrap();
    let programs = assert_cmd::cargo::cargo_bin("logweir").parent().unwrap().to_path_buf();
    let inherited = std::env::var_os("PATH").unwrap();
    let path = [programs].into_iter().chain(std::env::split_paths(&inherited));
    let path = std::env::join_paths(path).unwrap();
    let mut count = 0;
    for Printed { page, command, output } in printed().into_iter().filter(|printed| is_local(&printed.command)) {
        fs::copy(root.join("docs/examples/web.json"), folder.path().join("web.json")).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{command} 2>&1")]).current_dir(folder.path());
        shell.env_clear().env("PATH", &path).env("HOME", folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        let ran = shell.output().unwrap();
        let shown = String::from_utf8(ran.stdout).unwrap();
        assert!([0, 1].contains(&ran.status.code().unwrap()), "{page}: {command}: {shown}");
        if let Some(output) = output {
            let output = output.trim_end();
            match output.strip_suffix('…') {
                Some(start) => assert!(shown.starts_with(start), "{page}: {command}:\n{shown}"),
                None => assert_eq!(shown.trim_end(), output, "{page}: {command}"),
            }
        }
        count += 1;
    }
    assert!(count >= 5, "{count} commands");
}
