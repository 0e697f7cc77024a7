//! Shows what a run does: on a terminal a bar, and elsewhere a line every ten seconds.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::interrupt::Interrupt;
use crate::cli::printer::Printer;
use crate::domain::text::plain::shortened;
use crate::render::human::run::line_text;
use crate::workflow::{RunEvent, RunWatch};

/// The time between two lines where standard error is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// The longest text about what the run does, in characters.
const LONGEST: usize = 200;

pub(in crate::cli) struct TerminalWatch<'w> {
    printer: &'w Printer,
    interrupt: Interrupt,
    bar: Option<ProgressBar>,
    total: usize,
    done: Cell<usize>,
    /// What the run does now.
    now: RefCell<String>,
    written: Cell<Instant>,
    has_said_stop: Cell<bool>,
}

impl<'w> TerminalWatch<'w> {
    /// Begins to show a run with this number of changes.
    pub(in crate::cli) fn begin(printer: &'w Printer, interrupt: Interrupt, total: usize) -> Self {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(total as u64).with_style(style));
        Self {
            printer,
            interrupt,
            bar,
            total,
            done: Cell::new(0),
            now: RefCell::default(),
            written: Cell::new(Instant::now()),
            has_said_stop: Cell::new(false),
        }
    }

    fn tick(&self) {
        match &self.bar {
            Some(bar) => bar.tick(),
            None if self.written.get().elapsed() >= EVERY => {
                self.written.set(Instant::now());
                self.printer.note(&format!("{} of {}: {}", self.done.get(), self.total, self.now.borrow()));
            }
            None => {}
        }
    }

    /// Shows what the run does. The text may contain a message of AWS or a name that another principal chose.
    fn does(&self, now: &str) {
        let now = shortened(now, LONGEST);
        if let Some(bar) = &self.bar {
            bar.set_message(now.clone());
        }
        self.now.replace(now);
    }

    /// Hides the bar while the function writes.
    fn beside(&self, writes: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(writes),
            None => writes(),
        }
    }
}

impl RunWatch for TerminalWatch<'_> {
    fn is_stopped(&self) -> bool {
        self.tick();
        let is_noted = self.interrupt.is_noted();
        if is_noted && !self.has_said_stop.replace(true) {
            self.beside(|| self.printer.note("Logweir stops after the present step; Ctrl-C again ends it at once"));
        }
        is_noted
    }

    fn sees(&self, event: RunEvent<'_>) {
        match event {
            RunEvent::Begins { about } => self.does(about),
            RunEvent::WaitsForSlot { until } => {
                self.does(&format!("waits for the registration rate limit until {until:.0}"));
            }
            RunEvent::Waits { about, why } => self.does(&format!("{about}: {why}")),
            RunEvent::Ends(line) => {
                self.done.set(self.done.get() + 1);
                self.beside(|| self.printer.text(|| line_text(line)));
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
            }
        }
        self.tick();
    }
}

impl Drop for TerminalWatch<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
