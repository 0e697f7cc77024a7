//! The time of a record.

use jiff::Timestamp;

/// Returns the time of a record in seconds since 1970. CloudTrail writes times in UTC without fractions, such as
/// `2026-12-01T08:00:00Z`. Other forms of RFC 3339 are also read.
pub(super) fn seconds(text: &str) -> Option<i64> {
    usual(text.as_bytes()).or_else(|| text.parse::<Timestamp>().ok().map(|time| time.as_second()))
}

/// Reads the form that CloudTrail writes, without the work of a general parser.
fn usual(text: &[u8]) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = text else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    let is_usual = (1..=12).contains(&month) && (1..=28).contains(&day) && hour < 24 && minute < 60 && second < 60;
    // The general parser knows the lengths of the months.
    is_usual.then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
    is_number.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

/// Returns the number of days since 1970-01-01 (source: H. Hinnant, chrono-compatible low-level date algorithms).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parsers_read_the_same_time() {
        for text in [
            "1970-01-01T00:00:00Z",
            "1969-12-28T23:59:59Z",
            "2000-02-28T12:00:00Z",
            "2026-12-01T08:00:00Z",
            "2024-03-01T00:00:01Z",
            "2100-03-01T00:00:00Z",
        ] {
            let expected = text.parse::<Timestamp>().unwrap().as_second();
            assert_eq!((usual(text.as_bytes()), seconds(text)), (Some(expected), Some(expected)), "{text}");
        }
    }

    #[test]
    fn other_forms_are_read_and_other_texts_are_not() {
        assert_eq!(seconds("2026-12-01T09:00:00.5+01:00"), seconds("2026-12-01T08:00:00Z"));
        assert_eq!(seconds("2024-02-29T00:00:00Z"), Some(1_709_164_800));
        for text in ["", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-12-01T24:00:00Z", "20xx-12-01T08:00:00Z"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
