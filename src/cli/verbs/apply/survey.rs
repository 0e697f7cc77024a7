//! Makes the plan of a run.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::older::older;
use crate::aws::patiently;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::targets::Target;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::edit::Edit;
use crate::domain::report::schema;
use crate::domain::run::{PlanHead, RunItem, RunPlan, UnreadFamily};
use crate::workflow::{Order, PlannedFamily, followers, place_services, plan_family};

/// The number of families that Logweir reads at the same time.
const AT_ONCE: usize = 8;

/// Judges the newest revision of each family, and finds the services that follow. A family that Logweir cannot read is
/// named, and hides no other family.
pub(super) async fn survey(
    context: &Context,
    session: &Session,
    order: &Order<'_>,
    families: &[Target],
    canary: usize,
) -> Result<RunPlan, Failure> {
    let mut plan = RunPlan {
        head: PlanHead {
            schema: schema::PLAN.into(),
            made: Timestamp::now(),
            logweir: env!("CARGO_PKG_VERSION").into(),
            account: session.home.account.clone(),
            region: session.home.region.clone(),
            mode: order.mode,
            baseline_digest: order.baseline.digest().into(),
            canary,
        },
        items: Vec::new(),
        left: Vec::new(),
        older: Vec::new(),
        unread: Vec::new(),
        families: families.len(),
    };
    let names = families.iter().filter_map(|target| match target {
        Target::Live(name) => Some(name.as_str()),
        _ => None,
    });
    let ask = |family| async move { (family, patiently(|| plan_family(&session.ports, order, family)).await) };
    let mut answers = stream::iter(names.map(ask)).buffered(AT_ONCE);
    let (progress, mut items) = (Progress::over(families.len()), Vec::new());
    let mut newest: BTreeMap<String, RevisionArn> = BTreeMap::new();
    while let Some((family, answer)) = answers.next().await {
        progress.beside(|| {
            if let Err(error) = &answer {
                context.printer.target_failure(&format!("ecs:{family}"), &Failure::from(error.clone()));
            }
        });
        let found = match answer {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                plan.unread.push(UnreadFamily { family: family.to_owned(), error: error.to_string() });
                continue;
            }
        };
        newest.insert(family.to_owned(), found.newest);
        match found.planned {
            PlannedFamily::Compliant => {}
            PlannedFamily::Left(left) => plan.left.push(left),
            PlannedFamily::Item { item, edits } => items.push((item, edits)),
        }
    }
    drop(progress);
    place(context, session, order, items, &mut plan).await;
    let found = older(context, &session.home, order.baseline, &newest, &plan.items).await?;
    for UnreadFamily { family, error } in &found.unread {
        context.printer.target_failure(family, &Failure::error(error.clone()));
    }
    plan.older = found.services;
    plan.unread.extend(found.unread);
    plan.sort();
    Ok(plan)
}

/// Adds the items to the plan, with the services that follow. If Logweir cannot read the services of an item, the item
/// says so, and the plan contains the failed read.
async fn place(
    context: &Context,
    session: &Session,
    order: &Order<'_>,
    items: Vec<(Box<RunItem>, Vec<Edit>)>,
    plan: &mut RunPlan,
) {
    let (ports, mut failed) = (&session.ports, BTreeSet::new());
    let users = patiently(|| followers(ports, order, items.iter().map(|(item, _)| &**item))).await;
    for (item, edits) in items {
        let placed = match &users {
            Ok(users) => patiently(|| place_services(ports, order, users, &item, &edits)).await,
            Err(error) => Err(error.clone()),
        };
        let item = placed.unwrap_or_else(|error| {
            let family = item.source.family.to_string();
            if failed.insert(error.to_string()) {
                context.printer.target_failure(&format!("services of {}", item.source.short()), &error.clone().into());
            }
            plan.unread.push(UnreadFamily { family, error: format!("its services could not be read: {error}") });
            item.without_services(&error.to_string())
        });
        // An item of an earlier correction is in the plan only if it says something about a service.
        plan.items.extend(Some(item).filter(RunItem::says_something));
    }
}
