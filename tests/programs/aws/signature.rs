//! The sent signature equals the one that is computed again from the sent bytes and the known keys.

use logweir::domain::ecs::tags::Tag;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::ports::TaskDefinitions;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::line::{Back, SECRET, Seen, aws};
use super::lossless::ARN;

#[tokio::test(start_paused = true)]
async fn every_attempt_is_signed_over_the_bytes_that_it_sends() {
    let mut throttled = 2;
    let (aws, line) = aws(move |seen| {
        throttled -= i32::from(seen.name() == "DescribeTaskDefinition");
        match throttled {
            0.. => Back::error("ThrottlingException", "Rate exceeded"),
            _ => Back::ok(
                json!({"taskDefinition": {"taskDefinitionArn": ARN, "containerDefinitions": [{"name": "é"}], "status": "ACTIVE"}}),
            ),
        }
    });
    let described = aws.ecs.describe("web:41").await.unwrap();
    let definition = TaskDefinition::parse(described.definition.text().replace("é", r"\u00e9 and é")).unwrap();
    aws.ecs.register(&definition, &[Tag::new("key", "välue")]).await.unwrap();

    let seen = line.seen();
    assert_eq!(line.names().last().unwrap(), "RegisterTaskDefinition");
    assert_eq!(seen.len(), 4);
    assert!(seen[3].body.contains("välue"));
    for request in &seen {
        assert_eq!(request.headers["content-length"], request.body.len().to_string(), "{}", request.name());
        assert_eq!(sent_signature(request), signature_of(request), "{}", request.name());
        let forged = Seen { body: request.body.replace('{', "{ "), ..request.clone() };
        assert_ne!(sent_signature(request), signature_of(&forged), "the signature does not cover the body");
    }
}

fn field<'h>(authorization: &'h str, name: &str) -> &'h str {
    let (_, rest) = authorization.split_once(&format!("{name}=")).unwrap();
    rest.split(',').next().unwrap().trim()
}

pub(crate) fn sent_signature(request: &Seen) -> String {
    field(&request.headers["authorization"], "Signature").to_owned()
}

/// AWS Signature Version 4 as documented (source: IAM User Guide, "Create a signed AWS API request").
pub(crate) fn signature_of(request: &Seen) -> String {
    // Escapes in the path are escaped once more.
    signature_over(request, |path| path.replace('%', "%25"))
}

/// The signature for S3, which escapes a path only once. The parameters of the query must be sorted.
pub(crate) fn signature_for_s3(request: &Seen) -> String {
    signature_over(request, str::to_owned)
}

fn signature_over(request: &Seen, escaped: fn(&str) -> String) -> String {
    let authorization = &request.headers["authorization"];
    let signed = field(authorization, "SignedHeaders");
    let (_, address) = request.uri.split_once("://").unwrap();
    let (host, path) = address.split_once('/').unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = escaped(path);
    let header = |name: &str| match name {
        "host" => host.to_owned(),
        name => request.headers[name].trim().to_owned(),
    };
    let headers: String = signed.split(';').map(|name| format!("{name}:{}\n", header(name))).collect();
    let canonical =
        format!("{}\n/{path}\n{query}\n{headers}\n{signed}\n{}", request.method, hex(&Sha256::digest(&request.body)));
    let (_, scope) = field(authorization, "Credential").split_once('/').unwrap();
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", request.headers["x-amz-date"], hex(&Sha256::digest(canonical)));
    let key = scope.split('/').fold(format!("AWS4{SECRET}").into_bytes(), |key, part| hmac(&key, part.as_bytes()));
    hex(&hmac(&key, to_sign.as_bytes()))
}

/// RFC 2104 over SHA-256, for keys of at most one block.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(pad, key)| *pad ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
