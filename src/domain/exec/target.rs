//! The target of a session of Systems Manager in a container of ECS.

/// A parsed target, `ecs:CLUSTER_TASK_RUNTIME` (source: AWS CLI, customizations/ecs/executecommand.py).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub cluster: String,
    /// The ID of the task.
    pub task: String,
    /// The runtime ID of the container. On Fargate, the ID of the task, a hyphen and ten digits.
    pub runtime: String,
}

impl Target {
    /// Parses a target. Returns `None` for a target outside of ECS. The name of a cluster may contain underscores, and
    /// the IDs contain none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("ecs:")?.rsplitn(3, '_');
        let (runtime, task, cluster) = (parts.next()?, parts.next()?, parts.next()?);
        let is_id = |id: &str| {
            (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_name = |name: &str| {
            let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=255).contains(&name.len()) && name.bytes().all(is_fit)
        };
        let is_whole = is_id(runtime) && is_id(task) && is_name(cluster);
        is_whole.then(|| Self { cluster: cluster.into(), task: task.into(), runtime: runtime.into() })
    }

    /// Whether a target is in a container of ECS, even if Logweir cannot parse it.
    pub fn is_of_ecs(text: &str) -> bool {
        text.starts_with("ecs:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_cluster_may_have_underscores() {
        let (task, runtime) = ("4b2c".repeat(8), "4b2c-0123456789");
        let target = Target::parse(&format!("ecs:my_prod_1_{task}_{runtime}")).unwrap();
        assert_eq!((target.cluster.as_str(), target.task.as_str()), ("my_prod_1", task.as_str()));
        assert_eq!(target.runtime, runtime);
        for other in ["i-0abc", "ecs:", "ecs:prod", "ecs:prod_1", "ecs:_a_b", "ecs:pr od_a_b", "ecs:p_a_b\n"] {
            assert_eq!(Target::parse(other), None, "{other}");
        }
    }
}
