//! Task definitions as ECS keeps them. The messages are ECS's own, as users have reported them.

use std::cell::RefCell;
use std::collections::HashMap;

use jiff::Timestamp;
use logweir::domain::baseline::Delivery;
use logweir::domain::ecs::revision::{RevisionArn, is_family};
use logweir::domain::ecs::tags::Tag;
use logweir::domain::ecs::task_definition::{Log, TaskDefinition};
use logweir::domain::ecs::wire::{self, RevisionStatus};
use logweir::domain::outcome::Reason;
use logweir::ports::{Answer, Described, ErrorKind, FamilyPage, PortError, TaskDefinitions};

use super::account::{missing, refused};
use super::{Account, LOGWEIR, Lag, Lie, Revision, RevisionState, World};

const REGISTER: &str = "RegisterTaskDefinition";
const DESCRIBE: &str = "DescribeTaskDefinition";
const DEREGISTER: &str = "DeregisterTaskDefinition";

/// The number of families on one page of the list.
const FAMILIES: usize = 100;

impl TaskDefinitions for World {
    async fn describe(&self, name: &str) -> Answer<Described> {
        let describe = |account: &mut Account| {
            let answer = account.describe(name);
            account.counts_late_description(name, &answer);
            answer
        };
        self.call(DESCRIBE, name, describe).await
    }

    async fn newest(&self, family: &str, most: u8) -> Answer<Vec<RevisionArn>> {
        let newest = |account: &mut Account| {
            let listed = account.listed(family);
            if account.lag.list > 0 && listed != account.without_lag(|account| account.listed(family)) {
                account.fires("a list is late");
            }
            let numbers = listed.into_iter().rev().take(most.into());
            let numbers = numbers.filter(|number| !account.is_hidden(family, *number));
            Ok(numbers.map(|number| account.arn(family, number)).collect())
        };
        self.call("ListTaskDefinitions", family, newest).await
    }

    /// The token of a page is the last family of the page before.
    async fn families(&self, token: Option<&str>) -> Answer<FamilyPage> {
        let families = |account: &mut Account| {
            if token.is_some_and(|token| !account.families.contains_key(token)) {
                return refused("ListTaskDefinitionFamilies", "InvalidParameterException: Invalid token");
            }
            let is_later = |family: &&String| token.is_none_or(|token| family.as_str() > token);
            let active = account.families.keys().filter(|family| !account.active(family).is_empty());
            let mut families: Vec<String> = active.filter(is_later).take(FAMILIES + 1).cloned().collect();
            let is_last = families.len() <= FAMILIES;
            families.truncate(FAMILIES);
            Ok(FamilyPage { next: families.last().filter(|_| !is_last).cloned(), families })
        };
        self.call("ListTaskDefinitionFamilies", token.unwrap_or_default(), families).await
    }

    async fn register(&self, definition: &TaskDefinition, tags: &[Tag]) -> Answer<RevisionArn> {
        let about = definition.family().unwrap_or_default().to_owned();
        let register = |account: &mut Account| {
            account.watch_register(definition.family().unwrap_or_default());
            account.register(definition.text(), tags, account.principal.clone())
        };
        self.call(REGISTER, about, register).await
    }

    async fn deregister(&self, revision: &RevisionArn) -> Answer<()> {
        let deregister = |account: &mut Account| {
            account.watch_deregister(revision);
            account.deregister(revision)
        };
        self.call(DEREGISTER, revision.short(), deregister).await
    }

    async fn default_mode(&self) -> Answer<Delivery> {
        self.call("ListAccountSettings", "", |account| Ok(account.default_mode.unwrap_or(Delivery::NonBlocking))).await
    }
}

impl Account {
    fn describe(&self, name: &str) -> Answer<Described> {
        let newest = |family: &str| self.listed(family).last().map(|number| self.arn(family, *number));
        let arn = match (name.parse::<RevisionArn>(), name.split_once(':')) {
            (Ok(arn), _) => Some(arn),
            (Err(_), None) => newest(name),
            (Err(_), Some((family, number))) => number.parse().ok().map(|number| self.arn(family, number)),
        };
        let unable = || missing(DESCRIBE, "ClientException: Unable to describe task definition.");
        let Some((arn, revision)) = arn.and_then(|arn| self.revision(&arn).map(|revision| (arn, revision))) else {
            return unable();
        };
        // A family's newest revision is described as the list shows it.
        let behind = if name.contains(':') { self.lag.describe } else { self.lag.list };
        let is_listed = || self.listed(&arn.family).contains(&(arn.revision as usize));
        let is_hidden = || self.is_hidden(&arn.family, arn.revision as usize);
        let state = match (self.seen(revision, behind), self.lie) {
            (None, Some(Lie::UnseenIsInactive)) => Some(RevisionState::Inactive),
            (Some(_), Some(Lie::UnlistedIsInactive)) if !is_listed() => Some(RevisionState::Inactive),
            (Some(_), Some(Lie::NothingNewer)) if is_hidden() => Some(RevisionState::Inactive),
            (state, _) => state,
        };
        let can_be_seen = || self.shows_inactive || self.referred.contains(&arn) || !self.users_of(&arn).is_empty();
        if self.lie == Some(Lie::NothingByLogweir) && revision.by == LOGWEIR && !self.is_recorded(&arn) {
            return unable();
        }
        match state.and_then(RevisionState::status) {
            Some(status) if status != RevisionStatus::Inactive || can_be_seen() => {
                Ok(self.description(arn, revision, status))
            }
            _ => unable(),
        }
    }

    /// Counts a description that differs from the description without a lag.
    fn counts_late_description(&mut self, name: &str, answer: &Answer<Described>) {
        let Lag { describe, list, tags, .. } = self.lag;
        if describe + list + tags == 0 {
            return;
        }
        let truth = self.without_lag(|account| account.describe(name));
        let seen = |answer: &Answer<Described>| answer.as_ref().ok().map(|it| (it.arn.revision, it.status));
        if seen(answer) != seen(&truth) {
            self.fires(if name.contains(':') { "a description is late" } else { "a list is late" });
        } else if answer.as_ref().ok().map(|it| &it.tags) != truth.as_ref().ok().map(|it| &it.tags) {
            self.fires("tags are late");
        }
    }

    /// Whether a record names a revision as registered by Logweir.
    fn is_recorded(&self, arn: &RevisionArn) -> bool {
        let entries = self.all_records().flat_map(|record| &record.entries);
        entries.into_iter().any(|entry| entry.what.registered() == Some(arn))
    }

    fn description(&self, arn: RevisionArn, revision: &Revision, status: RevisionStatus) -> Described {
        let is_tagged = self.shows_tags(revision);
        let definition = match self.lie {
            Some(Lie::UnseenTagsAreLost) if !is_tagged => parsed(&wire::without(&revision.text, &["alien"]).unwrap()),
            _ => parsed(&revision.text),
        };
        Described {
            arn,
            definition,
            tags: if is_tagged { revision.tags.clone() } else { Vec::new() },
            status,
            registered_at: Some(revision.at),
            registered_by: Some(revision.by.clone()),
            deregistered_at: revision.deregistered_at().filter(|_| status != RevisionStatus::Active),
        }
    }

    pub(super) fn register(&mut self, document: &str, tags: &[Tag], by: String) -> Answer<RevisionArn> {
        let definition = match TaskDefinition::parse(document) {
            Ok(definition) => definition,
            Err(error) => return refused(REGISTER, format!("SerializationException: {error}")),
        };
        if let Some(message) = complaint(&definition, tags) {
            let reason = message.contains("Max allowed length").then_some(Reason::TooLarge);
            return Err(PortError {
                kind: ErrorKind::Refused,
                call: REGISTER,
                message: format!("ClientException: {message}"),
                reason,
            });
        }
        let loses: Vec<&str> = self.loses.iter().map(String::as_str).collect();
        let text = wire::without(definition.text(), &loses).unwrap();
        let family = definition.family().unwrap().to_owned();
        let (at, past): (Timestamp, _) = (self.now, vec![(self.writes(), RevisionState::Active)]);
        let revisions = self.families.entry(family.clone()).or_default();
        revisions.push(Revision { text, tags: tags.to_vec(), at, by, past });
        let number = revisions.len();
        self.reports_registration(&family);
        Ok(self.arn(&family, number))
    }

    /// Deregisters a revision. It is no error if the revision is INACTIVE already.
    pub(super) fn deregister(&mut self, arn: &RevisionArn) -> Answer<()> {
        match self.revision(arn).map(Revision::state) {
            Some(RevisionState::Active) => self.becomes(arn, RevisionState::Inactive),
            Some(RevisionState::Inactive | RevisionState::Deleting) => {}
            Some(RevisionState::Deleted) | None => {
                return missing(DEREGISTER, "ClientException: The specified task definition does not exist.");
            }
        }
        Ok(())
    }
}

/// Parses a document. Each thread parses a text only once, because the tests describe few documents very often.
fn parsed(text: &str) -> TaskDefinition {
    thread_local!(static PARSED: RefCell<HashMap<String, TaskDefinition>> = RefCell::default());
    PARSED.with_borrow_mut(|parsed| {
        if let Some(definition) = parsed.get(text) {
            return definition.clone();
        }
        let definition = TaskDefinition::parse(text).unwrap();
        parsed.insert(text.to_owned(), definition.clone());
        definition
    })
}

/// The message with which ECS refuses a document. `None` if ECS accepts it.
fn complaint(definition: &TaskDefinition, tags: &[Tag]) -> Option<String> {
    if !definition.family().is_some_and(is_family) {
        return Some("Family should not be null or empty.".into());
    }
    let length = definition.text().len();
    if length > wire::LARGEST {
        return Some(format!("Actual length: '{length}'. Max allowed length is '{}' bytes.", wire::LARGEST));
    }
    if tags.len() > 50 {
        return Some("The number of tags exceeds the limit of 50.".into());
    }
    if tags.iter().any(|tag| tag.key.to_ascii_lowercase().starts_with("aws:")) {
        return Some("Tags with the prefix aws: are reserved.".into());
    }
    let containers: Vec<_> = definition.containers().collect();
    if containers.is_empty() {
        return Some("Container list cannot be empty.".into());
    }
    let routers = containers
        .iter()
        .filter(|container| container.member("firelensConfiguration").is_some_and(|value| !value.is_null()))
        .count();
    let drivers: Vec<&str> = containers.iter().filter_map(|container| driver(container.log())).collect();
    let routed = drivers.contains(&"awsfirelens");
    if routed && routers == 0 {
        return Some("When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in one of the containers.".into());
    }
    if !routed && routers > 0 {
        return Some("When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver.".into());
    }
    if definition.requires_fargate() {
        if let Some(driver) = drivers.iter().find(|driver| !["awslogs", "splunk", "awsfirelens"].contains(driver)) {
            return Some(format!("{driver} is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens]"));
        }
        if drivers.contains(&"awslogs") && !definition.has_execution_role() {
            return Some(
                "Fargate requires task definition to have execution role ARN to support log driver awslogs.".into(),
            );
        }
    }
    containers.iter().find_map(|container| options_complaint(container.log()))
}

fn driver(log: Log<'_>) -> Option<&str> {
    match log {
        Log::Configured { driver, .. } => Some(driver),
        _ => None,
    }
}

/// The options that ECS accepts for `awslogs`.
const AWSLOGS: [&str; 8] = [
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
    "mode",
    "max-buffer-size",
];

fn options_complaint(log: Log<'_>) -> Option<String> {
    let Log::Configured { driver: "awslogs", options } = log else { return None };
    let absent: Vec<&str> =
        ["awslogs-region", "awslogs-group"].into_iter().filter(|key| options.text(key).is_none()).collect();
    if !absent.is_empty() {
        return Some(format!("Log driver awslogs requires options: {}", absent.join(", ")));
    }
    if options.value("awslogs-create-group").is_some_and(|value| value != "true") {
        return Some(
            "Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.".into(),
        );
    }
    let logweir::domain::ecs::task_definition::Options::Map(map) = options else { return None };
    let foreign: Vec<&str> = map.keys().map(String::as_str).filter(|key| !AWSLOGS.contains(key)).collect();
    (!foreign.is_empty()).then(|| format!("Log driver awslogs disallows options: {}", foreign.join(", ")))
}
