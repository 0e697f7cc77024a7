//! The page of `logweir activity`: who called which API, when, from where, and with which result. The page needs no
//! network. Its tables contain everything that its charts show. The script only sorts and filters the tables.

mod calls;
mod map;
mod sources;
mod table;
mod timeline;
mod totals;
mod watched;
mod week;
mod when;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::domain::trail::activity::Activity;
use crate::render::html::{Frame, escaped, text};
use when::Clock;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The links at the top of the page.
const LINKS: [(&str, &str); 10] = [
    ("points", "Points"),
    ("time", "Time"),
    ("addresses", "Addresses"),
    ("countries", "Countries"),
    ("principals", "Principals"),
    ("events", "Actions"),
    ("errors", "Errors"),
    ("agents", "Agents"),
    ("exec", "Sessions"),
    ("logging", "Logging"),
];

/// Returns the page. `now` is the time of the run.
pub fn page(activity: &Activity, now: Timestamp) -> String {
    let clock = Clock::of(&activity.time_zone);
    let two = |one: String, other: String| format!("<div class=\"halves\">\n{one}{other}</div>\n");
    let body = [
        totals::banner(activity, &clock),
        bar(),
        "<main id=\"main\">\n".to_owned(),
        totals::cards(activity),
        totals::points(activity),
        timeline::section(activity, &clock),
        week::section(&activity.week),
        sources::addresses(activity, &clock),
        sources::countries(activity),
        calls::principals(activity, &clock),
        two(calls::events(activity), calls::errors(activity)),
        two(calls::agents(activity, &clock), calls::targets(activity, &clock)),
        watched::new(activity, &clock),
        watched::root(activity, &clock),
        watched::without_mfa(activity, &clock),
        watched::old_tls(activity, &clock),
        watched::exec(activity, &clock),
        watched::logging(activity, &clock),
        totals::coverage(activity),
        notes(activity),
        "</main>\n".to_owned(),
        footer(activity, now),
    ];
    let frame = Frame { title: "Logweir activity", style: STYLE, script: SCRIPT, skip: ("main", "the totals") };
    frame.around(&body.concat())
}

/// Returns the bar with the links and the search. The script shows the search, because it has no function without it.
fn bar() -> String {
    let links: String = LINKS.iter().map(|(id, name)| format!("<a href=\"#{id}\">{name}</a>\n")).collect();
    format!(
        "<div class=\"toolbar\">\n<nav aria-label=\"Sections\">\n{links}</nav>\n<form id=\"filters\" hidden>\n<label><span \
         class=\"unseen\">Search all tables</span><input type=\"search\" name=\"text\" placeholder=\"Search all tables\" \
         autocomplete=\"off\"></label>\n<output id=\"shown\" aria-live=\"polite\"></output>\n</form>\n</div>\n"
    )
}

fn notes(activity: &Activity) -> String {
    if activity.notes.is_empty() {
        return String::new();
    }
    let items: String = activity.notes.iter().map(|note| format!("<li>{}</li>\n", text(note))).collect();
    format!("<section>\n<h2>Notes</h2>\n<ul>\n{items}</ul>\n</section>\n")
}

fn footer(activity: &Activity, now: Timestamp) -> String {
    let credit = activity.geography.as_ref().and_then(|database| database.credit).map(|credit| {
        let (link, text) = (escaped(credit.link), escaped(credit.text));
        format!("<p><a href=\"{link}\" rel=\"noopener noreferrer\">{text}</a></p>\n")
    });
    format!(
        "<footer>\n{}<p>Map: <a href=\"https://www.naturalearthdata.com/\" rel=\"noopener noreferrer\">Natural Earth</a></p>\n\
         <p>Logweir {}, <time>{now:.0}</time></p>\n</footer>\n",
        credit.unwrap_or_default(),
        env!("CARGO_PKG_VERSION"),
    )
}
