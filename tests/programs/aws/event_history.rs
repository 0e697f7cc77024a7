//! CloudTrail's event history: the call without an SDK, and how the answers are read.

use logweir::domain::lookup::{Attribute, Period, Request, is_expired_token};
use logweir::domain::outcome::Reason;
use logweir::ports::{Answer, ErrorKind, EventHistory};
use serde_json::json;

use super::invoke::{at, seen, session};
use super::signature::{sent_signature, signature_of};
use crate::loopback::{Loopback, Reply};

async fn page(answer: Reply, token: Option<&str>) -> (Answer<logweir::domain::lookup::Page>, Loopback) {
    let mut answer = Some(answer);
    let aws = Loopback::serve(move |_, _| answer.take().unwrap());
    let attribute = Attribute::EventSource("ecs.amazonaws.com".into());
    let period =
        Period { since: "2026-11-30T08:00:00Z".parse().unwrap(), until: "2026-11-30T09:00:00.5Z".parse().unwrap() };
    let history = at(&aws.url, session()).event_history();
    (history.page(&Request { attribute: &attribute, period, token }).await, aws)
}

#[tokio::test]
async fn a_page_is_requested_by_one_attribute_and_its_records_are_texts() {
    let answer = json!({
        "Events": [
            {"EventId": "e-1", "EventName": "RunTask", "EventTime": 1_795_939_200.0, "CloudTrailEvent": "{\"eventID\":\"e-1\"}"},
            {"EventId": "e-2", "EventName": "RunTask", "EventTime": "2026-11-30T08:00:00Z", "CloudTrailEvent": "{}"}
        ],
        "NextToken": "more"
    });
    let (page, aws) = page(Reply::ok(&answer), Some("token")).await;
    let page = page.unwrap();
    assert_eq!((page.events.len(), page.next.as_deref()), (2, Some("more")));
    assert_eq!((page.events[0].record.as_str(), page.events[1].id.as_str()), ("{\"eventID\":\"e-1\"}", "e-2"));
    let request = seen(&aws);
    assert_eq!(
        request.json(),
        json!({
            "LookupAttributes": [{"AttributeKey": "EventSource", "AttributeValue": "ecs.amazonaws.com"}],
            "StartTime": 1_796_025_600, "EndTime": 1_796_029_200, "MaxResults": 50, "NextToken": "token"
        })
    );
    let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    assert_eq!(request.headers["x-amz-target"], target);
    assert!(request.headers["authorization"].contains("/eu-west-1/cloudtrail/aws4_request, "));
    assert_eq!(sent_signature(&request), signature_of(&request));
}

#[tokio::test]
async fn an_error_says_whether_the_search_may_go_on() {
    let error = |code| page(Reply::error(code, "no"), None);
    let throttled = error("ThrottlingException").await.0.unwrap_err();
    assert_eq!((throttled.kind, throttled.reason), (ErrorKind::Retry, Some(Reason::Throttled)));
    let denied = error("AccessDeniedException").await.0.unwrap_err();
    assert_eq!((denied.kind, denied.reason), (ErrorKind::Refused, Some(Reason::AccessDenied)));
    let expired = error("InvalidNextTokenException").await.0.unwrap_err();
    assert!(is_expired_token(&expired.message) && !is_expired_token(&denied.message), "{expired}");
    for broken in [json!({}), json!({"Events": [{}]}), json!({"Events": [{"EventId": "e", "EventTime": "soon"}]})] {
        let error = page(Reply::ok(&broken), None).await.0.unwrap_err();
        assert_eq!(error.reason, Some(Reason::Unreadable), "{broken}");
    }
}
