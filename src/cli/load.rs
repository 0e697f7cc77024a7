//! Reads the targets of a verb, and plans the correction of each target.

use std::pin::pin;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::connect::{Intent, wait};
use super::context::Context;
use super::failure::Failure;
use super::loaded::Loaded;
use super::options::Global;
use super::progress::Progress;
use super::targets::Target;
use crate::aws::{self, Aws};
use crate::domain::baseline::Baseline;
use crate::domain::outcome::Reason;
use crate::domain::plan;
use crate::domain::rules::facts::{DefaultMode, Observation};
use crate::ports::{Answer, LogGroups, TaskDefinitions};
use crate::sources::Document;
use crate::workflow::observe;

/// The number of registered revisions that Logweir reads at the same time. AWS allows an account ten calls of
/// DescribeLogGroups and twenty calls of DescribeTaskDefinition per second.
const AT_ONCE: usize = 3;

/// The pauses between attempts to read a revision, if AWS throttles a call. The SDK itself tries each call three times,
/// but stops retrying after many throttled calls.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];

/// Loads all targets, and calls `each` with the result of each target, in the order of the targets. Reads files without
/// AWS. Reads registered revisions with one set of AWS clients, up to `AT_ONCE` revisions at the same time.
pub(super) fn load_all(
    context: &Context,
    baseline: &Baseline,
    targets: &[Target],
    each: &mut impl FnMut(&Target, Result<Loaded, Failure>),
) -> Result<(), Failure> {
    wait(async {
        let live = targets.iter().filter(|target| matches!(target, Target::Live(_))).count();
        let connection = if live > 0 { Some(context.aws(Intent::Look).await) } else { None };
        let progress = Progress::over(live);
        let loads = targets.iter().map(|target| load(context, baseline, connection.as_ref(), target));
        let mut loads = pin!(stream::iter(loads).buffered(AT_ONCE).zip(stream::iter(targets)));
        while let Some((loaded, target)) = loads.next().await {
            progress.beside(|| each(target, loaded));
        }
        Ok(())
    })
}

/// Loads one target, and plans the correction of the target. Only registered revisions need the connection to AWS.
async fn load(
    context: &Context,
    baseline: &Baseline,
    connection: Option<&Result<Aws, Failure>>,
    target: &Target,
) -> Result<Loaded, Failure> {
    let loaded = match (target, connection, target.document()) {
        (_, _, Some(Ok(document))) => return Ok(plan_offline(&context.global, baseline, document).await),
        (_, _, Some(Err(error))) => {
            return Err(Failure { help: error.help.clone(), ..Failure::error(error.to_string()) });
        }
        (Target::Live(name), Some(Ok(aws)), None) => {
            plan_patiently(aws, baseline, target, name).await.map_err(Failure::from)
        }
        (_, Some(Err(failed)), None) => Err(failed.clone()),
        (_, _, None) => Err(Failure::error("there is no connection to AWS")),
    };
    loaded.map_err(|failed| failed.about(&target.origin()))
}

/// Plans the correction of a document. Makes no AWS call.
async fn plan_offline(global: &Global, baseline: &Baseline, document: Document) -> Loaded {
    let region = match &global.region {
        Some(region) => Some(region.clone()),
        None => aws::configured_region(global.profile.as_deref()).await,
    };
    let tags: Vec<_> = document.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let observation = Observation {
        definition: &document.definition,
        account: None,
        region: region.as_deref(),
        tags: &tags,
        default_mode: DefaultMode::NotChecked,
        log_groups: None,
        now: Timestamp::now(),
    };
    Loaded {
        origin: document.origin.clone(),
        revision: None,
        definition: document.definition.clone(),
        plan: plan::plan(&observation, baseline),
        region,
        document: Some(document),
    }
}

/// Reads a registered revision, and plans the correction of the revision. Waits and tries again if AWS throttles a
/// call.
async fn plan_patiently(aws: &Aws, baseline: &Baseline, target: &Target, name: &str) -> Answer<Loaded> {
    for pause in PAUSES {
        match plan_live(&aws.ecs, &aws.log_groups, baseline, target, name).await {
            Err(error) if error.reason == Some(Reason::Throttled) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
    }
    plan_live(&aws.ecs, &aws.log_groups, baseline, target, name).await
}

/// Reads a registered revision and its log groups, and plans the correction of the revision.
pub(super) async fn plan_live(
    task_definitions: &impl TaskDefinitions,
    log_groups: &impl LogGroups,
    baseline: &Baseline,
    target: &Target,
    name: &str,
) -> Answer<Loaded> {
    let described = task_definitions.describe(name).await?;
    let (revision, region) = (described.arn.clone(), described.arn.region.clone());
    let seen = observe(&described, baseline, task_definitions, log_groups, Timestamp::now()).await?;
    Ok(Loaded {
        origin: target.origin(),
        revision: Some(revision),
        definition: described.definition,
        plan: seen.plan,
        region: Some(region),
        document: None,
    })
}
