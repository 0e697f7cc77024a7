//! `logweir doctor`: its output for a healthy deployment, for each fault, and for denied reads.

use serde_json::{Value, json};

use super::golden;
use crate::loopback::Loopback;
use crate::loopback::account::{WEB_1, event};
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::stack::{BACKOUT, DEAD_LETTERS, Message, QUEUE, REMEDIATOR, Stack, State, Trail, shipped};

fn doctor(stack: &Stack, options: &[&str]) -> (Ran, Operator) {
    let operator = Operator::at(Loopback::serve(stack.service()));
    let ran = operator.run(&[&["doctor"], options].concat());
    (ran, operator)
}

/// The checks that are not ok, as state, name and text.
fn faults(stack: &Stack) -> Vec<(String, String, String)> {
    let (ran, _) = doctor(stack, &["--format", "json"]);
    let json = ran.json();
    let checks = json["checks"].as_array().unwrap();
    let word = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let faults: Vec<_> = checks
        .iter()
        .filter(|check| check["state"] != "ok")
        .inspect(|check| assert!(!check["help"].as_str().unwrap().is_empty(), "every fault says what to do: {check}"))
        .map(|check| (word(check, "state"), word(check, "check"), word(check, "says")))
        .collect();
    let worst = faults.iter().map(|(state, _, _)| if state == "problem" { 1 } else { 2 }).max().unwrap_or(0);
    assert_eq!(ran.code, worst, "{ran:?}");
    faults
}

/// Changes a healthy stack, and returns its single fault.
fn fault(change: impl FnOnce(&mut State)) -> (String, String, String) {
    let stack = Stack::in_mode("rollout");
    stack.with(change);
    let found = faults(&stack);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[track_caller]
fn is(fault: (String, String, String), state: &str, check: &str, says: &str) {
    assert_eq!((fault.0.as_str(), fault.1.as_str()), (state, check), "{}", fault.2);
    assert!(fault.2.contains(says), "{}", fault.2);
}

#[test]
fn a_healthy_deployment_is_reported_as_such_and_nothing_is_changed() {
    for mode in ["observe", "register", "rollout"] {
        let (ran, operator) = doctor(&Stack::in_mode(mode), &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        if mode == "rollout" {
            golden("doctor.txt", &ran.out.replace(&shipped(), "sha256:…"));
        }
        let reading = ["/", "SimulatePrincipalPolicy", "TestEventPattern"];
        let writing: Vec<String> = operator.writing_calls();
        let others =
            writing.iter().filter(|call| !reading.contains(&call.as_str()) && !call.starts_with("/2015-03-31/"));
        assert_eq!(others.count(), 0, "{writing:?}");
    }
}

#[test]
fn a_missing_deployment_is_reported() {
    let stack = Stack::in_mode("observe");
    stack.with(|state| state.parameters.clear());
    let (ran, _) = doctor(&stack, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("no Logweir stack is deployed in account 111122223333, eu-west-1"), "{}", ran.out);
    assert!(
        ran.out.contains("→ deploy the stack (sam deploy), or select another Region or account: --region, --profile"),
        "{}",
        ran.out
    );
}

#[test]
fn an_unreadable_deployment_is_not_healthy() {
    is(
        fault(|state| {
            state.denied.insert("GetParameter");
        }),
        "unknown",
        "deployment",
        "AccessDeniedException",
    );
    let of_another_schema = |state: &mut State| {
        let text = state.parameters.get_mut("/logweir/deployment").unwrap();
        *text = text.replace("logweir.deployment/1", "logweir.deployment/2");
    };
    is(fault(of_another_schema), "problem", "deployment", "its text has the schema logweir.deployment/2");
}

#[test]
fn a_missing_or_inactive_trail_is_a_problem() {
    is(fault(|state| state.trails.clear()), "problem", "trail", "there is no trail in eu-west-1");
    is(fault(|state| state.trails[0].is_logging = false), "problem", "trail", "main is switched off");
    let of_data = json!({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": false}]});
    is(
        fault(|state| state.trails[0].selectors = of_data),
        "problem",
        "trail",
        "does not record write management events",
    );
}

#[test]
fn the_trail_of_the_organization_is_enough() {
    let stack = Stack::in_mode("observe");
    stack.with(|state| {
        state.trails[0].is_logging = false;
        let selectors = state.trails[0].selectors.clone();
        state.trails.push(Trail { name: "org", is_logging: true, selectors, is_organizations: true });
    });
    assert_eq!(faults(&stack), []);
}

#[test]
fn a_disabled_or_missing_rule_is_a_problem() {
    let off = Stack::in_mode("observe");
    off.with(|state| state.rules.get_mut("Registered").unwrap().state = "DISABLED");
    let found = faults(&off);
    assert!(found[0].2.contains("rule Registered is DISABLED"), "{found:?}");
    assert!(found[1].2.contains("no enabled rule matches a registration by another role"), "{found:?}");
    let gone = Stack::in_mode("observe");
    gone.with(|state| drop(state.rules.remove("Services")));
    let found = faults(&gone);
    assert!(found[0].2.contains("rule Services does not exist") && found[1].2.contains("an update of a service"));
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_rule_must_send_to_the_queue_and_the_queue_must_allow_it() {
    let elsewhere = fault(|state| state.rules.get_mut("Resume").unwrap().targets = vec!["arn:x".into()]);
    is(elsewhere, "problem", "rules", "rule Resume sends to arn:x instead of");
    is(fault(|state| state.queue_policy = json!({})), "problem", "rules", "does not allow messages from");
}

#[test]
fn a_schedule_may_call_the_backout_function() {
    let stack = Stack::in_mode("observe");
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:logweir-backout";
    stack.with(|state| state.rules.get_mut("Resume").unwrap().targets = vec![function.into()]);
    assert_eq!(faults(&stack), []);
}

#[test]
fn a_pattern_that_misses_a_caller_or_matches_logweir_itself_is_found() {
    let misses = fault(|state| {
        let has_issuer: fn(&Value) -> bool = |event| {
            event["detail"]["userIdentity"]["sessionContext"].is_object()
                && event["detail"]["eventName"] != "UpdateService"
                && event["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
                    == "arn:aws:iam::111122223333:role/example"
        };
        state.rules.get_mut("Registered").unwrap().matches = has_issuer;
    });
    is(misses, "problem", "patterns", "no enabled rule matches a registration by a user");
    let stack = Stack::in_mode("observe");
    stack.with(|state| {
        state.rules.get_mut("Registered").unwrap().matches =
            |event| event["detail"]["requestParameters"]["service"].is_null();
    });
    let found = faults(&stack);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found
            .iter()
            .all(|(_, _, says)| says.contains("is matched by Registered, so Logweir would react to its own calls"))
    );
}

#[test]
fn a_backlog_is_distinguished_from_a_few_messages() {
    let fill = |count: usize| {
        move |state: &mut State| {
            let messages = (0..count).map(|number| Message::new(&number.to_string(), "{}", Value::Null));
            state.messages.insert(QUEUE, messages.collect());
        }
    };
    is(fault(fill(11)), "problem", "queue", "11 messages wait");
    let stack = Stack::in_mode("observe");
    stack.with(fill(10));
    assert_eq!(faults(&stack), []);
}

#[test]
fn the_work_queue_is_never_read() {
    let stack = Stack::in_mode("observe");
    stack.with(|state| state.messages.get_mut(QUEUE).unwrap().push(Message::new("1", "{}", Value::Null)));
    doctor(&stack, &["--fix", "--yes"]);
    assert_eq!(stack.with(|state| state.messages[QUEUE][0].receives), 5);
}

#[test]
fn a_paused_mapping_is_reported_as_the_kill_switch() {
    let paused = fault(|state| state.mapping["State"] = "Disabled".into());
    is(paused, "problem", "mapping", "the kill switch is on: events wait in the queue");
    is(fault(|state| state.mapping = Value::Null), "problem", "mapping", "the event source mapping does not exist");
    let answers = fault(|state| state.mapping["FunctionResponseTypes"] = json!([]));
    is(answers, "problem", "mapping", "ReportBatchItemFailures");
}

#[test]
fn a_function_that_was_changed_by_hand_is_found() {
    let changed = |variable: &'static str| {
        move |state: &mut State| {
            let function = state.functions.get_mut("logweir-remediator").unwrap();
            function["Environment"]["Variables"][variable] = "other".into();
        }
    };
    is(
        fault(changed("LOGWEIR_JOURNAL")),
        "problem",
        "functions",
        "LOGWEIR_JOURNAL of function logweir-remediator is other",
    );
    is(fault(changed("LOGWEIR_ROLE")), "problem", "functions", "but remediate was deployed");
    let role = |state: &mut State| {
        state.functions.get_mut("logweir-backout").unwrap()["Role"] = "arn:aws:iam::111122223333:role/Admin".into();
    };
    is(fault(role), "problem", "functions", "logweir-backout runs as arn:aws:iam::111122223333:role/Admin");
    let failed = |state: &mut State| {
        state.functions.get_mut("logweir-backout").unwrap()["LastUpdateStatus"] = "Failed".into();
    };
    is(fault(failed), "problem", "functions", "the last update of function logweir-backout failed");
    let pending = |state: &mut State| {
        state.functions.get_mut("logweir-backout").unwrap()["LastUpdateStatus"] = "InProgress".into();
    };
    is(fault(pending), "unknown", "functions", "logweir-backout is being changed");
    is(
        fault(|state| drop(state.functions.remove("logweir-backout"))),
        "problem",
        "functions",
        "logweir-backout does not exist",
    );
}

#[test]
fn for_manual_changes_the_help_names_revert_drift_and_not_sam_deploy() {
    let changes: [fn(&mut State); 4] = [
        |state| drop(state.rules.remove("Services")),
        |state| state.queue_policy = json!({}),
        |state| drop(state.functions.remove("logweir-backout")),
        |state| {
            let function = state.functions.get_mut("logweir-remediator").unwrap();
            function["Environment"]["Variables"]["LOGWEIR_MODE"] = "observe".into();
        },
    ];
    for change in changes {
        let stack = Stack::in_mode("rollout");
        stack.with(change);
        let json = doctor(&stack, &["--format", "json"]).0.json();
        let faults: Vec<&Value> =
            json["checks"].as_array().unwrap().iter().filter(|check| check["state"] == "problem").collect();
        let help = |check: &Value| check["help"].as_str().unwrap().to_owned();
        assert!(faults.iter().any(|check| help(check).contains("--deployment-mode REVERT_DRIFT")), "{faults:?}");
        assert!(!faults.iter().any(|check| help(check).contains("sam deploy")), "{faults:?}");
    }
}

#[test]
fn only_the_permissions_that_the_mode_needs_are_simulated() {
    let asked = |mode: &str| {
        let stack = Stack::in_mode(mode);
        doctor(&stack, &[]);
        let of = |role: &str, action: &str| {
            stack.with(|state| state.simulated.iter().any(|(who, what, _)| who == role && what == action))
        };
        [
            of(REMEDIATOR, "ecs:DescribeTaskDefinition"),
            of(REMEDIATOR, "ecs:RegisterTaskDefinition"),
            of(REMEDIATOR, "iam:PassRole"),
            of(REMEDIATOR, "ecs:UpdateService"),
            of(BACKOUT, "ecs:UpdateService"),
            of(BACKOUT, "logs:DeleteRetentionPolicy"),
            of(BACKOUT, "logs:PutRetentionPolicy"),
        ]
    };
    assert_eq!(asked("observe"), [true, false, false, false, true, true, false]);
    assert_eq!(asked("register"), [true, true, true, false, true, true, false]);
    assert_eq!(asked("rollout"), [true, true, true, true, true, true, false]);
}

#[test]
fn a_missing_permission_is_reported_with_its_action() {
    let lacks = fault(|state| {
        state.not_allowed.insert("ecs:ListAccountSettings", "implicitDeny");
    });
    is(lacks, "problem", "role", "Remediator does not allow ecs:ListAccountSettings on *, which mode rollout needs");
    let boundary = fault(|state| {
        state.not_allowed.insert("logs:PutRetentionPolicy", "explicitDeny");
    });
    is(boundary, "problem", "role", "Remediator is denied logs:PutRetentionPolicy on arn:aws:logs:");
}

#[test]
fn a_permission_with_an_unknown_condition_key_is_unknown() {
    let depends = fault(|state| {
        state.not_allowed.insert("logs:PutRetentionPolicy", "implicitDeny");
        state.missing_keys = vec!["aws:ResourceTag/team"];
    });
    is(depends, "unknown", "role", "depends on the condition key aws:ResourceTag/team");
}

#[test]
fn the_simulated_pass_role_uses_the_roles_of_the_newest_records() {
    let stack = Stack::in_mode("register");
    let mut document: Value = serde_json::from_str(super::BLOCKING).unwrap();
    document["executionRoleArn"] = "arn:aws:iam::111122223333:role/web-execution".into();
    stack.account.registers(&document);
    let operator = Operator::at(Loopback::serve(stack.service()));
    let file = operator.file("event.json", &event(WEB_1).to_string());
    let journal = ["--journal", "dynamodb:journal", "--region", "eu-west-1", "--endpoint-url", &operator.aws.url];
    let replayed = operator
        .types(&shlex::try_join([&["logweir", "replay", &file, "--mode", "register"], &journal[..]].concat()).unwrap());
    assert_eq!(replayed.code, 0, "{replayed:?}");
    doctor(&stack, &[]);
    let passed = stack.with(|state| {
        state
            .simulated
            .iter()
            .filter(|(_, what, _)| what == "iam:PassRole")
            .map(|(_, _, role)| role.clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(passed, ["arn:aws:iam::111122223333:role/web-execution"; 2], "once for each function");
}

#[test]
fn an_unconfirmed_baseline_is_a_problem() {
    let unconfirmed = |state: &mut State| {
        state.functions.get_mut("logweir-remediator").unwrap()["Environment"]["Variables"]["LOGWEIR_CONFIRMED_BASELINE"] =
            "".into();
    };
    is(fault(unconfirmed), "problem", "baseline", "the baseline is not confirmed, so the function only observes");
}

#[test]
fn a_baseline_in_a_parameter_is_read_and_compared_with_the_confirmed_one() {
    let place = |text: Option<&'static str>| {
        move |state: &mut State| {
            state.functions.get_mut("logweir-remediator").unwrap()["Environment"]["Variables"]["LOGWEIR_BASELINE"] =
                "ssm:/logweir/baseline".into();
            let deployment = state.parameters.get_mut("/logweir/deployment").unwrap();
            *deployment = deployment.replace("baseline.toml", "ssm:/logweir/baseline");
            if let Some(text) = text {
                state.parameters.insert("/logweir/baseline".into(), text.into());
            }
        }
    };
    let stack = Stack::in_mode("register");
    stack.with(place(Some(logweir::settings::SHIPPED_BASELINE)));
    assert_eq!(faults(&stack), []);
    is(fault(place(Some("version = 1\n"))), "problem", "baseline", "is confirmed, so the function only observes");
    is(fault(place(Some("version = 2\n"))), "problem", "baseline", "is not valid, so the function does not start");
    is(fault(place(None)), "problem", "baseline", "ssm:/logweir/baseline does not exist");
    let gone = Stack::in_mode("register");
    gone.with(place(None));
    let (ran, _) = doctor(&gone, &[]);
    assert!(ran.out.contains("→ create the SSM parameter: aws ssm put-parameter --type String"), "{}", ran.out);
}

fn dead(id: &str, body: &str, attributes: Value) -> impl FnOnce(&mut State) {
    let message = Message::new(id, body, attributes);
    move |state| state.messages.get_mut(DEAD_LETTERS).unwrap().push(message)
}

fn undelivered() -> Value {
    let word = |text: &str| json!({"StringValue": text, "DataType": "String"});
    json!({
        "RULE_ARN": word("arn:aws:events:eu-west-1:111122223333:rule/Registered"), "ERROR_CODE": word("NO_PERMISSIONS"),
        "ERROR_MESSAGE": word("may not send"), "own": word("kept"), "logweir-slot": word("2026-11-21T12:00:00Z"), "logweir-failures": word("4"),
        "logweir-why": word("refused pass-role-denied")
    })
}

/// A stack with one dead letter of each kind.
fn with_dead_letters() -> Stack {
    let stack = Stack::in_mode("register");
    stack.account.registers(&serde_json::from_str(super::BLOCKING).unwrap());
    let mut other = event(WEB_1);
    other["detail"]["eventID"] = "e-2".into();
    stack.with(dead("m-1", &event(WEB_1).to_string(), Value::Null));
    stack.with(dead("m-2", &other.to_string(), undelivered()));
    stack.with(dead("m-3", "no \u{1b}[31m JSON", Value::Null));
    stack.with(dead("m-4", "{\"logweir\":\"resume\"}", Value::Null));
    stack.with(|state| {
        let report = |outcome: &str, reason: &str, error: &str| {
            json!({
                "schema": "logweir.report/1", "cloudtrail_event_id": "e-1", "outcome": outcome, "reason": reason, "error": error
            })
        };
        state.log = vec![
            report("failed", "throttled", "an earlier try"),
            report("failed", "access-denied", "RegisterTaskDefinition: AccessDeniedException: no"),
            json!({"schema": "logweir.report/1", "cloudtrail_event_id": "e-9", "outcome": "remediated"}),
        ];
    });
    stack
}

#[test]
fn a_dead_letter_is_shown_with_its_subject_its_cause_and_the_result_of_a_redrive() {
    let (ran, _) = doctor(&with_dead_letters(), &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let told = ran.out.split_once("\n\n").unwrap().1.split_once("\n\n").unwrap().1;
    golden("doctor-dead-letters.txt", told);
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains("CANARY"), "{}", ran.out);
}

#[test]
fn dead_letters_stay_visible_to_others_while_they_are_read() {
    let stack = with_dead_letters();
    let (_, operator) = doctor(&stack, &[]);
    let receives = operator.aws.calls().into_iter().filter(|(operation, _)| operation == "ReceiveMessage");
    assert!(receives.into_iter().all(|(_, body)| body.contains("\"VisibilityTimeout\":0")));
    assert_eq!(stack.with(|state| state.messages[DEAD_LETTERS].len()), 4);
}

#[test]
fn without_the_functions_log_the_cause_is_reported_as_unknown() {
    let stack = with_dead_letters();
    stack.with(|state| {
        state.denied.insert("FilterLogEvents");
    });
    let (ran, _) = doctor(&stack, &["--format", "json"]);
    let why = ran.json()["dead_letters"][0]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("the function's log could not be read: FilterLogEvents: AccessDeniedException"), "{why}");
}

#[test]
fn fix_redrives_readable_dead_letters_and_loses_none() {
    let stack = with_dead_letters();
    let (ran, operator) = doctor(&stack, &["--fix", "--yes"]);
    assert_eq!(ran.code, 1, "one is left: {ran:?}");
    let tail = ran.out.lines().rev().take(2).collect::<Vec<_>>();
    assert!(
        tail[1].contains(
            "2 dead letters redriven; 1 message of the schedules deleted; 1 left in the queue, because Logweir cannot read \
             these messages"
        ),
        "{}",
        ran.out
    );
    stack.with(|state| {
        let (queue, dead) = (&state.messages[QUEUE], &state.messages[DEAD_LETTERS]);
        assert_eq!(queue.iter().map(|message| message.body.clone()).collect::<Vec<_>>().len(), 2);
        assert_eq!(queue[0].body, event(WEB_1).to_string(), "unchanged");
        // The attributes of the failed delivery are removed. The reason and the others are kept.
        let word = |text: &str| json!({"StringValue": text, "DataType": "String"});
        let why = word("refused pass-role-denied");
        assert_eq!(queue[1].attributes, json!({"own": word("kept"), "logweir-why": why}));
        assert_eq!(dead.iter().map(|message| message.id.as_str()).collect::<Vec<_>>(), ["m-3"]);
    });
    let operations: Vec<String> = operator.aws.calls().into_iter().map(|(operation, _)| operation).collect();
    let moves: Vec<&str> =
        operations.iter().map(String::as_str).filter(|name| ["SendMessage", "DeleteMessage"].contains(name)).collect();
    let moved = ["SendMessage", "DeleteMessage"].repeat(2);
    assert_eq!(moves, [&moved[..], &["DeleteMessage"]].concat(), "sent before it is deleted");
    let again = doctor(&stack, &["--fix", "--yes"]);
    assert_eq!(stack.with(|state| state.messages[DEAD_LETTERS].len()), 1, "it is visible again: {:?}", again.0);
}

#[test]
fn remaining_dead_letters_are_counted_once_and_become_visible_again() {
    let stack = with_dead_letters();
    stack.with(|state| state.is_slow = true);
    let (ran, _) = doctor(&stack, &["--fix", "--yes", "--format", "json"]);
    assert_eq!((ran.code, &ran.json()["redriven"]), (1, &json!({"moved": 2, "deleted": 1, "left": 1})), "{ran:?}");
    stack.with(|state| state.is_slow = false);
    let (ran, _) = doctor(&stack, &["--format", "json"]);
    assert_eq!(ran.json()["dead_letters"].as_array().unwrap().len(), 1, "its last handle released it");
}

#[test]
fn a_dead_letter_that_returns_at_once_is_redriven_only_once() {
    let stack = with_dead_letters();
    stack.with(|state| state.is_unfixed = true);
    let (ran, operator) = doctor(&stack, &["--fix", "--yes", "--format", "json"]);
    assert_eq!((ran.code, &ran.json()["redriven"]), (1, &json!({"moved": 2, "deleted": 1, "left": 3})), "{ran:?}");
    let sent = operator.aws.calls().into_iter().filter(|(operation, _)| operation == "SendMessage").count();
    assert_eq!(sent, 2);
    assert!(ran.out.contains("but 2 returned, because the cause is not resolved; 3 left"), "{}", ran.out);
}

#[test]
fn a_dead_letter_that_an_earlier_redrive_did_not_help_is_redriven_only_with_all() {
    let stack = Stack::in_mode("register");
    stack.account.registers(&serde_json::from_str(super::BLOCKING).unwrap());
    let word = |text: &str| json!({"StringValue": text, "DataType": "String"});
    let again = json!({"logweir-why": word("failed access-denied"), "logweir-redrives": word("1")});
    stack.with(dead("m-1", &event(WEB_1).to_string(), again));
    let (ran, _) = doctor(&stack, &[]);
    assert!(ran.out.contains("after 1 redrive, the event failed again for the same reason: "), "{}", ran.out);
    assert!(ran.out.contains("then run: logweir doctor --fix --all"), "{}", ran.out);
    let (ran, _) = doctor(&stack, &["--fix", "--yes", "--format", "json"]);
    assert_eq!((ran.code, &ran.json()["redriven"]), (1, &json!({"moved": 0, "deleted": 0, "left": 1})), "{ran:?}");
    assert!(ran.out.contains("1 failed again for the same reason after an earlier redrive"), "{}", ran.out);
    let (ran, _) = doctor(&stack, &["--fix", "--all", "--yes", "--format", "json"]);
    assert_eq!((ran.code, &ran.json()["redriven"]), (0, &json!({"moved": 1, "deleted": 0, "left": 0})), "{ran:?}");
    let attributes = stack.with(|state| state.messages[QUEUE][0].attributes.clone());
    assert_eq!(attributes["logweir-redrives"]["StringValue"], "1", "the function counts on");
}

#[test]
fn a_dead_letter_that_cannot_be_sent_stays() {
    let stack = with_dead_letters();
    stack.with(|state| {
        state.denied.insert("SendMessage");
    });
    let (ran, _) = doctor(&stack, &["--fix", "--yes"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("→ give the caller of doctor the permission sqs:SendMessage"), "{}", ran.out);
    let (ran, _) = doctor(&stack, &["--format", "json"]);
    assert_eq!(ran.json()["dead_letters"].as_array().unwrap().len(), 4, "all are visible again");
}

#[test]
fn fix_that_leaves_no_dead_letter_exits_with_0() {
    let stack = Stack::in_mode("observe");
    stack.account.registers(&serde_json::from_str(super::BLOCKING).unwrap());
    stack.with(dead("m-1", &event(WEB_1).to_string(), Value::Null));
    let (ran, _) = doctor(&stack, &["--fix", "--yes", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["redriven"], json!({"moved": 1, "deleted": 0, "left": 0}));
}

#[test]
fn fix_needs_a_confirmation() {
    let stack = with_dead_letters();
    for options in [&["--fix"][..], &["--fix", "--format", "json"], &["--yes"], &["--all"]] {
        assert_eq!(doctor(&stack, options).0.code, 64, "{options:?}");
    }
    assert_eq!(stack.with(|state| state.messages[QUEUE].len()), 0);
}

#[test]
fn a_denied_read_is_unknown_and_names_the_permission() {
    for (operation, permission, check) in [
        ("DescribeTrails", "cloudtrail:DescribeTrails", "trail"),
        ("GetTrailStatus", "cloudtrail:GetTrailStatus", "trail"),
        ("GetEventSelectors", "cloudtrail:GetEventSelectors", "trail"),
        ("DescribeRule", "events:DescribeRule", "rules"),
        ("ListTargetsByRule", "events:ListTargetsByRule", "rules"),
        ("TestEventPattern", "events:TestEventPattern", "patterns"),
        ("GetQueueAttributes", "sqs:GetQueueAttributes", "queue"),
        ("GetEventSourceMapping", "lambda:GetEventSourceMapping", "mapping"),
        ("GetFunctionConfiguration", "lambda:GetFunctionConfiguration", "functions"),
        ("SimulatePrincipalPolicy", "iam:SimulatePrincipalPolicy", "role"),
        ("Query", "dynamodb:Query", "journal"),
    ] {
        let stack = Stack::in_mode("rollout");
        stack.with(|state| {
            state.denied.insert(operation);
        });
        let (ran, _) = doctor(&stack, &["--format", "json"]);
        assert_eq!(ran.code, 2, "{operation}");
        let json = ran.json();
        let checks = json["checks"].as_array().unwrap();
        let not_notified = checks.iter().find(|it| it["check"] == check && it["state"] == "unknown");
        let not_notified = not_notified.unwrap_or_else(|| panic!("{operation}: {json:#}"));
        assert_eq!(not_notified["help"], format!("give the caller of doctor the permission {permission}"));
        assert!(!checks.iter().any(|it| it["state"] == "problem"), "{operation}: {json:#}");
    }
}

#[test]
fn json_is_one_object() {
    let (ran, _) = doctor(&with_dead_letters(), &["--format", "json"]);
    golden("doctor.json", &ran.out.replace(&shipped(), "sha256:…"));
}

#[test]
fn other_variables_of_a_function_are_not_shown() {
    let (ran, _) = doctor(&Stack::in_mode("observe"), &["--format", "json"]);
    assert!(!ran.out.contains("CANARY"), "{}", ran.out);
}
