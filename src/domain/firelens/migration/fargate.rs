//! The sizes of tasks on Fargate, and the memory that the containers of a task reserve.

use serde_json::Value;

use crate::domain::ecs::task_definition::TaskDefinition;

/// The sizes of a task: the CPU units, and the smallest and the largest memory and its steps in MiB (source: ECS API
/// reference, RegisterTaskDefinition, member `memory`).
const SIZES: [(u64, u64, u64, u64); 7] = [
    (256, 512, 2048, 1024),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

/// The size of a task on Fargate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) cpu: u64,
    pub(super) mib: u64,
}

/// Returns the smallest size with at least this memory, with the same CPU if possible. Returns `None` if Fargate has no
/// such size.
pub(super) fn next(cpu: u64, mib: u64) -> Option<Size> {
    SIZES.iter().filter(|(units, ..)| *units >= cpu).find_map(|(units, least, most, step)| {
        let fitting = match mib <= *least {
            true => *least,
            // The sizes with 256 units are 512, 1024 and 2048 MiB.
            false => mib.div_ceil(*step) * step,
        };
        (fitting <= *most).then_some(Size { cpu: *units, mib: fitting })
    })
}

/// Returns the CPU units of the task, in any form that ECS accepts: `256`, `"256"` or `".25 vCPU"`.
pub(super) fn cpu(definition: &TaskDefinition) -> Option<u64> {
    match definition.view().get("cpu")? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            match text.strip_suffix("vcpu") {
                Some(count) => count.trim().parse::<f64>().ok().filter(|count| (0.0..1000.0).contains(count)),
                None => return text.parse().ok(),
            }
            .map(|count| (count * 1024.0) as u64)
        }
        _ => None,
    }
}

/// Returns the memory that the containers reserve together, in MiB: `memoryReservation`, or else `memory`.
pub(super) fn reserved(definition: &TaskDefinition) -> u64 {
    let of =
        definition.containers().filter_map(|container| container.memory_reservation().or_else(|| container.memory()));
    of.map(|bytes| bytes >> 20).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_size_is_the_smallest_one_that_fits() {
        for (cpu, mib, size) in [
            (256, 100, Some((256, 512))),
            (256, 512, Some((256, 512))),
            (256, 612, Some((256, 1024))),
            (256, 1100, Some((256, 2048))),
            (256, 2100, Some((512, 3072))),
            (512, 4097, Some((1024, 5120))),
            (4096, 30_721, Some((8192, 32_768))),
            (8192, 16_385, Some((8192, 20_480))),
            (16_384, 122_881, None),
        ] {
            assert_eq!(next(cpu, mib), size.map(|(cpu, mib)| Size { cpu, mib }), "{cpu} {mib}");
        }
    }

    #[test]
    fn the_cpu_is_read_in_every_spelling() {
        for (text, units) in [
            ("256", Some(256)),
            ("\"1024\"", Some(1024)),
            ("\".25 vCPU\"", Some(256)),
            ("\"1vcpu\"", Some(1024)),
            ("\"x\"", None),
            ("null", None),
        ] {
            let definition = format!("{{\"cpu\":{text},\"containerDefinitions\":[{{}}]}}");
            assert_eq!(cpu(&TaskDefinition::parse(definition).unwrap()), units, "{text}");
        }
    }
}
