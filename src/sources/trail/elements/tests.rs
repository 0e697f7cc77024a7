use super::*;

/// Gives a few bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(self.0.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

/// Returns the elements of a text, with `-` for an element that is no object, and how the text ends.
fn elements(text: &str, largest: usize, piece: usize, uses_likely: bool) -> (Vec<String>, Option<Broken>) {
    let mut elements = Elements::new(Pieces(text.as_bytes(), piece), largest);
    let mut found = Vec::new();
    let is_object = |text: &&[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
    loop {
        if uses_likely && let Some(text) = elements.likely().filter(is_object) {
            found.push(String::from_utf8(text.to_vec()).unwrap());
            let length = text.len();
            elements.pass(length);
            continue;
        }
        match elements.next() {
            Ok(None) => return (found, None),
            Ok(Some(Element::Object(text))) => found.push(String::from_utf8(text.to_vec()).unwrap()),
            Ok(Some(Element::Other)) => found.push("-".to_owned()),
            Err(broken) => return (found, Some(broken)),
        }
    }
}

fn assert_elements(text: &str, expected: &[&str], end: Option<Broken>) {
    for (piece, uses_likely) in [1, 2, 3, 7, 1000].map(|piece| [(piece, false), (piece, true)]).concat() {
        let (found, ended) = elements(text, 1000, piece, uses_likely);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!((found.as_slice(), &ended), (expected, &end), "{text} by {piece}, {uses_likely}");
    }
}

#[test]
fn every_form_of_a_file_has_its_elements() {
    let one = r#"{"a":"}\"]","b":[{"c":1}]}"#;
    for text in [
        format!(r#"{{"Records":[{one},{{}}]}}"#),
        format!(r#"{{"Events": [ {one} , {{}} ] , "NextToken":"x"}}"#),
        format!(r#"{{"other":{{"Records":[1]}},"Records":[{one}], "more":1, "Records":[{{}}]}}"#),
        format!("[{one},{{}}]"),
        format!("\u{feff}[{one}]\n[{{}}]"),
        format!("{one}\n{{}}\n"),
        format!("{one}{{}}"),
        format!("2026-12-01T08:00:00.000Z {one}\n2026-12-01T08:00:01.000Z {{}}"),
    ] {
        assert_elements(&text, &[one, "{}"], None);
    }
    assert_elements("", &[], None);
    assert_elements(r#"{"Records":[]}"#, &[], None);
}

#[test]
fn what_looks_like_the_start_of_a_record_inside_a_record_does_not_end_it() {
    let plain = r#"{"eventVersion":"1.11","eventID":"a"}"#;
    for one in [
        plain,
        r#"{"eventVersion":"1.11","nested":[{"a":1},{"eventVersion":"1"}]}"#,
        r#"{"eventVersion":"1.11","text":"\"},{\"eventVersion\":1"}"#,
        r#"{"eventVersion":"},{"}"#,
        r#"{"eventVersion":01}"#,
    ] {
        let records = [one, plain, one, one, plain];
        assert_elements(&format!(r#"{{"Records":[{}]}}"#, records.join(",")), &records, None);
        assert_elements(&format!("[{}]", records.join(" , ")), &records, None);
        assert_elements(&format!("[{}", records.join(",")), &records, Some(Broken::Truncated));
    }
    assert_elements(&format!("[1,,{plain},{plain},2]"), &["-", plain, plain, "-"], None);
}

#[test]
fn elements_that_are_no_objects_are_counted() {
    assert_elements(r#"{"Records":[1,"a{",null,[{}],{"x":1},@@]}"#, &["-", "-", "-", "-", r#"{"x":1}"#, "-"], None);
    assert_elements("{\"a\":1}\nnonsense\n{\"a\":\"b\n{\"a\":2}\n", &[r#"{"a":1}"#, "-", "-", r#"{"a":2}"#], None);
}

#[test]
fn a_line_that_breaks_off_hides_no_other_line() {
    let one = r#"{"a":1}"#;
    for broken in [r#"{"b":{"c":"#, r#"{"b":"#, r#"{"b":1,"#, r#"{"b""#, r#"{"b"#, r#"{"b":"x"#, r#"{"b":[1,"#, "{"] {
        assert_elements(&format!("{one}\n{broken}\n{one}\n{one}\n"), &[one, "-", one, one], None);
    }
    let lines = vec![one; 300];
    let (found, ended) = elements(&format!("{one}\n{{\"b\":[\n{}", lines.join("\n")), 1000, 1000, true);
    assert_eq!((found.len(), ended), (302, None), "the element is above the limit");
}

#[test]
fn an_element_above_the_limit_is_no_object() {
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2000));
    assert_elements(&format!("[{large},{{}}]"), &["-", "{}"], None);
    assert_elements(&format!("{large}\n{{}}"), &["-", "{}"], None);
}

#[test]
fn a_text_that_breaks_off_keeps_its_elements() {
    for text in [r#"{"Records":[{"a":1},{"b"#, r#"{"Records":[{"a":1}"#, r#"{"Records":[{"a":1},"x\"#] {
        assert_elements(text, &[r#"{"a":1}"#], Some(Broken::Truncated));
    }
    assert_elements(r#"{"Records":[{"a":1}]x"#, &[r#"{"a":1}"#], Some(Broken::NotJson));
    for text in ["fn main() {}", "\0\0\0", "<html>", "{a}", "plain text"] {
        assert_elements(text, &[], Some(Broken::NotJson));
    }
}
