//! Where the files of a trail are in Amazon S3.

use jiff::Timestamp;
use logweir::domain::trail::location::{Folder, Location, LocationError, days};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_location_names_bucket_prefix_organization_account_and_region() {
    for (text, bucket, logs, organization, account, region) in [
        ("s3://trail-logs", "trail-logs", "AWSLogs/", None, None, None),
        ("s3://trail-logs/", "trail-logs", "AWSLogs/", None, None, None),
        ("s3://trail-logs/audit", "trail-logs", "audit/AWSLogs/", None, None, None),
        ("s3://trail-logs/AWSLogs", "trail-logs", "AWSLogs/", None, None, None),
        ("s3://b.c-1/p/q/AWSLogs/111122223333/", "b.c-1", "p/q/AWSLogs/", None, Some("111122223333"), None),
        (
            "s3://trail-logs/AWSLogs/o-exampleorgid/111122223333/CloudTrail/eu-west-1/",
            "trail-logs",
            "AWSLogs/",
            Some("o-exampleorgid"),
            Some("111122223333"),
            Some("eu-west-1"),
        ),
        (
            "s3://trail-logs/AWSLogs/x/AWSLogs/o-exampleorgid",
            "trail-logs",
            "AWSLogs/x/AWSLogs/",
            Some("o-exampleorgid"),
            None,
            None,
        ),
        ("s3://trail-logs/MyAWSLogs/", "trail-logs", "MyAWSLogs/AWSLogs/", None, None, None),
    ] {
        let owned = |text: Option<&str>| text.map(String::from);
        let expected = Location {
            bucket: bucket.into(),
            logs: logs.into(),
            organization: owned(organization),
            account: owned(account),
            region: owned(region),
        };
        assert_eq!(Location::parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn a_text_that_is_no_location_is_refused() {
    for text in
        ["s3://", "s3:///AWSLogs/", "s3://ab/", "s3://Bucket/", "s3://a..b/", "s3://-ab/", "s3://a b/", "s3://a?x=1/"]
    {
        assert!(matches!(Location::parse(text), Err(LocationError::Bucket(_))), "{text}");
    }
    for text in [
        "https://logs/AWSLogs/",
        "s3://logs/AWSLogs/elasticloadbalancing/",
        "s3://logs/AWSLogs/111122223333/CloudTrail-Digest/",
        "s3://logs/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/12/",
        "s3://logs/AWSLogs/../other/",
        "s3://logs/a//b",
        "s3://logs/a\nb",
    ] {
        assert!(matches!(Location::parse(text), Err(LocationError::Folder(_))), "{text:?}");
    }
}

#[test]
fn the_days_of_a_period_have_one_more_day_on_each_side() {
    let since = time("2026-12-31T23:59:59Z");
    assert_eq!(days(since, since), ["2026/12/30/", "2026/12/31/", "2027/01/01/"]);
    assert_eq!(days(time("2024-02-29T00:00:00Z"), time("2024-03-01T00:00:00Z")).len(), 4);
    assert_eq!(days(time("2026-12-05T00:00:00Z"), time("2026-12-01T00:00:00Z")), [""; 0]);
    assert!(days(Timestamp::MIN, Timestamp::MAX).len() < 10_000, "the number of days has a limit");
}

#[test]
fn a_folder_has_the_files_of_its_kind() {
    let log = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/12/01/\
               111122223333_CloudTrail_eu-west-1_20261201T0815Z_abcdefghijklmnop.json.gz";
    let digest = "111122223333_CloudTrail-Digest_eu-west-1_main_eu-west-1_20261201T010000Z.json.gz";
    assert!(Folder::Logs.has(log) && !Folder::Digests.has(log));
    assert!(Folder::Digests.has(digest) && !Folder::Logs.has(digest));
    for other in ["AWSLogs/", "a.json.gz", "111122223333_CloudTrail-Insight_eu-west-1_20261201T0815Z_x.json.gz"] {
        assert!(!Folder::Logs.has(other) && !Folder::Digests.has(other), "{other}");
    }
}
