//! The one place that writes to the terminal: results to standard output, all else to standard error.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::Color;
use crate::domain::text::plain::plain;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Colour on a terminal alone, unless it is asked for; `NO_COLOR` is honoured.
#[derive(Clone)]
pub struct Printer {
    choice: ColorChoice,
}

impl Printer {
    pub fn new(color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Self { choice }
    }

    /// Whether styles reach the reader of standard output.
    pub fn is_styled(&self) -> bool {
        match self.choice {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        }
    }

    /// A result. A reader that goes away (`| head`) is no error.
    pub fn result(&self, text: &str) {
        let mut out = AutoStream::new(io::stdout().lock(), self.choice);
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// A result byte for byte, whatever stands in it.
    pub fn document(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    }

    pub fn json(&self, value: &serde_json::Value) {
        self.result(&format!("{value:#}\n"));
    }

    pub fn error(&self, message: &str, help: Option<&str>) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        let _ = writeln!(err, "{ERROR}error{ERROR:#}: {}", plain(message, 2000));
        if let Some(help) = help {
            let _ = writeln!(err, "  {HELP}help{HELP:#}: {}", plain(help, 2000));
        }
    }

    /// A question, without an end of line.
    pub fn ask(&self, question: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        let _ = write!(err, "{}", plain(question, 2000)).and_then(|()| err.flush());
    }

    /// Something that the reader should know and that is no result.
    pub fn note(&self, message: &str) {
        let _ = writeln!(AutoStream::new(io::stderr().lock(), self.choice), "{}", plain(message, 2000));
    }
}
