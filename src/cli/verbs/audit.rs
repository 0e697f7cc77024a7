//! `logweir check --all`: lists the families to check.

use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::targets::Target;
use crate::ports::TaskDefinitions;

/// Returns every family of the account and Region that has an ACTIVE revision.
pub(in crate::cli) fn families(context: &Context) -> Result<Vec<Target>, Failure> {
    wait(async {
        let aws = context.aws(Intent::Look).await?;
        let families = aws.ecs.families().await?;
        if families.is_empty() {
            let region = aws.region();
            context.printer.note(&format!(
                "no task-definition family in {region} has an ACTIVE revision; try another --region or --profile"
            ));
        }
        Ok(families.into_iter().map(Target::Live).collect())
    })
}
