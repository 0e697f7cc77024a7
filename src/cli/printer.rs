//! The one place that writes to the terminal: results to standard output, all else to standard error.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::failure::Failure;
use super::options::{Color, Format};
use crate::domain::text::plain::plain;
use crate::render::Output;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Colour on a terminal alone, unless it is asked for; `NO_COLOR` is honoured.
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

    /// Whether styles reach the reader of standard output.
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

    /// Shows a part of a result immediately. Shows nothing with JSON, because the JSON result is one object at the end.
    pub(super) fn text(&self, text: impl FnOnce() -> String) {
        if !self.is_json() {
            self.result(&text());
        }
    }

    /// Shows the object that sums up what [`Printer::text`] showed part by part.
    pub(super) fn json(&self, value: impl FnOnce() -> Value) {
        if self.is_json() {
            self.result(&format!("{:#}\n", value()));
        }
    }

    /// A result. A reader that goes away (`| head`) is no error.
    fn result(&self, text: &str) {
        let mut out = AutoStream::new(io::stdout().lock(), self.choice);
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// A result byte for byte, whatever stands in it.
    pub(super) fn document(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    }

    /// An error and what to do about it.
    pub(super) fn failure(&self, failure: &Failure) {
        self.error(&failure.message, failure.help.as_deref());
    }

    pub(super) fn error(&self, message: &str, help: Option<&str>) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        let _ = writeln!(err, "{ERROR}error{ERROR:#}: {}", plain(message, 2000));
        if let Some(help) = help {
            let _ = writeln!(err, "  {HELP}help{HELP:#}: {}", plain(help, 2000));
        }
    }

    /// A question, without an end of line.
    pub(super) fn ask(&self, question: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        let _ = write!(err, "{}", plain(question, 2000)).and_then(|()| err.flush());
    }

    /// A note for people. The JSON result already contains its content.
    pub(super) fn hint(&self, message: &str) {
        if !self.is_json() {
            self.note(message);
        }
    }

    /// Something that the reader should know and that is no result.
    pub(super) fn note(&self, message: &str) {
        let _ = writeln!(AutoStream::new(io::stderr().lock(), self.choice), "{}", plain(message, 2000));
    }
}
