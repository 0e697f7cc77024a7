//! A record with so many services that one entry cannot contain the undo steps of its backout.

use logweir::domain::record::{Ending, Entry, EntryKind, SCHEMA, ServiceUpdate};

use super::scene::{Scene, said};
use crate::world::story::resumes_backouts;

const SERVICES: usize = 2000;
/// The largest item that DynamoDB stores, in bytes.
const ITEM: usize = 400 * 1024;

/// The record of web:2 says that all of these services run web:3. All but one have been deleted since.
async fn many() -> Scene {
    let scene = Scene::followed(|service| service.rolls_back = true).await;
    scene.account(|account| {
        let to = account.arn("web", 3);
        let names: Vec<_> = (0..SERVICES).map(|number| account.service_arn(&format!("prod/{number:04}"))).collect();
        let record = account.records.values_mut().next().unwrap();
        let from = record.head.source.clone();
        for service in names {
            let (from, to, seen) = (from.clone(), to.clone(), Vec::new());
            let update = ServiceUpdate { service: service.clone(), from, to, seen, settled: true };
            let ending = Ending::Completed;
            for what in [EntryKind::UpdatingService(Box::new(update)), EntryKind::RolloutEnded { service, ending }] {
                let sequence = record.head.next;
                record.entries.push(Entry { schema: SCHEMA, sequence, at: record.head.at, by: "worker".into(), what });
                record.head.next += 1;
            }
        }
    });
    scene
}

#[tokio::test]
async fn a_record_of_two_thousand_services_is_backed_out_in_several_entries() {
    let scene = many().await;
    let report = scene.backs_out().await;
    assert_eq!(report.services.len(), SERVICES + 1);
    assert_eq!((report.outcome.name(), scene.runs("prod/web").as_str()), ("partial", "web:2"));
    scene.account(|account| account.completes("prod/web"));
    assert!(said(&resumes_backouts(&scene.world).await[0]).starts_with("backed-out (0)"));
    assert_eq!(scene.account(|account| account.active("web")), [1, 2]);
    let record = scene.record();
    let requests: Vec<usize> = record
        .entries
        .iter()
        .filter(|entry| matches!(entry.what, EntryKind::BackoutRequested(_)))
        .map(|entry| serde_json::to_string(entry).unwrap().len())
        .collect();
    assert!(requests.len() > 1 && requests.iter().all(|size| *size < ITEM), "{requests:?}");
    // Every service, the corrected revision, and nothing twice.
    let undone = |entry: &&Entry| matches!(entry.what, EntryKind::Undone { .. } | EntryKind::Kept(_));
    assert_eq!(record.entries.iter().filter(undone).count(), SERVICES + 2);
    assert_eq!(said(&scene.backs_out().await).split(';').next(), Some("backed-out duplicate (0)"));
}
