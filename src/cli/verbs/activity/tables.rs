//! The lookup tables for source addresses.

use core::net::IpAddr;
use std::path::Path;

use super::countries::Countries;
use crate::bounded_file;
use crate::cli::failure::Failure;
use crate::domain::text::plain::without_number;
use crate::domain::trail::address::Places;
use crate::domain::trail::aws_ranges::AwsRanges;

/// The largest file with the ranges of AWS, in bytes. AWS's own file has about 2 MB.
const LARGEST: u64 = 64 << 20;

/// The address ranges of AWS, and the countries.
pub(super) struct Tables {
    ranges: Ranges,
    pub(super) countries: Countries,
}

enum Ranges {
    Shipped(&'static AwsRanges),
    Given(Box<AwsRanges>),
}

impl Tables {
    /// Reads the ranges of AWS from the file `ranges`, or takes the ranges that Logweir contains. Opens the database of
    /// countries.
    pub(super) fn read(ranges: Option<&Path>, countries: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self { ranges: Ranges::read(ranges)?, countries: Countries::open(countries)? })
    }

    pub(super) fn ranges(&self) -> &AwsRanges {
        match &self.ranges {
            Ranges::Shipped(ranges) => ranges,
            Ranges::Given(ranges) => ranges,
        }
    }

    /// Returns a sentence about the age of the ranges.
    pub(super) fn note(&self) -> Option<String> {
        let date = self.ranges().date();
        (!date.is_empty()).then(|| format!("The address ranges of AWS are those of {date}."))
    }
}

impl Ranges {
    fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::Shipped(AwsRanges::shipped())) };
        let failed = |why: &str| {
            Failure::usage(format!("{}: {why}", file.display()))
                .help("download the file: curl -O https://ip-ranges.amazonaws.com/ip-ranges.json")
        };
        let text = bounded_file::read_text(file, LARGEST);
        let text = text.map_err(|error| failed(without_number(&error.to_string())))?;
        AwsRanges::parse(&text).map(Box::new).map(Self::Given).map_err(|error| failed(&error.to_string()))
    }
}

impl Places for Tables {
    fn aws(&self, address: IpAddr) -> Option<String> {
        self.ranges().owner(address).map(ToString::to_string)
    }

    fn country(&self, address: IpAddr) -> Option<String> {
        self.countries.country(address)
    }

    fn owner(&self, address: IpAddr) -> Option<String> {
        self.countries.owner(address)
    }
}
