//! Versions of Fargate platforms and of the container agent.

/// The first Fargate platform version with ECS Exec on Linux (source: ECS developer guide, ecs-exec.md).
pub const LEAST_PLATFORM: &str = "1.4.0";

/// The first Fargate platform version with ECS Exec on Windows (source: ECS developer guide, ecs-exec.md).
pub const LEAST_WINDOWS_PLATFORM: &str = "1.0.0";

/// The first version of the container agent with ECS Exec on Linux (source: ECS developer guide, ecs-exec.md).
pub const LEAST_AGENT: &str = "1.50.2";

/// The first version of the container agent with ECS Exec on Windows (source: ECS developer guide, ecs-exec.md).
pub const LEAST_WINDOWS_AGENT: &str = "1.56.0";

/// Whether `version` is older than `least`. Returns `None` if a version does not consist of numbers, such as `LATEST`.
pub fn is_older(version: &str, least: &str) -> Option<bool> {
    let mut parts = (numbers(version)?, numbers(least)?);
    let length = parts.0.len().max(parts.1.len());
    parts.0.resize(length, 0);
    parts.1.resize(length, 0);
    Some(parts.0 < parts.1)
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    let version = version.trim().trim_start_matches('v');
    version.split('.').take(8).map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        for (version, least, expected) in [
            ("1.3.0", LEAST_PLATFORM, Some(true)),
            ("1.4.0", LEAST_PLATFORM, Some(false)),
            ("1.10", LEAST_PLATFORM, Some(false)),
            ("1.4", LEAST_PLATFORM, Some(false)),
            ("v1.9.0", LEAST_AGENT, Some(true)),
            ("1.102.0", LEAST_AGENT, Some(false)),
            ("LATEST", LEAST_PLATFORM, None),
            ("", LEAST_PLATFORM, None),
            ("1.4.99999999999", LEAST_PLATFORM, None),
        ] {
            assert_eq!(is_older(version, least), expected, "{version} {least}");
        }
    }
}
