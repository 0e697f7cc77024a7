//! Parses DescribeTaskDefinition responses and writes RegisterTaskDefinition requests as JSON text. All members that
//! the author of the task definition wrote keep their spelling.

use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

use super::revision::{NotARevisionArn, RevisionArn};
use super::tags::Tag;
use super::task_definition::{COMPUTED, NotATaskDefinition, TaskDefinition};
use crate::domain::text::json;

/// The largest task definition that ECS accepts, in bytes (source: the Amazon ECS service quotas). ECS refuses a larger
/// task definition with a message such as "Actual length: '66420'. Max allowed length is '65536' bytes." (source:
/// awsdocs/amazon-ecs-developer-guide#149).
pub const LARGEST: usize = 65_536;

/// A revision of a task definition, as the DescribeTaskDefinition call returns it.
#[derive(Clone, Debug)]
pub struct Described {
    pub arn: RevisionArn,
    /// The definition without the nine members that ECS computes. All other bytes are unchanged.
    pub definition: TaskDefinition,
    pub tags: Vec<Tag>,
    pub status: RevisionStatus,
    pub registered_at: Option<Timestamp>,
    pub registered_by: Option<String>,
    pub deregistered_at: Option<Timestamp>,
}

/// The status of a revision. A revision passes through these statuses in this order, and never returns to an earlier
/// status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevisionStatus {
    Active,
    /// The revision was deregistered.
    Inactive,
    /// The revision was deregistered, and is being deleted.
    DeleteInProgress,
}

impl Described {
    pub fn is_active(&self) -> bool {
        self.status == RevisionStatus::Active
    }
}

/// The reason why Logweir cannot read a response of ECS. The messages reveal no content of the response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAReply {
    #[error("the response does not have the JSON format of ECS")]
    NotJson,
    #[error("the response has no taskDefinition")]
    NoTaskDefinition,
    #[error("taskDefinitionArn is {0}")]
    Arn(#[from] NotARevisionArn),
    #[error("taskDefinition: {0}")]
    Definition(#[from] NotATaskDefinition),
    #[error("the response has the member {0} twice")]
    Repeated(&'static str),
    #[error("the status of the revision is none that Logweir knows")]
    Status,
}

impl From<serde_json::Error> for NotAReply {
    fn from(_: serde_json::Error) -> Self {
        Self::NotJson
    }
}

/// Parses a response of DescribeTaskDefinition.
pub fn described(reply: &str) -> Result<Described, NotAReply> {
    let whole = task_definition(reply)?;
    let computed = |key: &'static str| {
        member(whole, key).map(|found| found.and_then(|text| serde_json::from_str::<Value>(text).ok()))
    };
    let text = |key: &'static str| computed(key).map(|value| value.and_then(|value| value.as_str().map(String::from)));
    let tags = match member(reply, "tags")? {
        None | Some("null") => Vec::new(),
        Some(list) => Tag::parse_list(list)?,
    };
    Ok(Described {
        arn: arn(whole)?,
        definition: TaskDefinition::parse(without(whole, &COMPUTED)?)?,
        tags,
        status: match text("status")?.as_deref() {
            Some("ACTIVE") => RevisionStatus::Active,
            Some("INACTIVE") => RevisionStatus::Inactive,
            Some("DELETE_IN_PROGRESS") => RevisionStatus::DeleteInProgress,
            _ => return Err(NotAReply::Status),
        },
        registered_at: computed("registeredAt")?.as_ref().and_then(timestamp),
        registered_by: text("registeredBy")?,
        deregistered_at: computed("deregisteredAt")?.as_ref().and_then(timestamp),
    })
}

/// Returns the ARN of the revision in a response of RegisterTaskDefinition.
pub fn registered(reply: &str) -> Result<RevisionArn, NotAReply> {
    arn(task_definition(reply)?)
}

/// Returns the body of a RegisterTaskDefinition call: the definition with `tags` as its last member. If the definition
/// itself contains a member `tags`, this member is left out.
pub fn register(definition: &TaskDefinition, tags: &[Tag]) -> Result<String, NotAReply> {
    let document = without(definition.text(), &["tags"])?;
    if tags.is_empty() {
        return Ok(document);
    }
    let tags = tags.iter().map(Tag::text).collect::<Vec<_>>().join(",");
    let end = json::members(&document)?.last().map_or(1, |last| last.value.end);
    Ok(json::exchange(&document, &(end..end), &format!(",\"tags\":[{tags}]")))
}

/// Returns `object` without the members `keys`. Repeated members are removed too, and all other bytes stay unchanged.
pub fn without(object: &str, keys: &[&str]) -> Result<String, serde_json::Error> {
    let members = json::members(object)?;
    let is_kept = |member: &json::Member| !keys.contains(&member.key.as_str());
    let (Some(last), Some(last_kept)) = (members.last(), members.iter().rposition(is_kept)) else {
        return Ok(if members.is_empty() { object.to_owned() } else { "{}".to_owned() });
    };
    let (mut text, mut copied) = (String::with_capacity(object.len()), 0);
    for (member, next) in members[..last_kept].iter().zip(&members[1..]).filter(|(member, _)| !is_kept(member)) {
        text.push_str(&object[copied..member.name.start]);
        copied = next.name.start;
    }
    text.push_str(&object[copied..members[last_kept].value.end]);
    Ok(text + &object[last.value.end..])
}

fn task_definition(reply: &str) -> Result<&str, NotAReply> {
    member(reply, "taskDefinition")?.filter(|text| text.starts_with('{')).ok_or(NotAReply::NoTaskDefinition)
}

fn arn(task_definition: &str) -> Result<RevisionArn, NotAReply> {
    let text = member(task_definition, "taskDefinitionArn")?.unwrap_or("null");
    Ok(serde_json::from_str::<Option<String>>(text)?.unwrap_or_default().parse::<RevisionArn>()?)
}

/// Returns the text of a member. A repeated member is an error, because Logweir cannot know which of the two is true.
fn member<'t>(object: &'t str, key: &'static str) -> Result<Option<&'t str>, NotAReply> {
    let mut places = json::members(object)?.into_iter().filter(|member| member.key == key).map(|member| member.value);
    let place: Option<Range<usize>> = places.next();
    match places.next() {
        Some(_) => Err(NotAReply::Repeated(key)),
        None => Ok(place.map(|place| &object[place])),
    }
}

/// Parses a point in time in the format of ECS: seconds since 1970, with a fraction.
fn timestamp(value: &Value) -> Option<Timestamp> {
    Timestamp::from_millisecond((value.as_f64()? * 1000.0).round() as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &str = concat!(
        r#"{"tags":[{"key":"caf\u00e9","value":"a\/b"}], "taskDefinition" : {"taskDefinitionArn":"arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41","#,
        r#""containerDefinitions":[{"name":"app", "cpu":1.50,"unheardOf":{"n":12345678901234567890,"e":[],"z":null}}],"family":"web","#,
        r#""revision":41,"volumes":[],"status":"ACTIVE","requiresAttributes":[{"name":"x"}],"placementConstraints":[ ],"#,
        r#""compatibilities":["EC2"],"registeredAt":1.7636000001234E9,"registeredBy":"arn:aws:iam::111122223333:root","pidMode":null}}"#,
    );

    #[test]
    fn only_what_ecs_computes_is_taken_off() {
        let reply = described(REPLY).unwrap();
        assert_eq!(
            reply.definition.text(),
            concat!(
                r#"{"containerDefinitions":[{"name":"app", "cpu":1.50,"unheardOf":{"n":12345678901234567890,"e":[],"z":null}}],"family":"web","#,
                r#""volumes":[],"placementConstraints":[ ],"pidMode":null}"#
            )
        );
        assert_eq!(reply.arn.short(), "web:41");
        assert!(reply.is_active());
        assert_eq!(reply.registered_at, Some("2025-11-20T00:53:20.123Z".parse().unwrap()));
        assert_eq!(reply.registered_by.as_deref(), Some("arn:aws:iam::111122223333:root"));
    }

    /// A pass for each repeated member would need more than 10 GB of parsing.
    #[test]
    fn members_are_taken_off_in_one_pass() {
        for (object, kept) in [
            ("{}", "{}"),
            (r#"{ "a":1 , "a":2 }"#, "{}"),
            (r#"{ "a":1,  "k":2 }"#, r#"{ "k":2 }"#),
            (r#"{"k":0, "a":1, "b":2 }"#, r#"{"k":0 }"#),
            (r#"{"a":1, "k":0 , "b":2 ,"a":3, "l":4,"b":5}"#, r#"{"k":0 , "l":4}"#),
        ] {
            assert_eq!(without(object, &["a", "b"]).unwrap(), kept, "{object}");
        }
        let object = format!(r#"{{{}"k":0}}"#, r#""a":1,"#.repeat(50_000));
        assert_eq!(without(&object, &["a"]).unwrap(), r#"{"k":0}"#);
    }

    #[test]
    fn a_status_is_read_only_if_logweir_knows_it() {
        let status = |word: &str| described(&REPLY.replace("\"ACTIVE\"", word)).map(|reply| reply.status);
        assert_eq!(status("\"INACTIVE\""), Ok(RevisionStatus::Inactive));
        assert_eq!(status("\"DELETE_IN_PROGRESS\""), Ok(RevisionStatus::DeleteInProgress));
        for other in ["\"SOMETHING_NEW\"", "null", "7"] {
            assert_eq!(status(other), Err(NotAReply::Status), "{other}");
        }
    }

    #[test]
    fn tags_go_behind_the_document_in_their_own_spelling() {
        let reply = described(REPLY).unwrap();
        let body = register(&reply.definition, &reply.tags).unwrap();
        let (document, closing) = reply.definition.text().split_at(reply.definition.text().len() - 1);
        assert_eq!(body, format!(r#"{document},"tags":[{{"key":"caf\u00e9","value":"a\/b"}}]{closing}"#));
        assert_eq!(register(&reply.definition, &[]).unwrap(), reply.definition.text());
    }

    #[test]
    fn no_tags_are_no_tags_however_ecs_says_so() {
        for none in [r#""tags":[],"#, r#""tags":null,"#, ""] {
            let (_, task_definition) = REPLY.split_once(", ").unwrap();
            assert_eq!(described(&format!("{{{none}{task_definition}")).unwrap().tags, [], "{none}");
        }
    }

    #[test]
    fn tags_that_stand_in_the_document_give_way() {
        let definition = TaskDefinition::parse(r#"{"tags":[{"key":"a"}],"containerDefinitions":[{}]}"#).unwrap();
        assert_eq!(
            register(&definition, &[Tag::new("b", "")]).unwrap(),
            r#"{"containerDefinitions":[{}],"tags":[{"key":"b","value":""}]}"#
        );
    }

    #[test]
    fn a_response_with_a_repeated_key_is_not_read() {
        for (once, twice) in [
            (r#""status":"ACTIVE""#, "the response has the member status twice"),
            (r#""family":"web""#, "taskDefinition: `/family` occurs twice"),
            (r#""name":"app""#, "taskDefinition: `/containerDefinitions/0/name` occurs twice"),
        ] {
            let error = described(&REPLY.replace(once, &format!("{once},{once}"))).unwrap_err().to_string();
            assert!(error.starts_with(twice), "{error}");
        }
        let (tags, task_definition) = REPLY.split_once(", ").unwrap();
        let task_definition = task_definition.strip_suffix('}').unwrap();
        for reply in [
            format!("{tags},{tags_only},{task_definition}}}", tags_only = &tags[1..]),
            format!("{tags},{task_definition},{task_definition}}}"),
        ] {
            assert!(matches!(described(&reply), Err(NotAReply::Repeated(_))), "{reply}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_an_error_without_content() {
        for (reply, error) in [
            ("<html>", "the response does not have the JSON format of ECS"),
            ("{}", "the response has no taskDefinition"),
            (r#"{"taskDefinition":null}"#, "the response has no taskDefinition"),
            (r#"{"taskDefinition":{"taskDefinitionArn":7}}"#, "the response does not have the JSON format of ECS"),
            (
                r#"{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1"}}"#,
                "taskDefinition: not a task definition: the document has no containerDefinitions",
            ),
        ] {
            assert_eq!(described(reply).unwrap_err().to_string(), error, "{reply}");
        }
        let error = described(r#"{"taskDefinition":{"containerDefinitions":[{}]}}"#).unwrap_err().to_string();
        assert!(error.starts_with("taskDefinitionArn is not the ARN"), "{error}");
    }
}
