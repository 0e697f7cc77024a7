//! The destinations beside CloudWatch Logs: the output plugin of each destination, with its documented options.
//!
//! Sources: Fluent Bit manual, pipeline/outputs; aws-samples/amazon-ecs-firelens-examples.

use super::output::{CloudWatchPlugin, Output};
use super::placeholder::placeholder;
use crate::domain::firelens::plugin::plugin;

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

impl Destination {
    /// Reads a destination: its name, and options behind a colon, such as `splunk:host=splunk.example.com`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, options) = text.split_once(':').map_or((text, None), |(name, options)| (name, Some(options)));
        let kind = DestinationKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = DestinationKind::ALL.map(DestinationKind::name).join(", ");
            format!("no destination is called `{name}`; the destinations are {names}")
        })?;
        let mut given = Vec::new();
        for pair in options.into_iter().flat_map(|options| options.split(',')) {
            let Some((option, value)) = pair.split_once('=').filter(|(_, value)| !value.is_empty()) else {
                return Err("write options as OPTION=VALUE, with commas between them".to_owned());
            };
            let option = option.to_ascii_lowercase();
            let known = plugin(kind.plugin(CloudWatchPlugin::Core)).and_then(|plugin| plugin.option(&option));
            if known.is_none_or(|known| known.name != option) {
                return Err(format!("the output of {name} has no option `{option}`"));
            }
            if value.chars().any(char::is_control) {
                return Err(format!("the value of `{option}` has a control character"));
            }
            given.push((option, value.to_owned()));
        }
        Ok(Self { kind, given })
    }

    /// Returns the output for the destination. `region` is the Region of the container's log group.
    pub(super) fn output(&self, implementation: CloudWatchPlugin, region: Option<&str>) -> Output {
        let mut output = Output::new(self.kind.plugin(implementation));
        let given = |name: &str| self.given.iter().find(|(option, _)| option == name).map(|(_, value)| value.clone());
        for (name, value) in self.kind.options() {
            let value = match (given(name), value) {
                (Some(given), Value::Secret(_)) => Err(given),
                (Some(given), _) => Ok(given),
                (None, Value::Text(text)) => Ok((*text).to_owned()),
                (None, Value::Asked(what)) => Ok(placeholder(what)),
                (None, Value::Region) => Ok(region.map_or_else(|| placeholder("REGION"), String::from)),
                (None, Value::Secret(what)) => Err(placeholder(&format!("THE-ARN-OF-{what}"))),
            };
            match value {
                Ok(value) => output.options.push((name, value.into())),
                Err(secret) => output.secrets.push((name, secret)),
            }
        }
        let preset = |option: &str| self.kind.options().iter().any(|(name, _)| *name == option);
        let known = plugin(self.kind.plugin(CloudWatchPlugin::Core));
        for (option, value) in self.given.iter().filter(|(option, _)| !preset(option)) {
            if let Some(option) = known.and_then(|plugin| plugin.option(option)) {
                output.options.push((option.name, value.as_str().into()));
            }
        }
        output.with("retry_limit", super::RETRIES)
    }

    /// Whether the destination needs a secret.
    pub(super) fn has_secret(&self) -> bool {
        self.kind.options().iter().any(|(_, value)| matches!(value, Value::Secret(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_destination_takes_options_behind_its_name() {
        let splunk =
            Destination::parse("splunk:HOST=splunk.example.com,splunk_token=arn:aws:ssm:x,event_host=a").unwrap();
        let output = splunk.output(CloudWatchPlugin::Core, None);
        assert_eq!(output.value("host").unwrap(), "splunk.example.com");
        assert_eq!(output.value("event_host").unwrap(), "a");
        assert_eq!(output.secrets, [("splunk_token", "arn:aws:ssm:x".to_owned())]);
        for text in ["splunky", "splunk:", "splunk:host", "splunk:host=", "splunk:hosts=a", "splunk:host=a\nb"] {
            assert!(Destination::parse(text).is_err(), "{text:?}");
        }
    }
}
