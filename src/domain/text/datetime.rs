//! The option `awslogs-datetime-format`. The awslogs driver turns the format into a regular expression.

use super::go_pattern::{self, PatternError};

/// The directives that the awslogs driver knows, each with its regular expression (source: moby,
/// daemon/logger/awslogs/cloudwatchlogs.go, strftimeToRegex).
const DIRECTIVES: [(char, &str); 19] = [
    ('a', "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"),
    ('A', "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"),
    ('w', "[0-6]"),
    ('d', "(?:0[1-9]|[1,2][0-9]|3[0,1])"),
    ('b', "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"),
    ('B', "(?:January|February|March|April|May|June|July|August|September|October|November|December)"),
    ('m', "(?:0[1-9]|1[0-2])"),
    ('Y', r"\d{4}"),
    ('y', r"\d{2}"),
    ('H', "(?:[0,1][0-9]|2[0-3])"),
    ('I', "(?:0[0-9]|1[0-2])"),
    ('p', "[A,P]M"),
    ('M', "[0-5][0-9]"),
    ('S', "[0-5][0-9]"),
    ('f', r"\d{6}"),
    ('z', r"[+-]\d{4}"),
    ('Z', "[A-Z]{1,4}T"),
    ('j', "(?:0[0-9][1-9]|[1,2][0-9][0-9]|3[0-5][0-9]|36[0-6])"),
    ('L', r"\.\d{3}"),
];

/// The reason why the awslogs driver cannot use a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormatError {
    #[error("Docker does not know the directive `%{0}` and leaves it out")]
    UnknownDirective(char),
    #[error("the format has no directive such as %Y, so Docker takes it as literal text")]
    NoDirective,
    #[error("Docker turns the format into a regular expression that is not valid: {0}")]
    Pattern(#[from] PatternError),
}

/// Returns the regular expression that the awslogs driver uses for the format. Returns an error if the driver cannot use
/// the format.
pub(crate) fn pattern(format: &str) -> Result<String, FormatError> {
    let mut pattern = String::new();
    let mut is_literal = true;
    let mut characters = format.chars().peekable();
    while let Some(c) = characters.next() {
        // A `%` at the end of the format or of a line begins no directive.
        match characters.next_if(|next| c == '%' && *next != '\n') {
            None => pattern.push(c),
            Some(directive) => {
                let known = DIRECTIVES.iter().find(|(letter, _)| *letter == directive);
                pattern.push_str(known.ok_or(FormatError::UnknownDirective(directive))?.1);
                is_literal = false;
            }
        }
    }
    if is_literal {
        return Err(FormatError::NoDirective);
    }
    go_pattern::check(&pattern)?;
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_the_driver_can_use_are_accepted() {
        for format in [
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S,%f",
            r"\[%b %d, %Y %H:%M:%S\]",
            "%d/%b/%Y:%H:%M:%S %z",
            "%A %B %a %w %y %I %p %Z %j%L",
            "%Y%m%d",
            "^(%Y|%y)",
            "%H:%M 100%",
        ] {
            assert!(pattern(format).is_ok(), "{format}");
        }
    }

    #[test]
    fn formats_that_the_driver_cannot_use_are_refused() {
        use FormatError::{NoDirective, Pattern, UnknownDirective};
        for (format, error) in [
            ("%F %T", UnknownDirective('F')),
            ("%Y-%m-%e", UnknownDirective('e')),
            ("%-d", UnknownDirective('-')),
            ("%%Y", UnknownDirective('%')),
            ("yyyy-MM-dd HH:mm:ss", NoDirective),
            ("", NoDirective),
            ("100%", NoDirective),
            ("[%Y-%m-%d]", Pattern(PatternError::Class)),
            ("[%b %d, %Y %H:%M:%S]", Pattern(PatternError::UnexpectedParenthesis)),
            ("(%Y-%m-%d", Pattern(PatternError::MissingParenthesis)),
            ("*%Y", Pattern(PatternError::MissingArgument)),
            ("%Y\\", Pattern(PatternError::TrailingBackslash)),
        ] {
            assert_eq!(pattern(format), Err(error), "{format}");
        }
    }
}
