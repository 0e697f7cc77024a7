//! The contract of the ECS and CloudWatch Logs adapters, tested on the account in memory.

use logweir::domain::ecs::revision::RevisionArn;

use crate::ports_contract::{Others, Subject, held_by, unique};
use crate::world::World;

impl Others for World {
    async fn write_to(&self, name: &str) {
        self.account(|account| {
            let group = account.groups.get_mut(name).unwrap();
            group.streams += 1;
            group.stored_bytes += 100;
        });
    }

    async fn has_cluster(&self, _: &str) {}

    async fn deploys(&self, cluster: &str, service: &str, revision: &RevisionArn) {
        let place = format!("service {cluster}/{service}");
        self.account(|account| account.running.insert(place, revision.clone()));
    }

    async fn deletes(&self, cluster: &str, service: &str) {
        self.account(|account| account.running.remove(&format!("service {cluster}/{service}")));
    }

    async fn runs(&self, cluster: &str, revision: &RevisionArn) -> String {
        let place = format!("task {cluster}/{}", unique("0123abcd"));
        self.account(|account| account.running.insert(place.clone(), revision.clone()));
        place
    }

    async fn stops(&self, place: &str) {
        self.account(|account| account.running.remove(place));
    }
}

fn in_memory() -> Subject<World, World, World> {
    let world = World::new();
    Subject { task_definitions: world.clone(), log_groups: world.clone(), differences: &[], others: world }
}

held_by!(in_memory());

#[test]
fn every_case_is_run() {
    let run = held_by!(names);
    for text in [
        include_str!("../support/ports_contract/task_definitions.rs"),
        include_str!("../support/ports_contract/log_groups.rs"),
        include_str!("../support/ports_contract/services.rs"),
    ] {
        for line in text.lines().filter_map(|line| line.strip_prefix("pub(crate) async fn ")) {
            let case = line.split(['<', '(']).next().unwrap();
            assert!(run.contains(&case), "{case} is written and not run");
        }
    }
}

#[test]
fn every_difference_is_documented() {
    let page = include_str!("../../docs/fidelity.md");
    let source = include_str!("../support/ports_contract/mod.rs");
    let body = source.split_once("enum Difference {").unwrap().1.split_once("\n}").unwrap().0;
    let names: Vec<&str> = body.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("| `{name}` |")), "docs/fidelity.md has no line for {name}");
    }
}
