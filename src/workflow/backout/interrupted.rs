//! A rollback of a service whose worker stopped before it recorded the result. The rollback may have replaced another
//! principal's deployment, because the read before the rollback lagged behind that deployment.

use super::context::{ServiceUndo, UndoAction, UndoContext, UndoDriver};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{After, Service, ServiceArn};
use crate::domain::outcome::Reason;
use crate::domain::record::{EntryKind, Rollback};
use crate::ports::{Answer, ErrorKind, Ports, Services};
use crate::workflow::rollout::update_service::is_deployed;

impl<P: Ports> UndoDriver<'_, P> {
    /// Returns the next action for a service that no longer runs the corrected revision, after a worker was about to
    /// roll the service back. Logweir yields to the deployment that its rollback has replaced.
    pub(super) async fn rolled_back(
        &self,
        now: &UndoContext<'_>,
        back: &ServiceUndo<'_>,
        found: Service,
    ) -> Answer<UndoAction> {
        let undone = UndoAction::Write(EntryKind::Undone { step: now.step });
        let Some(rollback) = now.rollback else { return Ok(undone) };
        let Some(deployment) = rollback.started(&found).map(String::from) else { return Ok(undone) };
        // The worker that wrote this entry had compared the deployments before.
        if now.record.last_deployment(back.service) == Some(&deployment) {
            return Ok(undone);
        }
        let replaced = self.replaced(&rollback, back, &found).await?;
        Ok(match replaced.as_slice() {
            // The entry names the deployment, so a later event about a replaced deployment still has an effect.
            [] => UndoAction::Write(EntryKind::ServiceRolledBack { service: back.service.clone(), deployment }),
            [external] => UndoAction::Yield { found: Box::new(found), external: external.clone() },
            several => {
                let names: Vec<String> = several.iter().map(RevisionArn::short).collect();
                let why = format!(
                    "other principals deployed {} to service {} during the rollback; check which revision it should run",
                    names.join(", "),
                    back.service.short()
                );
                now.keep(why, Some(Reason::ServiceChanged))
            }
        })
    }

    /// Returns the revisions of other principals' deployments that Logweir's rollback has replaced. Returns one revision
    /// if ECS still lists the deployments of the service in their order. ECS may list only the newest deployment by now,
    /// so Logweir also reads the list of the recent deployments, unless ECS refuses it.
    async fn replaced(
        &self,
        rollback: &Rollback<'_>,
        back: &ServiceUndo<'_>,
        found: &Service,
    ) -> Answer<Vec<RevisionArn>> {
        let to = &rollback.intent.to;
        if let After::Overtook(external) = found.after(&rollback.intent.seen, back.to, to) {
            return Ok(vec![external]);
        }
        let mut deployed = self.deployed_since(back.service, rollback).await?;
        deployed.retain(|revision| revision != back.to && revision != to);
        deployed.sort();
        deployed.dedup();
        Ok(deployed)
    }

    /// Returns whether Logweir may update the service to the revision `external`, because ECS lists a deployment of this
    /// revision, or because the revision belongs to the family of the source.
    pub(super) async fn may_yield(
        &self,
        now: &UndoContext<'_>,
        found: &Service,
        external: &RevisionArn,
    ) -> Answer<bool> {
        if is_deployed(found, external, now.source) {
            return Ok(true);
        }
        let Some(rollback) = now.rollback else { return Ok(false) };
        Ok(self.deployed_since(&found.arn, &rollback).await?.contains(external))
    }

    /// Returns the revisions that were deployed to the service after the read on which the rollback is based. Returns no
    /// revision if ECS refuses to list the deployments.
    async fn deployed_since(&self, service: &ServiceArn, rollback: &Rollback<'_>) -> Answer<Vec<RevisionArn>> {
        match self.ports.services().deployed_since(service, rollback.known_until()).await {
            Err(error) if error.kind != ErrorKind::Retry => Ok(Vec::new()),
            answer => answer,
        }
    }
}
