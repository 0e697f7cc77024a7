//! The options of output plugins, and the values with which Fluent Bit does not start.

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

/// Lists options by the kind of their values.
macro_rules! options {
    ($($kind:ident: $($name:literal)*;)*) => { &[$($(PluginOption { name: $name, kind: Kind::$kind },)*)*] };
}
pub(super) use options;

/// The options that Fluent Bit itself reads in each output section (source: fluent-bit, src/flb_output.c,
/// src/tls/flb_tls.c, src/flb_upstream.c).
pub(super) static OF_EVERY_PLUGIN: &[PluginOption] = options! {
    Text: "name" "alias" "host" "tls.vhost" "tls.ca_path" "tls.ca_file" "tls.crt_file" "tls.key_file"
        "tls.key_passwd" "tls.min_version" "tls.max_version" "tls.ciphers" "tls.proxy.ca_path" "tls.proxy.ca_file"
        "net.dns.mode" "net.dns.resolver" "net.source_address" "active" "condition";
    LogLevel: "log_level";
    Retries: "retry_limit";
    DiskSize: "storage.total_limit_size";
    Number: "port" "workers" "tls.debug";
    Time: "log_suppress_interval";
    Switch: "ipv6" "tls" "tls.verify" "tls.verify_hostname" "tls.proxy.verify" "tls.proxy.verify_hostname";
    Boolean: "net.connect_timeout_log_error" "net.dns.prefer_ipv4" "net.dns.prefer_ipv6" "net.keepalive"
        "net.proxy_env_ignore" "net.tcp_keepalive";
    Number: "net.keepalive_max_recycle" "net.max_worker_connections" "net.tcp_keepalive_interval"
        "net.tcp_keepalive_probes" "net.tcp_keepalive_time";
    Time: "net.connect_timeout" "net.io_timeout" "net.keepalive_idle_timeout";
    List: "match" "match_regex" "_debug.http.";
};

impl PluginOption {
    pub(super) fn is_named(&self, name: &str) -> bool {
        let begins = |length: usize| name.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(self.name));
        match self.name.ends_with('.') {
            true => name.len() > self.name.len() && begins(self.name.len()),
            false => self.name.eq_ignore_ascii_case(name),
        }
    }
}

/// Returns the words as a phrase, if the value is none of them.
pub(super) fn refused(words: &[&str], value: &str) -> Option<String> {
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
