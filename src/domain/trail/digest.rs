//! A digest file of CloudTrail, which lists the log files of an hour with their hashes, and names the digest file before it
//! (source: CloudTrail User Guide, "CloudTrail digest file structure", and the command `aws cloudtrail validate-logs`).

use jiff::Timestamp;
use serde::Deserialize;

/// The only algorithms that CloudTrail uses.
const HASH: &str = "SHA-256";
const SIGNATURE: &str = "SHA256withRSA";

/// The name of a digest file that CloudTrail writes later for hours that had none ends with this text.
const BACKFILL: &str = "_backfill";

/// The hash of the uncompressed bytes of a file.
pub type Hash = [u8; 32];

/// A digest file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The bucket and the key under which CloudTrail stored the digest file.
    pub place: Place,
    pub start: Timestamp,
    pub end: Timestamp,
    /// The fingerprint of the public key that verifies the signature of the digest file.
    pub fingerprint: String,
    /// The digest file before this one. `None` if this digest file begins a chain.
    pub previous: Option<Previous>,
    pub files: Vec<Listed>,
    /// The hash of this digest file.
    pub hash: Hash,
    /// The text of `digestEndTime`, which is part of the signed text.
    end_text: String,
}

/// A bucket and a key in Amazon S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub bucket: String,
    pub key: String,
}

/// What a digest file says about the digest file before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    pub place: Place,
    pub hash: Hash,
    /// The signature of the previous digest file, as hexadecimal digits.
    pub signature: String,
}

/// A log file in a digest file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub place: Place,
    pub hash: Hash,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    #[error("the text is not the JSON of a digest file: {0}")]
    Json(String),
    #[error("`{0}` is not a SHA-256 hash")]
    Hash(String),
    #[error("the algorithm `{0}` is unknown")]
    Algorithm(String),
}

impl Place {
    /// Returns the part of the key after the last slash. CloudTrail gives no two files the same name.
    pub fn name(&self) -> &str {
        file_name(&self.key)
    }
}

/// Returns the part of a key or of a path after the last slash.
pub fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

impl Digest {
    /// Reads the text of a digest file whose uncompressed bytes have this hash.
    pub fn parse(text: &str, hash: Hash) -> Result<Self, DigestError> {
        let file: DigestFile = serde_json::from_str(text).map_err(|error| DigestError::Json(error.to_string()))?;
        if file.digest_signature_algorithm != SIGNATURE {
            return Err(DigestError::Algorithm(short(&file.digest_signature_algorithm)));
        }
        let previous = match (file.previous_digest_s3_bucket, file.previous_digest_s3_object) {
            (Some(bucket), Some(key)) => Some(Previous {
                place: Place { bucket, key },
                hash: parse_hash(&file.previous_digest_hash_value.unwrap_or_default())?,
                signature: file.previous_digest_signature.unwrap_or_default(),
            }),
            _ => None,
        };
        let files = file.log_files.into_iter().map(|file| {
            if file.hash_algorithm != HASH {
                return Err(DigestError::Algorithm(short(&file.hash_algorithm)));
            }
            let place = Place { bucket: file.s3_bucket, key: file.s3_object };
            Ok(Listed { place, hash: parse_hash(&file.hash_value)? })
        });
        let time = |text: &str| {
            text.parse::<Timestamp>().map_err(|_| DigestError::Json(format!("`{}` is not a time", short(text))))
        };
        Ok(Self {
            start: time(&file.digest_start_time)?,
            end: time(&file.digest_end_time)?,
            place: Place { bucket: file.digest_s3_bucket, key: file.digest_s3_object },
            fingerprint: file.digest_public_key_fingerprint,
            previous,
            files: files.collect::<Result<_, _>>()?,
            hash,
            end_text: file.digest_end_time,
        })
    }

    /// Returns the text that CloudTrail signed: the end of the hour, the place of the digest file, its hash, and the
    /// signature of the digest file before it.
    pub fn signed_text(&self) -> String {
        let previous = self.previous.as_ref().map_or("null", |previous| previous.signature.as_str());
        let Place { bucket, key } = &self.place;
        format!("{}\n{bucket}/{key}\n{}\n{previous}", self.end_text, crate::domain::text::hex(&self.hash))
    }

    /// Returns the name of the chain that the digest file belongs to: its file name without the time. A trail has a
    /// chain for each account and Region.
    pub fn chain(&self) -> String {
        chain(self.place.name())
    }
}

fn chain(name: &str) -> String {
    let stem = name.strip_suffix(".json.gz").unwrap_or(name);
    let (stem, is_backfill) = match stem.strip_suffix(BACKFILL) {
        Some(stem) => (stem, BACKFILL),
        None => (stem, ""),
    };
    let chain = stem.rsplit_once('_').map_or(stem, |(chain, _)| chain);
    format!("{chain}{is_backfill}")
}

/// The parts of the name of a log file: `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_RANDOM.json.gz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogName<'n> {
    pub account: &'n str,
    pub region: &'n str,
    /// The time at which CloudTrail delivered the file, such as `20261201T0805Z`.
    pub delivered: &'n str,
}

impl<'n> LogName<'n> {
    /// Returns `None` if the name is not that of a log file.
    pub fn parse(name: &'n str) -> Option<Self> {
        let mut parts = name.strip_suffix(".json.gz")?.split('_');
        let (account, kind, region, delivered) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_time = delivered.len() == 14 && delivered.ends_with('Z') && delivered.as_bytes()[8] == b'T';
        (kind == "CloudTrail" && is_time).then_some(Self { account, region, delivered })
    }

    /// Returns the minute at which CloudTrail delivered the file.
    pub fn minute(&self) -> Option<Timestamp> {
        let text = self.delivered;
        let part = |range: core::ops::Range<usize>| text.get(range);
        let (date, hour, minute) = (part(0..8)?, part(9..11)?, part(11..13)?);
        format!("{}-{}-{}T{hour}:{minute}:00Z", date.get(..4)?, date.get(4..6)?, date.get(6..8)?).parse().ok()
    }
}

/// Returns whether a file name is that of a digest file.
pub fn is_digest(name: &str) -> bool {
    name.ends_with(".json.gz") && name.split('_').nth(1) == Some("CloudTrail-Digest")
}

fn parse_hash(text: &str) -> Result<Hash, DigestError> {
    let bytes = parse_hex(text).and_then(|bytes| Hash::try_from(bytes).ok());
    bytes.ok_or_else(|| DigestError::Hash(short(text)))
}

/// Returns the bytes that hexadecimal digits stand for.
pub fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn short(text: &str) -> String {
    crate::domain::text::plain::plain(text, 80)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DigestFile {
    digest_start_time: String,
    digest_end_time: String,
    digest_s3_bucket: String,
    digest_s3_object: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: String,
    previous_digest_s3_bucket: Option<String>,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_signature: Option<String>,
    #[serde(default)]
    log_files: Vec<LogFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogFile {
    s3_bucket: String,
    s3_object: String,
    hash_value: String,
    hash_algorithm: String,
}
