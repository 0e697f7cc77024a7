//! A volume of Amazon EFS without encryption in transit.

use serde_json::Value;

use super::Checked;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "plaintext-efs";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    let about = |member: &str, verdict, message: &str| vec![subject.about(NAME, member, verdict, message)];
    let Some(volumes) = subject.member("volumes").items() else {
        return about("/volumes", Verdict::Undecidable, "the volumes are known only after the deployment");
    };
    let mut seen = about("/volumes", Verdict::NotApplicable, "the task mounts no volume of Amazon EFS");
    for (index, volume) in volumes.iter().enumerate() {
        let member = format!("/volumes/{index}/efsVolumeConfiguration/transitEncryption");
        let found = match of(volume) {
            None => continue,
            Some(Member::Known(value)) if value == "ENABLED" => (Verdict::Pass, "the volumes encrypt their traffic"),
            Some(Member::Unknown) => (Verdict::Undecidable, "the setting is known only after the deployment"),
            Some(Member::Absent | Member::Known(_)) => (
                Verdict::Fail,
                "the traffic to the volume of Amazon EFS is not encrypted; set transitEncryption to ENABLED",
            ),
        };
        if found.0 > seen[0].verdict {
            seen = about(&member, found.0, found.1);
        }
    }
    seen
}

/// Returns the setting of a volume. Returns `None` if the volume is not one of Amazon EFS.
fn of(volume: &Value) -> Option<Member<'_>> {
    match Member::of(Some(volume)).member("efsVolumeConfiguration") {
        Member::Absent => None,
        efs => Some(efs.member("transitEncryption")),
    }
}
