//! The payloads of the two functions. Each function accepts its own payloads and refuses the other's, however wrapped.

mod dead_letters;
mod dispositions;
mod holds;

use logweir::aws::Sqs;
use logweir::domain::baseline::Baseline;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::handler::{BackoutCaller, HandlerReply, Queues, handle, handle_backout};
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::Order;
use serde_json::{Value, json};

use crate::order::order;
use crate::world::queue::Fifo;
use crate::world::story::{BLOCKING, backs_out, by, deregistration, ended, event, home, register, retires};
use crate::world::{Lag, Moment, Then, World};

const UNREADABLE: (Outcome, Option<Reason>) = (Outcome::Failed, Some(Reason::Unreadable));

/// Invokes the remediating function. Returns its reply and the reports that it wrote.
async fn remediates(world: &World, mode: Mode, payload: &Value) -> (HandlerReply, Vec<Decision>) {
    let (home, by, baseline) = (home(), by(), Baseline::parse(SHIPPED_BASELINE).unwrap());
    let order = order(&home, &by, &baseline, mode, "remediator");
    let mut written = Vec::new();
    let reply = handle(world, &order, &Queues::<Sqs>::NONE, payload, &|| 0, &mut |report: &Decision| {
        written.push(report.clone())
    })
    .await;
    (reply, written)
}

/// Invokes the backout function. Returns its reply and the reports that it wrote.
async fn invokes_backout(world: &World, payload: &Value) -> (HandlerReply, Vec<Decision>) {
    let (home, by) = (home(), by());
    let taker = BackoutCaller { home: &home, worker: "taker", lease: LEASE, backout: &by, retires: true };
    let mut written = Vec::new();
    let reply =
        handle_backout(world, taker, payload, &|| 0, &mut |report: &Decision| written.push(report.clone())).await;
    (reply, written)
}

/// A world in which web:1 was corrected by web:2.
async fn corrected() -> World {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    world
}

/// A world in which a worker died while it corrected web:1, or while it backed out the correction.
async fn left(backing_out: bool) -> World {
    let world = if backing_out { corrected().await } else { World::new() };
    let last = if backing_out { "DeregisterTaskDefinition" } else { "RegisterTaskDefinition" };
    world.at_next(last, Moment::Before, Then::Crash);
    match backing_out {
        true => backs_out(&world, &world.account(|account| account.arn("web", 1))).await,
        false => {
            let source = world.account(|account| account.registers(BLOCKING));
            register(&world, &event(&source)).await
        }
    };
    world.restart();
    world.advance(Lag::LONGEST);
    world
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

fn request() -> Value {
    json!({"logweir": "backout", "record": "web:1", "reason": "r", "requested_by": "me"})
}

fn message(body: &Value) -> Value {
    json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body.to_string()}]})
}

/// The detail in an EventBridge event of a third party, and in one of ECS.
fn details(detail: &Value) -> [Value; 2] {
    let envelope = |source: &str, kind: &str| json!({"source": source, "detail-type": kind, "detail": detail});
    [envelope("someone", "logweir"), envelope("aws.ecs", "AWS API Call via CloudTrail")]
}

#[tokio::test]
async fn the_remediating_function_backs_out_nothing_however_the_request_is_wrapped() {
    let world = corrected().await;
    let before = world.picture();
    let [anybody, ecs] = details(&request());
    let mut among = event(&world.account(|account| account.arn("web", 2)));
    among["detail"]["userIdentity"]["arn"] = "arn:aws:sts::111122223333:assumed-role/Remediator/session".into();
    among["logweir"] = "backout".into();
    among["record"] = "web:1".into();
    let hold = json!({"logweir": "hold", "family": "web", "until": "2099-01-01"});
    let holds = [hold.clone(), message(&hold), json!({"logweir": "release", "family": "web"})];
    let requests = [request(), message(&request()), message(&anybody), message(&ecs), anybody, ecs, among];
    let payloads = requests.into_iter().chain(holds);
    for payload in payloads {
        let (_, written) = remediates(&world, Mode::Register, &payload).await;
        assert_eq!(written.len(), 1, "{payload}");
        assert!(matches!(written[0].outcome, Outcome::Failed | Outcome::Skipped), "{payload}: {:?}", written[0]);
        assert_eq!((written[0].mode.name(), world.picture() == before), ("register", true), "{payload}");
    }
}

#[tokio::test]
async fn a_request_in_a_message_ends_in_the_dead_letter_queue() {
    let world = corrected().await;
    let hold = json!({"logweir": "hold", "family": "web", "until": "2099-01-01"});
    for body in [request(), json!({"logweir": "sweep"}), hold, json!({"logweir": "release", "family": "web"})] {
        let (reply, written) = remediates(&world, Mode::Register, &message(&body)).await;
        assert_eq!(ended(&written[0]), UNREADABLE, "{body}");
        assert_eq!(reply.to_json(), json!({"batchItemFailures": [{"itemIdentifier": "m"}]}), "{body}");
    }
}

#[tokio::test]
async fn the_backout_function_accepts_only_backout_requests() {
    let world = corrected().await;
    let (before, calls) = (world.picture(), world.calls().len());
    let source = world.account(|account| account.arn("web", 1));
    let with = |member: &str, value: Value| {
        let mut request = request();
        request[member] = value;
        request
    };
    let resume = json!({"logweir": "resume"});
    let [anybody, ecs] = details(&request());
    let [anybody_resumes, ecs_resumes] = details(&resume);
    for payload in [
        event(&source),
        message(&event(&source)),
        message(&request()),
        message(&resume),
        anybody,
        ecs,
        anybody_resumes,
        ecs_resumes,
        with("restore-stale", true.into()),
        with("dryrun", true.into()),
        with("hold_family", "tomorrow".into()),
        with("logweir", "Backout".into()),
        with("logweir", "sweep".into()),
        with("record", 1.into()),
        with("record", "web".into()),
        with("record", "arn:aws:s3:::bucket".into()),
        json!({"logweir": "backout"}),
        json!({"record": "web:1"}),
        json!({"logweir": "sweep"}),
        json!({"logweir": "resume", "record": "web:1"}),
        json!([request()]),
        json!(request().to_string()),
        Value::Null,
    ] {
        let (reply, written) = invokes_backout(&world, &payload).await;
        assert_eq!(written.iter().map(ended).collect::<Vec<_>>(), [UNREADABLE], "{payload}");
        assert!(reply.retry().is_none(), "{payload}");
    }
    assert_eq!((world.picture(), world.calls().len()), (before, calls), "the function made no call");
}

#[tokio::test]
async fn a_backout_request_is_carried_out_once_and_answered_with_the_written_report() {
    let world = corrected().await;
    for (reason, left) in [(None, vec![1]), (Some(Reason::Duplicate), vec![1])] {
        let (reply, written) = invokes_backout(&world, &request()).await;
        assert_eq!(written.iter().map(ended).collect::<Vec<_>>(), [(Outcome::BackedOut, reason)]);
        assert_eq!((reply.to_json(), active(&world)), (json!(written[0]), left));
    }
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_a_request_for_a_locked_record_is_retried() {
    let world = corrected().await;
    let before = world.picture();
    let mut look = request();
    look["dry_run"] = true.into();
    let (_, written) = invokes_backout(&world, &look).await;
    assert_eq!((ended(&written[0]), world.picture()), ((Outcome::Observed, None), before));

    world.at_next("DeregisterTaskDefinition", Moment::Before, Then::Crash);
    invokes_backout(&world, &request()).await;
    world.restart();
    let (reply, written) = invokes_backout(&world, &request()).await;
    assert_eq!(ended(&written[0]), (Outcome::Skipped, Some(Reason::Locked)));
    assert!(reply.retry().is_some());
}

#[tokio::test]
async fn each_function_resumes_only_its_own_kind_of_work() {
    let resume = json!({"logweir": "resume"});
    for backing_out in [false, true] {
        let world = left(backing_out).await;
        let others = match backing_out {
            true => remediates(&world, Mode::Register, &resume).await,
            false => invokes_backout(&world, &resume).await,
        };
        assert_eq!((others.0.to_json(), others.1.len()), (json!({"resumed": 0, "reports": []}), 0));
        let (reply, written) = match backing_out {
            true => invokes_backout(&world, &resume).await,
            false => remediates(&world, Mode::Register, &resume).await,
        };
        let (outcome, left) =
            if backing_out { (Outcome::BackedOut, vec![1]) } else { (Outcome::Remediated, vec![1, 2]) };
        assert_eq!(written.iter().map(ended).collect::<Vec<_>>(), [(outcome, None)]);
        assert_eq!(active(&world), left);
        assert_eq!(reply.to_json(), json!({"resumed": 1, "reports": [written[0]]}));
    }
}

/// A world with the unfinished backout of web:1 and the due retirement of shop:2.
async fn backing_out_and_retiring() -> World {
    let world = World::new();
    let [web, shop] = ["web", "shop"].map(|family| {
        world.account(|account| account.registers(&BLOCKING.replace("\"web\"", &format!("\"{family}\""))))
    });
    for source in [&web, &shop] {
        assert_eq!(register(&world, &event(source)).await.outcome, Outcome::Remediated);
        world.advance(jiff::SignedDuration::from_hours(1));
    }
    world.account(|account| account.deregisters(&shop));
    register(&world, &deregistration(&world, &shop)).await;
    world.advance(jiff::SignedDuration::from_mins(15));
    assert_eq!(retires(&world).await, [], "the first look");
    world.advance(jiff::SignedDuration::from_mins(10));
    world.at_next("DeregisterTaskDefinition", Moment::Before, Then::Crash);
    backs_out(&world, &web).await;
    world.restart();
    world.advance(LEASE);
    world
}

#[tokio::test]
async fn the_backout_function_writes_the_decisions_about_backouts_before_it_retires() {
    let world = backing_out_and_retiring().await;
    let (home, by) = (home(), by());
    let taker = BackoutCaller { home: &home, worker: "taker", lease: LEASE, backout: &by, retires: true };
    let (searches, mut written) = (world.count("ListServices"), Vec::new());
    let mut watch = |report: &Decision| written.push((report.outcome, world.count("ListServices") - searches));
    let reply = handle_backout(&world, taker, &json!({"logweir": "resume"}), &|| 7, &mut watch).await;
    let outcomes: Vec<Outcome> = written.iter().map(|(outcome, _)| *outcome).collect();
    assert_eq!(outcomes, [Outcome::BackedOut, Outcome::Retired]);
    assert_eq!(written[1].1 - written[0].1, 2, "the searches of the retirement follow the first decision");
    let reply = reply.to_json();
    let counted = [0, 1].map(|decision| reply["reports"][decision]["aws_calls"].as_u64());
    assert_eq!((reply["resumed"].as_u64(), counted), (Some(2), [Some(7), Some(0)]), "each call is counted once");
}

#[tokio::test]
async fn the_backout_function_begins_no_retirement_if_the_backouts_took_long() {
    let world = backing_out_and_retiring().await;
    let slow = Then::act(|account| account.now += jiff::SignedDuration::from_secs(121));
    world.at_next("DeregisterTaskDefinition", Moment::Before, slow);
    let resume = json!({"logweir": "resume"});
    for outcome in [Outcome::BackedOut, Outcome::Retired] {
        let (_, written) = invokes_backout(&world, &resume).await;
        assert_eq!(written.iter().map(|report| report.outcome).collect::<Vec<_>>(), [outcome]);
    }
}

#[tokio::test]
async fn an_event_that_waits_for_the_confirmation_of_the_baseline_returns_to_the_queue() {
    let world = corrected().await;
    let source = world.account(|account| account.arn("web", 1));
    world.account(|account| account.deregisters(&source));
    let event = deregistration(&world, &source);
    let (home, by, baseline) = (home(), by(), Baseline::parse(SHIPPED_BASELINE).unwrap());
    let order = Order { finishes: Mode::Register, ..order(&home, &by, &baseline, Mode::Observe, "remediator") };
    let queue = Fifo::default();
    let queues = Queues { work: Some(queue.work.clone()), dead_letters: Some(queue.dead.clone()) };
    for delivery in 1..=6 {
        let reply = handle(&world, &order, &queues, &message(&event), &|| 0, &mut |_: &Decision| {}).await;
        assert_eq!(reply.to_json(), json!({"batchItemFailures": []}), "waiting is no failure");
        assert_eq!(queue.delays(), vec![900; delivery], "each copy waits for a quarter of an hour");
    }
    assert_eq!((queue.work.messages()[0].body.clone(), queue.dead.messages()), (event.to_string(), vec![]));
}

#[tokio::test]
async fn a_record_of_a_newer_version_does_not_stop_the_others_and_is_reported_once_in_each_run() {
    let world = left(false).await;
    let web = world.account(|account| account.arn("web", 1));
    world.account(|account| account.newer.insert(web.clone()));
    let shop = world.account(|account| account.registers(&BLOCKING.replace("\"web\"", "\"shop\"")));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    register(&world, &event(&shop)).await;
    world.restart();
    world.advance(Lag::LONGEST);
    let resume = json!({"logweir": "resume"});
    let unreadable = (Outcome::NeedsOperator, Some(Reason::Unreadable));
    for (mode, outcomes) in [
        (Mode::Observe, &[unreadable][..]),
        (Mode::Register, &[(Outcome::Remediated, None), unreadable]),
        (Mode::Register, &[unreadable]),
    ] {
        let (_, written) = remediates(&world, mode, &resume).await;
        assert_eq!(written.iter().map(ended).collect::<Vec<_>>(), outcomes, "{mode:?}");
        let report = written.last().unwrap();
        assert!(report.error.as_ref().unwrap().contains(&web.to_string()), "{report:?}");
        assert_eq!(report.notify.repeats, Some(true), "the alarm reports it, and no notification");
    }
    assert_eq!(invokes_backout(&world, &resume).await.1, [], "the remediator reports it");
}

#[tokio::test]
async fn unfinished_work_is_resumed_only_by_a_plain_resume_request() {
    let resume = json!({"logweir": "resume"});
    let [anybody, ecs] = details(&resume);
    let more = json!({"logweir": "resume", "mode": "register"});
    let payloads = [message(&more), anybody, ecs, more, json!([resume]), json!("resume")];
    for backing_out in [false, true] {
        let world = left(backing_out).await;
        let before = world.picture();
        // The remediating function also accepts the resume request from the queue. The backout function has no queue.
        for payload in payloads.iter().chain(backing_out.then_some(&message(&resume))) {
            let (_, written) = match backing_out {
                true => invokes_backout(&world, payload).await,
                false => remediates(&world, Mode::Register, payload).await,
            };
            assert!(matches!(written[0].outcome, Outcome::Failed | Outcome::Skipped), "{payload}: {written:?}");
            assert_eq!(world.picture(), before, "{payload}");
        }
    }
}

#[tokio::test]
async fn in_mode_observe_a_resume_request_only_lists_the_unfinished_work() {
    let world = left(false).await;
    let resume = json!({"logweir": "resume"});
    remediates(&world, Mode::Observe, &resume).await; // notes the mode
    let (before, calls) = (world.picture(), world.calls().len());
    let (reply, written) = remediates(&world, Mode::Observe, &resume).await;
    assert_eq!((reply.to_json(), written.len()), (json!({"resumed": 0, "reports": []}), 0));
    assert_eq!((world.picture(), &world.calls()[calls..]), (before, &["list", "stopped", "reconciliation"][..]));
}

/// The schedule's message in the queue, sent this many minutes ago.
fn sent(world: &World, minutes: i64) -> Value {
    let at = world.account(|account| account.now) - jiff::SignedDuration::from_mins(minutes);
    let mut batch = message(&json!({"logweir": "resume"}));
    batch["Records"][0]["attributes"] = json!({"SentTimestamp": at.as_millisecond().to_string()});
    batch
}

#[tokio::test]
async fn a_resume_request_from_the_queue_is_handled_unless_it_waited_too_long() {
    let answer = json!({"batchItemFailures": []});
    for (minutes, outcomes) in [(11, vec![]), (10, vec![Outcome::Remediated])] {
        let world = left(false).await;
        let (reply, written) = remediates(&world, Mode::Register, &sent(&world, minutes)).await;
        assert_eq!(written.iter().map(|report| report.outcome).collect::<Vec<_>>(), outcomes, "{minutes} minutes");
        assert_eq!(reply.to_json(), answer, "no message is retried");
    }
}

#[tokio::test]
async fn a_message_of_a_schedule_is_never_a_dead_letter() {
    let world = left(false).await;
    for word in ["resume", "digest"] {
        let mut last = message(&json!({"logweir": word}));
        last["Records"][0]["attributes"] = json!({"ApproximateReceiveCount": "5"});
        let (calls, (reply, written)) = (world.calls().len(), remediates(&world, Mode::Register, &last).await);
        assert_eq!(reply.to_json(), json!({"batchItemFailures": []}), "{word}: SQS deletes it");
        assert_eq!((written.len(), world.calls().len()), (0, calls), "{word}: it is not handled a fifth time");
    }
    world.always("list", PortError { kind: ErrorKind::Retry, call: "Query", message: "slow".into(), reason: None });
    let (reply, written) = remediates(&world, Mode::Register, &message(&json!({"logweir": "resume"}))).await;
    assert_eq!((written.len(), reply.to_json()), (1, json!({"batchItemFailures": []})));
}

#[tokio::test]
async fn a_journal_that_cannot_be_listed_is_reported_once() {
    let message = "denied".to_owned();
    let error = PortError { kind: ErrorKind::Refused, call: "Query", message, reason: Some(Reason::AccessDenied) };
    let world = left(false).await;
    world.always("list", error);
    let resume = json!({"logweir": "resume"});
    for (reply, written) in [remediates(&world, Mode::Register, &resume).await, invokes_backout(&world, &resume).await]
    {
        assert_eq!((written.len(), written[0].outcome), (1, Outcome::Failed));
        assert!(written[0].error.as_ref().unwrap().contains("denied"), "{:?}", written[0]);
        assert_eq!(reply.to_json(), json!(written[0]));
    }
}
