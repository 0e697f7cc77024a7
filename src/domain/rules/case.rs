//! What a rule sees: the observation, the settings for each container, and the questions that several rules ask.

use serde_json::{Map, Value, json};

use crate::domain::baseline::{Baseline, Delivery, Exempt, MissingDriver, Settings, Subject as Who, parse_size};
use crate::domain::finding::{Finding, Fix};
use crate::domain::observation::{LogGroup, Observation};
use crate::domain::task_definition::{Container, Log, Options, is_placeholder};

pub struct Case<'a> {
    pub seen: &'a Observation<'a>,
    baseline: &'a Baseline,
    subjects: Vec<(Container<'a>, &'a Settings)>,
}

/// One container, with the settings that hold for it.
#[derive(Clone, Copy)]
pub struct Subject<'c, 'a> {
    pub case: &'c Case<'a>,
    pub container: Container<'a>,
    pub settings: &'a Settings,
}

impl<'a> Case<'a> {
    pub fn new(seen: &'a Observation<'a>, baseline: &'a Baseline) -> Self {
        let subjects = seen
            .definition
            .containers()
            .map(|container| (container, baseline.settings(&who(seen, container.name()))))
            .collect();
        Self { seen, baseline, subjects }
    }

    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_, 'a>> {
        self.subjects.iter().map(move |(container, settings)| Subject { case: self, container: *container, settings })
    }

    pub fn exempts(&self, rule: &str, container: Option<&str>) -> Exempt {
        self.baseline.exempts(rule, &who(self.seen, container), self.seen.now)
    }

    /// Containers are found by name: one without a name of its own cannot be edited.
    pub fn is_editable(&self, container: Container<'_>) -> bool {
        container
            .name()
            .is_some_and(|name| self.subjects.iter().filter(|(other, _)| other.name() == Some(name)).count() == 1)
    }

    /// Whether a log group that a verdict depends on was not looked for.
    pub fn lacks_log_groups(&self) -> bool {
        match self.seen.log_groups {
            None => true,
            Some(groups) => {
                self.subjects().filter_map(|subject| subject.group()).any(|name| !groups.contains_key(&name))
            }
        }
    }

    /// A finding about the whole task.
    pub fn finding(&self, rule: &'static str, pointer: &str, message: impl Into<String>, fix: Fix) -> Finding {
        Finding {
            rule,
            container: None,
            index: None,
            pointer: pointer.into(),
            message: message.into(),
            effective: None,
            fix,
            exempt: None,
            notes: Vec::new(),
        }
    }
}

fn who<'w>(seen: &'w Observation<'_>, container: Option<&'w str>) -> Who<'w> {
    Who {
        family: seen.definition.family(),
        container,
        account: seen.account,
        region: seen.region,
        tags: seen.tags,
        cluster: None,
        service_tags: &[],
    }
}

impl<'c, 'a> Subject<'c, 'a> {
    /// A finding about this container; `below` is the place under its `logConfiguration`, such as `/options/mode`.
    pub fn finding(&self, rule: &'static str, below: &str, message: impl Into<String>, fix: Fix) -> Finding {
        let pointer = format!("/containerDefinitions/{}/logConfiguration{below}", self.container.index);
        Finding {
            container: self.container.name().map(String::from),
            index: Some(self.container.index),
            ..self.case.finding(rule, &pointer, message, fix)
        }
    }

    /// The container in words, for messages.
    pub fn called(&self) -> String {
        match self.container.name() {
            Some(name) => format!("container `{name}`"),
            None => format!("container {} (without a name)", self.container.index),
        }
    }

    /// The options, if the driver is `driver` and they can be read.
    pub fn options_of(&self, driver: &str) -> Option<Options<'a>> {
        match self.container.log() {
            Log::Configured { driver: given, options }
                if given == driver && !matches!(options, Options::Malformed(_)) =>
            {
                Some(options)
            }
            _ => None,
        }
    }

    pub fn awslogs(&self) -> Option<Options<'a>> {
        self.options_of("awslogs")
    }

    pub fn is_exempt(&self, rule: &str) -> bool {
        matches!(self.case.exempts(rule, self.container.name()), Exempt::Yes(_))
    }

    /// The group that the baseline names for this container, or why it cannot.
    pub fn baseline_group(&self) -> Result<String, &'static str> {
        self.fill(&self.settings.logging.group)
    }

    pub fn baseline_prefix(&self) -> Result<String, &'static str> {
        self.fill(&self.settings.logging.stream_prefix)
    }

    pub fn baseline_region(&self) -> Result<String, &'static str> {
        self.case.seen.region.map(String::from).ok_or("the Region is not known; give --region")
    }

    fn fill(&self, template: &str) -> Result<String, &'static str> {
        let mut name = template.to_owned();
        if name.contains("{family}") {
            name = name.replace("{family}", self.case.seen.definition.family().ok_or("the document names no family")?);
        }
        if name.contains("{container}") {
            name = name.replace("{container}", self.container.name().ok_or("the container has no name")?);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
        let fits = name.len() <= 512 && name.chars().all(allowed);
        if !fits && !is_placeholder(&name) {
            return Err("the name that the baseline gives is none that CloudWatch Logs takes");
        }
        Ok(name)
    }

    /// What is to stand in `max-buffer-size`: the baseline's size, at most its share of the memory, at least the floor.
    pub fn buffer(&self) -> Buffer {
        let logging = &self.settings.logging;
        let share = self.share();
        let bytes = logging.max_buffer_size.min(share.unwrap_or(u64::MAX)).max(logging.min_buffer_size);
        // Whole MiB read best; what the floor forbids to round down stays as it is.
        let whole = bytes >> 20 << 20;
        let bytes = if whole >= logging.min_buffer_size { whole } else { bytes };
        Buffer { bytes, floor_exceeds_share: share.is_some_and(|share| logging.min_buffer_size > share) }
    }

    /// The largest buffer that the memory allows, where the memory is known.
    pub fn share(&self) -> Option<u64> {
        let memory = self.container.memory().or_else(|| self.case.seen.definition.memory())?;
        Some((memory as f64 * self.settings.logging.max_buffer_share) as u64)
    }

    /// The complete configuration for a container that has none, or whose driver is replaced.
    pub fn complete_configuration(&self) -> Result<Map<String, Value>, &'static str> {
        let mut options = Map::new();
        options.insert("awslogs-group".into(), self.baseline_group()?.into());
        options.insert("awslogs-region".into(), self.baseline_region()?.into());
        options.insert("awslogs-stream-prefix".into(), self.baseline_prefix()?.into());
        options.insert("mode".into(), self.settings.logging.delivery.mode().into());
        if self.settings.logging.delivery == Delivery::NonBlocking {
            options.insert("max-buffer-size".into(), self.buffer().text().into());
        }
        let Value::Object(configuration) = json!({"logDriver": self.settings.logging.driver, "options": options})
        else {
            return Err("unreachable: an object literal");
        };
        Ok(configuration)
    }

    /// Whether the driver is one that the baseline replaces.
    pub fn is_replaced(&self, driver: &str) -> bool {
        self.settings.logging.replace.iter().any(|name| name == driver)
    }

    /// A replaced configuration is kept in the journal so that it can be put back, and no secret may stand there. Secret
    /// is what is not known to be harmless: any option that is not one of these, and whatever looks like a credential.
    pub fn may_hold_a_secret(&self) -> bool {
        const HARMLESS: [&str; 12] = [
            "max-size",
            "max-file",
            "compress",
            "mode",
            "max-buffer-size",
            "syslog-facility",
            "syslog-format",
            "gelf-compression-type",
            "gelf-compression-level",
            "fluentd-async",
            "cache-disabled",
            "tag",
        ];
        let harmless = |(key, value): (&String, &Value)| {
            HARMLESS.contains(&key.as_str())
                && value.as_str().is_some_and(|text| text.len() <= 64 && !text.contains(['@', '=']))
        };
        let more_than_options = self.container.member("logConfiguration").is_some_and(|c| {
            c.as_object().is_some_and(|members| members.keys().any(|key| key != "logDriver" && key != "options"))
        });
        more_than_options
            || match self.container.log() {
                Log::Configured { options: Options::Map(map), .. } => !map.iter().all(harmless),
                Log::Configured { options: Options::Malformed(_), .. } => true,
                _ => false,
            }
    }

    /// Whether a fix gives the container the baseline's awslogs configuration, where it logs another way today.
    pub fn is_given_awslogs(&self) -> bool {
        let asked_for = match self.container.log() {
            Log::None => {
                self.settings.logging.missing_driver == MissingDriver::Fix && !self.is_exempt("missing-log-driver")
            }
            Log::Configured { driver, .. } => {
                self.is_replaced(driver) && !self.is_exempt("unaccepted-log-driver") && !self.may_hold_a_secret()
            }
            Log::Malformed(_) => false,
        };
        asked_for && self.case.is_editable(self.container) && self.complete_configuration().is_ok()
    }

    /// The group of the own Region that the container's logs go to once its fixes are made.
    pub fn group(&self) -> Option<String> {
        let group = match self.awslogs() {
            Some(options) => self.group_of(options)?,
            None if self.is_given_awslogs() => self.baseline_group().ok()?,
            None => return None,
        };
        let is_one = is_group_name(&group);
        is_one.then_some(group)
    }

    fn group_of(&self, options: Options<'_>) -> Option<String> {
        match options.value("awslogs-region") {
            None | Some(Value::Null) => {}
            Some(Value::String(region)) if region.is_empty() || Some(region.as_str()) == self.case.seen.region => {}
            Some(_) => return None,
        }
        match options.value("awslogs-group") {
            Some(Value::String(group)) if !group.is_empty() => Some(group.clone()),
            None | Some(Value::Null | Value::String(_))
                if self.case.is_editable(self.container) && !self.is_exempt("unnamed-log-group") =>
            {
                self.baseline_group().ok()
            }
            _ => None,
        }
    }

    /// Whether a value waits for somebody to fill it in, so that nobody can say yet what it will be.
    pub fn is_placeholder(&self, text: &str) -> bool {
        !self.case.seen.is_live() && is_placeholder(text)
    }

    pub fn could_be_a_group(&self, name: &str) -> bool {
        self.is_placeholder(name) || is_group_name(name)
    }

    /// Why a live container's log group cannot be looked at.
    pub fn unseen_group(&self) -> Option<&'static str> {
        let options = self.awslogs().filter(|_| self.case.seen.is_live())?;
        match (options.text("awslogs-region"), options.text("awslogs-group")) {
            (Some(region), _) if Some(region) != self.case.seen.region => {
                Some("see yourself that its log group exists in the other Region; the container is left alone")
            }
            (_, Some(group)) if !is_group_name(group) => {
                Some("name a log group that can exist; the container is left alone until then")
            }
            _ => None,
        }
    }

    /// The container's log group as AWS has it, with its name.
    pub fn observed_group(&self) -> Option<(String, &'a LogGroup)> {
        let name = self.group()?;
        let found = self.case.seen.log_groups?.get(&name)?;
        Some((name, found))
    }
}

pub struct Buffer {
    pub bytes: u64,
    /// The floor wins over the memory's share; then somebody should give the container more memory.
    pub floor_exceeds_share: bool,
}

impl Buffer {
    /// As Docker reads it.
    pub fn text(&self) -> String {
        size_text(self.bytes)
    }
}

/// A size in the largest unit that holds it exactly.
/// Source: CloudWatch Logs API reference, CreateLogGroup.
pub(super) fn is_group_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    (1..=512).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with("aws/")
}

pub(super) fn size_text(bytes: u64) -> String {
    match bytes {
        0 => "0".into(),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}m", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}k", bytes >> 10),
        _ => bytes.to_string(),
    }
}

/// What an option holds that ought to be a size.
pub(super) enum Size {
    Absent,
    Placeholder,
    Malformed,
    Bytes(u64),
}

pub(super) fn size(subject: &Subject<'_, '_>, value: Option<&Value>) -> Size {
    match value {
        None | Some(Value::Null) => Size::Absent,
        Some(Value::String(text)) if text.is_empty() => Size::Absent,
        Some(Value::String(text)) if subject.is_placeholder(text) => Size::Placeholder,
        Some(Value::String(text)) => parse_size(text).map_or(Size::Malformed, Size::Bytes),
        Some(_) => Size::Malformed,
    }
}
