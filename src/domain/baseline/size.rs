//! Sizes in bytes, in the notation of Docker.

/// Parses a size in Docker's notation and returns bytes. Units are binary, and `25m`, `25 m` and `25MiB` are the same
/// size (source: docker/go-units, RAMInBytes).
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let power = match unit.strip_prefix(' ').unwrap_or(unit) {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * 1024_f64.powi(power);
    (bytes.is_finite() && (0.0..9e15).contains(&bytes)).then_some(bytes as u64)
}

/// Returns a size as text in the largest unit that gives a whole number, such as `25m` or `4500k`.
pub(crate) fn size_text(bytes: u64) -> String {
    match bytes {
        0 => "0".into(),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}m", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}k", bytes >> 10),
        _ => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_reads_them() {
        for (text, bytes) in
            [("200", 200), ("4k", 4096), ("25m", 25 << 20), ("25MiB", 25 << 20), ("1.5g", 3 << 29), ("10 mb", 10 << 20)]
        {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "m", "25x", "-1m", "1.2.3m", "25mm", "${SIZE}", " 25m", "25m ", "25  m", "."] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn a_size_is_written_as_it_would_be_read() {
        for (bytes, text) in [(0, "0"), (200, "200"), (4096, "4k"), (25 << 20, "25m"), ((1 << 20) + 1, "1048577")] {
            assert_eq!(size_text(bytes), text);
            assert_eq!(parse_size(text), Some(bytes));
        }
    }
}
