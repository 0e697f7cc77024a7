//! Reads repositories, the scanning of the registry, and the scans of images in Amazon ECR.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{items, required, text};
use crate::aws::client::Aws;
use crate::aws::fleet::patiently;
use crate::aws::signed::{JSON_1_1, Operation, Request, Service};
use crate::domain::ecs::image_name::EcrReference;
use crate::domain::runbook::account::images::{RegistryScanning, Repository, Scan, ScanningRule};
use crate::ports::{Answer, PortError};

const ECR: Service = Service::json("ecr", JSON_1_1, "AmazonEC2ContainerRegistry_V20150921").at_host("api.ecr");
const REPOSITORIES: Operation = ECR.read("DescribeRepositories");
const SCANNING: Operation = ECR.read("GetRegistryScanningConfiguration");
const IMAGES: Operation = ECR.read("DescribeImages");
const FINDINGS: Operation = ECR.read("DescribeImageScanFindings");

/// The largest number of images in one call (source: Amazon ECR API reference, DescribeImages).
pub(super) const MOST_IMAGES: usize = 100;

/// The largest number of repositories in one call (source: Amazon ECR API reference, DescribeRepositories).
pub(super) const MOST_REPOSITORIES: usize = 100;

/// The media types of an index, which names an image for each platform (source: the OCI image specification, and the
/// manifest of Docker, version 2).
const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

/// An image of a page, with its digest and its tags.
#[derive(Clone)]
pub(super) struct Described {
    pub(super) digest: String,
    pub(super) tags: Vec<String>,
    pub(super) scan: Scan,
    /// Whether the page shows the whole scan. A finished scan without its numbers is not whole.
    pub(super) is_whole: bool,
}

impl Aws {
    /// Returns the repositories with these names, at most [`MOST_REPOSITORIES`]. Returns an error of the kind `Missing`
    /// if one does not exist.
    pub(super) async fn repositories(&self, region: &str, names: &[String]) -> Answer<BTreeMap<String, Repository>> {
        let reply = self.ecr(&REPOSITORIES, region, &json!({"repositoryNames": names})).await?;
        items(&reply["repositories"]).iter().map(repository).collect()
    }

    /// Returns how the registry of the account scans its repositories in a Region.
    pub(super) async fn registry_scanning(&self, region: &str) -> Answer<RegistryScanning> {
        let reply = self.ecr(&SCANNING, region, &json!({})).await?;
        let configuration = &reply["scanningConfiguration"];
        let filters = |rule: &Value| {
            items(&rule["repositoryFilters"]).iter().filter_map(|filter| text(&filter["filter"])).collect()
        };
        let rule = |rule: &Value| ScanningRule {
            frequency: text(&rule["scanFrequency"]).unwrap_or_default(),
            filters: filters(rule),
        };
        Ok(RegistryScanning {
            kind: required(&SCANNING, configuration, "scanType")?,
            rules: items(&configuration["rules"]).iter().map(rule).collect(),
        })
    }

    /// Returns the images of one repository, at most [`MOST_IMAGES`]. Returns an error of the kind `Missing` if one
    /// does not exist.
    pub(super) async fn images(&self, images: &[EcrReference]) -> Answer<Vec<Described>> {
        let Some(first) = images.first() else { return Ok(Vec::new()) };
        let ids: Vec<Value> = images.iter().map(image_id).collect();
        let body = json!({"repositoryName": first.repository.name, "imageIds": ids});
        let reply = self.ecr(&IMAGES, &first.repository.region, &body).await?;
        items(&reply["imageDetails"]).iter().map(described).collect()
    }

    /// Returns the scan of an image. Amazon ECR does not show every scan with the image itself. Returns a scan without
    /// a status if there is none.
    pub(super) async fn scan(&self, image: &EcrReference) -> Answer<Scan> {
        let body = json!({"repositoryName": image.repository.name, "imageId": image_id(image), "maxResults": 1});
        match self.ecr(&FINDINGS, &image.repository.region, &body).await {
            Err(error) if has_no_scan(&error) => Ok(Scan::default()),
            reply => Ok(scan(&reply?, "imageScanFindings")),
        }
    }

    async fn ecr(&self, operation: &'static Operation, region: &str, body: &Value) -> Answer<Value> {
        let request = || Request::json(body).in_region(region);
        patiently(|| self.signed.call(operation, request())).await?.json()
    }
}

fn repository(repository: &Value) -> Answer<(String, Repository)> {
    let filters = items(&repository["imageTagMutabilityExclusionFilters"]);
    let name = required(&REPOSITORIES, repository, "repositoryName")?;
    let repository = Repository {
        arn: required(&REPOSITORIES, repository, "repositoryArn")?,
        mutability: text(&repository["imageTagMutability"]).unwrap_or_default(),
        exclusions: filters.iter().filter_map(|filter| text(&filter["filter"])).collect(),
        encryption: text(&repository["encryptionConfiguration"]["encryptionType"]).unwrap_or_default(),
        scans_on_push: repository["imageScanningConfiguration"]["scanOnPush"] == true,
    };
    Ok((name, repository))
}

fn described(image: &Value) -> Answer<Described> {
    Ok(Described {
        digest: required(&IMAGES, image, "imageDigest")?,
        tags: items(&image["imageTags"]).iter().filter_map(text).collect(),
        is_whole: shows_scan(image),
        scan: scan(image, "imageScanFindingsSummary"),
    })
}

fn shows_scan(image: &Value) -> bool {
    match image["imageScanStatus"]["status"].as_str() {
        None => false,
        Some("COMPLETE" | "ACTIVE") => image["imageScanFindingsSummary"].is_object(),
        Some(_) => true,
    }
}

fn scan(answer: &Value, findings: &str) -> Scan {
    let counts = answer[findings]["findingSeverityCounts"].as_object();
    let count = |(severity, count): (&String, &Value)| Some((severity.clone(), count.as_u64()?));
    let findings: BTreeMap<String, u64> = counts.into_iter().flatten().filter_map(count).collect();
    let kind = answer["imageManifestMediaType"].as_str().unwrap_or_default();
    Scan { status: text(&answer["imageScanStatus"]["status"]), findings, is_index: INDEXES.contains(&kind) }
}

fn image_id(image: &EcrReference) -> Value {
    match (&image.digest, &image.tag) {
        (Some(digest), _) => json!({"imageDigest": digest}),
        (None, tag) => json!({"imageTag": tag}),
    }
}

fn has_no_scan(error: &PortError) -> bool {
    error.message.starts_with("ScanNotFoundException")
}
