//! The parts of a task definition that its text does not show, with one line for each part.

use crate::domain::text::plain::{plain, shortened};
use crate::render::json::{TargetOutput, UnknownLine};

/// The maximum length of a text in the output, in characters.
const LONGEST: usize = 400;

/// Returns one line for each unknown part of the target. Returns an empty text if the text shows every part.
pub fn lines(target: &TargetOutput) -> String {
    target.unknown.iter().map(|unknown| line(&target.target, unknown)).collect()
}

fn line(target: &str, UnknownLine { rules, place, why, .. }: &UnknownLine) -> String {
    let place = place.map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
    let rules = if rules.is_empty() { String::new() } else { format!(" (not decided: {})", rules.join(", ")) };
    format!("unknown: {}{place}: {}{rules}\n", plain(target, LONGEST), shortened(why, LONGEST))
}
