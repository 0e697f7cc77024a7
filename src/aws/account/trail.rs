//! Reads the trails of CloudTrail that record this Region, and the rules of the default event bus.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{AT_ONCE, MOST_PAGES, fact, items, required, text};
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::fleet::patiently;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::runbook::Depth;
use crate::domain::runbook::account::Fact;
use crate::domain::runbook::account::trail::{EventRule, Trail, TrailFacts, TrailStatus};
use crate::ports::Answer;

const CLOUDTRAIL: Service =
    Service::json("cloudtrail", JSON_1_1, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101");
const TRAILS: Operation = CLOUDTRAIL.read("DescribeTrails");
const STATUS: Operation = CLOUDTRAIL.read("GetTrailStatus");
const EVENTS: Service = Service::json("events", JSON_1_1, "AWSEvents");
const RULES: Operation = EVENTS.read("ListRules");

impl Aws {
    /// Reads the trails and the rules.
    pub async fn trail_facts(&self) -> TrailFacts {
        let (trails, rules) = tokio::join!(self.all_trails(), self.event_rules());
        TrailFacts { trails: fact(trails, "cloudtrail:DescribeTrails"), rules: fact(rules, "events:ListRules") }
    }

    async fn all_trails(&self) -> Answer<Vec<Trail>> {
        let body = json!({"includeShadowTrails": true});
        let reply = patiently(|| self.signed.ask(&TRAILS, &body)).await?;
        let trails = items(&reply["trailList"]).iter();
        let trails = trails.map(|row| Ok((trail(row)?, row["HasCustomEventSelectors"] == true)));
        let trails = trails.collect::<Answer<Vec<(Trail, bool)>>>()?;
        let read = |(trail, has_selectors): (Trail, bool)| async move {
            let (status, selectors) =
                tokio::join!(self.trail_status(&trail.arn), patiently(|| self.event_selectors(&trail.arn)));
            let status = fact(status, "cloudtrail:GetTrailStatus");
            let selectors = selectors.map(|found| if has_selectors { found } else { or_default(found) });
            Trail { status, selectors: fact(selectors, "cloudtrail:GetEventSelectors"), ..trail }
        };
        Ok(stream::iter(trails).map(read).buffered(AT_ONCE).collect().await)
    }

    /// Returns the status of the trail. The request names the trail by its ARN, because the trail may belong to another
    /// Region or account.
    async fn trail_status(&self, arn: &str) -> Answer<TrailStatus> {
        let body = json!({"Name": arn});
        let reply = patiently(|| self.signed.ask(&STATUS, &body)).await?;
        let is_logging = reply["IsLogging"].as_bool();
        let is_logging = is_logging.ok_or_else(|| unreadable(STATUS.name, "IsLogging is missing"))?;
        Ok(TrailStatus { is_logging, delivery_error: text(&reply["LatestDeliveryError"]) })
    }

    /// Returns the rules with a pattern. Reads the targets of the enabled rules that can match an event of ECS.
    async fn event_rules(&self) -> Answer<Vec<EventRule>> {
        let (mut rules, mut body) = (Vec::new(), json!({"Limit": 100}));
        for page in 0.. {
            if page == MOST_PAGES {
                return Err(unreadable(RULES.name, "the list does not end"));
            }
            let reply = patiently(|| self.signed.ask(&RULES, &body)).await?;
            let with_pattern = items(&reply["Rules"]).iter().filter(|rule| rule["EventPattern"].is_string());
            rules.extend(with_pattern.map(rule).collect::<Answer<Vec<_>>>()?);
            let Some(token) = text(&reply["NextToken"]) else { break };
            body["NextToken"] = token.into();
        }
        let read = |rule: EventRule| async move {
            if !rule.may_match_ecs() {
                return rule;
            }
            let targets = patiently(|| self.rule_targets(&rule.name)).await.map(|targets| targets.len());
            EventRule { targets: fact(targets, "events:ListTargetsByRule"), ..rule }
        };
        Ok(stream::iter(rules).map(read).buffered(AT_ONCE).collect().await)
    }
}

/// Returns the selectors, or the default of a trail without selectors of its own. By default, a trail records all
/// management events that read and write (source: CloudTrail API reference, PutEventSelectors).
fn or_default(selectors: Value) -> Value {
    let is_empty = |member: &str| items(&selectors[member]).is_empty();
    match is_empty("EventSelectors") && is_empty("AdvancedEventSelectors") {
        true => json!({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}]}),
        false => selectors,
    }
}

fn trail(trail: &Value) -> Answer<Trail> {
    Ok(Trail {
        name: required(&TRAILS, trail, "Name")?,
        arn: required(&TRAILS, trail, "TrailARN")?,
        is_multi_region: trail["IsMultiRegionTrail"] == true,
        validates_files: trail["LogFileValidationEnabled"] == true,
        key: text(&trail["KmsKeyId"]),
        status: Fact::NotAsked(Depth::Trail),
        selectors: Fact::NotAsked(Depth::Trail),
    })
}

fn rule(rule: &Value) -> Answer<EventRule> {
    Ok(EventRule {
        name: required(&RULES, rule, "Name")?,
        arn: required(&RULES, rule, "Arn")?,
        is_enabled: rule["State"].as_str().is_some_and(|state| state.starts_with("ENABLED")),
        pattern: rule["EventPattern"].as_str().and_then(|pattern| serde_json::from_str(pattern).ok()),
        targets: Fact::NotAsked(Depth::Trail),
    })
}
