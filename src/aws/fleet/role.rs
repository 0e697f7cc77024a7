//! Finds the ARN of the caller's role, which IAM's policy simulator needs.

use aws_smithy_query::QueryWriter;
use aws_smithy_xml::decode::Document;

use super::patiently;
use crate::aws::client::Aws;
use crate::aws::doctor::iam_endpoint;
use crate::aws::errors::unreadable;
use crate::aws::signed::query::text;
use crate::aws::signed::{Operation, Request, Service};
use crate::ports::Answer;

const IAM: Service = Service::query("iam");
const GET: Operation = IAM.read("GetRole");

impl Aws {
    /// Returns the ARN of the role or the user that calls AWS. The ARN of a session does not contain the path of its
    /// role, so Logweir reads the role.
    pub async fn calling_principal(&self) -> Answer<String> {
        let caller = patiently(|| self.identity()).await?.arn;
        let Some((_, session)) = caller.split_once(":assumed-role/") else { return Ok(caller) };
        let name = session.split('/').next().unwrap_or_default();
        let (host, region) = iam_endpoint(self.region());
        let mut body = String::new();
        let mut form = QueryWriter::new(&mut body, GET.name, "2010-05-08");
        form.prefix("RoleName").string(name);
        form.finish();
        let request = || Request::form(body.clone()).at_host(host).in_region(region);
        let reply = patiently(|| self.signed.call(&GET, request())).await?;
        arn(reply.text()?).ok_or_else(|| unreadable(GET.name, "the ARN of the role is missing"))
    }
}

fn arn(body: &str) -> Option<String> {
    let mut document = Document::new(body);
    while let Some(start) = document.next_start_element() {
        if start.matches("Arn") {
            let found = text(&mut document.scoped_to(start));
            return found.starts_with("arn:").then_some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::arn;

    #[test]
    fn the_arn_of_a_role_has_its_path() {
        let role = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1";
        let body = format!(
            "<GetRoleResponse><GetRoleResult><Role><Path>/x/</Path><Arn>{role}</Arn></Role></GetRoleResult></GetRoleResponse>"
        );
        assert_eq!(arn(&body).as_deref(), Some(role));
        for body in ["", "<GetRoleResponse/>", "<R><Arn>none</Arn></R>"] {
            assert_eq!(arn(body), None, "{body}");
        }
    }
}
