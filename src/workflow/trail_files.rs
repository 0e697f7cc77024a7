//! Finds the files of a trail in a bucket: account by account, Region by Region, and day by day. Each day is listed
//! completely, so no file is missed because it arrived later than a file with a greater key.

use jiff::Timestamp;

use super::tried::tried;
use crate::domain::ecs::arn::is_account;
use crate::domain::trail::location::{Folder, Location, days, folder_name, is_organization, is_region};
use crate::ports::{Answer, Bucket, KeyPage, ListedObject, Object, Timer};

/// Which files of a trail are needed.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub location: Location,
    pub since: Timestamp,
    /// The exclusive end.
    pub until: Timestamp,
    /// The accounts. An empty list selects all accounts of the trail.
    pub accounts: Vec<String>,
    /// The Regions. An empty list selects all Regions of the trail.
    pub regions: Vec<String>,
    /// Also find the digest files.
    pub with_digests: bool,
}

/// The folder of one Region of an account, for one kind of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionFolder {
    pub folder: Folder,
    /// The key of the folder, with a slash at its end.
    pub key: String,
}

/// Finds the folders of the Regions. Makes a call for each account and each kind of files.
pub async fn region_folders(bucket: &impl Bucket, timer: &impl Timer, wanted: &Wanted) -> Answer<Vec<RegionFolder>> {
    let mut found = Vec::new();
    for account in account_folders(bucket, timer, wanted).await? {
        let kinds = [Some(Folder::Logs), wanted.with_digests.then_some(Folder::Digests)];
        for folder in kinds.into_iter().flatten() {
            let parent = format!("{account}{}/", folder.name());
            let named = wanted.location.region.iter().chain(&wanted.regions);
            let is_wanted = |region: &str| {
                let mut named = named.clone();
                is_region(region) && (named.clone().next().is_none() || named.any(|one| one == region))
            };
            let regions = folders(bucket, timer, &parent).await?;
            found.extend(
                regions.into_iter().filter(|key| is_wanted(folder_name(key))).map(|key| RegionFolder { folder, key }),
            );
        }
    }
    Ok(found)
}

/// Returns the keys of the folders of the accounts. The trail of an organization has a folder for the organization, with
/// the folders of its accounts inside.
async fn account_folders(bucket: &impl Bucket, timer: &impl Timer, wanted: &Wanted) -> Answer<Vec<String>> {
    let Wanted { location, accounts, .. } = wanted;
    let parent = location.accounts_folder();
    if let Some(account) = &location.account {
        return Ok(vec![format!("{parent}{account}/")]);
    }
    let is_wanted =
        |key: &String| is_account(folder_name(key)) && (accounts.is_empty() || is_one_of(accounts, folder_name(key)));
    let inside = folders(bucket, timer, &parent).await?;
    let organizations: Vec<_> = inside.iter().filter(|key| is_organization(folder_name(key))).cloned().collect();
    let mut found: Vec<String> = inside.into_iter().filter(is_wanted).collect();
    if location.organization.is_none() {
        for organization in organizations {
            found.extend(folders(bucket, timer, &organization).await?.into_iter().filter(is_wanted));
        }
    }
    Ok(found)
}

fn is_one_of(all: &[String], one: &str) -> bool {
    all.iter().any(|each| each == one)
}

/// Returns the prefixes of the days of a Region's folder.
pub fn day_folders(folder: &RegionFolder, wanted: &Wanted) -> Vec<RegionFolder> {
    let days = days(wanted.since, wanted.until);
    days.into_iter().map(|day| RegionFolder { folder: folder.folder, key: format!("{}{day}", folder.key) }).collect()
}

/// Returns the files of a day.
pub async fn files(bucket: &impl Bucket, timer: &impl Timer, day: &RegionFolder) -> Answer<Vec<ListedObject>> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let KeyPage { objects, next, .. } =
            tried(timer, async || bucket.list(&day.key, false, token.as_deref()).await).await?;
        found.extend(objects.into_iter().filter(|object| day.folder.has(&object.key)));
        token = next;
        if token.is_none() {
            return Ok(found);
        }
    }
}

async fn folders(bucket: &impl Bucket, timer: &impl Timer, prefix: &str) -> Answer<Vec<String>> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = tried(timer, async || bucket.list(prefix, true, token.as_deref()).await).await?;
        found.extend(page.folders);
        token = page.next;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Returns an object of at most `most` bytes.
pub async fn object(bucket: &impl Bucket, timer: &impl Timer, key: &str, most: u64) -> Answer<Object> {
    tried(timer, async || bucket.get(key, most).await).await
}
