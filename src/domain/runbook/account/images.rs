//! The facts of images: repositories of Amazon ECR, their scanning, and the scans of the images in use.

use std::collections::BTreeMap;

use super::fact::Fact;
use crate::domain::ecs::image_name::{EcrReference, RepositoryName};
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
