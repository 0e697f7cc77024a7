//! The output plugins of Fluent Bit, to which the options of an awsfirelens container belong.
//!
//! Fluent Bit compares the names of plugins and options without regard to case (source: fluent-bit, check_protocol in
//! src/flb_output.c, flb_config_map_properties_check in src/flb_config_map.c).

pub use super::option::{Kind, PluginOption, bytes};
pub use super::output::Plugin;
use super::output::nearest;
use super::outputs::PLUGINS;

/// Returns the plugin with the name. The name may also begin a URI, such as `forward://10.0.0.1:24224`. Fluent Bit
/// ignores the spaces around the name.
pub fn plugin(name: &str) -> Option<&'static Plugin> {
    let name = name.split_once("://").map_or(name, |(name, _)| name).trim();
    PLUGINS.iter().find(|plugin| plugin.name.eq_ignore_ascii_case(name))
}

/// Returns the plugin whose name is most similar to the name, if any is similar.
pub fn similar(name: &str) -> Option<&'static str> {
    nearest(name, PLUGINS.iter().map(|plugin| plugin.name))
}

#[cfg(test)]
mod tests {
    use super::super::option::OF_EVERY_PLUGIN;
    use super::*;

    fn named(name: &str) -> &'static Plugin {
        plugin(name).unwrap_or_else(|| panic!("{name}"))
    }

    #[test]
    fn names_of_plugins_and_options_are_found_in_any_case() {
        let plugin = named("CloudWatch_Logs");
        assert_eq!((plugin.name, plugin.option("LOG_Group_Name").unwrap().name), ("cloudwatch_logs", "log_group_name"));
        assert_eq!(named("forward://10.0.0.1:24224").name, "forward");
        assert_eq!(named(" s3 ").name, "s3");
        assert!(super::plugin("cloudwatch_log").is_none());
        assert!(super::plugin("s3 x").is_none());
    }

    /// The list that Fluent Bit 5.1.1 printed for the unknown option `awslogs_group`.
    #[test]
    fn the_options_of_cloudwatch_logs_are_those_that_fluent_bit_lists() {
        const PRINTED: &str = "region, log_group_name, log_stream_name, log_stream_prefix, log_group_template, \
            log_stream_template, log_key, extra_user_agent, log_format, role_arn, auto_create_group, \
            auto_retry_requests, log_retention_days, endpoint, sts_endpoint, external_id, metric_namespace, \
            metric_dimensions, profile, log_group_class, add_entity";
        let mut printed: Vec<&str> = PRINTED.split(", ").collect();
        let mut listed: Vec<&str> =
            named("cloudwatch_logs").options.unwrap().iter().map(|option| option.name).collect();
        printed.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, printed);
        for unknown in ["awslogs_group", "awslogs-group", "mode", "max-buffer-size", "log_group", ""] {
            assert_eq!(named("cloudwatch_logs").option(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn options_of_every_plugin_and_families_of_options_are_known() {
        for option in ["Retry_Limit", "Match", "tls.verify", "net.keepalive", "storage.total_limit_size", "workers"] {
            assert!(named("s3").option(option).is_some(), "{option}");
        }
        assert!(named("kafka").option("rdkafka.log.connection.close").is_some());
        assert!(named("kafka").option("rdkafka.").is_none());
        assert!(named("kafka").option("rdkäfka.x").is_none());
    }

    #[test]
    fn no_plugin_and_no_option_is_listed_twice_and_each_rule_is_about_options_that_exist() {
        for (index, plugin) in PLUGINS.iter().enumerate() {
            assert!(PLUGINS[..index].iter().all(|other| other.name != plugin.name), "{}", plugin.name);
            let options = plugin.options.unwrap_or_default();
            let all: Vec<&str> = options.iter().chain(OF_EVERY_PLUGIN).map(|option| option.name).collect();
            for (index, name) in all.iter().enumerate() {
                assert!(!all[..index].contains(name), "{}: {name}", plugin.name);
                assert_eq!(*name, name.to_ascii_lowercase());
            }
            let named = plugin.requires.iter().chain(plugin.exclusive).flat_map(|group| group.iter());
            for name in named.chain(plugin.choices.iter().map(|(name, _)| name)) {
                assert!(options.iter().any(|option| option.name == *name), "{}: {name}", plugin.name);
            }
        }
    }

    #[test]
    fn only_values_with_which_fluent_bit_does_not_start_are_refused() {
        let refuses = |name: &str, option: &str, value: &str| {
            let plugin = named(name);
            plugin.refuses(plugin.option(option).unwrap(), value).is_some()
        };
        for (plugin, option, value) in [
            ("cloudwatch_logs", "auto_create_group", "maybe"),
            ("cloudwatch_logs", "auto_create_group", "1"),
            ("cloudwatch_logs", "log_level", "loud"),
            ("s3", "storage.total_limit_size", "5 gigabytes"),
            ("syslog", "mode", "non-blocking"),
            ("syslog", "syslog_format", "rfc1"),
        ] {
            assert!(refuses(plugin, option, value), "{plugin} {option} {value}");
        }
        for (plugin, option, value) in [
            ("cloudwatch_logs", "auto_create_group", "On"),
            ("cloudwatch", "auto_create_group", "maybe"),
            ("cloudwatch_logs", "retry_limit", "abc"),
            ("cloudwatch_logs", "log_retention_days", "5000"),
            ("cloudwatch_logs", "log_group_class", "DELIVERY"),
            ("splunk", "tls", "maybe"),
            ("s3", "storage.total_limit_size", "500M"),
            ("s3", "storage.total_limit_size", "OFF"),
            ("syslog", "mode", "TCP"),
        ] {
            assert!(!refuses(plugin, option, value), "{plugin} {option} {value}");
        }
    }

    #[test]
    fn a_size_is_read_as_fluent_bit_reads_it() {
        for (text, size) in
            [("50M", 50_000_000), ("25MB", 25_000_000), ("512", 512), ("1.5k", 1500), ("2gb", 2_000_000_000)]
        {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in ["", "M", "50 MB", "50MiB", "1T", "-1M", "50X", "é1M", "1é"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn a_misspelt_name_has_a_similar_one() {
        assert_eq!(similar("cloudwatch-logs"), Some("cloudwatch_logs"));
        assert_eq!(similar("Kinesis_Firehos"), Some("kinesis_firehose"));
        assert_eq!(similar("my_own_plugin"), None);
        assert_eq!(named("cloudwatch_logs").similar("log_group_nam"), Some("log_group_name"));
        assert_eq!(named("cloudwatch_logs").similar("awslogs-create-group"), None);
    }
}
