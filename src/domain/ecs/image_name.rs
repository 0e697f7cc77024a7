//! The name of a container image: its registry, its path, its tag and its digest.

use super::arn::{is_account, is_partition_or_region};

/// The parts of the name of an image, `[REGISTRY/]PATH[:TAG][@DIGEST]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageName<'i> {
    /// The host of the registry. `None` for Docker Hub.
    pub registry: Option<&'i str>,
    /// The path of the repository in its registry, such as `datadog/agent`.
    pub path: &'i str,
    pub tag: Option<&'i str>,
    pub digest: Option<&'i str>,
}

impl<'i> ImageName<'i> {
    /// Reads the name of an image. Does not check that each part is valid.
    pub fn read(image: &'i str) -> Self {
        let (registry, rest) = in_registry(image);
        let (rest, digest) = rest.split_once('@').map_or((rest, None), |(rest, digest)| (rest, Some(digest)));
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (rest, None),
        };
        Self { registry, path, tag, digest }
    }

    /// Returns the tag that the name means. A name without a tag and a digest means the tag `latest`.
    pub fn effective_tag(&self) -> Option<&'i str> {
        self.tag.or_else(|| self.digest.is_none().then_some("latest"))
    }
}

/// Splits the name of an image into its registry and the rest. An image without a registry comes from Docker Hub. The
/// first part of the name is a registry if it contains a dot or a colon, or is `localhost` (source:
/// distribution/reference, normalize.go). A placeholder may also stand for a registry.
fn in_registry(image: &str) -> (Option<&str>, &str) {
    match image.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':', '{', '$']) || host == "localhost" => (Some(host), rest),
        _ => (None, image),
    }
}

/// Returns the registry of an image, which is `docker.io` for an image of Docker Hub.
pub fn registry(image: &str) -> &str {
    in_registry(image).0.unwrap_or("docker.io")
}

/// Returns the part of an image's name after its registry, with its tag and its digest.
pub fn path(image: &str) -> &str {
    in_registry(image).1
}

/// Whether the name of an image contains its digest, so that the name always resolves to the same image.
pub fn is_pinned(image: &str) -> bool {
    image.rsplit_once("@sha256:").is_some_and(|(_, digest)| {
        digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
    })
}

/// The account and Region of a private registry of Amazon ECR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcrRegistry<'h> {
    pub account: &'h str,
    pub region: &'h str,
}

/// The domains of the hosts that have addresses of version 4 of IP alone.
const OF_IPV4: &[&str] = &["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "c2s.ic.gov", "sc2s.sgov.gov"];

/// The domains of the hosts that have addresses of both versions of IP.
const DUAL_STACK: &[&str] = &["on.aws", "on.amazonwebservices.com.cn"];

/// The name of the service in the host of a private registry, with and without FIPS, and the domains of these hosts.
/// Source: Amazon ECR user guide, registry endpoints.
const ECR: [(&str, &[&str]); 4] =
    [(".dkr.ecr.", OF_IPV4), (".dkr.ecr-fips.", OF_IPV4), (".dkr-ecr.", DUAL_STACK), (".dkr-ecr-fips.", DUAL_STACK)];

impl<'h> EcrRegistry<'h> {
    /// Reads a host, such as `ACCOUNT.dkr.ecr.REGION.amazonaws.com`. Returns `None` for the host of another registry.
    /// The Region is one label, because a bucket of Amazon S3 may have a name with dots below `amazonaws.com`.
    pub fn of_host(host: &'h str) -> Option<Self> {
        ECR.iter().find_map(|(service, domains)| {
            let (account, rest) = host.split_once(service)?;
            let (region, domain) = rest.split_once('.')?;
            let is_one = is_account(account) && is_partition_or_region(region) && domains.contains(&domain);
            is_one.then_some(Self { account, region })
        })
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

impl EcrReference {
    /// Parses `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG][@DIGEST]`, and the same with another host of
    /// Amazon ECR. An image without both has the tag `latest`. Returns `None` if the image is not in a private registry
    /// of Amazon ECR.
    pub fn parse(image: &str) -> Option<Self> {
        let name = ImageName::read(image);
        let EcrRegistry { account, region } = EcrRegistry::of_host(name.registry?)?;
        let tag = name.effective_tag();
        let is_part = |text: &str| !text.is_empty() && !text.contains([':', '@']);
        if !is_part(name.path)
            || tag.is_some_and(|tag| !is_part(tag))
            || name.digest.is_some_and(|digest| !digest.starts_with("sha256:"))
        {
            return None;
        }
        let [account, region, path] = [account, region, name.path].map(String::from);
        let repository = RepositoryName { account, region, name: path };
        Some(Self { repository, tag: tag.map(String::from), digest: name.digest.map(String::from) })
    }

    /// Returns the tag or the digest with its separator, as in the name of an image.
    pub fn label(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => format!("{}@{digest}", self.repository.name),
            (None, tag) => format!("{}:{}", self.repository.name, tag.as_deref().unwrap_or("latest")),
        }
    }
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

    #[test]
    fn only_a_whole_digest_pins_an_image() {
        let digest = "a".repeat(64);
        assert!(is_pinned(&format!("{HOST}/web@sha256:{digest}")));
        assert!(is_pinned(&format!("nginx:1@sha256:{digest}")));
        for image in ["nginx", "nginx:1", "nginx@sha256:abc", &format!("nginx@sha256:{}", "A".repeat(64))] {
            assert!(!is_pinned(image), "{image}");
        }
    }

    #[test]
    fn the_registry_of_an_image_is_that_of_docker() {
        for (image, host, rest, repository) in [
            ("nginx", "docker.io", "nginx", "nginx"),
            ("library/nginx:1", "docker.io", "library/nginx:1", "library/nginx"),
            ("ghcr.io/a/b", "ghcr.io", "a/b", "a/b"),
            ("localhost/a", "localhost", "a", "a"),
            ("registry:5000/a:1@sha256:b", "registry:5000", "a:1@sha256:b", "a"),
        ] {
            assert_eq!(
                (registry(image), path(image), ImageName::read(image).path),
                (host, rest, repository),
                "{image}"
            );
        }
    }

    #[test]
    fn only_hosts_of_amazon_are_private_registries_of_amazon_ecr() {
        for (host, region) in [
            (HOST, "eu-west-1"),
            ("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("111122223333.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            ("111122223333.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
            ("111122223333.dkr-ecr-fips.us-east-1.on.aws", "us-east-1"),
            ("111122223333.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1"),
        ] {
            assert_eq!(EcrRegistry::of_host(host), Some(EcrRegistry { account: "111122223333", region }), "{host}");
        }
        for host in [
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
            "111122223333.dkr.ecr.bucket.s3.amazonaws.com",
            "111122223333.dkr.ecr.eu-west-1.on.aws",
            "evil.dkr.ecr.eu-west-1.amazonaws.com",
            "public.ecr.aws",
        ] {
            assert_eq!(EcrRegistry::of_host(host), None, "{host}");
        }
    }
}
