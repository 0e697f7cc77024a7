//! Reading the function's own log lines from CloudWatch Logs: page by page, up to a limit.

use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{Answer, OwnLog};
use serde_json::{Value, json};

use logweir::aws::Aws;

use super::line::{Back, Line, aws, replay};

const GROUP: &str = "/aws/lambda/logweir";

fn page(messages: &[&str], token: Value) -> Back {
    let events: Vec<Value> = messages.iter().map(|message| json!({"message": message, "timestamp": 1})).collect();
    Back::ok(json!({"events": events, "nextToken": token, "searchedLogStreams": []}))
}

async fn read((aws, line): (Aws, Line), group: Option<&str>) -> (Answer<bool>, Vec<String>, Line) {
    let mut lines = Vec::new();
    let since = "2026-11-21T12:00:00Z".parse().unwrap();
    let whole =
        aws.own_log(group.map(String::from)).lines(Outcome::Observed, since, &mut |text| lines.push(text.into())).await;
    (whole, lines, line)
}

#[tokio::test]
async fn lines_of_one_outcome_are_requested_and_read_to_the_end() {
    let pages = [page(&["a", "b"], json!("1")), page(&[], json!("2")), page(&["c"], json!(null))];
    let (whole, lines, line) = read(replay(pages), Some(GROUP)).await;
    assert_eq!((whole, lines), (Ok(true), vec!["a".into(), "b".into(), "c".into()]));
    let seen = line.seen();
    let asked = json!({
        "logGroupName": GROUP, "startTime": 1_795_262_400_000_i64, "filterPattern": "{ $.outcome = \"observed\" }"
    });
    assert_eq!((seen[0].name(), seen[0].json(), seen.len()), ("FilterLogEvents", asked, 3));
    assert_eq!(seen[2].json()["nextToken"], "2");
}

#[tokio::test]
async fn reading_a_long_log_stops_at_the_limit_and_says_so() {
    let (whole, lines, line) = read(aws(|_| page(&["a"], json!("more"))), Some(GROUP)).await;
    assert_eq!((whole, lines.len(), line.seen().len()), (Ok(false), 40, 40));
}

#[tokio::test]
async fn a_refusal_is_reported_and_without_a_group_no_call_is_made() {
    let (whole, ..) = read(aws(|_| Back::error("AccessDeniedException", "no")), Some(GROUP)).await;
    assert_eq!(whole.unwrap_err().reason, Some(Reason::AccessDenied));
    let (whole, _, line) = read(replay([]), None).await;
    assert_eq!(
        whole.unwrap_err().to_string(),
        "FilterLogEvents: the environment variable AWS_LAMBDA_LOG_GROUP_NAME is not set"
    );
    assert!(line.seen().is_empty());
}
