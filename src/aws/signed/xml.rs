//! The XML of the query protocols as a tree. EC2, Elastic Load Balancing and IAM write lists as elements with the
//! children `item` or `member`.

use aws_smithy_xml::decode::{Document, try_data};
use serde_json::{Map, Value};

/// The deepest nesting that Logweir reads. The responses that Logweir reads have at most twelve levels.
const DEEPEST: usize = 32;

/// The largest number of elements that Logweir reads. A page with 1,000 items has about 50,000 elements.
const MOST: usize = 500_000;

/// An element in the order of the document.
struct Element {
    name: String,
    depth: usize,
    /// The text of an element without children. Empty for an element with children.
    text: String,
}

/// Returns the content of the root element: lists as arrays, other elements with children as objects, texts as strings,
/// and empty elements as null. Returns `None` if the document is not well-formed or too large.
pub(in crate::aws) fn tree(body: &str) -> Option<Value> {
    let elements = elements(body)?;
    let mut next = 0;
    let root = value(&elements, &mut next);
    (next == elements.len() && next > 0).then_some(root)
}

/// Returns the elements of the document. An element has a text only if the following element is not its child.
fn elements(body: &str) -> Option<Vec<Element>> {
    let depths = depths(body)?;
    let mut document = Document::new(body);
    let mut elements = Vec::with_capacity(depths.len());
    for (index, depth) in depths.iter().enumerate() {
        let start = document.next_start_element()?;
        let name = start.local().to_owned();
        let has_children = depths.get(index + 1).is_some_and(|next| next > depth);
        let text =
            if has_children { String::new() } else { try_data(&mut document.scoped_to(start)).ok()?.into_owned() };
        elements.push(Element { name, depth: *depth, text: text.trim().to_owned() });
    }
    Some(elements)
}

/// Returns the depth of each element.
fn depths(body: &str) -> Option<Vec<usize>> {
    let mut document = Document::new(body);
    let mut depths = Vec::new();
    while let Some(start) = document.next_start_element() {
        if start.depth() > DEEPEST || depths.len() == MOST {
            return None;
        }
        depths.push(start.depth());
    }
    Some(depths)
}

/// Returns the value of the element at `next`, and moves `next` behind the element.
fn value(elements: &[Element], next: &mut usize) -> Value {
    let Some(element) = elements.get(*next) else { return Value::Null };
    *next += 1;
    let is_child = |child: &&Element| child.depth > element.depth;
    let mut children = Vec::new();
    while let Some(child) = elements.get(*next).filter(is_child) {
        children.push((child.name.clone(), value(elements, next)));
    }
    match (children.is_empty(), element.text.as_str()) {
        (true, "") => Value::Null,
        (true, text) => Value::String(text.to_owned()),
        _ if children.iter().all(|(name, _)| matches!(name.as_str(), "item" | "member")) => {
            children.into_iter().map(|(_, value)| value).collect()
        }
        _ => {
            let mut object = Map::new();
            for (name, value) in children {
                object.entry(name).or_insert(value);
            }
            Value::Object(object)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_objects_and_texts_have_their_own_forms() {
        let xml = "<?xml version=\"1.0\"?>\n<R xmlns=\"http://ec2\">\n <requestId>1</requestId>\n <set>\n  <item>\
            <id> a &amp; b </id>\
                   <on>true</on><tags/></item>\n  <item><id>c</id></item>\n </set>\n <none></none></R>\n";
        let expected =
            json!({"requestId": "1", "set": [{"id": "a & b", "on": "true", "tags": null}, {"id": "c"}], "none": null});
        assert_eq!(tree(xml), Some(expected));
    }

    #[test]
    fn what_is_no_document_or_expands_entities_is_not_read() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        let entity = "<!DOCTYPE r [<!ENTITY x \"y\">]><r><a>&x;</a></r>";
        for body in ["", "text", "{}", &deep, entity] {
            assert_eq!(tree(body), None, "{body}");
        }
    }
}
