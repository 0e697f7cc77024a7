//! Documents, an index template and dashboards for OpenSearch and for Elasticsearch with Kibana.

mod document;
mod saved_objects;
mod template;
mod visualizations;

pub use document::{INDEX, Observed};
pub use saved_objects::Dashboards;
pub use template::{index_query, index_template};

/// The files of an export beside its documents: the name and the text of each file.
pub fn files() -> [(&'static str, String); 5] {
    [
        ("README.md", README.to_owned()),
        ("index-template.json", format!("{:#}\n", index_template())),
        ("index-query.json", format!("{:#}\n", index_query())),
        ("opensearch.ndjson", Dashboards::OpenSearch.ndjson()),
        ("kibana.ndjson", Dashboards::Kibana.ndjson()),
    ]
}

/// The commands that load an export.
const README: &str = "\
# Calls to Amazon ECS, for OpenSearch or Elasticsearch

Run these commands in this folder. `$URL` is the address of OpenSearch or Elasticsearch, and `$DASHBOARDS` is the address of
OpenSearch Dashboards or Kibana. Add the credentials of your cluster (`curl --user NAME`).

1. Create the index template, before the first document:

       curl --fail -X PUT \"$URL/_index_template/cloudtrail-ecs\" -H 'Content-Type: application/json' -d @index-template.json

2. Load the documents. A document that exists already is reported as a conflict (409) and stays as it is:

       for part in bulk-*.ndjson; do
         curl --fail -X POST \"$URL/_bulk\" -H 'Content-Type: application/x-ndjson' --data-binary @\"$part\" > \"$part.answer\"
       done

3. Import the data view, the visualizations and the dashboard.

   OpenSearch Dashboards:

       curl --fail -X POST \"$DASHBOARDS/api/saved_objects/_import?overwrite=true\" -H 'osd-xsrf: true' -F file=@opensearch.ndjson

   Kibana:

       curl --fail -X POST \"$DASHBOARDS/api/saved_objects/_import?overwrite=true\" -H 'kbn-xsrf: true' -F file=@kibana.ndjson

The newest calls and the top source addresses without a dashboard:

    curl --fail \"$URL/cloudtrail-ecs-*/_search\" -H 'Content-Type: application/json' -d @index-query.json

The map needs countries, which the documents have if Logweir read a file with countries (`--geoip`).
";
