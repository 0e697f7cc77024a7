//! The classification of source addresses: an AWS service, a private network, a VPC endpoint, AWS, a country.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

/// What kind of source an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The name of an AWS service, or `AWS Internal`.
    Service,
    /// An address that no network routes on the Internet.
    Private,
    /// An address behind a VPC endpoint.
    VpcEndpoint,
    /// An address in the public ranges of AWS.
    Aws,
    /// Another public address, of which the country is known.
    Public,
    /// A public address of which the country is not known, or a text that is no address.
    Unknown,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Private => "private",
            Self::VpcEndpoint => "vpc-endpoint",
            Self::Aws => "aws",
            Self::Public => "public",
            Self::Unknown => "unknown",
        }
    }
}

/// The lookup tables for public addresses: the ranges of AWS, and the countries.
pub trait Places {
    /// Returns the Region and the service of an address of AWS, such as `AWS eu-west-2 (EC2)`.
    fn aws(&self, address: IpAddr) -> Option<String>;

    /// Returns the country of an address, as a code of ISO 3166-1 with two letters.
    fn country(&self, address: IpAddr) -> Option<String>;

    /// Returns the owner of an address, such as the name of its network. Most tables contain no owners.
    fn owner(&self, _: IpAddr) -> Option<String> {
        None
    }
}

/// No table: every public address is unknown.
pub struct NoPlaces;

impl Places for NoPlaces {
    fn aws(&self, _: IpAddr) -> Option<String> {
        None
    }

    fn country(&self, _: IpAddr) -> Option<String> {
        None
    }
}

/// The class of a source address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    pub kind: Kind,
    pub owner: Option<String>,
    pub country: Option<String>,
}

/// Classifies the member `sourceIPAddress` of records. The member `vpcEndpointId` names the endpoint that the calls
/// from the address used.
pub fn classify(address: &str, vpc_endpoint: Option<&str>, places: &impl Places) -> Class {
    let class = |kind, owner: Option<String>| Class { kind, owner, country: None };
    let Ok(ip) = address.parse::<IpAddr>() else {
        return match is_service(address) {
            true => class(Kind::Service, Some(address.to_owned())),
            false => class(Kind::Unknown, None),
        };
    };
    let ip = ip.to_canonical();
    if let Some(network) = private_network(ip) {
        return class(Kind::Private, Some(network.to_owned()));
    }
    if let Some(endpoint) = vpc_endpoint.filter(|endpoint| !endpoint.is_empty()) {
        return class(Kind::VpcEndpoint, Some(endpoint.to_owned()));
    }
    let country = places.country(ip);
    if let Some(owner) = places.aws(ip) {
        return Class { kind: Kind::Aws, owner: Some(owner), country };
    }
    let kind = if country.is_some() { Kind::Public } else { Kind::Unknown };
    Class { kind, owner: places.owner(ip), country }
}

/// Whether the text names AWS instead of an address. A call that a service makes for a principal has the service's name
/// as its address.
pub fn is_service(address: &str) -> bool {
    address == "AWS Internal" || address.ends_with(".amazonaws.com") || address.ends_with(".amazonaws.com.cn")
}

/// Returns the name of the network of an address that is not routed on the Internet.
fn private_network(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => private_v4(ip),
        IpAddr::V6(ip) => private_v6(ip),
    }
}

/// Sources: RFC 1918, RFC 6598, RFC 3927, RFC 1122.
fn private_v4(ip: Ipv4Addr) -> Option<&'static str> {
    match ip.octets() {
        [10, ..] | [192, 168, ..] => Some("private network"),
        [172, second, ..] if second & 0xf0 == 16 => Some("private network"),
        [100, second, ..] if second & 0xc0 == 64 => Some("carrier-grade NAT"),
        [127, ..] => Some("loopback"),
        [169, 254, ..] => Some("link-local"),
        [0, ..] => Some("this network"),
        _ => None,
    }
}

/// Sources: RFC 4193, RFC 4291.
fn private_v6(ip: Ipv6Addr) -> Option<&'static str> {
    match ip.segments()[0] {
        _ if ip.is_loopback() => Some("loopback"),
        _ if ip.is_unspecified() => Some("this network"),
        first if first & 0xfe00 == 0xfc00 => Some("unique local network"),
        first if first & 0xffc0 == 0xfe80 => Some("link-local"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Table;

    impl Places for Table {
        fn aws(&self, address: IpAddr) -> Option<String> {
            (address == "3.8.0.1".parse::<IpAddr>().unwrap()).then(|| "AWS eu-west-2 (EC2)".to_owned())
        }

        fn country(&self, address: IpAddr) -> Option<String> {
            match address.to_string().as_str() {
                "3.8.0.1" => Some("GB".to_owned()),
                "198.51.100.7" | "2001:db8::1" => Some("DE".to_owned()),
                _ => None,
            }
        }
    }

    #[test]
    fn an_address_is_classified_by_the_first_class_that_fits() {
        for (address, endpoint, kind, owner, country) in [
            ("ecs.amazonaws.com", Some("vpce-1"), Kind::Service, Some("ecs.amazonaws.com"), None),
            ("AWS Internal", None, Kind::Service, Some("AWS Internal"), None),
            ("10.1.2.3", Some("vpce-1"), Kind::Private, Some("private network"), None),
            ("172.31.0.1", None, Kind::Private, Some("private network"), None),
            ("172.32.0.1", None, Kind::Unknown, None, None),
            ("100.64.0.1", None, Kind::Private, Some("carrier-grade NAT"), None),
            ("100.128.0.1", None, Kind::Unknown, None, None),
            ("::ffff:192.168.1.1", None, Kind::Private, Some("private network"), None),
            ("fd00::1", None, Kind::Private, Some("unique local network"), None),
            ("fe80::1", None, Kind::Private, Some("link-local"), None),
            ("::1", None, Kind::Private, Some("loopback"), None),
            ("198.51.100.7", Some("vpce-1"), Kind::VpcEndpoint, Some("vpce-1"), None),
            ("3.8.0.1", None, Kind::Aws, Some("AWS eu-west-2 (EC2)"), Some("GB")),
            ("198.51.100.7", None, Kind::Public, None, Some("DE")),
            ("::ffff:198.51.100.7", None, Kind::Public, None, Some("DE")),
            ("2001:db8::1", None, Kind::Public, None, Some("DE")),
            ("203.0.113.9", None, Kind::Unknown, None, None),
            ("<script>", None, Kind::Unknown, None, None),
            ("", None, Kind::Unknown, None, None),
        ] {
            let expected = Class { kind, owner: owner.map(String::from), country: country.map(String::from) };
            assert_eq!(classify(address, endpoint, &Table), expected, "{address} {endpoint:?}");
        }
    }
}
