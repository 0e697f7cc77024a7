//! Tests of the page and of the formats of an audit. `tests/formats/test_report_pages.py` opens the page in a browser.

use jiff::Timestamp;

use super::super::AuditRun;
use super::super::details::details;
use super::{SCRIPT, STYLE};
use crate::domain::account_default::UnsetModes;
use crate::domain::audit::{
    Audit, AuditHome, AuditedFinding, AuditedFix, AuditedRevision, FixKind, OWNER_TAGS, Scope, Scopes, UnjudgedDaemon,
    UnreadPart, User, UserKind,
};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::finding::Safety;
use crate::domain::severity::Severity;
use crate::domain::verdict::Decided;
use crate::render::formats::FormatName;
use crate::render::json::{AuditOutput, BaselineLine};

/// The maximum size of the page for an account with 1,000 families, in bytes.
const LARGEST: usize = 3_000_000;

type Change = fn(&str) -> String;

fn hostile(text: &str) -> String {
    format!("{text}</script><script>alert(1)</script><img src=x onerror=\"alert('1')\">\u{202e}\u{1b}[31m\u{0}\n")
}

fn finding(rule: RuleName, severity: Severity, change: Change) -> AuditedFinding {
    AuditedFinding {
        rule,
        severity,
        decided: Decided::Yes,
        container: Some(change("app").into()),
        index: Some(0),
        pointer: change("/containerDefinitions/0/logConfiguration/options/mode").into(),
        message: change("container `app` waits for its log destination").into(),
        effective: Some(change("mode blocking").into()),
        fix: AuditedFix {
            safety: Safety::Safe,
            kind: FixKind::Revision,
            text: change("mode = \"non-blocking\"").into(),
        },
        exempt: None,
        notes: vec![change("a note").into()],
    }
}

fn revision(index: u32, number: u32, scopes: &[Scope], change: Change) -> AuditedRevision {
    let findings = match index % 4 {
        0 => Vec::new(),
        1 => vec![finding(RuleName::BlockingDelivery, Severity::Error, change)],
        2 => vec![
            finding(RuleName::MissingLogDriver, Severity::Error, change),
            finding(RuleName::UnsizedBuffer, Severity::Warning, change),
        ],
        _ => vec![
            finding(RuleName::UnboundedRetention, Severity::Warning, change),
            finding(RuleName::ForeignRegion, Severity::Note, change),
        ],
    };
    let running = if scopes.contains(&Scope::Running) { index % 7 + 1 } else { 0 };
    let user = User {
        kind: UserKind::Service,
        cluster: change("production").into(),
        name: change(&format!("service-{index}")).into(),
        desired: running,
        running,
        starts: true,
    };
    AuditedRevision {
        family: change(&format!("family-{index:04}")).into(),
        revision: number,
        scopes: Scopes::of(scopes.iter().copied()),
        users: if running > 0 { vec![user] } else { Vec::new() },
        findings,
        hides_fault: false,
        not_checked: Vec::new(),
        unread: (index == 5).then(|| change("ecs:DescribeTaskDefinition: AccessDenied").into()),
        is_unread: false,
        tags: vec![("team".into(), change(["payments", "search", "platform"][index as usize % 3]).into())],
        registered_by: None,
        registered_at: None,
        unset: UnsetModes::default(),
    }
}

/// Returns an audit of `families` families, of which every second one runs an older revision.
fn audit(families: u32, change: Change) -> Audit {
    let (partition, account, region) = ("aws".into(), "111122223333".into(), "eu-west-1".into());
    let mut audit = Audit::new(AuditHome { partition, account, region }, now());
    audit.revisions = (0..families)
        .flat_map(|index| match index % 2 {
            0 => vec![revision(index, 3, &[Scope::Running, Scope::Next], change)],
            _ => vec![
                revision(index, 3, &[Scope::Running], change),
                AuditedRevision { findings: Vec::new(), ..revision(index, 4, &[Scope::Next], change) },
            ],
        })
        .collect();
    audit.coverage.families = u64::from(families);
    audit.coverage.revisions = audit.revisions.len() as u64;
    audit
}

fn denied(mut audit: Audit, change: Change) -> Audit {
    audit.coverage.add_unread(UnreadPart {
        what: change("the services of cluster production"),
        call: "ecs:DescribeServices",
        message: change("AccessDeniedException"),
        is_denied: true,
        count: 3,
    });
    let (cluster, definition) = (change("production"), change("agent:3"));
    audit.coverage.daemons.push(UnjudgedDaemon { cluster, definition, tasks: 7 });
    audit
}

fn now() -> Timestamp {
    "2026-12-01T10:00:00Z".parse().unwrap()
}

fn emitted(audits: &[Audit], format: FormatName) -> String {
    let owner_tags = OWNER_TAGS.map(String::from);
    let baseline =
        BaselineLine { path: "logweir.toml".into(), digest: "sha256:0".into(), origin: "from --baseline".into() };
    let output = AuditOutput::of(audits, baseline, &owner_tags);
    AuditRun { audits, output: &output, owner_tags: &owner_tags, now: now(), has_details: true }.emit(format)
}

fn page(audits: &[Audit]) -> String {
    emitted(audits, FormatName::Html)
}

#[test]
fn a_hostile_text_in_any_field_stays_text() {
    let harmless = page(&[denied(audit(20, str::to_owned), str::to_owned)]);
    let attacked = page(&[denied(audit(20, hostile), hostile)]);
    assert!(attacked.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count() > 100);
    assert_eq!(attacked.matches("<script").count(), 1);
    assert_eq!(attacked.matches("<img").count(), 0);
    assert_eq!(attacked.matches("onerror=\"").count(), 0, "no attribute");
    let is_bad = |c: &char| (c.is_control() && *c != '\n') || *c == '\u{202e}';
    assert_eq!(attacked.chars().find(is_bad), None);
    assert_eq!(attacked.lines().count(), harmless.lines().count(), "no text starts a line");
}

#[test]
fn the_page_has_a_bounded_size() {
    let thousand = page(&[audit(1_000, str::to_owned)]);
    assert!(thousand.len() < LARGEST, "{} bytes", thousand.len());
    assert!(thousand.contains("family-0999"));
    let more = page(&[audit(20_000, str::to_owned)]);
    assert!(more.len() < LARGEST, "{} bytes", more.len());
    assert!(more.contains("and 19,000 other families"));
}

#[test]
fn what_the_audit_did_not_read_stands_before_the_totals() {
    let position = |page: &str| (page.find("id=\"coverage\"").unwrap(), page.find("id=\"totals\"").unwrap());
    let (coverage, totals) = position(&page(&[audit(4, str::to_owned)]));
    assert!(totals < coverage);
    let denied = page(&[denied(audit(4, str::to_owned), str::to_owned)]);
    let (coverage, totals) = position(&denied);
    assert!(coverage < totals);
    assert!(denied.contains("The audit is incomplete"));
}

#[test]
fn the_page_and_the_text_name_the_managed_daemons_that_the_audit_does_not_judge() {
    let all = [denied(audit(2, str::to_owned), str::to_owned)];
    let html = page(&all);
    assert!(html.contains("has managed daemons, which the audit does not judge"), "{html}");
    assert!(html.contains("<code>agent:3</code> in cluster <code>production</code>: 7 running tasks"), "{html}");
    let text = emitted(&all, FormatName::Text);
    assert!(text.contains("not judged: the managed daemon agent:3 in cluster production (7 running tasks)"), "{text}");
    assert!(!page(&[audit(2, str::to_owned)]).contains("managed daemons"));
}

#[test]
fn the_page_asks_for_nothing() {
    let html = page(&[audit(20, str::to_owned)]);
    for loads in ["src=", "<link", "url(", "@import", "fetch(", "style=\""] {
        assert!(!html.contains(loads), "{loads}");
    }
    assert!([STYLE, SCRIPT].iter().all(|text| !text.contains("</")), "the element would end early");
}

#[test]
fn each_format_names_the_use_of_a_revision() {
    let audits = [denied(audit(4, str::to_owned), str::to_owned)];
    for (format, expected) in [
        (FormatName::Csv, "\"running\",\"production/service-1\",\"2\",\"2\",\"search\""),
        (FormatName::Markdown, "| running; 2 of 2 tasks run; production/service-1; owner search |"),
        (FormatName::Sarif, "\"id\": \"logweir/audit/\""),
        (FormatName::Sarif, "\"production/service-1\""),
        (FormatName::Ocsf, "\"usage\": \"running; 2 of 2 tasks run; production/service-1; owner search\""),
        (FormatName::Asff, "\"logweir/usage\":\"running; 2 of 2 tasks run; production/service-1; owner search\""),
        (FormatName::Junit, "the services of cluster production in account 111122223333, eu-west-1"),
    ] {
        let text = emitted(&audits, format);
        assert!(text.contains(expected), "{format}: {text}");
    }
}

#[test]
fn the_details_of_a_finding_name_the_use_of_its_revision() {
    let audit = audit(2, str::to_owned);
    let tags = OWNER_TAGS.map(String::from);
    let text = details(&audit, &audit.revisions[1], &tags, false);
    assert_eq!(
        text,
        "error[blocking-delivery]: container `app` waits for its log destination\n\
         --> arn:aws:ecs:eu-west-1:111122223333:task-definition/family-0001:3 \
         /containerDefinitions/0/logConfiguration/options/mode\n \
         = note: today: mode blocking\n \
         = note: in use: running; 2 of 2 tasks run; production/service-1; owner search\n \
         = help: mode = \"non-blocking\"\n \
         = note: a note\n\n"
    );
}
