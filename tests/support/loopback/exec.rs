//! The services that describe the sessions of ECS Exec, behind the loopback: CloudTrail's event history, Systems Manager,
//! ECS, CloudWatch Logs and Amazon S3. No emulator has the event history or the sessions of Systems Manager.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Reply;

/// A handle to an account. Clones share the account.
#[derive(Clone, Default)]
pub struct Exec(Arc<Mutex<State>>);

#[derive(Default)]
pub struct State {
    /// Records of CloudTrail.
    pub records: Vec<Value>,
    /// Sessions of Systems Manager.
    pub sessions: Vec<Value>,
    /// The configurations of the clusters, by name.
    pub clusters: BTreeMap<String, Value>,
    pub tasks: Vec<Value>,
    pub definitions: Vec<Value>,
    /// Log groups, with their retention.
    pub groups: BTreeMap<String, Option<u32>>,
    /// The messages of log streams, by group and stream.
    pub streams: BTreeMap<(String, String), Vec<String>>,
    /// The contents of objects, by bucket and key.
    pub objects: BTreeMap<(String, String), String>,
    /// The operations that the caller may not call.
    pub denied: Vec<&'static str>,
    /// The number of calls of LookupEvents after which the next one is throttled for good.
    pub lookups: Option<u32>,
    /// The first request of each open list, by its token.
    tokens: BTreeMap<String, Value>,
}

impl Exec {
    pub fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.lock())
    }

    /// Answers as AWS would.
    pub fn service(&self) -> impl FnMut(&str, &str) -> Reply + Send + use<> {
        let account = self.clone();
        move |operation, body| {
            let body = serde_json::from_str(body).unwrap_or(Value::Null);
            account.lock().answer(operation, &body)
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn denied() -> Reply {
    Reply::error("AccessDeniedException", "the caller is not authorized to perform this action")
}

impl State {
    fn answer(&mut self, operation: &str, body: &Value) -> Reply {
        if self.denied.contains(&operation) {
            return denied();
        }
        match operation {
            "LookupEvents" => self.events(body),
            "DescribeSessions" => self.sessions(body),
            // One wrong name makes ECS refuse the whole call.
            "DescribeClusters" if body["clusters"].to_string().contains(' ') => {
                Reply::error("InvalidParameterException", "Invalid identifier: Cluster name is not valid.")
            }
            "DescribeClusters" => Reply::ok(&json!({"clusters": self.described_clusters(body), "failures": []})),
            "DescribeTasks" => {
                let wanted = |task: &&Value| {
                    let (place, id) = task["taskArn"].as_str().unwrap().rsplit_once('/').unwrap();
                    let is_in = place.ends_with(&format!("/{}", body["cluster"].as_str().unwrap()));
                    is_in && body["tasks"].as_array().unwrap().iter().any(|name| name == id)
                };
                Reply::ok(&json!({"tasks": self.tasks.iter().filter(wanted).collect::<Vec<_>>(), "failures": []}))
            }
            "DescribeTaskDefinition" => {
                let found = self.definitions.iter().find(|it| it["taskDefinitionArn"] == body["taskDefinition"]);
                match found {
                    Some(definition) => Reply::ok(&json!({"taskDefinition": definition, "tags": []})),
                    None => Reply::error("ClientException", "Unable to describe task definition."),
                }
            }
            "DescribeLogGroups" => {
                let group = |(name, retention): (&String, &Option<u32>)| match retention {
                    Some(days) => json!({"logGroupName": name, "retentionInDays": days, "storedBytes": 1}),
                    None => json!({"logGroupName": name, "storedBytes": 1}),
                };
                let prefix = body["logGroupNamePrefix"].as_str().unwrap_or_default();
                let found = self.groups.iter().filter(|(name, _)| name.starts_with(prefix));
                Reply::ok(&json!({"logGroups": found.map(group).collect::<Vec<_>>()}))
            }
            "DescribeLogStreams" => self.streams(body),
            "GetLogEvents" => self.log_events(body),
            path if path.starts_with('/') => self.s3(path),
            other => Reply::error("UnknownOperationException", other),
        }
    }

    /// Answers LookupEvents. A token is only valid with the parameters of its first request.
    fn events(&mut self, body: &Value) -> Reply {
        match &mut self.lookups {
            Some(0) => return Reply::error("InvalidTimeRangeException", "the search was interrupted"),
            Some(left) => *left -= 1,
            None => {}
        }
        let mut first = body.clone();
        first.as_object_mut().unwrap().remove("NextToken");
        let sent: usize = match body["NextToken"].as_str() {
            None => 0,
            Some(token) if self.tokens.get(token) == Some(&first) => token.rsplit('-').next().unwrap().parse().unwrap(),
            Some(_) => return Reply::error("InvalidNextTokenException", "the token is not of this request"),
        };
        let attribute = &body["LookupAttributes"][0];
        let name = match attribute["AttributeKey"].as_str().unwrap() {
            "EventName" => "eventName",
            "EventSource" => "eventSource",
            other => panic!("{other}"),
        };
        let time = |record: &Value| record["eventTime"].as_str().unwrap().parse::<Timestamp>().unwrap().as_second();
        let (start, end) = (body["StartTime"].as_i64().unwrap(), body["EndTime"].as_i64().unwrap());
        let is_wanted =
            |record: &&Value| record[name] == attribute["AttributeValue"] && (start..=end).contains(&time(record));
        let mut found: Vec<&Value> = self.records.iter().filter(is_wanted).collect();
        found.sort_by_key(|record| std::cmp::Reverse(time(record)));
        let most = body["MaxResults"].as_u64().unwrap() as usize;
        let events = found.iter().skip(sent).take(most).map(|record| {
            json!({
                "EventId": record["eventID"], "EventName": record["eventName"], "EventTime": time(record) as f64,
                "EventSource": record["eventSource"], "CloudTrailEvent": record.to_string()
            })
        });
        let mut answer = json!({"Events": events.collect::<Vec<_>>()});
        if sent + most < found.len() {
            let token = format!("token-{}-{}", self.tokens.len(), sent + most);
            answer["NextToken"] = token.as_str().into();
            self.tokens.insert(token, first);
        }
        Reply::ok(&answer)
    }

    fn sessions(&self, body: &Value) -> Reply {
        let is_active = body["State"] == "Active";
        let filter = |key: &str| {
            let filters = body["Filters"].as_array().into_iter().flatten();
            filters.filter(|filter| filter["key"] == key).find_map(|filter| filter["value"].as_str())
        };
        let after = filter("InvokedAfter").map(|time| time.parse::<Timestamp>().unwrap().as_second() as f64);
        let is_wanted = |session: &&Value| {
            let is_open = session["EndDate"].is_null();
            let start = session["StartDate"].as_f64().unwrap();
            let is_it = filter("SessionId").is_none_or(|id| session["SessionId"] == id);
            is_open == is_active && is_it && after.is_none_or(|after| start >= after)
        };
        let found: Vec<&Value> = self.sessions.iter().filter(is_wanted).collect();
        let sent: usize = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let most = body["MaxResults"].as_u64().unwrap() as usize;
        assert!(most <= 200, "DescribeSessions returns at most 200 sessions");
        let mut answer = json!({"Sessions": found.iter().skip(sent).take(most).collect::<Vec<_>>()});
        if sent + most < found.len() {
            answer["NextToken"] = (sent + most).to_string().into();
        }
        Reply::ok(&answer)
    }

    fn described_clusters(&self, body: &Value) -> Vec<Value> {
        let names = body["clusters"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        let described = |name: &str| {
            let exec = self.clusters.get(name)?;
            Some(json!({
                "clusterArn": format!("arn:aws:ecs:eu-west-1:111122223333:cluster/{name}"), "clusterName": name,
                "status": "ACTIVE", "configuration": {"executeCommandConfiguration": exec}
            }))
        };
        names.filter_map(described).collect()
    }

    fn streams(&self, body: &Value) -> Reply {
        let group = body["logGroupName"].as_str().unwrap();
        if !self.groups.contains_key(group) {
            return Reply::error("ResourceNotFoundException", "The specified log group does not exist.");
        }
        let prefix = body["logStreamNamePrefix"].as_str().unwrap();
        let found = self.streams.iter().filter(|((of, name), _)| of == group && name.starts_with(prefix));
        let stream = |((_, name), messages): (&(String, String), &Vec<String>)| match messages.is_empty() {
            true => json!({"logStreamName": name, "storedBytes": 0}),
            false => json!({
                "logStreamName": name, "firstEventTimestamp": 1, "lastEventTimestamp": 2, "storedBytes": 0
            }),
        };
        let most = body["limit"].as_u64().unwrap() as usize;
        Reply::ok(&json!({"logStreams": found.take(most).map(stream).collect::<Vec<_>>()}))
    }

    /// Answers GetLogEvents with two messages a page.
    fn log_events(&self, body: &Value) -> Reply {
        let key = [&body["logGroupName"], &body["logStreamName"]].map(|name| name.as_str().unwrap().to_owned());
        let Some(messages) = self.streams.get(&key.into()) else {
            return Reply::error("ResourceNotFoundException", "The specified log stream does not exist.");
        };
        let sent: usize = body["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let page: Vec<Value> =
            messages.iter().skip(sent).take(2).map(|message| json!({"timestamp": 1, "message": message})).collect();
        let next = (sent + page.len()).to_string();
        Reply::ok(&json!({"events": page, "nextForwardToken": next}))
    }

    fn s3(&self, path: &str) -> Reply {
        let xml = |status, body: String| Reply::Http(status, "content-type: application/xml\r\n".into(), body);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (bucket, key) = path[1..].split_once('/').unwrap();
        if self.denied.contains(&"s3") {
            return xml(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>".into());
        }
        if !self.objects.keys().any(|(name, _)| name == bucket) {
            return xml(404, "<Error><Code>NoSuchBucket</Code><Message>no bucket</Message></Error>".into());
        }
        if query.starts_with("list-type=2&") {
            let prefix = query.split("prefix=").nth(1).unwrap().replace("%2F", "/");
            let found = self.objects.iter().find(|((of, key), _)| of == bucket && key.starts_with(&prefix));
            let found = found
                .map(|((_, key), text)| format!("<Contents><Key>{key}</Key><Size>{}</Size></Contents>", text.len()));
            return xml(200, format!("<ListBucketResult>{}</ListBucketResult>", found.unwrap_or_default()));
        }
        match self.objects.get(&(bucket.to_owned(), key.to_owned())) {
            Some(text) => Reply::Http(200, String::new(), text.clone()),
            None => xml(404, "<Error><Code>NoSuchKey</Code><Message>no object</Message></Error>".into()),
        }
    }
}
