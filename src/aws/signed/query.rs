//! The query protocol, which IAM and SNS speak: a form is sent, and XML comes back.

use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};

/// Whether an answer did not break off: then nobody knows what came of the call.
pub(in crate::aws) fn is_whole(call: &str, body: &str) -> bool {
    body.trim_end().ends_with(&format!("</{call}Response>"))
}

/// An element's text; none where it cannot be read.
pub(in crate::aws) fn text(element: &mut ScopedDecoder<'_, '_>) -> String {
    try_data(element).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Code and message of `<ErrorResponse><Error><Type/><Code/><Message/>…`.
pub(super) fn error(body: &str) -> Option<(String, String)> {
    let mut document = Document::new(body);
    let mut root = document.root_element().ok()?;
    let (mut code, mut message) = (None, String::new());
    while let Some(mut error) = root.next_tag() {
        if !error.start_el().matches("Error") {
            continue;
        }
        while let Some(mut member) = error.next_tag() {
            match member.start_el().local() {
                "Code" => code = try_data(&mut member).ok().map(|text| text.into_owned()),
                "Message" => message = text(&mut member),
                _ => {}
            }
        }
    }
    Some((code?, message))
}
