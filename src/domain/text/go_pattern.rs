//! The syntax of regular expressions in Go, which the awslogs driver of Docker uses.
//!
//! The check follows the parser of Go step by step (source: Go, regexp/syntax/parse.go, with the flags `Perl`). Where
//! versions of Go differ, or where a fault depends on a table of Go, the check accepts the pattern.

/// The longest pattern that Logweir checks, in bytes. Some steps search the rest of the pattern, so the limit bounds
/// the time of the check.
const LONGEST: usize = 8192;

/// The largest number of repetitions, as in `x{1000}`.
const MOST_REPETITIONS: u32 = 1000;

/// The reason why Go refuses a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    #[error("a closing `)` is missing")]
    MissingParenthesis,
    #[error("a `)` closes no group")]
    UnexpectedParenthesis,
    #[error("a closing `]` is missing")]
    MissingBracket,
    #[error("a range or class inside `[…]` is not valid")]
    Class,
    #[error("a repetition such as `*` follows nothing")]
    MissingArgument,
    #[error("a repetition follows another repetition")]
    NestedRepetition,
    #[error("a number of repetitions is not valid")]
    Repetitions,
    #[error("an escape with a backslash is not valid")]
    Escape,
    #[error("the pattern ends with a backslash")]
    TrailingBackslash,
    #[error("a group begins with characters that Go does not support, such as `(?=`")]
    Group,
}

/// Checks that Go accepts the pattern. A pattern of more than 8 KiB is not checked.
pub(crate) fn check(pattern: &str) -> Result<(), PatternError> {
    if pattern.len() > LONGEST {
        return Ok(());
    }
    Parser { rest: pattern, depth: 0, repeatable: false, is_without_classes: false }.run()
}

struct Parser<'p> {
    rest: &'p str,
    /// The number of open groups.
    depth: usize,
    /// Whether a repetition may follow, because a literal, class, assertion or group stands before it.
    repeatable: bool,
    /// Whether no `:]` follows, so that the parser searches for one only once.
    is_without_classes: bool,
}

type Parsed<T = ()> = Result<T, PatternError>;

impl<'p> Parser<'p> {
    fn run(mut self) -> Parsed {
        let mut follows_repetition = false;
        while let Some(c) = self.next() {
            let mut is_repetition = false;
            match c {
                '(' => self.open()?,
                ')' => {
                    self.depth = self.depth.checked_sub(1).ok_or(PatternError::UnexpectedParenthesis)?;
                    self.repeatable = true;
                }
                '|' => self.repeatable = false,
                '[' => self.class()?,
                '\\' => self.escape()?,
                '*' | '+' | '?' => is_repetition = true,
                '{' => is_repetition = self.counted()?,
                _ => self.repeatable = true,
            }
            if is_repetition {
                self.skip("?");
                if follows_repetition {
                    return Err(PatternError::NestedRepetition);
                }
                if !self.repeatable {
                    return Err(PatternError::MissingArgument);
                }
            }
            follows_repetition = is_repetition;
        }
        if self.depth > 0 { Err(PatternError::MissingParenthesis) } else { Ok(()) }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Skips the text if it comes next, and returns whether it came next.
    fn skip(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    fn skip_through(&mut self, end: &str) -> Option<&'p str> {
        let (before, after) = self.rest.split_once(end)?;
        self.rest = after;
        Some(before)
    }

    /// Parses what follows the `(` of a group.
    fn open(&mut self) -> Parsed {
        if !self.skip("?") {
            self.depth += 1;
            self.repeatable = false;
            return Ok(());
        }
        if self.skip("P<") || self.skip("<") {
            let name = self.skip_through(">").ok_or(PatternError::Group)?;
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(PatternError::Group);
            }
            self.depth += 1;
            self.repeatable = false;
            return Ok(());
        }
        self.flags()
    }

    /// Parses flags such as `i-s:`, which begin a group, or `i)`, which hold for the rest of the enclosing group.
    fn flags(&mut self) -> Parsed {
        let (mut negated, mut any) = (false, false);
        while let Some(c) = self.next() {
            match c {
                'i' | 'm' | 's' | 'U' => any = true,
                '-' if !negated => (negated, any) = (true, false),
                ':' | ')' if !negated || any => {
                    if c == ':' {
                        self.depth += 1;
                        self.repeatable = false;
                    }
                    return Ok(());
                }
                _ => break,
            }
        }
        Err(PatternError::Group)
    }

    /// Parses what follows a `{`, and returns whether it is a number of repetitions. Otherwise, the `{` is a literal.
    fn counted(&mut self) -> Parsed<bool> {
        let Some((least, most, rest)) = repetitions(self.rest) else {
            self.repeatable = true;
            return Ok(false);
        };
        if least > MOST_REPETITIONS || most.is_some_and(|most| most > MOST_REPETITIONS || least > most) {
            return Err(PatternError::Repetitions);
        }
        self.rest = rest;
        Ok(true)
    }

    /// Parses what follows a backslash outside of a class.
    fn escape(&mut self) -> Parsed {
        if self.skip("Q") {
            let literal = self.skip_through("\\E").unwrap_or_else(|| std::mem::take(&mut self.rest));
            self.repeatable |= !literal.is_empty();
            return Ok(());
        }
        self.repeatable = true;
        let is_assertion = ["A", "b", "B", "z"].iter().any(|letter| self.skip(letter));
        if is_assertion || self.escaped_class()? {
            return Ok(());
        }
        self.character().map(|_| ())
    }

    /// Parses a class such as `\d` or `\p{Greek}` after the backslash. Returns `false` if no such class comes next.
    fn escaped_class(&mut self) -> Parsed<bool> {
        if self.skip("p") || self.skip("P") {
            // The tables of Go depend on its version, so any plausible name is accepted.
            let is_plausible = |c: char| c.is_ascii_alphanumeric() || "_- ^".contains(c);
            let is_named = match self.next() {
                Some('{') => self.skip_through("}").is_some_and(|name| {
                    name.chars().all(is_plausible) && name.chars().any(|c| c.is_ascii_alphabetic())
                }),
                Some(c) => "CLMNPSZ".contains(c.to_ascii_uppercase()),
                None => false,
            };
            return if is_named { Ok(true) } else { Err(PatternError::Class) };
        }
        Ok(["d", "D", "s", "S", "w", "W"].iter().any(|letter| self.skip(letter)))
    }

    /// Parses the escape of one character after the backslash, and returns the character's code.
    fn character(&mut self) -> Parsed<u32> {
        let octal = |c: &char| ('0'..='7').contains(c);
        match self.next().ok_or(PatternError::TrailingBackslash)? {
            'a' => Ok(7),
            'f' => Ok(12),
            'n' => Ok(10),
            'r' => Ok(13),
            't' => Ok(9),
            'v' => Ok(11),
            'x' => self.hexadecimal().ok_or(PatternError::Escape),
            c @ '0'..='7' if c == '0' || self.rest.chars().next().is_some_and(|next| octal(&next)) => {
                let more = self.rest.chars().take(2).take_while(octal).count();
                let digits = self.rest[..more].chars();
                self.rest = &self.rest[more..];
                Ok(digits.fold(value(c, 8), |code, digit| code * 8 + value(digit, 8)))
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(u32::from(c)),
            _ => Err(PatternError::Escape),
        }
    }

    /// Parses what follows `\x`: two digits, or any number of digits in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        if self.skip("{") {
            let digits = self.skip_through("}").filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
            return u32::from_str_radix(digits, 16).ok().filter(|code| *code <= u32::from(char::MAX));
        }
        let (first, second) = (self.next()?.to_digit(16)?, self.next()?.to_digit(16)?);
        Some(first * 16 + second)
    }

    /// Parses what follows the `[` of a class.
    fn class(&mut self) -> Parsed {
        self.skip("^");
        let mut is_first = true;
        while is_first || !self.rest.starts_with(']') {
            is_first = false;
            if self.rest.starts_with("[:") && self.named_class()? {
                continue;
            }
            let before = self.rest;
            if self.skip("\\") {
                if self.escaped_class()? {
                    continue;
                }
                self.rest = before;
            }
            let low = self.class_character()?;
            let is_range = self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest.starts_with("-]");
            if is_range && self.skip("-") && self.class_character()? < low {
                return Err(PatternError::Class);
            }
        }
        self.skip("]");
        self.repeatable = true;
        Ok(())
    }

    /// Parses a class such as `[:alpha:]`. Returns `false` if no `:]` ends the class, so that the `[` is a literal.
    fn named_class(&mut self) -> Parsed<bool> {
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
            "word", "xdigit",
        ];
        if self.is_without_classes {
            return Ok(false);
        }
        let Some((name, after)) = self.rest["[:".len()..].split_once(":]") else {
            self.is_without_classes = true;
            return Ok(false);
        };
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(PatternError::Class);
        }
        self.rest = after;
        Ok(true)
    }

    fn class_character(&mut self) -> Parsed<u32> {
        match self.next().ok_or(PatternError::MissingBracket)? {
            '\\' => self.character(),
            c => Ok(u32::from(c)),
        }
    }
}

fn value(digit: char, radix: u32) -> u32 {
    digit.to_digit(radix).unwrap_or_default()
}

/// Parses a number of repetitions such as `2}`, `2,}` or `2,5}`, and returns the smallest number, the largest number
/// and the text behind. A number that is too large for the type counts as the largest number of the type.
fn repetitions(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let length = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let (inside, after) = (&text[..length], text[length..].strip_prefix('}')?);
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let has_leading_zero = digits.len() > 1 && digits.starts_with('0');
        (is_number && !has_leading_zero).then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (least, most) = match inside.split_once(',') {
        None => (number(inside)?, number(inside)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some((least, most, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_go_accepts_are_accepted() {
        const ACCEPTED: &str = r"^INFO ^\d{4}-\d{2}-\d{2}T\d{2}:\d{2} ^\[(INFO|WARN|ERROR)\] (?i)^(info|warn) (?:a|b)+?
            (?P<year>\d+) (?<year>\d+) (?i-s:x) (?)x ()* a||b ^* \b+ a{2,5}? a{,5} a{02} { } x{a} a{1000} ]
            []a] [^]a] [a-] [-a] [a-z-9] [\d-x] [[:alpha:]_] [[:^digit:]] [[:x] [[a] [\]\\]
            \pL\p{Greek}\P{^Greek} \x41\x{1F600}\07\12\n\t\/\-\_\< \Q(*\E+ \Q( \A.*\z é+ (?i) a(?i)*";
        for pattern in ACCEPTED.split_whitespace().chain([""]) {
            assert_eq!(check(pattern), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_go_refuses_are_refused_with_the_reason() {
        use PatternError::*;
        for (pattern, error) in [
            ("(", MissingParenthesis),
            ("(a|b", MissingParenthesis),
            ("a)", UnexpectedParenthesis),
            ("(a))", UnexpectedParenthesis),
            ("[a-z", MissingBracket),
            ("[", MissingBracket),
            ("[]", MissingBracket),
            ("[a-", MissingBracket),
            ("[z-a]", Class),
            ("[[:word2:]]", Class),
            (r"[a-\d]", Escape),
            (r"\p{Greek", Class),
            (r"\p", Class),
            ("*a", MissingArgument),
            ("a|*", MissingArgument),
            ("(+)", MissingArgument),
            ("(?i)*", MissingArgument),
            (r"\Q\E*", MissingArgument),
            ("{2}", MissingArgument),
            ("a**", NestedRepetition),
            ("a++", NestedRepetition),
            ("a*??", NestedRepetition),
            ("a{2}{3}", NestedRepetition),
            ("a{1001}", Repetitions),
            ("a{2,1}", Repetitions),
            ("a{99999999999}", Repetitions),
            (r"\C", Escape),
            (r"\Z", Escape),
            (r"\1", Escape),
            (r"\8", Escape),
            (r"\xZZ", Escape),
            (r"\x{}", Escape),
            (r"\x{110000}", Escape),
            (r"\é", Escape),
            (r"[\b]", Escape),
            ("a\\", TrailingBackslash),
            ("(?=a)", Group),
            ("(?!a)", Group),
            ("(?<=a)b", Group),
            ("(?<!a)b", Group),
            ("(?>a)", Group),
            ("(?#a)", Group),
            ("(?P=a)", Group),
            ("(?P<a b>c)", Group),
            ("(?P<a", Group),
            ("(?-)", Group),
            ("(?", Group),
        ] {
            assert_eq!(check(pattern), Err(error), "{pattern}");
        }
    }

    #[test]
    fn an_opening_without_an_end_is_a_literal() {
        assert_eq!(check(&format!("[{}x]", "[:".repeat(2000))), Ok(()));
        assert_eq!(check("[[:x[:alpha:]]"), Err(PatternError::Class));
        assert_eq!(check("[[:][[:alpha:]]"), Err(PatternError::Class));
        assert_eq!(check(&format!("{}2}}", "{".repeat(4000))), Ok(()));
        assert_eq!(check("a{{1,2,3}{x}{1"), Ok(()));
    }

    #[test]
    fn a_long_pattern_is_not_checked() {
        assert_eq!(check(&"(".repeat(LONGEST)), Err(PatternError::MissingParenthesis));
        assert_eq!(check(&"(".repeat(LONGEST + 1)), Ok(()));
    }
}
