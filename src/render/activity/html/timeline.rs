//! The chart of the calls over time: a bar for each hour or day, with the writes below and the reads above.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::when::Clock;
use crate::domain::trail::activity::{Activity, Bar, Step};
use crate::render::html::number::{grouped, plural, short};
use crate::render::html::section::Section;
use crate::render::html::text;

const SECTION: Section = Section { id: "time", name: "Calls over time", about: "" };

/// The maximum number of bars. If there are more hours or days, a bar has several of them.
const BARS: usize = 240;

/// The maximum number of days or hours that the chart spans, about 55 years of days. Later bars are left out.
const SLOTS: usize = 20_000;

/// The height of the chart in its own units.
const HEIGHT: f64 = 200.0;

/// The number of dates below the chart.
const DATES: usize = 6;

pub(super) fn section(activity: &Activity, clock: &Clock) -> String {
    let (slots, each) = merged(&activity.timeline, activity.timeline_step, clock);
    if slots.is_empty() {
        return SECTION.around("<p class=\"none\">No call is in the period.</p>\n");
    }
    let unit = match activity.timeline_step {
        Step::Hour => "hour",
        Step::Day => "day",
    };
    let per_bar = if each == 1 { format!("each {unit}") } else { format!("{each} {unit}s a bar") };
    let top = ceiling(slots.iter().map(|slot| slot.read + slot.write).max().unwrap_or_default());
    let lines: String = (0..=4).rev().map(|part| format!("<span>{}</span>", short(top * part / 4))).collect();
    let inner = format!(
        "<p class=\"about\">Calls of {per_bar}, in the time zone {}.</p>\n\
         <figure class=\"box chart\">\n<figcaption class=\"legend\"><span class=\"key write\"></span>writes\
         <span class=\"key read\"></span>reads</figcaption>\n<div class=\"plot\">\n\
         <div class=\"scale\" aria-hidden=\"true\">{lines}</div>\n{}{}</div>\n</figure>\n{}",
        text(&activity.time_zone),
        bars(&slots, top, activity.timeline_step, clock),
        dates(&slots, clock),
        table(&slots, activity.timeline_step, clock)
    );
    SECTION.around(&inner)
}

/// Returns the bars from the first to the last one, with empty bars between them, and the number of hours or days of
/// each bar.
fn merged(timeline: &[Bar], step: Step, clock: &Clock) -> (Vec<Bar>, usize) {
    let Some(first) = timeline.first() else { return (Vec::new(), 1) };
    let slot = |start: Timestamp| match step {
        Step::Hour => (start.as_second() - first.start.as_second()) / 3600,
        Step::Day => i64::from((clock.date(start) - clock.date(first.start)).get_days()),
    };
    let slot = |bar: &&Bar| usize::try_from(slot(bar.start)).ok().filter(|slot| *slot < SLOTS);
    let count = timeline.iter().filter_map(|bar| slot(&bar)).max().map_or(0, |last| last + 1);
    let each = count.div_ceil(BARS).max(1);
    let start = |index: usize| {
        let hours = i64::try_from(index * each).unwrap_or_default() * if step == Step::Hour { 1 } else { 24 };
        Timestamp::from_second(first.start.as_second() + hours * 3600).unwrap_or(first.start)
    };
    let mut slots: Vec<Bar> =
        (0..count.div_ceil(each)).map(|index| Bar { start: start(index), read: 0, write: 0 }).collect();
    for bar in timeline {
        let Some(slot) = slot(&bar).and_then(|slot| slots.get_mut(slot / each)) else { continue };
        slot.read += bar.read;
        slot.write += bar.write;
    }
    (slots, each)
}

/// Returns the top of the scale: the next number above `most` of which a quarter is a round number.
fn ceiling(most: u64) -> u64 {
    let mut size = 1;
    loop {
        for top in [4, 8, 12, 16, 20, 24, 28, 32] {
            if most <= size * top {
                return size * top;
            }
        }
        size *= 10;
    }
}

fn bars(slots: &[Bar], top: u64, step: Step, clock: &Clock) -> String {
    let (reads, writes) = slots.iter().fold((0, 0), |(reads, writes), slot| (reads + slot.read, writes + slot.write));
    let width = slots.len() * 10;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"time-title \
         time-desc\">\n<title id=\"time-title\">Calls over time</title>\n<desc id=\"time-desc\">{} and {} from {} to \
         {}.</desc>\n<path class=\"grid\" d=\"M0 0h{width}M0 50h{width}M0 100h{width}M0 150h{width}M0 200h{width}\"/>\n",
        plural(writes, "write"),
        plural(reads, "read"),
        slots.first().map(|slot| named(slot, step, clock)).unwrap_or_default(),
        slots.last().map(|slot| named(slot, step, clock)).unwrap_or_default(),
    );
    for (index, slot) in slots.iter().enumerate().filter(|(_, slot)| slot.read + slot.write > 0) {
        let height = |count: u64| count as f64 / top as f64 * HEIGHT;
        let (write, read, x) = (height(slot.write), height(slot.read), index * 10 + 1);
        let _ = write!(
            svg,
            "<g><title>{}: {}, {}</title>",
            named(slot, step, clock),
            plural(slot.write, "write"),
            plural(slot.read, "read")
        );
        let mut rect = |class: &str, y: f64, height: f64| {
            let _ = write!(svg, "<rect class=\"{class}\" x=\"{x}\" y=\"{y:.1}\" width=\"8\" height=\"{height:.1}\"/>");
        };
        if slot.read > 0 {
            rect("read", HEIGHT - write - read, read);
        }
        if slot.write > 0 {
            rect("write", HEIGHT - write, write);
        }
        svg += "</g>\n";
    }
    svg + "</svg>\n"
}

fn named(slot: &Bar, step: Step, clock: &Clock) -> String {
    let hour = clock.hour(slot.start);
    match step {
        Step::Hour => hour,
        Step::Day => hour.rsplit_once(' ').map(|(day, _)| day.to_owned()).unwrap_or_default(),
    }
}

/// Returns the dates below the chart. Each date stands at the left of its bar.
fn dates(slots: &[Bar], clock: &Clock) -> String {
    let count = DATES.min(slots.len());
    let date = |index: usize| format!("<span>{}</span>", clock.short(slots[index * slots.len() / count].start));
    format!("<div class=\"dates\" aria-hidden=\"true\">{}</div>\n", (0..count).map(date).collect::<String>())
}

/// Returns the numbers of the chart, which the reader can open.
fn table(slots: &[Bar], step: Step, clock: &Clock) -> String {
    let filled = || slots.iter().filter(|slot| slot.read + slot.write > 0);
    let row = |slot: &Bar| {
        format!(
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
            named(slot, step, clock),
            grouped(slot.write),
            grouped(slot.read)
        )
    };
    let rows: String = filled().map(row).collect();
    format!(
        "<details class=\"data\"><summary>The numbers of this chart</summary>\n<div class=\"scroll\" tabindex=\"0\" \
         role=\"region\" aria-label=\"Table: Calls over time\"><table class=\"plain\">\n<thead><tr><th \
         scope=\"col\">From</th><th scope=\"col\" class=\"n\">Writes</th><th scope=\"col\" class=\"n\">Reads</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div></details>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(start: &str, write: u64, read: u64) -> Bar {
        Bar { start: start.parse().unwrap(), read, write }
    }

    #[test]
    fn a_time_without_calls_has_an_empty_bar() {
        let clock = Clock::of("UTC");
        let timeline = [bar("2026-11-01T00:00:00Z", 1, 2), bar("2026-11-04T00:00:00Z", 3, 4)];
        let (slots, each) = merged(&timeline, Step::Day, &clock);
        let counts: Vec<_> = slots.iter().map(|slot| (slot.write, slot.read)).collect();
        assert_eq!((counts.as_slice(), each), ([(1, 2), (0, 0), (0, 0), (3, 4)].as_slice(), 1));
    }

    #[test]
    fn a_day_of_another_length_is_one_day() {
        let clock = Clock::of("Europe/Berlin");
        // Summer time ends on 2026-10-25.
        let timeline = [bar("2026-10-24T22:00:00Z", 1, 0), bar("2026-10-25T23:00:00Z", 1, 0)];
        assert_eq!(merged(&timeline, Step::Day, &clock).0.len(), 2);
    }

    #[test]
    fn a_long_time_has_several_days_in_a_bar() {
        let start: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
        let day = |day: i64| Bar { start: start + jiff::SignedDuration::from_hours(24 * day), read: 1, write: 0 };
        let timeline: Vec<Bar> = (0..1000).map(day).collect();
        let (slots, each) = merged(&timeline, Step::Day, &Clock::of("UTC"));
        assert_eq!((slots.len(), each), (200, 5));
        assert!(slots.iter().all(|slot| slot.read == 5));
    }

    #[test]
    fn the_top_of_the_scale_is_round() {
        assert_eq!([0, 1, 5, 9, 13, 39, 81, 1234].map(ceiling), [4, 4, 8, 12, 16, 40, 120, 1600]);
    }
}
