//! Numbers, lists and bytes as text.

/// Returns a number with its noun, such as `1 message` or `2 messages`.
pub fn count(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

/// Joins names with commas. Lists at most five names, and gives only the number of the other names.
pub fn names<'n>(all: impl IntoIterator<Item = &'n str>) -> String {
    const MOST: usize = 5;
    let all: Vec<&str> = all.into_iter().collect();
    match all.len() {
        ..=MOST => all.join(", "),
        count => format!("{} and {} more", all[..MOST].join(", "), count - MOST),
    }
}

/// Returns bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
