//! The files of a trail, in Amazon S3.

use std::time::Duration;

use aws_smithy_xml::decode::{Document, ScopedDecoder};

use super::client::SignedClient;
use super::operation::{Operation, Service};
use super::query::text;
use super::request::escaped;
use crate::aws::errors::{refused, unreadable};
use crate::domain::trail::location::is_bucket;
use crate::ports::{Answer, Bucket, KeyPage, ListedObject, Object};

/// A log file may have many megabytes.
const LONGEST: Duration = Duration::from_secs(120);

const S3: Service = Service::rest_xml("s3").within(LONGEST);
const LIST_OBJECTS: Operation = S3.read("ListObjectsV2").by_get();
const GET_OBJECT: Operation = S3.read("GetObject").by_get();

/// A bucket of Amazon S3.
#[derive(Clone, Debug)]
pub struct S3Bucket {
    signed: SignedClient,
    name: String,
    /// Whether the caller pays for the requests, and not the owner of the bucket.
    is_requester_paying: bool,
}

impl S3Bucket {
    /// Returns `None` if the name is not the name of a bucket.
    pub(in crate::aws) fn new(signed: SignedClient, name: &str, is_requester_paying: bool) -> Option<Self> {
        is_bucket(name).then(|| Self { signed, name: name.to_owned(), is_requester_paying })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let payer = self.is_requester_paying.then(|| ("x-amz-request-payer", "requester".to_owned()));
        payer.into_iter().collect()
    }
}

impl Bucket for S3Bucket {
    async fn list(&self, prefix: &str, folders: bool, token: Option<&str>) -> Answer<KeyPage> {
        // The signature needs the parameters in any order; this is the order of their names.
        let mut query = String::from("?");
        if let Some(token) = token {
            query += &format!("continuation-token={}&", escaped(token));
        }
        if folders {
            query += "delimiter=%2F&";
        }
        query += &format!("list-type=2&prefix={}", escaped(prefix));
        let reply = self.signed.s3(&LIST_OBJECTS, &self.name, &query, self.headers()).await?;
        let body = reply.text()?;
        if !body.trim_end().ends_with("</ListBucketResult>") {
            return Err(unreadable(LIST_OBJECTS.name, "the response is not complete"));
        }
        let page = page(body).ok_or_else(|| unreadable(LIST_OBJECTS.name, "the response is no list of keys"))?;
        if page.next.is_some() && page.next.as_deref() == token {
            return Err(unreadable(LIST_OBJECTS.name, "the next page is the same page"));
        }
        Ok(page)
    }

    async fn get(&self, key: &str, most: u64) -> Answer<Object> {
        let path: Vec<String> = key.split('/').map(escaped).collect();
        let mut headers = self.headers();
        // One more byte shows that the object is larger.
        headers.push(("range", format!("bytes=0-{most}")));
        let reply = self.signed.s3(&GET_OBJECT, &self.name, &path.join("/"), headers).await?;
        if reply.body.len() as u64 > most {
            return Err(refused(GET_OBJECT.name, &format!("the object is larger than {} MiB", most >> 20)));
        }
        Ok(Object { bytes: reply.body, signature: reply.signature })
    }
}

/// Reads `<ListBucketResult><Contents><Key/><Size/>…<CommonPrefixes><Prefix/>…<NextContinuationToken/>`.
fn page(body: &str) -> Option<KeyPage> {
    let mut document = Document::new(body);
    let mut root = document.root_element().ok()?;
    let mut page = KeyPage::default();
    while let Some(mut element) = root.next_tag() {
        match element.start_el().local() {
            "Contents" => page.objects.push(object(&mut element)),
            "CommonPrefixes" => page.folders.extend(folder(&mut element)),
            "NextContinuationToken" => page.next = Some(text(&mut element)).filter(|token| !token.is_empty()),
            _ => {}
        }
    }
    Some(page)
}

fn object(contents: &mut ScopedDecoder<'_, '_>) -> ListedObject {
    let mut object = ListedObject::default();
    while let Some(mut member) = contents.next_tag() {
        match member.start_el().local() {
            "Key" => object.key = text(&mut member),
            "Size" => object.size = text(&mut member).parse().unwrap_or(0),
            _ => {}
        }
    }
    object
}

fn folder(prefixes: &mut ScopedDecoder<'_, '_>) -> Option<String> {
    while let Some(mut member) = prefixes.next_tag() {
        if member.start_el().matches("Prefix") {
            return Some(text(&mut member));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_keys_folders_and_the_token_of_the_next_page() {
        let body = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>b</Name><Prefix>AWSLogs/</Prefix><NextContinuationToken>a+b/=</NextContinuationToken>\
             <Contents><Key>AWSLogs/a&amp;b.json.gz</Key><Size>42</Size></Contents>\
             <CommonPrefixes><Prefix>AWSLogs/111122223333/</Prefix></CommonPrefixes></ListBucketResult>";
        let expected = KeyPage {
            objects: vec![ListedObject { key: "AWSLogs/a&b.json.gz".into(), size: 42 }],
            folders: vec!["AWSLogs/111122223333/".into()],
            next: Some("a+b/=".into()),
        };
        assert_eq!(page(body), Some(expected));
        assert_eq!(page("<"), None);
    }
}
