//! The alias of the account, which people recognize more easily than the number of the account.

use std::time::Duration;

use aws_smithy_query::QueryWriter;
use aws_smithy_xml::decode::Document;

use super::client::Aws;
use super::doctor::iam_endpoint;
use super::signed::query::text;
use super::signed::{Operation, Request, Service};

/// The longest time to wait for the alias, which nothing depends on.
const LONGEST: Duration = Duration::from_secs(2);

const IAM: Service = Service::query("iam").within(LONGEST);
const LIST_ALIASES: Operation = IAM.read("ListAccountAliases");

impl Aws {
    /// Returns the alias of the account. Returns `None` if the account has no alias, or if the alias cannot be read.
    pub async fn account_alias(&self) -> Option<String> {
        let (host, region) = iam_endpoint(self.region());
        let mut body = String::new();
        QueryWriter::new(&mut body, LIST_ALIASES.name, "2010-05-08").finish();
        let request = Request::form(body).at_host(host).in_region(region);
        let reply = self.signed.call(&LIST_ALIASES, request).await.ok()?;
        alias(reply.text().ok()?)
    }
}

fn alias(body: &str) -> Option<String> {
    let mut document = Document::new(body);
    while let Some(start) = document.next_start_element() {
        if start.matches("AccountAliases") {
            let mut aliases = document.scoped_to(start);
            let mut member = aliases.next_tag()?;
            return Some(text(&mut member)).filter(|alias| !alias.is_empty());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::alias;

    #[test]
    fn the_first_alias_is_read_and_anything_else_is_no_alias() {
        let reply = |aliases: &str| {
            format!(
                "<ListAccountAliasesResponse><ListAccountAliasesResult><IsTruncated>false</IsTruncated>{aliases}\
                 </ListAccountAliasesResult></ListAccountAliasesResponse>"
            )
        };
        let one = reply("<AccountAliases><member>shop-prod</member></AccountAliases>");
        assert_eq!(alias(&one).as_deref(), Some("shop-prod"));
        for none in [&reply("<AccountAliases/>"), &reply(""), "", "<", "{}", "<AccountAliases><member></member>"] {
            assert_eq!(alias(none), None, "{none}");
        }
    }
}
