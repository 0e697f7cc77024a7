//! IAM's policy simulator: what a role may do, without doing it. It speaks the query protocol, which answers XML.

use roxmltree::{Document, Node};

use super::LONGEST;
use crate::aws::Aws;
use crate::aws::errors::{said, spoiled, unreadable};
use crate::aws::invoke::escaped;
use crate::aws::signed::Call;
use crate::domain::doctor::role::{Judged, Need};
use crate::ports::Answer;

const CALL: &str = "SimulatePrincipalPolicy";

impl Aws {
    /// What IAM says of each action of a need, in its order.
    pub async fn simulate(&self, role: &str, need: &Need) -> Answer<Vec<Judged>> {
        let (host, region) = endpoint(&self.region);
        let host = self.signed.configured().map_or_else(|| format!("https://{host}"), String::from);
        let call = Call {
            name: CALL,
            service: "iam",
            region,
            url: format!("{host}/"),
            headers: &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
            body: form(role, need),
            longest: LONGEST,
        };
        let answered = self.signed.exchange("POST", &call).await?;
        let body = String::from_utf8_lossy(&answered.body);
        let document = Document::parse(&body).map_err(|_| spoiled(CALL, answered.status))?;
        if answered.status != 200 {
            let word = |name| found(document.root(), name).next().and_then(|node| node.text()).unwrap_or_default();
            return Err(said(CALL, answered.status, word("Code"), word("Message"), None));
        }
        need.actions.iter().map(|action| judged(&document, action, need)).collect()
    }
}

/// Host and Region of the signature: IAM is one service for the whole partition (source: AWS General Reference).
fn endpoint(region: &str) -> (&'static str, &'static str) {
    match region.split('-').next() {
        Some("cn") => ("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        _ if region.starts_with("us-gov-") => ("iam.us-gov.amazonaws.com", "us-gov-west-1"),
        _ => ("iam.amazonaws.com", "us-east-1"),
    }
}

fn form(role: &str, need: &Need) -> String {
    let mut fields = vec![
        ("Action".to_owned(), CALL.to_owned()),
        ("Version".into(), "2010-05-08".into()),
        ("PolicySourceArn".into(), role.into()),
        ("ResourceArns.member.1".into(), need.resource.clone()),
    ];
    for (place, action) in (1..).zip(&need.actions) {
        fields.push((format!("ActionNames.member.{place}"), (*action).to_owned()));
    }
    for (place, (key, value)) in (1..).zip(&need.context) {
        let entry = format!("ContextEntries.member.{place}");
        fields.push((format!("{entry}.ContextKeyName"), (*key).to_owned()));
        let kind = if *key == "aws:TagKeys" { "stringList" } else { "string" };
        fields.push((format!("{entry}.ContextKeyType"), kind.into()));
        fields.push((format!("{entry}.ContextKeyValues.member.1"), value.clone()));
    }
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The verdict on one action. Where there are results for each resource, ours is the only one.
fn judged(document: &Document<'_>, action: &'static str, need: &Need) -> Answer<Judged> {
    let mut results = found(document.root(), "EvaluationResults").flat_map(|results| results.children());
    let result = results.find(|result| child(*result, "EvalActionName").is_some_and(|name| name == action));
    let result = result.ok_or_else(|| unreadable(CALL, &format!("it says nothing of {action}")))?;
    let decision = child(result, "EvalDecision").ok_or_else(|| unreadable(CALL, "it decides nothing"))?;
    let missing = found(result, "MissingContextValues").flat_map(|keys| keys.children());
    let mut missing: Vec<String> = missing.filter_map(|key| key.text()).map(|key| key.trim().to_owned()).collect();
    missing.retain(|key| !key.is_empty());
    missing.sort();
    missing.dedup();
    Ok(Judged { action, resource: need.resource.clone(), decision: decision.to_owned(), missing })
}

fn found<'d, 'i>(node: Node<'d, 'i>, name: &'static str) -> impl Iterator<Item = Node<'d, 'i>> {
    node.descendants().filter(move |node| node.tag_name().name() == name)
}

fn child<'d>(node: Node<'d, '_>, name: &str) -> Option<&'d str> {
    node.children().find(|child| child.tag_name().name() == name)?.text().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need() -> Need {
        let context = vec![("iam:PassedToService", "ecs-tasks.amazonaws.com".to_owned())];
        Need { actions: vec!["iam:PassRole"], resource: "arn:aws:iam::1:role/a/b".into(), context }
    }

    fn verdict(results: &str) -> Answer<Judged> {
        let xml = format!(
            "<R xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><EvaluationResults>{results}</EvaluationResults></R>"
        );
        judged(&Document::parse(&xml).unwrap(), "iam:PassRole", &need())
    }

    #[test]
    fn what_is_asked_is_escaped_as_a_form() {
        let form = form("arn:aws:iam::1:role/x", &need());
        assert!(form.starts_with(
            "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&"
        ));
        assert!(form.ends_with(
            "&ActionNames.member.1=iam%3APassRole&ContextEntries.member.1.ContextKeyName=iam%3APassedToService\
             &ContextEntries.member.1.ContextKeyType=string\
             &ContextEntries.member.1.ContextKeyValues.member.1=ecs-tasks.amazonaws.com"
        ));
    }

    #[test]
    fn a_verdict_is_read_with_the_keys_that_it_misses_and_none_is_made_up() {
        let result = |decision: &str, keys: &str| {
            format!(
                "<member><EvalActionName>iam:PassRole</EvalActionName><EvalDecision>{decision}</EvalDecision>\
                 <MissingContextValues>{keys}</MissingContextValues></member>"
            )
        };
        let judged = verdict(&result("allowed", "")).unwrap();
        assert_eq!((judged.decision.as_str(), judged.missing.len()), ("allowed", 0));
        let judged = verdict(&result("implicitDeny", "<member>aws:x</member><member>aws:x</member>")).unwrap();
        assert_eq!((judged.decision.as_str(), judged.missing), ("implicitDeny", vec!["aws:x".to_owned()]));
        let of_another =
            "<member><EvalActionName>iam:GetRole</EvalActionName><EvalDecision>allowed</EvalDecision></member>";
        for nothing in ["", of_another, "<member><EvalActionName>iam:PassRole</EvalActionName></member>"] {
            assert!(verdict(nothing).is_err(), "{nothing}");
        }
    }

    #[test]
    fn each_partition_has_one_endpoint() {
        assert_eq!(endpoint("eu-west-1"), ("iam.amazonaws.com", "us-east-1"));
        assert_eq!(endpoint("cn-northwest-1"), ("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"));
        assert_eq!(endpoint("us-gov-east-1"), ("iam.us-gov.amazonaws.com", "us-gov-west-1"));
    }
}
