//! What every exemption says: its owner, its reason and its last day.

use jiff::civil::Date;
use toml::Spanned;
use toml::value::Datetime;

use super::fault::{Checked, fault};

/// The owner, the reason and the last day of an exemption.
pub(super) struct Terms {
    pub(super) until: Date,
    pub(super) owner: String,
    pub(super) reason: String,
}

pub(super) fn terms(until: &Spanned<Datetime>, owner: Spanned<String>, reason: Spanned<String>) -> Checked<Terms> {
    let day = match (until.get_ref().date, until.get_ref().time) {
        (Some(d), None) => {
            Date::new(d.year.try_into().unwrap_or(0), d.month.try_into().unwrap_or(0), d.day.try_into().unwrap_or(0))
                .ok()
        }
        _ => None,
    };
    let Some(day) = day else {
        return fault(until.span(), "until must be a date without a time", "until = 2027-01-31".to_owned());
    };
    for text in [&owner, &reason] {
        if text.get_ref().trim().is_empty() {
            return fault(text.span(), "an exemption must have an owner and a reason", None);
        }
    }
    Ok(Terms { until: day, owner: owner.into_inner(), reason: reason.into_inner() })
}
