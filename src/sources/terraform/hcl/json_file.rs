//! Reads a file in the JSON syntax of Terraform (`*.tf.json`) as HCL. Each text in the JSON is a template of HCL
//! (source: Terraform, JSON Configuration Syntax).

use std::fmt::Write as _;
use std::ops::Range;

use super::scanner::Scanner;
use super::{Expression, ExpressionKind, Fault, Object, json};

/// A file in JSON, written as HCL.
#[derive(Debug, Default)]
pub(in crate::sources::terraform) struct JsonFile {
    pub(in crate::sources::terraform) hcl: String,
    /// The place of the name of each block in the JSON text, in the order of the blocks.
    pub(in crate::sources::terraform) places: Vec<Range<usize>>,
}

impl JsonFile {
    pub(in crate::sources::terraform) fn read(text: &str) -> Result<Self, Fault> {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let root = json::read(text, start..text.len(), false)?;
        let mut file = Self::default();
        for (key, place, value) in members(&root) {
            match key {
                "//" => {}
                "resource" | "data" => {
                    for (of_type, _, named) in members(value) {
                        file.blocks(key, &[of_type], named);
                    }
                }
                "module" => file.blocks(key, &[], value),
                "locals" => file.block(key, &[], &place, value),
                _ if is_name(key) => {
                    // Logweir does not read such a block, but a local value may have a use in it.
                    let _ = write!(file.hcl, "{key} {{\n  value = {}\n}}\n", expression(value));
                    file.places.push(place);
                }
                _ => {}
            }
        }
        Ok(file)
    }

    /// Adds the blocks of this kind, by their names.
    fn blocks(&mut self, kind: &str, labels: &[&str], named: &Expression) {
        for (name, place, body) in members(named) {
            let labels: Vec<&str> = labels.iter().copied().chain([name]).collect();
            self.block(kind, &labels, &place, body);
        }
    }

    /// Adds a block for each object in `body`.
    fn block(&mut self, kind: &str, labels: &[&str], place: &Range<usize>, body: &Expression) {
        for object in objects(body) {
            self.hcl += kind;
            labels.iter().for_each(|label| self.hcl += &format!(" {}", template(label)));
            self.hcl += " {\n";
            for member in &object.members {
                if let Some(name) = member.key.as_deref().filter(|name| is_name(name)) {
                    let _ = writeln!(self.hcl, "  {name} = {}", expression(&member.value));
                }
            }
            self.hcl += "}\n";
            self.places.push(place.clone());
        }
    }
}

/// Returns the objects that a value has: the value itself, or the items of a list.
fn objects(value: &Expression) -> Vec<&Object> {
    match &value.kind {
        ExpressionKind::Object(object) => vec![object],
        ExpressionKind::List(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// Returns the members of the objects that a value has: each key with its place and its value.
fn members(value: &Expression) -> impl Iterator<Item = (&str, Range<usize>, &Expression)> {
    let members = objects(value).into_iter().flat_map(|object| &object.members);
    members.filter_map(|member| Some((member.key.as_deref()?, member.name.clone(), &member.value)))
}

fn is_name(text: &str) -> bool {
    let mut scanner = Scanner::new(text, 0..text.len());
    !text.is_empty() && scanner.name() == text
}

/// Returns the expression of HCL for a JSON value.
fn expression(value: &Expression) -> String {
    match &value.kind {
        ExpressionKind::Literal(literal) => literal.to_string(),
        ExpressionKind::Text(text) => template(text),
        ExpressionKind::List(items) => {
            format!("[{}]", items.iter().map(expression).collect::<Vec<_>>().join(", "))
        }
        ExpressionKind::Object(object) => {
            let members = object.members.iter().filter_map(|member| {
                Some(format!("{} = {}", template(member.key.as_deref()?), expression(&member.value)))
            });
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        _ => UNREADABLE.into(),
    }
}

/// The expression for a value that Logweir does not read.
const UNREADABLE: &str = "(unreadable)";

/// Returns the template of HCL that is the content of a JSON text.
fn template(text: &str) -> String {
    let mut scanner = Scanner::new(text, 0..text.len());
    let mut quoted = String::from('"');
    while let Some(first) = scanner.peek(0) {
        let from = scanner.at;
        match (first, scanner.peek(1), scanner.peek(2)) {
            (b'$', Some(b'$'), Some(b'{')) | (b'%', Some(b'%'), Some(b'{')) => scanner.at += 3,
            (b'$' | b'%', Some(b'{'), _) if scanner.skip_enclosure().is_err() => return UNREADABLE.into(),
            (b'$' | b'%', Some(b'{'), _) => {}
            _ => {
                let c = text[from..].chars().next().unwrap_or_default();
                scanner.at += c.len_utf8();
                let escaped = super::quoted(&text[from..scanner.at]);
                quoted += &escaped[1..escaped.len() - 1];
                continue;
            }
        }
        quoted += &text[from..scanner.at];
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::terraform::hcl::Body;

    #[test]
    fn each_block_has_its_attributes_and_its_place() {
        let text = r#"{"//": "x", "resource": [
            {"a": {"b": {"c": "d\"${f(\"x\")}\n$${y}", "//": 1, "e": [1, {"k-1": null}]}}},
            {"a": {"c": [{"c": true}]}}], "locals": {"l": "${jsonencode([{\n a = 1\n}])}"},
            "output": {"o": {"value": "${local.l}"}},
            "module": {"m": {"source": "./m"}}, "x y": 1}"#;
        let file = JsonFile::read(text).unwrap();
        let expected = "resource \"a\" \"b\" {\n  c = \"d\\\"${f(\"x\")}\\n$${y}\"\n  e = [1, { \"k-1\" = null }]\n}\n\
                        resource \"a\" \"c\" {\n  c = true\n}\n\
                        locals {\n  l = \"${jsonencode([{\n a = 1\n}])}\"\n}\n\
                        output {\n  value = { \"o\" = { \"value\" = \"${local.l}\" } }\n}\n\
                        module \"m\" {\n  source = \"./m\"\n}\n";
        assert_eq!(file.hcl, expected);
        assert_eq!(Body::of_file(&file.hcl).unwrap().blocks.len(), file.places.len());
        let names: Vec<&str> = file.places.iter().map(|place| &text[place.clone()]).collect();
        assert_eq!(names, ["\"b\"", "\"c\"", "\"locals\"", "\"output\"", "\"m\""]);
    }

    #[test]
    fn a_text_without_an_end_is_unreadable() {
        assert_eq!(template("a${b"), UNREADABLE);
        assert!(JsonFile::read("{").is_err());
        assert!(JsonFile::read("7").unwrap().hcl.is_empty());
    }
}
