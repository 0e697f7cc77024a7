//! The visualizations of the dashboard. Each is an aggregation that OpenSearch Dashboards and Kibana both know. Only the
//! map differs (source: the sample dashboards of both programs).

use serde_json::{Value, json};

/// A visualization: its ID, its title and its state.
pub(super) struct Visualization {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) state: Value,
}

/// Returns the visualizations that are equal in both programs.
pub(super) fn visualizations() -> [Visualization; 6] {
    [
        table("addresses", "Top source addresses", &["source.address", "logweir.source.owner"], 20),
        over_time("calls-over-time", "Calls over time", "aws.cloudtrail.read_only"),
        table("principals", "Top principals", &["user.name", "logweir.user.strength"], 20),
        table("events", "API actions", &["event.provider", "event.action", "event.type"], 50),
        table("errors", "Errors by code and principal", &["error.code", "user.name"], 50),
        over_time("errors-over-time", "Errors over time", "error.code"),
    ]
}

fn count() -> Value {
    json!({"id": "1", "enabled": true, "type": "count", "schema": "metric", "params": {"customLabel": "Calls"}})
}

/// An aggregation by the values of a field. Documents without the field have no row, except with `with_missing`.
fn terms(id: usize, schema: &str, field: &str, size: usize, with_missing: bool) -> Value {
    json!({
        "id": id.to_string(), "enabled": true, "type": "terms", "schema": schema,
        "params": {
            "field": field, "orderBy": "1", "order": "desc", "size": size, "otherBucket": false,
            "otherBucketLabel": "Other", "missingBucket": with_missing, "missingBucketLabel": "-",
        },
    })
}

fn table(id: &'static str, title: &'static str, fields: &[&str], size: usize) -> Visualization {
    let rows = fields.iter().enumerate().map(|(at, field)| terms(at + 2, "bucket", field, size, at > 0));
    let aggregations: Vec<Value> = std::iter::once(count()).chain(rows).collect();
    let parameters = json!({
        "perPage": 10, "showPartialRows": false, "showMetricsAtAllLevels": false, "showTotal": false,
        "totalFunc": "sum", "percentageCol": "",
    });
    Visualization { id, title, state: state(title, "table", &parameters, &aggregations) }
}

fn over_time(id: &'static str, title: &'static str, field: &str) -> Visualization {
    let time = json!({
        "id": "2", "enabled": true, "type": "date_histogram", "schema": "segment",
        "params": {
            "field": "@timestamp", "interval": "auto", "drop_partials": false, "min_doc_count": 1, "extended_bounds": {},
        },
    });
    let axis = |name: &str, kind: &str, position: &str| {
        json!({
            "id": name, "name": name, "type": kind, "position": position, "show": true, "style": {},
            "scale": {"type": "linear", "mode": "normal"}, "labels": {"show": true, "filter": true, "truncate": 100},
            "title": {"text": ""},
        })
    };
    let parameters = json!({
        "type": "histogram", "grid": {"categoryLines": false}, "addTooltip": true, "addLegend": true,
        "legendPosition": "right", "times": [], "addTimeMarker": false, "labels": {"show": false},
        "thresholdLine": {"show": false, "value": 10, "width": 1, "style": "full", "color": "#E7664C"},
        "categoryAxes": [axis("CategoryAxis-1", "category", "bottom")],
        "valueAxes": [axis("ValueAxis-1", "value", "left")],
        "seriesParams": [{
            "show": true, "type": "histogram", "mode": "stacked", "data": {"label": "Calls", "id": "1"},
            "valueAxis": "ValueAxis-1", "drawLinesBetweenPoints": true, "lineWidth": 2, "showCircles": true,
        }],
    });
    let aggregations = [count(), time, terms(3, "group", field, 10, false)];
    Visualization { id, title, state: state(title, "histogram", &parameters, &aggregations) }
}

/// Returns the map of OpenSearch Dashboards, which joins countries by their codes.
pub(super) fn region_map(id: &'static str, title: &'static str) -> Visualization {
    let field = |name: &str, kind: &str| json!({"type": kind, "name": name, "description": name});
    let parameters = json!({
        "legendPosition": "bottomright", "addTooltip": true, "colorSchema": "Yellow to Red", "isDisplayWarning": true,
        "layerChosenByUser": "default", "mapZoom": 2, "mapCenter": [0, 0], "outlineWeight": 1, "showAllShapes": true,
        "selectedLayer": {
            "name": "World Countries", "origin": "elastic_maps_service", "id": "world_countries",
            "layerId": "elastic_maps_service.World Countries", "isEMS": true, "format": {"type": "geojson"},
            "fields": [field("iso2", "id"), field("iso3", "id"), field("name", "property")],
        },
        "selectedJoinField": field("iso2", "id"),
        "wms": {"enabled": false, "options": {"format": "image/png", "transparent": true}},
    });
    let aggregations = [count(), terms(2, "segment", "source.geo.country_iso_code", 250, false)];
    Visualization { id, title, state: state(title, "region_map", &parameters, &aggregations) }
}

fn state(title: &str, kind: &str, parameters: &Value, aggregations: &[Value]) -> Value {
    json!({"title": title, "type": kind, "aggs": aggregations, "params": parameters})
}

/// Returns the layers of the map of Kibana. The layer of countries refers to the data view by `reference`.
pub(super) fn map_layers(reference: &str) -> Value {
    let fixed = |value: Value| json!({"type": "STATIC", "options": value});
    let count = "__kbnjoin__count__calls";
    json!([
        {
            "id": "base", "type": "EMS_VECTOR_TILE", "label": null, "visible": true, "alpha": 1, "minZoom": 0,
            "maxZoom": 24, "includeInFitToBounds": true, "locale": "autoselect",
            "sourceDescriptor": {"type": "EMS_TMS", "isAutoSelect": true, "lightModeDefault": "road_map_desaturated"},
            "style": {"type": "EMS_VECTOR_TILE", "color": ""},
        },
        {
            "id": "countries", "type": "GEOJSON_VECTOR", "label": "Calls by country", "visible": true, "alpha": 0.75,
            "minZoom": 0, "maxZoom": 24, "includeInFitToBounds": true,
            "sourceDescriptor": {"type": "EMS_FILE", "id": "world_countries", "tooltipProperties": ["name"]},
            "joins": [{
                "leftField": "iso2",
                "right": {
                    "type": "ES_TERM_SOURCE", "id": "calls", "term": "source.geo.country_iso_code", "size": 250,
                    "metrics": [{"type": "count", "label": "Calls"}], "applyGlobalQuery": true,
                    "applyGlobalTime": true, "applyForceRefresh": true, "indexPatternRefName": reference,
                },
            }],
            "style": {
                "type": "VECTOR", "isTimeAware": true,
                "properties": {
                    "fillColor": {
                        "type": "DYNAMIC",
                        "options": {
                            "type": "ORDINAL", "color": "Yellow to Red", "colorCategory": "palette_0",
                            "field": {"name": count, "origin": "join"},
                            "fieldMetaOptions": {"isEnabled": true, "sigma": 3},
                        },
                    },
                    "lineColor": fixed(json!({"color": "#3d3d3d"})),
                    "lineWidth": fixed(json!({"size": 1})),
                },
            },
        },
    ])
}
