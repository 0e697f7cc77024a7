//! A parser for the classic format of Fluent Bit's configuration, and the checks that Fluent Bit makes at its start. It
//! shares no code with the program.
//!
//! Source: Fluent Bit manual, administration/configuring-fluent-bit/classic-mode/format-schema.

/// A section: its kind in capitals, and its keys in lower case with their values.
#[derive(Debug)]
pub struct Section {
    kind: String,
    entries: Vec<(String, String)>,
}

/// The options of the CloudWatch output, as Fluent Bit 5.1.1 lists them when it refuses an unknown one.
const CLOUDWATCH: [&str; 21] = [
    "region",
    "log_group_name",
    "log_stream_name",
    "log_stream_prefix",
    "log_group_template",
    "log_stream_template",
    "log_key",
    "extra_user_agent",
    "log_format",
    "role_arn",
    "auto_create_group",
    "auto_retry_requests",
    "log_retention_days",
    "endpoint",
    "sts_endpoint",
    "external_id",
    "metric_namespace",
    "metric_dimensions",
    "profile",
    "log_group_class",
    "add_entity",
];

pub fn parse(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let mut indent = None;
    for (number, line) in text.lines().enumerate() {
        let error = |why: &str| Err(format!("line {}: {why}: {line:?}", number + 1));
        if line.trim().is_empty() || line.trim_start().starts_with('#') || line.starts_with("@INCLUDE ") {
            continue;
        }
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return error("a control character");
        }
        if let Some(kind) = line.strip_prefix('[') {
            let Some(kind) = kind.strip_suffix(']') else { return error("a section without an end") };
            sections.push(Section { kind: kind.to_ascii_uppercase(), entries: Vec::new() });
            indent = None;
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        let Some(section) = sections.last_mut() else { return error("a key outside of a section") };
        if depth == 0 || *indent.get_or_insert(depth) != depth {
            return error("a wrong indentation");
        }
        let Some((key, value)) = line.trim().split_once(char::is_whitespace) else {
            return error("a key without a value");
        };
        section.entries.push((key.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(sections)
}

impl Section {
    fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn count(&self, key: &str) -> usize {
        self.entries.iter().filter(|(name, _)| name == key).count()
    }

    pub fn check(&self) -> Result<(), String> {
        let name = self.get("name").unwrap_or_default().to_ascii_lowercase();
        match (self.kind.as_str(), name.as_str()) {
            ("INPUT", "forward" | "tcp") | ("FILTER", "record_modifier" | "grep") | ("OUTPUT", "null") => Ok(()),
            ("FILTER", "multiline") => match (self.get("match"), self.get("multiline.parser")) {
                (Some(_), Some(_)) => Ok(()),
                _ => Err(format!("an incomplete filter: {self:?}")),
            },
            ("MULTILINE_PARSER", _) => self.check_parser(),
            ("OUTPUT", "cloudwatch_logs" | "cloudwatch") => self.check_cloudwatch(),
            ("OUTPUT", "splunk" | "datadog" | "http" | "s3" | "kinesis_firehose" | "kinesis_streams") => {
                let needed = match name.as_str() {
                    "splunk" => ["host", "splunk_token"],
                    "datadog" => ["host", "apikey"],
                    "http" => ["host", "uri"],
                    "s3" => ["region", "bucket"],
                    "kinesis_firehose" => ["region", "delivery_stream"],
                    _ => ["region", "stream"],
                };
                match needed.iter().all(|key| self.get(key).is_some()) {
                    true => Ok(()),
                    false => Err(format!("an output without {needed:?}: {self:?}")),
                }
            }
            _ => Err(format!("an unknown section: {self:?}")),
        }
    }

    /// Fluent Bit needs a name, a type, a state `start_state`, and states that exist.
    fn check_parser(&self) -> Result<(), String> {
        let mut states = Vec::new();
        let mut follows = Vec::new();
        for (key, value) in self.entries.iter().filter(|(key, _)| key == "rule") {
            let words: Vec<&str> = value.split('"').collect();
            let ["", state, " ", pattern, " ", next, ""] = words.as_slice() else {
                return Err(format!("{key} has not three words in quotes: {value}"));
            };
            if !(pattern.starts_with('/') && pattern.ends_with('/') && pattern.len() > 2) {
                return Err(format!("no regular expression: {pattern}"));
            }
            states.push(*state);
            follows.push(*next);
        }
        let is_whole = self.get("name").is_some() && self.get("type") == Some("regex");
        match is_whole && states.contains(&"start_state") && follows.iter().all(|state| states.contains(state)) {
            true => Ok(()),
            false => Err(format!("an incomplete parser: {self:?}")),
        }
    }

    fn check_cloudwatch(&self) -> Result<(), String> {
        let of_every_output = ["name", "match", "retry_limit"];
        for (key, value) in &self.entries {
            if !CLOUDWATCH.contains(&key.as_str()) && !of_every_output.contains(&key.as_str()) {
                return Err(format!("unknown configuration property '{key}'"));
            }
            if self.count(key) != 1 {
                return Err(format!("{key} occurs twice"));
            }
            if key == "auto_create_group" && !["true", "false"].contains(&value.as_str()) {
                return Err(format!("invalid boolean {value}"));
            }
        }
        for key in ["region", "log_group_name", "match"] {
            self.get(key).ok_or_else(|| format!("'{key}' is a required field"))?;
        }
        match self.count("log_stream_name") + self.count("log_stream_prefix") {
            1 => Ok(()),
            _ => Err("either 'log_stream_name' or 'log_stream_prefix' is required".into()),
        }
    }
}

#[test]
fn the_parser_refuses_what_fluent_bit_refuses() {
    let good = "[OUTPUT]\n    Name cloudwatch_logs\n    Match *\n    region r\n    log_group_name g\n    log_stream_prefix p\n";
    let check = |text: &str| parse(text).and_then(|sections| sections.iter().try_for_each(Section::check));
    assert_eq!(check(good), Ok(()));
    for bad in [
        good.replace("region r", "awslogs_group x"),
        good.replace("    region r\n", ""),
        good.replace("log_stream_prefix p", "log_key log"),
        format!("{good}    log_stream_name n\n"),
        format!("{good}    auto_create_group maybe\n"),
        format!("{good}  deeper x\n"),
        good.replace("[OUTPUT]\n", ""),
        good.replace("[OUTPUT]", "[OUTPUT"),
    ] {
        assert!(check(&bad).is_err(), "{bad}");
    }
}
