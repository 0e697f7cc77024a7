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

/// Returns the error code and the error message of the first XML element `<Error><Type/><Code/><Message/>…`. The
/// element is the root in an error of S3. Otherwise it is in `<ErrorResponse>` or, for EC2, in `<Response><Errors>`.
pub(super) fn error(body: &str) -> Option<(String, String)> {
    let mut document = Document::new(body);
    while let Some(start) = document.next_start_element() {
        if start.matches("Error") {
            return members(&mut document.scoped_to(start));
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
