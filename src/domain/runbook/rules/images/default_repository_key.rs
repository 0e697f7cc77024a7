//! A repository that no key of the account encrypts.

use super::super::judged::{Judged, result};
use super::Checked;
use super::repositories::{each_repository, resource};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "default-repository-key";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_repository(account, NAME, |name, repository, _, origin| {
        let (verdict, message) = match repository.encryption.as_str() {
            "KMS" | "KMS_DSSE" => (Verdict::Pass, "a key of AWS KMS encrypts the images"),
            "AES256" => (
                Verdict::Advice,
                "Amazon S3 encrypts the images with a key of its own; decide whether a key of AWS KMS must encrypt \
                 them, \
                 which only a new repository can have",
            ),
            _ => (Verdict::Undecidable, "this version of Logweir does not know the encryption"),
        };
        let judged = Judged::new(verdict, message, "/repositories/encryptionConfiguration/encryptionType");
        result(NAME, resource(account, name), origin, judged.with(Some(&*repository.encryption)))
    })
}
