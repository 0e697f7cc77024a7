//! The inputs and the results of the rules about ECS Exec.

use serde_json::Value;

use crate::domain::baseline::{Baseline, ExecSettings};
use crate::domain::ecs::cluster::{ExecConfiguration, ExecLogConfiguration, ExecLogging};
use crate::domain::ecs::task_definition::Container;
use crate::domain::fleet::facts::{ClusterFacts, Definition, Fleet, Seen, Unread, Workload};
use crate::domain::fleet::uses::Use;
use crate::domain::rule_name::RuleName;
use crate::domain::severity::Severity;
use crate::domain::verdict::Decided;

/// A rule of the pack `exec`.
pub struct ExecRule {
    pub name: RuleName,
    /// A one-line description of the fault that the rule finds.
    pub summary: &'static str,
    pub check: Check,
}

/// The function of a rule, for the kind of resource that the rule judges.
#[derive(Clone, Copy)]
pub enum Check {
    Cluster(fn(&ClusterCase<'_>) -> Verdict),
    Workload(fn(&WorkloadCase<'_>) -> Verdict),
    Definition(fn(&DefinitionCase<'_>) -> Verdict),
}

/// A cluster.
#[derive(Clone, Copy)]
pub struct ClusterCase<'f> {
    pub fleet: &'f Fleet,
    pub cluster: &'f ClusterFacts,
    pub baseline: &'f Baseline,
}

/// A service, a daemon or a task with ECS Exec.
#[derive(Clone, Copy)]
pub struct WorkloadCase<'f> {
    pub cluster: &'f ClusterFacts,
    pub workload: &'f Workload,
    pub baseline: &'f Baseline,
}

/// A task definition of workloads with ECS Exec.
pub struct DefinitionCase<'f> {
    pub fleet: &'f Fleet,
    pub definition: &'f Definition,
    pub uses: Vec<Use<'f>>,
}

/// The faults that a rule found, and the reads whose failure hides further faults.
#[derive(Debug, Default)]
pub struct Verdict {
    pub faults: Vec<Fault>,
    pub unread: Vec<Unread>,
}

/// A fault that a rule found, before the baseline's severity and exemptions apply.
#[derive(Debug)]
pub struct Fault {
    /// The JSON pointer to the fault in the resource (RFC 6901).
    pub pointer: String,
    /// The index and the name of the container.
    pub container: Option<(usize, Option<String>)>,
    pub message: String,
    pub advice: String,
    pub decided: Decided,
    /// The severity that the finding has at least, because the baseline demands what is missing.
    pub least: Severity,
}

/// The largest number of names in one message.
const MOST_NAMES: usize = 10;

/// Returns the names as a list for a message, and the number of the names that the list leaves out.
pub(super) fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MOST_NAMES) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

impl Fault {
    pub(super) fn new(pointer: &str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            container: None,
            message: message.into(),
            advice: advice.into(),
            decided: Decided::Yes,
            least: Severity::Note,
        }
    }

    /// Returns a fault in a member of the container.
    pub(super) fn of(
        container: Container<'_>,
        member: &str,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let pointer = format!("/containerDefinitions/{}/{member}", container.index);
        Self {
            container: Some((container.index, container.name().map(String::from))),
            ..Self::new(&pointer, message, advice)
        }
    }

    pub(super) fn decided(self, decided: Decided) -> Self {
        Self { decided, ..self }
    }
}

impl Verdict {
    pub(super) fn fault(fault: Fault) -> Self {
        Self { faults: vec![fault], unread: Vec::new() }
    }

    pub(super) fn unread(unread: Unread) -> Self {
        Self { faults: Vec::new(), unread: vec![unread] }
    }

    pub(super) fn faults(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { faults: faults.into_iter().collect(), unread: Vec::new() }
    }

    /// Returns the verdict for a fact that may be unread.
    pub(super) fn of(seen: Seen<Option<Fault>>) -> Self {
        match seen {
            Ok(fault) => Self::faults(fault),
            Err(unread) => Self::unread(unread),
        }
    }

    /// Returns the faults and the unread facts of both verdicts.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.faults.extend(other.faults);
        self.unread.extend(other.unread);
        self
    }
}

impl<'f> ClusterCase<'f> {
    pub(super) fn exec(&self) -> ExecConfiguration {
        self.cluster.cluster.configuration.exec()
    }

    pub(super) fn settings(&self) -> &'f ExecSettings {
        self.baseline.exec()
    }

    pub(super) fn name(&self) -> &'f str {
        &self.cluster.cluster.arn.name
    }

    /// Returns the destinations that the cluster names for its transcripts. Returns `None` if the cluster does not
    /// override the logging.
    pub(super) fn destination(&self) -> Option<ExecLogConfiguration> {
        let exec = self.exec();
        (exec.logging == ExecLogging::Override).then(|| exec.log.unwrap_or_default())
    }

    /// Whether sessions go to the awslogs groups of their containers.
    pub(super) fn logs_by_default(&self) -> bool {
        matches!(self.exec().logging, ExecLogging::Unset | ExecLogging::Default)
    }

    /// Calls `each` with every container of the workloads with ECS Exec, once for each task definition. Returns the
    /// reasons why Logweir could not read every container.
    pub(super) fn each_container(&self, mut each: impl FnMut(&Workload, Container<'f>)) -> Vec<Unread> {
        let mut unread: Vec<Unread> = self.cluster.unread().cloned().collect();
        let mut seen = Vec::new();
        for workload in self.cluster.workloads() {
            for arn in &workload.definitions {
                if seen.contains(&arn) {
                    continue;
                }
                seen.push(arn);
                match self.fleet.definition(arn) {
                    Ok(definition) => {
                        definition.definition.containers().for_each(|container| each(workload, container))
                    }
                    Err(why) => unread.push(why),
                }
            }
        }
        unread
    }
}

impl<'f> DefinitionCase<'f> {
    pub(super) fn containers(&self) -> impl Iterator<Item = Container<'f>> {
        self.definition.definition.containers()
    }

    /// Whether the tasks run Windows, according to the task definition.
    pub(super) fn is_windows(&self) -> bool {
        let family = &self.definition.definition.view()["runtimePlatform"]["operatingSystemFamily"];
        crate::domain::fleet::facts::is_windows(family.as_str())
    }
}

/// Returns the name of a container for messages, such as ``container `app` ``.
pub(super) fn called(container: Container<'_>) -> String {
    match container.name() {
        Some(name) => format!("container `{name}`"),
        None => format!("container {}", container.index),
    }
}

/// Whether the member of the container is `true`.
pub(super) fn is_true(container: Container<'_>, member: &str) -> bool {
    container.member(member) == Some(&Value::Bool(true))
}
