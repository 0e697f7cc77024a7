//! The saved objects of a dashboard, as one line of JSON for each object (source: the saved objects API of Kibana and of
//! OpenSearch Dashboards). The IDs never change, so a second import replaces the objects of the first one.

use serde_json::{Value, json};

use super::document::INDEX;
use super::visualizations::{Visualization, map_layers, region_map, visualizations};

const DATA_VIEW: &str = "logweir-cloudtrail-ecs";
const MAP: (&str, &str) = ("map", "Calls by country");
const SEARCH: (&str, &str) = ("calls", "Calls to Amazon ECS");

/// The query of the recipe that many teams use, with the field names of the Elastic Common Schema.
const QUERY: &str = "event.provider : \"ecs.amazonaws.com\"";

/// The reference names that the programs expect.
const INDEX_REFERENCE: &str = "kibanaSavedObjectMeta.searchSourceJSON.index";
const LAYER_REFERENCE: &str = "layer_1_join_0_index_pattern";

/// The program that imports the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dashboards {
    OpenSearch,
    Kibana,
}

impl Dashboards {
    /// Returns the objects as the file for an import.
    pub fn ndjson(self) -> String {
        let view = object(
            "index-pattern",
            DATA_VIEW,
            &json!({
                "title": format!("{INDEX}-*"), "timeFieldName": "@timestamp",
            }),
            &[],
        );
        let search = object(
            "search",
            &id(SEARCH.0),
            &json!({
                "title": SEARCH.1, "description": "", "sort": [["@timestamp", "desc"]],
                "columns": ["event.action", "user.name", "source.address", "error.code", "user_agent.original"],
                "kibanaSavedObjectMeta": {"searchSourceJSON": search_source(QUERY)},
            }),
            &[view_reference(INDEX_REFERENCE)],
        );
        let mut objects = vec![view, search, self.map()];
        objects.extend(visualizations().iter().map(visualization));
        objects.push(self.dashboard());
        objects.iter().map(|object| format!("{object}\n")).collect()
    }

    fn map(self) -> Value {
        let (name, title) = MAP;
        match self {
            Self::OpenSearch => visualization(&region_map(name, title)),
            Self::Kibana => object(
                "map",
                &id(name),
                &json!({
                    "title": title, "description": "",
                    "mapStateJSON": json!({"zoom": 1.5, "center": {"lon": 0, "lat": 20}}).to_string(),
                    "layerListJSON": map_layers(LAYER_REFERENCE).to_string(),
                    "uiStateJSON": json!({"isLayerTOCOpen": false}).to_string(),
                }),
                &[view_reference(LAYER_REFERENCE)],
            ),
        }
    }

    /// Returns the dashboard: two panels in a row, each half as wide as the page, and the search below.
    fn dashboard(self) -> Value {
        let map_kind = if self == Self::Kibana { "map" } else { "visualization" };
        let order = ["calls-over-time", MAP.0, "addresses", "principals", "events", "errors", "errors-over-time"];
        let panels: Vec<(&str, &str)> = order
            .into_iter()
            .map(|name| (if name == MAP.0 { map_kind } else { "visualization" }, name))
            .chain([("search", SEARCH.0)])
            .collect();
        let panel = |(at, (kind, _)): (usize, &(&str, &str))| {
            json!({
                "version": "7.10.0", "type": kind, "panelIndex": at.to_string(), "panelRefName": panel_reference(at),
                "gridData": {"x": at % 2 * 24, "y": at / 2 * 15, "w": 24, "h": 15, "i": at.to_string()},
                "embeddableConfig": {},
            })
        };
        let panels_json: Vec<Value> = panels.iter().enumerate().map(panel).collect();
        let references: Vec<Value> = panels
            .iter()
            .enumerate()
            .map(|(at, (kind, name))| json!({"id": id(name), "type": kind, "name": panel_reference(at)}))
            .collect();
        object(
            "dashboard",
            &id("dashboard"),
            &json!({
                "title": "Who did what to Amazon ECS", "hits": 0, "timeRestore": true, "timeFrom": "now-30d", "timeTo": "now",
                "description": "Calls to Amazon ECS from the records of AWS CloudTrail. Logweir wrote this dashboard.",
                "panelsJSON": Value::Array(panels_json).to_string(),
                "optionsJSON": json!({"useMargins": true, "hidePanelTitles": false}).to_string(),
                "kibanaSavedObjectMeta": {
                    "searchSourceJSON": json!({"query": {"query": "", "language": "kuery"}, "filter": []}).to_string(),
                },
            }),
            &references,
        )
    }
}

fn id(name: &str) -> String {
    format!("{DATA_VIEW}-{name}")
}

fn panel_reference(at: usize) -> String {
    format!("panel_{at}")
}

fn view_reference(name: &str) -> Value {
    json!({"id": DATA_VIEW, "type": "index-pattern", "name": name})
}

fn search_source(query: &str) -> String {
    json!({"query": {"query": query, "language": "kuery"}, "filter": [], "indexRefName": INDEX_REFERENCE}).to_string()
}

fn visualization(one: &Visualization) -> Value {
    object(
        "visualization",
        &id(one.id),
        &json!({
            "title": one.title, "description": "", "visState": one.state.to_string(), "uiStateJSON": "{}",
            "kibanaSavedObjectMeta": {"searchSourceJSON": search_source("")},
        }),
        &[view_reference(INDEX_REFERENCE)],
    )
}

fn object(kind: &str, id: &str, attributes: &Value, references: &[Value]) -> Value {
    json!({"id": id, "type": kind, "attributes": attributes, "references": references})
}
