//! Paths of files as relative references of URIs (RFC 3986).

use std::fmt::Write as _;

/// Returns a path as a relative reference. Each byte that needs it is percent-encoded, so that no path reads as a
/// scheme, a query or an absolute path.
pub(in crate::render) fn relative(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.trim_start_matches('/').bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
        let _ = if is_plain { write!(uri, "{}", char::from(byte)) } else { write!(uri, "%{byte:02X}") };
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_encoded_as_a_relative_reference() {
        for (path, uri) in [
            ("infra/web.yaml", "infra/web.yaml"),
            ("my infra/a:b?c#d%.json", "my%20infra/a%3Ab%3Fc%23d%25.json"),
            ("//host/ä\n.json", "host/%C3%A4%0A.json"),
            ("a\\b", "a%5Cb"),
        ] {
            assert_eq!(relative(path), uri);
        }
    }
}
