//! Task definitions whose members are in PascalCase, as CloudFormation and some SDKs write them. Logweir changes the
//! case of the first letter of each member, so that every byte keeps its position, and changes the case back before it
//! writes the document.

/// The members whose values are maps from keys that the author chooses. The keys of these maps are no names of members.
pub(super) const MAPS: [&str; 5] = ["options", "dockerLabels", "labels", "driverOpts", "tags"];

/// The names of the members that CloudFormation evaluates. Logweir leaves a value with such a member as it is.
fn is_intrinsic(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

/// Returns the JSON text `text` with its members in camelCase. Returns `None` if a member is already in camelCase,
/// because the way back would then change the member.
pub(super) fn to_camel(text: &str) -> Option<String> {
    let mut is_mixed = false;
    let camel = recase(text, |first| {
        is_mixed |= first.is_ascii_lowercase();
        first.to_ascii_lowercase()
    });
    (!is_mixed).then_some(camel)
}

/// Returns the JSON text `text` with its members in PascalCase.
pub(super) fn to_pascal(text: &str) -> String {
    recase(text, |first| first.to_ascii_uppercase())
}

/// Returns the JSON pointer `pointer` to a member in camelCase as the pointer to the same member in PascalCase.
pub(super) fn pointer_to_pascal(pointer: &str) -> String {
    let mut is_member = true;
    let mut steps = Vec::new();
    for step in pointer.split('/') {
        steps.push(if is_member { capitalized(step) } else { step.to_owned() });
        is_member &= !MAPS.contains(&step);
    }
    steps.join("/")
}

fn capitalized(step: &str) -> String {
    let mut letters = step.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// A JSON object or array that encloses the current position.
struct Enclosing {
    /// Whether the next string is a key.
    expects_key: bool,
    is_object: bool,
    /// Whether the keys are names of members.
    has_members: bool,
    /// Whether the value after the last key contains members.
    value_has_members: bool,
}

/// Returns the valid JSON text `text`, in which `change` has replaced the first byte of each member's name.
fn recase(text: &str, mut change: impl FnMut(u8) -> u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut around: Vec<Enclosing> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = string_end(&bytes, at);
                if let Some(object) = around.last_mut().filter(|around| around.expects_key) {
                    object.expects_key = false;
                    let key = &text[at + 1..end];
                    let is_member = object.has_members && !is_intrinsic(key);
                    object.value_has_members = is_member && !MAPS.iter().any(|map| map.eq_ignore_ascii_case(key));
                    if is_member && bytes[at + 1].is_ascii_alphabetic() {
                        bytes[at + 1] = change(bytes[at + 1]);
                    }
                }
                at = end;
            }
            open @ (b'{' | b'[') => {
                let has_members = around.last().is_none_or(|around| around.value_has_members);
                let is_object = open == b'{';
                around.push(Enclosing {
                    expects_key: is_object,
                    is_object,
                    has_members,
                    value_has_members: has_members,
                });
            }
            b'}' | b']' => drop(around.pop()),
            b',' => {
                if let Some(around) = around.last_mut() {
                    around.expects_key = around.is_object;
                }
            }
            _ => {}
        }
        at += 1;
    }
    // Only ASCII letters change, and they become other ASCII letters.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Returns the position of the quotation mark that ends the string which begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASCAL: &str = r#"{ "Family" : "Web", "ContainerDefinitions": [ { "Name": "App", "Tags": [{"Key": "A"}],
        "Image": {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}, "DockerLabels": {"Com.Example": "X"},
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"Mode": "x", "mode": "blocking", "a\"}": 1}} } ] }"#;

    #[test]
    fn only_the_names_of_members_change_and_they_change_back() {
        let camel = to_camel(PASCAL).unwrap();
        let expected = [("Family", "family"), ("ContainerDefinitions", "containerDefinitions"), ("Name", "name")];
        let expected = expected.into_iter().chain([
            ("Tags", "tags"),
            ("Image", "image"),
            ("DockerLabels", "dockerLabels"),
            ("LogConfiguration", "logConfiguration"),
            ("LogDriver", "logDriver"),
            ("Options", "options"),
        ]);
        let expected = expected.fold(PASCAL.to_owned(), |text, (pascal, camel)| {
            text.replace(&format!("\"{pascal}\""), &format!("\"{camel}\""))
        });
        assert_eq!(camel, expected);
        assert_eq!(to_pascal(&camel), PASCAL);
    }

    #[test]
    fn a_document_of_both_cases_is_refused() {
        assert_eq!(to_camel(r#"{"Family":"web","containerDefinitions":[]}"#), None);
        assert_eq!(to_camel(r#"{"_comment":1,"$x":2,"":3,"Family":"web"}"#).unwrap().len(), 41);
    }

    #[test]
    fn a_pointer_names_the_member_in_the_file() {
        let camel = "/containerDefinitions/0/logConfiguration/options/mode";
        assert_eq!(pointer_to_pascal(camel), "/ContainerDefinitions/0/LogConfiguration/Options/mode");
        assert_eq!(pointer_to_pascal(""), "");
    }
}
