//! The only module that writes to the terminal. Results go to standard output, and all other texts go to standard
//! error.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::failure::Failure;
use super::options::{Color, Format};
use crate::domain::text::plain::plain;
use crate::render::Output;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Writes results and messages. By default, uses colours only on a terminal, and only if the environment variable
/// `NO_COLOR` is not set.
pub(super) struct Printer {
    choice: ColorChoice,
    format: Format,
}

impl Printer {
    pub(super) fn new(color: Color, format: Format) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Self { choice, format }
    }

    /// Returns whether the text on standard output may contain colours and other styles.
    pub(super) fn is_styled(&self) -> bool {
        match self.choice {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Shows a result in the format that the caller selected.
    pub(super) fn show(&self, output: &impl Output) {
        self.text(|| output.text());
        self.json(|| output.json());
    }

    /// Shows a part of a text result immediately. Shows nothing with `--format json`, because the JSON result is one
    /// object that Logweir prints at the end.
    pub(super) fn text(&self, text: impl FnOnce() -> String) {
        if !self.is_json() {
            self.result(&text());
        }
    }

    /// Shows a result as one JSON object with `--format json`. Shows nothing with `--format text`, because
    /// [`Printer::text`] has already shown the parts of the result.
    pub(super) fn json(&self, value: impl FnOnce() -> Value) {
        if self.is_json() {
            self.result(&format!("{:#}\n", value()));
        }
    }

    /// Writes a result to standard output. Ignores errors, because the reader of a pipe may close the pipe early (`|
    /// head`).
    fn result(&self, text: &str) {
        let mut out = AutoStream::new(io::stdout().lock(), self.choice);
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Writes a document to standard output, byte for byte.
    pub(super) fn document(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    }

    /// Writes an error and the help of the error.
    pub(super) fn failure(&self, failure: &Failure) {
        self.error(&failure.message, failure.help.as_deref());
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
        let _ = writeln!(err, "{style}{kind}{style:#}: {}", plain(message, 2000));
        if let Some(help) = help {
            let _ = writeln!(err, "  {HELP}help{HELP:#}: {}", plain(help, 2000));
        }
    }

    /// Writes a question, without a line break.
    pub(super) fn ask(&self, question: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        let _ = write!(err, "{}", plain(question, 2000)).and_then(|()| err.flush());
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
        let _ = writeln!(AutoStream::new(io::stderr().lock(), self.choice), "{}", plain(message, 2000));
    }
}
