//! Every reason of a report, as the source code lists them.

use logweir::domain::outcome::Reason;
use serde_json::json;

const SOURCE: &str = include_str!("../../src/domain/outcome.rs");

/// The variants of an enum in `src/domain/outcome.rs`, in the spelling of the JSON output.
pub fn words(name: &str) -> Vec<String> {
    let body = SOURCE.split_once(&format!("pub enum {name} {{")).unwrap().1.split_once("\n}").unwrap().0;
    let variants = body.lines().map(str::trim).filter(|line| line.starts_with(char::is_uppercase));
    let kebab = |variant: &str| {
        let mut word = String::new();
        for c in variant.trim_end_matches(',').chars() {
            if c.is_uppercase() && !word.is_empty() {
                word.push('-');
            }
            word.extend(c.to_lowercase());
        }
        word
    };
    variants.map(kebab).collect()
}

pub fn reasons() -> Vec<Reason> {
    words("Reason").into_iter().map(|word| serde_json::from_value(json!(word)).unwrap()).collect()
}
