//! What no line and no message may hold, whatever anybody sends.

use logweir::domain::notice::Notice;
use serde_json::Value;

/// Stands in every hostile text, so that it is found again.
pub const MARK: &str = "FORGED";

/// Steers, turns, hides or ends.
fn is_hostile(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || turns || hides
}

/// Each line is one JSON object, by every rule that somebody may part lines by. How often a hostile text stands in them.
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

/// Nothing in it calls, links, formats or hides anything, and it is as large as its way allows. How often a hostile text
/// stands in what people read.
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

/// All foreign text stands between backticks and holds nothing that means something there.
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
