//! Every result that a verb shows, in both of its forms.

use serde::Serialize;
use serde_json::Value;

use super::human;
use super::human::doctor::Diagnosis;
use super::human::records::{RecordOutput, RecordsOutput};
use super::human::report::FunctionAnswer;
use super::human::rules::RulesOutput;
use super::json::{AgainstOutput, CheckOutput};
use crate::domain::report::Report;

/// A result with a form for people and a form for programs.
pub trait Output {
    /// Returns the text for a terminal. The text may hold styles: the printer removes them where they would not show.
    fn text(&self) -> String;

    /// Returns one JSON object. Its schema is versioned.
    fn json(&self) -> Value;
}

fn value(output: &impl Serialize) -> Value {
    serde_json::to_value(output).unwrap_or_default()
}

impl Output for Report {
    fn text(&self) -> String {
        human::report::text(&value(self))
    }

    fn json(&self) -> Value {
        value(self)
    }
}

impl Output for FunctionAnswer {
    fn text(&self) -> String {
        human::report::text(&self.0)
    }

    fn json(&self) -> Value {
        self.0.clone()
    }
}

impl Output for CheckOutput {
    fn text(&self) -> String {
        human::check::closing(self)
    }

    fn json(&self) -> Value {
        value(self)
    }
}

impl Output for AgainstOutput {
    fn text(&self) -> String {
        human::against::closing(self)
    }

    fn json(&self) -> Value {
        value(self)
    }
}

impl Output for RecordsOutput {
    fn text(&self) -> String {
        human::records::table(self)
    }

    fn json(&self) -> Value {
        human::records::list_json(self)
    }
}

impl Output for RecordOutput {
    fn text(&self) -> String {
        human::records::text(self)
    }

    fn json(&self) -> Value {
        human::records::record_json(self)
    }
}

impl Output for Diagnosis {
    fn text(&self) -> String {
        human::doctor::text(self)
    }

    fn json(&self) -> Value {
        human::doctor::json(self)
    }
}

impl Output for RulesOutput {
    fn text(&self) -> String {
        human::rules::text(self)
    }

    fn json(&self) -> Value {
        human::rules::json(self)
    }
}
