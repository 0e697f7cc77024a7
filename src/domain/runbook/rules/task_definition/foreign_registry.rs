//! An image from another registry than Amazon ECR.

use super::{Checked, each_container};
use crate::domain::ecs::arn::is_account;
use crate::domain::ecs::image::{path, registry};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "foreign-registry";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/image", |container| {
        let image = match Member::of(container.member("image")) {
            Member::Absent => return (Verdict::Fail, "the container has no image".to_owned()),
            Member::Unknown => return unknown(),
            Member::Known(image) => image.as_str().unwrap_or_default(),
        };
        let host = registry(image);
        if host.contains(['$', '{', '<', '%']) {
            return unknown();
        }
        if subject.baseline.runbook().accepts_registry(&format!("{host}/{}", path(image))) {
            return (Verdict::Pass, format!("the baseline lists the registry {host}"));
        }
        match host {
            host if is_private_ecr(host) => (Verdict::Pass, format!("the image comes from Amazon ECR ({host})")),
            "public.ecr.aws" => (
                Verdict::Advice,
                "the image comes from the public gallery of Amazon ECR, which every account can write to; copy the image \
                 to a private repository, or list the registry under runbook.registries"
                    .to_owned(),
            ),
            host => (
                Verdict::Fail,
                format!(
                    "the image comes from {host}; copy it to a private repository of Amazon ECR, or list the registry \
                     under runbook.registries in the baseline"
                ),
            ),
        }
    })
}

fn unknown() -> (Verdict, String) {
    (Verdict::Undecidable, "the registry of the image is known only after the deployment".to_owned())
}

/// Whether the host is a private registry of Amazon ECR, also with FIPS and in China
/// (source: Amazon ECR user guide, registry endpoints).
fn is_private_ecr(host: &str) -> bool {
    let Some((account, rest)) = host.split_once(".dkr.ecr.").or_else(|| host.split_once(".dkr.ecr-fips.")) else {
        return false;
    };
    is_account(account) && (rest.ends_with(".amazonaws.com") || rest.ends_with(".amazonaws.com.cn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_amazon_are_private_registries_of_amazon_ecr() {
        assert!(is_private_ecr("111122223333.dkr.ecr.eu-west-1.amazonaws.com"));
        assert!(is_private_ecr("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com"));
        assert!(is_private_ecr("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn"));
        assert!(!is_private_ecr("111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example"));
        assert!(!is_private_ecr("evil.dkr.ecr.eu-west-1.amazonaws.com"));
    }
}
