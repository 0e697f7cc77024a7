//! The objects of transcripts, in Amazon S3.

use aws_smithy_xml::decode::{Document, ScopedDecoder};

use super::client::{SignedClient, dns_suffix};
use super::operation::{Operation, Service};
use super::query::text;
use super::reply::Reply;
use super::request::{Request, escaped};
use crate::aws::errors::{refused, unless_missing, unreadable};
use crate::domain::trail::location::is_bucket;
use crate::ports::{Answer, Stored};

const S3: Service = Service::rest_xml("s3");
const LIST_OBJECTS: Operation = S3.read("ListObjectsV2").by_get();
const GET_OBJECT: Operation = S3.read("GetObject").by_get();

impl SignedClient {
    /// Returns the object with exactly this key. The list is sorted by key, so this object is the first one with the
    /// prefix (source: S3 API reference, ListObjectsV2).
    pub(in crate::aws) async fn object(&self, bucket: &str, key: &str) -> Answer<Option<Stored>> {
        let query = format!("?list-type=2&max-keys=1&prefix={}", escaped(key));
        let reply = self.s3(&LIST_OBJECTS, bucket, &query, Vec::new()).await;
        let Some(reply) = unless_missing(reply)? else { return Ok(None) };
        let body = reply.text()?;
        if !body.trim_end().ends_with("</ListBucketResult>") {
            return Err(unreadable(LIST_OBJECTS.name, "the response is not complete"));
        }
        Ok(find(body, key))
    }

    /// Returns the first `most` bytes of an object. Returns `None` if there is no such object.
    pub(in crate::aws) async fn object_text(&self, bucket: &str, key: &str, most: usize) -> Answer<Option<Vec<u8>>> {
        let path: Vec<String> = key.split('/').map(escaped).collect();
        let range = format!("bytes=0-{}", most.saturating_sub(1));
        let reply = self.s3(&GET_OBJECT, bucket, &path.join("/"), vec![("range", range)]).await;
        Ok(unless_missing(reply)?.map(|reply| {
            let mut bytes = reply.body;
            bytes.truncate(most);
            bytes
        }))
    }

    /// Calls S3 for a bucket in this Region. A bucket with a dot in its name is a part of the path, because no
    /// certificate is valid for its host name.
    pub(super) async fn s3(
        &self,
        operation: &'static Operation,
        bucket: &str,
        rest: &str,
        headers: Vec<(&'static str, String)>,
    ) -> Answer<Reply> {
        if !is_bucket(bucket) {
            return Err(refused(operation.name, "the name of the bucket is not valid"));
        }
        let is_in_path = self.has_endpoint() || bucket.contains('.');
        let suffix = dns_suffix(self.region());
        let host = format!("{bucket}.s3.{}.{suffix}", self.region());
        let request = match is_in_path {
            true => Request::of(format!("{bucket}/{rest}")),
            false => Request::of(rest.to_owned()).at_host(&host),
        };
        self.call(operation, Request { headers, ..request }).await
    }
}

/// Returns the object with this key in the XML `<ListBucketResult><Contents><Key/><LastModified/><Size/>…`.
fn find(body: &str, key: &str) -> Option<Stored> {
    let mut document = Document::new(body);
    let mut root = document.root_element().ok()?;
    while let Some(mut contents) = root.next_tag() {
        if contents.start_el().matches("Contents")
            && let Some(stored) = object(&mut contents, key)
        {
            return Some(stored);
        }
    }
    None
}

fn object(contents: &mut ScopedDecoder<'_, '_>, key: &str) -> Option<Stored> {
    let (mut stored, mut is_it) = (Stored::default(), false);
    while let Some(mut member) = contents.next_tag() {
        match member.start_el().local() {
            "Key" => is_it = text(&mut member) == key,
            "Size" => stored.bytes = text(&mut member).parse().ok(),
            "LastModified" => stored.last = text(&mut member).parse().ok(),
            _ => {}
        }
    }
    stored.is_empty = stored.bytes == Some(0);
    is_it.then_some(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_with_exactly_the_key_is_found() {
        let body = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>b</Name><Contents><Key>exec/a.log.1</Key><Size>1</Size></Contents>\
             <Contents><Key>exec/a.log</Key><LastModified>2026-11-30T08:00:00.000Z</LastModified><Size>42</Size>\
             </Contents></ListBucketResult>";
        let found = find(body, "exec/a.log").unwrap();
        assert_eq!((found.bytes, found.is_empty), (Some(42), false));
        assert_eq!(found.last, Some("2026-11-30T08:00:00Z".parse().unwrap()));
        assert_eq!(find(body, "exec/a.lo"), None);
        assert_eq!(find("<", "a"), None);
    }
}
