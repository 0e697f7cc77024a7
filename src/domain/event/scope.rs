//! The scope of a Logweir stack.

use wildmatch::WildMatch;

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::ecs::task_definition::TaskDefinition;

/// The families that Logweir may correct, and the clusters that Logweir may configure and whose services it may update,
/// as patterns with IAM's wildcards `*` and `?`. The IAM role of the function has the same limits, so AWS would deny work
/// outside the scope, and Logweir does not start such work.
#[derive(Clone, Debug)]
pub struct Scope {
    families: Vec<WildMatch>,
    clusters: Vec<WildMatch>,
    /// The paths and names of the roles that Logweir may pass to ECS. `None` if they are not known.
    roles: Option<Vec<WildMatch>>,
    watches_sessions: bool,
}

impl Default for Scope {
    /// Returns the scope that includes all families and all clusters.
    fn default() -> Self {
        Self::of(&["*"], &["*"])
    }
}

impl Scope {
    pub fn of(families: &[impl AsRef<str>], clusters: &[impl AsRef<str>]) -> Self {
        Self { families: patterns(families), clusters: patterns(clusters), roles: None, watches_sessions: false }
    }

    /// Returns the same scope, with patterns of the paths and names of the roles that Logweir may pass to ECS.
    pub fn passing(self, roles: &[impl AsRef<str>]) -> Self {
        Self { roles: Some(patterns(roles)), ..self }
    }

    /// Returns the same scope, with or without the sessions of ECS Exec in the clusters.
    pub fn watching_sessions(self, watches_sessions: bool) -> Self {
        Self { watches_sessions, ..self }
    }

    pub fn watches_sessions(&self) -> bool {
        self.watches_sessions
    }

    /// Returns the roles of a task definition that the role of the function may not pass to ECS. The role of the
    /// function has the same patterns as this scope, and IAM lets no principal pass a role of another account. Returns
    /// no role if the patterns are not known.
    pub fn not_passed<'d>(&self, definition: &'d TaskDefinition, account: &str) -> Vec<&'d str> {
        let Some(patterns) = &self.roles else { return Vec::new() };
        let may_pass = |role: &str| match role.splitn(6, ':').collect::<Vec<_>>().as_slice() {
            ["arn", _, "iam", _, of, resource] => {
                let name = resource.strip_prefix("role/").unwrap_or(resource);
                *of == account && patterns.iter().any(|pattern| pattern.matches(name))
            }
            // ECS also accepts the name of a role (source: ECS API reference, RegisterTaskDefinition, taskRoleArn).
            _ => patterns.iter().any(|pattern| pattern.matches(role)),
        };
        let mut roles: Vec<&str> = definition.roles().filter(|role| !may_pass(role)).collect();
        roles.dedup();
        roles
    }

    pub fn has_family(&self, family: &str) -> bool {
        self.families.iter().any(|pattern| pattern.matches(family))
    }

    pub fn has_revision(&self, revision: &RevisionArn) -> bool {
        self.has_family(&revision.family)
    }

    pub fn has_service(&self, service: &ServiceArn) -> bool {
        self.has_cluster(&service.cluster)
    }

    pub fn has_cluster(&self, cluster: &str) -> bool {
        self.clusters.iter().any(|pattern| pattern.matches(cluster))
    }
}

fn patterns(texts: &[impl AsRef<str>]) -> Vec<WildMatch> {
    texts.iter().map(|text| WildMatch::new(text.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_passed(scope: &Scope, execution: &str, task: &str) -> Vec<String> {
        let text =
            format!(r#"{{"executionRoleArn":"{execution}","taskRoleArn":"{task}","containerDefinitions":[{{}}]}}"#);
        let definition = TaskDefinition::parse(text).unwrap();
        scope.not_passed(&definition, "111122223333").into_iter().map(String::from).collect()
    }

    #[test]
    fn a_role_that_matches_no_pattern_cannot_be_passed() {
        let scope = Scope::default().passing(&["ecsTaskExecutionRole", "ecs/*", "batch-?"]);
        let arn = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
        for passed in ["ecsTaskExecutionRole", "ecs/web", "ecs/team/web", "batch-1"] {
            assert_eq!(not_passed(&scope, &arn(passed), passed), [""; 0], "{passed}");
        }
        for (role, other) in
            [("ecsTaskExecutionRole2", "web"), ("service-role/ecs", "batch-10"), ("Ecs/web", "x/ecs/a")]
        {
            assert_eq!(not_passed(&scope, &arn(role), &arn(other)), [arn(role), arn(other)]);
        }
        let foreign = "arn:aws:iam::444455556666:role/ecs/web";
        assert_eq!(not_passed(&scope, foreign, foreign), [foreign]);
        assert_eq!(not_passed(&scope, "", ""), [""; 0]);
        assert_eq!(not_passed(&Scope::default(), &arn("any"), ""), [""; 0], "the patterns are not known");
    }
}
