//! Numbers as people read them.

/// Returns a number with a comma after each group of three digits.
pub(in crate::render) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a number for a narrow place, such as `12k`.
pub(in crate::render) fn short(number: u64) -> String {
    let (size, unit) = match number {
        0..1_000 => return number.to_string(),
        1_000..999_500 => (1_000.0, "k"),
        999_500..999_500_000 => (1_000_000.0, "M"),
        _ => (1_000_000_000.0, "G"),
    };
    let scaled = number as f64 / size;
    let digits = if scaled < 9.95 { format!("{scaled:.1}") } else { format!("{scaled:.0}") };
    format!("{}{unit}", digits.trim_end_matches(".0"))
}

/// Returns a number with its noun, such as `2 calls` or `2 families`.
pub(in crate::render) fn plural(number: u64, noun: &str) -> String {
    let many = match noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        _ if number == 1 => noun.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None if noun.ends_with("ss") => format!("{noun}es"),
        None => format!("{noun}s"),
    };
    format!("{} {many}", grouped(number))
}

/// Returns the part of a whole in per cent, such as `4 %` or `< 1 %`.
pub(in crate::render) fn share(part: u64, whole: u64) -> String {
    match part as f64 / whole.max(1) as f64 * 100.0 {
        0.0 => "0 %".to_owned(),
        share if share < 1.0 => "< 1 %".to_owned(),
        share if share > 99.0 && part < whole => "> 99 %".to_owned(),
        share => format!("{share:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_short_number_has_at_most_four_characters() {
        let shown = [999, 1000, 9_949, 9_950, 999_499, 999_500, 12_000_000, 5_000_000_000].map(short);
        assert_eq!(shown, ["999", "1k", "9.9k", "10k", "999k", "1M", "12M", "5G"]);
    }

    #[test]
    fn a_noun_follows_its_number() {
        assert_eq!(
            [(1, "family"), (2, "family"), (2, "day"), (2, "address"), (1200, "call")].map(|(n, noun)| plural(n, noun)),
            ["1 family", "2 families", "2 days", "2 addresses", "1,200 calls"]
        );
    }

    #[test]
    fn a_small_share_is_not_zero() {
        assert_eq!(
            [(0, 9), (1, 1000), (999, 1000), (1, 1), (1, 3), (0, 0)].map(|(part, whole)| share(part, whole)),
            ["0 %", "< 1 %", "> 99 %", "100 %", "33 %", "0 %"]
        );
    }
}
