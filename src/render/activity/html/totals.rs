//! The start of the page: the period, the totals, the account of every record, and the points to check.

use std::fmt::Write as _;

use super::calls::left_out;
use super::when::Clock;
use crate::domain::trail::activity::{Activity, Bar, Filters, Records, Seen, UnreadableFile, Watched};
use crate::domain::trail::verification::Verification;
use crate::render::html::number::{grouped, plural, share};
use crate::render::html::{code, escaped, text};

/// The maximum number of unreadable files that the page names.
const MOST: usize = 20;

pub(super) fn banner(activity: &Activity, clock: &Clock) -> String {
    let heading = if is_only_ecs(&activity.filters) { "Who did what to Amazon ECS" } else { "Who did what in AWS" };
    let period = &activity.period;
    let times = period.since.or(period.first).zip(period.until.or(period.last));
    let times = times.map(|(since, until)| {
        format!("<time>{}</time> to <time>{}</time>, ", clock.minute(since), clock.minute(until))
    });
    let (class, mark, sentence) = verdict(activity);
    format!(
        "<header>\n<p class=\"name\">Logweir</p>\n<h1>{heading}</h1>\n<p class=\"period\">{}time zone {}</p>\n{}\
         <p class=\"verdict {class}\"><span aria-hidden=\"true\">{mark}</span> {sentence}</p>\n</header>\n",
        times.unwrap_or_default(),
        text(&activity.time_zone),
        filters(&activity.filters),
    )
}

/// Returns the class, the mark and the sentence about the completeness of the report.
fn verdict(activity: &Activity) -> (&'static str, &'static str, String) {
    let (files, records) = (activity.files.unreadable, activity.records.unreadable);
    let problems = activity.verification.as_ref().filter(|verification| !verification.is_complete());
    let unread = match (files, records) {
        (0, 0) if problems.is_some() => {
            return ("error", "✖", "Some files are not verified. The section Coverage names them.".to_owned());
        }
        (0, 0) => {
            let files = plural(activity.files.read, "file");
            return ("fine", "✔", format!("Complete: Logweir read every record of {files}."));
        }
        (0, _) => plural(records, "record"),
        (_, 0) => format!("{} to the end", plural(files, "file")),
        _ => format!("{} to the end, nor {}", plural(files, "file"), plural(records, "record")),
    };
    ("error", "✖", format!("Incomplete: Logweir could not read {unread}."))
}

fn is_only_ecs(filters: &Filters) -> bool {
    filters.sources == ["ecs.amazonaws.com"]
}

fn filters(filters: &Filters) -> String {
    let Filters { sources, accounts, regions, principals, events, errors_only } = filters;
    let lists =
        [("source", sources), ("account", accounts), ("Region", regions), ("principal", principals), ("event", events)];
    let list = |(name, values): &(&str, &Vec<String>)| {
        format!("{name} {}", values.iter().map(|value| code(value)).collect::<Vec<_>>().join(" "))
    };
    // The heading names ECS.
    let is_shown =
        |(name, values): &&(&str, &Vec<String>)| !values.is_empty() && (*name != "source" || !is_only_ecs(filters));
    let mut shown: Vec<String> = lists.iter().filter(is_shown).map(list).collect();
    shown.extend(errors_only.then(|| "errors only".to_owned()));
    if shown.is_empty() { String::new() } else { format!("<p class=\"period\">Filtered by {}</p>\n", shown.join(", ")) }
}

pub(super) fn cards(activity: &Activity) -> String {
    let sum = |of: fn(&Bar) -> u64| activity.timeline.iter().map(of).sum::<u64>();
    let rows = |name: &str, shown: usize| shown as u64 + left_out(activity, name);
    let errors = activity.errors.iter().map(|row| row.count).sum::<u64>();
    let cards = [
        ("", "calls", activity.records.kept, ""),
        ("accent", "writes", sum(|bar| bar.write), ""),
        ("", "reads", sum(|bar| bar.read), ""),
        ("error", "errors", errors, "errors"),
        ("", "source addresses", rows("addresses", activity.addresses.len()), ""),
        ("", "principals", rows("principals", activity.principals.len()), ""),
        ("", "countries", rows("countries", activity.countries.len()), ""),
    ];
    let card = |(class, name, number, list): (&str, &str, u64, &str)| {
        let class = if number == 0 { "" } else { class };
        let number = at_least(activity, number, list);
        format!("<div class=\"card {class}\"><dt>{name}</dt><dd>{number}</dd></div>\n")
    };
    let cards: String = cards.into_iter().map(card).collect();
    format!(
        "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\" class=\"unseen\">Totals</h2>\n<dl class=\"cards\">\n{cards}</dl>\n</section>\n"
    )
}

/// Returns a sum over the rows of a list, with a plus sign if the report leaves out rows of the list.
fn at_least(activity: &Activity, sum: u64, list: &str) -> String {
    let plus = if left_out(activity, list) > 0 { "+" } else { "" };
    format!("{}{plus}", grouped(sum))
}

/// Returns the links to the sections that deserve attention, each with its number.
pub(super) fn points(activity: &Activity) -> String {
    let calls = |list: &[Watched]| list.iter().map(|row| row.count).sum::<u64>();
    let new = activity.new.as_ref().filter(|new| new.records_before > 0);
    let mut points = vec![
        ("root", "calls of root users", calls(&activity.root), "root"),
        ("mfa", "writes without MFA", calls(&activity.without_mfa), "without_mfa"),
        ("tls", "calls with TLS below 1.2", calls(&activity.old_tls), "old_tls"),
        ("exec", "sessions in containers", activity.exec.count, ""),
        ("logging", "changes of what is logged", activity.logging.count, ""),
    ];
    if let Some(new) = new {
        let rows = |list: &[Seen], name| list.len() as u64 + left_out(activity, name);
        points.push(("new", "new principals", rows(&new.principals, "new.principals"), ""));
        points.push(("new", "new source addresses", rows(&new.addresses, "new.addresses"), ""));
    }
    let mut items = String::new();
    for (id, name, number, list) in points {
        let class = if number == 0 { "quiet" } else { "found" };
        let number = at_least(activity, number, list);
        let _ = writeln!(items, "<li class=\"{class}\"><a href=\"#{id}\"><b>{number}</b> {name}</a></li>");
    }
    format!(
        "<section aria-labelledby=\"points\">\n<h2 id=\"points\">Points to check</h2>\n<ul class=\"points\">\n{items}</ul>\n</section>\n"
    )
}

/// Returns what became of every record, and the files that could not be read.
pub(super) fn coverage(activity: &Activity) -> String {
    let Records { read, kept, filtered, duplicate, unreadable } = activity.records;
    let parts = [("kept", kept), ("filtered", filtered), ("duplicate", duplicate), ("unreadable", unreadable)];
    let mut x = 0.0;
    let (mut rects, mut items) = (String::new(), String::new());
    for (name, count) in parts {
        let width = count as f64 / read.max(1) as f64 * 1000.0;
        let _ = write!(rects, "<rect class=\"{name}\" x=\"{x:.1}\" width=\"{width:.1}\" height=\"12\"/>");
        x += width;
        let _ = writeln!(
            items,
            "<div><dt><span class=\"key {name}\"></span>{name}</dt><dd>{} <span class=\"of\">{}</span></dd></div>",
            grouped(count),
            share(count, read)
        );
    }
    let files = &activity.files;
    let mut sentence = format!("{} of {}", plural(files.read, "file"), size(files.bytes));
    if files.skipped > 0 {
        let _ = write!(sentence, "; {} of other kinds skipped", plural(files.skipped, "file"));
    }
    format!(
        "<section id=\"coverage\" aria-labelledby=\"coverage-name\">\n<h2 id=\"coverage-name\">Coverage</h2>\n\
         <div class=\"box\">\n<p class=\"about\">{} in {sentence}. Each record has exactly one of these results.</p>\n\
         <svg class=\"strip\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{rects}</svg>\n\
         <dl class=\"account\">\n{items}</dl>\n{}</div>\n</section>\n",
        plural(read, "record"),
        unreadable_files(activity) + &verification(activity)
    )
}

/// Returns how many files are those that CloudTrail delivered, and the files that are not.
fn verification(activity: &Activity) -> String {
    let Some(Verification { digests, log_files, counts, problems, .. }) = &activity.verification else {
        return String::new();
    };
    let items: String = problems
        .iter()
        .take(MOST)
        .map(|problem| format!("<li>{}: {}</li>\n", code(&problem.file), escaped(problem.kind.says())))
        .collect();
    let others = counts.values().sum::<u64>().saturating_sub(problems.len().min(MOST) as u64);
    let others = if others > 0 { format!("<li>and {}</li>", plural(others, "other problem")) } else { String::new() };
    let list = if items.is_empty() { String::new() } else { format!("<ul>\n{items}{others}</ul>\n") };
    format!(
        "<h3>Verification</h3>\n<p>{} of {} have the hash that a digest file of CloudTrail has. {} of {} have a valid \
         signature.</p>\n{list}",
        grouped(log_files.valid),
        plural(log_files.read, "log file"),
        grouped(digests.signed),
        plural(digests.read, "digest file")
    )
}

fn unreadable_files(activity: &Activity) -> String {
    if activity.unreadable_files.is_empty() {
        return String::new();
    }
    let item = |file: &UnreadableFile| {
        format!(
            "<li>{}: {} <span class=\"of\">{} read before</span></li>\n",
            code(&file.file),
            text(&file.why),
            plural(file.records, "record")
        )
    };
    let items: String = activity.unreadable_files.iter().take(MOST).map(item).collect();
    let others = activity.unreadable_files.len().saturating_sub(MOST) as u64;
    let others = if others > 0 { format!("<li>and {}</li>", plural(others, "other file")) } else { String::new() };
    format!("<h3>Files that Logweir could not read to the end</h3>\n<ul>\n{items}{others}</ul>\n")
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
