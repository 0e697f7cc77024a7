//! The client for the AWS services that Logweir calls without an SDK. The client signs and counts each request, and
//! tries each request only once.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::operation::{Effect, Operation, Protocol};
use super::reply::Reply;
use super::request::Request;
use crate::aws::calls::Calls;
use crate::aws::errors::{cause, refused, retry, unreached};
use crate::aws::https::connector;
use crate::aws::read_only::{refusal, would_write};
use crate::domain::outcome::Reason;
use crate::ports::{Answer, PortError};

/// A client that signs requests with the credentials of an SDK configuration, and counts the requests.
#[derive(Clone, Debug)]
pub(in crate::aws) struct SignedClient {
    config: SdkConfig,
    region: String,
    calls: Calls,
    reads_only: bool,
    /// The HTTP connector. Only the first call builds the connector, because the construction reads all certificates of
    /// the machine.
    connector: Arc<OnceLock<Connector>>,
}

impl SignedClient {
    pub(in crate::aws) fn new(config: SdkConfig, region: String, calls: Calls, reads_only: bool) -> Self {
        Self { config, region, calls, reads_only, connector: Arc::default() }
    }

    pub(in crate::aws) fn region(&self) -> &str {
        &self.region
    }

    /// Calls an operation whose request and response are JSON.
    pub(in crate::aws) async fn ask(&self, operation: &'static Operation, body: &Value) -> Answer<Value> {
        self.call(operation, Request::json(body)).await?.json()
    }

    /// Whether one endpoint replaces the endpoints of all services.
    pub(in crate::aws) fn has_endpoint(&self) -> bool {
        self.config.endpoint_url().is_some()
    }

    /// Sends a request, without a retry. Returns an error for every HTTP status except 200, and 206 for a part of an
    /// object.
    pub(in crate::aws) async fn call(&self, operation: &'static Operation, request: Request<'_>) -> Answer<Reply> {
        if self.reads_only {
            let why = match operation.effect {
                Effect::Reads => None,
                Effect::Writes => Some(would_write(operation.name)),
                Effect::Does(what) => Some(what.to_owned()),
            };
            if let Some(why) = why {
                return Err(refused(operation.name, &refusal(&why)));
            }
        }
        let reply = Box::pin(self.exchange(operation, &request)).await?;
        if matches!(reply.status, 200 | 206) { Ok(reply) } else { Err(reply.refusal(&request.body)) }
    }

    async fn exchange(&self, operation: &'static Operation, request: &Request<'_>) -> Answer<Reply> {
        let request = self.signed(operation, request).await?;
        let connector = self.connector.get_or_init(connector);
        self.calls.add(operation.name);
        let answer = async {
            let response = connector.call(request).await.map_err(|error| broken(operation, &error))?;
            read(operation, response).await
        };
        tokio::time::timeout(operation.service.longest, answer)
            .await
            .unwrap_or_else(|_| Err(retry(operation.name, "the service did not respond in time")))
    }

    async fn signed(&self, operation: &Operation, request: &Request<'_>) -> Answer<HttpRequest> {
        let refused = |why: String| refused(operation.name, &why);
        let denied = |why: String| PortError { reason: Some(Reason::AccessDenied), ..refused(why) };
        let unfit = |error: &dyn std::error::Error| refused(error.to_string());
        let provider =
            self.config.credentials_provider().ok_or_else(|| denied("there are no AWS credentials".into()))?;
        let identity = provider.provide_credentials().await.map_err(|error| denied(cause(&error)))?.into();
        let region = request.region.unwrap_or(&self.region);
        let url = format!("{}/{}", self.endpoint(operation.service.host, region, request.host), request.path);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(operation.service.name)
            .time(SystemTime::now())
            .settings(settings(operation.service.protocol))
            .build()
            .map_err(|error| unfit(&error))?
            .into();
        let mut headers = operation.headers();
        headers.extend(request.headers.iter().cloned());
        let body = SignableBody::Bytes(request.body.as_bytes());
        let named = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable = SignableRequest::new(operation.method, &url, named, body).map_err(|error| unfit(&error))?;
        let (instructions, _) = sign(signable, &params).map_err(|error| unfit(&error))?.into_parts();
        let (signature, _) = instructions.into_parts();
        let mut signed = HttpRequest::new(SdkBody::from(request.body.as_str()));
        signed.set_method(operation.method).map_err(|error| unfit(&error))?;
        signed.set_uri(url).map_err(|error| unfit(&error))?;
        for (name, value) in headers {
            signed.headers_mut().insert(name, value);
        }
        for header in signature {
            signed.headers_mut().insert(header.name(), header.value().to_owned());
        }
        Ok(signed)
    }

    /// Returns the URL of the endpoint of an AWS service, without a path. The endpoint is the configured endpoint if
    /// there is one, else the host `host` if the caller gives one, else `https://SERVICE.REGION.…`.
    fn endpoint(&self, service: &str, region: &str, host: Option<&str>) -> String {
        match (self.config.endpoint_url(), host) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, Some(host)) => format!("https://{host}"),
            (None, None) => {
                format!("https://{service}.{region}.{}", dns_suffix(region))
            }
        }
    }
}

/// Returns the end of the host names in the partition of a Region (source: botocore, partitions.json).
pub(super) fn dns_suffix(region: &str) -> &'static str {
    const SUFFIXES: [(&str, &str); 6] = [
        ("cn-", "amazonaws.com.cn"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
    ];
    SUFFIXES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("amazonaws.com", |(_, suffix)| *suffix)
}

/// Returns how to sign a request. Amazon S3 neither encodes the path a second time nor normalizes it (source: IAM user
/// guide, Create a signed AWS API request).
fn settings(protocol: Protocol) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if matches!(protocol, Protocol::RestXml) {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}

async fn read(operation: &'static Operation, response: HttpResponse) -> Answer<Reply> {
    let status = response.status().as_u16();
    let header = |name: &'static str| response.headers().get(name).map(String::from);
    let (function_failed, code) = (header("x-amz-function-error").is_some(), header("x-amzn-errortype"));
    let signature = header("x-amz-meta-signature");
    let (mut stream, mut body) = (ByteStream::new(response.into_body()), Vec::new());
    while let Some(part) = stream.try_next().await.map_err(|error| broken(operation, &error))? {
        if body.len() + part.len() > largest(operation.service.protocol) {
            return Err(refused(operation.name, "the response is too large"));
        }
        body.extend_from_slice(&part);
    }
    Ok(Reply { operation, status, body, function_failed, code, signature })
}

/// Returns the size of the largest response that Logweir reads, in bytes, so that an endless response costs bounded
/// memory. An object of Amazon S3 is the largest; other responses of AWS have at most a few MiB.
fn largest(protocol: Protocol) -> usize {
    match protocol {
        Protocol::RestXml => 256 << 20,
        _ => 32 << 20,
    }
}

fn broken(operation: &Operation, error: &(dyn std::error::Error + 'static)) -> PortError {
    unreached(operation.name, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(config: SdkConfig, region: &str) -> String {
        SignedClient::new(config, region.to_owned(), Calls::default(), false).endpoint("api.ecr", region, None)
    }

    #[test]
    fn a_service_answers_in_its_region_and_each_partition_has_names_of_its_own() {
        let config = SdkConfig::builder().build();
        assert_eq!(endpoint(config.clone(), "eu-west-1"), "https://api.ecr.eu-west-1.amazonaws.com");
        assert_eq!(endpoint(config.clone(), "cn-north-1"), "https://api.ecr.cn-north-1.amazonaws.com.cn");
        assert_eq!(endpoint(config.clone(), "us-gov-west-1"), "https://api.ecr.us-gov-west-1.amazonaws.com");
        assert_eq!(endpoint(config.clone(), "us-isob-east-1"), "https://api.ecr.us-isob-east-1.sc2s.sgov.gov");
        assert_eq!(endpoint(config, "eusc-de-east-1"), "https://api.ecr.eusc-de-east-1.amazonaws.eu");
    }

    #[test]
    fn a_configured_endpoint_is_that_of_every_region() {
        let config = SdkConfig::builder().endpoint_url("http://127.0.0.1:4566/").build();
        assert_eq!(endpoint(config.clone(), "eu-west-1"), "http://127.0.0.1:4566");
        assert_eq!(endpoint(config, "cn-north-1"), "http://127.0.0.1:4566");
    }
}
