//! In the query protocol of IAM and SNS, the request is a form, and the response is XML.

use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};

/// Returns whether the response is complete. An incomplete response does not show whether the call succeeded.
pub(in crate::aws) fn is_whole(call: &str, body: &str) -> bool {
    body.trim_end().ends_with(&format!("</{call}Response>"))
}

/// Returns the text of an XML element, or an empty text if the element cannot be read.
pub(in crate::aws) fn text(element: &mut ScopedDecoder<'_, '_>) -> String {
    try_data(element).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Returns the error code and the error message of the XML `<ErrorResponse><Error><Type/><Code/><Message/>…`. The root
/// of an error of S3 is the element `<Error>` itself. EC2 writes `<Response><Errors><Error>…`.
pub(super) fn error(body: &str) -> Option<(String, String)> {
    let mut document = Document::new(body);
    let mut root = document.root_element().ok()?;
    if root.start_el().matches("Error") {
        return members(&mut root);
    }
    while let Some(mut error) = root.next_tag() {
        if error.start_el().matches("Error") {
            return members(&mut error);
        }
        if error.start_el().matches("Errors") {
            return error.next_tag().as_mut().and_then(members);
        }
    }
    None
}

fn members(error: &mut ScopedDecoder<'_, '_>) -> Option<(String, String)> {
    let (mut code, mut message) = (None, String::new());
    while let Some(mut member) = error.next_tag() {
        match member.start_el().local() {
            "Code" => code = try_data(&mut member).ok().map(|text| text.into_owned()),
            "Message" => message = text(&mut member),
            _ => {}
        }
    }
    Some((code?, message))
}
