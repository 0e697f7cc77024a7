//! The buffers of a task's containers: after a fix, the baseline allows all of them together.

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::patch::apply;
use logweir::domain::plan::{Plan, plan};
use logweir::domain::rule_name::RuleName;
use logweir::domain::rules::finding::Safety;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::rules::golden::Facts;

const MIB: u64 = 1 << 20;
const FLOOR: u64 = 4 * MIB;

/// One container: its log configuration, and its own memory in MiB.
type Given = (Option<(&'static str, Option<u64>)>, Option<u64>);

fn document(memory: u64, containers: &[Given]) -> TaskDefinition {
    let container = |(index, (log, own)): (usize, &Given)| {
        let mut container = json!({"name": format!("c{index}"), "memoryReservation": 16});
        if let Some(own) = own {
            container["memory"] = json!(own);
        }
        if let Some((mode, size)) = log {
            container["logConfiguration"] = json!({"logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p", "mode": mode,
            }});
            if let Some(size) = size {
                container["logConfiguration"]["options"]["max-buffer-size"] = json!(format!("{size}m"));
            }
        }
        container
    };
    let containers: Vec<Value> = containers.iter().enumerate().map(container).collect();
    let document = json!({"family": "web", "memory": memory.to_string(), "containerDefinitions": containers});
    TaskDefinition::parse(document.to_string()).unwrap()
}

fn planned(definition: &TaskDefinition) -> Plan {
    let facts = Facts { region: Some("eu-west-1".into()), ..Facts::none() };
    plan(&facts.observe(definition), &Baseline::parse("version = 1\n").unwrap())
}

/// The size of each container's buffer in bytes, if the container is non-blocking and has a size.
fn buffers(definition: &TaskDefinition) -> Vec<Option<u64>> {
    let size = |container: logweir::domain::ecs::task_definition::Container<'_>| {
        let options = container.member("logConfiguration")?.get("options")?.as_object()?;
        let size = options.get("max-buffer-size").filter(|_| options["mode"] == "non-blocking")?.as_str()?;
        Some(match size.strip_suffix('m') {
            Some(mib) => mib.parse::<u64>().unwrap() * MIB,
            None => size.parse().unwrap(),
        })
    };
    definition.containers().map(size).collect()
}

fn containers() -> impl Strategy<Value = Vec<Given>> {
    let size = prop_oneof![2 => Just(None), 3 => prop::option::of(1..300_u64)];
    let log = (select(vec!["blocking", "non-blocking", "non-blocking"]), size);
    let own = prop_oneof![3 => Just(None), 1 => select(vec![8, 64, 512, 2048]).prop_map(Some)];
    prop::collection::vec((prop::option::weighted(0.8, log), own), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_a_fix_the_buffers_that_share_the_memory_fit_into_it(memory in 8..2048_u64, given in containers()) {
        let before = document(memory, &given);
        let first = planned(&before);
        let after = apply(&before, &first.edits).unwrap();
        let overlap = given.iter().filter_map(|(_, own)| *own).sum::<u64>() > memory;
        let sharing: Vec<usize> = (0..given.len()).filter(|index| overlap || given[*index].1.is_none()).collect();
        let (sizes_before, sizes) = (buffers(&before), buffers(&after));
        let total: u64 = sharing.iter().filter_map(|index| sizes[*index]).sum();
        let bound = (memory * MIB) / 4;
        let changed = sharing.iter().any(|index| sizes[*index] != sizes_before[*index]);
        // A container that is alone gets the minimum size, also if this size exceeds its share.
        let allowed = if sharing.len() == 1 { bound.max(FLOOR) } else { bound };
        prop_assert!(!changed || total <= allowed, "{total} > {allowed}\n{}", after.text());
        if !changed && total > allowed {
            let advice = |f: &&logweir::domain::rules::finding::Finding| f.rule == RuleName::UnsizedBuffer && f.fix.safety() == Safety::Advice;
            prop_assert!(first.findings.iter().any(|f| advice(&f)), "{}", after.text());
        }
        for index in 0..given.len() {
            if sizes[index] != sizes_before[index] {
                prop_assert!(sizes[index] >= Some(FLOOR), "container {index}\n{}", after.text());
            }
        }
        let second = planned(&after);
        prop_assert!(second.edits.is_empty(), "{:?}", second.edits);
        prop_assert!(second.findings.iter().all(|finding| finding.fix.safety() == Safety::Advice));
    }
}

#[test]
fn a_size_above_the_bound_is_lowered_to_the_bound() {
    for (memory, size, lowered) in [(512, 160, 128), (512, 129, 128), (512, 128, 128), (1024, 4096, 256), (100, 60, 25)]
    {
        let before = document(memory, &[(Some(("non-blocking", Some(size))), None)]);
        let after = apply(&before, &planned(&before).edits).unwrap();
        assert_eq!(buffers(&after), [Some(lowered * MIB)], "{size}m of {memory} MiB");
    }
}

#[test]
fn ten_containers_that_share_the_memory_get_a_part_each() {
    let before = document(512, &[(Some(("blocking", None)), None); 10]);
    let after = apply(&before, &planned(&before).edits).unwrap();
    assert_eq!(buffers(&after), [Some(12 * MIB); 10]);
}

#[test]
fn if_not_even_the_smallest_buffers_fit_no_container_is_changed() {
    let before = document(128, &[(Some(("blocking", None)), None); 10]);
    let plan = planned(&before);
    assert_eq!(plan.edits, []);
    assert!(plan.findings.iter().all(|finding| finding.fix.safety() == Safety::Advice), "{:?}", plan.findings);
    assert!(plan.findings.iter().any(|finding| finding.rule == RuleName::BlockingDelivery));
}
