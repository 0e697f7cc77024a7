//! The repositories and images that the task definitions in scope name, and the results of a rule about each.

use std::collections::{BTreeMap, BTreeSet};

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use crate::domain::ecs::image_name::{EcrReference, RepositoryName};
use crate::domain::runbook::account::images::{Repository, Scan};
use crate::domain::runbook::account::{Account, Fact, Origin};
use crate::domain::runbook::depth::Depth;
use crate::domain::runbook::verdict::{Resource, ResourceKind, RunbookResult, Verdict};

/// Returns the result of a rule about each repository, with the images that the task definitions take from it.
pub(super) fn each_repository(
    account: &Account,
    rule: &'static str,
    judge: impl Fn(&RepositoryName, &Repository, &[EcrReference], Origin) -> RunbookResult,
) -> Checked {
    let mut images: BTreeMap<RepositoryName, Vec<EcrReference>> = BTreeMap::new();
    for image in references(account) {
        images.entry(image.repository.clone()).or_default().push(image);
    }
    let of_one = |(name, images): (&RepositoryName, &Vec<EcrReference>)| {
        let resource = resource(account, name);
        match account.images.repositories.get(name).map(Fact::get) {
            None => elsewhere(account, rule, resource, &name.account),
            Some(Err(missing)) => not_checked(rule, resource, missing),
            Some(Ok((None, origin))) => {
                let message = "the repository does not exist, so no new task gets its image, unless a pull-through \
                               cache creates the repository";
                result(rule, resource, origin, Judged::new(Verdict::Undecidable, message, "/repositories"))
            }
            Some(Ok((Some(repository), origin))) => judge(name, repository, images, origin),
        }
    };
    images.iter().map(of_one).collect()
}

/// Returns the result of a rule about the scan of each image.
pub(super) fn each_scan(account: &Account, rule: &'static str, judge: impl Fn(&Scan) -> Judged) -> Checked {
    let of_one = |image: EcrReference| {
        let of_repository = resource(account, &image.repository);
        let resource = Resource { kind: ResourceKind::Image, name: image.label(), ..of_repository };
        match account.images.scans.get(&image).map(Fact::get) {
            None => elsewhere(account, rule, resource, &image.repository.account),
            Some(Err(missing)) => not_checked(rule, resource, missing),
            Some(Ok((None, origin))) => {
                let message = "the repository has no such image; tasks that run keep it, and no new task gets it, \
                               unless a pull-through cache copies the image";
                result(rule, resource, origin, Judged::new(Verdict::Undecidable, message, "/imageDetails"))
            }
            Some(Ok((Some(scan), origin))) if scan.is_index => {
                let message = "the image is an index of images for several platforms, which Amazon ECR scans one by \
                    one; run: \
                               aws ecr describe-image-scan-findings for the digest of the platform";
                result(
                    rule,
                    resource,
                    origin,
                    Judged::new(Verdict::Undecidable, message, "/imageDetails/imageManifestMediaType"),
                )
            }
            Some(Ok((Some(scan), origin))) => result(rule, resource, origin, judge(scan)),
        }
    };
    references(account).into_iter().map(of_one).collect()
}

/// Returns the images of private registries of Amazon ECR, each once.
fn references(account: &Account) -> BTreeSet<EcrReference> {
    let images = account.ecs.definitions.iter().flat_map(|definition| &definition.images);
    images.filter_map(|image| EcrReference::parse(image)).collect()
}

/// Returns a repository as the resource of a result.
pub(super) fn resource(account: &Account, name: &RepositoryName) -> Resource {
    let RepositoryName { account: owner, region, name } = name;
    let arn = format!("arn:{}:ecr:{region}:{owner}:repository/{name}", account.partition);
    Resource::new(ResourceKind::Repository, name, arn)
}

/// Returns the result about a registry that the run does not read.
fn elsewhere(account: &Account, rule: &'static str, resource: Resource, owner: &str) -> RunbookResult {
    let message = match owner == account.account {
        true => format!("this run does not read the registry; use --depth {}", Depth::Images.name()),
        false => format!(
            "the registry belongs to account {owner}, whose settings and scans this account does not see; run \
             Logweir there"
        ),
    };
    RunbookResult::not_checked(resource, rule, message)
}
