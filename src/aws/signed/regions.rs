//! The Regions of an account.

use aws_smithy_query::QueryWriter;
use aws_smithy_xml::decode::Document;

use super::client::SignedClient;
use super::operation::{Operation, Service};
use super::query::{is_whole, text};
use super::request::Request;
use crate::ports::Answer;

const EC2: Service = Service::query("ec2");
const REGIONS: Operation = EC2.read("DescribeRegions");

/// A Region, and whether the account has enabled it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRegion {
    pub name: String,
    pub is_enabled: bool,
}

impl SignedClient {
    /// Returns all Regions of the partition, sorted by name. EC2 answers in every partition, and a member of an
    /// organization needs no permission of the organization for it, unlike ListRegions of the account service.
    pub(in crate::aws) async fn regions(&self) -> Answer<Vec<AccountRegion>> {
        let mut body = String::new();
        let mut form = QueryWriter::new(&mut body, REGIONS.name, "2016-11-15");
        form.prefix("AllRegions").boolean(true);
        form.finish();
        let reply = self.call(&REGIONS, Request::form(body)).await?;
        let body = reply.text()?;
        if !is_whole(REGIONS.name, body) {
            return Err(reply.spoiled());
        }
        Ok(read(body))
    }
}

/// Reads the elements `<item>` with a `<regionName>`. A Region without `<optInStatus>` needs no opt-in.
fn read(body: &str) -> Vec<AccountRegion> {
    let mut document = Document::new(body);
    let mut regions = Vec::new();
    while let Some(start) = document.next_start_element() {
        if !start.matches("item") {
            continue;
        }
        let mut item = document.scoped_to(start);
        let (mut name, mut is_enabled) = (String::new(), true);
        while let Some(mut member) = item.next_tag() {
            match member.start_el().local() {
                "regionName" => name = text(&mut member),
                "optInStatus" => is_enabled = text(&mut member) != "not-opted-in",
                _ => {}
            }
        }
        if crate::domain::ecs::arn::is_partition_or_region(&name) {
            regions.push(AccountRegion { name, is_enabled });
        }
    }
    regions.sort_by(|a, b| a.name.cmp(&b.name));
    regions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_the_account_has_not_enabled_is_known_as_such() {
        let item = |name: &str, status: &str| {
            format!("<item><regionName>{name}</regionName><regionEndpoint>e</regionEndpoint>{status}</item>")
        };
        let items = [
            item("me-south-1", "<optInStatus>not-opted-in</optInStatus>"),
            item("eu-west-1", "<optInStatus>opt-in-not-required</optInStatus>"),
            item("af-south-1", "<optInStatus>opted-in</optInStatus>"),
            item("us-east-1", ""),
            item("https://example.com", ""),
        ];
        let body =
            format!("<DescribeRegionsResponse><regionInfo>{}</regionInfo></DescribeRegionsResponse>", items.concat());
        let read: Vec<_> = read(&body).into_iter().map(|region| (region.name, region.is_enabled)).collect();
        let expected = [("af-south-1", true), ("eu-west-1", true), ("me-south-1", false), ("us-east-1", true)];
        assert_eq!(read, expected.map(|(name, is)| (name.to_owned(), is)));
    }
}
