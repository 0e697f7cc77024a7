//! A custom notification of Amazon Q Developer in chat applications
//! (source: its administrator guide, Custom notifications; version and source are as it demands them).

use serde_json::{Map, Value, json};

use super::NoticeKind;

/// The longest texts that it is sent. Its guide names no limits; these are what others' tests know of it.
const TITLE: usize = 250;
const DESCRIPTION: usize = 8000;

/// The longest step, which nothing is documented about.
const STEP: usize = 1200;

/// Texts are ready to be shown: what is foreign in them is made harmless already.
pub(super) struct ChatMessage<'m> {
    /// The same for the same decision.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    pub(super) next_steps: Vec<String>,
    pub(super) keywords: Vec<String>,
    /// What messages are put together by.
    pub(super) thread: String,
    pub(super) summary: &'static str,
    pub(super) kind: NoticeKind,
    pub(super) resources: &'m [String],
    pub(super) context: Vec<(&'static str, String)>,
}

impl ChatMessage<'_> {
    pub(super) fn to_json(&self) -> Value {
        let context: Map<String, Value> =
            self.context.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "version": "1.0",
            "source": "custom",
            "id": self.id,
            "content": {
                "textType": "client-markdown",
                "title": whole(&self.title, TITLE),
                "description": fitting(&self.lines),
                "nextSteps": self.next_steps.iter().filter(|step| step.chars().count() <= STEP).collect::<Vec<_>>(),
                "keywords": self.keywords,
            },
            "metadata": {
                "threadId": self.thread,
                "summary": self.summary,
                "eventType": self.kind.name(),
                "relatedResources": self.resources,
                "additionalContext": context,
            },
        })
    }
}

/// A text that is cut might be left with half a format: it is taken whole, or as far as its first word of ours.
fn whole(text: &str, most: usize) -> &str {
    if text.chars().count() <= most { text } else { text.split(':').next().unwrap_or_default() }
}

/// As many whole lines as fit.
fn fitting(lines: &[String]) -> String {
    const REST: &str = "(the rest is in the log)";
    let mut description = String::new();
    for line in lines {
        if description.chars().count() + line.chars().count() + REST.len() + 2 > DESCRIPTION {
            description.push_str(REST);
            return description;
        }
        description.push_str(line);
        description.push('\n');
    }
    description.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_ends_with_a_whole_line_and_says_that_it_is_cut() {
        let lines = vec!["`0123456789`".to_owned(); 1000];
        let text = fitting(&lines);
        assert!(text.chars().count() <= DESCRIPTION && text.ends_with("\n(the rest is in the log)"));
        assert!(text.lines().rev().skip(1).all(|line| line == "`0123456789`"));
        assert_eq!(fitting(&lines[..2]), "`0123456789`\n`0123456789`");
    }
}
