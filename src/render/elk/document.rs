//! A record of CloudTrail as a document with the names of the Elastic Common Schema (source: ECS field reference 8, and
//! the fields of Elastic's AWS integration below `aws.cloudtrail`).

use core::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::domain::text::plain::plain;
use crate::domain::trail::address::Class;
use crate::domain::trail::{Person, Record};

/// The longest value, in characters. OpenSearch and Elasticsearch index the first 1,024 characters of a keyword.
const LONGEST: usize = 1024;

/// The start of the name of every index. An index has the records of one month in UTC.
pub const INDEX: &str = "cloudtrail-ecs";

/// A record with what Logweir knows about it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'r> {
    pub record: &'r Record<'r>,
    pub time: Timestamp,
    pub person: &'r Person,
    pub class: &'r Class,
}

impl Observed<'_> {
    /// Returns the document. Empty members are left out. A source that is no address has no `source.ip`, because one
    /// such value would make the bulk request fail.
    pub fn document(&self) -> Map<String, Value> {
        let Self { record, time, person, class } = *self;
        let mut document = Map::new();
        document.insert("@timestamp".into(), time.to_string().into());
        let mut text = |name: &str, value: &str| {
            if !value.is_empty() {
                document.insert(name.into(), plain(value, LONGEST).into());
            }
        };
        text("event.id", &record.id);
        text("event.kind", "event");
        text("event.action", &record.name);
        text("event.provider", &record.source);
        text("event.outcome", if record.error.is_empty() { "success" } else { "failure" });
        text("event.type", if record.is_write() { "change" } else { "info" });
        text("error.code", &record.error);
        text("error.message", &record.error_message);
        text("source.address", &record.address);
        if let Ok(address) = record.address.parse::<IpAddr>() {
            text("source.ip", &address.to_string());
        }
        text("source.geo.country_iso_code", class.country.as_deref().unwrap_or_default());
        text("logweir.source.kind", class.kind.name());
        text("logweir.source.owner", class.owner.as_deref().unwrap_or_default());
        text("user.name", &person.name);
        text("user.id", &record.identity.principal);
        text("logweir.user.how", person.how.name());
        text("logweir.user.strength", person.strength.name());
        text("user_agent.original", &record.agent);
        text("cloud.provider", "aws");
        text("cloud.account.id", &record.account);
        text("cloud.region", &record.region);
        for (name, value) in of_cloudtrail(record) {
            text(name, value);
        }
        document
    }

    /// Returns the two lines of the document in a bulk request. The ID of the event is the ID of the document, so a
    /// document that was sent before is not stored again.
    pub fn bulk_lines(&self) -> String {
        let month = self.time.to_zoned(TimeZone::UTC).strftime("%Y.%m").to_string();
        let action = serde_json::json!({
            "create": {"_index": format!("{INDEX}-{month}"), "_id": plain(&self.record.id, LONGEST / 2)}
        });
        format!("{action}\n{}\n", Value::Object(self.document()))
    }
}

/// The members of the record that the Elastic Common Schema does not name.
fn of_cloudtrail<'r>(record: &'r Record<'_>) -> [(&'static str, &'r str); 15] {
    let identity = &record.identity;
    let parameters = &record.parameters;
    let either = |first: &'r str, second: &'r str| if first.is_empty() { second } else { first };
    [
        ("aws.cloudtrail.event_type", &record.kind),
        ("aws.cloudtrail.read_only", &record.read_only),
        ("aws.cloudtrail.management_event", &record.management),
        ("aws.cloudtrail.request_id", &record.request),
        ("aws.cloudtrail.shared_event_id", &record.shared),
        ("aws.cloudtrail.vpc_endpoint_id", &record.vpc_endpoint),
        ("aws.cloudtrail.tls_version", &record.tls.version),
        ("aws.cloudtrail.user_identity.type", &identity.kind),
        ("aws.cloudtrail.user_identity.arn", &identity.arn),
        ("aws.cloudtrail.user_identity.account_id", &identity.account),
        ("aws.cloudtrail.user_identity.invoked_by", &identity.invoked_by),
        ("aws.cloudtrail.mfa_authenticated", &identity.session.attributes.mfa),
        ("aws.ecs.cluster", either(&parameters.cluster, &parameters.cluster_name)),
        ("aws.ecs.service", either(&parameters.service, &parameters.service_name)),
        ("aws.ecs.family", either(&parameters.family, &parameters.task_definition)),
    ]
}
