//! The plan of the correction of one cluster.

use crate::domain::baseline::Workload;
use crate::domain::ecs::cluster::{Cluster, ClusterConfiguration, ExecLogging};
use crate::domain::edit::NewLogGroup;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::ClusterStep;
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Answer, LogGroups, Ports};
use crate::workflow::order::{Order, Origin};

/// The class of a log group that Logweir creates for sessions.
const CLASS: &str = "STANDARD";

/// What Logweir does about a cluster.
pub(super) enum Judgement {
    /// Logweir changes nothing, for this reason.
    Ends(Conclusion),
    Correct(Box<ClusterPlan>),
}

/// The planned change of a cluster that logs no sessions, or that logs them to the log groups of its containers.
pub(super) struct ClusterPlan {
    pub(super) cluster: Cluster,
    pub(super) group: NewLogGroup,
    pub(super) after: ClusterConfiguration,
}

/// Decides whether the cluster needs a correction. Without an operator's request, only `logging: NONE` is a fault that
/// Logweir corrects.
pub(super) fn judge(cluster: &Cluster, order: &Order<'_>) -> Judgement {
    let settings = order.baseline.exec();
    let corrects_default = matches!(order.origin, Origin::Apply { .. }) && settings.correct_default;
    match cluster.configuration.exec().logging {
        ExecLogging::Override => Judgement::Ends(Outcome::Compliant.into()),
        ExecLogging::None => plan(cluster, order),
        ExecLogging::Default | ExecLogging::Unset if corrects_default => plan(cluster, order),
        ExecLogging::Default | ExecLogging::Unset => {
            let why = "sessions go to the log group of each container, and nowhere if the container does not log with \
                       awslogs; `correct-default = true` in the baseline lets `logweir exec apply` correct the cluster";
            Judgement::Ends(Outcome::Skipped.because(Reason::AdviceOnly).saying(why))
        }
        ExecLogging::Unknown => {
            let why = "the cluster has a value of `logging` that this version of Logweir does not know";
            Judgement::Ends(Outcome::Failed.because(Reason::Unreadable).saying(why))
        }
    }
}

fn plan(cluster: &Cluster, order: &Order<'_>) -> Judgement {
    let settings = order.baseline.exec();
    let name = settings.log_group_of(&cluster.arn.name);
    let after = match cluster.configuration.logging_to(&name) {
        Ok(after) => after,
        Err(why) => {
            return Judgement::Ends(Outcome::Refused.because(Reason::AdviceOnly).saying(why.to_string()));
        }
    };
    let kms_key = order.baseline.settings(&Workload::default()).log_group.kms_key.clone();
    let group = NewLogGroup { name, class: CLASS.into(), kms_key, retention_days: settings.retention_days };
    Judgement::Correct(Box::new(ClusterPlan { cluster: cluster.clone(), group, after }))
}

impl ClusterPlan {
    /// Returns the steps of the plan. The log group comes first, because ECS Exec needs it as soon as the cluster names it.
    pub(super) async fn steps<P: Ports>(self, ports: &P) -> Answer<Vec<ClusterStep>> {
        let name = self.group.name.clone();
        let found = ports.log_groups().look(std::slice::from_ref(&name)).await?.remove(&name);
        let mut steps = Vec::new();
        if !matches!(found, Some(LogGroup::Exists { .. })) {
            let retention = self.group.retention_days;
            steps.push(ClusterStep::EnsureLogGroup(self.group));
            steps.extend(retention.map(|new| ClusterStep::SetRetention { name, new }));
        }
        let Cluster { arn, configuration, .. } = self.cluster;
        steps.push(ClusterStep::ConfigureCluster { cluster: arn, before: configuration, after: self.after });
        Ok(steps)
    }
}
