//! Databases of addresses in the MaxMind DB format, with the records of each provider.

use std::net::IpAddr;

use logweir::domain::trail::address::{Kind, Places, classify};
use logweir::sources::GeoIp;
use serde_json::{Value, json};

use crate::mmdb::database;

fn country(geoip: &GeoIp, address: &str) -> Option<&'static str> {
    let address: IpAddr = address.parse().unwrap();
    geoip.find(address).unwrap().map(|country| country.code)
}

fn of_records(records: &[(&str, Value)]) -> GeoIp {
    GeoIp::from_bytes(database("Test-Country", records)).unwrap()
}

#[test]
fn each_providers_record_names_the_country() {
    let geoip = of_records(&[
        ("1.0.0.0/24", json!({"continent": {"code": "OC"}, "country": {"geoname_id": 2_077_456, "iso_code": "AU"}})),
        ("2.0.0.0/24", json!({"country_code": "FR"})),
        ("3.0.0.0/24", json!({"as_name": "Example", "country": "Ireland", "country_code": "IE"})),
        ("4.0.0.0/24", json!({"country": "DE", "country_name": "Germany"})),
        (
            "5.0.0.0/24",
            json!({"city": {"names": {"en": "Tokyo"}}, "country": {"iso_code": "JP", "names": {"en": "Japan"}}}),
        ),
    ]);
    let found = ["1.0.0.1", "2.0.0.255", "3.0.0.0", "4.0.0.9", "5.0.0.7"].map(|address| country(&geoip, address));
    assert_eq!(found, [Some("AU"), Some("FR"), Some("IE"), Some("DE"), Some("JP")]);
}

#[test]
fn the_classification_of_addresses_reads_the_database() {
    let record = json!({"as_name": "Example\u{202e} Net", "country_code": "DE"});
    let geoip = of_records(&[("1.0.0.0/24", record), ("2.0.0.0/24", json!({"country_code": 7}))]);
    let class = classify("1.0.0.1", None, &geoip);
    let found = (class.kind, class.country.as_deref(), class.owner.as_deref());
    assert_eq!(found, (Kind::Public, Some("DE"), Some("Example Net")));
    assert!(geoip.broken().is_none());
    assert_eq!(geoip.country("2.0.0.1".parse().unwrap()), None);
    assert!(geoip.broken().unwrap().to_string().contains("database"));
}

#[test]
fn an_address_of_ipv6_has_a_country_too() {
    let geoip =
        of_records(&[("2a00::/16", json!({"country_code": "IE"})), ("8.8.8.0/24", json!({"country_code": "US"}))]);
    assert_eq!(country(&geoip, "2a00:1450::1"), Some("IE"));
    assert_eq!(country(&geoip, "::ffff:8.8.8.8"), Some("US"), "an IPv4 address in the form of IPv6");
    assert_eq!(country(&geoip, "2606::1"), None);
}

#[test]
fn a_record_without_a_known_code_has_no_country() {
    let geoip = of_records(&[
        ("1.0.0.0/24", json!({})),
        ("2.0.0.0/24", json!({"country": {"names": {"en": "Nowhere"}}})),
        ("3.0.0.0/24", json!({"country_code": "<b>"})),
        ("4.0.0.0/24", json!({"country": 7})),
        ("5.0.0.0/24", json!({"country_code": "None"})),
    ]);
    for address in ["1.0.0.1", "2.0.0.1", "3.0.0.1", "4.0.0.1", "5.0.0.1", "9.9.9.9"] {
        assert_eq!(country(&geoip, address), None, "{address}");
    }
}

#[test]
fn a_database_says_its_type_and_its_month() {
    let geoip =
        GeoIp::from_bytes(database("DBIP-Country-Lite", &[("1.0.0.0/8", json!({"country_code": "AU"}))])).unwrap();
    let database = geoip.database();
    assert_eq!((database.kind.as_str(), database.built.as_deref()), ("DBIP-Country-Lite", Some("2026-06")));
    assert_eq!(database.credit.map(|credit| credit.text), Some("IP Geolocation by DB-IP"));
}

#[test]
fn every_shortened_database_is_an_error() {
    let whole = database("Test-Country", &[("1.0.0.0/24", json!({"country_code": "AU"}))]);
    for length in 0..whole.len() {
        assert!(GeoIp::from_bytes(whole[..length].to_vec()).is_err(), "{length} of {} bytes", whole.len());
    }
    let error = GeoIp::from_bytes(b"<html>".to_vec()).err().unwrap().to_string();
    assert!(error.starts_with("not a whole database in the MaxMind DB format: "), "{error}");
}

#[test]
fn no_changed_byte_makes_a_lookup_panic() {
    let whole =
        database("Test", &[("1.0.0.0/24", json!({"country": {"iso_code": "AU"}})), ("2a00::/16", json!({"x": [1]}))]);
    let addresses: [IpAddr; 2] = ["1.0.0.1", "2a00::1"].map(|address| address.parse().unwrap());
    for place in 0..whole.len() {
        for byte in [0, 0x20, 0x3f, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] = byte;
            let Ok(geoip) = GeoIp::from_bytes(bytes) else { continue };
            for address in addresses {
                let _ = (geoip.find(address), geoip.owner(address));
            }
        }
    }
}
