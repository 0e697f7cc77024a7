//! YAML as JSON values, in which every scalar is a text. Anchors and tags do not occur in the files of pipelines.

use granit_parser::{Event, Parser};
use serde_json::{Map, Value};

/// Parses the only document of a text. Panics if the text is not such a document.
pub fn parse(text: &str) -> Value {
    let events: Vec<Event<'_>> =
        Parser::new_from_str(text).map(|event| event.unwrap_or_else(|error| panic!("{error}\n{text}")).0).collect();
    let mut events = events.into_iter();
    loop {
        match events.next().expect("a document") {
            Event::DocumentStart(..) => break,
            Event::StreamStart | Event::Comment(..) => {}
            other => panic!("{other:?}"),
        }
    }
    node(&mut events).expect("a value")
}

/// Returns the next value. Returns `None` at the end of a list or of a map.
fn node<'t>(events: &mut impl Iterator<Item = Event<'t>>) -> Option<Value> {
    match events.next().expect("the end of the value") {
        Event::Comment(..) => node(events),
        Event::Scalar(text, ..) => Some(Value::String(text.into_owned())),
        Event::SequenceStart(..) => Some(Value::Array(std::iter::from_fn(|| node(events)).collect())),
        Event::MappingStart(..) => {
            let mut members = Map::new();
            while let Some(key) = node(events) {
                let key = key.as_str().expect("a text as key").to_owned();
                let value = node(events).expect("a value");
                assert!(members.insert(key, value).is_none(), "each key is there once");
            }
            Some(Value::Object(members))
        }
        Event::SequenceEnd | Event::MappingEnd => None,
        other => panic!("{other:?}"),
    }
}
