//! The public keys of CloudTrail, which verify the signatures of digest files.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;

use crate::domain::trail::digest::parse_hex;
use crate::domain::trail::verification::Signature;

/// The keys by their fingerprints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys(HashMap<String, Vec<u8>>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeysError {
    #[error("the text is not the output of `aws cloudtrail list-public-keys`: {0}")]
    Json(String),
    #[error("the key {0} is not Base64")]
    Base64(String),
    #[error("the file has no key; extend --start-time and --end-time to the time of the log files")]
    Empty,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeysFile {
    public_key_list: Vec<KeyInFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyInFile {
    value: String,
    fingerprint: String,
}

impl PublicKeys {
    /// Reads the output of `aws cloudtrail list-public-keys`. A key is an RSA public key in the DER form of PKCS#1.
    pub fn parse(text: &str) -> Result<Self, PublicKeysError> {
        let file: KeysFile = serde_json::from_str(text).map_err(|error| PublicKeysError::Json(error.to_string()))?;
        let keys = file.public_key_list.into_iter().map(|key| match STANDARD.decode(&key.value) {
            Ok(bytes) => Ok((key.fingerprint, bytes)),
            Err(_) => Err(PublicKeysError::Base64(crate::domain::text::plain::plain(&key.fingerprint, 64))),
        });
        let keys: HashMap<_, _> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(PublicKeysError::Empty) } else { Ok(Self(keys)) }
    }

    /// Verifies a signature in hexadecimal digits.
    pub(super) fn check(&self, fingerprint: &str, text: &[u8], signature: &str) -> Signature {
        let Some(key) = self.0.get(fingerprint) else { return Signature::KeyUnknown };
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        let is_valid = parse_hex(signature.trim()).is_some_and(|bytes| key.verify(text, &bytes).is_ok());
        if is_valid { Signature::Valid } else { Signature::Invalid }
    }
}
