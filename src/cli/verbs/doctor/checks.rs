//! Reads the facts about a deployed stack, and runs the checks of `logweir doctor` on these facts.

use jiff::{SignedDuration, Timestamp};

use super::look::{Look, seen};
use crate::domain::baseline::Baseline;
use crate::domain::doctor::baseline::{self, Given, Read};
use crate::domain::doctor::function::{self, FunctionFacts, FunctionRole};
use crate::domain::doctor::records::{self, RecordState};
use crate::domain::doctor::rules::{self, Known, Tried};
use crate::domain::doctor::trail::{self, Trail};
use crate::domain::doctor::{Check, ReadFailure, ReadResult, queue, role};
use crate::domain::outcome::Outcome;
use crate::domain::record::{ClusterRecord, ResourceRecord, SettingRecord, WholeRecord};
use crate::ports::{Filter, Journal, Listed, TaskDefinitions};

/// The largest number of families whose source revisions `logweir doctor` reads to find the roles that Logweir passes
/// to ECS.
const FAMILIES: usize = 5;

/// The largest number of records in one list from the journal.
const RECORDS: usize = 100;

/// The maximum age of a record that needs an operator. The checks ignore older records.
const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The results of all checks except the checks of the dead letters.
pub(in crate::cli) struct Findings {
    pub(in crate::cli) checks: Vec<Check>,
    /// The log group of the remediator function. `None` if the log group is unknown.
    pub(in crate::cli) log_group: Option<String>,
    /// The baseline of the remediator function. `None` if the baseline is in the function's package or cannot be read.
    pub(in crate::cli) deployed: Option<Baseline>,
}

impl Look<'_> {
    /// Runs all checks except the checks of the dead letters.
    pub(in crate::cli) async fn everything(&self) -> Findings {
        let (Self { aws, deployment, .. }, home) = (self, self.home());
        let mut checks = vec![trail::check(&self.trails().await, &home.region)];
        let queue = seen(aws.queue_attributes(&deployment.queue).await, "sqs");
        self.rules(queue.as_ref().ok(), &mut checks).await;
        checks.extend(queue::check(&queue, deployment, home));
        let mapping = seen(aws.event_source_mapping(&deployment.mapping).await, "lambda");
        checks.push(queue::check_mapping(&mapping, deployment, home));
        let remediator = seen(aws.function(&deployment.remediator).await, "lambda");
        let backout = seen(aws.function(&deployment.backout).await, "lambda");
        checks.extend(function::check(&remediator, FunctionRole::Remediator, deployment));
        checks.extend(function::check(&backout, FunctionRole::Backout, deployment));
        let passed = self.passed_roles().await;
        for (which, function) in [(FunctionRole::Remediator, &remediator), (FunctionRole::Backout, &backout)] {
            checks.extend(self.role(which, function, &passed).await);
        }
        let deployed = self.baseline(&remediator, &mut checks).await;
        let now = Timestamp::now();
        checks.extend(records::check(&self.standing(now).await, now, &self.options()));
        let log_group = remediator.ok().and_then(|function| function.log_group);
        Findings { checks, log_group, deployed }
    }

    async fn trails(&self) -> ReadResult<Vec<Trail>> {
        const SERVICE: &str = "cloudtrail";
        let mut trails = Vec::new();
        for trail in seen(self.aws.trails().await, SERVICE)? {
            let is_logging = seen(self.aws.is_logging(&trail).await, SERVICE);
            let selectors = seen(self.aws.event_selectors(&trail.arn).await, SERVICE);
            trails.push(Trail { trail, is_logging, selectors });
        }
        Ok(trails)
    }

    async fn rules(&self, queue: Option<&queue::QueueFacts>, checks: &mut Vec<Check>) {
        const SERVICE: &str = "events";
        let (Self { aws, deployment, .. }, home) = (self, self.home());
        let mut all = Vec::new();
        for name in &deployment.rules {
            let rule = seen(aws.event_rule(name).await, SERVICE);
            // If an EventBridge rule cannot be read, the targets of the rule cannot be read either.
            let targets = match &rule {
                Ok(_) => seen(aws.rule_targets(name).await, SERVICE),
                Err(unseen) => Err(unseen.clone()),
            };
            all.push(Known { name: name.clone(), rule, targets });
        }
        checks.extend(rules::check(&all, deployment, home));
        checks.extend(queue.and_then(|queue| rules::check_policy(&all, &queue.arn, &queue.policy)));
        let (samples, mut tried) = (rules::samples(deployment, home), Vec::new());
        for sample in &samples {
            for known in &all {
                let Some(pattern) = known.pattern() else { continue };
                let matched = seen(aws.matches(pattern, &sample.event).await, SERVICE);
                let is_enough = sample.is_wanted && matched == Ok(true);
                tried.push(Tried { rule: known.name.clone(), sample: sample.what, matched });
                if is_enough {
                    break;
                }
            }
        }
        checks.extend(rules::check_patterns(&all, &samples, &tried));
    }

    /// Returns the task roles and execution roles of the source revisions of the newest records. A corrected revision
    /// has the same roles as its source revision.
    async fn passed_roles(&self) -> Vec<String> {
        let ports = &self.session.ports;
        // This method ignores a read error, because the check of the records reports the error. If this method returns
        // no roles, the simulation of the permissions uses the role patterns of the stack.
        let heads = ports.journal.list(&Filter::all(Timestamp::now()), RECORDS).await.unwrap_or_default().readable;
        let (mut families, mut roles) = (Vec::new(), Vec::new());
        // The functions register no migrated revision.
        for head in heads.into_iter().filter(|head| head.kind.is_correction()) {
            if families.len() == FAMILIES || families.contains(&head.source.family) {
                continue;
            }
            families.push(head.source.family.clone());
            if let Ok(described) = ports.ecs.describe(&head.source.to_string()).await {
                let view = described.definition.view();
                let named = ["executionRoleArn", "taskRoleArn"].map(|member| view[member].as_str());
                roles.extend(named.into_iter().flatten().map(String::from));
            }
        }
        roles.retain(|role| role.starts_with("arn:"));
        roles.sort();
        roles.dedup();
        roles
    }

    async fn role(&self, which: FunctionRole, function: &ReadResult<FunctionFacts>, passed: &[String]) -> Vec<Check> {
        let mut judged = Vec::new();
        for need in role::needs(which, self.deployment, self.home(), function.as_ref().ok(), passed) {
            let verdict = seen(self.aws.simulate(which.role(self.deployment), &need).await, "iam");
            // If one call of the IAM policy simulator fails, the next call would fail as well.
            let is_over = verdict.is_err();
            judged.push(verdict);
            if is_over {
                break;
            }
        }
        role::check(which, self.deployment, &judged)
    }

    /// Checks the baseline of the remediator function, and returns this baseline. Returns `None` if the baseline is in
    /// the function's package or cannot be read.
    async fn baseline(&self, remediator: &ReadResult<FunctionFacts>, checks: &mut Vec<Check>) -> Option<Baseline> {
        let place = match remediator {
            Ok(function) => function.variable("LOGWEIR_BASELINE").unwrap_or(&self.deployment.baseline),
            Err(_) => &self.deployment.baseline,
        };
        let (read, deployed) = match place.strip_prefix("ssm:") {
            None => {
                let at_hand = self.at_hand().await.map(|at_hand| at_hand.digest().to_owned());
                (Read::Package { at_hand, is_published: !self.is_baseline_named() }, None)
            }
            Some(name) => match seen(self.aws.parameter(name).await, "ssm") {
                Err(unseen) => (Read::Parameter(Err(unseen)), None),
                Ok(None) => {
                    let why = "there is no parameter with this name".into();
                    (Read::Parameter(Err(ReadFailure { why, help: String::new(), is_missing: true })), None)
                }
                Ok(Some(text)) => match Baseline::parse(&text) {
                    Ok(baseline) => (Read::Parameter(Ok(Ok(baseline.digest().to_owned()))), Some(baseline)),
                    Err(wrong) => (Read::Parameter(Ok(Err(wrong.to_string()))), None),
                },
            },
        };
        let given = remediator.as_ref().map(|function| Given {
            place,
            confirmed: function.variable("LOGWEIR_CONFIRMED_BASELINE"),
            mode: function.variable("LOGWEIR_MODE").unwrap_or(&self.deployment.mode),
        });
        checks.push(baseline::check(given, &read));
        deployed
    }

    async fn standing(&self, now: Timestamp) -> ReadResult<RecordState> {
        let journal = &self.session.ports.journal;
        let read = async {
            let filter = Filter::all(now);
            let stuck =
                Filter { outcome: Some(Outcome::NeedsOperator), since: now.checked_sub(LATELY).ok(), ..filter.clone() };
            let open = journal.list(&Filter { open: true, ..filter }, RECORDS).await?;
            let stuck = journal.list(&stuck, RECORDS).await?;
            let stopped = journal.stopped().await?;
            let Listed { readable: mut clusters, unreadable } = journal.listed::<ClusterRecord>().await?;
            let lately = now.checked_sub(LATELY).ok();
            clusters.retain(|record| record.is_open() || lately.is_none_or(|since| record.at >= since));
            let Listed { readable: mut resources, unreadable: unread } = journal.listed::<ResourceRecord>().await?;
            resources.retain(|record| record.is_open() || lately.is_none_or(|since| record.at >= since));
            let settings = journal.listed::<SettingRecord>().await?;
            let mut unreadable =
                [open.unreadable, stuck.unreadable, stopped.unreadable, unreadable, unread, settings.unreadable]
                    .concat();
            unreadable.sort();
            unreadable.dedup();
            let (open, stuck, stopped) = (open.readable, stuck.readable, stopped.readable);
            Ok(RecordState { open, stuck, stopped, clusters, resources, settings: settings.readable, unreadable })
        };
        seen(read.await, "dynamodb")
    }

    /// Returns the command-line options that select the journal of the stack.
    fn options(&self) -> String {
        format!("--journal {} --region {}", self.deployment.journal, self.home().region)
    }
}
