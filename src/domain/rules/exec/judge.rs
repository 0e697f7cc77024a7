//! Judges a fleet by the rules of the pack `exec`.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::case::{Check, ClusterCase, DefinitionCase, ExecRule, Fault, Verdict, WorkloadCase};
use crate::domain::baseline::{Baseline, Exempt, Exempted, Workload as Exemptable};
use crate::domain::fleet::facts::{ClusterFacts, Definition, Fleet, Unread, Workload};
use crate::domain::fleet::uses::Use;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::verdict::Decided;

/// A resource that Logweir judged.
#[derive(Clone, Copy)]
pub enum Subject<'f> {
    Cluster(&'f ClusterFacts),
    Workload(&'f ClusterFacts, &'f Workload),
    /// A task definition with its ARN. The definition is `None` if Logweir could not read it.
    Definition(&'f str, Option<&'f Definition>),
}

/// The verdict on one resource.
pub struct Judged<'f> {
    pub subject: Subject<'f>,
    pub findings: Vec<Finding>,
    /// The rules that could not judge the whole resource, each with the failed read.
    pub not_checked: Vec<(RuleName, Unread)>,
}

/// The note of a finding that rests on IAM's policy simulator.
const LIKELY: &str = "likely: IAM's policy simulator evaluates no policies of resources and endpoints, and not every policy \
                      of an organisation";

/// The baseline, and the time at which its exemptions apply.
#[derive(Clone, Copy)]
struct Judge<'f> {
    fleet: &'f Fleet,
    baseline: &'f Baseline,
    now: Timestamp,
}

/// Returns the verdicts on all clusters, then on all workloads with ECS Exec, and then on their task definitions.
pub fn judge<'f>(rules: &[ExecRule], fleet: &'f Fleet, baseline: &'f Baseline, now: Timestamp) -> Vec<Judged<'f>> {
    let judge = Judge { fleet, baseline, now };
    let rules: Vec<&ExecRule> = rules.iter().filter(|rule| !baseline.is_off(rule.name)).collect();
    let clusters = fleet.clusters.iter().map(|cluster| judge.cluster(&rules, cluster));
    let workloads = fleet
        .clusters
        .iter()
        .flat_map(|cluster| cluster.workloads().map(move |workload| (cluster, workload)))
        .map(|(cluster, workload)| judge.workload(&rules, cluster, workload));
    let definitions: BTreeSet<&str> = fleet
        .clusters
        .iter()
        .flat_map(ClusterFacts::workloads)
        .flat_map(|workload| workload.definitions.iter().map(String::as_str))
        .collect();
    let definitions = definitions.into_iter().map(|arn| judge.definition(&rules, arn));
    clusters.chain(workloads).chain(definitions).collect()
}

impl<'f> Judge<'f> {
    fn cluster(self, rules: &[&ExecRule], cluster: &'f ClusterFacts) -> Judged<'f> {
        let case = ClusterCase { fleet: self.fleet, cluster, baseline: self.baseline };
        let mut judged = Judged::of(Subject::Cluster(cluster));
        for rule in rules {
            match rule.check {
                Check::Cluster(check) => self.add(&mut judged, rule.name, check(&case), &[cluster]),
                // A workload that Logweir could not list has no verdict of its own.
                Check::Workload(_) | Check::Definition(_) => {
                    judged.not_checked.extend(cluster.unread().map(|unread| (rule.name, unread.clone())));
                }
            }
        }
        judged
    }

    fn workload(self, rules: &[&ExecRule], cluster: &'f ClusterFacts, workload: &'f Workload) -> Judged<'f> {
        let case = WorkloadCase { cluster, workload, baseline: self.baseline };
        let mut judged = Judged::of(Subject::Workload(cluster, workload));
        for rule in rules {
            if let Check::Workload(check) = rule.check {
                self.add(&mut judged, rule.name, check(&case), &[cluster]);
            }
        }
        judged
    }

    fn definition(self, rules: &[&ExecRule], arn: &'f str) -> Judged<'f> {
        let uses = self.fleet.uses(arn);
        let clusters: Vec<&ClusterFacts> = uses.iter().map(|Use { cluster, .. }| *cluster).collect();
        let definition = self.fleet.definition(arn);
        let mut judged = Judged::of(Subject::Definition(arn, definition.as_ref().ok().copied()));
        let case = definition.map(|definition| DefinitionCase { fleet: self.fleet, definition, uses });
        for rule in rules {
            if let Check::Definition(check) = rule.check {
                match &case {
                    Ok(case) => self.add(&mut judged, rule.name, check(case), &clusters),
                    Err(unread) => judged.not_checked.push((rule.name, unread.clone())),
                }
            }
        }
        judged
    }

    fn add(self, judged: &mut Judged<'f>, rule: RuleName, verdict: Verdict, clusters: &[&ClusterFacts]) {
        let Verdict { faults, unread } = verdict;
        let subject = judged.subject;
        judged.findings.extend(faults.into_iter().map(|fault| self.finding(rule, fault, subject, clusters)));
        let unread: BTreeSet<Unread> = unread.into_iter().collect();
        judged.not_checked.extend(unread.into_iter().map(|unread| (rule, unread)));
    }

    fn finding(self, rule: RuleName, fault: Fault, subject: Subject<'f>, clusters: &[&ClusterFacts]) -> Finding {
        let Fault { pointer, container, message, advice, decided, least } = fault;
        let (index, container) = container.unzip();
        let mut finding = Finding {
            rule,
            severity: self.baseline.severity(rule).max(least),
            decided,
            container: container.flatten(),
            index,
            pointer,
            message,
            effective: None,
            fix: Fix::Advice(advice),
            is_off: false,
            exempt: None,
            defaults: Vec::new(),
            notes: Vec::new(),
        };
        if decided == Decided::Likely {
            finding.notes.push(LIKELY.into());
        }
        match self.exempt(rule, finding.container.as_deref(), subject, clusters) {
            Exempt::No => {}
            Exempt::Yes(exempted) => finding.exempt = Some(exempted),
            Exempt::Expired(Exempted { owner, reason, until }) => finding
                .notes
                .push(format!("an exemption by {owner} (reason: {reason}) expired at the end of {until} (UTC)")),
        }
        finding
    }

    /// Returns whether the baseline exempts the resource from the rule. A task definition is exempt only if it is exempt
    /// in each cluster that uses it.
    fn exempt(
        self,
        rule: RuleName,
        container: Option<&str>,
        subject: Subject<'f>,
        clusters: &[&ClusterFacts],
    ) -> Exempt {
        let (family, tags): (Option<&str>, &[(String, String)]) = match subject {
            Subject::Definition(_, Some(definition)) => (definition.definition.family(), &definition.tags),
            Subject::Cluster(_) | Subject::Workload(..) | Subject::Definition(_, None) => (None, &[]),
        };
        let of_cluster = |cluster: &&ClusterFacts| {
            let subject = Exemptable {
                family,
                container,
                account: Some(&self.fleet.account),
                region: Some(&self.fleet.region),
                tags,
                cluster: Some(&cluster.cluster.arn.name),
                service_tags: &[],
            };
            self.baseline.exempts(rule, &subject, self.now)
        };
        let answers: Vec<Exempt> = clusters.iter().map(of_cluster).collect();
        let none = answers.iter().find(|answer| !matches!(answer, Exempt::Yes(_)));
        none.or(answers.first()).cloned().unwrap_or(Exempt::No)
    }
}

impl<'f> Judged<'f> {
    fn of(subject: Subject<'f>) -> Self {
        Self { subject, findings: Vec::new(), not_checked: Vec::new() }
    }
}
