//! The check of log files against CloudTrail's digest files. The trail of these tests is signed with a key that exists
//! only for them.

mod trail;

use logweir::domain::trail::digest::Digest;
use logweir::domain::trail::verification::{Problem, ProblemKind, Verification};
use trail::{Trail, packed};

fn problems(result: &Verification) -> Vec<(&str, ProblemKind)> {
    result.problems.iter().map(|Problem { file, kind }| (file.as_str(), *kind)).collect()
}

/// A problem of the trail after one change, with the signatures of the digest files.
#[track_caller]
fn assert_problems(change: impl FnOnce(&mut Trail), expected: &[(String, ProblemKind)]) {
    let mut trail = Trail::of_three_hours();
    change(&mut trail);
    let result = trail.verify(true);
    let expected: Vec<_> = expected.iter().map(|(file, kind)| (file.as_str(), *kind)).collect();
    assert_eq!(problems(&result), expected);
    assert!(!result.is_complete());
}

#[test]
fn an_untouched_trail_verifies_with_its_signatures() {
    let result = Trail::of_three_hours().verify(true);
    assert_eq!(problems(&result), []);
    assert_eq!((result.digests.read, result.digests.signed), (3, 3));
    assert_eq!((result.log_files.read, result.log_files.valid), (6, 6));
    assert_eq!(result.begins, [trail::digest_name(0)]);
    assert!(result.is_complete());
}

#[test]
fn without_a_key_the_hashes_are_compared_and_no_signature_counts() {
    let result = Trail::of_three_hours().verify(false);
    assert_eq!((problems(&result), result.digests.signed, result.log_files.valid), (vec![], 0, 6));
    assert!(result.is_complete());
}

#[test]
fn a_decompressed_log_file_verifies_too() {
    let mut trail = Trail::of_three_hours();
    let bytes = trail.files.remove(&trail::log_name(1, 0)).unwrap();
    trail.files.insert(trail::log_name(1, 0).replace(".gz", ""), trail::unpacked(&bytes));
    assert_eq!(problems(&trail.verify(true)), []);
}

#[test]
fn a_folder_without_digest_files_is_not_verified() {
    let mut trail = Trail::of_three_hours();
    trail.files.retain(|name, _| !name.contains("Digest"));
    let result = trail.verify(false);
    assert_eq!((result.digests.read, result.counts[&ProblemKind::Uncovered]), (0, 6));
    assert!(!result.is_complete());
}

#[test]
fn a_file_that_is_read_and_has_not_the_name_of_a_log_file_is_not_covered() {
    let trail = Trail::of_three_hours();
    let mut check = trail.check(false);
    trail.files.iter().for_each(|(name, bytes)| check.add(name, bytes, None));
    let paths = trail.files.keys().map(String::as_str).chain(["trail/added.json"]);
    paths.for_each(|path| check.add_read(path));
    let result = check.end();
    assert_eq!(problems(&result), [("added.json", ProblemKind::Uncovered)]);
    assert_eq!((result.log_files.read, result.log_files.valid), (7, 6));
}

#[test]
fn a_changed_log_file_is_found() {
    let name = trail::log_name(1, 0);
    let changed = packed(br#"{"Records":[]}"#);
    assert_problems(|trail| trail.put(&name, changed), &[(name.clone(), ProblemKind::Changed)]);
}

#[test]
fn bytes_after_the_compressed_log_are_found() {
    let name = trail::log_name(0, 1);
    let second = |trail: &mut Trail| trail.files.get_mut(&name).unwrap().extend(packed(b"{\"Records\":[]}"));
    assert_problems(second, &[(name.clone(), ProblemKind::TrailingBytes)]);
    let one_byte = |trail: &mut Trail| trail.files.get_mut(&name).unwrap().push(0);
    assert_problems(one_byte, &[(name.clone(), ProblemKind::TrailingBytes)]);
}

#[test]
fn a_log_file_that_breaks_off_is_found() {
    let name = trail::log_name(0, 1);
    let cut = |trail: &mut Trail| trail.files.get_mut(&name).unwrap().truncate(20);
    assert_problems(cut, &[(name.clone(), ProblemKind::Unreadable)]);
}

#[test]
fn a_removed_log_file_is_found() {
    let name = trail::log_name(2, 1);
    assert_problems(|trail| trail.remove(&name), &[(name.clone(), ProblemKind::Missing)]);
}

#[test]
fn a_planted_log_file_is_found_within_the_hours_and_outside_of_them() {
    let within = trail::log_name(1, 7);
    let after = trail::log_name(5, 7);
    let elsewhere = within.replace("eu-west-1", "us-east-1");
    for (name, kind) in
        [(within, ProblemKind::Unlisted), (after, ProblemKind::Uncovered), (elsewhere, ProblemKind::Uncovered)]
    {
        assert_problems(|trail| trail.put(&name, packed(b"{}")), &[(name.clone(), kind)]);
    }
}

#[test]
fn a_changed_digest_file_is_found_by_its_hash_and_by_its_signature() {
    let name = trail::digest_name(1);
    let change = |trail: &mut Trail| trail.edit(&name, |text| text.replace("\"oldestEventTime\"", "\"oldest\""));
    let found = [(name.clone(), ProblemKind::DigestChanged), (name.clone(), ProblemKind::SignatureInvalid)];
    assert_problems(change, &found);
}

#[test]
fn a_digest_file_that_hides_a_log_file_needs_the_key_to_be_found_at_the_end_of_a_chain() {
    let (digest, log) = (trail::digest_name(2), trail::log_name(2, 1));
    let mut trail = Trail::of_three_hours();
    trail.remove(&log);
    trail.edit(&digest, |text| trail::without_log(text, &log));
    assert_eq!(problems(&trail.verify(false)), [], "the last hash is in no other digest file");
    assert_eq!(problems(&trail.verify(true)), [(digest.as_str(), ProblemKind::SignatureInvalid)]);
}

#[test]
fn a_removed_digest_file_is_found() {
    let mut trail = Trail::of_three_hours();
    trail.remove(&trail::digest_name(1));
    let result = trail.verify(true);
    let (first, second) = (trail::log_name(1, 0), trail::log_name(1, 1));
    let expected = [
        (trail::digest_name(1), ProblemKind::DigestMissing),
        (first, ProblemKind::Unlisted),
        (second, ProblemKind::Unlisted),
        (trail::digest_name(0), ProblemKind::SignatureMissing),
    ];
    let mut found = problems(&result);
    found.sort();
    let mut expected: Vec<_> = expected.iter().map(|(file, kind)| (file.as_str(), *kind)).collect();
    expected.sort();
    assert_eq!(found, expected, "the removed file had the signature of the one before it");
}

#[test]
fn a_renamed_digest_file_is_found() {
    let mut trail = Trail::of_three_hours();
    let bytes = trail.files.remove(&trail::digest_name(2)).unwrap();
    let other = trail::digest_name(4);
    trail.signatures.insert(other.clone(), trail.signatures[&trail::digest_name(2)].clone());
    trail.put(&other, bytes);
    assert_eq!(problems(&trail.verify(true)), [(other.as_str(), ProblemKind::DigestMoved)]);
}

#[test]
fn an_unreadable_digest_file_is_found() {
    let name = trail::digest_name(2);
    let logs = [0, 1].map(|log| (trail::log_name(2, log), ProblemKind::Uncovered));
    // The unreadable file also had the signature of the one before it.
    let before = (trail::digest_name(1), ProblemKind::SignatureMissing);
    let expected = |kind| [before.clone(), (name.clone(), kind), logs[0].clone(), logs[1].clone()];
    let sorted = |kind| {
        let mut all = expected(kind).to_vec();
        all.sort();
        all
    };
    assert_problems(|trail| trail.put(&name, b"x".to_vec()), &sorted(ProblemKind::Unreadable));
    assert_problems(|trail| trail.put(&name, packed(b"{}")), &sorted(ProblemKind::DigestUnreadable));
    let algorithm = |text: &str| text.replace("SHA256withRSA", "none");
    assert_problems(|trail| trail.edit(&name, algorithm), &sorted(ProblemKind::DigestUnreadable));
}

#[test]
fn a_signature_of_another_key_or_none_is_found() {
    let name = trail::digest_name(2);
    let unknown = |trail: &mut Trail| trail.fingerprint = "00".into();
    let all = [0, 1, 2].map(|hour| (trail::digest_name(hour), ProblemKind::KeyUnknown));
    assert_problems(unknown, &all);
    assert_problems(|trail| drop(trail.signatures.remove(&name)), &[(name.clone(), ProblemKind::SignatureMissing)]);
    for wrong in ["", "0", "zz", "00ff"] {
        let other = |trail: &mut Trail| drop(trail.signatures.insert(name.clone(), wrong.into()));
        assert_problems(other, &[(name.clone(), ProblemKind::SignatureInvalid)]);
    }
}

#[test]
fn the_folder_form_reads_signatures_from_files_beside_the_digest_files() {
    let trail = Trail::of_three_hours();
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("AWSLogs/111122223333/CloudTrail");
    std::fs::create_dir_all(&below).unwrap();
    for (name, bytes) in &trail.files {
        std::fs::write(below.join(name), bytes).unwrap();
    }
    std::fs::write(below.join("README.txt"), "no file of CloudTrail").unwrap();
    let last = trail::digest_name(2);
    std::fs::write(below.join(format!("{last}.signature")), format!("{}\n", trail.signatures[&last])).unwrap();
    let mut check = trail.check(true);
    check.add_folder(folder.path());
    let result = check.end();
    assert_eq!((problems(&result), result.digests.signed, result.log_files.valid), (vec![], 3, 6));
}

#[test]
fn the_result_as_json_has_the_counts_and_the_problems() {
    let mut trail = Trail::of_three_hours();
    trail.remove(&trail::log_name(2, 1));
    let result = serde_json::to_value(trail.verify(false)).unwrap();
    let expected = serde_json::json!({
        "digests": {"read": 3, "signed": 0}, "log_files": {"read": 5, "valid": 5}, "counts": {"missing": 1},
        "problems": [{"file": trail::log_name(2, 1), "kind": "missing"}], "begins": [trail::digest_name(0)],
    });
    assert_eq!(result, expected);
}

#[test]
fn the_signed_text_is_that_of_cloudtrail() {
    let digest = r#"{"digestStartTime":"2026-12-01T00:00:00Z","digestEndTime":"2026-12-01T01:00:00Z",
        "digestS3Bucket":"logs","digestS3Object":"a/b.json.gz","digestPublicKeyFingerprint":"f",
        "digestSignatureAlgorithm":"SHA256withRSA","previousDigestS3Bucket":null,"previousDigestS3Object":null,
        "previousDigestHashValue":null,"previousDigestSignature":null,"logFiles":[]}"#;
    let text = Digest::parse(digest, [0xab; 32]).unwrap().signed_text();
    assert_eq!(text, format!("2026-12-01T01:00:00Z\nlogs/a/b.json.gz\n{}\nnull", "ab".repeat(32)));
}
