//! The frame of every HTML page for people, with one look. A page needs no network, and its content security policy
//! allows no request, and no style and no code except those of the page.

pub(super) mod number;
pub(super) mod section;

use sha2::{Digest, Sha256};

use crate::domain::text::plain::shortened;

const STYLE: &str = include_str!("page.css");

/// The maximum length of a text from a file, in characters.
const LONGEST: usize = 1000;

/// The parts of a page around its body.
pub(super) struct Frame {
    pub(super) title: &'static str,
    /// The rules of this page beside those of all pages.
    pub(super) style: &'static str,
    /// The script of the page. A page with an empty script allows no code.
    pub(super) script: &'static str,
    /// The identifier of the main content and its name, for the link that skips the head of the page.
    pub(super) skip: (&'static str, &'static str),
}

impl Frame {
    /// Returns the page. The policy names the hashes of the styles and the script, so that an element in a name from a
    /// file would not work even if it were not escaped.
    pub(super) fn around(&self, body: &str) -> String {
        let Self { title, style, script, skip: (target, name) } = *self;
        let mut hashes = format!("'sha256-{}'", digest(STYLE));
        let mut styles = format!("<style>{STYLE}</style>\n");
        if !style.is_empty() {
            hashes += &format!(" 'sha256-{}'", digest(style));
            styles += &format!("<style>{style}</style>\n");
        }
        let (script_source, script) = match script {
            "" => (String::new(), String::new()),
            script => (format!("script-src 'sha256-{}'; ", digest(script)), format!("<script>{script}</script>\n")),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {hashes}; \
             {script_source}base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{title}</title>\n{styles}</head>\n<body>\n<a class=\"skip\" href=\"#{target}\">Skip to {name}</a>\n\
             {body}{script}</body>\n</html>\n"
        )
    }
}

/// Returns a text from a file in one line, without characters that are invisible or change the writing direction.
pub(super) fn text(text: &str) -> String {
    escaped(&shortened(text, LONGEST))
}

/// Returns a text from a file as code, in its own writing direction.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", self::text(text))
}

/// Returns a text for the content of an element and for an attribute in double quotes.
pub(super) fn escaped(text: &str) -> String {
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
        assert_eq!(code("\u{202e}</code><b>\n"), "<code>&lt;/code&gt;&lt;b&gt;</code>");
    }

    #[test]
    fn the_style_does_not_end_its_element() {
        assert!(!STYLE.contains("</"), "the element would end early");
    }
}
