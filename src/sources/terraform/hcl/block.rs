//! Reads the blocks and attributes of a body.

use std::ops::Range;

use super::expression::{Within, expression};
use super::quoted::decode;
use super::scanner::Scanner;
use super::{Expression, ExpressionKind, Fault};

/// The attributes and blocks of a file or a block. The bodies of the blocks are not read yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::sources::terraform) struct Body {
    pub(in crate::sources::terraform) attributes: Vec<Attribute>,
    pub(in crate::sources::terraform) blocks: Vec<Block>,
}

/// An attribute such as `family = "web"`.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sources::terraform) struct Attribute {
    pub(in crate::sources::terraform) name: String,
    /// The byte range from the name to the end of the value.
    pub(in crate::sources::terraform) range: Range<usize>,
    pub(in crate::sources::terraform) value: Expression,
}

/// A block such as `resource "aws_ecs_task_definition" "web" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sources::terraform) struct Block {
    pub(in crate::sources::terraform) kind: String,
    pub(in crate::sources::terraform) labels: Vec<String>,
    /// The byte range from the kind of the block to the closing brace.
    pub(in crate::sources::terraform) range: Range<usize>,
    /// The byte range between the braces.
    pub(in crate::sources::terraform) inner: Range<usize>,
}

impl Body {
    /// Reads the attributes and blocks in the range of the text.
    pub(in crate::sources::terraform) fn read(text: &str, range: Range<usize>) -> Result<Self, Fault> {
        let mut scanner = Scanner::new(text, range);
        let mut body = Self::default();
        loop {
            scanner.skip_blanks(true)?;
            if scanner.at >= scanner.end {
                return Ok(body);
            }
            let start = scanner.at;
            let name = scanner.name();
            if name.is_empty() {
                return scanner.fault("an attribute or a block is missing");
            }
            scanner.skip_blanks(false)?;
            if scanner.peek(0) == Some(b'=') {
                scanner.at += 1;
                let value = expression(&mut scanner, Within::Line, 0)?;
                body.attributes.push(Attribute { name: name.to_owned(), range: start..value.range.end, value });
            } else {
                body.blocks.push(block(&mut scanner, name, start)?);
            }
            scanner.skip_blanks(false)?;
            if !matches!(scanner.peek(0), None | Some(b'\n')) {
                return scanner.fault("the end of the line is missing");
            }
        }
    }

    /// Reads the attributes and blocks of a whole file.
    pub(in crate::sources::terraform) fn of_file(text: &str) -> Result<Self, Fault> {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self::read(text, start..text.len())
    }

    pub(in crate::sources::terraform) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

impl Block {
    /// Reads the attributes and blocks in the block.
    pub(in crate::sources::terraform) fn body(&self, text: &str) -> Result<Body, Fault> {
        Body::read(text, self.inner.clone())
    }

    /// Returns the name of the block, if the block has this kind and this type.
    pub(in crate::sources::terraform) fn name_of(&self, kind: &str, of_type: &str) -> Option<&str> {
        match self.labels.as_slice() {
            [first, name] if self.kind == kind && first == of_type => Some(name),
            _ => None,
        }
    }
}

fn block(scanner: &mut Scanner<'_>, kind: &str, start: usize) -> Result<Block, Fault> {
    let mut labels = Vec::new();
    loop {
        scanner.skip_blanks(false)?;
        match scanner.peek(0) {
            Some(b'{') => break,
            Some(b'"') => {
                let from = scanner.at;
                scanner.skip_enclosure()?;
                match decode(&scanner.text[from..scanner.at])? {
                    ExpressionKind::Text(label) | ExpressionKind::Template(label) => labels.push(label),
                    _ => {}
                }
            }
            _ => match scanner.name() {
                "" => return scanner.fault("the opening brace of the block is missing"),
                label => labels.push(label.to_owned()),
            },
        }
    }
    let open = scanner.at;
    scanner.skip_enclosure()?;
    Ok(Block { kind: kind.to_owned(), labels, range: start..scanner.at, inner: open + 1..scanner.at - 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\u{feff}# A comment\r\nterraform {}\r\nresource \"a\" web { # b\r\n  \
                        name = \"x\" /* c */\r\n  in {\r\n    \
                        y = 1\r\n  }\r\n  tags = { a = \"}\" }\r\n}\r\nlocals { z = 2 }";

    #[test]
    fn blocks_and_attributes_have_places() {
        let file = Body::of_file(FILE).unwrap();
        let kinds: Vec<_> = file.blocks.iter().map(|block| (block.kind.as_str(), block.labels.len())).collect();
        assert_eq!(kinds, [("terraform", 0), ("resource", 2), ("locals", 0)]);
        let resource = &file.blocks[1];
        assert_eq!(resource.name_of("resource", "a"), Some("web"));
        assert_eq!(resource.name_of("data", "a"), None);
        assert!(FILE[resource.range.clone()].starts_with("resource") && FILE[resource.range.clone()].ends_with('}'));
        let body = resource.body(FILE).unwrap();
        let names: Vec<_> = body.attributes.iter().map(|attribute| &FILE[attribute.range.clone()]).collect();
        assert_eq!(names, ["name = \"x\"", "tags = { a = \"}\" }"]);
        assert_eq!(body.blocks[0].kind, "in");
        assert_eq!(
            file.blocks[2].body(FILE).unwrap().attribute("z").unwrap().value.kind,
            ExpressionKind::Literal(2.into())
        );
    }

    #[test]
    fn a_fault_has_a_place() {
        for (text, at) in [
            ("a", 1),
            ("a = ", 4),
            ("x {", 2),
            ("{", 0),
            ("a = [1\nb = 2", 12),
            ("x { y = \"z }", 2),
            ("x \"y\" = 1", 6),
        ] {
            assert_eq!(Body::of_file(text).map_err(|fault| fault.at), Err(at), "{text}");
        }
    }
}
