//! `logweir activity --verify`: compares the log files with CloudTrail's digest files.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::bounded_file;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::text::count;
use crate::domain::text::plain::{plain, without_number};
use crate::domain::trail::verification::{Problem, Verification};
use crate::sources::digests::{DigestCheck, PublicKeys};

/// The largest file with public keys, in bytes.
const LARGEST: u64 = 16 << 20;

/// The maximum number of problems that messages name. The JSON output names more.
const MOST_NAMED: usize = 20;

/// The longest name of a file in a message, in characters.
const LONGEST_NAME: usize = 200;

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// Compare the log files with CloudTrail's digest files, which must be below the same paths
    #[arg(long)]
    verify: bool,
    /// Also verify the signatures of the digest files, with the output of `aws cloudtrail list-public-keys`
    #[arg(long, hide_short_help = true, value_name = "FILE", requires = "verify")]
    public_keys: Option<PathBuf>,
}

impl VerifyArgs {
    pub(super) fn is_wanted(&self) -> bool {
        self.verify
    }

    /// Reads the keys. Returns `None` if the caller does not want to verify files.
    pub(super) fn check(&self) -> Result<Option<DigestCheck>, Failure> {
        if !self.verify {
            return Ok(None);
        }
        let keys = self.public_keys.as_deref().map(public_keys).transpose()?;
        Ok(Some(DigestCheck::new(keys)))
    }
}

fn public_keys(file: &Path) -> Result<PublicKeys, Failure> {
    let failed = |why: &str| Failure::usage(format!("{}: {why}", file.display()));
    let text = bounded_file::read_text(file, LARGEST);
    let text = text.map_err(|error| failed(without_number(&error.to_string())))?;
    PublicKeys::parse(&text).map_err(|error| {
        failed(&error.to_string())
            .help("write the file: aws cloudtrail list-public-keys --start-time TIME --end-time TIME --output json")
    })
}

impl Context {
    /// Says how many files are verified, and names those that are not.
    pub(super) fn show_verification(&self, verification: &Verification) {
        let Verification { digests, log_files, problems, counts, .. } = verification;
        if digests.read == 0 {
            let help = "download the folder CloudTrail-Digest too, or switch on log file validation for the trail";
            self.printer.error("there is no digest file, so no log file is verified", Some(help));
        }
        for Problem { file, kind } in problems.iter().take(MOST_NAMED) {
            self.printer.error(&format!("{} {}", plain(file, LONGEST_NAME), kind.says()), None);
        }
        let unnamed = counts.values().sum::<u64>().saturating_sub(MOST_NAMED as u64);
        if unnamed > 0 {
            self.printer.error(&format!("{} more; --format json has them", count(unnamed, "problem")), None);
        }
        self.printer.note(&format!(
            "verified {} of {} with {}, of which {} have a verified signature",
            log_files.valid,
            count(log_files.read, "log file"),
            count(digests.read, "digest file"),
            digests.signed,
        ));
    }
}
