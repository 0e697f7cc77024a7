//! The only module that writes to the terminal. Results go to standard output, and all other texts go to standard
//! error.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::failure::{Exit, Failure};
use super::options::Color;
use crate::domain::text::names;
use crate::domain::text::plain::{shortened, without_number};
use crate::render::Output;
use crate::render::formats::FormatName;

/// The longest message, in characters.
const LONGEST: usize = 2000;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Writes results and messages. By default, uses colours only on a terminal, and only if the environment variable
/// `NO_COLOR` is not set.
pub(super) struct Printer {
    choice: ColorChoice,
    format: FormatName,
    /// The error of the first failed write of a result. Later results are not written.
    failed: OnceCell<io::Error>,
    /// The errors that were written about a target, each as the denied operation or as its message.
    told: RefCell<BTreeSet<String>>,
    /// The targets with an error that was written about an earlier target, by this error.
    alike: RefCell<BTreeMap<String, Vec<String>>>,
}

/// Reports a failed write of a result, and returns the exit code. A closed pipe needs no message, because its
/// reader needs no more output (`| head`).
pub(super) fn unwritten(written: io::Result<()>) -> Exit {
    let Err(error) = written else { return Exit::Fine };
    if error.kind() != io::ErrorKind::BrokenPipe {
        let message = format!("cannot write to standard output: {}", without_number(&error.to_string()));
        let help = "the output is incomplete; free disk space, or write it to another place";
        Printer::new(Color::Auto, FormatName::Text).error(&message, Some(help));
    }
    Exit::Error
}

impl Printer {
    pub(super) fn new(color: Color, format: FormatName) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Self { choice, format, failed: OnceCell::new(), told: RefCell::default(), alike: RefCell::default() }
    }

    /// Returns whether the text on standard output may contain colours and other styles.
    pub(super) fn is_styled(&self) -> bool {
        match self.choice {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == FormatName::Json
    }

    /// Shows a result in the format that the caller selected.
    pub(super) fn show(&self, output: &impl Output) {
        self.text(|| output.text());
        self.json(|| output.json());
    }

    /// Shows a part of a text result immediately. Shows nothing with another format.
    pub(super) fn text(&self, text: impl FnOnce() -> String) {
        if self.format == FormatName::Text {
            let text = text();
            // Elsewhere, a text may be a patch, whose bytes must stay as they are.
            self.result(&if is_in_pipeline() { without_commands(&text) } else { text.as_str().into() });
        }
    }

    /// Shows a result as one JSON object with `--format json`. Shows nothing with `--format text`, because
    /// [`Printer::text`] has already shown the parts of the result.
    pub(super) fn json(&self, value: impl FnOnce() -> Value) {
        if self.is_json() {
            self.result(&format!("{:#}\n", value()));
        }
    }

    /// Writes a part of a JSON object immediately. Writes nothing with another format.
    pub(super) fn json_part(&self, text: impl FnOnce() -> String) {
        if self.is_json() {
            self.document(&text());
        }
    }

    /// Writes a result to standard output. [`Printer::end`] reports an error, because the work of the verb goes on.
    fn result(&self, text: &str) {
        self.written(AutoStream::new(io::stdout().lock(), self.choice), text);
    }

    /// Writes a document to standard output, byte for byte.
    pub(super) fn document(&self, text: &str) {
        self.written(io::stdout().lock(), text);
    }

    /// Writes a document to standard output, piece by piece.
    pub(super) fn pieces(&self, emit: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.failed.get().is_none() {
            let mut out = BufWriter::new(io::stdout().lock());
            if let Err(error) = emit(&mut out).and_then(|()| out.flush()) {
                let _ = self.failed.set(error);
            }
        }
    }

    fn written(&self, mut out: impl Write, text: &str) {
        if self.failed.get().is_none()
            && let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        {
            let _ = self.failed.set(error);
        }
    }

    /// Names the targets with an error that was written about an earlier target. Reports that a result could not be
    /// written, and returns the exit code for it.
    pub(super) fn end(self) -> Exit {
        let is_only_error = self.told.borrow().len() == 1;
        for (error, targets) in self.alike.take() {
            let targets = names(targets.iter().map(String::as_str));
            match is_only_error {
                true => self.note(&format!("the same error occurred for {targets}")),
                false => {
                    let error = error.trim_start_matches([':', ' ']);
                    self.note(&format!("the error `{error}` also occurred for {targets}"));
                }
            }
        }
        unwritten(self.failed.into_inner().map_or(Ok(()), Err))
    }

    /// Writes an error and the help of the error.
    pub(super) fn failure(&self, failure: &Failure) {
        self.error(&failure.message, failure.help.as_deref());
    }

    /// Writes the error of one target, unless the same error was written about an earlier target. [`Printer::end`]
    /// names the later targets in one line.
    pub(super) fn target_failure(&self, origin: &str, failure: &Failure) {
        // The message of an error in a file begins with the file and the position: `web.json:3:5: …`.
        let placed = failure.message.strip_prefix(origin).filter(|rest| rest.starts_with(':'));
        let key = failure.denied.or(placed).unwrap_or(&failure.message).to_owned();
        if self.told.borrow_mut().insert(key.clone()) {
            let message = match placed {
                Some(_) => failure.message.clone(),
                None => format!("{origin}: {}", failure.message),
            };
            self.message("error", ERROR, &message, failure.help.as_deref());
        } else {
            self.alike.borrow_mut().entry(key).or_default().push(origin.to_owned());
        }
    }

    pub(super) fn error(&self, message: &str, help: Option<&str>) {
        self.message("error", ERROR, message, help);
    }

    /// Writes a warning and the help of the warning. A warning does not change the exit code.
    pub(super) fn warning(&self, message: &str, help: &str) {
        self.message("warning", WARNING, message, Some(help));
    }

    fn message(&self, kind: &str, style: Style, message: &str, help: Option<&str>) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        let _ = writeln!(err, "{style}{kind}{style:#}: {}", line(message));
        if let Some(help) = help {
            let _ = writeln!(err, "  {HELP}help{HELP:#}: {}", line(help));
        }
    }

    /// Writes a question, without a line break.
    pub(super) fn ask(&self, question: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        let _ = write!(err, "{}", line(question)).and_then(|()| err.flush());
    }

    /// Writes a note. Writes nothing with `--format json`, because the JSON result already contains the content of the
    /// note.
    pub(super) fn hint(&self, message: &str) {
        if !self.is_json() {
            self.note(message);
        }
    }

    /// Writes a message that is not part of the result to standard error.
    pub(super) fn note(&self, message: &str) {
        let _ = writeln!(AutoStream::new(io::stderr().lock(), self.choice), "{}", line(message));
    }
}

/// Whether a runner of GitHub or of Azure Pipelines reads the output.
fn is_in_pipeline() -> bool {
    ["GITHUB_ACTIONS", "TF_BUILD"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Returns a message without characters and marks that have an effect where a person or a pipeline reads it.
fn line(message: &str) -> String {
    without_commands(&shortened(message, LONGEST)).into_owned()
}

/// Returns the text without the marks with which a line of a log gives a command to a pipeline. A file may have a name
/// with such a mark. GitHub and Azure Pipelines read `##[` and `##vso[` at any place of a line, and GitHub reads `::` at
/// the start of a line (sources: actions/runner, src/Runner.Common/ActionCommand.cs; Azure Pipelines, logging commands).
fn without_commands(text: &str) -> Cow<'_, str> {
    let starts = |line: &str| line.trim_start().starts_with("::");
    if !text.contains("##[") && !text.contains("##vso[") && !text.lines().any(starts) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("##[", "# #[").replace("##vso[", "# #vso[");
    let lines = text.split_inclusive('\n').map(|line| match starts(line) {
        true => Cow::Owned(line.replacen("::", ": :", 1)),
        false => Cow::Borrowed(line),
    });
    lines.collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_gives_a_command_to_a_pipeline() {
        for (text, expected) in [
            ("::error::x.json: y\n", ": :error::x.json: y\n"),
            ("a\n \t::add-mask::x", "a\n \t: :add-mask::x"),
            (
                "error: ##[command]x: y ##vso[task.setvariable variable=a]b",
                "error: # #[command]x: y # #vso[task.setvariable variable=a]b",
            ),
            ("###[group]", "## #[group]"),
            ("error: a::b.json: # [x]", "error: a::b.json: # [x]"),
        ] {
            assert_eq!(without_commands(text), expected);
        }
    }
}
