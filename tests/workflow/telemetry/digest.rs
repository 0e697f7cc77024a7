//! The daily digest in mode `observe`.

use jiff::SignedDuration;
use logweir::ports::{ErrorKind, PortError};
use serde_json::json;

use super::stage::{Stage, UNCONFIRMED};
use crate::world::story::BLOCKING;

async fn observed(families: usize) -> Stage {
    let stage = Stage::default();
    for number in 0..families {
        let document = BLOCKING.replace("\"web\"", &format!("\"web-{number:02}\""));
        // The first family is registered twice, and every event is delivered twice.
        for _ in 0..=usize::from(number == 0) {
            let event = stage.registers(&document);
            stage.remediates("observe", &event).await.unwrap();
            stage.remediates("observe", &event).await.unwrap();
        }
    }
    stage
}

#[tokio::test]
async fn the_digest_is_one_notification_however_often_events_arrive() {
    let stage = observed(2).await;
    assert_eq!(stage.kinds(), [""; 0], "single observations send no notification");
    stage.queued("observe", r#"{"logweir":"digest"}"#).await;
    assert_eq!(stage.kinds(), ["Observation Digest"]);
    let notice = stage.last();
    assert_eq!(
        notice.detail,
        json!({
            "schema": "logweir.digest/1", "account": "111122223333", "region": "eu-west-1", "hours": 24, "revisions": 3,
            "families": 2, "complete": true,
            "rules": [
                {"rule": "blocking-delivery", "revisions": 3},
                {"rule": "missing-log-group", "revisions": 3},
                {"rule": "unsized-buffer", "revisions": 3}
            ],
            "most": [{"family": "web-00", "revisions": 2}, {"family": "web-01", "revisions": 1}],
        })
    );
    assert_eq!(notice.subject, "Logweir: Daily digest: 3 revisions of 2 families to correct");
    for text in [&notice.text, notice.chat["content"]["nextSteps"][0].as_str().unwrap()] {
        assert!(text.contains("To start corrections, deploy the stack with the parameter Mode=register"), "{text}");
    }
    let now = stage.account(|account| account.now);
    assert_eq!(*stage.log.reads.lock().unwrap(), [now - SignedDuration::from_hours(24)]);
}

#[tokio::test]
async fn some_families_are_named_and_the_others_counted() {
    let stage = observed(25).await;
    *stage.log.is_long.lock().unwrap() = true;
    stage.remediates("observe", &json!({"logweir": "digest"})).await.unwrap();
    let notice = stage.last();
    assert_eq!(notice.detail["most"].as_array().unwrap().len(), 20);
    let text = notice.chat["content"]["description"].as_str().unwrap();
    assert!(text.contains("Other families: 5") && text.contains("log has more lines than Logweir read"), "{text}");
    assert_eq!(notice.detail["complete"], false);
}

#[tokio::test]
async fn without_observations_and_in_the_other_modes_no_digest_is_sent() {
    let digest = json!({"logweir": "digest"});
    let stage = Stage::default();
    stage.remediates("observe", &digest).await.unwrap();
    assert_eq!((stage.kinds(), stage.log.text()), (vec![], String::new()));
    let stage = observed(1).await;
    let reads = stage.log.reads.lock().unwrap().len();
    for mode in ["register", "rollout"] {
        stage.remediates(mode, &digest).await.unwrap();
    }
    assert_eq!((stage.kinds(), stage.log.reads.lock().unwrap().len()), (vec![], reads));
}

#[tokio::test]
async fn in_the_other_modes_the_digest_names_what_the_end_of_a_hold_will_release() {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    stage.remediates("register", &event).await.unwrap();
    stage.backs_out(&json!({"logweir": "backout", "record": "web:1", "hold_family": "2026-11-23T00:00:00Z"})).await;
    let event = stage.registers(BLOCKING);
    stage.remediates("register", &event).await.unwrap();
    stage.queued("rollout", r#"{"logweir":"digest"}"#).await;
    let notice = stage.last();
    assert_eq!(notice.kind.name(), "Observation Digest");
    let source = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:3";
    let until = "2026-11-23T00:00:00Z";
    let held = json!([{"family": "web", "source": source, "services": 0, "left_out": 0, "until": until}]);
    assert_eq!((&notice.detail["on_hold"], &notice.detail["revisions"]), (&held, &json!(0)));
    assert_eq!(notice.subject, "Logweir: Daily digest: 1 family to correct after a hold");
    let says = "After the hold ends at 2026-11-23T00:00:00Z, Logweir corrects web:3, if it is still";
    assert!(notice.text.contains(says), "{}", notice.text);
    let told = stage.kinds().len();
    stage
        .world
        .always("stopped", PortError { kind: ErrorKind::Retry, call: "Query", message: "slow".into(), reason: None });
    stage.remediates("register", &json!({"logweir": "digest"})).await.unwrap();
    assert_eq!((stage.kinds().len(), &stage.lines().last().unwrap()["NotNotified"]), (told, &json!(1)));
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_reported_and_counted() {
    let stage = observed(1).await;
    let message = "AccessDeniedException: no".to_owned();
    let error = PortError { kind: ErrorKind::Refused, call: "FilterLogEvents", message, reason: None };
    *stage.log.fails.lock().unwrap() = Some(error);
    let before = stage.lines().len();
    stage.remediates("observe", &json!({"logweir": "digest"})).await.unwrap();
    let lines = &stage.lines()[before..];
    assert_eq!(
        (&lines[0]["level"], &lines[0]["error"]),
        (&json!("WARN"), &json!("FilterLogEvents: AccessDeniedException: no"))
    );
    assert_eq!((&lines[1]["NotNotified"], lines.len()), (&json!(1), 2));
}

#[tokio::test]
async fn lines_that_only_look_like_a_decision_are_not_counted() {
    let stage = observed(1).await;
    let source = "arn:aws:ecs:eu-west-1:111122223333:task-definition/forged:1";
    for line in [
        json!({"outcome": "observed", "source": source, "rules": ["x"]}),
        json!({"schema": "logweir.report/1", "mode": "backout", "outcome": "observed", "source": source, "rules": []}),
        json!({"schema": "logweir.report/1", "mode": "observe", "outcome": "observed", "source": "<!here>", "rules": []}),
    ] {
        stage.log.append(&format!("{line}\n"));
    }
    stage.remediates("observe", &json!({"logweir": "digest"})).await.unwrap();
    assert_eq!((&stage.last().detail["revisions"], &stage.last().detail["families"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn a_delayed_digest_is_sent_unless_the_next_one_is_due() {
    for (hours, told) in [(22, vec!["Observation Digest"]), (24, vec![])] {
        let stage = observed(1).await;
        stage.queued_for(SignedDuration::from_hours(hours), "observe", r#"{"logweir":"digest"}"#).await;
        assert_eq!(stage.kinds(), told, "{hours} hours");
    }
}

#[tokio::test]
async fn the_digest_says_how_to_confirm_an_unconfirmed_baseline() {
    let stage = observed(1).await;
    let text = std::fs::read_to_string(UNCONFIRMED).unwrap();
    let digest = logweir::domain::baseline::Baseline::parse(&text).unwrap().digest().to_owned();
    stage.remediates_unconfirmed("register", &json!({"logweir": "digest"})).await.unwrap();
    let notice = stage.last();
    assert_eq!(notice.detail["unconfirmed_baseline"], digest);
    let confirm = format!("To confirm the baseline, deploy the stack with the parameter ConfirmedBaseline={digest}");
    for text in [&notice.text, notice.chat["content"]["nextSteps"][0].as_str().unwrap()] {
        assert!(text.contains(&confirm) && !text.contains("Mode=register"), "{text}");
    }
    let says = format!("The mode is register, but baseline {digest} is not confirmed, so Logweir changed nothing");
    assert!(notice.text.contains(&says), "{}", notice.text);
}

/// A blocking document of this family with these roles.
fn with_roles(family: &str, execution: &str, task: &str) -> String {
    let arn = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let roles =
        format!(r#""executionRoleArn":"{}","taskRoleArn":"{}","containerDefinitions""#, arn(execution), arn(task));
    BLOCKING.replace("\"web\"", &format!("{family:?}")).replace("\"containerDefinitions\"", &roles)
}

#[tokio::test]
async fn observe_mode_names_the_roles_that_another_mode_could_not_pass_without_a_call() {
    let stage = Stage::default();
    let passing = ("ecsTaskExecutionRole,ecs/exec-*", "ecs/*");
    for (family, execution, task) in
        [("web", "ecsTaskExecutionRole", "ecs/web"), ("api", "ecs/exec-api", "api"), ("cron", "other", "other")]
    {
        let event = stage.registers(&with_roles(family, execution, task));
        stage.observes_passing(passing.0, passing.1, &event).await;
    }
    let reports = stage.decisions();
    let reasons: Vec<_> = reports.iter().map(|report| report["reason"].as_str()).collect();
    assert_eq!(reasons, [None, Some("pass-role-denied"), Some("pass-role-denied")]);
    assert!(reports.iter().all(|report| report["outcome"] == "observed"));
    let notes = reports[1]["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let note = notes[0].as_str().unwrap();
    assert!(note.contains("arn:aws:iam::111122223333:role/api") && note.contains("TaskRoles"), "{note}");
    assert_eq!(reports[2]["notes"].as_array().unwrap().len(), 1, "one role is named once");
    assert!(stage.world.calls().iter().all(|call| !call.contains("iam") && !call.contains("Role")));
    stage.observes_passing(passing.0, passing.1, &json!({"logweir": "digest"})).await;
    let notice = stage.last();
    assert_eq!(notice.detail["pass_role_denied"], json!(["api", "cron"]));
    assert!(notice.text.contains("widen ExecutionRoles or TaskRoles before you change the mode: "), "{}", notice.text);
}

#[tokio::test]
async fn a_compliant_revision_needs_no_role() {
    let stage = Stage::default();
    stage.account(|account| account.has_group("/ecs/web", Some(30), 0));
    let sound = with_roles("web", "other", "other")
        .replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"");
    let event = stage.registers(&sound);
    stage.observes_passing("a", "b", &event).await;
    assert_eq!(stage.decisions()[0]["outcome"], "compliant");
}
