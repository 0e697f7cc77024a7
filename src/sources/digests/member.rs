//! Decompresses a file that consists of one gzip member, and computes the hash of its uncompressed bytes.

use std::io::Read;

use flate2::bufread::GzDecoder;
use sha2::{Digest as _, Sha256};

use crate::domain::trail::digest::{Hash, LogName, is_digest};
use crate::domain::trail::verification::{Hashed, ProblemKind};

/// The largest uncompressed log file, in bytes. CloudTrail's own log files stay below 100 MB.
pub(super) const LARGEST_LOG: u64 = 1024 * 1024 * 1024;

/// The largest uncompressed digest file, in bytes. An entry for a log file has less than 1 KB.
pub(super) const LARGEST_DIGEST: u64 = 64 * 1024 * 1024;

/// Whether the bytes of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    /// The file was decompressed. Its name is CloudTrail's name without `.gz`.
    None,
}

impl Packing {
    /// Returns CloudTrail's name of a log file or digest file. Returns `None` for every other file.
    pub(super) fn of(name: &str) -> Option<(String, Self)> {
        let (original, packing) = match name.ends_with(".gz") {
            true => (name.to_owned(), Self::Gzip),
            false => (format!("{name}.gz"), Self::None),
        };
        (is_digest(&original) || LogName::parse(&original).is_some()).then_some((original, packing))
    }

    /// Returns the hash of the uncompressed bytes. An error if there are more than `most` of them.
    pub(super) fn hash(self, bytes: &[u8], most: u64) -> Hashed {
        let mut hasher = Sha256::new();
        self.read(bytes, most, |part| hasher.update(part))?;
        Ok(hasher.finalize().into())
    }

    /// Returns the uncompressed text and its hash.
    pub(super) fn text(self, bytes: &[u8], most: u64) -> Result<(String, Hash), ProblemKind> {
        let mut text = Vec::new();
        self.read(bytes, most, |part| text.extend_from_slice(part))?;
        let hash = Sha256::digest(&text).into();
        String::from_utf8(text).map(|text| (text, hash)).map_err(|_| ProblemKind::DigestUnreadable)
    }

    fn read(self, bytes: &[u8], most: u64, mut each: impl FnMut(&[u8])) -> Result<(), ProblemKind> {
        if self == Self::None {
            each(bytes);
            return Ok(());
        }
        let mut decoder = GzDecoder::new(bytes);
        let mut buffer = vec![0; 64 * 1024];
        let mut total = 0;
        loop {
            let read = decoder.read(&mut buffer).map_err(|_| ProblemKind::Unreadable)?;
            if read == 0 {
                break;
            }
            total += read as u64;
            if total > most {
                return Err(ProblemKind::Unreadable);
            }
            each(&buffer[..read]);
        }
        // A reader of many members would accept the bytes after the first member as records.
        if decoder.into_inner().is_empty() { Ok(()) } else { Err(ProblemKind::TrailingBytes) }
    }
}
