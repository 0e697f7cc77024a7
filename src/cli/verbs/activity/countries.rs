//! The database of countries: the one that the caller names, or the one beside the program.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::domain::country::database::CountryDatabase;
use crate::domain::trail::address::Places;
use crate::sources::GeoIp;

/// The file that `make geo` writes. Logweir reads it from the folder of the program if the caller names no database.
const BESIDE: &str = "dbip-country-lite.mmdb";

/// The countries of addresses. Without a database, no country is known.
pub(super) struct Countries(Option<(PathBuf, GeoIp)>);

impl Countries {
    /// Opens the database at the path, or else the database beside the program.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path.map(Path::to_owned).or_else(beside) else { return Ok(Self(None)) };
        let geoip = GeoIp::open(&path).map_err(|error| {
            Failure::usage(format!("{}: {error}", path.display()))
                .help("name a database of countries or cities of DB-IP, MaxMind or IPinfo with --geoip")
        })?;
        Ok(Self(Some((path, geoip))))
    }

    pub(super) fn database(&self) -> Option<CountryDatabase> {
        self.0.as_ref().map(|(_, geoip)| geoip.database())
    }

    /// Returns the error of the first record of the database that could not be read.
    pub(super) fn broken(&self) -> Option<Failure> {
        let (path, geoip) = self.0.as_ref()?;
        let error = geoip.broken()?;
        let message = format!("{}: {error}; some addresses have no country", path.display());
        Some(Failure::error(message).help("download the database again"))
    }

    pub(super) fn country(&self, address: IpAddr) -> Option<String> {
        self.0.as_ref()?.1.country(address)
    }

    pub(super) fn owner(&self, address: IpAddr) -> Option<String> {
        self.0.as_ref()?.1.owner(address)
    }
}

fn beside() -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.with_file_name(BESIDE);
    path.is_file().then_some(path)
}
