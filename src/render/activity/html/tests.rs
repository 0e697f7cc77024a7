//! Tests of the whole page. `tests/formats/test_activity_page.py` opens the page in a browser.

use jiff::Timestamp;

use super::sample::activity;
use super::table::MOST;
use super::{SCRIPT, STYLE, page};

/// The maximum size of the page beside its rows, in bytes.
const FRAME: usize = 100_000;

/// The maximum size of a row of text of usual length, in bytes.
const ROW: usize = 2_000;

fn now() -> Timestamp {
    "2026-12-01T10:00:00Z".parse().unwrap()
}

fn hostile(text: &str) -> String {
    format!("{text}</script><script>alert(1)</script><img src=x onerror=\"alert('1')\">\u{202e}\u{1b}[31m\u{0}\n")
}

#[test]
fn a_hostile_text_in_any_field_stays_text() {
    let harmless = page(&activity(str::to_owned), now());
    let attacked = page(&activity(hostile), now());
    let elements = |page: &str| page.matches('<').count();
    assert!(attacked.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "the text is shown");
    // A row of an empty detail is left out, and a hostile detail is never empty.
    let added = attacked.matches("&lt;script&gt;").count();
    assert!(added > 100, "{added} hostile texts");
    assert_eq!(attacked.matches("<script").count(), 1);
    assert_eq!(attacked.matches("<img").count(), 0);
    assert_eq!(attacked.matches("onerror=\"").count(), 0, "no attribute");
    assert!(elements(&attacked) >= elements(&harmless));
    let is_bad = |c: &char| (c.is_control() && *c != '\n') || *c == '\u{202e}';
    assert_eq!(attacked.chars().find(is_bad), None);
    assert_eq!(attacked.lines().count(), harmless.lines().count(), "no text starts a line");
}

#[test]
fn the_page_has_a_bounded_size() {
    let mut full = activity(str::to_owned);
    let sample = page(&full, now()).len();
    assert!(sample < 300_000, "{sample} bytes for a month");
    full.addresses = (0..10_000).map(|index| full.addresses[index % 14].clone()).collect();
    full.principals = (0..10_000).map(|index| full.principals[index % 8].clone()).collect();
    full.timeline = (0..10_000).map(|day| bar(day * 24)).collect();
    full.unreadable_files = (0..10_000).map(|_| full.unreadable_files[0].clone()).collect();
    let html = page(&full, now());
    assert!(html.len() < FRAME + 16 * MOST * ROW, "{} bytes", html.len());
    assert!(html.len() < 500_000, "{} bytes", html.len());
    assert!(html.contains("and 10,068 others"), "9,950 addresses, and 118 that the report left out");
}

fn bar(hour: i64) -> crate::domain::trail::activity::Bar {
    let start: Timestamp = "2000-01-01T00:00:00Z".parse().unwrap();
    let start = start + jiff::SignedDuration::from_hours(hour);
    crate::domain::trail::activity::Bar { start, read: 7, write: 3 }
}

#[test]
fn a_sum_over_a_shortened_list_has_a_plus_sign() {
    let mut month = activity(str::to_owned);
    assert!(page(&month, now()).contains("<dt>errors</dt><dd>267</dd>"));
    month.left_out.insert("errors", 3);
    assert!(page(&month, now()).contains("<dt>errors</dt><dd>267+</dd>"));
}

#[test]
fn the_page_asks_for_nothing() {
    let html = page(&activity(str::to_owned), now());
    for loads in ["src=", "<link", "url(", "@import", "fetch(", "style=\""] {
        assert!(!html.contains(loads), "{loads}");
    }
}

#[test]
fn the_database_of_countries_is_credited() {
    let mut month = activity(str::to_owned);
    let html = page(&month, now());
    assert!(html.contains("<a href=\"https://db-ip.com/\" rel=\"noopener noreferrer\">IP Geolocation by DB-IP</a>"));
    assert!(html.contains("Database: DBIP-Country-Lite of 2026-06"));
    month.geography = None;
    month.countries.clear();
    let html = page(&month, now());
    assert!(!html.contains("db-ip") && html.contains("--geoip FILE"));
}

#[test]
fn a_report_without_calls_is_a_page_without_tables() {
    let mut empty = activity(str::to_owned);
    empty.records = Default::default();
    empty.week = Default::default();
    empty.timeline.clear();
    empty.addresses.clear();
    empty.countries.clear();
    empty.principals.clear();
    empty.events.clear();
    empty.errors.clear();
    empty.agents.clear();
    empty.targets.clear();
    empty.root.clear();
    empty.without_mfa.clear();
    empty.old_tls.clear();
    empty.exec = Default::default();
    empty.logging = Default::default();
    empty.new = None;
    let html = page(&empty, now());
    assert!(!html.contains("<table"), "{html}");
}

#[test]
fn the_script_and_the_style_do_not_end_their_elements() {
    for text in [STYLE, SCRIPT] {
        assert!(!text.contains("</"), "the element would end early");
    }
}
