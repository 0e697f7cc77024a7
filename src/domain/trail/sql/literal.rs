//! Values and names in SQL. Text from the caller is always a literal or a quoted name.

use core::fmt;

/// The name of a table with its database, both in lower case as Athena stores them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub database: String,
    pub table: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name of Athena: use lower-case letters, digits, _ and -")]
pub struct NameError(String);

/// The longest name of a database or a table (source: Athena User Guide, names for tables, databases and columns).
const LONGEST: usize = 255;

impl Name {
    pub fn new(database: &str, table: &str) -> Result<Self, NameError> {
        let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        for name in [database, table] {
            if name.is_empty() || name.len() > LONGEST || !name.chars().all(is_fit) {
                return Err(NameError(crate::domain::text::plain::plain(name, 64)));
            }
        }
        Ok(Self { database: database.to_owned(), table: table.to_owned() })
    }

    /// Returns the name for a query.
    pub(super) fn quoted(&self) -> String {
        format!("\"{}\".\"{}\"", self.database, self.table)
    }

    /// Returns the name for a definition, which has another quotation mark than a query.
    pub(super) fn in_definition(&self) -> String {
        format!("`{}`.`{}`", self.database, self.table)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}

/// Returns a text as a literal. In Trino's SQL, a quotation mark is the only character with a meaning.
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Returns a condition on the values of a column. `None` if every value is accepted.
pub(super) fn one_of(column: &str, values: &[String]) -> Option<String> {
    let values: Vec<String> = values.iter().map(|value| text(value)).collect();
    (!values.is_empty()).then(|| format!("{column} IN ({})", values.join(", ")))
}

/// Returns a condition for a pattern in which `*` is any text and `?` is any character.
pub(super) fn like(column: &str, pattern: &str) -> String {
    let mut escaped = String::new();
    for c in pattern.chars() {
        match c {
            '*' => escaped.push('%'),
            '?' => escaped.push('_'),
            '%' | '_' | '!' => escaped.extend(['!', c]),
            _ => escaped.push(c),
        }
    }
    format!("{column} LIKE {} ESCAPE '!'", text(&escaped))
}
