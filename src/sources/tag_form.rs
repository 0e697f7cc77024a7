//! The form of the tags in a document, for tags that a person adds.

use super::{Document, terraform};

impl Document {
    /// Returns whether new tags in the view have the keys `Key` and `Value`, and not `key` and `value`. Returns `None`
    /// if Logweir cannot add tags: HCL has another form of tags, the tags of a response stand beside the task
    /// definition, and a list of containers has none.
    pub fn pascal_tags(&self) -> Option<bool> {
        let is_hcl = self.resource.as_ref().is_some_and(|resource| resource.kind == terraform::TASK_DEFINITION);
        let whole = self.pointer("");
        let is_response = whole.to_ascii_lowercase().contains("taskdefinition");
        let is_list = self.pointer("/containerDefinitions") == whole;
        if is_hcl || is_list || (is_response && self.resource.is_none()) || self.is_read_only() {
            return None;
        }
        // Logweir reads the tags of a JSON text as they are, and those of YAML and of templates in camelCase.
        Some(self.offset(0).is_some() && self.text().contains("\"ContainerDefinitions\""))
    }
}
