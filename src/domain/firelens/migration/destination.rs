//! The destinations beside CloudWatch Logs: the output plugin of each destination, with its documented options.
//!
//! Sources: Fluent Bit manual, pipeline/outputs; aws-samples/amazon-ecs-firelens-examples.

use super::output::{CloudWatchPlugin, Output};
use super::placeholder::placeholder;
use super::secret;
use crate::domain::firelens::plugin::plugin;
use crate::domain::text::plain::plain;

/// A destination beside CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub kind: DestinationKind,
    /// The values that the operator gave for options. The value of a secret option is the ARN of the secret.
    given: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationKind {
    Splunk,
    Datadog,
    Firehose,
    Kinesis,
    S3,
    Http,
}

/// An option of a destination: its name, and its value unless the operator gives another one.
type Preset = (&'static str, Value);

#[derive(Clone, Copy)]
enum Value {
    Text(&'static str),
    /// The operator has to give the value. The text is what the value is.
    Asked(&'static str),
    /// The Region of the log group.
    Region,
    /// The operator has to give the ARN of a secret. The text is what the secret holds.
    Secret(&'static str),
}

impl DestinationKind {
    pub const ALL: [Self; 6] = [Self::Splunk, Self::Datadog, Self::Firehose, Self::Kinesis, Self::S3, Self::Http];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Splunk => "splunk",
            Self::Datadog => "datadog",
            Self::Firehose => "firehose",
            Self::Kinesis => "kinesis",
            Self::S3 => "s3",
            Self::Http => "http",
        }
    }

    const fn plugin(self, implementation: CloudWatchPlugin) -> &'static str {
        match (self, implementation) {
            (Self::Splunk, _) => "splunk",
            (Self::Datadog, _) => "datadog",
            (Self::Firehose, CloudWatchPlugin::Core) => "kinesis_firehose",
            (Self::Firehose, CloudWatchPlugin::Go) => "firehose",
            (Self::Kinesis, CloudWatchPlugin::Core) => "kinesis_streams",
            (Self::Kinesis, CloudWatchPlugin::Go) => "kinesis",
            (Self::S3, _) => "s3",
            (Self::Http, _) => "http",
        }
    }

    fn options(self) -> &'static [Preset] {
        use Value::{Asked, Region, Secret, Text};
        match self {
            Self::Splunk => &[
                ("host", Asked("SPLUNK-HOST")),
                ("port", Text("8088")),
                ("tls", Text("On")),
                ("splunk_token", Secret("SPLUNK-TOKEN")),
            ],
            Self::Datadog => &[
                ("host", Text("http-intake.logs.datadoghq.com")),
                ("tls", Text("On")),
                ("compress", Text("gzip")),
                ("provider", Text("ecs")),
                ("dd_message_key", Text("log")),
                ("apikey", Secret("DATADOG-API-KEY")),
            ],
            Self::Firehose => &[("region", Region), ("delivery_stream", Asked("DELIVERY-STREAM"))],
            Self::Kinesis => &[("region", Region), ("stream", Asked("KINESIS-STREAM"))],
            Self::S3 => &[
                ("region", Region),
                ("bucket", Asked("BUCKET")),
                ("total_file_size", Text("5M")),
                ("upload_timeout", Text("10m")),
                ("use_put_object", Text("On")),
            ],
            Self::Http => &[
                ("host", Asked("HTTP-HOST")),
                ("port", Text("443")),
                ("uri", Text("/")),
                ("tls", Text("On")),
                ("format", Text("json")),
                ("header", Secret("HTTP-HEADER")),
            ],
        }
    }
}

/// The ends of the names of options whose values are secrets.
const SECRETS: [&str; 5] = ["passwd", "password", "token", "secret", "apikey"];

/// The options that each output has, and that Logweir sets itself.
const OF_THE_PLAN: [&str; 3] = ["name", "match", "match_regex"];

/// The longest name of a stream in Kinesis, a stream in Firehose or a bucket, in characters (source: the API references
/// of Kinesis Data Streams, Data Firehose and S3).
const LONGEST_NAME: usize = 128;

fn is_secret(option: &str) -> bool {
    option == "header" || SECRETS.iter().any(|end| option.ends_with(end))
}

impl Destination {
    /// Reads a destination: its name, and options behind a colon, such as `splunk:host=splunk.example.com`. The error
    /// contains no value of an option, because the value may be a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, options) = text.split_once(':').map_or((text, None), |(name, options)| (name, Some(options)));
        let kind = DestinationKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = DestinationKind::ALL.map(DestinationKind::name).join(", ");
            format!("no such destination; the destinations are {names}")
        })?;
        let mut given: Vec<(String, String)> = Vec::new();
        for pair in options.into_iter().flat_map(|options| options.split(',')) {
            let Some((option, value)) = pair.split_once('=').filter(|(_, value)| !value.is_empty()) else {
                return Err("write options as OPTION=VALUE, with commas between them".to_owned());
            };
            let option = option.to_ascii_lowercase();
            if given.iter().any(|(other, _)| *other == option) {
                return Err(format!("the option `{option}` of {name} is given twice"));
            }
            given.push((option, value.to_owned()));
        }
        Ok(Self { kind, given })
    }

    /// Checks the options for an implementation of the outputs of AWS. The error contains no value of an option.
    pub fn check(&self, implementation: CloudWatchPlugin) -> Result<(), String> {
        let output = self.kind.plugin(implementation);
        for (option, value) in &self.given {
            if OF_THE_PLAN.contains(&option.as_str()) {
                return Err(format!("the plan itself sets the option `{option}` of each output"));
            }
            let known = plugin(output).and_then(|plugin| Some((plugin, plugin.option(option)?)));
            let Some((plugin, known)) = known.filter(|(_, known)| known.name == option) else {
                let name: String = plain(option, 60);
                return Err(format!("the output `{output}` has no option `{name}`"));
            };
            let refused = plugin.refuses(known, value).map(|words| format!("use {words}"));
            if let Some(why) = refused.or_else(|| refused_value(option, value).map(String::from)) {
                return Err(format!("the option `{option}` of `{output}` does not accept the value: {why}"));
            }
        }
        Ok(())
    }

    /// Returns the output for the destination. `region` is the Region of the container's log group.
    pub(super) fn output(&self, implementation: CloudWatchPlugin, region: Option<&str>) -> Output {
        let mut output = Output::new(self.kind.plugin(implementation));
        // A name and a password take the place of the token or the header.
        let has_user = self.given("http_user").is_some();
        for (name, value) in self.kind.options() {
            let text = match (self.given(name), value) {
                (Some(given), _) => given.to_owned(),
                (None, Value::Text(text)) => (*text).to_owned(),
                (None, Value::Asked(what)) => placeholder(what),
                (None, Value::Region) => region.map_or_else(|| placeholder("REGION"), String::from),
                (None, Value::Secret(_)) if has_user => continue,
                (None, Value::Secret(what)) => placeholder(&format!("THE-ARN-OF-{what}")),
            };
            output = output.with_value(name, text, is_secret(name));
        }
        let preset = |option: &str| self.kind.options().iter().any(|(name, _)| *name == option);
        let known = plugin(self.kind.plugin(implementation));
        for (option, value) in self.given.iter().filter(|(option, _)| !preset(option)) {
            if let Some(option) = known.and_then(|plugin| plugin.option(option)) {
                output = output.with_value(option.name, value.clone(), is_secret(option.name));
            }
        }
        match self.given("retry_limit") {
            Some(_) => output,
            None => output.with("retry_limit", super::RETRIES),
        }
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(option, _)| option == name).map(|(_, value)| value.as_str())
    }

    /// Whether the destination needs a secret.
    pub(super) fn has_secret(&self) -> bool {
        !self.output(CloudWatchPlugin::Core, None).secrets.is_empty()
    }
}

/// Returns why the option must not have the value.
fn refused_value(option: &str, value: &str) -> Option<&'static str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    match option {
        _ if value.chars().any(char::is_control) => Some("it has a control character"),
        option if is_secret(option) => (!secret::is_arn(value)).then_some(secret::NO_ARN),
        // The names are parts of ARNs in policies.
        "bucket" | "delivery_stream" | "stream" => {
            (value.len() > LONGEST_NAME || !value.chars().all(is_name)).then_some("it is no name that AWS accepts")
        }
        "role_arn" => {
            (!value.starts_with("arn:") || value.contains(['*', '?', ' '])).then_some("it is no ARN of a role")
        }
        "retry_limit" => (value.parse::<u32>().is_err() && value != "no_retries")
            .then_some("use a number, because endless retries fill the memory of the router"),
        _ => {
            (value.contains("://") && value.contains('@')).then_some("it has a user name, which would be in plain text")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::firelens::option::OF_EVERY_PLUGIN;

    #[test]
    fn every_option_of_a_destination_is_an_option_of_its_plugin() {
        for kind in DestinationKind::ALL {
            for implementation in [CloudWatchPlugin::Core, CloudWatchPlugin::Go] {
                let destination = Destination::parse(kind.name()).unwrap();
                let output = destination.output(implementation, Some("eu-west-1"));
                let plugin = plugin(output.options[0].1.as_str().unwrap()).unwrap();
                let names = output.options[1..].iter().map(|(name, _)| *name);
                for name in names.chain(output.secrets.iter().map(|(name, _)| *name)) {
                    assert!(plugin.option(name).is_some(), "{} has no option {name}", plugin.name);
                }
                assert_eq!(destination.has_secret(), !output.secrets.is_empty());
            }
        }
    }

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:key-AbCdEf";

    fn read(text: &str, implementation: CloudWatchPlugin) -> Result<Output, String> {
        let destination = Destination::parse(text)?;
        destination.check(implementation)?;
        Ok(destination.output(implementation, None))
    }

    #[test]
    fn a_destination_takes_options_behind_its_name() {
        let text = format!("splunk:HOST=splunk.example.com,splunk_token={ARN},event_host=a,retry_limit=3");
        let output = read(&text, CloudWatchPlugin::Core).unwrap();
        assert_eq!(output.value("host").unwrap(), "splunk.example.com");
        assert_eq!(output.value("event_host").unwrap(), "a");
        let limits: Vec<_> = output.options.iter().filter(|(name, _)| *name == "retry_limit").collect();
        assert_eq!(limits, [&("retry_limit", "3".into())]);
        assert_eq!(output.secrets, [("splunk_token", ARN.to_owned())]);
    }

    #[test]
    fn every_secret_option_of_a_destination_takes_an_arn_and_its_value_is_in_no_option_and_in_no_error() {
        for kind in DestinationKind::ALL {
            let plugin = plugin(kind.plugin(CloudWatchPlugin::Core)).unwrap();
            let options = plugin.options.unwrap().iter().chain(OF_EVERY_PLUGIN).map(|option| option.name);
            // The names that sound like secrets, and are none.
            let others =
                ["tag_key", "header_tag", "headers_key", "oauth2.token_url", "tls.key_file", "oauth2.jwt_key_file"];
            let words = ["pass", "secret", "token", "apikey", "header", "bearer"];
            let sounds = |name: &&str| words.iter().any(|word| name.contains(word)) && !others.contains(name);
            let booleans = ["allow_duplicated_headers", "oauth2.jwt_header"];
            for option in options.filter(sounds).filter(|name| !booleans.contains(name)) {
                let of = |value: &str| read(&format!("{}:{option}={value}", kind.name()), CloudWatchPlugin::Core);
                let output = of(ARN).unwrap();
                assert!(output.secrets.contains(&(option, ARN.to_owned())), "{option}");
                assert!(output.value(option).is_none(), "{option}");
                let error = of("hunter2").unwrap_err();
                assert!(!error.contains("hunter2") && error.contains("ARN"), "{error}");
            }
        }
    }

    #[test]
    fn a_destination_with_wrong_options_is_refused_without_its_values() {
        for text in [
            "splunky:a=canary",
            "canary",
            "splunk:",
            "splunk:host",
            "splunk:host=",
            "splunk:hosts=canary",
            "splunk:host=a\ncanary",
            "splunk:host=a,HOST=canary",
            "splunk:name=canary",
            "s3:match=*",
            "s3:use_put_object=canary",
            "s3:bucket=a canary",
            "kinesis:stream=*",
            "firehose:role_arn=*",
            "http:retry_limit=no_limits",
            "http:proxy=http://me:canary@proxy",
        ] {
            let error = read(text, CloudWatchPlugin::Core).unwrap_err();
            assert!(!error.contains("canary"), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_options_are_those_of_the_chosen_implementation() {
        for (text, core, go) in [
            ("kinesis:auto_retry_requests=true", true, false),
            ("firehose:compression=gzip", true, false),
            ("kinesis:partition_key=a", false, true),
            ("firehose:data_keys=a", false, true),
            ("s3:bucket=a", true, true),
        ] {
            let is_accepted = |implementation| read(text, implementation).is_ok();
            assert_eq!((is_accepted(CloudWatchPlugin::Core), is_accepted(CloudWatchPlugin::Go)), (core, go), "{text}");
        }
    }
}
