//! Texts with the form of a secret. No output contains such a text.

/// Whether the text has the form of a secret: an address with a password, the identifier of an access key, or a private
/// key.
pub(super) fn is_secret(text: &str) -> bool {
    has_password(text) || is_access_key(text) || text.contains("-----BEGIN ")
}

/// Whether the text is an address with a user and a password, such as `postgres://user:password@host`. The digest of an
/// image is no password.
pub(super) fn has_password(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, host)) = authority.rsplit_once('@') else { return false };
    let is_digest = host.starts_with("sha256:") || host.starts_with("sha512:");
    !is_digest && user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
}

/// Whether the text is the identifier of an access key (source: IAM user guide, unique identifiers).
fn is_access_key(text: &str) -> bool {
    let rest = text.strip_prefix("AKIA").or_else(|| text.strip_prefix("ASIA"));
    rest.is_some_and(|rest| {
        rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_a_form_of_its_own_and_an_image_with_a_digest_has_not() {
        for text in
            ["postgres://a:b@db/x", "a:b@registry.example/web", "AKIAIOSFODNN7EXAMPLE", "-----BEGIN RSA KEY-----"]
        {
            assert!(is_secret(text), "{text}");
        }
        for text in ["postgres://db/x", "web:1@sha256:abc", "registry:5000/web:1@sha256:abc", "AKIA", "https://a@b/c"] {
            assert!(!is_secret(text), "{text}");
        }
    }
}
