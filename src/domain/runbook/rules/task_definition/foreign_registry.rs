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
        // A person may have written a user and a password before the host.
        let host = registry(image).rsplit('@').next().unwrap_or_default();
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

/// Whether the host is a private registry of Amazon ECR: with FIPS, with both versions of IP, and in each partition
/// (source: Amazon ECR user guide, registry endpoints). The Region is one label, because a bucket of Amazon S3 may have
/// a name with dots below `amazonaws.com`.
fn is_private_ecr(host: &str) -> bool {
    const OF_IPV4: [&str; 5] = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "c2s.ic.gov", "sc2s.sgov.gov"];
    const DUAL_STACK: [&str; 2] = ["on.aws", "on.amazonwebservices.com.cn"];
    let services: [(&str, &[&str]); 4] = [
        (".dkr.ecr.", &OF_IPV4),
        (".dkr.ecr-fips.", &OF_IPV4),
        (".dkr-ecr.", &DUAL_STACK),
        (".dkr-ecr-fips.", &DUAL_STACK),
    ];
    services.iter().any(|(service, domains)| {
        let Some((account, rest)) = host.split_once(service) else { return false };
        let Some((region, domain)) = rest.split_once('.') else { return false };
        is_account(account) && !region.is_empty() && domains.contains(&domain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_amazon_are_private_registries_of_amazon_ecr() {
        assert!(is_private_ecr("111122223333.dkr.ecr.eu-west-1.amazonaws.com"));
        assert!(is_private_ecr("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com"));
        assert!(is_private_ecr("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn"));
        assert!(is_private_ecr("111122223333.dkr-ecr.eu-west-1.on.aws"));
        assert!(!is_private_ecr("111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example"));
        assert!(!is_private_ecr("111122223333.dkr.ecr.bucket.s3.amazonaws.com"));
        assert!(!is_private_ecr("evil.dkr.ecr.eu-west-1.amazonaws.com"));
    }
}
