//! An operator at the command line, with credentials, an account and a journal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::Loopback;
use super::account::Account;

const LOGWEIR: &str = env!("CARGO_BIN_EXE_logweir");

/// The exit code and the output of a program.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub struct Operator {
    pub folder: TempDir,
    pub account: Account,
    pub aws: Loopback,
}

impl Operator {
    /// An operator in an account where these documents are registered.
    pub fn of(documents: &[Value]) -> Self {
        let account = Account::default();
        documents.iter().for_each(|document| account.registers(document));
        let aws = Loopback::serve(account.service());
        Self { folder: TempDir::new().unwrap(), account, aws }
    }

    /// An operator with this endpoint.
    pub fn at(aws: Loopback) -> Self {
        Self { folder: TempDir::new().unwrap(), account: Account::default(), aws }
    }

    /// The folder of the journal. Its name needs quotes in a shell.
    pub fn journal(&self) -> PathBuf {
        self.folder.path().join("the operator's journal")
    }

    /// The text of the journal. Empty if there is no journal.
    pub fn written(&self) -> String {
        std::fs::read_to_string(self.journal().join("journal.jsonl")).unwrap_or_default()
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs `logweir` with these arguments, this account and this journal.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(LOGWEIR);
        command.args(arguments).args(["--endpoint-url", &self.aws.url, "--region", "eu-west-1"]);
        command.arg("--journal").arg(format!("file:{}", self.journal().display()));
        self.alone(&mut command)
    }

    /// Runs a line in a shell that has nothing of the account but the credentials.
    pub fn types(&self, line: &str) -> Ran {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]);
        self.alone(&mut command)
    }

    /// Runs `logweir` with exactly these arguments and, beside the home folder, exactly this environment.
    pub fn bare(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
        self.bare_in(self.folder.path(), environment, arguments)
    }

    /// Runs `logweir` as [`Operator::bare`] does, in this folder.
    pub fn bare_in(&self, folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = Command::new(LOGWEIR);
        command.args(arguments).env_clear().env("HOME", self.folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(environment.iter().copied()).current_dir(folder);
        Ran::of(command.stdin(std::process::Stdio::null()).output().unwrap())
    }

    /// Writes `~/.aws/config`.
    pub fn configures(&self, text: &str) {
        std::fs::create_dir_all(self.folder.path().join(".aws")).unwrap();
        std::fs::write(self.folder.path().join(".aws/config"), text).unwrap();
    }

    /// The access keys that signed the calls so far.
    pub fn keys(&self) -> BTreeSet<String> {
        let key = |head: &String| Some(head.split("Credential=").nth(1)?.split('/').next()?.to_owned());
        self.aws.heads().iter().filter_map(key).collect()
    }

    /// The calls to AWS so far that do more than read.
    pub fn writing_calls(&self) -> Vec<String> {
        let reading = ["Describe", "List", "Get", "Query"];
        let operations = self.aws.calls().into_iter().map(|(operation, _)| operation);
        operations.filter(|operation| !reading.iter().any(|word| operation.starts_with(word))).collect()
    }

    fn alone(&self, command: &mut Command) -> Ran {
        let beside = Path::new(LOGWEIR).parent().unwrap_or(Path::new(""));
        command.env_clear().env("PATH", beside).env("HOME", self.folder.path());
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "CANARY-KEY");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("RUST_LOG", "trace");
        Ran::of(command.stdin(std::process::Stdio::null()).output().unwrap())
    }
}

/// The undo command in the text output of a report or of a record.
pub fn undo(text: &str) -> &str {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("undo "));
    line.unwrap_or_else(|| panic!("no undo in {text}")).trim()
}
