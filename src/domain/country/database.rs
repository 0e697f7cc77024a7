//! What a database of addresses says about itself: its type, its month, and the credit that its licence demands.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::text::plain::plain;

/// The longest type of a database in the output, in characters.
const LONGEST: usize = 80;

/// The origin of the countries in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountryDatabase {
    /// The type in the database's metadata, such as `GeoLite2-Country`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The year and month in which the database was built, such as `2026-06`.
    pub built: Option<String>,
    /// The sentence that the provider demands, and the page that it links to.
    pub credit: Option<Credit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Credit {
    pub text: &'static str,
    pub link: &'static str,
}

/// The beginnings of a database's type, in lower case, with the provider's credit.
///
/// - DB-IP Lite has the licence CC BY 4.0. "You must include a link back to DB-IP.com on pages that display or use
///   results from the database" (<https://db-ip.com/db/download/ip-to-country-lite>).
/// - IPinfo's free databases have the licence CC BY-SA 4.0 (<https://ipinfo.io/developers/ipinfo-lite-database>).
/// - MaxMind's licence for GeoLite demands this sentence (<https://www.maxmind.com/en/geolite-free-ip-geolocation-data>).
const CREDITS: [(&str, Credit); 4] = [
    ("dbip", Credit { text: "IP Geolocation by DB-IP", link: "https://db-ip.com/" }),
    ("db-ip", Credit { text: "IP Geolocation by DB-IP", link: "https://db-ip.com/" }),
    ("ipinfo", Credit { text: "IP address data powered by IPinfo", link: "https://ipinfo.io/" }),
    (
        "geolite",
        Credit {
            text: "This product includes GeoLite Data created by MaxMind, available from https://www.maxmind.com",
            link: "https://www.maxmind.com/",
        },
    ),
];

/// The type and the month, such as `DBIP-Country-Lite of 2026-06`.
impl fmt::Display for CountryDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.built {
            Some(built) => write!(f, "{} of {built}", self.kind),
            None => f.write_str(&self.kind),
        }
    }
}

impl CountryDatabase {
    /// Returns the description of a database of this type, which was built at a time in seconds since 1970.
    pub fn new(kind: &str, built: u64) -> Self {
        let kind = plain(kind, LONGEST);
        let lower = kind.to_lowercase();
        let credit = CREDITS.into_iter().find(|(start, _)| lower.starts_with(start)).map(|(_, credit)| credit);
        let built = i64::try_from(built).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let built = built.map(|built| built.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string());
        Self { kind, built, credit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credit_follows_from_the_type_of_the_database() {
        let credit = |kind| CountryDatabase::new(kind, 0).credit.map(|credit| credit.link);
        assert_eq!(credit("DBIP-Country-Lite"), Some("https://db-ip.com/"));
        assert_eq!(credit("ipinfo generic_country_free.mmdb"), Some("https://ipinfo.io/"));
        assert_eq!(credit("GeoLite2-City"), Some("https://www.maxmind.com/"));
        assert_eq!(credit("GeoIP2-Country"), None);
    }

    #[test]
    fn the_month_of_a_database_is_that_of_its_build() {
        assert_eq!(CountryDatabase::new("x", 1_780_345_978).built.as_deref(), Some("2026-06"));
        assert_eq!(CountryDatabase::new("x", 0).to_string(), "x of 1970-01");
        assert_eq!(CountryDatabase::new("x", u64::MAX).to_string(), "x", "no time");
        assert_eq!(CountryDatabase::new("a\u{202e}b\u{1b}", 0).kind, "ab");
    }
}
