//! Reads the repositories and the scans of the images that the task definitions in scope name.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::registry::{Described, MOST_IMAGES, MOST_REPOSITORIES};
use super::{AT_ONCE, fact};
use crate::aws::client::Aws;
use crate::aws::errors::unless_missing;
use crate::domain::ecs::image_name::{EcrReference, RepositoryName};
use crate::domain::runbook::account::images::{ImageFacts, Repository, Scan};
use crate::domain::runbook::account::{Account, Fact};
use crate::ports::{Answer, ErrorKind};

const IMAGES: &str = "ecr:DescribeImages";

impl Aws {
    /// Reads the images of the task definitions in scope. Reads nothing of the registries of other accounts.
    pub async fn image_facts(&self, account: &Account) -> ImageFacts {
        let images = account.ecs.definitions.iter().flat_map(|definition| &definition.images);
        let images: BTreeSet<EcrReference> = images.filter_map(|image| EcrReference::parse(image)).collect();
        let mut repositories: BTreeMap<RepositoryName, Vec<EcrReference>> = BTreeMap::new();
        for image in images.into_iter().filter(|image| image.repository.account == account.account) {
            repositories.entry(image.repository.clone()).or_default().push(image);
        }
        let regions: BTreeSet<String> = repositories.keys().map(|name| name.region.clone()).collect();
        let names = |region: &String| {
            let here = repositories.keys().filter(|name| name.region == *region);
            here.map(|name| name.name.clone()).collect::<Vec<String>>()
        };
        let batches = regions.iter().flat_map(|region| {
            let batch = |names: &[String]| (region.clone(), names.to_vec());
            names(region).chunks(MOST_REPOSITORIES).map(batch).collect::<Vec<_>>()
        });
        let batches: Vec<(String, Vec<String>)> = batches.collect();
        let of_batch = |(region, names): (String, Vec<String>)| async move {
            self.some_repositories(&account.account, region, names).await
        };
        let scanning = |region: String| async move {
            let read = self.registry_scanning(&region).await;
            (region, fact(read, "ecr:GetRegistryScanningConfiguration"))
        };
        let scans = |images: Vec<EcrReference>| self.scans(images);
        let (found, scanning, scans) = tokio::join!(
            stream::iter(batches).map(of_batch).buffered(AT_ONCE).collect::<Vec<_>>(),
            stream::iter(regions).map(scanning).buffered(AT_ONCE).collect(),
            stream::iter(repositories.into_values()).map(scans).buffered(AT_ONCE).collect::<Vec<_>>(),
        );
        let repositories = found.into_iter().flatten().collect();
        ImageFacts { repositories, scanning, scans: scans.into_iter().flatten().collect() }
    }

    /// Reads a batch of repositories in one Region.
    async fn some_repositories(
        &self,
        account: &str,
        region: String,
        names: Vec<String>,
    ) -> Vec<(RepositoryName, Fact<Option<Repository>>)> {
        const ACTION: &str = "ecr:DescribeRepositories";
        let (mut found, all) = (Vec::new(), self.repositories(&region, &names).await);
        for name in names {
            let read = match &all {
                // One missing repository makes Amazon ECR refuse the whole call.
                Err(error) if error.kind == ErrorKind::Missing => {
                    let one = self.repositories(&region, std::slice::from_ref(&name)).await;
                    unless_missing(one).map(|one| one.and_then(|mut one| one.remove(&name)))
                }
                all => all.clone().map(|mut all| all.remove(&name)),
            };
            let name = RepositoryName { account: account.to_owned(), region: region.clone(), name };
            found.push((name, fact(read, ACTION)));
        }
        found
    }

    /// Reads the scans of images in one repository.
    async fn scans(&self, images: Vec<EcrReference>) -> Vec<(EcrReference, Fact<Option<Scan>>)> {
        let mut found = Vec::new();
        for batch in images.chunks(MOST_IMAGES) {
            match self.images(batch).await {
                // One missing image makes Amazon ECR refuse the whole call.
                Err(error) if error.kind == ErrorKind::Missing => {
                    for image in batch {
                        let described = self.images(std::slice::from_ref(image)).await;
                        found.push(self.completed(image, &described).await);
                    }
                }
                described => {
                    for image in batch {
                        found.push(self.completed(image, &described).await);
                    }
                }
            }
        }
        found
    }

    /// Returns the scan of an image. Asks for the findings only if the description does not show the whole scan.
    async fn completed(
        &self,
        image: &EcrReference,
        described: &Answer<Vec<Described>>,
    ) -> (EcrReference, Fact<Option<Scan>>) {
        let is_it = |one: &&Described| match (&image.digest, &image.tag) {
            (Some(digest), _) => one.digest == *digest,
            (None, tag) => tag.as_ref().is_some_and(|tag| one.tags.contains(tag)),
        };
        let scan = match described {
            Err(error) if error.kind == ErrorKind::Missing => fact(Ok(None), IMAGES),
            Err(error) => fact(Err(error.clone()), IMAGES),
            Ok(all) => match all.iter().find(is_it) {
                None => fact(Ok(None), IMAGES),
                Some(one) if one.is_whole || one.scan.is_index => fact(Ok(Some(one.scan.clone())), IMAGES),
                Some(_) => fact(self.scan(image).await.map(Some), "ecr:DescribeImageScanFindings"),
            },
        };
        (image.clone(), scan)
    }
}
