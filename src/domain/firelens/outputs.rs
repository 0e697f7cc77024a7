//! The output plugins of Fluent Bit with their options, as data.
//!
//! The options are those of any version from 1.9 to 5.1 (source: the config maps of fluent/fluent-bit, branches 1.9 to
//! 5.0 and tag v5.1.1). A plugin without a list of options accepts options that Logweir does not know.

use super::option::{Kind, PluginOption, options};
use super::output::Plugin;

pub(super) static PLUGINS: &[Plugin] = &[
    Plugin {
        options: Some(options! {
            Text: "customer_id" "log_type" "log_type_key" "shared_key" "time_key";
            Boolean: "time_generated";
        }),
        requires: &[&["customer_id"], &["shared_key"]],
        ..core("azure")
    },
    core("azure_blob"),
    core("azure_kusto"),
    core("azure_logs_ingestion"),
    Plugin {
        options: Some(options! {
            Text: "aws_region" "dataset_id" "google_service_account" "google_service_credentials" "pool_id"
                "project_id" "project_number" "provider_id" "service_account_email" "service_account_secret"
                "table_id";
            Boolean: "enable_identity_federation" "ignore_unknown_values" "skip_invalid_rows";
        }),
        requires: &[&["dataset_id"], &["table_id"]],
        ..core("bigquery")
    },
    core("calyptia"),
    core("chronicle"),
    Plugin {
        options: Some(options! {
            Text: "endpoint" "external_id" "extra_user_agent" "log_format" "log_group_class" "log_group_name"
                "log_group_template" "log_key" "log_stream_name" "log_stream_prefix" "log_stream_template"
                "metric_dimensions" "metric_namespace" "profile" "region" "role_arn" "sts_endpoint";
            Boolean: "add_entity" "auto_create_group" "auto_retry_requests";
            Number: "log_retention_days";
        }),
        requires: &[&["region"], &["log_group_name"], STREAM],
        exclusive: &[STREAM],
        ..core("cloudwatch_logs")
    },
    core("counter"),
    Plugin {
        options: Some(options! {
            Text: "apikey" "compress" "dd_hostname" "dd_message_key" "dd_service" "dd_source" "dd_tags"
                "json_date_key" "provider" "proxy" "tag_key";
            Boolean: "include_tag_key";
            List: "header";
        }),
        requires: &[&["apikey"]],
        ..core("datadog")
    },
    Plugin {
        options: Some(options! {
            Text: "aws_external_id" "aws_profile" "aws_region" "aws_role_arn" "aws_service_name" "aws_sts_endpoint"
                "cloud_auth" "cloud_id" "compress" "http_api_key" "http_passwd" "http_user" "id_key" "index"
                "logstash_dateformat" "logstash_prefix" "logstash_prefix_key" "logstash_prefix_separator" "path"
                "pipeline" "tag_key" "time_key" "time_key_format" "type" "upstream" "write_operation";
            Boolean: "aws_auth" "current_time_index" "generate_id" "include_tag_key" "logstash_format" "replace_dots"
                "suppress_type_name" "time_key_nanos" "trace_error" "trace_output";
            Size: "buffer_size";
        }),
        ..core("es")
    },
    core("exit"),
    Plugin {
        options: Some(options! {
            Text: "delimiter" "fallback_file" "fallback_path" "file" "format" "label_delimiter" "on_limit_reached"
                "on_missing_field" "path" "template";
            Boolean: "csv_column_names" "enable_strftime" "mkdir" "rotate" "rotate_gzip";
            Number: "max_dynamic_files" "rotate_max_files";
            Size: "rotate_max_size";
        }),
        ..core("file")
    },
    core("flowcounter"),
    Plugin {
        options: Some(options! {
            Text: "compress" "password" "self_hostname" "shared_key" "tag" "unix_path" "upstream" "username";
            Boolean: "empty_shared_key" "fluentd_compat" "require_ack_response" "retain_metadata_in_forward_mode"
                "send_options" "time_as_integer";
            List: "add_option";
        }),
        ..core("forward")
    },
    core("gcs"),
    Plugin {
        options: Some(options! {
            Text: "gelf_full_message_key" "gelf_host_key" "gelf_level_key" "gelf_short_message_key" "gelf_tag_key"
                "gelf_timestamp_key" "mode";
            Boolean: "compress";
            Number: "packet_size";
        }),
        choices: &[("mode", &["udp", "tcp", "tls"])],
        ..core("gelf")
    },
    Plugin {
        options: Some(options! {
            Text: "aws_service" "body_key" "compress" "format" "gelf_full_message_key" "gelf_host_key"
                "gelf_level_key" "gelf_short_message_key" "gelf_timestamp_key" "header_tag" "headers_key"
                "http_method" "http_passwd" "http_user" "json_date_format" "json_date_key" "oauth2.audience"
                "oauth2.auth_method" "oauth2.client_id" "oauth2.client_secret" "oauth2.jwt_aud" "oauth2.jwt_cert_file"
                "oauth2.jwt_header" "oauth2.jwt_key_file" "oauth2.resource" "oauth2.scope" "oauth2.token_url"
                "oauth2.user_agent" "proxy" "uri";
            Boolean: "allow_duplicated_headers" "aws_auth" "log_response_payload" "oauth2.enable";
            Number: "oauth2.jwt_ttl_seconds" "oauth2.refresh_skew_seconds";
            Time: "http.read_idle_timeout" "http.response_timeout" "oauth2.connect_timeout" "oauth2.timeout";
            List: "header";
        }),
        ..core("http")
    },
    core("influxdb"),
    Plugin {
        options: Some(options! {
            Text: "aws_msk_iam_cluster_arn" "brokers" "client_id" "format" "gelf_full_message_key" "gelf_host_key"
                "gelf_level_key" "gelf_short_message_key" "gelf_timestamp_key" "group_id" "message_key"
                "message_key_field" "raw_log_key" "schema.registry.bearer.token" "schema.registry.http.password"
                "schema.registry.http.user" "schema.registry.subject" "schema.registry.url" "schema.registry.version"
                "schema_id" "schema_registry_bearer_token" "schema_registry_framing" "schema_registry_http_passwd"
                "schema_registry_http_user" "schema_registry_subject" "schema_registry_url" "schema_registry_version"
                "schema_str" "serializer.framing" "timestamp_format" "timestamp_key" "topic_key" "topics";
            Boolean: "aws_msk_iam" "dynamic_topic" "otlp_logs_partition_by_resource";
            Number: "queue_full_retries";
            List: "rdkafka.";
        }),
        requires: &[&["brokers"]],
        ..core("kafka")
    },
    Plugin {
        options: Some(options! {
            Text: "message_key" "tag_key" "time_key" "time_key_format" "topic" "url_path";
            Boolean: "avro_http_header" "include_tag_key";
            Number: "partition";
        }),
        ..core("kafka-rest")
    },
    Plugin {
        options: Some(options! {
            Text: "compression" "delivery_stream" "endpoint" "external_id" "log_key" "profile" "region" "role_arn"
                "sts_endpoint" "time_key" "time_key_format";
            Boolean: "auto_retry_requests" "simple_aggregation";
        }),
        requires: &[&["delivery_stream"], &["region"]],
        ..core("kinesis_firehose")
    },
    Plugin {
        options: Some(options! {
            Text: "compression" "endpoint" "external_id" "log_key" "profile" "region" "role_arn" "stream"
                "sts_endpoint" "time_key" "time_key_format";
            Boolean: "auto_retry_requests" "simple_aggregation";
        }),
        requires: &[&["stream"], &["region"]],
        ..core("kinesis_streams")
    },
    core("lib"),
    Plugin {
        options: Some(options! {
            Text: "api_key" "app" "file" "hostname" "ip" "logdna_endpoint" "logdna_host" "mac";
            Boolean: "exclude_promoted_keys";
            Number: "logdna_port";
            List: "tags";
        }),
        requires: &[&["api_key"]],
        ..core("logdna")
    },
    Plugin {
        options: Some(options! {
            Text: "bearer_token" "compress" "drop_single_key" "http_passwd" "http_user" "label_map_path" "line_format"
                "tenant_id" "tenant_id_key" "tenant_id_key_error_handling" "uri";
            Boolean: "auto_kubernetes_labels";
            Size: "buffer_size";
            List: "header" "label_keys" "labels" "remove_keys" "structured_metadata" "structured_metadata_map_keys";
        }),
        ..core("loki")
    },
    core("nats"),
    Plugin {
        options: Some(options! {
            Text: "api_key" "base_uri" "compress" "license_key";
        }),
        requires: &[&["api_key", "license_key"]],
        ..core("nrlogs")
    },
    Plugin {
        options: Some(options! {
            Text: "format" "json_date_format" "json_date_key";
        }),
        ..core("null")
    },
    Plugin {
        options: Some(options! {
            Text: "aws_external_id" "aws_profile" "aws_region" "aws_role_arn" "aws_service_name" "aws_sts_endpoint"
                "compress" "http_passwd" "http_user" "id_key" "index" "logstash_dateformat" "logstash_prefix"
                "logstash_prefix_key" "logstash_prefix_separator" "path" "pipeline" "tag_key" "time_key"
                "time_key_format" "type" "write_operation";
            Boolean: "aws_auth" "current_time_index" "generate_id" "include_tag_key" "logstash_format" "replace_dots"
                "suppress_type_name" "time_key_nanos" "trace_error" "trace_output";
            Size: "buffer_size";
        }),
        ..core("opensearch")
    },
    Plugin {
        options: Some(options! {
            Text: "aws_service" "compress" "grpc_logs_uri" "grpc_metrics_uri" "grpc_profiles_uri" "grpc_traces_uri"
                "http2" "http_passwd" "http_user" "logs_attributes_metadata_key" "logs_body_key"
                "logs_instrumentation_scope_metadata_key" "logs_metadata_key" "logs_observed_timestamp_metadata_key"
                "logs_resource_metadata_key" "logs_severity_number_message_key" "logs_severity_number_metadata_key"
                "logs_severity_text_message_key" "logs_severity_text_metadata_key" "logs_span_id_message_key"
                "logs_span_id_metadata_key" "logs_timestamp_metadata_key" "logs_trace_flags_metadata_key"
                "logs_trace_id_message_key" "logs_trace_id_metadata_key" "logs_uri" "metrics_uri" "profiles_uri"
                "proxy" "traces_uri" "uri";
            Boolean: "aws_auth" "grpc" "log_response_payload" "logs_body_key_attributes";
            Number: "batch_size" "logs_max_resources" "logs_max_scopes";
            List: "add_label" "header";
        }),
        ..core("opentelemetry")
    },
    core("oracle_log_analytics"),
    core("pgsql"),
    core("plot"),
    core("prometheus_exporter"),
    Plugin {
        options: Some(options! {
            Text: "aws_service" "compression" "http_passwd" "http_user" "proxy" "uri";
            Boolean: "aws_auth" "log_response_payload";
            List: "add_label" "header";
        }),
        ..core("prometheus_remote_write")
    },
    core("retry"),
    Plugin {
        options: Some(options! {
            Text: "authorization_endpoint_bearer_token" "authorization_endpoint_password" "authorization_endpoint_url"
                "authorization_endpoint_username" "blob_database_file" "bucket" "canned_acl" "compression"
                "content_type" "endpoint" "external_id" "format" "json_date_format" "json_date_key" "log_key"
                "profile" "region" "retry_exhausted_action" "role_arn" "s3_key_format" "s3_key_format_tag_delimiters"
                "storage_class" "store_dir" "sts_endpoint";
            Boolean: "auto_retry_requests" "preserve_data_ordering" "send_content_md5" "static_file_path"
                "use_put_object";
            Number: "file_delivery_attempt_limit" "part_delivery_attempt_limit";
            Size: "part_size" "quarantine_dir_limit_size" "store_dir_limit_size" "total_file_size" "upload_chunk_size";
            Time: "upload_part_freshness_limit" "upload_parts_timeout" "upload_timeout";
        }),
        requires: &[&["bucket"]],
        ..core("s3")
    },
    core("skywalking"),
    Plugin {
        options: Some(options! {
            Text: "webhook";
        }),
        requires: &[&["webhook"]],
        ..core("slack")
    },
    Plugin {
        options: Some(options! {
            Text: "channel" "compress" "event_host" "event_index" "event_index_key" "event_key" "event_source"
                "event_sourcetype" "event_sourcetype_key" "http_passwd" "http_user" "splunk_token";
            Boolean: "auto_extract_timestamp" "http_debug_bad_request" "splunk_send_raw";
            Size: "http_buffer_size";
            List: "event_field";
        }),
        requires: &[&["splunk_token", "http_user"]],
        ..core("splunk")
    },
    Plugin {
        options: Some(options! {
            Text: "cloud_logging_base_url" "compress" "custom_k8s_regex" "export_to_project_id"
                "google_service_credentials" "http_request_key" "job" "k8s_cluster_location" "k8s_cluster_name"
                "labels_key" "location" "log_name_key" "metadata_server" "namespace" "node_id" "project_id_key"
                "resource" "service_account_email" "service_account_secret" "severity_key" "span_id_key"
                "stackdriver_agent" "tag_prefix" "task_id" "text_payload_key" "trace_key" "trace_sampled_key";
            Boolean: "autoformat_stackdriver_trace" "test_log_entry_format";
            List: "labels" "resource_labels";
        }),
        ..core("stackdriver")
    },
    Plugin {
        options: Some(options! {
            Text: "format" "json_date_format" "json_date_key";
        }),
        ..core("stdout")
    },
    Plugin {
        options: Some(options! {
            Text: "mode" "syslog_appname_key" "syslog_appname_preset" "syslog_facility_key" "syslog_format"
                "syslog_hostname_key" "syslog_hostname_preset" "syslog_message_key" "syslog_msgid_key"
                "syslog_msgid_preset" "syslog_procid_key" "syslog_procid_preset" "syslog_sd_key" "syslog_severity_key";
            Boolean: "allow_longer_sd_id";
            Number: "syslog_facility_preset" "syslog_severity_preset";
            Size: "syslog_maxsize";
        }),
        choices: &[("mode", &["udp", "tcp", "tls", "dtls"]), ("syslog_format", &["rfc5424", "rfc3164"])],
        ..core("syslog")
    },
    Plugin {
        options: Some(options! {
            Text: "format" "json_date_format" "json_date_key" "raw_message_key";
        }),
        ..core("tcp")
    },
    core("td"),
    Plugin {
        options: Some(options! {
            Text: "format" "json_date_format" "json_date_key" "raw_message_key";
        }),
        ..core("udp")
    },
    core("vivo_exporter"),
    Plugin {
        options: Some(options! {
            Text: "format" "json_date_format" "json_date_key" "uri";
            List: "header";
        }),
        ..core("websocket")
    },
    // The three plugins in Go, which only the images of AWS have (source: the repositories
    // aws/amazon-cloudwatch-logs-for-fluent-bit, aws/amazon-kinesis-firehose-for-fluent-bit and
    // aws/amazon-kinesis-streams-for-fluent-bit).
    Plugin {
        library: Some("cloudwatch.so"),
        options: Some(options! {
            Text: "credentials_endpoint" "default_log_group_name" "default_log_stream_name" "endpoint" "external_id"
                "extra_user_agent" "log_format" "log_group_name" "log_key" "log_stream_name" "log_stream_prefix"
                "new_log_group_tags" "region" "role_arn" "sts_endpoint";
            Boolean: "auto_create_group" "auto_create_stream";
            Number: "log_retention_days";
        }),
        requires: &[&["region"], &["log_group_name"], STREAM],
        exclusive: &[STREAM],
        ..core("cloudwatch")
    },
    Plugin {
        library: Some("firehose.so"),
        options: Some(options! {
            Text: "data_keys" "delivery_stream" "endpoint" "log_key" "region" "replace_dots" "role_arn" "sts_endpoint"
                "time_key" "time_key_format";
            Boolean: "simple_aggregation";
        }),
        requires: &[&["delivery_stream"], &["region"]],
        ..core("firehose")
    },
    Plugin {
        library: Some("kinesis.so"),
        options: Some(options! {
            Text: "compression" "data_keys" "endpoint" "log_key" "partition_key" "region" "replace_dots" "role_arn"
                "stream" "sts_endpoint" "time_key" "time_key_format";
            Boolean: "aggregation" "append_newline";
            Number: "experimental_concurrency" "experimental_concurrency_retries" "http_request_timeout";
        }),
        requires: &[&["stream"], &["region"]],
        ..core("kinesis")
    },
];

/// The options of the CloudWatch plugins of which a container sets exactly one.
const STREAM: &[&str] = &["log_stream_name", "log_stream_prefix"];

/// Returns a plugin of Fluent Bit itself of which only the name is known.
const fn core(name: &'static str) -> Plugin {
    Plugin { name, library: None, options: None, requires: &[], exclusive: &[], choices: &[] }
}
