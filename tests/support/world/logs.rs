//! Log groups as CloudWatch Logs keeps them.

use std::collections::BTreeMap;

use logweir::domain::edit::NewLogGroup;
use logweir::domain::rules::facts::LogGroup;
use logweir::ports::{Answer, LogGroups};

use super::account::{missing, refused};
use super::{Account, Group, Lie, World};

const CREATE: &str = "CreateLogGroup";
const RETAIN: &str = "PutRetentionPolicy";
const UNRETAIN: &str = "DeleteRetentionPolicy";
const ABSENT: &str = "ResourceNotFoundException: The specified log group does not exist.";

/// The valid retentions in days (source: CloudWatch Logs API reference, PutRetentionPolicy).
const DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl LogGroups for World {
    async fn look(&self, names: &[String]) -> Answer<BTreeMap<String, LogGroup>> {
        let look = |account: &mut Account| {
            Ok(names.iter().filter_map(|name| Some((name.clone(), account.fact(name)?))).collect())
        };
        self.call("DescribeLogGroups", names.join(" "), look).await
    }

    async fn is_empty(&self, name: &str) -> Answer<bool> {
        let look = |account: &mut Account| match account.groups.get(name) {
            Some(group) => Ok(group.streams == 0),
            None => missing("DescribeLogStreams", ABSENT),
        };
        self.call("DescribeLogStreams", name, look).await
    }

    async fn create(&self, group: &NewLogGroup) -> Answer<bool> {
        let create = |account: &mut Account| {
            account.watch_create(&group.name);
            account.create(group)
        };
        self.call(CREATE, &group.name, create).await
    }

    async fn set_retention(&self, name: &str, days: u32) -> Answer<()> {
        let set = |account: &mut Account| {
            account.watch_retain(name, days);
            match account.groups.get_mut(name) {
                None => missing(RETAIN, ABSENT),
                Some(_) if !DAYS.contains(&days) => refused(RETAIN, format!("InvalidParameterException: {days} days")),
                Some(group) => {
                    group.retention = Some(days);
                    Ok(())
                }
            }
        };
        self.call(RETAIN, name, set).await
    }

    async fn delete_retention(&self, name: &str) -> Answer<()> {
        let delete = |account: &mut Account| {
            account.watch_unretain(name);
            match account.groups.get_mut(name) {
                None => missing(UNRETAIN, ABSENT),
                Some(group) => {
                    group.retention = None;
                    Ok(())
                }
            }
        };
        self.call(UNRETAIN, name, delete).await
    }
}

impl Account {
    fn fact(&self, name: &str) -> Option<LogGroup> {
        let group = self.groups.get(name)?;
        let policy = self.retention_policy.as_ref();
        Some(LogGroup::Exists {
            retention: match self.lie {
                Some(Lie::RetentionIsLogweirs) if group.retention.is_some() => Some(30),
                _ => policy.map(|(_, days)| *days).or(group.retention),
            },
            policy: policy.map(|(name, _)| name.clone()),
            empty: (group.stored_bytes > 0).then_some(false),
        })
    }

    fn create(&mut self, group: &NewLogGroup) -> Answer<bool> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
        let name = group.name.as_str();
        if !(1..=512).contains(&name.len()) || !name.bytes().all(legal) || name.starts_with("aws/") {
            return refused(CREATE, "InvalidParameterException: logGroupName");
        }
        if self.groups.contains_key(name) {
            return Ok(false);
        }
        let (class, kms_key) = (group.class.clone(), group.kms_key.clone());
        self.groups.insert(name.into(), Group { class, kms_key, by_logweir: true, ..Group::default() });
        Ok(true)
    }
}
