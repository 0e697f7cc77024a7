//! The tags of a task definition, and the tags of a corrected revision.

use std::ops::Range;

use crate::domain::text::json::{self, Unambiguous};

/// One tag, with its JSON text as ECS sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub key: String,
    pub value: String,
    text: String,
}

/// The maximum number of tags of a task definition (source: ECS API reference, RegisterTaskDefinition).
const MOST: usize = 50;

/// The key prefix of the tags that Logweir sets. Tags with this prefix are hints for people and for searches. Logweir
/// never trusts a revision because of its tags.
const OWN: &str = "logweir:";
/// The key of a tag on a corrected revision. The value of the tag is the number of the source revision.
pub const SOURCE: &str = "logweir:source";
/// The key of a tag on a restored revision. The value of the tag is the number of the source revision.
pub const RESTORES: &str = "logweir:restores";
/// The key of a tag on a corrected revision. The value of the tag is the digest of the baseline.
pub const BASELINE: &str = "logweir:baseline";

/// The key of a tag on a migrated revision. The value of the tag is the number of the source revision.
pub const MIGRATES: &str = "logweir:migrates";
/// The key of a tag on a migrated revision. The value of the tag is the digest of the document that Logweir registered.
pub const DOCUMENT: &str = "logweir:document";

impl Tag {
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        let text = serde_json::json!({"key": key, "value": value}).to_string();
        Self { key, value, text }
    }

    /// Parses a list of tags, `[{"key": …, "value": …}, …]`.
    pub fn parse_list(list: &str) -> Result<Vec<Self>, serde_json::Error> {
        json::items(list)?
            .into_iter()
            .map(|place: Range<usize>| {
                let text = &list[place];
                let Unambiguous(view) = serde_json::from_str(text)?;
                let member = |name: &str| view[name].as_str().unwrap_or_default().to_owned();
                Ok(Self { key: member("key"), value: member("value"), text: text.to_owned() })
            })
            .collect()
    }

    /// Returns the JSON text of the tag, in its original spelling.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Returns the tags of a corrected revision: the unchanged tags of its source revision, followed by the tags `own` of
/// Logweir. Tags of the source revision are left out if their key begins with `logweir:` or `aws:`, in upper or lower
/// case. ECS refuses the prefix `aws:` (source: ECS API reference, Tag). If there would be more tags than ECS allows,
/// the last tags in `own` are left out too.
pub fn carried(source: &[Tag], own: &[Tag]) -> Vec<Tag> {
    let reserved = |tag: &Tag| {
        let key = tag.key.to_ascii_lowercase();
        key.starts_with("aws:") || key.starts_with(OWN)
    };
    let mut tags: Vec<Tag> = source.iter().filter(|tag| !reserved(tag)).cloned().collect();
    tags.extend(own.iter().take(MOST.saturating_sub(tags.len())).cloned());
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_tags_are_dropped_in_any_case_and_others_keep_their_spelling() {
        let source = Tag::parse_list(r#"[{"key":"aws:x","value":"1"},{"key":"AWS:y","value":"2"},{ "value":"\u00e9", "key":"team" },{"key":"Logweir:source","value":"forged"}]"#).unwrap();
        let carried = carried(&source, &[Tag::new(SOURCE, "41")]);
        assert_eq!(
            carried.iter().map(Tag::text).collect::<Vec<_>>(),
            [r#"{ "value":"\u00e9", "key":"team" }"#, r#"{"key":"logweir:source","value":"41"}"#]
        );
    }

    #[test]
    fn at_the_limit_the_authors_tags_have_priority() {
        let source: Vec<Tag> = (0..50).map(|n| Tag::new(format!("k{n}"), "v")).collect();
        assert_eq!(carried(&source, &[Tag::new(SOURCE, "41")]), source);
    }
}
