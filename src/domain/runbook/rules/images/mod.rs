//! The rules about the images in Amazon ECR.

use super::{AccountRule, R};
use crate::domain::runbook::depth::Depth;

const fn rule(requirement: R, name: &'static str, reads: &'static [&'static str]) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Images, reads, check: None }
}

pub(super) const RULES: [AccountRule; 2] = [
    rule(R::EcrImages, "mutable-repository", &["ecr:DescribeRepositories"]),
    rule(
        R::ImageScanning,
        "unscanned-image",
        &["ecr:GetRegistryScanningConfiguration", "ecr:DescribeImages", "ecr:DescribeImageScanFindings"],
    ),
];
