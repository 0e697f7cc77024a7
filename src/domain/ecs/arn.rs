//! The parts that the ARNs and the addresses of AWS have in common.

/// Whether the text is the ID of an account, which has twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text can be the name of a partition or of a Region.
pub fn is_partition_or_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
