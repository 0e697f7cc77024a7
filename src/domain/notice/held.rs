//! The part of the digest about the revisions that wait for the end of a hold.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::foreign::code;
use crate::domain::limits::deferred::Deferred;
use crate::domain::limits::family::Family;
use crate::domain::text::count;

/// The maximum number of families that the digest names.
const MOST: usize = 20;

fn named(families: &[Family]) -> impl Iterator<Item = (&Family, &Deferred)> {
    families.iter().take(MOST).filter_map(|family| Some((family, family.deferred.newest()?)))
}

/// Returns the newest deferred revision of each of these families, for the event on the event bus.
pub(super) fn detail(families: &[Family]) -> Value {
    let held = named(families).map(|(family, deferred)| {
        json!({
            "family": family.name.family, "source": deferred.source, "services": deferred.services.len(),
            "left_out": family.deferred.left_out(), "until": family.hold.as_ref().map(|hold| hold.until)
        })
    });
    held.collect()
}

/// Returns a sentence for the newest deferred revision of each of these families.
pub(super) fn lines(families: &[Family], now: Timestamp) -> Vec<String> {
    let mut lines: Vec<String> = named(families)
        .map(|(family, deferred)| {
            let source = code(&deferred.source.short(), 300);
            let services = match deferred.services.len() {
                0 => String::new(),
                some => format!(", and can then update {}", count(some as u64, "service")),
            };
            let when = match &family.hold {
                Some(hold) if now < hold.until => format!("After the hold ends at {:.0}", hold.until),
                _ => "At its next scheduled run".to_owned(),
            };
            let left_out = match family.deferred.left_out() {
                0 => String::new(),
                some => format!(" Logweir had no room for {} about other services.", count(some, "event")),
            };
            format!(
                "{when}, Logweir corrects {source}{services}, if it is still the newest revision of its family.{left_out}"
            )
        })
        .collect();
    if families.len() > lines.len() {
        lines.push(format!("Other families on hold: {}", families.len() - lines.len()));
    }
    lines
}
