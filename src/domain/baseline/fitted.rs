//! The text of a baseline file with learnt values, in which every comment stays.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::learnt::{Basis, LearntSetting};

/// Returns the text of a baseline with the learnt values in place of its own. A comment with the evidence is above each
/// of these settings. The comment `heading` replaces the first line, which is a comment. The result leaves out a
/// setting that the text does not have.
pub fn fitted(text: &str, heading: &str, settings: &[LearntSetting]) -> String {
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    let Ok(document) = DeTable::parse(body) else { return text.to_owned() };
    let place = |setting: &LearntSetting| Some((value_place(document.get_ref(), setting.key)?, setting.clone()));
    let mut places: Vec<(Range<usize>, LearntSetting)> = settings.iter().filter_map(place).collect();
    places.sort_by_key(|(place, _)| place.start);
    let (mut fitted, mut end) = (format!("# {heading}\n"), 0);
    for (place, setting) in places {
        let start = body[..place.start].rfind('\n').map_or(0, |at| at + 1);
        let stop = body[place.end..].find('\n').map_or(body.len(), |at| place.end + at);
        fitted += &body[end..start];
        fitted += &format!("# {}.\n", setting.evidence());
        fitted += &line(&body[start..stop], place.start - start..place.end - start, &setting);
        end = stop;
    }
    fitted + &body[end..]
}

/// Returns the byte range of the value of a key such as `logging.group`.
fn value_place(document: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    let (table, key) = key.split_once('.')?;
    let DeValue::Table(table) = document.get(table)?.get_ref() else { return None };
    Some(table.get(key)?.span())
}

/// Returns the line with the value of the setting at `place`. The comment behind the value keeps its column if the new
/// value leaves enough space.
fn line(line: &str, place: Range<usize>, setting: &LearntSetting) -> String {
    if matches!(setting.basis, Basis::Default { .. }) {
        return line.to_owned();
    }
    let start = format!("{}{}", &line[..place.start], setting.value);
    let behind = &line[place.end..];
    let comment = behind.trim_start();
    if comment.is_empty() {
        return start;
    }
    let column = line.len() - comment.len();
    format!("{start:column$}{}{comment}", if start.len() < column { "" } else { " " })
}
