//! The number of calls of a reconciliation, and their pace.

use logweir::domain::outcome::Mode;

use super::scene::{HOUR, Scene, blocking, sound};

/// Families with a log group each, of which every tenth has a fault.
async fn families(number: usize) -> Scene {
    let scene = Scene::noted(Mode::Register).await;
    for number in 0..number {
        let family = format!("web-{number:03}");
        scene.registers(&if number % 10 == 0 { blocking(&family) } else { sound(&family) });
    }
    scene.world.advance(HOUR * 2);
    scene
}

#[tokio::test]
async fn a_family_costs_one_read_and_its_share_of_lists() {
    let mut scene = families(250).await;
    let before = scene.world.calls().len();
    // Only the pages of the reconciliation are delivered, and not the messages about overdue revisions.
    scene.delivers(&super::scene::start()).await;
    while let Some(sent) = scene.takes() {
        if sent.body["logweir"] == "reconcile" {
            scene.delivers(&sent.body).await;
        }
    }
    let calls = scene.world.calls().split_off(before);
    let count = |name: &str| calls.iter().filter(|call| **call == name).count();
    assert_eq!(scene.finished(), [[250, 25, 25, 0, 0]]);
    assert_eq!((count("DescribeTaskDefinition"), count("ListTaskDefinitionFamilies")), (250, 3));
    assert_eq!((count("DescribeLogGroups"), count("DescribeLogStreams")), (5, 0));
    assert_eq!((count("read"), count("source_of"), count("ListTaskDefinitions")), (25, 0, 0));
    let pages = 5;
    assert_eq!((count("reconciliation"), count("put_reconciliation")), (2 * pages, 2 * pages));
    assert_eq!(scene.pages().len(), pages - 1, "the schedule requests the first page");
    let by_reconciliation = ["DescribeTaskDefinition", "ListTaskDefinitionFamilies", "DescribeLogGroups", "read"];
    let others = ["reconciliation", "put_reconciliation", "ListAccountSettings"];
    assert!(calls.iter().all(|call| by_reconciliation.contains(call) || others.contains(call)), "{calls:?}");
}

#[tokio::test]
async fn a_page_is_due_when_a_quarter_of_the_read_limit_would_have_sufficed() {
    keeps_pace(families(250).await, 5).await;
}

/// Logweir also describes the source revisions of corrected revisions.
#[tokio::test]
async fn a_page_of_corrected_revisions_has_half_as_many_families() {
    let mut scene = Scene::noted(Mode::Register).await;
    for number in 0..60 {
        scene.registers(&blocking(&format!("web-{number:02}")));
    }
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!(scene.finished(), [[60, 60, 60, 0, 0]]);
    scene.world.advance(HOUR * 24);
    scene.work.sent.lock().unwrap().clear();
    keeps_pace(scene, 3).await;
}

async fn keeps_pace(mut scene: Scene, pages: usize) {
    let before = scene.world.log().len();
    scene.delivers(&super::scene::start()).await;
    let mut reads_before = 0;
    for page in scene.pages_delivered_one_by_one().await {
        let log = &scene.world.log()[before..];
        let is_read = |name: &str| ["DescribeTaskDefinition", "ListTaskDefinitionFamilies"].contains(&name);
        let reads = log[..page.calls - before].iter().filter(|call| is_read(call.name)).count();
        assert!(reads - reads_before <= 52, "{reads} after {reads_before}");
        assert!(
            usize::from(page.delay) * 5 >= reads - reads_before,
            "{} reads, {} s",
            reads - reads_before,
            page.delay
        );
        reads_before = reads;
    }
    assert_eq!(scene.pages().len() + 1, pages);
}

/// A page and the number of calls before its message was delivered.
pub struct Page {
    delay: u16,
    calls: usize,
}

impl Scene {
    async fn pages_delivered_one_by_one(&mut self) -> Vec<Page> {
        let mut pages = Vec::new();
        while let Some(sent) = self.takes() {
            if sent.body["logweir"] == "reconcile" {
                pages.push(Page { delay: sent.delay, calls: self.world.calls().len() });
                self.delivers(&sent.body).await;
            }
        }
        pages
    }
}
