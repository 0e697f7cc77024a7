//! The facts of images: repositories of Amazon ECR, their scanning, and the scans of the images in use.

use std::collections::BTreeMap;

use super::fact::Fact;
use crate::domain::ecs::arn::{is_account, is_partition_or_region};
use crate::domain::fleet::facts::Unread;

/// The facts about the images of the task definitions in scope.
#[derive(Clone, Debug, Default)]
pub struct ImageFacts {
    /// The repositories. `None` for a repository that does not exist. A repository of another account is not in the
    /// map.
    pub repositories: BTreeMap<RepositoryName, Fact<Option<Repository>>>,
    /// The scanning of the account's registry, by Region.
    pub scanning: BTreeMap<String, Fact<RegistryScanning>>,
    /// The scans of images. `None` for an image that does not exist.
    pub scans: BTreeMap<EcrReference, Fact<Option<Scan>>>,
}

impl ImageFacts {
    /// Returns the reads that failed.
    pub(super) fn unread(&self) -> Vec<&Unread> {
        let repositories = self.repositories.values().map(Fact::unread);
        let scanning = self.scanning.values().map(Fact::unread);
        repositories.chain(scanning).chain(self.scans.values().map(Fact::unread)).flatten().collect()
    }
}

/// The name of a private repository of Amazon ECR.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepositoryName {
    pub account: String,
    pub region: String,
    pub name: String,
}

/// An image in a private repository of Amazon ECR, by its tag or its digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EcrReference {
    pub repository: RepositoryName,
    pub tag: Option<String>,
    /// The digest, such as `sha256:…`. The digest decides if the image also has a tag.
    pub digest: Option<String>,
}

/// The names of the service in the host of a private registry, with FIPS and with both versions of IP (source: Amazon
/// ECR user guide, registry endpoints).
const SERVICES: [&str; 4] = [".dkr.ecr.", ".dkr.ecr-fips.", ".dkr-ecr.", ".dkr-ecr-fips."];

/// The domains of these hosts.
const DOMAINS: [&str; 5] =
    ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "on.aws", "on.amazonwebservices.com.cn"];

impl EcrReference {
    /// Parses `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG][@DIGEST]`, and the same with another host of
    /// Amazon ECR. An image without both has the tag `latest`. Returns `None` if the image is not in a private registry
    /// of Amazon ECR.
    pub fn parse(image: &str) -> Option<Self> {
        let (host, path) = image.split_once('/')?;
        let (account, rest) = SERVICES.iter().find_map(|service| host.split_once(service))?;
        let (region, domain) = rest.split_once('.')?;
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest.to_owned())),
            None => (path, None),
        };
        let (name, tag) = match path.split_once(':') {
            Some((name, tag)) => (name, Some(tag.to_owned())),
            None => (path, digest.is_none().then(|| "latest".to_owned())),
        };
        let is_name = |text: &str| !text.is_empty() && !text.contains([':', '@']);
        if !DOMAINS.contains(&domain)
            || !is_account(account)
            || !is_partition_or_region(region)
            || !is_name(name)
            || tag.as_deref().is_some_and(|tag| !is_name(tag) || tag.contains('/'))
            || digest.as_deref().is_some_and(|digest| !digest.starts_with("sha256:"))
        {
            return None;
        }
        let [account, region, name] = [account, region, name].map(String::from);
        Some(Self { repository: RepositoryName { account, region, name }, tag, digest })
    }

    /// Returns the tag or the digest with its separator, as in the name of an image.
    pub fn label(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => format!("{}@{digest}", self.repository.name),
            (None, tag) => format!("{}:{}", self.repository.name, tag.as_deref().unwrap_or("latest")),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub arn: String,
    /// `MUTABLE`, `IMMUTABLE`, `IMMUTABLE_WITH_EXCLUSION` or `MUTABLE_WITH_EXCLUSION`.
    pub mutability: String,
    /// The filters of tags that are excluded from the mutability.
    pub exclusions: Vec<String>,
    /// `AES256`, `KMS` or `KMS_DSSE`.
    pub encryption: String,
    /// Whether the repository itself asks for a scan of each pushed image.
    pub scans_on_push: bool,
}

/// How the registry of an account and Region scans its repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryScanning {
    /// `BASIC` or `ENHANCED`.
    pub kind: String,
    pub rules: Vec<ScanningRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanningRule {
    /// `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` or `MANUAL`.
    pub frequency: String,
    /// The filters of repository names, with `*` for any characters.
    pub filters: Vec<String>,
}

/// The last scan of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The status, such as `COMPLETE` or `ACTIVE`. `None` for an image without a scan.
    pub status: Option<String>,
    /// The number of findings by severity, such as `CRITICAL`.
    pub findings: BTreeMap<String, u64>,
    /// Whether the image is an index of one image for each platform. Amazon ECR scans the images of an index, and not
    /// the index.
    pub is_index: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";

    #[test]
    fn an_image_of_ecr_has_a_tag_or_a_digest() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (image, tag, by) in [
            ("team/web".to_owned(), Some("latest"), None),
            ("team/web:1".to_owned(), Some("1"), None),
            (format!("team/web@{digest}"), None, Some(digest.as_str())),
            (format!("team/web:1@{digest}"), Some("1"), Some(digest.as_str())),
        ] {
            let found = EcrReference::parse(&format!("{HOST}/{image}")).unwrap();
            assert_eq!((found.tag.as_deref(), found.digest.as_deref()), (tag, by), "{image}");
            assert_eq!(found.repository.name, "team/web");
        }
        let fips = EcrReference::parse("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/web").unwrap();
        assert_eq!(fips.repository.region, "us-gov-west-1");
        for host in ["dkr.ecr.cn-north-1.amazonaws.com.cn", "dkr-ecr.eu-west-1.on.aws", "dkr-ecr-fips.us-east-1.on.aws"]
        {
            assert!(EcrReference::parse(&format!("111122223333.{host}/web:1")).is_some(), "{host}");
        }
    }

    #[test]
    fn an_image_of_another_registry_is_none_of_ecr() {
        for image in [
            "nginx",
            "public.ecr.aws/nginx/nginx:1",
            "1.dkr.ecr.eu-west-1.amazonaws.com/web",
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example/web",
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web@md5:1",
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/:1",
        ] {
            assert_eq!(EcrReference::parse(image), None, "{image}");
        }
    }
}
