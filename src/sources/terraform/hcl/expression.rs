//! Reads an expression.

use std::ops::Range;

use serde_json::Value;

use super::quoted::decode;
use super::scanner::Scanner;
use super::{DEEPEST, Expression, ExpressionKind, Fault, Member, Object};

/// Where an expression is, which decides where it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// The value of an attribute or a member, which ends with its line.
    Line,
    /// An item of a list or an argument of a call, which may have several lines.
    Brackets,
}

/// Reads the only expression in the range of the text.
pub(in crate::sources::terraform) fn read(text: &str, range: Range<usize>) -> Result<Expression, Fault> {
    let mut scanner = Scanner::new(text, range);
    let found = expression(&mut scanner, Within::Brackets, 0)?;
    scanner.skip_blanks(true)?;
    if scanner.at < scanner.end { scanner.fault("this is behind the end of the value") } else { Ok(found) }
}

/// Reads the expression at the position.
pub(super) fn expression(scanner: &mut Scanner<'_>, within: Within, depth: usize) -> Result<Expression, Fault> {
    scanner.skip_blanks(within == Within::Brackets)?;
    if depth > DEEPEST {
        return scanner.fault("the values are nested too deeply");
    }
    let start = scanner.at;
    let kind = term(scanner, depth)?;
    let end = scanner.at;
    scanner.skip_blanks(within == Within::Brackets)?;
    if scanner.at > start && is_end(scanner, within) {
        scanner.at = end;
        return Ok(Expression { range: start..end, kind });
    }
    let end = rest(scanner, within, end)?;
    if end == start {
        return scanner.fault("the value is missing");
    }
    scanner.at = end;
    Ok(Expression { range: start..end, kind: ExpressionKind::Opaque })
}

fn is_end(scanner: &Scanner<'_>, within: Within) -> bool {
    match scanner.peek(0) {
        None | Some(b',' | b')' | b']' | b'}') => true,
        Some(b'\n') => within == Within::Line,
        _ => false,
    }
}

/// Steps over the rest of an expression. Returns the end of the expression, without the blanks behind it.
fn rest(scanner: &mut Scanner<'_>, within: Within, end: usize) -> Result<usize, Fault> {
    let mut end = end;
    loop {
        scanner.skip_blanks(within == Within::Brackets)?;
        if is_end(scanner, within) {
            return Ok(end);
        }
        if scanner.is_enclosure() {
            scanner.skip_enclosure()?;
        } else {
            let c = scanner.text[scanner.at..].chars().next().map_or(1, char::len_utf8);
            scanner.at += c;
        }
        end = scanner.at.min(scanner.end);
    }
}

/// Reads the first term of an expression. Steps over nothing if the term is of no known kind.
fn term(scanner: &mut Scanner<'_>, depth: usize) -> Result<ExpressionKind, Fault> {
    match (scanner.peek(0), scanner.peek(1)) {
        (Some(b'"'), _) => {
            let start = scanner.at;
            scanner.skip_enclosure()?;
            decode(&scanner.text[start..scanner.at]).map_err(|fault| Fault { at: start + fault.at, ..fault })
        }
        (Some(b'['), _) => list(scanner, depth),
        (Some(b'{'), _) => object(scanner, depth),
        (Some(b'0'..=b'9'), _) | (Some(b'-'), Some(b'0'..=b'9')) => Ok(number(scanner)),
        (Some(b'<'), Some(b'<')) => heredoc(scanner),
        _ => named(scanner, depth),
    }
}

fn number(scanner: &mut Scanner<'_>) -> ExpressionKind {
    let start = scanner.at;
    scanner.take(b'-');
    while let Some(byte) = scanner.peek(0) {
        let is_exponent = matches!(byte, b'+' | b'-') && matches!(scanner.text.as_bytes()[scanner.at - 1], b'e' | b'E');
        // A point that no digit follows begins `...`.
        let is_point = byte == b'.' && scanner.peek(1).is_some_and(|next| next.is_ascii_digit());
        if !(byte.is_ascii_digit() || matches!(byte, b'e' | b'E') || is_exponent || is_point) {
            break;
        }
        scanner.at += 1;
    }
    let number = serde_json::from_str::<Value>(&scanner.text[start..scanner.at]);
    number.map_or(ExpressionKind::Opaque, ExpressionKind::Literal)
}

fn heredoc(scanner: &mut Scanner<'_>) -> Result<ExpressionKind, Fault> {
    let Some(start) = scanner.heredoc() else { return Ok(ExpressionKind::Opaque) };
    scanner.skip_enclosure()?;
    let line = scanner.text[..scanner.at].rfind('\n').map_or(start.lines, |newline| newline + 1);
    Ok(ExpressionKind::Heredoc(start.lines..line.max(start.lines)))
}

/// Reads a keyword, a reference or a call.
fn named(scanner: &mut Scanner<'_>, depth: usize) -> Result<ExpressionKind, Fault> {
    let name = scanner.name();
    match (name, scanner.peek(0)) {
        ("", _) => return Ok(ExpressionKind::Opaque),
        (_, Some(b'(')) => return call(scanner, name, depth),
        ("true", next) if next != Some(b'.') => return Ok(ExpressionKind::Literal(true.into())),
        ("false", next) if next != Some(b'.') => return Ok(ExpressionKind::Literal(false.into())),
        ("null", next) if next != Some(b'.') => return Ok(ExpressionKind::Literal(Value::Null)),
        _ => {}
    }
    let mut steps = vec![name.to_owned()];
    loop {
        match (scanner.peek(0), scanner.peek(1)) {
            (Some(b'.'), Some(b'0'..=b'9')) => {
                scanner.at += 1;
                while scanner.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
                    scanner.at += 1;
                }
                steps.push("[]".into());
            }
            (Some(b'.'), Some(next)) if next.is_ascii_alphabetic() || next == b'_' => {
                scanner.at += 1;
                steps.push(scanner.name().to_owned());
            }
            (Some(b'['), Some(next)) if next != b'*' => {
                scanner.skip_enclosure()?;
                steps.push("[]".into());
            }
            _ => return Ok(ExpressionKind::Reference(steps)),
        }
    }
}

fn call(scanner: &mut Scanner<'_>, name: &str, depth: usize) -> Result<ExpressionKind, Fault> {
    scanner.at += 1;
    let arguments = items(scanner, b')', depth)?;
    Ok(ExpressionKind::Call { name: name.to_owned(), arguments })
}

fn list(scanner: &mut Scanner<'_>, depth: usize) -> Result<ExpressionKind, Fault> {
    if is_for(scanner)? {
        scanner.skip_enclosure()?;
        return Ok(ExpressionKind::Opaque);
    }
    scanner.at += 1;
    Ok(ExpressionKind::List(items(scanner, b']', depth)?))
}

/// Whether a `for` expression builds the list or object here.
fn is_for(scanner: &Scanner<'_>) -> Result<bool, Fault> {
    let mut inner = scanner.clone();
    inner.at += 1;
    inner.skip_blanks(true)?;
    let is_for = inner.name() == "for";
    Ok(is_for && inner.peek(0).is_some_and(|next| next.is_ascii_whitespace() || next == b'#' || next == b'/'))
}

/// Reads the items up to the closing bracket, and steps over the bracket.
fn items(scanner: &mut Scanner<'_>, close: u8, depth: usize) -> Result<Vec<Expression>, Fault> {
    let mut items = Vec::new();
    loop {
        scanner.skip_blanks(true)?;
        if scanner.take(close) {
            return Ok(items);
        }
        items.push(expression(scanner, Within::Brackets, depth + 1)?);
        scanner.skip_blanks(true)?;
        if !scanner.take(b',') && scanner.peek(0) != Some(close) {
            return scanner.fault("a comma or the closing bracket is missing");
        }
    }
}

fn object(scanner: &mut Scanner<'_>, depth: usize) -> Result<ExpressionKind, Fault> {
    if is_for(scanner)? {
        scanner.skip_enclosure()?;
        return Ok(ExpressionKind::Opaque);
    }
    scanner.at += 1;
    let mut members = Vec::new();
    loop {
        scanner.skip_blanks(true)?;
        if scanner.take(b'}') {
            return Ok(ExpressionKind::Object(Object { members, is_json: false }));
        }
        let (key, name) = key(scanner)?;
        scanner.skip_blanks(false)?;
        if !scanner.take(b'=') && !scanner.take(b':') {
            return scanner.fault("`=` or `:` is missing behind the key");
        }
        let value = expression(scanner, Within::Line, depth + 1)?;
        scanner.skip_blanks(false)?;
        let comma = (scanner.peek(0) == Some(b',')).then_some(scanner.at);
        if !scanner.take(b',') && !matches!(scanner.peek(0), Some(b'\n' | b'}')) {
            return scanner.fault("a comma, the end of the line or the closing bracket is missing");
        }
        members.push(Member { key, name, value, comma });
    }
}

/// Reads the key of a member. Returns no key if an expression gives the key.
fn key(scanner: &mut Scanner<'_>) -> Result<(Option<String>, Range<usize>), Fault> {
    let start = scanner.at;
    let mut key = None;
    if scanner.peek(0) == Some(b'"') {
        scanner.skip_enclosure()?;
        if let ExpressionKind::Text(text) = decode(&scanner.text[start..scanner.at])? {
            key = Some(text);
        }
    } else if scanner.peek(0) == Some(b'(') {
        scanner.skip_enclosure()?;
    } else {
        key = Some(scanner.name().to_owned()).filter(|name| !name.is_empty());
    }
    let end = scanner.at;
    scanner.skip_blanks(false)?;
    if matches!(scanner.peek(0), Some(b'=' | b':')) && end > start {
        scanner.at = end;
        return Ok((key, start..end));
    }
    // Any other expression ends at the sign of the assignment.
    while !matches!(scanner.peek(0), None | Some(b'=' | b':' | b',' | b'}' | b'\n')) {
        if scanner.is_enclosure() {
            scanner.skip_enclosure()?;
        } else {
            scanner.at += scanner.text[scanner.at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    Ok((None, start..scanner.at))
}
