//! A trail of three hours with two log files each, and with its digest files.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use logweir::domain::text::hex;
use logweir::domain::trail::digest::Digest;
use logweir::domain::trail::verification::Verification;
use logweir::sources::digests::{DigestCheck, PublicKeys};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const FINGERPRINT: &str = "0123456789abcdef0123456789abcdef";

pub(super) struct Trail {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// The signatures of object metadata, by the names of the digest files.
    pub(super) signatures: BTreeMap<String, String>,
    /// The fingerprint of the key in the file of public keys.
    pub(super) fingerprint: String,
}

pub(super) fn log_name(hour: usize, number: usize) -> String {
    format!("111122223333_CloudTrail_eu-west-1_20261201T0{hour}15Z_abcdefghijklmno{number}.json.gz")
}

pub(super) fn digest_name(hour: usize) -> String {
    format!("111122223333_CloudTrail-Digest_eu-west-1_main_trail_eu-west-1_20261201T0{}0000Z.json.gz", hour + 1)
}

pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

/// Returns the text of a digest file without one of its log files.
pub(super) fn without_log(text: &str, name: &str) -> String {
    let mut digest: Value = serde_json::from_str(text).unwrap();
    digest["logFiles"].as_array_mut().unwrap().retain(|file| !file["s3Object"].as_str().unwrap().ends_with(name));
    digest.to_string()
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn key() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("signing-key.der")).unwrap()
}

impl Trail {
    pub(super) fn of_three_hours() -> Self {
        let mut trail =
            Self { files: BTreeMap::new(), signatures: BTreeMap::new(), fingerprint: FINGERPRINT.to_owned() };
        let key = key();
        for hour in 0..3 {
            trail.add_hour(hour, &key);
        }
        // A download does not keep the metadata. The next digest file has the signature of the others.
        trail.signatures.retain(|name, _| *name == digest_name(2));
        trail
    }

    fn add_hour(&mut self, hour: usize, key: &RsaKeyPair) {
        let logs: Vec<Value> = (0..2)
            .map(|number| {
                let text = format!(r#"{{"Records":[{{"eventID":"{hour}-{number}"}}]}}"#);
                let name = log_name(hour, number);
                self.put(&name, packed(text.as_bytes()));
                json!({"s3Bucket": "logs", "s3Object": format!("AWSLogs/111122223333/CloudTrail/eu-west-1/{name}"),
                    "hashValue": hash(text.as_bytes()), "hashAlgorithm": "SHA-256",
                    "newestEventTime": "2026-12-01T00:10:00Z", "oldestEventTime": "2026-12-01T00:05:00Z"})
            })
            .collect();
        let key_of =
            |hour| format!("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/12/01/{}", digest_name(hour));
        let before = hour.checked_sub(1).map(|before| {
            let text = unpacked(&self.files[&digest_name(before)]);
            (key_of(before), hash(&text), self.signatures[&digest_name(before)].clone())
        });
        let (object, value, signature) = match before {
            Some((object, value, signature)) => (Some(object), Some(value), Some(signature)),
            None => (None, None, None),
        };
        let digest = json!({
            "awsAccountId": "111122223333", "digestStartTime": format!("2026-12-01T0{hour}:00:00Z"),
            "digestEndTime": format!("2026-12-01T0{}:00:00Z", hour + 1), "digestS3Bucket": "logs",
            "digestS3Object": key_of(hour), "digestPublicKeyFingerprint": FINGERPRINT,
            "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": "2026-12-01T00:10:00Z",
            "oldestEventTime": "2026-12-01T00:05:00Z", "previousDigestS3Bucket": object.as_ref().map(|_| "logs"),
            "previousDigestS3Object": object, "previousDigestHashValue": value,
            "previousDigestHashAlgorithm": "SHA-256", "previousDigestSignature": signature, "logFiles": logs,
        });
        let text = digest.to_string();
        let signed = Digest::parse(&text, Sha256::digest(text.as_bytes()).into()).unwrap().signed_text();
        let mut bytes = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut bytes).unwrap();
        self.signatures.insert(digest_name(hour), hex(&bytes));
        self.put(&digest_name(hour), packed(text.as_bytes()));
    }

    pub(super) fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), bytes);
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.files.remove(name).unwrap();
    }

    /// Changes the text of a digest file.
    pub(super) fn edit(&mut self, name: &str, change: impl FnOnce(&str) -> String) {
        let text = String::from_utf8(unpacked(&self.files[name])).unwrap();
        let changed = change(&text);
        assert_ne!(changed, text);
        self.put(name, packed(changed.as_bytes()));
    }

    pub(super) fn check(&self, with_key: bool) -> DigestCheck {
        let value = STANDARD.encode(key().public().as_ref());
        let keys = json!({"PublicKeyList": [{"Value": value, "Fingerprint": self.fingerprint,
            "ValidityStartTime": "2026-11-01T00:00:00+00:00", "ValidityEndTime": "2027-01-01T00:00:00+00:00"}]});
        DigestCheck::new(with_key.then(|| PublicKeys::parse(&keys.to_string()).unwrap()))
    }

    pub(super) fn verify(&self, with_key: bool) -> Verification {
        let mut check = self.check(with_key);
        for (name, bytes) in &self.files {
            check.add(&format!("AWSLogs/{name}"), bytes, self.signatures.get(name).cloned());
        }
        check.end()
    }
}
