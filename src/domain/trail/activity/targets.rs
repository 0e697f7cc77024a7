//! The clusters, services and families that a call to ECS names.

use super::rows::TargetKind;
use super::table::{LONGEST, Table, neutral};
use super::tally::Call;
use crate::domain::trail::Record;

/// Counts the targets that the parameters of a call to ECS name. Other services have parameters of the same names.
pub(super) fn count(table: &mut Table<Box<str>>, record: &Record<'_>, call: Call<'_>) {
    if record.source.as_str() != "ecs.amazonaws.com" {
        return;
    }
    let parameters = &record.parameters;
    let named = [
        (TargetKind::Cluster, parameters.cluster.some().or(parameters.cluster_name.some())),
        (TargetKind::Service, parameters.service.some().or(parameters.service_name.some())),
        (TargetKind::Family, parameters.family.some().or(parameters.task_definition.some())),
    ];
    for (kind, name) in named {
        if let Some(name) = name {
            table.add(key(kind, name).as_str(), call);
        }
    }
}

/// Returns the last part of a name or an ARN.
pub(super) fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn key(kind: TargetKind, name: &str) -> String {
    let name = last_part(name);
    let (mark, name) = match kind {
        TargetKind::Cluster => ('c', name),
        TargetKind::Service => ('s', name),
        TargetKind::Family => ('f', name.split(':').next().unwrap_or(name)),
    };
    format!("{mark}{}", neutral(name, LONGEST))
}

/// Returns the kind and the name of a key of the table.
pub(super) fn read(key: &str) -> (TargetKind, &str) {
    let kind = match key.as_bytes().first() {
        Some(b'c') => TargetKind::Cluster,
        Some(b's') => TargetKind::Service,
        _ => TargetKind::Family,
    };
    (kind, key.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_known_by_its_name_or_its_arn() {
        use TargetKind::{Cluster, Family, Service};
        for (kind, text, name) in [
            (Cluster, "prod", "prod"),
            (Cluster, "arn:aws:ecs:eu-west-1:111122223333:cluster/prod", "prod"),
            (Service, "arn:aws:ecs:eu-west-1:111122223333:service/prod/web", "web"),
            (Family, "web:7", "web"),
            (Family, "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7", "web"),
            (Family, "\u{202e}web", "web"),
        ] {
            assert_eq!(read(&key(kind, text)), (kind, name), "{text}");
        }
    }
}
