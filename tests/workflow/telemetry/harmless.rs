//! Checks that log lines and notifications contain nothing harmful.

use logweir::domain::notice::Notice;
use serde_json::Value;

/// A mark in every hostile text, by which the tests find the text in the output.
pub const MARK: &str = "FORGED";

/// Whether a character controls a terminal, changes the direction of writing, hides text, or ends a line.
fn is_hostile(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || turns || hides
}

/// Asserts that each line is one JSON object, whichever characters end a line. Returns the number of hostile texts.
pub fn lines(text: &str) -> usize {
    assert!(text.ends_with('\n'), "{text}");
    for line in text.trim_end_matches('\n').split('\n') {
        assert!(!line.chars().any(is_hostile), "{line:?}");
        assert!(line.len() < 32 * 1024, "{} bytes", line.len());
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap()), "{line}");
        let event = line["event"].as_str().unwrap();
        if event == "metrics" {
            assert!(!line.to_string().contains(MARK), "{line}");
        }
        texts(&line, &mut |text| assert!(!text.chars().any(is_hostile) && text.chars().count() <= 1024, "{text:?}"));
    }
    text.matches(MARK).count()
}

fn texts(value: &Value, check: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => check(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, check)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            check(name);
            texts(value, check);
        }),
        _ => {}
    }
}

/// Asserts that a notification mentions, links, formats and hides nothing, and is not too large. Returns the number of
/// hostile texts in the part that people read.
pub fn notice(notice: &Notice) -> usize {
    assert!(notice.message().len() < 128 * 1024, "{} bytes", notice.message().len());
    assert!(notice.detail.to_string().len() < 128 * 1024);
    texts(&notice.detail, &mut |text| assert!(!text.chars().any(is_hostile), "{text:?}"));
    let subject = &notice.subject;
    assert!(
        (1..100).contains(&subject.len()) && subject.chars().all(|c| c.is_ascii_graphic() || c == ' '),
        "{subject:?}"
    );
    assert!(subject.starts_with("Logweir: ") && !subject.contains(MARK), "{subject}");

    let content = &notice.chat["content"];
    let text = |member: &str| content[member].as_str().unwrap().to_owned();
    let (title, description) = (text("title"), text("description"));
    assert!(title.chars().count() <= 250 && description.chars().count() <= 8000);
    let steps = content["nextSteps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap().to_owned());
    let mut found = 0;
    for text in [title, description].into_iter().chain(steps) {
        found += text.matches(MARK).count();
        chat(&text);
    }
    assert!(!content["keywords"].to_string().contains(MARK));
    assert!(!notice.chat["metadata"].to_string().contains(MARK) && !notice.chat["id"].to_string().contains(MARK));

    for line in notice.text.lines() {
        assert!(!line.chars().any(is_hostile) && line.chars().count() <= 2000, "{line:?}");
        assert!(!line.contains("://") && !line.to_lowercase().contains("www.e"), "{line}");
        let outside: String = line.split('"').step_by(2).collect();
        assert!(!outside.contains(MARK), "{line}");
    }
    found
}

/// Asserts that all third-party text is between backticks, and contains nothing with a meaning there.
fn chat(text: &str) {
    for line in text.lines() {
        let parts: Vec<&str> = line.split('`').collect();
        assert!(parts.len() % 2 == 1, "a span is left open: {line}");
        for (number, part) in parts.iter().enumerate() {
            assert!(!part.chars().any(is_hostile), "{part:?}");
            assert!(!part.contains(['<', '>', '@', '&', '|']), "{line}");
            assert!(!part.contains("://") && !part.to_lowercase().contains("www.e"), "{line}");
            match number % 2 {
                0 => assert!(!part.contains(MARK) && !part.contains(['*', '_', '~', '[', ']', '#', '!']), "{line}"),
                _ => assert!(!part.is_empty() && part.trim() == *part, "{line}"),
            }
        }
    }
}
