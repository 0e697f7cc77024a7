//! The input of a rule: the known facts and the settings of each container, with methods that all rules use.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::buffers::Buffers;
use super::facts::Observation;
use super::finding::{Finding, Fix};
use crate::domain::baseline::{Baseline, BaselineSettings, Exempt, Workload};
use crate::domain::ecs::task_definition::Container;
use crate::domain::rule_name::RuleName;
use crate::domain::text::placeholder::{is_marked, is_placeholder};
use crate::domain::verdict::Decided;

pub struct Case<'a> {
    pub seen: &'a Observation<'a>,
    baseline: &'a Baseline,
    subjects: Vec<(Container<'a>, &'a BaselineSettings)>,
    /// The buffers of all containers after the fixes.
    pub(super) buffers: OnceCell<Buffers>,
    /// Whether the baseline asks to replace the driver of each container that logs to the FireLens router.
    pub(super) loses_firelens: OnceCell<bool>,
    /// The log group that all containers of a template use.
    pub(super) shared_group: OnceCell<Option<String>>,
    /// The number of containers with each name.
    names: HashMap<&'a str, usize>,
}

/// One container, with the baseline settings that apply to this container.
#[derive(Clone, Copy)]
pub struct Subject<'c, 'a> {
    pub case: &'c Case<'a>,
    pub container: Container<'a>,
    pub settings: &'a BaselineSettings,
}

impl<'a> Case<'a> {
    pub fn new(seen: &'a Observation<'a>, baseline: &'a Baseline) -> Self {
        let subjects = seen
            .definition
            .containers()
            .map(|container| (container, baseline.settings(&workload(seen, container.name()))))
            .collect();
        let mut names = HashMap::new();
        for name in seen.definition.containers().filter_map(Container::name) {
            *names.entry(name).or_default() += 1;
        }
        Self {
            seen,
            baseline,
            subjects,
            buffers: OnceCell::new(),
            loses_firelens: OnceCell::new(),
            shared_group: OnceCell::new(),
            names,
        }
    }

    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_, 'a>> {
        self.subjects.iter().map(move |(container, settings)| Subject { case: self, container: *container, settings })
    }

    /// Whether `logweir check` or `logweir fix` leaves out the rule.
    pub fn is_off(&self, rule: RuleName) -> bool {
        self.baseline.is_off(rule)
    }

    pub fn exempts(&self, rule: RuleName, container: Option<&str>) -> Exempt {
        self.baseline.exempts(rule, &workload(self.seen, container), self.seen.now)
    }

    /// Whether an exemption covers the whole task, or the rule is off.
    pub fn is_exempt(&self, rule: RuleName) -> bool {
        self.is_off(rule) || matches!(self.exempts(rule, None), Exempt::Yes(_))
    }

    /// Whether Logweir can edit the container. Logweir finds containers by name, so the name must be unique.
    pub fn is_editable(&self, container: Container<'_>) -> bool {
        container.name().is_some_and(|name| self.names.get(name) == Some(&1))
    }

    /// Returns a finding about the whole task.
    pub fn finding(&self, rule: RuleName, pointer: &str, message: impl Into<String>, fix: Fix) -> Finding {
        Finding {
            rule,
            severity: self.baseline.severity(rule),
            decided: Decided::Yes,
            is_off: self.is_off(rule),
            container: None,
            index: None,
            pointer: pointer.into(),
            message: message.into(),
            effective: None,
            fix,
            exempt: None,
            defaults: Vec::new(),
            notes: Vec::new(),
        }
    }
}

fn workload<'w>(seen: &'w Observation<'_>, container: Option<&'w str>) -> Workload<'w> {
    Workload {
        family: seen.definition.family(),
        container,
        account: seen.account,
        region: seen.region,
        tags: seen.tags,
        cluster: None,
        service_tags: &[],
    }
}

impl<'c, 'a> Subject<'c, 'a> {
    /// Returns a finding about this container. `below` is the path of the fault inside `logConfiguration`, such as
    /// `/options/mode`.
    pub fn finding(&self, rule: RuleName, below: &str, message: impl Into<String>, fix: Fix) -> Finding {
        let pointer = format!("/containerDefinitions/{}/logConfiguration{below}", self.container.index);
        Finding {
            container: self.container.name().map(String::from),
            index: Some(self.container.index),
            ..self.case.finding(rule, &pointer, message, fix)
        }
    }

    /// Returns the name of the container for messages, such as ``container `app` ``.
    pub fn called(&self) -> String {
        match self.container.name() {
            Some(name) => format!("container `{name}`"),
            None if self.container.has_variable_name() || self.container.is_variable() => {
                format!("container {}", self.container.index)
            }
            None => format!("container {} (without a name)", self.container.index),
        }
    }

    /// Whether no fix may resolve the rule's fault in this container, because an exemption covers the container or the
    /// rule is off.
    pub fn is_exempt(&self, rule: RuleName) -> bool {
        self.case.is_off(rule) || matches!(self.case.exempts(rule, self.container.name()), Exempt::Yes(_))
    }

    /// Whether the text is a placeholder for a value that is not known yet. Returns `false` for a registered revision,
    /// because ECS has accepted all values of the revision.
    pub fn is_placeholder(&self, text: &str) -> bool {
        !self.case.seen.is_live() && is_placeholder(text)
    }

    /// Whether the text contains a placeholder in the marks of a deploy tool. Unlike [`Self::is_placeholder`], this
    /// function takes no plain word for a placeholder.
    pub fn is_marked(&self, text: &str) -> bool {
        !self.case.seen.is_live() && is_marked(text)
    }
}
