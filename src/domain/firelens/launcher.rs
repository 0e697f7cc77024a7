//! The argument vector of Alert Logic's launcher, which changes the router's configuration and then starts Fluent Bit.
//!
//! The launcher reads its own arguments up to `--`, and passes the arguments behind `--` to Fluent Bit. Both read some
//! of the same letters in different ways: for example, `-m` is the path of a file for the launcher, and a pattern of
//! tags for Fluent Bit (source: alertlogic/al-agent-container, fargate/README.md).

use serde_json::Value;

use super::shell;
use crate::domain::ecs::task_definition::Container;

/// The arguments of the launcher, in the order of the vector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// The keys that the launcher sets in every section of a kind, such as `-i Mem_Buf_Limit 50M`.
    pub overrides: Vec<Override>,
    /// The arguments for Fluent Bit.
    pub fluent_bit: Vec<String>,
    pub has_separator: bool,
    /// The first argument before `--` that the launcher does not know.
    pub unknown: Option<String>,
    /// The first argument behind `--` that Fluent Bit cannot read, because it belongs to the launcher.
    pub misplaced: Option<String>,
}

/// A key that the launcher sets in every section of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub section: Section,
    pub key: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Input,
    Filter,
    Output,
    Service,
}

impl Section {
    /// Returns the kind of section that an argument of the launcher changes.
    fn of(flag: &str) -> Option<Self> {
        match flag {
            "-i" | "--input" => Some(Self::Input),
            "-f" | "--filter" => Some(Self::Filter),
            "-o" | "--output" => Some(Self::Output),
            "-s" | "--service" => Some(Self::Service),
            _ => None,
        }
    }
}

impl Launch {
    /// Reads the arguments of a container that starts with the launcher: itself, behind a program such as `tini`, or in
    /// the script of a shell. Returns `None` for any other container, and if the task definition does not show the
    /// arguments.
    pub fn of(router: Container<'_>) -> Option<Self> {
        let part = |name| match router.member(name) {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(list) => words(list),
        };
        let line = [part("entryPoint")?, part("command")?].concat();
        if let Some(script) = shell::script(&line) {
            return shell::commands(script).iter().find_map(|command| Self::of_command(command));
        }
        let at = line.iter().position(|word| is_launcher(word))?;
        Some(Self::read(line[at + 1..].iter().copied()))
    }

    /// Reads a command of a script. A command may begin with a word of the shell, or with variables for the program.
    fn of_command(words: &[String]) -> Option<Self> {
        let is_before = |word: &str| matches!(word, "exec" | "then" | "else" | "do" | "{" | "!") || word.contains('=');
        let at = words.iter().position(|word| !is_before(word)).filter(|at| is_launcher(&words[*at]))?;
        Some(Self::read(words[at + 1..].iter().map(String::as_str)))
    }

    /// Reads the arguments behind the name of the launcher.
    pub fn read<'a>(arguments: impl Iterator<Item = &'a str>) -> Self {
        let mut launch = Self::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                launch.has_separator = true;
                launch.fluent_bit = arguments.map(String::from).collect();
                launch.misplaced = misplaced(&launch.fluent_bit);
                return launch;
            }
            if let Some(section) = Section::of(argument) {
                let (key, value) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
                launch.overrides.push(Override { section, key: key.into(), value: value.into() });
            } else if matches!(argument, "-r" | "--run-path" | "-c" | "--in-config" | "-m" | "--out-config") {
                arguments.next();
            } else if launch.unknown.is_none() {
                launch.unknown = Some(argument.into());
            }
        }
        launch
    }

    /// Returns the last value that the launcher sets for a key in every section of a kind. Fluent Bit compares keys
    /// without regard to case.
    pub fn value(&self, section: Section, key: &str) -> Option<&str> {
        let is_of = |set: &&Override| set.section == section && set.key.eq_ignore_ascii_case(key);
        self.overrides.iter().rfind(is_of).map(|set| set.value.as_str())
    }
}

fn is_launcher(program: &str) -> bool {
    program.rsplit('/').next() == Some("fluent-launch")
}

/// Returns the texts of a list. Returns `None` if the value is no list of texts.
pub(super) fn words(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

/// Returns the first argument that belongs to the launcher. The launcher's arguments take a key and a value, but Fluent
/// Bit's arguments take one value, so that the value of the launcher's argument stands alone (source: fluent-bit,
/// src/fluent-bit.c).
fn misplaced(arguments: &[String]) -> Option<String> {
    const WITHOUT_VALUE: &str = "dDvqVhJHSWYZ";
    let mut last: Option<&str> = None;
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        if matches!(argument, "--run-path" | "--in-config" | "--out-config" | "--service") {
            return Some(argument.into());
        }
        let Some(name) = argument.strip_prefix('-') else {
            // A word alone: the argument before it took two values.
            return last.filter(|flag| Section::of(flag).is_some()).map(String::from);
        };
        last = Some(argument);
        let takes_value = match name.strip_prefix('-') {
            Some(long) => !long.contains('=') && takes_value(long),
            None => name.chars().count() == 1 && !name.contains(|c| WITHOUT_VALUE.contains(c)),
        };
        if takes_value {
            arguments.next();
        }
    }
    None
}

/// Whether a long argument of Fluent Bit takes a value.
fn takes_value(long: &str) -> bool {
    const WITHOUT_VALUE: [&str; 14] = [
        "daemon",
        "dry-run",
        "http",
        "http_server",
        "supervisor",
        "version",
        "verbose",
        "quiet",
        "help",
        "help-json",
        "sosreport",
        "enable-hot-reload",
        "enable-chunk-trace",
        "enable-fips",
    ];
    !WITHOUT_VALUE.contains(&long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::task_definition::TaskDefinition;
    use serde_json::json;

    const OWN: &str = "-s Scheduler.Cap 60 -i Mem_Buf_Limit 50M";
    const FLUENT_BIT: &str = "-e /fluent-bit/cloudwatch.so -F record_modifier -m * -p Record=pid_1 -o syslog -m * \
                              -p Mode=tcp -p Retry_Limit=False";

    fn read(text: &str) -> Launch {
        Launch::read(text.split_whitespace())
    }

    #[test]
    fn arguments_before_and_behind_the_separator_are_read_with_their_own_grammars() {
        let launch = read(&format!("{OWN} -- {FLUENT_BIT}"));
        assert_eq!(launch.value(Section::Input, "mem_buf_limit"), Some("50M"));
        assert_eq!(launch.value(Section::Service, "Scheduler.Cap"), Some("60"));
        assert_eq!(launch.value(Section::Output, "Mem_Buf_Limit"), None);
        assert_eq!(launch.fluent_bit.join(" "), FLUENT_BIT);
        assert_eq!((launch.has_separator, launch.unknown, launch.misplaced), (true, None, None));
    }

    #[test]
    fn a_missing_separator_leaves_arguments_that_the_launcher_does_not_know() {
        let launch = read(&format!("{OWN} {FLUENT_BIT}"));
        assert_eq!((launch.has_separator, launch.unknown.as_deref()), (false, Some("-e")));
        assert_eq!(read("-o syslog -m * -p Mode=tcp").unknown.as_deref(), Some("*"));
        let launch = read(OWN);
        assert_eq!((launch.unknown, launch.overrides.len()), (None, 2));
        assert_eq!(read("-i").overrides.len(), 1);
    }

    #[test]
    fn arguments_of_the_launcher_behind_the_separator_are_misplaced() {
        for (text, misplaced) in [
            ("-- -i Mem_Buf_Limit 50M -o syslog -m *", Some("-i")),
            ("-- -o syslog -m * -s Scheduler.Cap 60", Some("-s")),
            ("-- --out-config x", Some("--out-config")),
            ("-- -v -o null -m *", None),
            ("-- --verbose -q -o null --match=*", None),
            ("-- -ocloudwatch_logs -pregion=eu-west-1 -m *", None),
            ("--", None),
            ("-- word", None),
        ] {
            assert_eq!(read(text).misplaced.as_deref(), misplaced, "{text}");
        }
    }

    #[test]
    fn only_a_readable_vector_with_the_launcher_as_entry_point_is_one() {
        let of = |container: Value| {
            let definition = TaskDefinition::parse(json!({"containerDefinitions": [container]}).to_string()).unwrap();
            let router = definition.containers().next().unwrap();
            Launch::of(router)
        };
        let path = "/var/alertlogic/lib/fluent-bit/fluent-launch";
        assert!(of(json!({"entryPoint": [path], "command": ["--"]})).unwrap().has_separator);
        assert_eq!(of(json!({"entryPoint": [path]})), Some(Launch::default()));
        assert_eq!(of(json!({"entryPoint": [path, "-i", "a", "b"]})).unwrap().overrides.len(), 1);
        assert_eq!(
            of(json!({"entryPoint": ["tini", "--"], "command": [path, "-i", "a", "b"]})).unwrap().overrides.len(),
            1
        );
        assert_eq!(of(json!({"command": [path, "-e", "x.so"]})).unwrap().unknown.as_deref(), Some("-e"));
        for script in
            ["{} -i a b -- -o null", "sleep 1; A=b exec {} -i a b \\\n -- -o 'null'", "if true; then {} -i a b --; fi"]
        {
            let script = script.replace("{}", path);
            let launch = of(json!({"entryPoint": ["/bin/sh", "-c"], "command": [script]})).unwrap();
            assert_eq!((launch.overrides.len(), launch.has_separator), (1, true), "{script}");
        }
        for other in [
            json!({}),
            json!({"entryPoint": []}),
            json!({"entryPoint": "fluent-launch"}),
            json!({"entryPoint": ["/entrypoint.sh"]}),
            json!({"entryPoint": [path], "command": {"Ref": "X"}}),
            json!({"entryPoint": [path], "command": [{"Ref": "X"}]}),
            json!({"entryPoint": ["sh", "-c"], "command": [format!("exec {path} $ARGUMENTS")]}),
            json!({"entryPoint": ["sh", "-c"], "command": [format!("ls {path}")]}),
        ] {
            assert_eq!(of(other.clone()), None, "{other}");
        }
    }
}
