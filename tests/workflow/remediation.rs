//! Remediation in a world in memory: what Logweir does, what it does not change, and what it records.

use jiff::SignedDuration;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, Journal, PortError};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use serde_json::Value;

use crate::world::story::{BLOCKING, active, corrected_text, ended, event, register, with};
use crate::world::{LOGWEIR, Lag, Moment, Then, World};

#[tokio::test]
async fn a_blocking_revision_gets_a_correction_that_differs_in_nothing_else() {
    let world = World::new();
    let tags = r#"[{"key":"team","value":"a"},{"key":"aws:cloudformation:stack-id","value":"s"}]"#;
    let source = world.account(|account| {
        let source = account.registers(BLOCKING);
        account.families.get_mut("web").unwrap()[0].tags = Tag::parse_list(tags).unwrap();
        source
    });
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
    assert_eq!(active(&world), [(1, BLOCKING.to_owned()), (2, corrected_text())]);
    world.account(|account| {
        let corrected = account.revision(&account.arn("web", 2)).unwrap();
        let keys: Vec<&str> = corrected.tags.iter().map(|tag| tag.key.as_str()).collect();
        assert_eq!(keys, ["team", "logweir:source", "logweir:baseline"]);
        assert_eq!((account.groups["/ecs/web"].retention, account.groups["/ecs/web"].by_logweir), (Some(30), true));
    });
}

#[tokio::test]
async fn the_same_event_twice_makes_one_correction() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::Duplicate)));
    assert_eq!(report.corrected.as_deref(), Some(world.account(|a| a.arn("web", 2)).to_string().as_str()));
    assert_eq!((world.count("RegisterTaskDefinition"), report.exit_code()), (1, 0));
}

#[tokio::test]
async fn two_workers_at_once_make_one_correction() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let event = event(&source);
    let (one, other) = tokio::join!(
        with(&world, SHIPPED_BASELINE, Mode::Register, "one", &event),
        with(&world, SHIPPED_BASELINE, Mode::Register, "other", &event)
    );
    assert_eq!(world.count("RegisterTaskDefinition"), 1);
    let mut outcomes = [ended(&one), ended(&other)];
    outcomes.sort_by_key(|(outcome, _)| *outcome == Outcome::Skipped);
    assert_eq!(outcomes, [(Outcome::Remediated, None), (Outcome::Skipped, Some(Reason::Locked))]);
    assert!(one.is_retried() != other.is_retried(), "the loser is retried");
}

#[tokio::test]
async fn mode_observe_writes_nothing() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let before = world.picture();
    let report = with(&world, SHIPPED_BASELINE, Mode::Observe, "worker", &event(&source)).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Observed, None), 1));
    assert_eq!(world.picture(), before);
    assert_eq!((report.changes.len(), report.log_groups[0].action.name()), (2, "create"));
}

#[tokio::test]
async fn a_compliant_revision_costs_three_calls_and_a_corrected_one_is_compliant() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    let before = world.calls().len();
    let by_hand = world.account(|account| account.registers(&corrected_text()));
    let report = register(&world, &event(&by_hand)).await;
    assert_eq!(ended(&report), (Outcome::Compliant, None));
    assert_eq!(world.calls()[before..], ["DescribeTaskDefinition", "ListAccountSettings", "DescribeLogGroups"]);
}

#[tokio::test]
async fn logweirs_own_revision_is_recognized_by_principal_and_by_journal_but_never_by_tag() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    let corrected = world.account(|account| account.arn("web", 2));
    assert_eq!(
        ended(&register(&world, &event(&corrected)).await),
        (Outcome::Skipped, Some(Reason::RegisteredByLogweir))
    );

    // A third-party revision with copies of Logweir's tags is corrected like any other.
    let tags = [Tag::new("logweir:source", "1"), Tag::new("logweir:baseline", "x")];
    let forged = world.account(|account| account.registers_with_tags(BLOCKING, &tags));
    assert_eq!(ended(&register(&world, &event(&forged)).await), (Outcome::Remediated, None));
}

#[tokio::test]
async fn an_event_without_an_arn_means_the_newest_revision_at_its_time() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let mut without = event(&source);
    without["detail"]["responseElements"] = Value::Null;
    assert_eq!(ended(&register(&world, &without).await), (Outcome::Remediated, None));

    let later = world.account(|account| {
        account.now += SignedDuration::from_secs(6);
        account.registers(BLOCKING)
    });
    let report = register(&world, &without).await;
    assert_eq!((ended(&report), report.is_retried()), ((Outcome::Failed, Some(Reason::Unreadable)), false), "{later}");
}

#[tokio::test]
async fn an_event_whose_revision_ecs_does_not_show_is_retried_for_ten_minutes_and_then_superseded() {
    for (names_it, has_older) in [(true, false), (false, false), (false, true)] {
        let world = World::new();
        let source = world.account(|account| {
            if has_older {
                account.now -= SignedDuration::from_secs(60);
                account.registers(BLOCKING);
                account.now += SignedDuration::from_secs(60);
            }
            let source = account.registers(BLOCKING);
            account.deregisters_and_deletes(&source);
            source
        });
        let mut event = event(&source);
        if !names_it {
            event["detail"]["responseElements"] = Value::Null;
        }
        world.advance(SignedDuration::from_secs(599));
        let report = register(&world, &event).await;
        let not_yet = (Outcome::Failed, Some(Reason::NotVisibleYet));
        assert_eq!((ended(&report), report.is_retried()), (not_yet, true), "{names_it} {has_older}: {report:?}");
        world.advance(SignedDuration::from_secs(1));
        let report = register(&world, &event).await;
        let superseded = (Outcome::Superseded, Some(Reason::NotLatest));
        assert_eq!((ended(&report), report.is_retried()), (superseded, false), "{names_it} {has_older}: {report:?}");
        assert!(report.error.as_ref().unwrap().contains("was deregistered or deleted meanwhile"), "{report:?}");
    }
}

#[tokio::test]
async fn a_tag_that_names_no_revision_does_not_hide_the_revision_of_an_event() {
    let world = World::new();
    let source = world.account(|account| account.registers_with_tags(BLOCKING, &[Tag::new("logweir:source", "99")]));
    let mut without = event(&source);
    without["detail"]["responseElements"] = Value::Null;
    world.account(|account| account.families.get_mut("web").unwrap()[0].by = LOGWEIR.into());
    assert_eq!(ended(&register(&world, &without).await), (Outcome::Skipped, Some(Reason::RegisteredByLogweir)));
}

#[tokio::test]
async fn a_source_that_is_not_the_newest_is_not_corrected() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.account(|account| account.registers(BLOCKING));
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Superseded, Some(Reason::NotLatest)), 1));
    assert_eq!(world.count("RegisterTaskDefinition"), 0);
}

#[tokio::test]
async fn a_deregistered_source_is_not_corrected_and_one_that_ecs_does_not_describe_yet_is_retried() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.account(|account| account.deregisters(&source));
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Superseded, Some(Reason::NotLatest)));
    world.account(|account| account.shows_inactive = false);
    let report = register(&world, &event(&source)).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Failed, Some(Reason::NotVisibleYet)), 2));
    assert!(report.is_retried(), "{report:?}");
}

#[tokio::test]
async fn the_correction_is_withdrawn_at_once_if_another_revision_was_registered_in_between() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let slips_in = Then::act(|account| drop(account.registers(BLOCKING)));
    world.at_next("RegisterTaskDefinition", Moment::Before, slips_in);
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Superseded, Some(Reason::NewerRevision)), "{report:?}");
    assert_eq!(world.account(|account| account.active("web")), [1, 2], "the other revision is the newest");
    assert!(report.report.error.unwrap().contains("web:3 was withdrawn"));
    // The other revision is then corrected.
    let other = world.account(|account| account.arn("web", 2));
    assert_eq!(ended(&register(&world, &event(&other)).await), (Outcome::Remediated, None));
}

#[tokio::test]
async fn a_revision_registered_after_the_correction_does_not_withdraw_it() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let comes = Then::act(|account| drop(account.registers(BLOCKING)));
    world.at_next("RegisterTaskDefinition", Moment::After, comes);
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    assert_eq!(world.account(|account| account.active("web")), [1, 2, 3]);
}

#[tokio::test]
async fn the_correction_is_withdrawn_if_ecs_loses_a_member() {
    let world = World::new();
    let source = world.account(|account| {
        let source = account.registers(BLOCKING);
        account.loses = vec!["alien".into()];
        source
    });
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Failed, Some(Reason::LostMembers)));
    assert_eq!((world.account(|account| account.active("web")), report.report.corrected), (vec![1], None));
}

#[tokio::test]
async fn an_unusable_kms_key_is_an_error_and_never_leads_to_an_unencrypted_group() {
    let world = World::new();
    let baseline = "version = 1\n[log-group]\nkms-key = \"arn:aws:kms:eu-west-1:111122223333:key/k\"\n";
    let source = world.account(|account| account.registers(BLOCKING));
    let refused = Then::fail(ErrorKind::Refused, "CreateLogGroup", "InvalidParameterException: the key is disabled");
    world.at_next("CreateLogGroup", Moment::Before, refused);
    let report = with(&world, baseline, Mode::Register, "worker", &event(&source)).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Failed, None), 2));
    assert!(report.report.error.unwrap().contains("the key is disabled"));
    assert_eq!((world.account(|account| account.groups.len()), world.count("RegisterTaskDefinition")), (0, 0));

    // Once the key works, the same event succeeds.
    let report = with(&world, baseline, Mode::Register, "worker", &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None));
    let key = world.account(|account| account.groups["/ecs/web"].kms_key.clone());
    assert_eq!(key.as_deref(), Some("arn:aws:kms:eu-west-1:111122223333:key/k"));
}

#[tokio::test]
async fn a_group_gets_no_retention_if_the_baseline_accepts_any() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let baseline = "version = 1\n[log-group]\nretention-days = \"any\"\n";
    let report = with(&world, baseline, Mode::Register, "worker", &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None));
    assert_eq!((report.log_groups[0].action.name(), report.log_groups[0].retention_days), ("created", None));
    assert_eq!((world.count("CreateLogGroup"), world.count("PutRetentionPolicy")), (1, 0));
    assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), None);
}

#[tokio::test]
async fn a_table_of_rules_stops_no_correction() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let baseline = "version = 1\n[rules]\nblocking-delivery = \"off\"\nunsized-buffer = \"note\"\n";
    let report = with(&world, baseline, Mode::Register, "worker", &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None));
}

#[tokio::test]
async fn effects_before_a_refusal_are_reported() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let denied = PortError {
        kind: ErrorKind::Refused,
        call: "RegisterTaskDefinition",
        message: "not authorized to perform: iam:PassRole".into(),
        reason: Some(Reason::PassRoleDenied),
    };
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Fail(denied));
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Partial, Some(Reason::PassRoleDenied)));
    assert_eq!((report.log_groups[0].action.name(), report.log_groups[0].retention_days), ("created", Some(30)));
    assert_eq!((report.report.corrected, report.report.error.is_some()), (None, true));
}

#[tokio::test]
async fn a_group_with_data_keeps_it_and_an_empty_or_adopted_one_gets_a_retention() {
    let adopt = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";
    let cases = [
        (SHIPPED_BASELINE, None, 1, None),
        (SHIPPED_BASELINE, None, 0, Some(30)),
        (adopt, None, 1, Some(30)),
        (adopt, Some(365), 1, Some(365)),
    ];
    for (baseline, retention, streams, wanted) in cases {
        let world = World::new();
        let source = world.account(|account| {
            account.has_group("/ecs/web", retention, streams);
            account.registers(BLOCKING)
        });
        let report = with(&world, baseline, Mode::Register, "worker", &event(&source)).await;
        assert_eq!(report.outcome, Outcome::Remediated);
        assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), wanted);
    }
}

#[tokio::test]
async fn a_group_that_another_principal_created_in_between_is_not_changed() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let makes = Then::act(|account| account.has_group("/ecs/web", None, 1));
    world.at_next("CreateLogGroup", Moment::Before, makes);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.outcome, report.log_groups[0].action.name()), (Outcome::Remediated, "not-changed"));
    assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), None);
}

#[tokio::test]
async fn a_revision_that_ecs_would_refuse_or_that_is_sandboxed_is_refused_before_anything_is_done() {
    let fargate =
        BLOCKING.replace("\"family\":\"web\"", "\"family\":\"web\",\"requiresCompatibilities\":[\"FARGATE\"]");
    let external =
        BLOCKING.replace("\"family\":\"web\"", "\"family\":\"web\",\"requiresCompatibilities\":[\"EXTERNAL\"]");
    let sandboxed = BLOCKING.replace(
        "\"family\":\"web\"",
        "\"family\":\"web\",\"trustedExecutionConfiguration\":{\"isolationMode\":\"CONFIDENTIAL_SANDBOX\"}",
    );
    for (document, reason) in [
        (fargate, Reason::MissingExecutionRole),
        (external, Reason::MissingExecutionRole),
        (sandboxed, Reason::Sandboxed),
    ] {
        let world = World::new();
        let source = world.account(|account| {
            let source = account.registers(BLOCKING);
            account.families.get_mut("web").unwrap()[0].text = document.clone();
            source
        });
        let report = register(&world, &event(&source)).await;
        assert_eq!((ended(&report), report.exit_code()), ((Outcome::Refused, Some(reason)), 1));
        assert_eq!(world.account(|account| (account.groups.len(), account.records.len())), (0, 0));
    }
}

#[tokio::test]
async fn an_exemption_in_force_counts_and_an_expired_one_does_not() {
    let world = World::new();
    let exempt = |until: &str| {
        format!(
            "version = 1\n[[exempt]]\nmatch = {{ family = \"web\" }}\nrules = [\"blocking-delivery\", \"unsized-buffer\", \"missing-log-group\"]\nuntil = {until}\nowner = \"a\"\nreason = \"b\"\n"
        )
    };
    let source = world.account(|account| account.registers(BLOCKING));
    let report = with(&world, &exempt("2026-11-21"), Mode::Register, "worker", &event(&source)).await;
    assert_eq!((ended(&report), report.exit_code()), ((Outcome::Compliant, Some(Reason::Exempt)), 0));
    let report = with(&world, &exempt("2026-11-20"), Mode::Register, "worker", &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Remediated, None));
}

#[tokio::test]
async fn ignored_events_cause_no_call() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut event = event(&source);
        change(&mut event);
        event
    };
    let own = "arn:aws:sts::111122223333:assumed-role/Remediator/session";
    let cases = [
        (changed(&|e| e["detail"]["errorCode"] = "AccessDenied".into()), Reason::FailedCall),
        (changed(&|e| e["detail"]["eventName"] = "RegisterDaemonTaskDefinition".into()), Reason::OtherConsumer),
        (changed(&|e| e["detail-type"] = "ECS Task State Change".into()), Reason::OtherEvent),
        (changed(&|e| e["account"] = "444455556666".into()), Reason::ForeignAccount),
        (changed(&|e| e["detail"]["recipientAccountId"] = "444455556666".into()), Reason::ForeignAccount),
        (changed(&|e| e["region"] = "us-east-1".into()), Reason::ForeignRegion),
        (changed(&|e| e["detail"]["userIdentity"]["arn"] = own.into()), Reason::RegisteredByLogweir),
        (changed(&|e| e["detail"]["userIdentity"]["invokedBy"] = "batch.amazonaws.com".into()), Reason::ServiceOwned),
    ];
    for (event, reason) in cases {
        let report = register(&world, &event).await;
        assert_eq!(ended(&report), (Outcome::Skipped, Some(reason)));
    }
    assert_eq!(world.calls(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_null_error_code_is_no_failure() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let mut event = event(&source);
    event["detail"]["errorCode"] = Value::Null;
    assert_eq!(register(&world, &event).await.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn the_intent_is_in_the_journal_before_each_act() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    let calls = world.calls();
    for act in ["CreateLogGroup", "PutRetentionPolicy", "RegisterTaskDefinition"] {
        let at = calls.iter().position(|call| *call == act).unwrap();
        let before = calls[..at].iter().rposition(|call| *call == "commit").unwrap();
        let others = calls[before + 1..at].iter().filter(|call| !call.starts_with("Describe")).count();
        assert_eq!(others, 0, "{act} comes right after its entry: {calls:?}");
    }
}

/// The process dies before or after every port call, or the call fails or loses its answer. Then the event comes again.
#[tokio::test]
async fn wherever_the_process_dies_the_next_delivery_ends_with_exactly_one_corrected_revision() {
    let whole = World::new();
    let source = whole.account(|account| account.registers(BLOCKING));
    register(&whole, &event(&source)).await;
    let calls = whole.calls().len();
    assert!(calls >= 18, "{:?}", whole.calls());

    for number in 1..=calls {
        for (moment, crash) in
            [(Moment::Before, true), (Moment::After, true), (Moment::Before, false), (Moment::After, false)]
        {
            let world = World::new();
            let source = world.account(|account| account.registers(BLOCKING));
            world.at(number, moment, if crash { Then::Crash } else { Then::Cut });
            let first = register(&world, &event(&source)).await;
            let at = format!(
                "call {number} ({}), {moment:?}, crash {crash}: {:?}",
                whole.calls()[number - 1],
                ended(&first)
            );
            world.restart();
            // While the dead worker's lease lasts, the redelivered event stays retryable.
            let mut again = with(&world, SHIPPED_BASELINE, Mode::Register, "second", &event(&source)).await;
            if ended(&again) == (Outcome::Skipped, Some(Reason::Locked)) {
                assert!(again.is_retried(), "{at}");
                world.advance(LEASE);
                again = with(&world, SHIPPED_BASELINE, Mode::Register, "third", &event(&source)).await;
            }
            if ended(&again) == (Outcome::Failed, Some(Reason::NotVisibleYet)) {
                assert!(again.is_retried(), "{at}");
                world.advance(Lag::LONGEST);
                again = with(&world, SHIPPED_BASELINE, Mode::Register, "fourth", &event(&source)).await;
            }
            assert!(
                matches!(again.outcome, Outcome::Remediated | Outcome::Skipped | Outcome::Compliant),
                "{at}, then {again:?}"
            );
            assert_eq!(active(&world), [(1, BLOCKING.to_owned()), (2, corrected_text())], "{at}");
            assert_eq!(world.account(|account| account.groups["/ecs/web"].retention), Some(30), "{at}");
            let record = world.read(&source).await.unwrap().unwrap();
            assert!(!record.head.open && record.head.corrected.is_some(), "{at}");
        }
    }
}
