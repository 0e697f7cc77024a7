//! The real function behind a Runtime API: an event is the input; calls and one line are the output.

use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};

use crate::loopback::account::{Account, WEB_1, WEB_2, account, event};
use crate::loopback::function::{
    Invocation, invoke, invoke_and_tell, invoke_backout, invoke_backout_and_tell, invoke_with,
};
use crate::loopback::{Loopback, Reply};

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
fn a_decision_is_logged_as_one_flat_line_with_timestamp_and_level_and_is_the_answer() {
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
fn mode_observe_writes_nothing() {
    let aws = Loopback::serve(account(blocking()));
    let function = invoke(&aws, "observe", vec![event(WEB_1)]);
    assert_eq!(function.invocations[0].answer["outcome"], "observed");
    for (operation, body) in aws.calls() {
        let is_baseline = body.contains("\"BASELINE#");
        assert!(operation.starts_with("Describe") || operation.starts_with("List") || is_baseline, "{operation}");
    }
}

#[test]
fn a_baseline_in_the_package_is_published_at_the_first_start_with_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("baseline.toml").display().to_string();
    let account = Account::default();
    account.registers(&compliant());
    let aws = Loopback::serve(account.service());
    let puts = || aws.calls().into_iter().filter(|(operation, _)| operation == "PutItem").count();
    let starts = || invoke_with(&aws, "observe", &[("LOGWEIR_BASELINE", &path)], vec![event(WEB_1)]);
    for (text, written) in [("version = 1\n", 1), ("version = 1\n", 1), ("# new\nversion = 1\n", 2)] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(starts().invocations.len(), 1);
        assert_eq!(puts(), written, "{text}");
        let last = aws.calls().into_iter().rfind(|(operation, _)| operation == "PutItem").unwrap().1;
        let item = serde_json::from_str::<Value>(&last).unwrap()["Item"].clone();
        assert_eq!((&item["pk"]["S"], &item["sk"]["S"]), (&json!(format!("BASELINE#{path}")), &json!("BASELINE")));
        let state: Value = serde_json::from_str(item["baseline"]["S"].as_str().unwrap()).unwrap();
        assert_eq!((&state["text"], &state["version"]), (&json!(text), &json!(written)));
    }
    invoke_backout(&aws, vec![json!({})]);
    assert_eq!(puts(), 2, "the backout function has no baseline");
}

#[test]
fn a_baseline_that_cannot_be_published_does_not_stop_the_function() {
    for operation in ["GetItem", "PutItem"] {
        let mut inner = account(blocking());
        let aws = Loopback::serve(move |called, body| {
            let is_denied = called == operation && body.contains("BASELINE#");
            if is_denied { Reply::error("AccessDeniedException", "no") } else { inner(called, body) }
        });
        let function = invoke(&aws, "register", vec![event(WEB_1), event(WEB_1)]);
        assert_eq!(function.invocations[0].answer["outcome"], "remediated", "{operation}");
        let warnings = unpublished(&function.stdout);
        assert_eq!(warnings.len(), 1, "{operation}: {}", function.stdout);
        assert!(warnings[0].contains("AccessDeniedException: no"), "{}", warnings[0]);
    }
}

/// The errors of the warnings that the function did not publish its baseline.
fn unpublished(stdout: &str) -> Vec<String> {
    let lines = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let warnings = lines.filter(|line| line["event"] == "baseline.not-published" && line["level"] == "WARN");
    warnings.map(|line| line["error"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_baseline_that_was_not_published_is_published_after_the_next_event() {
    let mut inner = account(blocking());
    let mut is_first = true;
    let aws = Loopback::serve(move |called, body| {
        let is_denied = called == "PutItem" && body.contains("BASELINE#") && std::mem::take(&mut is_first);
        if is_denied { Reply::error("AccessDeniedException", "no") } else { inner(called, body) }
    });
    let function = invoke(&aws, "observe", vec![event(WEB_1), event(WEB_1)]);
    assert_eq!(unpublished(&function.stdout).len(), 1, "{}", function.stdout);
    let puts = aws.calls().iter().filter(|(called, body)| called == "PutItem" && body.contains("BASELINE#")).count();
    assert_eq!(puts, 2, "the second call succeeds, and no third call follows");
}

#[test]
fn a_baseline_that_is_too_large_for_the_journal_is_a_warning() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("baseline.toml").display().to_string();
    std::fs::write(&path, format!("version = 1\n{}", "# a comment\n".repeat(40_000))).unwrap();
    let aws = Loopback::serve(account(compliant()));
    let function = invoke_with(&aws, "observe", &[("LOGWEIR_BASELINE", &path)], vec![event(WEB_1)]);
    assert_eq!(function.invocations.len(), 1);
    let warnings = unpublished(&function.stdout);
    assert!(warnings.len() == 1 && warnings[0].contains("400 KB"), "{}", function.stdout);
    assert!(aws.calls().iter().all(|(called, body)| called != "PutItem" || !body.contains("BASELINE#")));
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
fn only_a_retryable_failure_is_an_error_of_the_invocation() {
    let throttled = Loopback::serve(|operation, _| match operation {
        "DescribeTaskDefinition" => Reply::error("ThrottlingException", "Rate exceeded"),
        _ => Reply::ok(&json!({"settings": []})),
    });
    let function = invoke(&throttled, "register", vec![event(WEB_1)]);
    assert_eq!(
        (function.invocations[0].kind.as_str(), &function.invocations[0].answer["errorType"]),
        ("error", &json!("retryable"))
    );
    let why = function.invocations[0].answer["errorMessage"].as_str().unwrap();
    assert!(why.contains("DescribeTaskDefinition") && why.contains("Rate exceeded"), "{why}");
    assert!(function.stdout.contains("\"reason\":\"throttled\""), "{}", function.stdout);

    let denied = Loopback::serve(|_, _| Reply::error("AccessDeniedException", "no"));
    let function = invoke(&denied, "register", vec![event(WEB_1)]);
    assert_eq!(function.invocations[0].kind, "response");
    assert_eq!(function.invocations[0].answer["reason"], "access-denied");
}

#[test]
fn only_the_failed_messages_of_a_batch_are_retried() {
    let aws = Loopback::serve(account(blocking()));
    let message = |id: &str, body: String| json!({"messageId": id, "eventSource": "aws:sqs", "body": body});
    let other = json!({"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": {}});
    let records =
        [message("a", event(WEB_1).to_string()), message("b", "poison".into()), message("c", other.to_string())];
    let function = invoke(&aws, "observe", vec![json!({"Records": records})]);
    assert_eq!(function.invocations[0].answer, json!({"batchItemFailures": [{"itemIdentifier": "b"}]}));
    assert_eq!(function.stdout.lines().filter(|line| line.contains("remediation.summary")).count(), 3);
}

/// The summary lines, one for each decision.
fn summaries(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == "remediation.summary").collect()
}

fn answers(invocations: &[Invocation]) -> Vec<&Value> {
    assert!(invocations.iter().all(|invocation| invocation.kind == "response"));
    invocations.iter().map(|invocation| &invocation.answer).collect()
}

fn request() -> Value {
    json!({"logweir": "backout", "record": "web:1", "reason": "incident 7", "requested_by": "me"})
}

#[test]
fn the_backout_function_backs_out_a_correction_of_the_remediator_on_request() {
    let shop = Account::default();
    shop.registers(&blocking());
    let aws = Loopback::serve(shop.service());
    invoke(&aws, "register", vec![event(WEB_1)]);
    assert_eq!(shop.active("web"), [1, 2]);

    let function = invoke_backout(&aws, vec![request(), request(), json!({"logweir": "resume"})]);
    let answers = answers(&function.invocations);
    assert_eq!((&answers[0]["outcome"], &answers[0]["corrected"]), (&json!("backed-out"), &json!(WEB_2)));
    assert_eq!((&answers[0]["mode"], &answers[0]["actor"]), (&json!("backout"), &json!("me")));
    assert_eq!((&answers[1]["outcome"], &answers[1]["reason"]), (&json!("backed-out"), &json!("duplicate")));
    assert_eq!(answers[2], &json!({"resumed": 0, "reports": []}));
    let lines = summaries(&function.stdout);
    assert_eq!(lines.iter().collect::<Vec<_>>(), answers[..2], "one line for each report, and no other");
    assert_eq!(shop.active("web"), [1]);
}

#[test]
fn neither_function_accepts_the_input_of_the_other() {
    let shop = Account::default();
    shop.registers(&blocking());
    let aws = Loopback::serve(shop.service());
    invoke(&aws, "register", vec![event(WEB_1)]);
    let before = shop.table();
    let message =
        |body: &Value| json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body.to_string()}]});
    let detail = json!({"source": "someone", "detail-type": "logweir", "detail": request()});

    let remediator = invoke(&aws, "register", vec![request(), message(&request()), detail.clone()]);
    let outcomes: Vec<Value> = summaries(&remediator.stdout).iter().map(|line| line["outcome"].clone()).collect();
    assert_eq!(outcomes, ["failed", "failed", "skipped"]);
    let backout = invoke_backout(&aws, vec![event(WEB_1), message(&request()), detail, json!({"logweir": "sweep"})]);
    let lines = summaries(&backout.stdout);
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line["reason"] == "unreadable" && line["aws_calls"] == 0), "{}", backout.stdout);
    assert_eq!((shop.table(), shop.active("web")), (before, vec![1, 2]));
}

#[test]
fn an_unfinished_backout_names_the_same_function_for_a_retry() {
    let shop = Account::default();
    shop.registers(&blocking());
    let aws = Loopback::serve(shop.service());
    invoke(&aws, "register", vec![event(WEB_1)]);
    let mut running = shop.service();
    let used = Loopback::serve(move |operation, body| match operation {
        "ListClusters" => Reply::error("AccessDeniedException", "no"),
        _ => running(operation, body),
    });
    let function = invoke_backout(&used, vec![request()]);
    let answer = &function.invocations[0].answer;
    assert_eq!((&answer["outcome"], &answer["reason"]), (&json!("partial"), &json!("access-denied")));
    let record = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1";
    assert_eq!(answer["backout"], format!("logweir backout {record} --function logweir --region eu-west-1"));
}

/// Serves this account, with a topic and a bus that accept every notification.
fn accepting(shop: &Account) -> Loopback {
    let mut inner = shop.service();
    Loopback::serve(move |operation, body| match operation {
        "PutEvents" => Reply::ok(&json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})),
        _ if body.starts_with("Action=Publish") => {
            let answer = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
            Reply::Http(200, String::new(), answer.into())
        }
        _ => inner(operation, body),
    })
}

/// The number of notifications to the topic and to the bus.
fn notified(aws: &Loopback) -> (usize, usize) {
    let calls = aws.calls();
    let published = calls.iter().filter(|(_, body)| body.starts_with("Action=Publish")).count();
    (published, calls.iter().filter(|(operation, _)| operation == "PutEvents").count())
}

#[test]
fn both_functions_notify_topic_and_bus_after_the_line_and_count_no_aws_call_for_it() {
    let shop = Account::default();
    shop.registers(&blocking());
    let aws = accepting(&shop);
    let silent = invoke(&aws, "register", vec![event(WEB_1)]);
    assert_eq!(notified(&aws), (0, 0), "without a topic and a bus there is no notification");
    invoke_backout_and_tell(&aws, vec![request()]);
    assert_eq!(notified(&aws), (1, 1));

    let shop = Account::default();
    shop.registers(&blocking());
    let aws = accepting(&shop);
    let function = invoke_and_tell(&aws, vec![event(WEB_1), event(WEB_1)]);
    assert_eq!(notified(&aws), (1, 1), "the event came twice");
    let answer = &function.invocations[0].answer;
    assert_eq!(
        (&answer["outcome"], &answer["aws_calls"]),
        (&json!("remediated"), &silent.invocations[0].answer["aws_calls"])
    );
    let (_, event) = aws.calls().into_iter().find(|(operation, _)| operation == "PutEvents").unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    let detail: Value = serde_json::from_str(event["Entries"][0]["Detail"].as_str().unwrap()).unwrap();
    assert_eq!((&detail, &event["Entries"][0]["EventBusName"]), (answer, &json!("operations")));
}

#[test]
fn a_topic_and_a_bus_that_fail_change_no_answer() {
    let shop = Account::default();
    shop.registers(&blocking());
    let mut inner = shop.service();
    let aws = Loopback::serve(move |operation, body| match operation {
        "PutEvents" => Reply::error("AccessDeniedException", "no"),
        _ if body.starts_with("Action=Publish") => Reply::Cut,
        _ => inner(operation, body),
    });
    let function = invoke_and_tell(&aws, vec![event(WEB_1)]);
    assert_eq!(
        (function.invocations[0].kind.as_str(), &function.invocations[0].answer["outcome"]),
        ("response", &json!("remediated"))
    );
    let lines: Vec<Value> = function.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line["event"] == "notification.failed").count(), 2, "{}", function.stdout);
    assert_eq!(lines.last().unwrap()["NotNotified"], 2);
}

#[test]
fn an_unconfirmed_baseline_changes_nothing_and_every_report_says_so() {
    for confirmed in ["", "sha256:0000"] {
        let aws = Loopback::serve(account(blocking()));
        let confirmed = [("LOGWEIR_CONFIRMED_BASELINE", confirmed)];
        let function = invoke_with(&aws, "rollout", &confirmed, vec![event(WEB_1), json!({"no": "event"})]);
        for Invocation { answer, .. } in &function.invocations {
            let note = answer["notes"][0].as_str().unwrap();
            assert!(note.contains(
                " is not confirmed, so Logweir only observes; to confirm it, deploy with ConfirmedBaseline=sha256:"
            ));
            assert!(note.contains(answer["baseline_digest"].as_str().unwrap()), "{note}");
        }
        assert_eq!((&function.invocations[0].answer["outcome"], operations_that_write(&aws)), (&json!("observed"), 0));
    }
}

#[test]
fn a_baseline_in_a_parameter_is_read_at_the_start() {
    let stage = Account::default();
    stage.registers(&blocking());
    stage.publishes("/logweir/baseline", SHIPPED_BASELINE);
    let aws = Loopback::serve(stage.service());
    let place = [("LOGWEIR_BASELINE", "ssm:/logweir/baseline")];
    let function = invoke_with(&aws, "register", &place, vec![event(WEB_1), event(WEB_1)]);
    assert_eq!(function.invocations[0].answer["outcome"], "remediated");
    let read = aws.calls().iter().filter(|(operation, _)| operation == "GetParameter").count();
    assert_eq!(read, 1);
}

#[test]
fn an_event_over_the_rate_limit_is_requeued_and_its_message_is_deleted() {
    let stage = Account::default();
    let names: Vec<String> = (0..5).map(|number| format!("web-{number}")).collect();
    for name in &names {
        let mut document = blocking();
        document["family"] = name.as_str().into();
        stage.registers(&document);
    }
    let mut inner = stage.service();
    let aws = Loopback::serve(move |operation, body| match operation {
        "SendMessage" => Reply::ok(&json!({"MessageId": "00000000-0000-0000-0000-000000000001"})),
        _ => inner(operation, body),
    });
    let message = |name: &String| {
        let body = event(&crate::loopback::account::arn(name, 1)).to_string();
        json!({"Records": [{"messageId": name, "eventSource": "aws:sqs", "body": body}]})
    };
    let queue = [("LOGWEIR_QUEUE", "https://sqs.eu-west-1.amazonaws.com/111122223333/work")];
    let function = invoke_with(&aws, "register", &queue, names.iter().map(message).collect());
    for Invocation { answer, .. } in &function.invocations {
        assert_eq!(*answer, json!({"batchItemFailures": []}), "{}", function.stdout);
    }
    let corrected = names.iter().filter(|name| stage.active(name) == [1, 2]).count();
    let sent: Vec<Value> = aws
        .calls()
        .iter()
        .filter(|(operation, _)| operation == "SendMessage")
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect();
    assert_eq!(corrected + sent.len(), 5);
    assert!(!sent.is_empty(), "five at once exceed the shipped rate limit");
    assert!(sent[0]["MessageAttributes"]["logweir-slot"]["StringValue"].is_string(), "{}", sent[0]);
}

#[test]
fn a_reconciliation_reads_one_page_and_requests_the_next_one_for_later() {
    let stage = Account::default();
    for number in 0..60 {
        let mut document = blocking();
        document["family"] = format!("web-{number:02}").into();
        stage.registers(&document);
    }
    let mut inner = stage.service();
    let aws = Loopback::serve(move |operation, body| match operation {
        "SendMessage" => Reply::ok(&json!({"MessageId": "00000000-0000-0000-0000-000000000001"})),
        _ => inner(operation, body),
    });
    let body = json!({"logweir": "reconcile"}).to_string();
    let message = json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body}]});
    let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/work";
    let function = invoke_with(&aws, "register", &[("LOGWEIR_QUEUE", url)], vec![message]);
    assert_eq!(function.invocations[0].answer, json!({"batchItemFailures": []}), "{}", function.stdout);
    let count = |name: &str| aws.calls().iter().filter(|(operation, _)| operation == name).count();
    assert_eq!(
        (count("DescribeTaskDefinition"), count("ListTaskDefinitionFamilies"), count("SendMessage")),
        (50, 1, 1)
    );
    let (_, sent) = aws.calls().into_iter().find(|(operation, _)| operation == "SendMessage").unwrap();
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let page: Value = serde_json::from_str(sent["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!((&sent["QueueUrl"], &page["logweir"], &page["page"]), (&json!(url), &json!("reconcile"), &json!(1)));
    assert!((10..=11).contains(&sent["DelaySeconds"].as_u64().unwrap()), "51 reads take 11 seconds: {sent}");
}

#[test]
fn a_denied_event_is_sent_to_the_dead_letters_and_its_message_is_deleted() {
    let stage = Account::default();
    stage.registers(&blocking());
    let mut inner = stage.service();
    let aws = Loopback::serve(move |operation, body| match operation {
        "SendMessage" => Reply::ok(&json!({"MessageId": "00000000-0000-0000-0000-000000000001"})),
        "RegisterTaskDefinition" => Reply::error("AccessDeniedException", "is not authorized to perform: iam:PassRole"),
        _ => inner(operation, body),
    });
    let body = event(WEB_1).to_string();
    let message = json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body}]});
    let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/dead";
    let function = invoke_with(&aws, "register", &[("LOGWEIR_DEAD_LETTERS", url)], vec![message]);
    assert_eq!(function.invocations[0].answer, json!({"batchItemFailures": []}), "{}", function.stdout);
    let calls = aws.calls();
    let (_, sent) = calls.iter().find(|(operation, _)| operation == "SendMessage").unwrap();
    let sent: Value = serde_json::from_str(sent).unwrap();
    assert_eq!((&sent["QueueUrl"], &sent["MessageBody"]), (&json!(url), &json!(body)));
    let line = &summaries(&function.stdout)[0];
    let why = format!("{} pass-role-denied", line["outcome"].as_str().unwrap());
    assert_eq!(sent["MessageAttributes"], json!({"logweir-why": {"DataType": "String", "StringValue": why}}));
}

/// The number of calls that write, without the publication of the function's own baseline.
fn operations_that_write(aws: &Loopback) -> usize {
    let reading = ["Describe", "List", "Get", "Query"];
    let writes = |(operation, body): &&(String, String)| {
        !reading.iter().any(|word| operation.starts_with(word)) && !body.contains("\"BASELINE#")
    };
    aws.calls().iter().filter(writes).count()
}
