//! Reads whether a bucket with transcripts exists, and how it encrypts objects.

use aws_smithy_xml::decode::Document;

use super::patiently;
use crate::aws::client::Aws;
use crate::aws::signed::query::text;
use crate::aws::signed::{Operation, Request, Service, escaped};
use crate::domain::fleet::facts::Bucket;
use crate::ports::{Answer, PortError};

const S3: Service = Service::rest_xml("s3");
const GET: Operation = S3.read("GetBucketEncryption").by_get();

impl Aws {
    /// Reads a bucket of the Region by its name.
    pub async fn transcript_bucket(&self, name: &str) -> Answer<Bucket> {
        let path = format!("{}?encryption=", escaped(name));
        let answer = patiently(|| self.signed.call(&GET, Request::of(path.clone()))).await;
        match answer {
            Ok(reply) => Ok(Bucket::Exists { encryption: algorithm(reply.text()?) }),
            Err(error) if is(&error, "ServerSideEncryptionConfigurationNotFoundError") => {
                Ok(Bucket::Exists { encryption: None })
            }
            Err(error) if is(&error, "NoSuchBucket") => Ok(Bucket::Missing),
            Err(error) => Err(error),
        }
    }
}

fn is(error: &PortError, code: &str) -> bool {
    error.message.starts_with(code)
}

/// Returns the algorithm of the first rule.
fn algorithm(body: &str) -> Option<String> {
    let mut document = Document::new(body);
    while let Some(start) = document.next_start_element() {
        if start.matches("SSEAlgorithm") {
            return Some(text(&mut document.scoped_to(start))).filter(|algorithm| !algorithm.is_empty());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::algorithm;

    #[test]
    fn the_algorithm_of_the_first_rule_is_read() {
        let body = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                    <SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
                    </ServerSideEncryptionConfiguration>";
        assert_eq!(algorithm(body).as_deref(), Some("aws:kms"));
        assert_eq!(algorithm("<ServerSideEncryptionConfiguration/>"), None);
    }
}
