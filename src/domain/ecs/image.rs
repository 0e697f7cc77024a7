//! The name of a container's image, and where its tag can be looked up.

/// An image in Amazon ECR, named by a tag that may mean another image tomorrow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EcrImage {
    /// The registry's account.
    pub account: String,
    pub region: String,
    pub repository: String,
    pub tag: String,
}

/// Whether the name holds the image's digest, and so means the same for ever.
pub fn is_pinned(image: &str) -> bool {
    image.rsplit_once("@sha256:").is_some_and(|(_, digest)| {
        digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
    })
}

impl EcrImage {
    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG]`; none: the image is elsewhere, or pinned by its digest.
    pub fn parse(image: &str) -> Option<Self> {
        if image.contains('@') {
            return None;
        }
        let (host, path) = image.split_once('/')?;
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        let region = rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn"))?;
        let (repository, tag) = path.split_once(':').unwrap_or((path, "latest"));
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !is_account || !plain(region) || repository.is_empty() || tag.is_empty() || tag.contains(['/', ':']) {
            return None;
        }
        let [account, region, repository, tag] = [account, region, repository, tag].map(String::from);
        Some(Self { account, region, repository, tag })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";

    #[test]
    fn an_image_of_ecr_is_taken_apart_and_no_tag_means_latest() {
        let image = EcrImage::parse(&format!("{REGISTRY}/team/web:1.2")).unwrap();
        assert_eq!((image.account.as_str(), image.region.as_str()), ("111122223333", "eu-west-1"));
        assert_eq!((image.repository.as_str(), image.tag.as_str()), ("team/web", "1.2"));
        assert_eq!(EcrImage::parse(&format!("{REGISTRY}/web")).unwrap().tag, "latest");
        assert_eq!(
            EcrImage::parse("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/web").unwrap().region,
            "cn-north-1"
        );
    }

    #[test]
    fn what_is_elsewhere_or_oddly_written_is_none_of_ecrs() {
        for image in [
            "nginx",
            "public.ecr.aws/nginx/nginx:1",
            "ghcr.io/a/b:c",
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example/web:1",
            "1.dkr.ecr.eu-west-1.amazonaws.com/web:1",
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/:1",
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:a:b",
        ] {
            assert_eq!(EcrImage::parse(image), None, "{image}");
        }
    }

    #[test]
    fn only_a_whole_digest_pins_an_image() {
        let digest = "a".repeat(64);
        assert!(is_pinned(&format!("{REGISTRY}/web@sha256:{digest}")));
        assert!(is_pinned(&format!("nginx:1@sha256:{digest}")));
        for image in ["nginx", "nginx:1", "nginx@sha256:abc", &format!("nginx@sha256:{}", "A".repeat(64))] {
            assert!(!is_pinned(image), "{image}");
        }
    }
}
