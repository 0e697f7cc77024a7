//! `logweir doctor`: what is wrong with the deployment of this account and Region, and what to do about it.

mod checks;
mod dead_letters;
mod look;

use clap::Args;

use crate::aws::Aws;
use crate::cli::connect::{Intent, home, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::printer::Printer;
use crate::domain::doctor::Check;
use crate::domain::doctor::deployment::{PARAMETER, StackDeployment};
use crate::domain::event::Home;
use crate::domain::text::count;
use crate::render::Output;
use crate::render::human::doctor::{Diagnosis, line};
use look::{Look, unseen};

#[derive(Args)]
pub(in crate::cli) struct DoctorArgs {
    /// Put the dead letters back into the queue, one after the other, except those that no try can read
    #[arg(long)]
    fix: bool,
    /// With --fix: do not ask
    #[arg(long, requires = "fix")]
    yes: bool,
}

impl DoctorArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if self.fix && !self.yes {
            context.printer.can_ask("json asks nothing", "--yes puts them back without asking")?;
        }
        wait(self.examine(context))
    }

    async fn examine(&self, context: &Context) -> VerbResult {
        let aws = context.aws(Intent::Look).await?;
        let (home, caller) = home(&aws).await?;
        let (deployment, checks) = deployment(&aws, &home).await;
        let Home { account, region, .. } = home;
        let mut diagnosis = Diagnosis {
            account: account.clone(),
            region: region.clone(),
            deployment: deployment.clone(),
            checks,
            dead_letters: Vec::new(),
            redriven: None,
        };
        let printer = &context.printer;
        let Some(deployment) = deployment else {
            printer.show(&diagnosis);
            return Ok(Exit::from(&diagnosis));
        };
        let look = Look::new(context, &aws, &deployment, deployment.home(&account, &region), caller);
        let waiting = Box::pin(diagnose(&look, &mut diagnosis)).await;
        printer.text(|| diagnosis.text());
        if self.fix && waiting > 0 && self.may(printer, waiting)? {
            let acting = context.aws(Intent::Act).await?;
            let (check, redriven) = dead_letters::redrive(&acting, &deployment, look.home(), waiting).await;
            printer.text(|| line(&check));
            diagnosis.checks.pop();
            diagnosis.checks.push(check);
            diagnosis.redriven = Some(redriven);
        }
        printer.json(|| diagnosis.json());
        Ok(Exit::from(&diagnosis))
    }

    fn may(&self, printer: &Printer, waiting: u64) -> Result<bool, Failure> {
        let question = format!("Put {} back into the queue? [y/N] ", count(waiting, "dead letter"));
        Ok(self.yes || printer.asked(&question)?)
    }
}

/// Runs all checks, with those of the dead letters last. Returns the number of dead letters, or 0 if it is unknown.
async fn diagnose(look: &Look<'_>, diagnosis: &mut Diagnosis) -> u64 {
    let found = look.everything().await;
    diagnosis.checks.extend(found.checks);
    let letters = dead_letters::look(look, found.log_group.as_deref(), found.deployed.as_ref()).await;
    diagnosis.checks.extend(letters.undecided);
    diagnosis.checks.push(letters.check);
    diagnosis.dead_letters = letters.told;
    letters.waiting
}

/// What is deployed here, and what there is to say of that.
async fn deployment(aws: &Aws, home: &Home) -> (Option<StackDeployment>, Vec<Check>) {
    const CHECK: &str = "deployment";
    let Home { account, region, .. } = home;
    let check = match aws.parameter(PARAMETER).await {
        Ok(Some(text)) => match StackDeployment::parse(&text) {
            Ok(deployment) => return (Some(deployment), Vec::new()),
            Err(why) => Check::problem(
                CHECK,
                format!("the parameter {PARAMETER} cannot be read: {why}"),
                "deploy the stack again, in the version of this program: sam deploy",
            ),
        },
        Ok(None) => Check::problem(
            CHECK,
            format!("nothing is deployed in account {account}, {region}: there is no parameter {PARAMETER}"),
            "deploy it (sam deploy), or look elsewhere: --region, --profile",
        ),
        Err(error) => Check::unknown(CHECK, "whether something is deployed", &unseen(&error, "ssm")),
    };
    (None, vec![check])
}
