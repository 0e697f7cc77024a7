//! Lists the families of an account and Region, for each verb that reads all of them. `logweir audit` is the exception:
//! an audit reads the list at the limit of AWS.

use crate::aws::patiently;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::targets::Target;
use crate::ports::{Answer, Described, FamilyPage, TaskDefinitions};
use crate::workflow::{WalkCalls, all_families};

/// The calls of a walk, each of which waits and tries again if AWS throttles it.
pub(in crate::cli) struct Patient<'e, E>(pub(in crate::cli) &'e E);

impl<E: TaskDefinitions> WalkCalls for Patient<'_, E> {
    async fn page(&self, token: Option<&str>) -> Answer<FamilyPage> {
        patiently(|| self.0.families(token)).await
    }

    async fn describe(&self, name: &str) -> Answer<Described> {
        patiently(|| self.0.describe(name)).await
    }
}

/// Returns every family that has an ACTIVE revision, in sorted order.
pub(in crate::cli) async fn families(ecs: &impl TaskDefinitions) -> Answer<Vec<String>> {
    all_families(&Patient(ecs)).await
}

/// Returns every family of the account and Region that has an ACTIVE revision, for `--all`.
pub(in crate::cli) fn family_targets(context: &Context) -> Result<Vec<Target>, Failure> {
    wait(async {
        let aws = context.aws(Intent::Look).await?;
        let families = families(&aws.ecs).await?;
        if families.is_empty() {
            let region = aws.region();
            context.printer.note(&format!(
                "no task-definition family in {region} has an ACTIVE revision; try another --region or --profile"
            ));
        }
        Ok(families.into_iter().map(Target::Live).collect())
    })
}
