//! The changes of a text in HCL or JSON that give its containers new values.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use super::hcl::{Expression, ExpressionKind, Member, Object};
use super::members::effective;
use super::style::Style;
use crate::domain::text::splice::Splice;
use crate::sources::pascal::MAPS;

/// Why Logweir does not change a text.
pub(super) type Obstacle = &'static str;

const EXPRESSION: Obstacle = "only Terraform knows the value that has to change";
const LIST: Obstacle = "Logweir does not change lists of values";
const JOINED: Obstacle = "a function of Terraform builds the object that has to change";

/// Returns the changes of `text` after which the expression has the value `new` instead of `old`. The changes are
/// sorted by their position.
pub(super) fn splices(text: &str, expression: &Expression, old: &Value, new: &Value) -> Result<Vec<Splice>, Obstacle> {
    let mut change = Change { text, splices: Vec::new(), units: RefCell::default() };
    change.value(expression, old, new, false)?;
    let mut splices = change.splices;
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    // Two containers may have the same local value.
    splices.dedup();
    Ok(splices)
}

struct Change<'t> {
    text: &'t str,
    splices: Vec<Splice>,
    /// The results of [`Change::unit`] so far, by indentation, because each search reads the whole text.
    units: RefCell<BTreeMap<String, String>>,
}

impl<'t> Change<'t> {
    fn value(&mut self, expression: &Expression, old: &Value, new: &Value, is_map: bool) -> Result<(), Obstacle> {
        if old == new {
            return Ok(());
        }
        match (&expression.kind, old, new) {
            (ExpressionKind::Object(object), Value::Object(old), Value::Object(new)) => {
                self.object(expression, object, (old, new), is_map)
            }
            (ExpressionKind::List(items), Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
                let mut pairs = items.iter().zip(old.iter().zip(new));
                pairs.try_for_each(|(item, (old, new))| self.value(item, old, new, is_map))
            }
            (ExpressionKind::Literal(_) | ExpressionKind::Text(_), ..) => {
                self.replace(expression, new);
                Ok(())
            }
            (ExpressionKind::List(_), ..) => Err(LIST),
            _ => Err(EXPRESSION),
        }
    }

    fn splice(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.splices.push(Splice { range, text: text.into() });
    }

    /// Replaces a whole value.
    fn replace(&mut self, expression: &Expression, new: &Value) {
        let indent = line_indent(self.text, expression.range.start).to_owned();
        let quotes_all = self.text[..expression.range.start].trim_end().ends_with(':');
        let object = Object { members: Vec::new(), is_json: quotes_all };
        let style = Style::of(self.text, &object, &self.unit(&indent));
        let has_lines = self.text[expression.range.start..].contains('\n');
        let text = style.value(new, has_lines.then_some(&indent));
        self.splice(expression.range.clone(), text);
    }

    /// Returns the indentation of the first line of the text that is indented more than this, relative to this.
    fn unit(&self, indent: &str) -> String {
        let mut known = self.units.borrow_mut();
        known.entry(indent.to_owned()).or_insert_with(|| self.find_unit(indent)).clone()
    }

    fn find_unit(&self, indent: &str) -> String {
        let units = self.text.lines().filter(|line| !line.trim().is_empty()).filter_map(|line| {
            let found = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
            found.strip_prefix(indent).filter(|unit| !unit.is_empty() && unit.len() <= 8)
        });
        units.min_by_key(|unit| unit.len()).unwrap_or("  ").to_owned()
    }

    fn object(
        &mut self,
        expression: &Expression,
        object: &Object,
        (old, new): (&Map<String, Value>, &Map<String, Value>),
        is_map: bool,
    ) -> Result<(), Obstacle> {
        let members = effective(object, is_map).ok_or(EXPRESSION)?;
        for (key, member) in &members {
            if let (Some(old), Some(new)) = (old.get(key), new.get(key)) {
                self.value(&member.value, old, new, is_map || MAPS.contains(&key.as_str()))?;
            }
        }
        let removed: Vec<&Member> =
            members.iter().filter(|(key, _)| !new.contains_key(key)).map(|(_, member)| *member).collect();
        let added: Vec<(&String, &Value)> = new.iter().filter(|(key, _)| !old.contains_key(*key)).collect();
        if removed.is_empty() && added.is_empty() {
            return Ok(());
        }
        if !self.text[expression.range.clone()].starts_with('{') {
            return Err(JOINED);
        }
        let is_removed = |member: &Member| removed.iter().any(|removed| removed.name == member.name);
        let Some(anchor) = object.members.iter().rposition(|member| !is_removed(member)) else {
            return self.refill(expression, object, new);
        };
        let has_new = !added.is_empty();
        self.remove(object, &removed, anchor, has_new);
        if has_new {
            self.insert(expression, object, anchor, &added);
        }
        Ok(())
    }

    /// Replaces an object that loses all its members, or has none.
    fn refill(&mut self, expression: &Expression, object: &Object, new: &Map<String, Value>) -> Result<(), Obstacle> {
        let inner = &self.text[expression.range.start + 1..expression.range.end - 1];
        if object.members.is_empty() && !inner.trim().is_empty() {
            return Err("the braces contain a comment");
        }
        let indent = line_indent(self.text, expression.range.start).to_owned();
        let is_json = object.is_json || self.text[..expression.range.start].trim_end().ends_with(':');
        let style = Style::of(self.text, &Object { members: object.members.clone(), is_json }, &self.unit(&indent));
        let has_lines = inner.contains('\n') || self.is_alone(expression);
        let text = style.value(&Value::Object(new.clone()), has_lines.then_some(&indent));
        self.splice(expression.range.clone(), text);
        Ok(())
    }

    /// Whether the member of the value is the only one on its line.
    fn is_alone(&self, expression: &Expression) -> bool {
        let (before, behind) = (&self.text[..expression.range.start], &self.text[expression.range.end..]);
        let line = before.rsplit('\n').next().unwrap_or_default();
        before.contains('\n')
            && !line.contains(['{', ','])
            && behind.split('\n').next().unwrap_or_default().trim_matches([',', ' ', '\r', '\t']).is_empty()
    }

    fn insert(&mut self, expression: &Expression, object: &Object, anchor: usize, added: &[(&String, &Value)]) {
        let member = &object.members[anchor];
        let start_of_line = self.text[..member.name.start].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = &self.text[start_of_line..member.name.start];
        let is_first_on_line = start_of_line > expression.range.start && indent.trim().is_empty();
        let outer = line_indent(self.text, expression.range.start);
        let unit =
            indent.strip_prefix(outer).filter(|unit| is_first_on_line && !unit.is_empty() && unit.trim().is_empty());
        let unit = unit.map_or_else(|| self.unit(outer), str::to_owned);
        let style = Style::of(self.text, object, &unit);
        let end = member.value.range.end;
        let is_last_json = object.is_json && anchor + 1 == object.members.len();
        if !is_first_on_line {
            let texts: Vec<String> = added.iter().map(|(key, value)| style.member(key, value, None)).collect();
            match member.comma.filter(|_| !is_last_json) {
                Some(comma) => self.splice(comma + 1..comma + 1, format!(" {},", texts.join(", "))),
                None => self.splice(end..end, format!(", {}", texts.join(", "))),
            }
            return;
        }
        let texts: Vec<String> =
            added.iter().map(|(key, value)| format!("{indent}{}", style.member(key, value, Some(indent)))).collect();
        let newline = style.newline;
        let between = format!("{}{newline}", if style.has_commas { "," } else { "" });
        let lines = texts.join(&between);
        let (comma, behind) = match member.comma {
            Some(comma) => (",", comma + 1),
            None => ("", end),
        };
        let at = self.end_of_line(behind);
        let (at, missing) = match (member.comma, style.has_commas) {
            (None, true) if at == end => (at, ","),
            (None, true) => {
                self.splice(end..end, ",");
                (at, "")
            }
            _ => (at, ""),
        };
        self.splice(at..at, format!("{missing}{newline}{lines}{comma}"));
    }

    /// Returns the end of the line of `at`, if only blanks and a comment follow on the line, or else `at`.
    fn end_of_line(&self, at: usize) -> usize {
        let rest = self.text[at..].split('\n').next().unwrap_or_default();
        let rest = rest.strip_suffix('\r').unwrap_or(rest);
        let is_comment = rest.trim_start().starts_with(['#']) || rest.trim_start().starts_with("//");
        if is_comment || rest.trim().is_empty() { at + rest.trim_end().len() } else { at }
    }

    /// Removes members. `anchor` is the index of the last member that stays.
    fn remove(&mut self, object: &Object, removed: &[&Member], anchor: usize, has_new: bool) {
        for member in removed {
            let end = member.comma.map_or(member.value.range.end, |comma| comma + 1);
            let start_of_line = self.text[..member.name.start].rfind('\n').map_or(0, |newline| newline + 1);
            let is_first = self.text[start_of_line..member.name.start].trim().is_empty();
            let end_of_line = self.end_of_line(end);
            let behind = &self.text[end_of_line..];
            let newline = ["\r\n", "\n"].into_iter().find(|newline| behind.starts_with(newline));
            match newline.filter(|_| is_first) {
                Some(newline) => self.splice(start_of_line..end_of_line + newline.len(), ""),
                None => {
                    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
                    self.splice(member.name.start..end_of_line + blanks, "");
                }
            }
        }
        // JSON allows no comma behind the last member.
        let last_removed = removed.iter().any(|member| member.name.start > object.members[anchor].name.start);
        if let (true, false, true, Some(comma)) = (object.is_json, has_new, last_removed, object.members[anchor].comma)
        {
            self.splice(comma..comma + 1, "");
        }
    }
}

/// Returns the indentation of the line that contains the offset.
pub(super) fn line_indent(text: &str, at: usize) -> &str {
    let line = &text[text[..at].rfind('\n').map_or(0, |newline| newline + 1)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::splice::spliced;
    use crate::sources::terraform::hcl::{read_expression, read_json};
    use serde_json::json;

    /// Returns the text after `change` has changed the value of its expression.
    fn changed(text: &str, is_json: bool, change: impl Fn(&mut Value)) -> Result<String, Obstacle> {
        let read = |text: &str| match is_json {
            true => read_json(text, 0..text.len(), true).unwrap(),
            false => read_expression(text, 0..text.len()).unwrap(),
        };
        let value = |text: &str| {
            let mut writer = crate::sources::terraform::view::ViewWriter::new(text, 0..0, 0..0);
            writer.member("x", None, |writer| writer.expression(&read(text)));
            serde_json::from_str::<Value>(&writer.finish().json).unwrap()["x"].clone()
        };
        let old = value(text);
        let mut new = old.clone();
        change(&mut new);
        let splices = splices(text, &read(text), &old, &new)?;
        let whole = spliced(text, splices).unwrap();
        assert_eq!(value(&whole), new, "{whole}");
        Ok(whole)
    }

    fn with_mode(text: &str, is_json: bool) -> String {
        changed(text, is_json, |value| value["mode"] = json!("non-blocking")).unwrap()
    }

    #[test]
    fn a_new_member_looks_like_its_neighbours() {
        for (text, expected) in [
            ("{\n  a = 1\n}", "{\n  a = 1\n  mode = \"non-blocking\"\n}"),
            ("{\n  \"a\" = 1 # why\n}", "{\n  \"a\" = 1 # why\n  \"mode\" = \"non-blocking\"\n}"),
            ("{\n  a-b   = 1\n  c     = 2\n}", "{\n  a-b   = 1\n  c     = 2\n  mode  = \"non-blocking\"\n}"),
            ("{\r\n\t\"a\": 1,\r\n}", "{\r\n\t\"a\": 1,\r\n\t\"mode\": \"non-blocking\",\r\n}"),
            ("{\n  \"a\" : 1\n}", "{\n  \"a\" : 1,\n  \"mode\" : \"non-blocking\"\n}"),
            ("{\n  a = 1,\n  b = 2 // x\n}", "{\n  a = 1,\n  b = 2, // x\n  mode = \"non-blocking\"\n}"),
            ("{ a = 1, b = 2 }", "{ a = 1, b = 2, mode = \"non-blocking\" }"),
            ("{ a = 1, }", "{ a = 1, mode = \"non-blocking\", }"),
            ("{a=1}", "{a=1, mode = \"non-blocking\"}"),
            ("{\n  a = 1 }", "{\n  a = 1\n  mode = \"non-blocking\" }"),
            ("{}", "{ mode = \"non-blocking\" }"),
            ("{\n}", "{\n  mode = \"non-blocking\"\n}"),
        ] {
            assert_eq!(with_mode(text, false), expected);
        }
        for (text, expected) in [
            ("{\n  \"a\": 1\n}", "{\n  \"a\": 1,\n  \"mode\": \"non-blocking\"\n}"),
            ("{\"a\":1}", "{\"a\":1, \"mode\": \"non-blocking\"}"),
            ("{}", "{ \"mode\": \"non-blocking\" }"),
        ] {
            assert_eq!(with_mode(text, true), expected);
        }
    }

    #[test]
    fn a_new_object_has_lines_where_its_neighbours_have_lines() {
        let log = json!({"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "mode": "non-blocking"}});
        let add = |text: &str, is_json| changed(text, is_json, |value| value["log"] = log.clone()).unwrap();
        assert_eq!(
            add("{\n  name  = \"app\"\n  image = \"x\"\n}", false),
            "{\n  name  = \"app\"\n  image = \"x\"\n  log = {\n    logDriver = \"awslogs\"\n    options = {\n      \
             \"awslogs-group\" = \"/ecs/web\"\n      \"mode\"          = \"non-blocking\"\n    }\n  }\n}"
        );
        assert_eq!(
            add("{ name = \"app\" }", false),
            "{ name = \"app\", log = { logDriver = \"awslogs\", options = { \
             \"awslogs-group\" = \"/ecs/web\", \"mode\" = \
             \"non-blocking\" } } }"
        );
        assert_eq!(
            add("{\n\t\"name\": \"app\"\n}", true),
            "{\n\t\"name\": \"app\",\n\t\"log\": {\n\t\t\"logDriver\": \"awslogs\",\n\t\t\"options\": {\n\t\t\t\
             \"awslogs-group\": \"/ecs/web\",\n\t\t\t\"mode\": \"non-blocking\"\n\t\t}\n\t}\n}"
        );
    }

    #[test]
    fn a_value_is_replaced_and_a_member_is_removed() {
        for (text, is_json, expected) in [
            ("{\n  a = 1\n  mode = \"x\" # y\n  b = 2\n}", false, "{\n  a = 1\n  b = 2\n}"),
            ("{ a = 1, mode = \"x\" }", false, "{ a = 1, }"),
            ("{ mode = \"x\", a = 1 }", false, "{ a = 1 }"),
            ("{\n  \"a\": 1,\n  \"mode\": \"x\"\n}", true, "{\n  \"a\": 1\n}"),
            ("{\"a\": 1, \"mode\": \"x\"}", true, "{\"a\": 1 }"),
            ("{\"mode\": \"x\", \"a\": 1}", true, "{\"a\": 1}"),
        ] {
            let without = changed(text, is_json, |value| drop(value.as_object_mut().unwrap().shift_remove("mode")));
            assert_eq!(without.unwrap(), expected);
        }
        assert_eq!(with_mode("{ mode = \"a\\\"b\" }", false), "{ mode = \"non-blocking\" }");
        assert_eq!(with_mode("{ mode = 1, mode = 2 }", false), "{ mode = 1, mode = \"non-blocking\" }");
        let null = changed("{\n  log = null\n}", false, |value| value["log"] = json!({"a": "b"})).unwrap();
        assert_eq!(null, "{\n  log = {\n    a = \"b\"\n  }\n}");
    }

    #[test]
    fn an_expression_stays_as_it_is() {
        let change = |text: &str| changed(text, false, |value| value["o"] = json!({"mode": "non-blocking"}));
        assert_eq!(change("{ o = var.x }"), Err(EXPRESSION));
        assert_eq!(change("{ o = \"${var.x}\" }"), Err(EXPRESSION));
        assert_eq!(change("{ o = { /* x */ } }"), Err("the braces contain a comment"));
        let reference = changed("{ a = 1 }", false, |value| value["g"] = json!({"Ref": "aws_x.web[0].name"})).unwrap();
        assert_eq!(reference, "{ a = 1, g = aws_x.web[0].name }");
    }
}
