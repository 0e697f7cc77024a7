//! Whether the log files of a trail are the files that CloudTrail delivered, as its digest files say.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::digest::{Digest, Hash, LogName};

/// The largest number of problems that a verification lists. The counts include the problems that are not listed.
pub const MOST_PROBLEMS: usize = 1000;

/// The result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    pub digests: DigestCounts,
    pub log_files: LogFileCounts,
    /// The number of problems by their kind.
    pub counts: BTreeMap<ProblemKind, u64>,
    /// The first problems, in the order of their files.
    pub problems: Vec<Problem>,
    /// The first digest file of each chain. What CloudTrail delivered before it is not verified.
    pub begins: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DigestCounts {
    pub read: u64,
    /// The number of digest files whose signature was verified.
    pub signed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogFileCounts {
    pub read: u64,
    /// The number of log files whose hash is the hash in a digest file.
    pub valid: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    pub file: String,
    pub kind: ProblemKind,
}

/// Why a file does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The hash of the log file is not the hash in the digest file.
    Changed,
    /// A digest file lists the log file, and the log file is not there.
    Missing,
    /// CloudTrail delivered no log file of this name in the hours of the digest files.
    Unlisted,
    /// No digest file is about the hour of the log file, or the file has not the name of a log file.
    Uncovered,
    /// The file cannot be decompressed.
    Unreadable,
    /// Bytes follow the compressed data.
    TrailingBytes,
    /// The digest file is not the JSON of a digest file.
    DigestUnreadable,
    /// The digest file has another name than the digest file says.
    DigestMoved,
    /// The hash of the digest file is not the hash in the next digest file.
    DigestChanged,
    /// The next digest file names the digest file, and the digest file is not there.
    DigestMissing,
    /// The signature of the digest file does not match its contents.
    SignatureInvalid,
    /// The signature of the digest file is not known.
    SignatureMissing,
    /// The public key of the digest file is not among the given keys.
    KeyUnknown,
}

impl ProblemKind {
    /// Returns what the problem is, as a clause about the file.
    pub fn says(self) -> &'static str {
        match self {
            Self::Changed => "was changed after CloudTrail delivered it",
            Self::Missing => "is missing, although a digest file lists it",
            Self::Unlisted => "is in no digest file, although digest files exist for its hour",
            Self::Uncovered => "is outside the hours of the digest files, or has not the name of a log file",
            Self::Unreadable => "cannot be decompressed",
            Self::TrailingBytes => "has bytes after its compressed data",
            Self::DigestUnreadable => "is not a readable digest file",
            Self::DigestMoved => "was moved or renamed",
            Self::DigestChanged => "was changed: the next digest file has another hash for it",
            Self::DigestMissing => "is missing, although the next digest file names it",
            Self::SignatureInvalid => "has an invalid signature",
            Self::SignatureMissing => "has no known signature",
            Self::KeyUnknown => "was signed with a key that --public-keys does not contain",
        }
    }
}

/// The result of reading one file.
pub type Hashed = Result<Hash, ProblemKind>;

/// Verifies a signature. Receives the fingerprint of the key, the signed text and the signature.
pub type SignatureCheck<'c> = dyn Fn(&str, &str, &str) -> Signature + 'c;

/// The answer of a signature check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    Valid,
    Invalid,
    KeyUnknown,
}

/// The files that were read so far.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The log files by their names. A name that occurs twice has the result of the worse file.
    logs: BTreeMap<String, Hashed>,
    /// The digest files by their names, with the signature from outside the digest files.
    digests: BTreeMap<String, (Digest, Option<String>)>,
    unreadable: Vec<Problem>,
}

impl Evidence {
    /// Adds a log file.
    pub fn log(&mut self, name: &str, hashed: Hashed) {
        let known = self.logs.entry(name.to_owned()).or_insert(hashed);
        if *known != hashed {
            *known = Err(hashed.err().or(known.err()).unwrap_or(ProblemKind::Changed));
        }
    }

    /// Adds a digest file. The signature is that of the object's metadata, as hexadecimal digits.
    pub fn digest(&mut self, name: &str, digest: Digest, signature: Option<String>) {
        self.digests.insert(name.to_owned(), (digest, signature));
    }

    /// Adds a digest file that cannot be read.
    pub fn unreadable_digest(&mut self, name: &str, kind: ProblemKind) {
        self.unreadable.push(Problem { file: name.to_owned(), kind });
    }

    /// Returns the result. Without `check`, no signature is verified.
    pub fn judge(self, check: Option<&SignatureCheck<'_>>) -> Verification {
        let mut result = Verification::default();
        result.digests.read = (self.digests.len() + self.unreadable.len()) as u64;
        let mut problems = self.unreadable.clone();
        self.chains(&mut problems, &mut result.begins);
        if let Some(check) = check {
            result.digests.signed = self.signatures(check, &mut problems);
        }
        result.log_files = self.log_files(&mut problems);
        problems.sort();
        problems.dedup();
        for problem in &problems {
            *result.counts.entry(problem.kind).or_default() += 1;
        }
        problems.truncate(MOST_PROBLEMS);
        result.problems = problems;
        result
    }

    /// Follows each digest file to the one before it.
    fn chains(&self, problems: &mut Vec<Problem>, begins: &mut Vec<String>) {
        let mut firsts: HashMap<String, Timestamp> = HashMap::new();
        for (digest, _) in self.digests.values() {
            let first = firsts.entry(digest.chain()).or_insert(digest.start);
            *first = digest.start.min(*first);
        }
        for (name, (digest, _)) in &self.digests {
            let mut problem = |file: &str, kind| problems.push(Problem { file: file.to_owned(), kind });
            if digest.place.name() != name {
                problem(name, ProblemKind::DigestMoved);
            }
            let Some(previous) = &digest.previous else {
                begins.push(name.clone());
                continue;
            };
            match self.digests.get(previous.place.name()) {
                Some((before, _)) if before.hash != previous.hash => {
                    problem(previous.place.name(), ProblemKind::DigestChanged);
                }
                Some(_) => {}
                None if self.unreadable.iter().any(|unreadable| unreadable.file == previous.place.name()) => {}
                None if firsts[&digest.chain()] < digest.start => {
                    problem(previous.place.name(), ProblemKind::DigestMissing);
                }
                None => begins.push(name.clone()),
            }
        }
    }

    /// Verifies the signature of each digest file, and returns how many are valid. The next digest file contains the
    /// signature of a digest file, so only the last one of a chain needs its signature from outside.
    fn signatures(&self, check: &SignatureCheck<'_>, problems: &mut Vec<Problem>) -> u64 {
        let previous = self.digests.values().filter_map(|(digest, _)| digest.previous.as_ref());
        let known: HashMap<&str, &str> = previous.map(|one| (one.place.name(), one.signature.as_str())).collect();
        let mut signed = 0;
        for (name, (digest, given)) in &self.digests {
            let signature = given.as_deref().or_else(|| known.get(name.as_str()).copied());
            let kind = match signature.map(|one| check(&digest.fingerprint, &digest.signed_text(), one)) {
                Some(Signature::Valid) => {
                    signed += 1;
                    continue;
                }
                Some(Signature::Invalid) => ProblemKind::SignatureInvalid,
                Some(Signature::KeyUnknown) => ProblemKind::KeyUnknown,
                None => ProblemKind::SignatureMissing,
            };
            problems.push(Problem { file: name.clone(), kind });
        }
        signed
    }

    fn log_files(&self, problems: &mut Vec<Problem>) -> LogFileCounts {
        let mut listed: HashMap<&str, &Hash> = HashMap::new();
        let mut hours: HashMap<(&str, &str), (Timestamp, Timestamp)> = HashMap::new();
        for (name, (digest, _)) in &self.digests {
            for file in &digest.files {
                let file_name = file.place.name();
                if listed.insert(file_name, &file.hash).is_some_and(|other| *other != file.hash) {
                    problems.push(Problem { file: file_name.to_owned(), kind: ProblemKind::Changed });
                }
                if !self.logs.contains_key(file_name) {
                    problems.push(Problem { file: file_name.to_owned(), kind: ProblemKind::Missing });
                }
            }
            let mut parts = name.split('_');
            let owner = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
            let (start, end) = hours.entry(owner).or_insert((digest.start, digest.end));
            (*start, *end) = ((*start).min(digest.start), (*end).max(digest.end));
        }
        let mut valid = 0;
        for (name, hashed) in &self.logs {
            let kind = match (hashed, listed.get(name.as_str())) {
                (Ok(hash), Some(expected)) if *hash == **expected => {
                    valid += 1;
                    continue;
                }
                (Ok(_), Some(_)) => ProblemKind::Changed,
                (Err(kind), _) => *kind,
                (Ok(_), None) if is_within(name, &hours) => ProblemKind::Unlisted,
                (Ok(_), None) => ProblemKind::Uncovered,
            };
            problems.push(Problem { file: name.clone(), kind });
        }
        LogFileCounts { read: self.logs.len() as u64, valid }
    }
}

/// Returns whether digest files exist for the time at which CloudTrail delivered the log file.
fn is_within(name: &str, hours: &HashMap<(&str, &str), (Timestamp, Timestamp)>) -> bool {
    let Some(parts) = LogName::parse(name) else { return false };
    let (Some((start, end)), Some(minute)) = (hours.get(&(parts.account, parts.region)), parts.minute()) else {
        return false;
    };
    (*start..*end).contains(&minute)
}

impl Verification {
    /// Returns whether every file verifies, and whether there was a file to verify.
    pub fn is_complete(&self) -> bool {
        self.counts.is_empty() && self.digests.read > 0
    }
}
