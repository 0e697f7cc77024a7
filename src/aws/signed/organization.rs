//! The accounts of the caller's organization.

use serde_json::json;

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use super::request::Request;
use crate::aws::errors::unreadable;
use crate::domain::accounts::MOST_ACCOUNTS;
use crate::domain::ecs::arn::is_account;
use crate::ports::Answer;

const ORGANIZATIONS: Service = Service::json("organizations", JSON_1_1, "AWSOrganizationsV20161128");
const LIST: Operation = ORGANIZATIONS.read("ListAccounts");

/// The largest number of pages, so that an endless list ends the run. AWS Organizations returns at most 20 accounts on
/// a page (source: AWS Organizations API reference, ListAccounts).
const MOST_PAGES: usize = MOST_ACCOUNTS / 10;

impl SignedClient {
    /// Returns the ACTIVE accounts of the organization, sorted by number. Only the management account or a delegated
    /// administrator may call ListAccounts.
    pub(in crate::aws) async fn accounts_of_organization(&self) -> Answer<Vec<String>> {
        let (host, region) = endpoint(self.region());
        let (mut accounts, mut token) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let body = token.map_or_else(|| json!({}), |token| json!({"NextToken": token}));
            let reply = self.call(&LIST, Request::json(&body).at_host(host).in_region(region)).await?.json()?;
            let page = reply["Accounts"].as_array().ok_or_else(|| unreadable(LIST.name, "Accounts is missing"))?;
            for account in page {
                let id = account["Id"].as_str().filter(|id| is_account(id));
                let id = id.ok_or_else(|| unreadable(LIST.name, "an account has no valid number"))?;
                // `Status` is deprecated in favour of `State`, and both say `ACTIVE`.
                if [&account["State"], &account["Status"]].into_iter().any(|state| *state == "ACTIVE") {
                    accounts.push(id.to_owned());
                }
            }
            token = reply["NextToken"].as_str().filter(|token| !token.is_empty()).map(String::from);
            if token.is_none() {
                accounts.sort();
                accounts.dedup();
                return Ok(accounts);
            }
        }
        Err(unreadable(LIST.name, "the list of accounts does not end"))
    }
}

/// Returns the host name of AWS Organizations and the Region for the signature. AWS Organizations has one endpoint for
/// each partition (sources: botocore, endpoints.json, and the endpoint rules of Organizations for the partition
/// aws-eusc).
fn endpoint(region: &str) -> (&'static str, &'static str) {
    match region.split('-').next() {
        Some("cn") => ("organizations.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
        _ if region.starts_with("us-gov-") => ("organizations.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        _ if region.starts_with("us-iso-") => ("organizations.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        _ if region.starts_with("us-isob-") => ("organizations.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
        _ if region.starts_with("eu-isoe-") => ("organizations.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"),
        _ if region.starts_with("us-isof-") => ("organizations.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
        Some("eusc") => ("organizations.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        _ => ("organizations.us-east-1.amazonaws.com", "us-east-1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_an_endpoint_of_its_own() {
        for (region, host, signed) in [
            ("eu-west-1", "organizations.us-east-1.amazonaws.com", "us-east-1"),
            ("cn-north-1", "organizations.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
            ("us-gov-east-1", "organizations.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("us-iso-west-1", "organizations.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            ("us-isob-east-1", "organizations.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
            ("eu-isoe-west-1", "organizations.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"),
            ("us-isof-east-1", "organizations.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
            ("eusc-de-east-1", "organizations.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ] {
            assert_eq!(endpoint(region), (host, signed), "{region}");
        }
    }
}
