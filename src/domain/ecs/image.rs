//! Container images: their names, the registry of a tag, and whether the tag still means the running image.

use std::collections::BTreeMap;

use super::task_definition::TaskDefinition;
use crate::domain::text::plain::plain;

/// The longest name of a container in a sentence.
const LONGEST: usize = 100;

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

/// A container's image as it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningImage {
    pub container: String,
    pub image: String,
    /// `sha256:…`, where ECS says it.
    pub digest: Option<String>,
}

/// A container with an unpinned image: a new deployment may start an image that differs from the running one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MutableImage {
    pub container: String,
    pub image: String,
}

impl MutableImage {
    /// Returns the containers with unpinned images, in the order of the definition.
    pub fn all_of(definition: &TaskDefinition) -> Vec<Self> {
        let images = definition.containers().map(|container| {
            let text = |name| container.member(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
            Self { container: text("name"), image: text("image") }
        });
        images.filter(|container| !is_pinned(&container.image)).collect()
    }
}

/// Whether a new deployment would start the running images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageVerdict {
    /// Every tag still means the running image.
    Same,
    /// A container would start a different image, or may: which container, and why. An unknown image counts as
    /// different.
    Differs(String),
    /// The verdict needs the registry's answer about this image's tag.
    Ask(EcrImage),
}

/// Compares the images that a deployment would start with the running images. `meanings` holds the registry's answers
/// so far: the digest of a tag, or `None` if the registry has no such image.
///
/// The caller reads one image after the other from the registry, until `compare` returns a verdict.
pub fn compare(
    images: &[MutableImage],
    running: &[RunningImage],
    meanings: &BTreeMap<EcrImage, Option<String>>,
) -> ImageVerdict {
    for MutableImage { container, image } in images {
        let name = plain(container, LONGEST);
        let runs = running.iter().find(|other| other.container == *container && other.image == *image);
        let Some(runs) = runs.and_then(|runs| runs.digest.as_ref()) else {
            return ImageVerdict::Differs(format!("ECS does not say which image container {name} runs"));
        };
        let Some(ecr) = EcrImage::parse(image) else {
            let why = format!("the image of container {name} has a tag, and only Amazon ECR is asked for those");
            return ImageVerdict::Differs(why);
        };
        match meanings.get(&ecr) {
            None => return ImageVerdict::Ask(ecr),
            Some(Some(means)) if means == runs => {}
            Some(Some(_)) => {
                return ImageVerdict::Differs(format!(
                    "the tag of container {name}'s image means another image by now"
                ));
            }
            Some(None) => {
                return ImageVerdict::Differs(format!("the image of container {name} is not in its registry any more"));
            }
        }
    }
    ImageVerdict::Same
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

    fn image(container: &str, image: &str) -> MutableImage {
        MutableImage { container: container.into(), image: image.into() }
    }

    fn runs(container: &str, image: &str, digest: Option<&str>) -> RunningImage {
        RunningImage { container: container.into(), image: image.into(), digest: digest.map(String::from) }
    }

    /// Compares, and reads from `registry` until there is a verdict. Also returns the images that it read.
    fn judged(
        images: &[MutableImage],
        running: &[RunningImage],
        registry: impl Fn(&EcrImage) -> Option<&'static str>,
    ) -> (ImageVerdict, Vec<EcrImage>) {
        let (mut meanings, mut asked) = (BTreeMap::new(), Vec::new());
        loop {
            match compare(images, running, &meanings) {
                ImageVerdict::Ask(image) => {
                    asked.push(image.clone());
                    let means = registry(&image).map(String::from);
                    meanings.insert(image, means);
                }
                verdict => return (verdict, asked),
            }
        }
    }

    #[test]
    fn only_containers_whose_image_is_not_pinned_are_compared() {
        let definition = TaskDefinition::parse(format!(
            r#"{{"containerDefinitions":[{{"name":"a","image":"nginx@sha256:{}"}},{{"name":"b","image":"nginx:1"}},{{"name":"c"}}]}}"#,
            "a".repeat(64)
        ))
        .unwrap();
        assert_eq!(MutableImage::all_of(&definition), [image("b", "nginx:1"), image("c", "")]);
        assert_eq!(compare(&[], &[], &BTreeMap::new()), ImageVerdict::Same);
    }

    #[test]
    fn a_tag_that_means_what_runs_is_the_same_and_is_asked_for_once() {
        let web = format!("{REGISTRY}/web:1");
        let images = [image("app", &web), image("side", &web)];
        let running = [runs("side", &web, Some("sha256:a")), runs("app", &web, Some("sha256:a"))];
        let (verdict, asked) = judged(&images, &running, |_| Some("sha256:a"));
        assert_eq!((verdict, asked), (ImageVerdict::Same, vec![EcrImage::parse(&web).unwrap()]));
    }

    #[test]
    fn what_differs_or_cannot_be_known_is_said_of_the_first_container_and_no_more_is_asked() {
        let [web, job] = ["web:1", "job:1"].map(|name| format!("{REGISTRY}/{name}"));
        let images = [image("app", &web), image("side", &job)];
        let running = [runs("app", &web, Some("sha256:a")), runs("side", &job, Some("sha256:a"))];
        let (verdict, asked) = judged(&images, &running, |_| Some("sha256:b"));
        let moved = "the tag of container app's image means another image by now";
        assert_eq!((verdict, asked.len()), (ImageVerdict::Differs(moved.into()), 1));
        let (verdict, _) = judged(&images, &running, |image| (image.repository == "web").then_some("sha256:a"));
        let gone = "the image of container side is not in its registry any more";
        assert_eq!(verdict, ImageVerdict::Differs(gone.into()));
        for running in [vec![], vec![runs("app", "other", Some("sha256:a"))], vec![runs("app", &web, None)]] {
            let (verdict, asked) = judged(&images, &running, |_| None);
            let unknown = "ECS does not say which image container app runs";
            assert_eq!((verdict, asked), (ImageVerdict::Differs(unknown.into()), vec![]));
        }
        let hub = [image("app", "nginx:1")];
        let (verdict, _) = judged(&hub, &[runs("app", "nginx:1", Some("sha256:a"))], |_| None);
        let elsewhere = "the image of container app has a tag, and only Amazon ECR is asked for those";
        assert_eq!(verdict, ImageVerdict::Differs(elsewhere.into()));
    }
}
