//! The cases of the rules about trails and events.

use logweir::domain::runbook::Verdict::{Advice, Fail, NotApplicable, NotChecked, Pass, Undecidable};
use logweir::domain::runbook::account::Account;
use logweir::domain::runbook::account::trail::{EventRule, Trail, TrailStatus};
use serde_json::{Value, json};

use super::account::{cluster, denied, of, read, selectors, trails};
use super::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    [recording(), of_trails(), events()].into_iter().flatten().collect()
}

fn selecting(selectors: Value) -> impl Fn(&mut Account) {
    move |account| trails(account)[0].selectors = read(selectors.clone())
}

fn advanced(field: &str, operator: &str, value: &str) -> Value {
    let management = json!({"Field": "eventCategory", "Equals": ["Management"]});
    json!({"AdvancedEventSelectors": [{"FieldSelectors": [management, {"Field": field, operator: [value]}]}]})
}

fn recording() -> Vec<Case> {
    const RULE: &str = "unrecorded-call";
    vec![
        case(RULE, Fail, |account| trails(account).clear()),
        case(RULE, Fail, |account| trails(account)[0].status = read(TrailStatus::default())),
        case(RULE, Fail, selecting(selectors("ReadOnly"))),
        case(RULE, Advice, selecting(selectors("WriteOnly"))),
        case(RULE, Pass, selecting(advanced("eventSource", "NotEquals", "kms.amazonaws.com"))),
        case(RULE, Fail, selecting(advanced("eventSource", "NotEquals", "ecs.amazonaws.com"))),
        case(RULE, Fail, selecting(advanced("eventName", "Equals", "RunTask"))),
        case(RULE, Advice, selecting(advanced("readOnly", "Equals", "false"))),
        case(RULE, Undecidable, selecting(advanced("userIdentity.arn", "NotEquals", "arn:x"))),
        // One trail that is on is enough, whatever another one does.
        case(RULE, Pass, |account| {
            let off = Trail { status: denied("cloudtrail:GetTrailStatus"), ..trails(account)[0].clone() };
            trails(account).insert(0, off);
        }),
        // Two trails may record the calls together.
        case(RULE, Pass, |account| {
            let reads = Trail { selectors: read(selectors("ReadOnly")), ..trails(account)[0].clone() };
            trails(account)[0].selectors = read(selectors("WriteOnly"));
            trails(account).push(reads);
        }),
    ]
}

fn of_trails() -> Vec<Case> {
    let first = |change: fn(&mut Trail)| move |account: &mut Account| change(&mut trails(account)[0]);
    vec![
        case("single-region-trail", Fail, first(|trail| trail.is_multi_region = false)),
        // A trail of the organization, whose selectors the account may not read, may be for all Regions.
        case("single-region-trail", NotChecked, |account| {
            let wide = Trail { selectors: denied("cloudtrail:GetEventSelectors"), ..trails(account)[0].clone() };
            trails(account)[0].is_multi_region = false;
            trails(account).push(wide);
        }),
        case("single-region-trail", NotApplicable, first(|trail| trail.status = read(TrailStatus::default()))),
        case(
            "undelivered-trail",
            Fail,
            first(|trail| {
                trail.status = read(TrailStatus { is_logging: true, delivery_error: Some("NoSuchBucket".into()) });
            }),
        ),
        case("unvalidated-trail", Fail, first(|trail| trail.validates_files = false)),
        case("unencrypted-trail", Advice, first(|trail| trail.key = None)),
    ]
}

fn events() -> Vec<Case> {
    const RULE: &str = "untargeted-events";
    let first = |change: fn(&mut EventRule)| move |account: &mut Account| change(&mut of(&mut account.trail.rules)[0]);
    vec![
        case(RULE, Fail, |account| of(&mut account.trail.rules).clear()),
        case(RULE, Fail, first(|rule| rule.is_enabled = false)),
        case(RULE, Fail, first(|rule| rule.targets = read(0))),
        case(RULE, Fail, first(|rule| rule.pattern = Some(json!({"source": ["aws.ec2"]})))),
        case(
            RULE,
            Advice,
            first(|rule| {
                rule.pattern = Some(json!({"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}));
            }),
        ),
        case(
            RULE,
            Advice,
            first(|rule| {
                rule.pattern = Some(json!({"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"]}}));
            }),
        ),
        case(RULE, Advice, |account| {
            cluster(account).container_instances = 1;
            let types = ["ECS Task State Change", "ECS Deployment State Change", "ECS Service Action"];
            of(&mut account.trail.rules)[0].pattern = Some(json!({"source": ["aws.ecs"], "detail-type": types}));
        }),
    ]
}
