//! The output plugins of Fluent Bit, to which the options of an awsfirelens container belong.
//!
//! Fluent Bit compares the names of plugins and options without regard to case (source: fluent-bit, check_protocol in
//! src/flb_output.c, flb_config_map_properties_check in src/flb_config_map.c).

use super::outputs::{OF_EVERY_PLUGIN, PLUGINS};

/// An output plugin.
#[derive(Debug)]
pub struct Plugin {
    /// The name in the spelling of Fluent Bit, such as `cloudwatch_logs`.
    pub name: &'static str,
    /// The file name of the library, if the plugin is written in Go. Fluent Bit loads such a plugin with the argument
    /// `-e`. `None` for a plugin that is part of Fluent Bit.
    pub library: Option<&'static str>,
    /// The options of the plugin. `None` if Logweir does not know all of them.
    pub(super) options: Option<&'static [PluginOption]>,
    /// The options that the plugin needs. Of each group, a container has to set at least one option.
    pub requires: &'static [&'static [&'static str]],
    /// The options of which the plugin accepts only one of each group.
    pub exclusive: &'static [&'static [&'static str]],
    /// The options for which the plugin accepts only certain words.
    pub(super) choices: &'static [(&'static str, &'static [&'static str])],
}

/// An option of an output plugin.
#[derive(Debug, PartialEq, Eq)]
pub struct PluginOption {
    /// The name in lower case. A name that ends in a dot is the beginning of the names of several options.
    pub name: &'static str,
    pub kind: Kind,
}

/// The kind of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Boolean,
    /// A boolean for which Fluent Bit takes any word without an error.
    Switch,
    Number,
    /// A number of bytes, such as `5M`.
    Size,
    /// A size of a buffer on disk, or `off`.
    DiskSize,
    /// A duration, such as `10m`.
    Time,
    /// The number of attempts to deliver a chunk, or a word such as `no_limits`.
    Retries,
    LogLevel,
    /// An option that a container may set several times, or a list of words.
    List,
}

/// Returns the plugin with the name. The name may also begin a URI, such as `forward://10.0.0.1:24224`.
pub fn plugin(name: &str) -> Option<&'static Plugin> {
    let name = name.split_once("://").map_or(name, |(name, _)| name);
    PLUGINS.iter().find(|plugin| plugin.name.eq_ignore_ascii_case(name))
}

/// Returns the plugin whose name is most similar to the name, if any is similar.
pub fn similar(name: &str) -> Option<&'static str> {
    nearest(name, PLUGINS.iter().map(|plugin| plugin.name))
}

impl Plugin {
    /// Returns the option with the name: an option of the plugin, or an option that Fluent Bit reads for every plugin.
    pub fn option(&self, name: &str) -> Option<&'static PluginOption> {
        let own = self.options.unwrap_or_default().iter();
        own.chain(OF_EVERY_PLUGIN).find(|option| option.is_named(name))
    }

    /// Whether the option is one of the plugin's own.
    pub fn has(&self, option: &PluginOption) -> bool {
        self.options.unwrap_or_default().contains(option)
    }

    /// Whether Logweir knows all options of the plugin, so that another option is a fault.
    pub fn is_known(&self) -> bool {
        self.options.is_some()
    }

    /// Returns the option of the plugin whose name is most similar to the name, if any is similar.
    pub fn similar(&self, name: &str) -> Option<&'static str> {
        let names = self.options.unwrap_or_default().iter().map(|option| option.name);
        nearest(name, names.filter(|name| !name.ends_with('.')))
    }

    /// Returns the values that Fluent Bit accepts for the option, as a phrase, if Fluent Bit does not start with
    /// `value`. Fluent Bit reads any text as a number or a duration, so such an option accepts every value.
    pub fn refuses(&self, option: &PluginOption, value: &str) -> Option<String> {
        if let Some((_, words)) = self.choices.iter().find(|(name, _)| *name == option.name) {
            return refused(words, value);
        }
        match option.kind {
            // A plugin in Go uses its default instead of a value that is no boolean.
            Kind::Boolean if self.library.is_none() || option.name.starts_with("net.") => {
                refused(&["true", "on", "yes", "false", "off", "no"], value)
            }
            Kind::LogLevel => refused(&["off", "error", "warn", "warning", "info", "debug", "trace"], value),
            Kind::DiskSize if !["off", "false", "no"].iter().any(|word| value.eq_ignore_ascii_case(word)) => {
                bytes(value).is_none().then(|| "a size such as `500M`, or `off`".into())
            }
            _ => None,
        }
    }
}

impl PluginOption {
    fn is_named(&self, name: &str) -> bool {
        let begins = |length: usize| name.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(self.name));
        match self.name.ends_with('.') {
            true => name.len() > self.name.len() && begins(self.name.len()),
            false => self.name.eq_ignore_ascii_case(name),
        }
    }
}

/// Returns the words as a phrase, if the value is none of them.
fn refused(words: &[&str], value: &str) -> Option<String> {
    let is_word = words.iter().any(|word| value.eq_ignore_ascii_case(word));
    (!is_word).then(|| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
}

/// Parses a size as Fluent Bit does, and returns bytes. The units are powers of 1000 (source: fluent-bit,
/// flb_utils_size_to_bytes in src/flb_utils.c).
pub fn bytes(text: &str) -> Option<u64> {
    let end = text.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
    let factor = match text[end..].to_ascii_uppercase().as_str() {
        "" => 1.0,
        "K" | "KB" => 1e3,
        "M" | "MB" => 1e6,
        "G" | "GB" => 1e9,
        _ => return None,
    };
    let number: f64 = text[..end].trim_start().parse().ok()?;
    let bytes = number * factor;
    (bytes.is_finite() && (0.0..9e18).contains(&bytes)).then_some(bytes as u64)
}

/// Returns the known name that is most similar to the name, if any is similar. No name is longer than `LONGEST`.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    const LONGEST: usize = 60;
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let near = known.map(|known| (strsim::jaro_winkler(&name, known), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    near.filter(|(likeness, _)| *likeness > 0.87).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> &'static Plugin {
        plugin(name).unwrap_or_else(|| panic!("{name}"))
    }

    #[test]
    fn names_of_plugins_and_options_are_found_in_any_case() {
        let plugin = named("CloudWatch_Logs");
        assert_eq!((plugin.name, plugin.option("LOG_Group_Name").unwrap().name), ("cloudwatch_logs", "log_group_name"));
        assert_eq!(named("forward://10.0.0.1:24224").name, "forward");
        assert!(super::plugin("cloudwatch_log").is_none());
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
