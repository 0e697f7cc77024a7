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
use crate::aws::errors::{endless, port_error, port_error_about, unreadable};
use crate::aws::signed::SignedClient;
use crate::domain::baseline::Delivery;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::wire::{self, NotAReply};
use crate::domain::limits::pages::Pages;
use crate::domain::outcome::Reason;
use crate::ports::{Answer, Described, ErrorKind, FamilyPage, PortError, TaskDefinitions};

/// The time for which Logweir caches the account setting `defaultLogDriverMode`. The setting rarely changes, but a
/// Lambda environment may run for hours.
const SETTING_HOLDS: Duration = Duration::from_secs(15 * 60);

/// The largest number of items on one page of a list operation of ECS.
pub(in crate::aws) const PAGE: i32 = 100;

/// The adapter to ECS. Clones of the adapter share the cached account setting.
#[derive(Clone, Debug)]
pub struct Ecs {
    pub(in crate::aws) client: Client,
    /// The client without an SDK, with which Logweir calls ECR.
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
            // If an account does not have the setting, ECS has used the mode non-blocking since 2025-06-25 (source: ECS
            // API reference, LogConfiguration).
            None | Some("non-blocking") => Ok(Delivery::NonBlocking),
            Some("blocking") => Ok(Delivery::Blocking),
            Some(_) => Err(PortError {
                kind: ErrorKind::Refused,
                ..unreadable(CALL, "defaultLogDriverMode is neither blocking nor non-blocking")
            }),
        }
    }
}

/// Returns an SDK configuration without retries. By default, the SDK retries a call after a broken connection.
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
            // A response that is not JSON was cut off or corrupted in transit, so another try may help.
            NotAReply::NotJson => unreadable(CALL, &error.to_string()),
            _ => PortError { kind: ErrorKind::Refused, ..unreadable(CALL, &error.to_string()) },
        })
    }

    /// Makes only one call on AWS, because AWS treats the parameter `familyPrefix` as the full name of a family
    /// (source: ECS API reference, ListTaskDefinitions). Some emulators of ECS treat `familyPrefix` as a prefix or
    /// ignore the sort order. For such emulators, this method reads further pages, filters the revisions by family and
    /// sorts the revisions.
    async fn newest(&self, family: &str, most: u8) -> Answer<Vec<RevisionArn>> {
        const CALL: &str = "ListTaskDefinitions";
        let most = usize::from(most.clamp(1, 100));
        let mut found: Vec<RevisionArn> = Vec::new();
        let (mut token, mut pages) = (None, Pages::default());
        loop {
            let call = self.client.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
            let call = call.sort(SortOrder::Desc).max_results(most as i32).set_next_token(token);
            let page = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
            for arn in page.task_definition_arns() {
                let arn: RevisionArn =
                    arn.parse().map_err(|_| unreadable(CALL, "a listed ARN is not the ARN of a revision"))?;
                if arn.family == family {
                    found.push(arn);
                }
            }
            let read = page.task_definition_arns().len();
            let next = page.next_token.filter(|token| !token.is_empty());
            token = pages.next(next, read).map_err(|why| endless(CALL, why))?;
            if token.is_none() || found.len() >= most {
                break;
            }
        }
        found.sort_by_key(|arn| std::cmp::Reverse(arn.revision));
        found.truncate(most);
        Ok(found)
    }

    async fn families(&self, token: Option<&str>) -> Answer<FamilyPage> {
        const CALL: &str = "ListTaskDefinitionFamilies";
        let call = self.client.list_task_definition_families().status(TaskDefinitionFamilyStatus::Active);
        let call = call.max_results(PAGE).set_next_token(token.map(String::from));
        let page = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
        if !page.families().iter().all(|family| is_family(family)) {
            return Err(unreadable(CALL, "a listed family has an invalid name"));
        }
        Ok(FamilyPage { families: page.families().to_vec(), next: page.next_token.filter(|token| !token.is_empty()) })
    }

    async fn register(&self, definition: &TaskDefinition, tags: &[Tag]) -> Answer<RevisionArn> {
        const CALL: &str = "RegisterTaskDefinition";
        let refused = |message: String, reason| PortError { kind: ErrorKind::Refused, call: CALL, message, reason };
        let length = definition.text().len();
        if length > wire::LARGEST {
            let message = format!("the task definition has {length} bytes, but ECS accepts at most {}", wire::LARGEST);
            return Err(refused(message, Some(Reason::TooLarge)));
        }
        let body =
            wire::register(definition, tags).map_err(|error| refused(error.to_string(), Some(Reason::Unreadable)))?;
        let wire = Wire::sending(body);
        // RegisterTaskDefinition has no idempotency token, so a second try could register a second revision.
        let call = self.client.register_task_definition().customize().config_override(once()).interceptor(wire.clone());
        let reply = wire.reply(call.send().await).map_err(|error| port_error_about(CALL, &error, Some(definition)))?;
        wire::registered(&reply).map_err(|error| unreadable(CALL, &error.to_string()))
    }

    /// Also succeeds if the revision is already INACTIVE.
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
