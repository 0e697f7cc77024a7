//! Finding the files of a trail in a bucket.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use logweir::domain::trail::location::Location;
use logweir::ports::{Answer, Bucket, Clock, ErrorKind, KeyPage, ListedObject, Object, PortError, Timer};
use logweir::workflow::trail_files::{Wanted, day_folders, files, region_folders};

/// A bucket with these keys and with small pages.
struct Keys {
    keys: Vec<String>,
    page: usize,
    /// The prefixes that were listed.
    listed: Mutex<Vec<String>>,
    denied: Option<&'static str>,
}

impl Bucket for Keys {
    async fn list(&self, prefix: &str, folders: bool, token: Option<&str>) -> Answer<KeyPage> {
        self.listed.lock().unwrap().push(prefix.to_owned());
        if self.denied.is_some_and(|denied| prefix.contains(denied)) {
            let message = "AccessDenied: Access Denied".to_owned();
            return Err(PortError { kind: ErrorKind::Refused, call: "ListObjectsV2", message, reason: None });
        }
        let inside = self.keys.iter().filter_map(|key| key.strip_prefix(prefix));
        let mut all: Vec<String> = inside
            .map(|rest| match rest.split_once('/') {
                Some((folder, _)) if folders => format!("{prefix}{folder}/"),
                _ => format!("{prefix}{rest}"),
            })
            .collect();
        all.sort();
        all.dedup();
        let from = token.map_or(0, |token| token.parse().unwrap());
        let to = (from + self.page).min(all.len());
        let (folders, keys): (Vec<_>, Vec<_>) = all[from..to].iter().cloned().partition(|key| key.ends_with('/'));
        let objects = keys.into_iter().map(|key| ListedObject { key, size: 1 }).collect();
        Ok(KeyPage { objects, folders, next: (to < all.len()).then(|| to.to_string()) })
    }

    async fn get(&self, _: &str, _: u64) -> Answer<Object> {
        unreachable!("the files are only listed")
    }
}

/// A clock that stands still, and on which a wait takes no time.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

impl Timer for Still {
    async fn wait(&self, _: Duration) {}
}

const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "777788889999"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

fn log(root: &str, account: &str, region: &str, day: &str, number: usize) -> String {
    let name = format!("{account}_CloudTrail_{region}_{}T0815Z_abcdefghijklmno{number}.json.gz", day.replace('/', ""));
    format!("{root}{account}/CloudTrail/{region}/{day}/{name}")
}

fn digest(root: &str, account: &str, region: &str, day: &str) -> String {
    let time = day.replace('/', "");
    let name = format!("{account}_CloudTrail-Digest_{region}_main_{region}_{time}T010000Z.json.gz");
    format!("{root}{account}/CloudTrail-Digest/{region}/{day}/{name}")
}

/// The bucket of a trail with three accounts, the last of which is in an organization.
fn bucket() -> Keys {
    let mut keys = vec!["AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/12/01/x.log".to_owned()];
    for account in ACCOUNTS {
        let root = if account == ACCOUNTS[2] { "AWSLogs/o-exampleorgid/" } else { "AWSLogs/" };
        for region in REGIONS {
            for day in ["2026/11/28", "2026/11/29", "2026/11/30", "2026/12/01", "2026/12/02", "2026/12/03"] {
                keys.extend((0..3).map(|number| log(root, account, region, day, number)));
                keys.push(digest(root, account, region, day));
            }
        }
    }
    // A file of another kind in a folder of logs.
    keys.push("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/12/01/notes.json.gz".to_owned());
    Keys { keys, page: 2, listed: Mutex::default(), denied: None }
}

fn wanted(location: &str) -> Wanted {
    Wanted {
        location: Location::parse(location).unwrap(),
        since: "2026-11-30T00:00:00Z".parse().unwrap(),
        until: "2026-12-01T12:00:00Z".parse().unwrap(),
        accounts: Vec::new(),
        regions: Vec::new(),
        with_digests: false,
    }
}

async fn found(bucket: &Keys, wanted: &Wanted) -> Answer<Vec<String>> {
    let mut all = Vec::new();
    for region in region_folders(bucket, &Still, wanted).await? {
        for day in day_folders(&region, wanted) {
            all.extend(files(bucket, &Still, &day).await?.into_iter().map(|object| object.key));
        }
    }
    Ok(all)
}

#[tokio::test]
async fn every_account_and_region_is_listed_day_by_day_with_one_more_day_on_each_side() {
    let bucket = bucket();
    let found = found(&bucket, &wanted("s3://trail-logs")).await.unwrap();
    let days = ["2026/11/29", "2026/11/30", "2026/12/01", "2026/12/02"];
    assert_eq!(found.len(), ACCOUNTS.len() * REGIONS.len() * days.len() * 3, "{found:?}");
    assert!(found.iter().all(|key| days.iter().any(|day| key.contains(day)) && !key.contains("Digest")));
    let listed = bucket.listed.lock().unwrap();
    assert!(!listed.iter().any(|prefix| prefix.contains("elasticloadbalancing/")), "{listed:?}");
}

#[tokio::test]
async fn a_file_that_arrives_late_is_found_because_no_key_is_passed_over() {
    let mut bucket = bucket();
    bucket.keys.push(log("AWSLogs/", ACCOUNTS[0], REGIONS[0], "2026/12/01", 0).replace("T0815Z", "T0001Z"));
    bucket.keys.sort();
    let keys = found(&bucket, &wanted("s3://trail-logs")).await.unwrap();
    assert!(keys.iter().any(|key| key.contains("T0001Z")));
}

#[tokio::test]
async fn accounts_and_regions_are_chosen_by_the_location_and_by_the_filters() {
    let bucket = bucket();
    let by_location = wanted("s3://trail-logs/AWSLogs/111122223333/CloudTrail/us-east-1/");
    let by_filter =
        Wanted { accounts: vec![ACCOUNTS[0].into()], regions: vec![REGIONS[1].into()], ..wanted("s3://trail-logs") };
    let keys = found(&bucket, &by_location).await.unwrap();
    assert_eq!(keys.len(), 4 * 3);
    assert_eq!(keys, found(&bucket, &by_filter).await.unwrap());
    let organization = wanted("s3://trail-logs/AWSLogs/o-exampleorgid/");
    let keys = found(&bucket, &organization).await.unwrap();
    assert!(keys.len() == 2 * 4 * 3 && keys.iter().all(|key| key.contains("o-exampleorgid/777788889999")), "{keys:?}");
}

#[tokio::test]
async fn digest_files_are_found_when_they_are_wanted() {
    let wanted = Wanted { with_digests: true, ..wanted("s3://trail-logs/AWSLogs/111122223333/") };
    let keys = found(&bucket(), &wanted).await.unwrap();
    assert_eq!(keys.iter().filter(|key| key.contains("CloudTrail-Digest")).count(), 2 * 4);
    assert_eq!(keys.len(), 2 * 4 * 4);
}

#[tokio::test]
async fn a_refused_list_is_an_error_and_no_empty_trail() {
    let bucket = Keys { denied: Some("444455556666"), ..bucket() };
    let error = found(&bucket, &wanted("s3://trail-logs")).await.unwrap_err();
    assert_eq!(error.to_string(), "ListObjectsV2: AccessDenied: Access Denied");
}
