//! The rules about the images in Amazon ECR.

mod default_repository_key;
mod mutable_repository;
mod repositories;
mod unscanned_image;
mod unscanned_repository;
mod vulnerable_image;

use super::{AccountRule, Checked, DEFINITIONS, R};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::depth::Depth;

const fn rule(
    requirement: R,
    name: &'static str,
    reads: &'static [&'static str],
    check: fn(&Account, &Baseline) -> Checked,
) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Images, reads, subjects: DEFINITIONS, check: Some(check) }
}

const SCANS: &[&str] = &["ecr:DescribeImages", "ecr:DescribeImageScanFindings"];

pub(super) static RULES: [AccountRule; 5] = [
    rule(R::EcrImages, mutable_repository::NAME, &["ecr:DescribeRepositories"], mutable_repository::check),
    rule(R::EcrImages, default_repository_key::NAME, &["ecr:DescribeRepositories"], default_repository_key::check),
    rule(
        R::ImageScanning,
        unscanned_repository::NAME,
        &["ecr:DescribeRepositories", "ecr:GetRegistryScanningConfiguration"],
        unscanned_repository::check,
    ),
    rule(R::ImageScanning, unscanned_image::NAME, SCANS, unscanned_image::check),
    rule(R::ImageScanning, vulnerable_image::NAME, SCANS, vulnerable_image::check),
];
