//! The address ranges of AWS.

use logweir::domain::trail::aws_ranges::{AwsRanges, RangesError};

fn shipped(address: &str) -> Option<String> {
    AwsRanges::shipped().owner(address.parse().unwrap()).map(ToString::to_string)
}

fn owners(text: &str, addresses: &[&str]) -> Vec<Option<String>> {
    let ranges = AwsRanges::parse(text).unwrap();
    addresses.iter().map(|address| ranges.owner(address.parse().unwrap()).map(ToString::to_string)).collect()
}

fn named(name: &str) -> Option<String> {
    Some(name.to_owned())
}

const NESTED: &str = r#"{"syncToken":"1","createDate":"2026-11-01-10-00-00","prefixes":[
    {"ip_prefix":"198.51.0.0/16","region":"eu-west-2","service":"AMAZON"},
    {"ip_prefix":"198.51.0.0/16","region":"eu-west-2","service":"EC2"},
    {"ip_prefix":"198.51.100.0/25","region":"eu-west-2","service":"AMAZON"},
    {"ip_prefix":"198.51.100.128/25","region":"eu-west-1","service":"AMAZON"},
    {"ip_prefix":"198.51.100.255/32","region":"eu-west-1","service":"S3"},
    {"ip_prefix":"203.0.113.0/24","region":"GLOBAL","service":"CLOUDFRONT"},
    {"ip_prefix":"255.255.255.255/32","region":"GLOBAL","service":"AMAZON"}],
  "ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/32","region":"us-east-1","service":"AMAZON"},
    {"ipv6_prefix":"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128","region":"us-east-1","service":"EC2"}]}"#;

#[test]
fn an_address_belongs_to_the_smallest_range_around_it() {
    let addresses = [
        "198.50.255.255",
        "198.51.0.0",
        "198.51.100.127",
        "198.51.100.128",
        "198.51.100.255",
        "198.51.101.0",
        "198.51.255.255",
        "198.52.0.0",
        "203.0.113.9",
        "255.255.255.255",
    ];
    let expected = [
        None,
        named("AWS eu-west-2 (EC2)"),
        named("AWS eu-west-2 (EC2)"),
        named("AWS eu-west-1"),
        named("AWS eu-west-1 (S3)"),
        named("AWS eu-west-2 (EC2)"),
        named("AWS eu-west-2 (EC2)"),
        None,
        named("AWS global (CLOUDFRONT)"),
        named("AWS global"),
    ];
    assert_eq!(owners(NESTED, &addresses), expected);
}

#[test]
fn ipv6_addresses_have_ranges_and_mapped_ipv4_addresses_have_the_ranges_of_ipv4() {
    let addresses =
        ["2001:db7::1", "2001:db8::1", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "::ffff:198.51.100.255"];
    let expected = [None, named("AWS us-east-1"), named("AWS us-east-1 (EC2)"), None, named("AWS eu-west-1 (S3)")];
    assert_eq!(owners(NESTED, &addresses), expected);
}

#[test]
fn a_range_may_contain_every_address_and_may_name_an_address_inside_it() {
    let text = r#"{"prefixes":[{"ip_prefix":"198.51.100.77/24","region":"x","service":"AMAZON"}],
        "ipv6_prefixes":[{"ipv6_prefix":"::/0","region":"y","service":"EC2"}]}"#;
    let expected = [named("AWS x"), None, named("AWS y (EC2)"), named("AWS y (EC2)")];
    let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    assert_eq!(owners(text, &["198.51.100.0", "198.51.101.0", "::", last]), expected);
}

#[test]
fn the_shipped_ranges_name_region_and_service() {
    // The examples of AWS's own documentation and well-known addresses of its services.
    assert_eq!(shipped("3.8.0.1"), named("AWS eu-west-2 (EC2)"));
    assert_eq!(shipped("2a05:d018::1"), named("AWS eu-west-1 (EC2)"));
    assert_eq!(shipped("13.32.0.1"), named("AWS global (CLOUDFRONT)"));
    for other in ["192.0.2.1", "10.0.0.1", "1.1.1.1", "2606:4700:4700::1111", "0.0.0.0", "::"] {
        assert_eq!(shipped(other), None, "{other}");
    }
    assert!(AwsRanges::shipped().date() >= "2026-10-01", "{}", AwsRanges::shipped().date());
}

#[test]
fn the_date_of_the_ranges_is_shown() {
    assert_eq!(AwsRanges::parse(NESTED).unwrap().date(), "2026-11-01");
}

#[test]
fn a_file_that_has_no_ranges_is_an_error() {
    assert_eq!(AwsRanges::parse(r#"{"prefixes":[]}"#).unwrap_err(), RangesError::Empty);
    assert!(matches!(AwsRanges::parse("[").unwrap_err(), RangesError::Json(_)));
    for wrong in ["198.51.100.0", "198.51.100.0/33", "198.51.100.0/-1", "x/8", "::/129"] {
        let text = format!(r#"{{"prefixes":[{{"ip_prefix":"{wrong}","region":"r","service":"EC2"}}]}}"#);
        assert_eq!(AwsRanges::parse(&text).unwrap_err(), RangesError::Range(wrong.to_owned()));
    }
}
