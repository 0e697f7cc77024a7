//! The laws that hold for any input, also for one that an attacker wrote. Each function panics if its law is broken.
//! The tests of the core check the same laws on the seeds, so that the gate compiles them.

use jiff::Timestamp;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::patch;
use logweir::domain::event::{self, Home};
use logweir::domain::plan::{Plan, plan};
use logweir::domain::rules::facts::Observation;
use logweir::domain::text::place;
use logweir::render::human::findings;
use logweir::settings::SHIPPED_BASELINE;
use logweir::sources::{Document, FoundEvents};

/// Logweir gives each document a verdict, or an error with a place in the document. A fixed text contains the same number
/// of task definitions, which need no other fix.
pub fn document(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let baseline = Baseline::parse(SHIPPED_BASELINE).unwrap();
    let documents = match Document::parse_all("web.json", text, Some("web")) {
        Ok(documents) => documents,
        Err(error) => {
            let lines = text.split('\n').count();
            assert!(error.line <= lines, "line {} of {lines}", error.line);
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let mut fixed = Vec::new();
    for document in &documents {
        let plan = planned(&document.definition, &baseline);
        shown(document, &plan);
        fixed.push(patch::apply(&document.definition, &plan.edits).unwrap());
    }
    // A template may be one that Logweir does not change.
    let Ok(after) = Document::with_all(documents.iter().zip(&fixed)) else { return };
    let again = Document::parse_all("web.json", &after, Some("web")).expect("a fixed text can be read");
    assert_eq!(again.len(), documents.len());
    for document in &again {
        let plan = planned(&document.definition, &baseline);
        assert!(plan.edits.is_empty(), "a second fix changes the document: {:?}", plan.edits);
    }
}

fn planned(definition: &TaskDefinition, baseline: &Baseline) -> Plan {
    let seen = Observation::of_document(definition, Some("eu-west-1"), Timestamp::UNIX_EPOCH);
    plan(&seen, baseline)
}

/// Logweir can print each finding, and the place of each finding is in the text.
fn shown(document: &Document, plan: &Plan) {
    let pointers: Vec<&str> = plan.findings.iter().map(|finding| finding.pointer.as_str()).collect();
    let found = document.spots(0, &pointers);
    let starts: Vec<usize> = found.iter().map(|found| found.member().start).collect();
    let lines = document.text().split('\n').count();
    for ((finding, found), position) in plan.findings.iter().zip(&found).zip(place::positions(document.text(), &starts)) {
        assert!((1..=lines).contains(&position.line) && position.column >= 1, "{position:?} of {lines} lines");
        let shown = findings::Shown {
            origin: &document.origin,
            text: document.text(),
            finding,
            found,
            position: Some(position),
        };
        assert!(!findings::finding(&shown, false).is_empty());
    }
}

/// Logweir finds the events in a text, and says for each event what it triggers or why Logweir cannot read it.
pub fn event(input: &[u8]) {
    const LONGEST: usize = 4096;
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(found) = FoundEvents::of(text) else { return };
    let home = Home {
        partition: "aws".into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        ..Home::default()
    };
    let values = found.events.iter().map(|event| {
        let _ = (event.name(), event.is_handled());
        event.value()
    });
    for value in values.chain(FoundEvents::bare(text)) {
        match event::read(&value, &home) {
            Ok(trigger) => assert_eq!(event::read(&value, &home), Ok(trigger)),
            Err(error) => assert!(error.to_string().len() <= LONGEST),
        }
    }
}

/// Logweir accepts a baseline, or names a place in the file. A baseline does not differ from itself.
pub fn baseline(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match Baseline::parse(text) {
        Ok(baseline) => {
            assert_eq!(baseline.digest(), Baseline::parse(text).unwrap().digest());
            assert!(baseline.differences(&baseline).is_empty());
            let _ = baseline.differences(&Baseline::parse(SHIPPED_BASELINE).unwrap());
        }
        Err(error) => {
            let lines = text.split('\n').count();
            assert!((1..=lines).contains(&error.line), "line {} of {lines}", error.line);
            assert!(error.column >= 1);
        }
    }
}
