//! The calls of each hour of the week, as a table whose cells have a shade.

use std::fmt::Write as _;

use crate::render::html::number::{plural, short};
use crate::render::html::section::Section;

const SECTION: Section = Section {
    id: "week",
    name: "Weekdays and hours",
    about: "The sum of all weeks. A call at an unusual time is a reason to look at its principal.",
};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The number of shades for hours with calls.
const SHADES: u32 = 5;

pub(super) fn section(week: &[[u64; 24]; 7]) -> String {
    let most = week.iter().flatten().copied().max().unwrap_or_default();
    if most == 0 {
        return SECTION.around("<p class=\"none\">No call is in the period.</p>\n");
    }
    let mut out = String::from(
        "<div class=\"box scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Weekdays and hours\">\n\
         <table class=\"week\">\n<caption class=\"unseen\">Calls by weekday and hour</caption>\n<thead><tr><td></td>",
    );
    for hour in 0..24 {
        let _ = write!(out, "<th scope=\"col\">{hour:02}</th>");
    }
    out += "</tr></thead>\n<tbody>\n";
    for (day, hours) in DAYS.iter().zip(week) {
        let _ = write!(out, "<tr><th scope=\"row\">{day}</th>");
        for (hour, count) in hours.iter().enumerate() {
            let (shade, title) = (shade(*count, most), plural(*count, "call"));
            let number = if *count == 0 { String::new() } else { short(*count) };
            let _ = write!(out, "<td class=\"s{shade}\" title=\"{day} {hour:02}:00: {title}\">{number}</td>");
        }
        out += "</tr>\n";
    }
    SECTION.around(&(out + "</tbody>\n</table>\n</div>\n"))
}

/// Returns the shade of a number of calls: 0 for none, and [`SHADES`] for the most.
fn shade(count: u64, most: u64) -> u32 {
    (count as f64 / most as f64 * f64::from(SHADES)).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_hour_without_calls_has_no_shade() {
        assert_eq!([0, 1, 2_000, 2_001, 10_000].map(|count| shade(count, 10_000)), [0, 1, 1, 2, 5]);
        assert_eq!(shade(u64::MAX, u64::MAX), SHADES);
    }
}
