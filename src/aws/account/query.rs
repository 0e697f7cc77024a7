//! Calls of the query protocols of EC2, Elastic Load Balancing and IAM, page by page.

use aws_smithy_query::QueryWriter;
use serde_json::Value;

use super::MOST_PAGES;
use crate::aws::client::Aws;
use crate::aws::doctor::iam_endpoint;
use crate::aws::errors::unreadable;
use crate::aws::fleet::patiently;
use crate::aws::signed::query::is_whole;
use crate::aws::signed::xml::tree;
use crate::aws::signed::{Operation, Request};
use crate::ports::Answer;

/// How a service writes and reads its pages (source: the botocore models of the services).
pub(super) struct Dialect {
    pub(super) version: &'static str,
    /// The parameter of the request that asks for a further page.
    pub(super) ask: &'static str,
    /// The path of the member of the response that names a further page.
    pub(super) next: &'static str,
    /// Whether the service has one endpoint for each partition.
    pub(super) is_global: bool,
}

/// The parameters of a call: names and values.
pub(super) type Parameters = Vec<(String, String)>;

/// Returns the parameters of the filter with this number.
pub(super) fn filter(number: usize, name: &str, values: &[String]) -> Parameters {
    let value = |(index, value): (usize, &String)| (format!("Filter.{number}.Value.{}", index + 1), value.clone());
    let name = (format!("Filter.{number}.Name"), name.to_owned());
    [name].into_iter().chain(values.iter().enumerate().map(value)).collect()
}

impl Aws {
    /// Returns the items of the list at `member` of all pages. `member` is a JSON pointer in the tree of the response.
    pub(super) async fn query_all(
        &self,
        operation: &'static Operation,
        dialect: &Dialect,
        parameters: &Parameters,
        member: &str,
    ) -> Answer<Vec<Value>> {
        let (mut found, mut token) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let mut parameters = parameters.clone();
            parameters.extend(token.map(|token| (dialect.ask.to_owned(), token)));
            let reply = self.query(operation, dialect, &parameters).await?;
            match reply.pointer(member) {
                Some(Value::Array(items)) => found.extend(items.iter().cloned()),
                None | Some(Value::Null) => {}
                Some(_) => return Err(unreadable(operation.name, &format!("{member} is not a list"))),
            }
            token = reply.pointer(dialect.next).and_then(Value::as_str).map(String::from);
            if token.is_none() {
                return Ok(found);
            }
        }
        Err(unreadable(operation.name, &format!("the list has more than {MOST_PAGES} pages")))
    }

    /// Returns the tree of the response.
    pub(super) async fn query(
        &self,
        operation: &'static Operation,
        dialect: &Dialect,
        parameters: &Parameters,
    ) -> Answer<Value> {
        let mut body = String::new();
        let mut form = QueryWriter::new(&mut body, operation.name, dialect.version);
        for (name, value) in parameters {
            form.prefix(name).string(value);
        }
        form.finish();
        let (host, region) = iam_endpoint(self.region());
        let request = || match dialect.is_global {
            true => Request::form(body.clone()).at_host(host).in_region(region),
            false => Request::form(body.clone()),
        };
        let reply = patiently(|| self.signed.call(operation, request())).await?;
        let text = reply.text()?;
        match tree(text).filter(|_| is_whole(operation.name, text)) {
            Some(tree) => Ok(tree),
            None => Err(reply.spoiled()),
        }
    }
}
