//! The sections of the page.

use super::escaped;
use super::number::grouped;

/// A section with its heading.
#[derive(Clone, Copy)]
pub(in crate::render) struct Section {
    /// The identifier that links have.
    pub(in crate::render) id: &'static str,
    pub(in crate::render) name: &'static str,
    /// A sentence below the heading. Empty if the heading says everything.
    pub(in crate::render) about: &'static str,
}

impl Section {
    pub(in crate::render) fn around(self, inner: &str) -> String {
        self.with_count(0, inner)
    }

    /// Returns the section with a number beside its heading, unless the number is zero.
    pub(in crate::render) fn with_count(self, count: u64, inner: &str) -> String {
        let Self { id, name, about } = self;
        let name = escaped(name);
        let count =
            if count == 0 { String::new() } else { format!(" <span class=\"count\">{}</span>", grouped(count)) };
        let about =
            if about.is_empty() { String::new() } else { format!("<p class=\"about\">{}</p>\n", escaped(about)) };
        format!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-name\">\n<h2 id=\"{id}-name\">{name}{count}</h2>\n\
             {about}{inner}</section>\n"
        )
    }
}
