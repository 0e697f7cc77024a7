//! The IAM policy simulator says whether a role may perform an action, and does not perform the action. The simulator
//! uses the query protocol of AWS, with XML responses.

use std::borrow::Cow;

use aws_smithy_query::QueryWriter;
use aws_smithy_xml::decode::{Document, ScopedDecoder};

use super::LONGEST;
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::signed::query::{is_whole, text};
use crate::aws::signed::{Operation, Request, Service};
use crate::domain::doctor::role::{Judged, Need};
use crate::ports::Answer;

const IAM: Service = Service::query("iam").within(LONGEST);
const SIMULATE: Operation = IAM.read("SimulatePrincipalPolicy");

impl Aws {
    /// Returns IAM's verdict on each action of `need`, in the order of `need.actions`.
    pub async fn simulate(&self, role: &str, need: &Need) -> Answer<Vec<Judged>> {
        let (host, region) = endpoint(self.region());
        let request = Request::form(form(role, need)).at_host(host).in_region(region);
        let reply = self.signed.call(&SIMULATE, request).await?;
        let body = reply.text()?;
        if !is_whole(SIMULATE.name, body) {
            return Err(reply.spoiled());
        }
        let said = evaluations(body);
        need.actions.iter().map(|action| judged(&said, action.clone(), need)).collect()
    }
}

/// Returns the host name of IAM and the Region for the signature. IAM has one endpoint for each AWS partition (source:
/// AWS General Reference).
pub(in crate::aws) fn endpoint(region: &str) -> (&'static str, &'static str) {
    match region.split('-').next() {
        Some("cn") => ("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        _ if region.starts_with("us-gov-") => ("iam.us-gov.amazonaws.com", "us-gov-west-1"),
        _ => ("iam.amazonaws.com", "us-east-1"),
    }
}

fn form(role: &str, need: &Need) -> String {
    let mut body = String::new();
    let mut form = QueryWriter::new(&mut body, SIMULATE.name, "2010-05-08");
    form.prefix("PolicySourceArn").string(role);
    let mut resources = form.prefix("ResourceArns").start_list(false, None);
    resources.entry().string(&need.resource);
    resources.finish();
    let mut actions = form.prefix("ActionNames").start_list(false, None);
    need.actions.iter().for_each(|action| actions.entry().string(action));
    actions.finish();
    // The form omits an empty list, because `QueryWriter` would write the list as a parameter without a value.
    if !need.context.is_empty() {
        let mut context = form.prefix("ContextEntries").start_list(false, None);
        for (key, value) in &need.context {
            let mut entry = context.entry();
            entry.prefix("ContextKeyName").string(key);
            entry.prefix("ContextKeyType").string(if *key == "aws:TagKeys" { "stringList" } else { "string" });
            let mut values = entry.prefix("ContextKeyValues").start_list(false, None);
            values.entry().string(value);
            values.finish();
        }
        context.finish();
    }
    form.finish();
    body
}

/// IAM's evaluation of one action.
#[derive(Default)]
struct Evaluation {
    action: String,
    decision: String,
    /// The condition keys that the policies use, but for which the request contains no value.
    missing: Vec<String>,
}

fn evaluations(body: &str) -> Vec<Evaluation> {
    let mut document = Document::new(body);
    let mut evaluations = Vec::new();
    while let Some(start) = document.next_start_element() {
        if start.matches("EvaluationResults") {
            let mut results = document.scoped_to(start);
            while let Some(mut member) = results.next_tag() {
                evaluations.push(evaluation(&mut member));
            }
        }
    }
    evaluations
}

fn evaluation(member: &mut ScopedDecoder<'_, '_>) -> Evaluation {
    let mut found = Evaluation::default();
    while let Some(mut field) = member.next_tag() {
        match field.start_el().local() {
            "EvalActionName" => found.action = text(&mut field),
            "EvalDecision" => found.decision = text(&mut field),
            _ => missing(&mut field, &mut found.missing),
        }
    }
    found
}

/// Collects the missing condition keys from an XML element and from all elements inside this element.
fn missing(element: &mut ScopedDecoder<'_, '_>, keys: &mut Vec<String>) {
    let are_keys = element.start_el().matches("MissingContextValues");
    while let Some(mut child) = element.next_tag() {
        if are_keys {
            keys.push(text(&mut child));
        } else {
            missing(&mut child, keys);
        }
    }
}

/// Returns the verdict on one action. The request names one resource, so each action has one verdict.
fn judged(said: &[Evaluation], action: Cow<'static, str>, need: &Need) -> Answer<Judged> {
    let found = said.iter().find(|evaluation| evaluation.action == action);
    let found = found.ok_or_else(|| unreadable(SIMULATE.name, &format!("the result for {action} is missing")))?;
    if found.decision.is_empty() {
        return Err(unreadable(SIMULATE.name, "the decision is missing"));
    }
    let mut missing = found.missing.clone();
    missing.retain(|key| !key.is_empty());
    missing.sort();
    missing.dedup();
    Ok(Judged { action, resource: need.resource.clone(), decision: found.decision.clone(), missing })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need() -> Need {
        let context = vec![("iam:PassedToService", "ecs-tasks.amazonaws.com".to_owned())];
        Need { actions: vec!["iam:PassRole".into()], resource: "arn:aws:iam::1:role/a/b".into(), context }
    }

    fn verdict(results: &str) -> Answer<Judged> {
        let xml = format!(
            "<R xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><EvaluationResults>{results}</EvaluationResults></R>"
        );
        judged(&evaluations(&xml), "iam:PassRole".into(), &need())
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
