//! The number of AWS calls for each kind of event, counted on the wire. It is the same in a small and in a large
//! account. `make bench` prints them in the form of `docs/performance.md`.

use std::fs;
use std::path::Path;

use crate::emulated::costs::{Cost, OVERTAKEN, costs};
use crate::emulated::{Place, size};

const FEW: usize = 10;

/// A read of this many services takes several pages. `LOGWEIR_TEST_SERVICES` sets another number.
const MANY: usize = 400;

/// The result and the calls of each kind of event, and the same for a second delivery of the event.
/// `LOGWEIR_BLESS=1 tests/with-emulators cargo test --locked --all-features --test emulated calls` rewrites it.
const EXPECTED: &str = "tests/emulated/calls/expected.txt";

fn expected() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(EXPECTED)).unwrap_or_default()
}

fn rendered(costs: &[Cost]) -> String {
    costs.iter().map(|Cost { event, first, again }| format!("{event}\n    {first}\n    again {again}\n")).collect()
}

#[tokio::test]
async fn the_cost_of_an_event_does_not_depend_on_the_number_of_services() {
    let few = costs(Place::ministack("333344445555"), FEW).await;
    if std::env::var_os("LOGWEIR_BLESS").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(EXPECTED), rendered(&few)).unwrap();
    }
    let (rendered, expected) = (rendered(&few), expected());
    let differs: Vec<_> =
        rendered.lines().zip(expected.lines()).filter(|(rendered, expected)| rendered != expected).collect();
    assert!(rendered == expected, "the actual costs, and those in {EXPECTED}: {differs:#?}");
    nothing_reads_the_whole_account(&few);

    let many = costs(Place::ministack("444455556666"), size("LOGWEIR_TEST_SERVICES", MANY)).await;
    few.iter().zip(&many).for_each(|(few, many)| assert_eq!(few, many));
    assert_eq!(few.len(), many.len());
}

/// Two lists are allowed: the account's settings, from time to time, and one page of the newest revisions of one
/// family. A third one reads a single service, and only if an event contradicts what the service runs.
fn nothing_reads_the_whole_account(costs: &[Cost]) {
    for Cost { event, first, again } in costs {
        let lists = first.calls.iter().chain(&again.calls).filter(|call| call.starts_with("List"));
        let known = |call: &str| match call {
            "ListAccountSettings" | "ListTaskDefinitions" => true,
            "ListServiceDeployments" => *event == OVERTAKEN,
            _ => false,
        };
        lists.for_each(|call| assert!(known(call), "{event}: {call}"));
    }
}

#[test]
fn the_page_on_performance_shows_these_numbers() {
    let (page, expected) = (include_str!("../../docs/performance.md"), expected());
    let lines: Vec<&str> = expected.lines().collect();
    assert!(!lines.is_empty() && lines.len().is_multiple_of(3));
    let count = |handled: &str| handled.split("; ").nth(1).unwrap().split(':').next().unwrap().to_owned();
    for case in lines.chunks(3) {
        let (first, again) = (count(case[1]), count(case[2]));
        let row = format!("| {} | {first} | {first} | {again} |", case[0]);
        assert!(page.contains(&row), "docs/performance.md has no row {row}: it says how to get it");
    }
}
