//! The address ranges of AWS: which Region and which service an address belongs to.
//!
//! AWS publishes its ranges as the file `ip-ranges.json` (source: Amazon VPC User Guide, "AWS IP address ranges").
//! Logweir contains a packed copy of these ranges, which `infra/aws_ranges.py` writes.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::Deserialize;

/// The packed ranges that Logweir contains. [`unpacked`] describes the format.
const PACKED: &[u8] = include_bytes!("../../../infra/aws-ranges.bin");

/// The service name under which AWS publishes every range, also the ranges of the other services.
const EVERY_SERVICE: &str = "AMAZON";

/// The Region name of the ranges that belong to no Region.
const NO_REGION: &str = "GLOBAL";

/// The address ranges of AWS.
#[derive(Debug)]
pub struct AwsRanges {
    date: String,
    owners: Vec<AwsOwner>,
    v4: Vec<Segment>,
    v6: Vec<Segment>,
}

/// The Region and the service that an address of AWS belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AwsOwner {
    /// The Region, such as `eu-west-2`. `None` if the range belongs to no Region.
    pub region: Option<String>,
    /// The service, such as `EC2`. `None` if AWS publishes no service for the range.
    pub service: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangesError {
    #[error("the text is not the JSON of ip-ranges.json: {0}")]
    Json(String),
    #[error("`{0}` is not an address range")]
    Range(String),
    #[error("the file has no address range")]
    Empty,
    #[error("the packed ranges are damaged")]
    Packed,
}

/// Addresses without a gap that have one owner.
#[derive(Clone, Copy, Debug)]
struct Segment {
    first: u128,
    last: u128,
    owner: u16,
}

/// One published range.
#[derive(Clone, Copy, Debug)]
struct Block {
    first: u128,
    last: u128,
    owner: u16,
}

impl AwsRanges {
    /// Returns the ranges that Logweir contains.
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<AwsRanges> = OnceLock::new();
        SHIPPED.get_or_init(|| unpacked(PACKED).expect("a test unpacks the shipped ranges"))
    }

    /// Reads the text of `ip-ranges.json`.
    pub fn parse(text: &str) -> Result<Self, RangesError> {
        let file: RangesFile = serde_json::from_str(text).map_err(|error| RangesError::Json(error.to_string()))?;
        let mut owners = Vec::new();
        let mut found = [Vec::new(), Vec::new()];
        for entry in file.prefixes.iter().chain(&file.ipv6_prefixes) {
            let (family, first, last) =
                range(&entry.prefix).ok_or_else(|| RangesError::Range(entry.prefix.chars().take(64).collect()))?;
            let owner = AwsOwner::of(&entry.region, &entry.service);
            let known = owners.iter().position(|known| *known == owner);
            let index = known.unwrap_or_else(|| {
                owners.push(owner);
                owners.len() - 1
            });
            let owner = u16::try_from(index).map_err(|_| RangesError::Json("too many services".into()))?;
            found[usize::from(family == 128)].push(Block { first, last, owner });
        }
        if found.iter().all(Vec::is_empty) {
            return Err(RangesError::Empty);
        }
        // `2026-10-26-12-33-08`: the date alone is shown.
        let date = file.created.chars().take(10).filter(|c| c.is_ascii_digit() || *c == '-').collect();
        Ok(Self::of(date, owners, found))
    }

    fn of(date: String, owners: Vec<AwsOwner>, [v4, v6]: [Vec<Block>; 2]) -> Self {
        let (v4, v6) = (segments(v4, &owners), segments(v6, &owners));
        Self { date, owners, v4, v6 }
    }

    /// Returns the day on which AWS published the ranges, such as `2026-10-26`.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// Returns the names of all Regions, in the order of the alphabet.
    pub fn regions(&self) -> BTreeSet<&str> {
        self.owners.iter().filter_map(|owner| owner.region.as_deref()).collect()
    }

    /// Returns the owner of the smallest range that contains the address. Returns `None` if AWS does not publish the
    /// address. An IPv4 address that is mapped into IPv6 counts as the IPv4 address.
    pub fn owner(&self, address: IpAddr) -> Option<&AwsOwner> {
        let (segments, number) = match address.to_canonical() {
            IpAddr::V4(address) => (&self.v4, u128::from(address.to_bits())),
            IpAddr::V6(address) => (&self.v6, address.to_bits()),
        };
        let after = segments.partition_point(|segment| segment.first <= number);
        let segment = segments.get(after.checked_sub(1)?)?;
        (number <= segment.last).then(|| &self.owners[usize::from(segment.owner)])
    }
}

impl AwsOwner {
    fn of(region: &str, service: &str) -> Self {
        let named = |name: &str, none: &str| (name != none && !name.is_empty()).then(|| name.to_owned());
        Self { region: named(region, NO_REGION), service: named(service, EVERY_SERVICE) }
    }

    /// Returns how precisely the range names its service. Of two services that publish the same range, the service with
    /// the higher number is shown. Most ranges of EC2 have a range of another service inside.
    fn precision(&self) -> u8 {
        match self.service.as_deref() {
            None => 0,
            Some("EC2") => 1,
            Some(_) => 2,
        }
    }
}

/// Writes `AWS eu-west-2 (EC2)`.
impl fmt::Display for AwsOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AWS {}", self.region.as_deref().unwrap_or("global"))?;
        match &self.service {
            Some(service) => write!(f, " ({service})"),
            None => Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct RangesFile {
    #[serde(rename = "createDate", default)]
    created: String,
    #[serde(default)]
    prefixes: Vec<Published>,
    #[serde(default)]
    ipv6_prefixes: Vec<Published>,
}

#[derive(Deserialize)]
struct Published {
    #[serde(rename = "ip_prefix", alias = "ipv6_prefix")]
    prefix: String,
    region: String,
    service: String,
}

/// Returns the number of bits of an address, and the first and the last address of a range such as `3.8.0.0/14`.
fn range(text: &str) -> Option<(u32, u128, u128)> {
    let (address, length) = text.split_once('/')?;
    let length = u32::from_str(length).ok()?;
    let (bits, number) = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => (Ipv4Addr::BITS, u128::from(address.to_bits())),
        IpAddr::V6(address) => (Ipv6Addr::BITS, address.to_bits()),
    };
    let within = places(bits, length)?;
    Some((bits, number & !within, number | within))
}

/// Returns the largest distance of an address from the start of its range of this prefix length.
fn places(bits: u32, length: u32) -> Option<u128> {
    let free = bits.checked_sub(length)?;
    Some(1u128.checked_shl(free).map_or(u128::MAX, |size| size - 1))
}

/// Returns the segments of ranges that lie inside each other: each address belongs to the innermost range. A range
/// without a service has the service of the range around it in the same Region.
fn segments(mut blocks: Vec<Block>, owners: &[AwsOwner]) -> Vec<Segment> {
    let owner = |block: &Block| &owners[usize::from(block.owner)];
    blocks.sort_by(|a, b| {
        let nested = a.first.cmp(&b.first).then(b.last.cmp(&a.last));
        let precise = || owner(a).precision().cmp(&owner(b).precision());
        nested.then_with(precise).then_with(|| owner(b).cmp(owner(a)))
    });
    let mut found: Vec<Segment> = Vec::new();
    let mut around: Vec<Block> = Vec::new();
    let mut next = 0;
    for mut block in blocks {
        while around.last().is_some_and(|outer| outer.last < block.first) {
            close(&mut found, &mut around, &mut next);
        }
        if let Some(outer) = around.last() {
            append(&mut found, Segment { first: next, last: block.first.saturating_sub(1), owner: outer.owner });
            if owner(&block).service.is_none() && owner(&block).region == owner(outer).region {
                block.owner = outer.owner;
            }
        }
        next = block.first;
        around.push(block);
    }
    while !around.is_empty() {
        close(&mut found, &mut around, &mut next);
    }
    found
}

/// Ends the innermost range.
fn close(found: &mut Vec<Segment>, around: &mut Vec<Block>, next: &mut u128) {
    let Some(ended) = around.pop() else { return };
    append(found, Segment { first: *next, last: ended.last, owner: ended.owner });
    *next = (*next).max(ended.last.saturating_add(1));
}

/// Appends a segment, unless it is empty. Joins it with the segment before if both have the same owner.
fn append(found: &mut Vec<Segment>, segment: Segment) {
    if segment.first > segment.last {
        return;
    }
    match found.last_mut() {
        Some(before) if before.owner == segment.owner && before.last.checked_add(1) == Some(segment.first) => {
            before.last = segment.last;
        }
        _ => found.push(segment),
    }
}

/// Reads packed ranges. The format is: a line with the date, a line `REGION SERVICE` for each owner, an empty line, then
/// the ranges of IPv4 and the ranges of IPv6. Each family begins with the number of its ranges, and its ranges are
/// sorted. A range consists of its prefix length, the distance to the start of the range before, in units of its own
/// size, and the number of its owner. Numbers have seven bits a byte, the lowest bits first.
fn unpacked(bytes: &[u8]) -> Result<AwsRanges, RangesError> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").ok_or(RangesError::Packed)?;
    let mut lines = core::str::from_utf8(&bytes[..end]).map_err(|_| RangesError::Packed)?.lines();
    let date = lines.next().unwrap_or_default().to_owned();
    let owner = |line: &str| line.split_once(' ').map(|(region, service)| AwsOwner::of(region, service));
    let owners: Vec<AwsOwner> = lines.map(owner).collect::<Option<_>>().ok_or(RangesError::Packed)?;
    let mut rest = bytes[end + 2..].iter().copied();
    let v4 = family(&mut rest, Ipv4Addr::BITS, owners.len()).ok_or(RangesError::Packed)?;
    let v6 = family(&mut rest, Ipv6Addr::BITS, owners.len()).ok_or(RangesError::Packed)?;
    if rest.next().is_some() {
        return Err(RangesError::Packed);
    }
    Ok(AwsRanges::of(date, owners, [v4, v6]))
}

fn family(rest: &mut impl Iterator<Item = u8>, bits: u32, owners: usize) -> Option<Vec<Block>> {
    let mut first = 0;
    let count = number(rest)?;
    let mut blocks = Vec::new();
    for _ in 0..count {
        let length = u32::from(rest.next()?);
        let free = bits.checked_sub(length)?;
        let shifted = |number: u128| number.checked_shr(free).unwrap_or(0);
        first = shifted(first).checked_add(number(rest)?)?.checked_shl(free).unwrap_or(0);
        let owner = u16::try_from(number(rest)?).ok().filter(|owner| usize::from(*owner) < owners)?;
        blocks.push(Block { first, last: first | places(bits, length)?, owner });
    }
    Some(blocks)
}

fn number(rest: &mut impl Iterator<Item = u8>) -> Option<u128> {
    let mut value = 0;
    for shift in (0..u128::BITS).step_by(7) {
        let byte = rest.next()?;
        value |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
