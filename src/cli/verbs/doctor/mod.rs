//! `logweir doctor`: finds problems of the Logweir stack in this account and Region, and names a fix for each problem.

mod checks;
mod dead_letters;
mod look;

use clap::Args;

use crate::aws::Aws;
use crate::cli::connect::{Intent, home, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::printer::Printer;
use crate::domain::doctor::Check;
use crate::domain::doctor::deployment::{PARAMETER, StackDeployment};
use crate::domain::event::Home;
use crate::domain::text::count;
use crate::render::Output;
use crate::render::human::doctor::{Diagnosis, line};
use look::{Look, unseen};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir doctor                            check the stack of this account and Region",
    "logweir doctor --fix                      ask, then redrive the dead letters",
    "logweir doctor --fix --all                also redrive those that failed again for the same reason",
];

#[derive(Args)]
pub(in crate::cli) struct DoctorArgs {
    /// Redrive the dead letters one by one, except unreadable ones and those that failed again for the same reason
    #[arg(long)]
    fix: bool,
    /// With --fix: also redrive the dead letters that failed again for the same reason after an earlier redrive
    #[arg(long, requires = "fix")]
    all: bool,
    /// With --fix: act without asking
    #[arg(long, requires = "fix")]
    yes: bool,
}

impl DoctorArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if self.fix && !self.yes {
            context.printer.can_ask("--format json cannot prompt", "add --yes to redrive without a question")?;
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
        if self.fix {
            let baseline = match context.baseline().await {
                Ok(placed) => placed.to_string(),
                Err(failure) => format!("baseline: unknown ({})", failure.message),
            };
            let journal = format!("journal: {} (from the deployed stack)", deployment.journal);
            context.show_destination(&aws, look.home(), &[baseline, journal]).await?;
        }
        if self.fix && waiting > 0 && self.may(printer, waiting)? {
            let acting = context.aws(Intent::Act).await?;
            let (check, redriven) = dead_letters::redrive(&acting, &deployment, look.home(), waiting, self.all).await;
            printer.text(|| line(&check));
            diagnosis.checks.pop();
            diagnosis.checks.push(check);
            diagnosis.redriven = Some(redriven);
        }
        printer.json(|| diagnosis.json());
        Ok(Exit::from(&diagnosis))
    }

    fn may(&self, printer: &Printer, waiting: u64) -> Result<bool, Failure> {
        let question = format!("Redrive {}? [y/N] ", count(waiting, "dead letter"));
        Ok(self.yes || printer.asked(&question)?)
    }
}

/// Runs all checks. The checks of the dead letters are last. Returns the number of dead letters, or 0 if the number is
/// unknown.
async fn diagnose(look: &Look<'_>, diagnosis: &mut Diagnosis) -> u64 {
    let found = look.everything().await;
    diagnosis.checks.extend(found.checks);
    let letters = dead_letters::look(look, found.log_group.as_deref(), found.deployed.as_ref()).await;
    diagnosis.checks.extend(letters.undecided);
    diagnosis.checks.push(letters.check);
    diagnosis.dead_letters = letters.report;
    letters.waiting
}

/// Returns the description of the Logweir stack in this account and Region. If the description cannot be read, returns
/// a check with the reason.
async fn deployment(aws: &Aws, home: &Home) -> (Option<StackDeployment>, Vec<Check>) {
    const CHECK: &str = "deployment";
    let Home { account, region, .. } = home;
    let check = match aws.parameter(PARAMETER).await {
        Ok(Some(text)) => match StackDeployment::parse(&text) {
            Ok(deployment) => return (Some(deployment), Vec::new()),
            Err(why) => Check::problem(
                CHECK,
                format!("the parameter {PARAMETER} cannot be read: {why}"),
                "deploy the version of the stack that matches this program: sam deploy",
            ),
        },
        Ok(None) => Check::problem(
            CHECK,
            format!("no Logweir stack is deployed in account {account}, {region}: there is no parameter {PARAMETER}"),
            "deploy the stack (sam deploy), or select another Region or account: --region, --profile",
        ),
        Err(error) => Check::unknown(CHECK, "whether a stack is deployed", &unseen(&error, "ssm")),
    };
    (None, vec![check])
}
