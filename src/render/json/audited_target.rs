//! An audited revision as a target of a check.

use super::audit::arn;
use super::finding::FindingLine;
use super::fingerprint::Subject;
use super::target::{LiveLine, ResourceLine, Scope, TargetOutput, artifact};
use super::usage::UsageLine;
use crate::domain::audit::{Audit, AuditedRevision};

impl TargetOutput {
    /// Returns an audited revision as a target. `owner_tags` are the keys of the tags that name an owner.
    pub fn of_audit(audit: &Audit, revision: &AuditedRevision, owner_tags: &[String]) -> Self {
        let arn = arn(audit, revision);
        let home = audit.home.clone();
        let live = LiveLine { arn: arn.clone(), partition: home.partition, account: home.account, region: home.region };
        let family = Some(&*revision.family);
        let artifact = artifact(None, Some(&live), family);
        let subject = Subject { artifact: artifact.as_deref(), resource: None, family };
        Self {
            resource: Some(ResourceLine {
                kind: "AWS::ECS::TaskDefinition".to_owned(),
                id: live.arn.clone(),
                construct: None,
            }),
            family: family.map(String::from),
            revision: Some(revision.revision).filter(|number| *number > 0),
            compliant: revision.compliant(),
            findings: revision.findings.iter().map(|finding| FindingLine::of_audit(finding, &subject)).collect(),
            not_checked: revision.not_checked.clone(),
            live: Some(live),
            error: revision.unread.as_deref().map(String::from),
            usage: Some(UsageLine::of(revision, owner_tags)),
            ..Self::unread(arn, Scope::Live, None, String::new(), None)
        }
    }
}
