//! A part of a task definition that belongs to a service that AWS has closed.

use super::Checked;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "retired-service";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    let about = |member: &str, verdict, message: &str| vec![subject.about(NAME, member, verdict, message)];
    match subject.member("proxyConfiguration") {
        // `APPMESH` is the only and the default type (source: ECS API reference, ProxyConfiguration).
        Member::Known(_) => {
            let message = "the task uses App Mesh, which AWS closed on 2026-09-30; use ECS Service Connect";
            return about("/proxyConfiguration", Verdict::Fail, message);
        }
        Member::Unknown => {
            return about("/proxyConfiguration", Verdict::Undecidable, "the proxy is known only after the deployment");
        }
        Member::Absent => {}
    }
    match subject.member("inferenceAccelerators").items() {
        Some([]) => about("", Verdict::Pass, "the task uses no retired service"),
        Some(_) => {
            let message = "the task uses Amazon Elastic Inference, which AWS has closed; use an instance type with an \
                           accelerator";
            about("/inferenceAccelerators", Verdict::Fail, message)
        }
        None => about(
            "/inferenceAccelerators",
            Verdict::Undecidable,
            "the accelerators are known only after the deployment",
        ),
    }
}
