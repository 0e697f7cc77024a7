//! Reads the target groups, listeners and rules of load balancers.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::query::{Dialect, Parameters};
use super::{AT_ONCE, fact, items, required, text, texts, unread};
use crate::aws::client::Aws;
use crate::aws::signed::{Operation, Service};
use crate::domain::runbook::account::Fact;
use crate::domain::runbook::account::network::{HttpActions, Listener, TargetGroup};
use crate::ports::{Answer, PortError};

const BALANCING: Service = Service::query("elasticloadbalancing");
const TARGET_GROUPS: Operation = BALANCING.read("DescribeTargetGroups");
const LISTENERS: Operation = BALANCING.read("DescribeListeners");
const RULES: Operation = BALANCING.read("DescribeRules");

const fn dialect(next: &'static str) -> Dialect {
    Dialect { version: "2015-12-01", ask: "Marker", next, is_global: false }
}

const OF_TARGET_GROUPS: Dialect = dialect("/DescribeTargetGroupsResult/NextMarker");
const OF_LISTENERS: Dialect = dialect("/DescribeListenersResult/NextMarker");
const OF_RULES: Dialect = dialect("/DescribeRulesResult/NextMarker");

/// The number of target groups in one call.
const MOST: usize = 20;

impl Aws {
    /// Returns the target groups with these ARNs that exist.
    pub(super) async fn target_groups(&self, arns: &[String]) -> Answer<Vec<TargetGroup>> {
        let mut found = Vec::new();
        for arns in arns.chunks(MOST) {
            match self.some_target_groups(arns).await {
                Err(error) if is_missing(&error) => {
                    for arn in arns {
                        match self.some_target_groups(std::slice::from_ref(arn)).await {
                            Err(error) if is_missing(&error) => {}
                            answer => found.extend(answer?),
                        }
                    }
                }
                answer => found.extend(answer?),
            }
        }
        Ok(found)
    }

    async fn some_target_groups(&self, arns: &[String]) -> Answer<Vec<TargetGroup>> {
        let arn = |(index, arn): (usize, &String)| (format!("TargetGroupArns.member.{}", index + 1), arn.clone());
        let parameters: Parameters = arns.iter().enumerate().map(arn).collect();
        let member = "/DescribeTargetGroupsResult/TargetGroups";
        let groups = self.query_all(&TARGET_GROUPS, &OF_TARGET_GROUPS, &parameters, member).await?;
        let group = |group: &Value| {
            Ok(TargetGroup {
                arn: required(&TARGET_GROUPS, group, "TargetGroupArn")?,
                name: required(&TARGET_GROUPS, group, "TargetGroupName")?,
                protocol: text(&group["Protocol"]).unwrap_or_default(),
                load_balancers: texts(&group["LoadBalancerArns"]),
            })
        };
        groups.iter().map(group).collect()
    }

    /// Returns the listeners of these load balancers.
    pub(super) async fn listeners_of(&self, balancers: Vec<String>) -> BTreeMap<String, Fact<Vec<Listener>>> {
        let read = |arn: String| async move {
            let listeners = self.listeners(&arn).await;
            (arn, fact(listeners, "elasticloadbalancing:DescribeListeners"))
        };
        stream::iter(balancers).map(read).buffered(AT_ONCE).collect().await
    }

    async fn listeners(&self, balancer: &str) -> Answer<Vec<Listener>> {
        let parameters = vec![("LoadBalancerArn".to_owned(), balancer.to_owned())];
        let member = "/DescribeListenersResult/Listeners";
        let all = self.query_all(&LISTENERS, &OF_LISTENERS, &parameters, member).await?;
        let mut found = Vec::new();
        for listener in &all {
            let arn = required(&LISTENERS, listener, "ListenerArn")?;
            let protocol = text(&listener["Protocol"]).unwrap_or_default();
            let http = match protocol.as_str() {
                "HTTP" => Some(self.http_actions(&arn, listener).await),
                _ => None,
            };
            let port = listener["Port"].as_str().and_then(|port| port.parse().ok()).unwrap_or_default();
            found.push(Listener { arn, port, protocol, policy: text(&listener["SslPolicy"]), http });
        }
        Ok(found)
    }

    /// Reads the rules of a listener only if its default action forwards no request in plain text.
    async fn http_actions(&self, listener: &str, description: &Value) -> HttpActions {
        if !is_safe(&description["DefaultActions"]) {
            return HttpActions::Forwards;
        }
        let parameters = vec![("ListenerArn".to_owned(), listener.to_owned())];
        match self.query_all(&RULES, &OF_RULES, &parameters, "/DescribeRulesResult/Rules").await {
            Ok(rules) if rules.iter().all(|rule| is_safe(&rule["Actions"])) => HttpActions::Redirects,
            Ok(_) => HttpActions::Forwards,
            Err(error) => HttpActions::Unread(unread(&error, "elasticloadbalancing:DescribeRules")),
        }
    }
}

/// Whether the actions redirect to HTTPS or answer with a fixed response. A redirect without a protocol keeps HTTP.
fn is_safe(actions: &Value) -> bool {
    let is_safe = |action: &Value| match action["Type"].as_str() {
        Some("redirect") => action["RedirectConfig"]["Protocol"] == "HTTPS",
        Some("fixed-response") => true,
        _ => false,
    };
    !items(actions).is_empty() && items(actions).iter().all(is_safe)
}

fn is_missing(error: &PortError) -> bool {
    error.message.starts_with("TargetGroupNotFound")
}
