//! The daily reconciliation with the real adapters, on ministack.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::limits::reconciliation::Request;
use logweir::domain::outcome::Outcome;
use logweir::ports::{Answer, Message, Queue};
use serde_json::Value;

use crate::emulated::Place;
use crate::emulated::logweir::Logweir;
use crate::emulated::others::{Logs, Others};

/// Families of several pages. Every fortieth blocks.
const FAMILIES: usize = 120;

/// The messages that were sent to the work queue.
#[derive(Default)]
struct Sent(Mutex<Vec<Value>>);

impl Queue for Sent {
    async fn send(&self, message: &Message<'_>) -> Answer<()> {
        self.0.lock().unwrap().push(serde_json::from_str(message.body).unwrap());
        Ok(())
    }
}

#[tokio::test]
async fn revisions_whose_events_were_lost_are_found_and_corrected() {
    let place = Place::ministack("565656565656");
    let others = Others::at(place.clone(), "reconcile").await;
    others.make_table("reconcile").await;
    let logweir = Logweir::at(&place, "reconcile").await.by_hand();
    logweir.notes_its_mode(Timestamp::now() - SignedDuration::from_hours(1)).await;
    for number in 0..FAMILIES {
        let logs = if number % 40 == 0 { Logs::Blocking } else { Logs::Compliant };
        others.registers(&format!("lost-{number:03}"), logs).await;
    }
    let before = logweir.called().len();

    let (sent, later) = (Sent::default(), Timestamp::now() + SignedDuration::from_hours(2));
    let mut request = Some(Request::Start);
    let mut finished = None;
    while let Some(next) = request.take() {
        let reconciled = Box::pin(logweir.reconciles(later, &sent, next)).await;
        assert_eq!(reconciled.failed, None);
        finished = finished.or(reconciled.finished);
        request =
            sent.0.lock().unwrap().pop_if(|body| body["logweir"] == "reconcile").and_then(|body| Request::of(&body));
    }
    let counts = finished.unwrap().counts;
    assert_eq!((counts.families, counts.faulty, counts.overdue, counts.pages), (120, 3, 3, 3));
    let calls = logweir.called().split_off(before);
    let count = |name: &str| calls.iter().filter(|call| call.operation == name).count();
    // ministack returns all families at once, and ECS at most a hundred.
    assert_eq!((count("DescribeTaskDefinition"), count("ListTaskDefinitionFamilies")), (FAMILIES, 1));
    assert_eq!(count("DescribeLogGroups"), 3, "each page has one log group");

    for event in sent.0.into_inner().unwrap() {
        let report = logweir.gets(&event).await;
        assert_eq!((report.outcome, report.services.len()), (Outcome::Remediated, 0), "{report:?}");
    }
    assert_eq!((others.active("lost-000").await, others.active("lost-001").await), (vec![2, 1], vec![1]));
}
