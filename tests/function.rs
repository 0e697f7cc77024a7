//! The real function behind a Runtime API: an event in, calls and one line out.

mod loopback;

use loopback::account::{WEB_1, WEB_2, account, event};
use loopback::function::invoke;
use loopback::{Loopback, Reply};
use serde_json::{Value, json};

fn blocking() -> Value {
    json!({"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx", "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app", "mode": "blocking"}
    }}]})
}

fn compliant() -> Value {
    let mut definition = blocking();
    let options = &mut definition["containerDefinitions"][0]["logConfiguration"]["options"];
    options["mode"] = "non-blocking".into();
    options["max-buffer-size"] = "25m".into();
    definition
}

#[test]
fn a_decision_ends_in_one_flat_line_with_timestamp_and_level_which_is_the_answer_too() {
    let aws = Loopback::serve(account(blocking()));
    let function = invoke(&aws, "register", vec![event(WEB_1)]);
    let lines: Vec<Value> = function.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summaries: Vec<&Value> = lines.iter().filter(|line| line["event"] == "remediation.summary").collect();
    assert_eq!(summaries.len(), 1, "{}", function.stdout);
    let line = summaries[0];
    assert!(line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(line["level"], "INFO");
    assert_eq!(*line, function.invocations[0].answer);
    assert_eq!((&line["outcome"], &line["corrected"]), (&json!("remediated"), &json!(WEB_2)));
    assert_eq!(
        line["changes"][0],
        json!({"container": "app", "option": "mode", "from": "blocking", "to": "non-blocking"})
    );
    assert_eq!(line["log_groups"], json!([{"name": "/ecs/web", "action": "created", "retention_days": 30}]));
}

#[test]
fn in_observe_nothing_is_written_anywhere() {
    let aws = Loopback::serve(account(blocking()));
    let function = invoke(&aws, "observe", vec![event(WEB_1)]);
    assert_eq!(function.invocations[0].answer["outcome"], "observed");
    for (operation, _) in aws.calls() {
        assert!(operation.starts_with("Describe") || operation.starts_with("List"), "{operation}");
    }
}

#[test]
fn a_compliant_revision_costs_describe_and_one_call_for_its_log_groups() {
    let mut inner = account(compliant());
    let aws = Loopback::serve(move |operation, body| match operation {
        "DescribeLogGroups" => {
            Reply::ok(&json!({"logGroups": [{"logGroupName": "/ecs/web", "retentionInDays": 30, "storedBytes": 9}]}))
        }
        _ => inner(operation, body),
    });
    let function = invoke(&aws, "register", vec![event(WEB_1), event(WEB_1)]);
    for invocation in function.invocations {
        assert_eq!((&invocation.answer["outcome"], &invocation.answer["aws_calls"]), (&json!("compliant"), &json!(2)));
    }
}

#[test]
fn what_another_try_can_help_is_an_error_and_nothing_else_is() {
    let throttled = Loopback::serve(|operation, _| match operation {
        "DescribeTaskDefinition" => Reply::error("ThrottlingException", "Rate exceeded"),
        _ => Reply::ok(&json!({"settings": []})),
    });
    let function = invoke(&throttled, "register", vec![event(WEB_1)]);
    assert_eq!(
        (function.invocations[0].kind.as_str(), &function.invocations[0].answer["errorType"]),
        ("error", &json!("retryable"))
    );
    assert!(function.stdout.contains("\"reason\":\"throttled\""), "{}", function.stdout);

    let denied = Loopback::serve(|_, _| Reply::error("AccessDeniedException", "no"));
    let function = invoke(&denied, "register", vec![event(WEB_1)]);
    assert_eq!(function.invocations[0].kind, "response");
    assert_eq!(function.invocations[0].answer["reason"], "access-denied");
}

#[test]
fn of_a_batch_only_the_messages_that_need_it_come_again() {
    let aws = Loopback::serve(account(blocking()));
    let message = |id: &str, body: String| json!({"messageId": id, "eventSource": "aws:sqs", "body": body});
    let other = json!({"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": {}});
    let records =
        [message("a", event(WEB_1).to_string()), message("b", "poison".into()), message("c", other.to_string())];
    let function = invoke(&aws, "observe", vec![json!({"Records": records})]);
    assert_eq!(function.invocations[0].answer, json!({"batchItemFailures": [{"itemIdentifier": "b"}]}));
    assert_eq!(function.stdout.lines().filter(|line| line.contains("remediation.summary")).count(), 3);
}
