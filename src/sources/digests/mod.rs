//! Checks the log files of a trail against the digest files of CloudTrail.

mod folder;
mod member;
mod public_keys;

pub use public_keys::{PublicKeys, PublicKeysError};

use crate::domain::trail::digest::{Digest, file_name, is_digest};
use crate::domain::trail::verification::{Evidence, ProblemKind, Verification};
use member::{LARGEST_DIGEST, LARGEST_LOG, Packing};

/// The files that were read so far, and the keys for the signatures.
#[derive(Debug, Default)]
pub struct DigestCheck {
    evidence: Evidence,
    keys: Option<PublicKeys>,
}

impl DigestCheck {
    /// Without keys, the check compares hashes and verifies no signature.
    pub fn new(keys: Option<PublicKeys>) -> Self {
        Self { evidence: Evidence::default(), keys }
    }

    /// Adds a file by its path or key. The signature is that of the object's metadata. Ignores a file that is neither a
    /// log file nor a digest file of CloudTrail.
    pub fn add(&mut self, path: &str, bytes: &[u8], signature: Option<String>) {
        let Some((name, packing)) = Packing::of(file_name(path)) else { return };
        if !is_digest(&name) {
            return self.evidence.log(&name, packing.hash(bytes, LARGEST_LOG));
        }
        match packing.text(bytes, LARGEST_DIGEST) {
            Err(kind) => self.evidence.unreadable_digest(&name, kind),
            Ok((text, hash)) => match Digest::parse(&text, hash) {
                Ok(digest) => self.evidence.digest(&name, digest, signature),
                Err(_) => self.evidence.unreadable_digest(&name, ProblemKind::DigestUnreadable),
            },
        }
    }

    /// Adds a file that cannot be read.
    pub fn add_unreadable(&mut self, path: &str) {
        let Some((name, _)) = Packing::of(file_name(path)) else { return };
        if is_digest(&name) {
            self.evidence.unreadable_digest(&name, ProblemKind::DigestUnreadable);
        } else {
            self.evidence.log(&name, Err(ProblemKind::Unreadable));
        }
    }

    /// Adds a file whose records are in the report. A file whose name is not that of a log file is in no digest file.
    pub fn add_read(&mut self, path: &str) {
        let name = file_name(path);
        if Packing::of(name).is_none() {
            self.evidence.log(name, Err(ProblemKind::Uncovered));
        }
    }

    /// Returns the result for all files that were added.
    pub fn end(self) -> Verification {
        match &self.keys {
            None => self.evidence.judge(None),
            Some(keys) => self
                .evidence
                .judge(Some(&|fingerprint, text, signature| keys.check(fingerprint, text.as_bytes(), signature))),
        }
    }
}
