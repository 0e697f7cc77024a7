//! A DynamoDB table that is sufficient for the journal of one worker: conditions always hold, indexes never lag.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

#[derive(Default)]
pub struct Table(BTreeMap<(String, String), Value>);

impl Table {
    /// Answers a call. Returns `None` if the operation is not one of a table.
    pub fn answer(&mut self, operation: &str, body: &Value) -> Option<Value> {
        match operation {
            "GetItem" => {
                let item = self.0.get(&key(&body["Key"]));
                Some(item.map_or_else(|| json!({}), |item| json!({"Item": item})))
            }
            "PutItem" => {
                self.put(&body["Item"]);
                Some(json!({}))
            }
            "TransactWriteItems" => {
                let puts = body["TransactItems"].as_array()?.iter();
                puts.for_each(|put| self.put(&put["Put"]["Item"]));
                Some(json!({}))
            }
            "Query" => {
                let items = self.query(body);
                Some(json!({"Items": items, "Count": items.len(), "ScannedCount": items.len()}))
            }
            _ => None,
        }
    }

    fn put(&mut self, item: &Value) {
        self.0.insert(key(item), item.clone());
    }

    /// Returns items by partition and range of sort keys. From an index, returns them by its key, newest first.
    fn query(&self, body: &Value) -> Vec<&Value> {
        let values = &body["ExpressionAttributeValues"];
        match body["ExpressionAttributeNames"]["#key"].as_str() {
            None => {
                let end = |name: &str| (text(&values[":pk"]), text(&values[name]));
                self.0.range(end(":first")..=end(":last")).map(|(_, item)| item).collect()
            }
            Some(attribute) => {
                let mut found: Vec<&Value> = self.0.values().filter(|item| item[attribute] == values[":key"]).collect();
                found.sort_by_key(|item| std::cmp::Reverse(text(&item["at"])));
                found
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.values().try_for_each(|item| writeln!(f, "{item}"))
    }
}

fn key(item: &Value) -> (String, String) {
    (text(&item["pk"]), text(&item["sk"]))
}

fn text(attribute: &Value) -> String {
    attribute["S"].as_str().unwrap_or_default().to_owned()
}
