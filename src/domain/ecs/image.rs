//! The images of containers: whether a tag still resolves to the running image.

use std::collections::BTreeMap;

use super::image_name::{EcrReference, RepositoryName, is_pinned};
use super::task_definition::TaskDefinition;
use crate::domain::text::plain::plain;

/// The maximum length of a container's name in a message, in characters.
const LONGEST: usize = 100;

/// The name of an image in Amazon ECR, with a tag. The tag may resolve to another image later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EcrImage {
    /// The registry's account.
    pub account: String,
    pub region: String,
    pub repository: String,
    pub tag: String,
}

impl EcrImage {
    /// Parses `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG]`. Returns `None` if the image is not in Amazon
    /// ECR, or is pinned by its digest.
    pub fn parse(image: &str) -> Option<Self> {
        let EcrReference { repository, tag, digest: None } = EcrReference::parse(image)? else { return None };
        let RepositoryName { account, region, name } = repository;
        Some(Self { account, region, repository: name, tag: tag? })
    }
}

/// The image that a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningImage {
    pub container: String,
    pub image: String,
    /// The digest of the image, `sha256:…`, if ECS reports the digest.
    pub digest: Option<String>,
}

/// A container whose image is not pinned by a digest, so that a new deployment may start another image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MutableImage {
    pub container: String,
    pub image: String,
}

impl MutableImage {
    /// Returns the containers whose image is not pinned by a digest, in the order of the definition.
    pub fn all_of(definition: &TaskDefinition) -> Vec<Self> {
        let images = definition.containers().map(|container| {
            let text = |name| container.member(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
            Self { container: text("name"), image: text("image") }
        });
        images.filter(|container| !is_pinned(&container.image)).collect()
    }
}

/// Whether a new deployment would start the same images that the service runs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageVerdict {
    /// Every image tag still resolves to the image that the container runs.
    Same,
    /// A container could start an image that differs from its running image. The text names the container and the
    /// reason. An unknown image counts as different.
    Differs(String),
    /// The verdict depends on the digest of this image, which the caller must read from the registry.
    Ask(EcrImage),
}

/// Compares the images that a deployment would start with the running images. `meanings` holds the digest of each image
/// that the caller has looked up in a registry, or `None` for an image that is not in the registry.
///
/// If `compare` returns `Ask`, the caller reads the digest of the image, adds it to `meanings`, and calls `compare`
/// again.
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
            let why = format!("the image of container {name} is not in Amazon ECR, so Logweir cannot resolve its tag");
            return ImageVerdict::Differs(why);
        };
        match meanings.get(&ecr) {
            None => return ImageVerdict::Ask(ecr),
            Some(Some(means)) if means == runs => {}
            Some(Some(_)) => {
                return ImageVerdict::Differs(format!(
                    "the tag of container {name}'s image now resolves to another image"
                ));
            }
            Some(None) => {
                return ImageVerdict::Differs(format!("the image of container {name} is no longer in its registry"));
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

    fn image(container: &str, image: &str) -> MutableImage {
        MutableImage { container: container.into(), image: image.into() }
    }

    fn runs(container: &str, image: &str, digest: Option<&str>) -> RunningImage {
        RunningImage { container: container.into(), image: image.into(), digest: digest.map(String::from) }
    }

    /// Reads images from `registry` until `compare` returns a verdict. Also returns the images that were read.
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
        let moved = "the tag of container app's image now resolves to another image";
        assert_eq!((verdict, asked.len()), (ImageVerdict::Differs(moved.into()), 1));
        let (verdict, _) = judged(&images, &running, |image| (image.repository == "web").then_some("sha256:a"));
        let gone = "the image of container side is no longer in its registry";
        assert_eq!(verdict, ImageVerdict::Differs(gone.into()));
        for running in [vec![], vec![runs("app", "other", Some("sha256:a"))], vec![runs("app", &web, None)]] {
            let (verdict, asked) = judged(&images, &running, |_| None);
            let unknown = "ECS does not say which image container app runs";
            assert_eq!((verdict, asked), (ImageVerdict::Differs(unknown.into()), vec![]));
        }
        let hub = [image("app", "nginx:1")];
        let (verdict, _) = judged(&hub, &[runs("app", "nginx:1", Some("sha256:a"))], |_| None);
        let elsewhere = "the image of container app is not in Amazon ECR, so Logweir cannot resolve its tag";
        assert_eq!(verdict, ImageVerdict::Differs(elsewhere.into()));
    }
}
