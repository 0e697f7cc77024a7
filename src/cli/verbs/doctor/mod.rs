//! `logweir doctor`: what is wrong with the deployment of this account and Region, and what to do about it.

mod dead_letters;
mod look;

use std::io::{self, IsTerminal};

use clap::Args;

use super::apply::asked;
use crate::aws::Aws;
use crate::cli::acting::Intent;
use crate::cli::live::wait;
use crate::cli::{Context, Ended, Exit, Failure};
use crate::domain::doctor::deployment::{PARAMETER, StackDeployment};
use crate::domain::doctor::{Check, State, Unseen};
use crate::domain::event::Home;
use crate::domain::outcome::Reason;
use crate::domain::text::count;
use crate::ports::{ErrorKind, PortError};
use crate::render::human::doctor as render;
use crate::render::human::doctor::Diagnosis;

#[derive(Args)]
pub(in crate::cli) struct Doctor {
    /// Put the dead letters back into the queue, one after the other, except those that no try can read
    #[arg(long)]
    fix: bool,
    /// With --fix: do not ask
    #[arg(long, requires = "fix")]
    yes: bool,
}

impl Doctor {
    pub(in crate::cli) fn run(&self, context: &Context) -> Ended {
        if self.fix && !self.yes && context.is_json() {
            return Err(Failure::usage("json asks nothing").help("--yes puts them back without asking"));
        }
        if self.fix && !self.yes && !io::stdin().is_terminal() {
            return Err(Failure::usage("there is no terminal to ask at").help("--yes puts them back without asking"));
        }
        wait(self.examine(context))?
    }

    async fn examine(&self, context: &Context) -> Ended {
        let aws = context.aws_for(Intent::Look).await?;
        let (home, caller) = context.home(&aws).await?;
        let (deployment, checks) = deployment(&aws, &home).await;
        let Home { account, region, .. } = &home;
        let mut diagnosis = Diagnosis {
            account: account.clone(),
            region: region.clone(),
            deployment,
            checks,
            dead_letters: Vec::new(),
        };
        let mut redriven = None;
        if let Some(deployment) = diagnosis.deployment.clone() {
            let home = deployment.home(account, region);
            let look = look::Look { context, aws: &aws, deployment: &deployment, home: &home, caller: &caller };
            let (checks, letters) = Box::pin(look.everything()).await;
            diagnosis.checks.extend(checks);
            let waiting = letters.waiting;
            diagnosis.checks.push(letters.check);
            diagnosis.dead_letters = letters.told;
            if !context.is_json() {
                context.printer.result(&render::text(&diagnosis));
            }
            if self.fix && waiting > 0 && self.may(context, waiting)? {
                let acting = context.aws_for(Intent::Act).await?;
                let (check, done) = dead_letters::redrive(&acting, &deployment, &home, waiting).await;
                if !context.is_json() {
                    let mut line = String::new();
                    render::line(&mut line, &check);
                    context.printer.result(&line);
                }
                diagnosis.checks.pop();
                diagnosis.checks.push(check);
                redriven = Some(done);
            }
        } else if !context.is_json() {
            context.printer.result(&render::text(&diagnosis));
        }
        if context.is_json() {
            context.printer.json(&render::json(&diagnosis, redriven));
        }
        Ok(diagnosis.checks.iter().map(|check| Exit::from(check.state)).max().unwrap_or(Exit::Fine))
    }

    fn may(&self, context: &Context, waiting: u64) -> Result<bool, Failure> {
        let question = format!("Put {} back into the queue? [y/N] ", count(waiting, "dead letter"));
        Ok(self.yes || asked(context, &question)?)
    }
}

impl From<State> for Exit {
    fn from(state: State) -> Self {
        match state {
            State::Ok => Self::Fine,
            State::Problem => Self::Findings,
            State::Unknown => Self::CouldNot,
        }
    }
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

/// Why something could not be read; `service` as permissions name it.
fn unseen(error: &PortError, service: &str) -> Unseen {
    let help = match (error.reason, error.kind) {
        (Some(Reason::AccessDenied | Reason::PassRoleDenied), _) => {
            format!("whoever runs this needs {service}:{}", error.call)
        }
        (_, ErrorKind::Retry) => "this may pass: run it again".into(),
        _ => "the message says what AWS does not like".into(),
    };
    Unseen { why: error.to_string(), help, is_missing: error.kind == ErrorKind::Missing }
}
