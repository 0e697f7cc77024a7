//! The world map: each country has the shade of its number of calls. A table of the countries stands beside the map.

use std::fmt::Write as _;

use crate::domain::country::Country;
use crate::render::html::escaped;
use crate::render::html::number::{grouped, plural};

/// One line for each country: its code and its SVG path. `infra/world_map.py` writes the file from the borders of
/// Natural Earth.
const OUTLINES: &str = include_str!("world.txt");

/// The width of the paths, as in `infra/world_map.py`.
const WIDTH: f64 = 1600.0;

/// The northern edge of the paths in degrees, as in `infra/world_map.py`.
const TOP: f64 = 84.0;

/// The radius of the dot of a small country.
const DOT: u32 = 8;

/// The number of shades for countries with calls.
const SHADES: u32 = 5;

/// Returns the map. `counts` has the countries with calls and the number of their calls.
pub(super) fn map(counts: &[(Country, u64)]) -> String {
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let mut svg = format!(
        "<svg class=\"world\" viewBox=\"8 6 1596 720\" role=\"img\" aria-labelledby=\"world-title world-desc\">\n\
         <title id=\"world-title\">Calls by country</title>\n<desc id=\"world-desc\">{}</desc>\n<g class=\"land\">\n",
        escaped(&description(counts))
    );
    let count = |code: &str| counts.iter().find(|(country, _)| country.code == code);
    // The countries without calls share one path, so that the page stays small.
    let (called, quiet): (Vec<_>, Vec<_>) = outlines().partition(|(code, _)| count(code).is_some());
    let quiet: String = quiet.into_iter().map(|(_, path)| path).collect();
    let _ = writeln!(svg, "<path d=\"{quiet}\"/>");
    for (code, path) in called {
        let Some((country, count)) = count(code) else { continue };
        let _ =
            writeln!(svg, "<path class=\"s{}\" d=\"{path}\">{}</path>", shade(*count, most), title(country, *count));
    }
    for (country, count) in counts {
        let Some((x, y)) = country.dot.map(projected) else { continue };
        let (shade, title) = (shade(*count, most), title(country, *count));
        let _ = writeln!(svg, "<circle class=\"s{shade}\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"{DOT}\">{title}</circle>");
    }
    svg + "</g>\n</svg>\n" + &legend(most)
}

fn title(country: &Country, count: u64) -> String {
    format!("<title>{}: {}</title>", escaped(country.name), plural(count, "call"))
}

fn description(counts: &[(Country, u64)]) -> String {
    let first: Vec<String> =
        counts.iter().take(5).map(|(country, count)| format!("{} {}", country.name, grouped(*count))).collect();
    match counts.len() {
        0 => "No call has a known country.".to_owned(),
        more @ 6.. => format!("{}, and {} other countries.", first.join(", "), more - 5),
        _ => format!("{}.", first.join(", ")),
    }
}

/// Returns the shade of a number of calls, from 1 to [`SHADES`]. Each shade covers the same factor, because one country
/// often has most of the calls.
fn shade(count: u64, most: u64) -> u32 {
    (1..SHADES).find(|shade| count <= upper(*shade, most)).unwrap_or(SHADES)
}

/// Returns the highest number of calls of a shade.
fn upper(shade: u32, most: u64) -> u64 {
    (most as f64).powf(f64::from(shade) / f64::from(SHADES)).round() as u64
}

fn legend(most: u64) -> String {
    if most == 0 {
        return String::new();
    }
    let mut items = String::new();
    let mut from = 1;
    for shade in 1..=SHADES {
        let to = if shade == SHADES { most } else { upper(shade, most) };
        // A shade without a number is left out, if there are few calls.
        if to < from {
            continue;
        }
        let range = if to == from { grouped(to) } else { format!("{}–{}", grouped(from), grouped(to)) };
        let _ = write!(
            items,
            "<li><svg class=\"key\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"s{shade}\" width=\"14\" \
             height=\"14\" rx=\"3\"/></svg>{range}</li>"
        );
        from = to + 1;
    }
    format!("<ul class=\"legend\" aria-label=\"Calls by shade\">{items}</ul>\n")
}

/// Returns the code and the path of each country with an outline.
fn outlines() -> impl Iterator<Item = (&'static str, &'static str)> {
    OUTLINES.lines().filter_map(|line| line.split_once(' '))
}

/// Returns the place of a latitude and a longitude on the map, in the projection Equal Earth of Šavrič, Patterson and
/// Jenny (2018).
fn projected((latitude, longitude): (f64, f64)) -> (f64, f64) {
    let scale = WIDTH / (2.0 * plane(0.0, 180.0).0);
    let (x, y) = plane(latitude, longitude);
    (x * scale + WIDTH / 2.0, (plane(TOP, 0.0).1 - y) * scale)
}

fn plane(latitude: f64, longitude: f64) -> (f64, f64) {
    const A: [f64; 4] = [1.340_264, -0.081_106, 0.000_893, 0.003_796];
    let half_root = 3_f64.sqrt() / 2.0;
    let theta = (half_root * latitude.to_radians().sin()).asin();
    let across = 9.0 * A[3] * theta.powi(8) + 7.0 * A[2] * theta.powi(6) + 3.0 * A[1] * theta.powi(2) + A[0];
    let x = longitude.to_radians() * theta.cos() / (half_root * across);
    (x, A[3] * theta.powi(9) + A[2] * theta.powi(7) + A[1] * theta.powi(3) + A[0] * theta)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::country::{all, with_code};

    #[test]
    fn each_country_has_an_outline_or_a_dot_on_the_map() {
        let codes: BTreeSet<&str> = outlines().map(|(code, _)| code).collect();
        for country in all() {
            assert!(codes.contains(country.code) != country.dot.is_some(), "{country:?}");
            let Some((x, y)) = country.dot.map(projected) else { continue };
            assert!((16.0..1597.0).contains(&x) && (6.0..726.0).contains(&y), "{country:?} at {x} {y}");
        }
        assert!(codes.iter().all(|code| with_code(code).is_some()));
    }

    #[test]
    fn an_outline_contains_only_the_commands_of_a_path() {
        for (code, path) in outlines() {
            assert!(path.starts_with('M') && path.ends_with('z'), "{code}");
            assert!(path.chars().all(|c| c.is_ascii_digit() || " -Mmlz".contains(c)), "{code}");
        }
    }

    #[test]
    fn a_country_with_calls_has_its_number_and_a_shade() {
        let counts = ["US", "IE", "SG"].map(|code| with_code(code).unwrap()).into_iter().zip([1000, 30, 1]);
        let map = map(&counts.collect::<Vec<_>>());
        assert!(map.contains("<title>United States: 1,000 calls</title>"), "{map}");
        assert!(map.contains("<circle class=\"s1\""), "Singapore is a dot");
        assert!(map.contains("United States 1,000, Ireland 30, Singapore 1."), "the description");
    }

    #[test]
    fn the_shades_cover_every_number_once() {
        for most in [1, 2, 3, 7, 100, 1_000_000] {
            let shades: Vec<u32> = (1..=most.min(1000)).map(|count| shade(count, most)).collect();
            assert!(shades.is_sorted() && shades.iter().all(|shade| (1..=SHADES).contains(shade)), "{most}");
        }
        assert_eq!((shade(1, 1_000_000), shade(1_000_000, 1_000_000)), (1, SHADES));
        assert_eq!(legend(0), "");
    }
}
