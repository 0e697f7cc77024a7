//! `logweir check --all` and `logweir apply --all`: list the families.

use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::targets::Target;
use crate::ports::{Answer, TaskDefinitions};

/// Returns every family of the account and Region that has an ACTIVE revision.
pub(in crate::cli) fn families(context: &Context) -> Result<Vec<Target>, Failure> {
    wait(async {
        let aws = context.aws(Intent::Look).await?;
        let families = all(&aws.ecs).await?;
        if families.is_empty() {
            let region = aws.region();
            context.printer.note(&format!(
                "no task-definition family in {region} has an ACTIVE revision; try another --region or --profile"
            ));
        }
        Ok(families.into_iter().map(Target::Live).collect())
    })
}

/// Returns the families of all pages, in sorted order, because emulators of ECS return families in any order.
async fn all(task_definitions: &impl TaskDefinitions) -> Answer<Vec<String>> {
    let mut families = Vec::new();
    let mut token = None;
    loop {
        let page = task_definitions.families(token.as_deref()).await?;
        families.extend(page.families);
        token = page.next;
        if token.is_none() {
            families.sort();
            return Ok(families);
        }
    }
}
