//! The event selectors of a trail: which management calls the trail records.

use serde_json::Value;

/// A call to an API of AWS that CloudTrail records as a management event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagementCall {
    /// The service, such as `ecs.amazonaws.com`.
    pub source: &'static str,
    pub name: &'static str,
    pub is_read_only: bool,
}

impl ManagementCall {
    /// Returns a call to Amazon ECS.
    pub const fn of_ecs(name: &'static str, is_read_only: bool) -> Self {
        Self { source: "ecs.amazonaws.com", name, is_read_only }
    }

    /// Returns the value of a field that an advanced selector can test. Returns `None` for a field that depends on the
    /// caller, and for an unknown field.
    fn field(self, field: &str) -> Option<&'static str> {
        match field {
            "eventCategory" => Some("Management"),
            "readOnly" => Some(if self.is_read_only { "true" } else { "false" }),
            "eventSource" => Some(self.source),
            "eventName" => Some(self.name),
            "eventType" => Some("AwsApiCall"),
            _ => None,
        }
    }
}

/// Whether the trail with these selectors (the answer of GetEventSelectors) records the call. `None` if the answer
/// depends on fields whose values Logweir does not know in advance.
pub fn records(selectors: &Value, call: ManagementCall) -> Option<bool> {
    let list = |member: &str| selectors[member].as_array().cloned().unwrap_or_default();
    let basic = list("EventSelectors").into_iter().map(|selector| Some(selects(&selector, call)));
    let advanced = list("AdvancedEventSelectors").into_iter().map(|selector| admits(&selector, call));
    any(basic.chain(advanced))
}

/// Whether a basic selector selects the call. An absent `ReadWriteType` is `All` (source: CloudTrail API reference,
/// EventSelector).
fn selects(selector: &Value, call: ManagementCall) -> bool {
    let of_its_type = match selector["ReadWriteType"].as_str() {
        None | Some("All") => true,
        Some("WriteOnly") => !call.is_read_only,
        Some("ReadOnly") => call.is_read_only,
        Some(_) => false,
    };
    let excluded = selector["ExcludeManagementEventSources"].as_array();
    let is_excluded = excluded.into_iter().flatten().any(|source| source == call.source);
    of_its_type && selector["IncludeManagementEvents"] != false && !is_excluded
}

fn admits(selector: &Value, call: ManagementCall) -> Option<bool> {
    let fields = selector["FieldSelectors"].as_array().cloned().unwrap_or_default();
    all(fields.iter().map(|field| {
        let value = call.field(field["Field"].as_str().unwrap_or_default())?;
        let texts = |operator: &str| -> Option<Vec<String>> {
            let texts = field[operator].as_array()?.iter().filter_map(Value::as_str).map(String::from);
            Some(texts.collect())
        };
        let fits = |operator: &str, is: fn(&str, &str) -> bool, wanted: bool| {
            texts(operator).is_none_or(|texts| texts.iter().any(|text| is(value, text)) == wanted)
        };
        Some(
            fits("Equals", |value, text| value == text, true)
                && fits("StartsWith", |value, text| value.starts_with(text), true)
                && fits("EndsWith", |value, text| value.ends_with(text), true)
                && fits("NotEquals", |value, text| value == text, false)
                && fits("NotStartsWith", |value, text| value.starts_with(text), false)
                && fits("NotEndsWith", |value, text| value.ends_with(text), false),
        )
    }))
}

/// Whether one of the answers is true. `None` if no answer is true and at least one answer is unknown.
pub fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let answers: Vec<Option<bool>> = answers.collect();
    if answers.contains(&Some(true)) {
        return Some(true);
    }
    (!answers.contains(&None)).then_some(false)
}

/// Whether all answers are true. `None` if no answer is false and at least one answer is unknown.
pub fn all(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    any(answers.map(|answer| answer.map(|answer| !answer))).map(|answer| !answer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RUN: ManagementCall = ManagementCall::of_ecs("RunTask", false);
    const LIST: ManagementCall = ManagementCall::of_ecs("ListTasks", true);

    #[test]
    fn a_basic_selector_selects_by_type_and_source() {
        for (selector, run, list) in [
            (json!({"ReadWriteType": "All"}), true, true),
            (json!({"ReadWriteType": "WriteOnly"}), true, false),
            (json!({"ReadWriteType": "ReadOnly"}), false, true),
            (json!({"IncludeManagementEvents": false}), false, false),
            (json!({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}), true, true),
            (json!({"ExcludeManagementEventSources": ["ecs.amazonaws.com"]}), false, false),
        ] {
            let selectors = json!({"EventSelectors": [selector]});
            assert_eq!([records(&selectors, RUN), records(&selectors, LIST)], [Some(run), Some(list)], "{selectors}");
        }
    }

    #[test]
    fn an_advanced_selector_may_name_some_calls_only() {
        for (fields, run, list) in [
            (json!([]), Some(true), Some(true)),
            (json!([{"Field": "readOnly", "Equals": ["false"]}]), Some(true), Some(false)),
            (json!([{"Field": "eventName", "Equals": ["RunTask"]}]), Some(true), Some(false)),
            (json!([{"Field": "userIdentity.arn", "Equals": ["arn:x"]}]), None, None),
            (
                json!([{"Field": "userIdentity.arn", "Equals": ["a"]}, {"Field": "readOnly", "Equals": ["true"]}]),
                Some(false),
                None,
            ),
        ] {
            let mut all = vec![json!({"Field": "eventCategory", "Equals": ["Management"]})];
            all.extend(fields.as_array().unwrap().clone());
            let selectors = json!({"AdvancedEventSelectors": [{"FieldSelectors": all}]});
            assert_eq!([records(&selectors, RUN), records(&selectors, LIST)], [run, list], "{selectors}");
        }
    }
}
