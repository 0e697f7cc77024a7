//! The image of a FireLens router: its vendor, its version as far as the tag shows it, and what the image contains.

use jiff::civil::Date;

use crate::domain::ecs::image_name::ImageName;

/// The last day on which AWS maintained version 2 of AWS for Fluent Bit (source: aws/aws-for-fluent-bit, README).
pub const END_OF_VERSION_2: Date = jiff::civil::date(2026, 6, 30);

/// The image of a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterImage {
    pub vendor: Vendor,
    /// The tag, or `latest` for an image without a tag and a digest. `None` for an image with a digest alone.
    pub tag: Option<String>,
    /// Whether the name contains the digest of the image.
    pub is_pinned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// AWS for Fluent Bit, or a copy of it in another registry.
    Aws,
    /// The image of the Fluent Bit project, which has no shell unless the tag ends in `-debug`.
    FluentBit,
    Other,
}

/// Whether the vendor still maintains the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    Supported,
    Ended,
    /// The tag does not show the version.
    Uncertain,
}

impl RouterImage {
    /// Reads the name of an image, such as `public.ecr.aws/aws-observability/aws-for-fluent-bit:3`, or CloudFormation's
    /// reference to a parameter in which AWS publishes the name, such as
    /// `{{resolve:ssm:/aws/service/aws-for-fluent-bit/3.4.16}}`.
    pub fn read(image: &str) -> Self {
        if let Some(tag) = published(image) {
            return Self { vendor: Vendor::Aws, tag: Some(tag.to_owned()), is_pinned: false };
        }
        let name = ImageName::read(image);
        let tag = name.effective_tag().map(String::from);
        Self { vendor: Vendor::of(name.path), tag, is_pinned: name.digest.is_some() }
    }

    /// Returns the numbers of the version, such as `[3, 4, 16]`. Returns `None` if the tag shows no version, such as
    /// `stable`.
    pub fn version(&self) -> Option<Vec<u32>> {
        let numbers = self.plain_tag()?.split(['-', '_']).next()?;
        numbers.trim_start_matches('v').split('.').map(|number| number.parse().ok()).collect()
    }

    /// Whether the vendor still maintains the image on the day. Logweir knows only the dates of AWS.
    pub fn support(&self, day: Date) -> Support {
        let version = self.version();
        match (self.vendor, version.as_deref()) {
            (Vendor::Aws, Some([0..=2, ..])) if day > END_OF_VERSION_2 => Support::Ended,
            (Vendor::Aws, None) => Support::Uncertain,
            _ => Support::Supported,
        }
    }

    /// Whether the same name may resolve to another image later. A tag with a complete version does not count. The tag of
    /// an unknown image counts only if it is the name of a channel, because teams also use revisions as tags.
    pub fn is_moving(&self) -> bool {
        const CHANNELS: [&str; 7] = ["latest", "stable", "main", "master", "edge", "nightly", "dev"];
        match self.vendor {
            _ if self.is_pinned => false,
            Vendor::Aws | Vendor::FluentBit => self.version().is_none_or(|numbers| numbers.len() < 3),
            Vendor::Other => self.tag.as_deref().is_some_and(|tag| CHANNELS.contains(&tag)),
        }
    }

    /// Whether the image is the init image of AWS, which sets variables such as `ECS_TASK_ID` and can read
    /// configuration from S3.
    pub fn is_init(&self) -> bool {
        self.vendor == Vendor::Aws && self.tag.as_deref().is_some_and(|tag| tag.split('-').any(|part| part == "init"))
    }

    /// Whether the image has a shell. `None` if Logweir does not know the image.
    pub fn has_shell(&self) -> Option<bool> {
        match self.vendor {
            Vendor::Aws => Some(true),
            Vendor::FluentBit => self.tag.as_deref().map(|tag| tag.split('-').any(|part| part == "debug")),
            Vendor::Other => None,
        }
    }

    /// Whether the image contains the plugins `cloudwatch`, `firehose` and `kinesis`, which are written in Go. `None`
    /// if Logweir does not know the image.
    pub fn has_go_plugins(&self) -> Option<bool> {
        match self.vendor {
            Vendor::Aws => Some(true),
            Vendor::FluentBit => Some(false),
            Vendor::Other => None,
        }
    }

    /// Returns the tag without the words for the variant and the processor, such as `2.34.2` for `init-debug-2.34.2`.
    fn plain_tag(&self) -> Option<&str> {
        const VARIANTS: [&str; 6] = ["init-", "debug-", "arm64-", "amd64-", "windowsservercore-", "ltsc2022-"];
        let mut tag = self.tag.as_deref()?;
        while let Some(rest) = VARIANTS.iter().find_map(|variant| tag.strip_prefix(variant)) {
            tag = rest;
        }
        Some(tag)
    }
}

/// Returns the tag in a reference to a parameter of AWS. A version of the parameter may follow the tag.
fn published(image: &str) -> Option<&str> {
    let parameter = image.strip_prefix("{{resolve:ssm:")?.strip_suffix("}}")?;
    let tag = parameter.strip_prefix("/aws/service/aws-for-fluent-bit/")?;
    Some(tag.split_once(':').map_or(tag, |(tag, _)| tag))
}

impl Vendor {
    fn of(path: &str) -> Self {
        let mut parts = path.rsplit('/');
        match (parts.next(), parts.next()) {
            (Some("aws-for-fluent-bit"), _) => Self::Aws,
            (Some("fluent-bit"), Some("fluent")) => Self::FluentBit,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWS: &str = "public.ecr.aws/aws-observability/aws-for-fluent-bit";

    #[test]
    fn the_vendor_is_in_the_path_in_every_registry() {
        for (image, vendor) in [
            (AWS, Vendor::Aws),
            ("amazon/aws-for-fluent-bit:2.31.12", Vendor::Aws),
            ("906394416424.dkr.ecr.eu-west-1.amazonaws.com/aws-for-fluent-bit:stable", Vendor::Aws),
            ("localhost:5000/aws-for-fluent-bit", Vendor::Aws),
            ("fluent/fluent-bit:3.2", Vendor::FluentBit),
            ("cr.fluentbit.io/fluent/fluent-bit", Vendor::FluentBit),
            ("bitnami/fluent-bit:3", Vendor::Other),
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/my-aws-for-fluent-bit:1", Vendor::Other),
            ("", Vendor::Other),
        ] {
            assert_eq!(RouterImage::read(image).vendor, vendor, "{image}");
        }
    }

    #[test]
    fn a_tag_shows_its_version_with_every_variant_of_the_image() {
        for (tag, version) in [
            ("3", vec![3]),
            ("2.34.2", vec![2, 34, 2]),
            ("init-debug-2.34.2", vec![2, 34, 2]),
            ("arm64-2.32.0", vec![2, 32, 0]),
            ("2.32.5.20250305", vec![2, 32, 5, 20_250_305]),
            ("3.2.1-debug", vec![3, 2, 1]),
        ] {
            assert_eq!(RouterImage::read(&format!("{AWS}:{tag}")).version(), Some(version), "{tag}");
        }
        for tag in ["stable", "latest", "init-latest", "arm64", "2.x", "v", "${TAG}", "99999999999"] {
            assert_eq!(RouterImage::read(&format!("{AWS}:{tag}")).version(), None, "{tag}");
        }
        assert_eq!(RouterImage::read("localhost:5000/fluent/fluent-bit").tag.as_deref(), Some("latest"));
        assert_eq!(RouterImage::read(&format!("{AWS}@sha256:0")).version(), None);
    }

    #[test]
    fn a_published_parameter_shows_its_version() {
        let image = RouterImage::read("{{resolve:ssm:/aws/service/aws-for-fluent-bit/init-2.34.0:1}}");
        assert_eq!((image.vendor, image.version(), image.is_init()), (Vendor::Aws, Some(vec![2, 34, 0]), true));
        for other in ["{{resolve:ssm:/my/image}}", "{{resolve:ssm:/aws/service/aws-for-fluent-bit/3", "{{x}}"] {
            assert_eq!(RouterImage::read(other).vendor, Vendor::Other, "{other}");
        }
    }

    #[test]
    fn version_2_of_aws_ended_and_a_tag_without_a_version_is_uncertain() {
        let support = |tag: &str, day| RouterImage::read(&format!("{AWS}:{tag}")).support(day);
        let after = jiff::civil::date(2026, 7, 1);
        assert_eq!(support("2.34.2", after), Support::Ended);
        assert_eq!(support("init-2.34.2", after), Support::Ended);
        assert_eq!(support("2.34.2", END_OF_VERSION_2), Support::Supported);
        assert_eq!(support("3.4.16", after), Support::Supported);
        assert_eq!(support("stable", after), Support::Uncertain);
        assert_eq!(RouterImage::read("fluent/fluent-bit:1.9").support(after), Support::Supported);
    }

    #[test]
    fn a_complete_version_or_a_digest_does_not_move() {
        for (image, moves) in [
            ("aws-for-fluent-bit", true),
            ("aws-for-fluent-bit:stable", true),
            ("aws-for-fluent-bit:3", true),
            ("aws-for-fluent-bit:3.4", true),
            ("aws-for-fluent-bit:3.4.16", false),
            ("aws-for-fluent-bit:stable@sha256:0", false),
            ("my/router:latest", true),
            ("my/router:4f2a9c1", false),
        ] {
            assert_eq!(RouterImage::read(image).is_moving(), moves, "{image}");
        }
    }

    #[test]
    fn only_images_of_aws_have_the_go_plugins_and_upstream_images_have_a_shell_for_debugging() {
        let of = |image: &str| {
            let image = RouterImage::read(image);
            (image.has_shell(), image.has_go_plugins(), image.is_init())
        };
        assert_eq!(of("aws-for-fluent-bit:init-3"), (Some(true), Some(true), true));
        assert_eq!(of("aws-for-fluent-bit:3"), (Some(true), Some(true), false));
        assert_eq!(of("fluent/fluent-bit:3.2"), (Some(false), Some(false), false));
        assert_eq!(of("fluent/fluent-bit:latest-debug"), (Some(true), Some(false), false));
        assert_eq!(of("my/router:1"), (None, None, false));
    }
}
