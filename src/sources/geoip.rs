//! Reads the countries of addresses from a database in the MaxMind DB format
//! (<https://maxmind.github.io/MaxMind-DB/>). Databases of several providers have this format with different records.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::OnceLock;

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::bounded_file;
use crate::domain::country::database::CountryDatabase;
use crate::domain::country::{Country, with_code};
use crate::domain::text::plain::{plain, shortened, without_number};
use crate::domain::trail::address::Places;

/// The size of the largest database that Logweir reads, in bytes. Databases of cities have up to about 150 MB.
const LARGEST: u64 = 512 << 20;

/// The longest name of a network in the output, in characters.
const LONGEST: usize = 100;

/// A database of addresses, which Logweir keeps in memory.
pub struct GeoIp {
    reader: Reader<Vec<u8>>,
    /// The first record that could not be read.
    broken: OnceLock<GeoIpError>,
}

/// The error of a database that cannot be read.
#[derive(Clone, Debug)]
pub struct GeoIpError(String);

impl fmt::Display for GeoIpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GeoIpError {}

impl From<MaxMindDbError> for GeoIpError {
    fn from(error: MaxMindDbError) -> Self {
        Self(format!("not a whole database in the MaxMind DB format: {}", shortened(&error.to_string(), 200)))
    }
}

/// The members of a record that name its country and its network. GeoLite2 and DB-IP have `country.iso_code`. IPinfo has
/// `country_code` beside the country's name in `country`, and formerly had the code in `country`. Flat databases have
/// `country_code`. IPinfo calls the network's owner `as_name`.
#[derive(Deserialize)]
struct Record<'r> {
    #[serde(borrow, default)]
    country: Option<Named<'r>>,
    #[serde(borrow, default)]
    country_code: Option<&'r str>,
    #[serde(borrow, default)]
    as_name: Option<&'r str>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Named<'r> {
    Text(&'r str),
    Object {
        #[serde(borrow, default)]
        iso_code: Option<&'r str>,
    },
    Other(IgnoredAny),
}

impl GeoIp {
    /// Reads the database at `path`.
    pub fn open(path: &Path) -> Result<Self, GeoIpError> {
        let bytes = bounded_file::read(path, LARGEST)
            .map_err(|error| GeoIpError(without_number(&error.to_string()).to_owned()))?;
        Self::from_bytes(bytes)
    }

    /// Returns the database in `bytes`. The search tree and the records are read at each lookup.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, GeoIpError> {
        Ok(Self { reader: Reader::from_source(bytes)?, broken: OnceLock::new() })
    }

    pub fn database(&self) -> CountryDatabase {
        let metadata = self.reader.metadata();
        CountryDatabase::new(&metadata.database_type, metadata.build_epoch)
    }

    /// Returns the country of an address. Returns `None` if the database does not know the address, or has a code that
    /// is not in ISO 3166-1. Fails if the record of the address cannot be read.
    pub fn find(&self, address: IpAddr) -> Result<Option<Country>, GeoIpError> {
        let Some(record) = self.record(address)? else { return Ok(None) };
        let of_country = match record.country {
            Some(Named::Text(code)) => Some(code),
            Some(Named::Object { iso_code }) => iso_code,
            Some(Named::Other(_)) | None => None,
        };
        Ok(record.country_code.or(of_country).and_then(|code| with_code(&code.to_ascii_uppercase())))
    }

    /// Returns the error of the first record that [`Places`] could not read.
    pub fn broken(&self) -> Option<&GeoIpError> {
        self.broken.get()
    }

    fn record(&self, address: IpAddr) -> Result<Option<Record<'_>>, GeoIpError> {
        let address = address.to_canonical();
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(None);
        }
        Ok(self.reader.lookup(address)?.decode()?)
    }

    /// Returns the value of a lookup. Remembers the first error.
    fn noted<T>(&self, found: Result<Option<T>, GeoIpError>) -> Option<T> {
        found.unwrap_or_else(|error| {
            self.broken.get_or_init(|| error);
            None
        })
    }
}

/// A record that cannot be read has no country. [`GeoIp::broken`] then has the error.
impl Places for GeoIp {
    fn aws(&self, _: IpAddr) -> Option<String> {
        None
    }

    fn country(&self, address: IpAddr) -> Option<String> {
        self.noted(self.find(address)).map(|country| country.code.to_owned())
    }

    fn owner(&self, address: IpAddr) -> Option<String> {
        let name = self.noted(self.record(address))?.as_name?;
        Some(plain(name, LONGEST)).filter(|name| !name.is_empty())
    }
}
