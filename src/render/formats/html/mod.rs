//! One HTML page for people. The page needs no network, and its content security policy allows no request and no code
//! except its own script.

mod findings;
mod targets;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::shown::{marked, shown};
use super::{Emitter, Run};
use crate::render::human::exemptions;
use crate::render::json::{CheckOutput, Summary};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(super) struct Html;

impl Emitter for Html {
    fn emit(&self, run: &Run<'_>) -> String {
        let mut out = head();
        out += &banner(run);
        out += "<main id=\"main\">\n";
        out += &totals(&run.check.summary);
        out += &findings::section(run.check);
        out += &targets::sections(run.check);
        out += &attention(run.check);
        out += "</main>\n";
        out += &footer(run);
        let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
        out
    }
}

/// Returns the start of the page. The policy names the hashes of the style and the script, so that an element in a name
/// from a file would not work even if it were not escaped.
fn head() -> String {
    let (style, script) = (digest(STYLE), digest(SCRIPT));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{style}'; \
         script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Logweir check</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n"
    )
}

fn banner(run: &Run<'_>) -> String {
    let Summary { checked, compliant, findings, unknown, errors, known, .. } = run.check.summary;
    let (class, mark, sentence) = match (errors, findings - known.unwrap_or_default(), unknown) {
        (1.., ..) => ("error", "✖", "Some task definitions could not be checked"),
        (_, 1.., _) if known.is_some() => ("error", "✖", "There are new findings"),
        (_, 1.., _) => ("error", "✖", "There are findings"),
        (_, _, 1..) => ("unknown", "?", "No findings, but some values are unknown"),
        _ => ("fine", "✔", "No findings"),
    };
    format!(
        "<header>\n<p class=\"name\">Logweir</p>\n<h1>Log configurations of Amazon ECS task definitions</h1>\n\
         <p class=\"verdict {class}\"><span aria-hidden=\"true\">{mark}</span> {sentence}: {compliant} of {checked} \
         comply with the baseline.</p>\n</header>\n"
    )
}

fn totals(summary: &Summary) -> String {
    let Summary { checked, compliant, exempt, unknown, errors, severities, known, .. } = *summary;
    let mut cards = vec![
        ("", "checked", checked),
        ("fine", "compliant", compliant),
        ("error", "errors", severities.error),
        ("warning", "warnings", severities.warning),
        ("note", "notes", severities.note),
        ("exempt", "exempt", exempt),
        ("unknown", "unknown", unknown),
        ("error", "without a verdict", errors),
    ];
    cards.extend(known.map(|known| ("exempt", "known before", known)));
    let card = |(class, name, number): (&str, &str, usize)| {
        let class = if number == 0 { "" } else { class };
        format!("<div class=\"card {class}\"><dt>{name}</dt><dd>{number}</dd></div>\n")
    };
    let cards: String = cards.into_iter().map(card).collect();
    format!(
        "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\" class=\"unseen\">Totals</h2>\n<dl class=\"cards\">\n{cards}</dl>\n</section>\n"
    )
}

fn attention(check: &CheckOutput) -> String {
    if check.exemptions.is_empty() {
        return String::new();
    }
    let item = |exemption| {
        let (message, help) = exemptions::message(exemption);
        format!("<li>{}: {}</li>\n", escaped(&shown(&message)), escaped(&shown(&help)))
    };
    let items: String = check.exemptions.iter().map(item).collect();
    format!("<section>\n<h2>Exemptions that need attention</h2>\n<ul>\n{items}</ul>\n</section>\n")
}

fn footer(run: &Run<'_>) -> String {
    let mut baseline = format!("Baseline: {}", code(&run.check.baseline.name()));
    if let Some(live) = &run.check.live_baseline {
        let _ = write!(baseline, "<br>Baseline of the registered revisions: {}", code(&live.name()));
    }
    format!(
        "<footer>\n<p>{baseline}</p>\n<p>Logweir {}, <time>{:.0}</time></p>\n</footer>\n",
        env!("CARGO_PKG_VERSION"),
        run.now
    )
}

/// Returns a text from a file as code, in its own writing direction.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(&shown(text)))
}

/// Returns a message, in which the names between backticks become code.
fn message(text: &str) -> String {
    marked(text, code, escaped)
}

/// Returns a text for the content of an element and for an attribute in double quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c => out.push(c),
        }
    }
    out
}

/// Returns the SHA-256 digest of a text in Base64 (RFC 4648).
fn digest(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digest = Sha256::digest(text);
    let mut out = String::new();
    for group in digest.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
        for index in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * index)) as usize & 63];
            out.push(if index <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_in_base64() {
        assert_eq!(digest(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn a_text_cannot_start_an_element_or_end_an_attribute() {
        assert_eq!(escaped("<a b=\"'&"), "&lt;a b=&quot;&#39;&amp;");
    }

    #[test]
    fn the_script_and_the_style_do_not_end_their_elements() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</"), "the element would end early");
        }
    }
}
