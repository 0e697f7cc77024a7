//! The tags that stand beside a task definition, and which of them a corrected revision carries.

use std::ops::Range;

use crate::domain::text::json;

/// One tag, with the text in which ECS sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub key: String,
    pub value: String,
    text: String,
}

/// How many tags a task definition may have (source: ECS API reference, RegisterTaskDefinition).
const MOST: usize = 50;

/// The prefix of Logweir's own tags. They are hints for humans and for finding; nothing is ever trusted for bearing one.
const OWN: &str = "logweir:";
/// The number of the revision that a corrected one was made from.
pub const SOURCE: &str = "logweir:source";
/// The number of the revision that a restored one stands for.
pub const RESTORES: &str = "logweir:restores";
/// The digest of the baseline that it was made by.
pub const BASELINE: &str = "logweir:baseline";

impl Tag {
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        let text = serde_json::json!({"key": key, "value": value}).to_string();
        Self { key, value, text }
    }

    /// Reads a list of tags, `[{"key": …, "value": …}, …]`.
    pub fn parse_list(list: &str) -> Result<Vec<Self>, serde_json::Error> {
        json::items(list)?
            .into_iter()
            .map(|place: Range<usize>| {
                let text = &list[place];
                let view: serde_json::Value = serde_json::from_str(text)?;
                let member = |name: &str| view[name].as_str().unwrap_or_default().to_owned();
                Ok(Self { key: member("key"), value: member("value"), text: text.to_owned() })
            })
            .collect()
    }

    /// The tag as it travels.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The tags of a corrected revision: the source's as they are, without those that ECS refuses (`aws:…`, in any case;
/// source: ECS API reference, Tag) and without a copy of ours, then ours as far as AWS's limit leaves room.
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
    fn the_authors_tags_go_before_ours_where_the_limit_is_reached() {
        let source: Vec<Tag> = (0..50).map(|n| Tag::new(format!("k{n}"), "v")).collect();
        assert_eq!(carried(&source, &[Tag::new(SOURCE, "41")]), source);
    }
}
