//! A custom notification of Amazon Q Developer in chat applications (source: the administrator guide of Amazon Q
//! Developer in chat applications, Custom notifications). That administrator guide also prescribes the values of the
//! members `version` and `source` of a notification.

use serde_json::{Map, Value, json};

use super::NoticeKind;

/// The maximum length of a title, in characters. The administrator guide of Amazon Q Developer names no limit for
/// titles; this limit comes from published tests of third parties.
const TITLE: usize = 250;

/// The maximum length of a description, in characters. The administrator guide of Amazon Q Developer names no limit for
/// descriptions; this limit comes from published tests of third parties.
const DESCRIPTION: usize = 8000;

/// The maximum length of a next step, in characters. The administrator guide of Amazon Q Developer names no limit for
/// next steps.
const STEP: usize = 1200;

/// The content of a chat message. Every text of another principal in this content is already safe to show.
pub(super) struct ChatMessage<'m> {
    /// The id of the decision, which every message about that decision repeats.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    pub(super) next_steps: Vec<String>,
    pub(super) keywords: Vec<String>,
    /// The id of the thread. Messages with the same thread id form one thread.
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

/// Returns the whole text if it has at most `most` characters, and otherwise the part before the first colon. A cut at
/// another place could split a code span in two.
fn whole(text: &str, most: usize) -> &str {
    if text.chars().count() <= most { text } else { text.split(':').next().unwrap_or_default() }
}

/// Joins the lines to a description. If the description would be too long, leaves out the last lines and adds a note.
fn fitting(lines: &[String]) -> String {
    const REST: &str = "(the function's log contains the rest)";
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
        assert!(text.chars().count() <= DESCRIPTION && text.ends_with("\n(the function's log contains the rest)"));
        assert!(text.lines().rev().skip(1).all(|line| line == "`0123456789`"));
        assert_eq!(fitting(&lines[..2]), "`0123456789`\n`0123456789`");
    }
}
