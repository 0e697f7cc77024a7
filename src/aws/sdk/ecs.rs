//! Task definitions in Amazon ECS.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::config::{Builder, Config};
use aws_sdk_ecs::types::{
    SettingName, SortOrder, TaskDefinitionFamilyStatus, TaskDefinitionField, TaskDefinitionStatus,
};

use super::wire::Wire;
use crate::aws::errors::{port_error, port_error_about, unreadable};
use crate::aws::signed::SignedClient;
use crate::domain::baseline::Delivery;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::wire::{self, NotAReply};
use crate::domain::outcome::Reason;
use crate::ports::{Answer, Described, ErrorKind, PortError, TaskDefinitions};

/// How long an answer about the account setting holds. The setting changes once in years; a function's environment
/// may stay warm for hours.
const SETTING_HOLDS: Duration = Duration::from_secs(15 * 60);

/// The largest page of a list.
pub(in crate::aws) const PAGE: i32 = 100;

/// The adapter to ECS. Clones share what was read of the account's settings.
#[derive(Clone, Debug)]
pub struct Ecs {
    pub(in crate::aws) client: Client,
    /// For what ECS does not know, and ECR does.
    pub(in crate::aws) signed: SignedClient,
    default_mode: Arc<Mutex<Option<(Instant, Delivery)>>>,
}

impl Ecs {
    pub(in crate::aws) fn new(client: Client, signed: SignedClient) -> Self {
        Self { client, signed, default_mode: Arc::default() }
    }

    async fn read_default_mode(&self) -> Answer<Delivery> {
        const CALL: &str = "ListAccountSettings";
        let call = self.client.list_account_settings().name(SettingName::DefaultLogDriverMode).effective_settings(true);
        let settings = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
        let setting =
            settings.settings().iter().find(|setting| setting.name() == Some(&SettingName::DefaultLogDriverMode));
        match setting.and_then(|setting| setting.value()) {
            // Nobody has set it: ECS's own default since 2025-06-25 (source: ECS API reference, LogConfiguration).
            None | Some("non-blocking") => Ok(Delivery::NonBlocking),
            Some("blocking") => Ok(Delivery::Blocking),
            Some(_) => Err(PortError {
                kind: ErrorKind::Refused,
                ..unreadable(CALL, "defaultLogDriverMode is neither blocking nor non-blocking")
            }),
        }
    }
}

/// For a call that is tried once: the SDK would try again after a broken connection.
pub(in crate::aws) fn once() -> Builder {
    Config::builder().retry_config(RetryConfig::disabled())
}

impl TaskDefinitions for Ecs {
    async fn describe(&self, name: &str) -> Answer<Described> {
        const CALL: &str = "DescribeTaskDefinition";
        let wire = Wire::receiving();
        let call = self.client.describe_task_definition().task_definition(name).include(TaskDefinitionField::Tags);
        let result = call.customize().interceptor(wire.clone()).send().await;
        let reply = wire.reply(result).map_err(|error| port_error(CALL, &error))?;
        wire::described(&reply).map_err(|error| match error {
            // Cut or spoiled on the way.
            NotAReply::NotJson => unreadable(CALL, &error.to_string()),
            _ => PortError { kind: ErrorKind::Refused, ..unreadable(CALL, &error.to_string()) },
        })
    }

    /// One call on AWS, where `familyPrefix` is the whole family (source: ECS API reference, ListTaskDefinitions).
    /// Emulators take it for a prefix, or know no order: what comes is filtered, read on and sorted.
    async fn newest(&self, family: &str, most: u8) -> Answer<Vec<RevisionArn>> {
        const CALL: &str = "ListTaskDefinitions";
        let most = usize::from(most.clamp(1, 100));
        let mut found: Vec<RevisionArn> = Vec::new();
        let mut token = None;
        loop {
            let call = self.client.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
            let call = call.sort(SortOrder::Desc).max_results(most as i32).set_next_token(token);
            let page = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
            for arn in page.task_definition_arns() {
                let arn: RevisionArn =
                    arn.parse().map_err(|_| unreadable(CALL, "it lists what is not the ARN of a revision"))?;
                if arn.family == family {
                    found.push(arn);
                }
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() || found.len() >= most {
                break;
            }
        }
        found.sort_by_key(|arn| std::cmp::Reverse(arn.revision));
        found.truncate(most);
        Ok(found)
    }

    /// Emulators know no order.
    async fn families(&self) -> Answer<Vec<String>> {
        const CALL: &str = "ListTaskDefinitionFamilies";
        let mut found: Vec<String> = Vec::new();
        let mut token = None;
        loop {
            let call = self.client.list_task_definition_families().status(TaskDefinitionFamilyStatus::Active);
            let call = call.max_results(PAGE).set_next_token(token);
            let page = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
            for family in page.families() {
                if !is_family(family) {
                    return Err(unreadable(CALL, "it lists what is not the name of a family"));
                }
                found.push(family.clone());
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        found.sort();
        Ok(found)
    }

    async fn register(&self, definition: &TaskDefinition, tags: &[Tag]) -> Answer<RevisionArn> {
        const CALL: &str = "RegisterTaskDefinition";
        let refused = |message: String, reason| PortError { kind: ErrorKind::Refused, call: CALL, message, reason };
        let length = definition.text().len();
        if length > wire::LARGEST {
            let message = format!("the task definition has {length} bytes; ECS takes {}", wire::LARGEST);
            return Err(refused(message, Some(Reason::TooLarge)));
        }
        let body =
            wire::register(definition, tags).map_err(|error| refused(error.to_string(), Some(Reason::Unreadable)))?;
        let wire = Wire::sending(body);
        // The call has no token that would tell a second try from a second wish.
        let call = self.client.register_task_definition().customize().config_override(once()).interceptor(wire.clone());
        let reply = wire.reply(call.send().await).map_err(|error| port_error_about(CALL, &error, Some(definition)))?;
        wire::registered(&reply).map_err(|error| unreadable(CALL, &error.to_string()))
    }

    /// A revision that is INACTIVE already is what was asked for.
    async fn deregister(&self, revision: &RevisionArn) -> Answer<()> {
        const CALL: &str = "DeregisterTaskDefinition";
        let wire = Wire::receiving();
        let call = self.client.deregister_task_definition().task_definition(revision.to_string());
        let result = call.customize().interceptor(wire.clone()).send().await;
        match wire.reply(result).map_err(|error| port_error(CALL, &error)) {
            Ok(_) => Ok(()),
            Err(error)
                if error.kind == ErrorKind::Refused && error.message.to_ascii_lowercase().contains("inactive") =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn default_mode(&self) -> Answer<Delivery> {
        let known = *self.default_mode.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, mode)) = known
            && read.elapsed() < SETTING_HOLDS
        {
            return Ok(mode);
        }
        let mode = self.read_default_mode().await?;
        *self.default_mode.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), mode));
        Ok(mode)
    }
}
