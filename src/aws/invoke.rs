//! Invoking a function, and waiting for its answer. One signed request: an SDK of its own for that would be the largest of
//! all.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::{Aws, errors};
use crate::domain::event::plain;
use crate::ports::{Answer, Kind, PortError};

const CALL: &str = "Invoke";

/// The longest text of a function's error that is handed on.
const LONGEST: usize = 512;

/// No function runs longer (source: Lambda quotas), so no answer comes later.
const LONGEST_RUN: Duration = Duration::from_secs(15 * 60);

/// What a function answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Invoked {
    Answer(Value),
    /// The function ended in an error; ours does so only where another try can help.
    Failed(String),
}

impl Aws {
    /// Tries once: what the function does is safe to ask for again.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Answer<Invoked> {
        if self.reads_only {
            return Err(refused("the function may write, and this run is to change nothing"));
        }
        let body = payload.to_string();
        let request = self.signed(function, &body).await?;
        let settings = HttpConnectorSettings::builder().connect_timeout(super::LONGEST_CONNECT).build();
        let connector = Connector::builder().tls_provider(super::TLS).connector_settings(settings).build();
        self.calls.add_one();
        let answer = async {
            let response = connector
                .call(request)
                .await
                .map_err(|error| errors::retry(CALL, &format!("the connection failed: {}", errors::chain(&error))))?;
            read(response, &body).await
        };
        tokio::time::timeout(LONGEST_RUN, answer)
            .await
            .unwrap_or_else(|_| Err(errors::retry(CALL, "no answer in time")))
    }

    async fn signed(&self, function: &str, body: &str) -> Answer<HttpRequest> {
        let name: String = function.bytes().flat_map(escaped).collect();
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.lambda_endpoint());
        let provider = self.config.credentials_provider().ok_or_else(|| refused("no AWS credentials"))?;
        let identity = provider.provide_credentials().await.map_err(|error| refused(errors::chain(&error)))?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("lambda")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(refused)?
            .into();
        let signable = SignableRequest::new("POST", &url, std::iter::empty(), SignableBody::Bytes(body.as_bytes()))
            .map_err(refused)?;
        let (instructions, _) = sign(signable, &params).map_err(refused)?.into_parts();
        let (headers, _) = instructions.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(refused)?;
        request.set_uri(url).map_err(refused)?;
        for header in headers {
            request.headers_mut().insert(header.name(), header.value().to_owned());
        }
        Ok(request)
    }

    fn lambda_endpoint(&self) -> String {
        if let Some(url) = self.config.endpoint_url() {
            return url.trim_end_matches('/').to_owned();
        }
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://lambda.{}.{suffix}", self.region)
    }
}

/// What an answer to this payload says. An error may quote the payload; that stays where it is.
async fn read(response: HttpResponse, payload: &str) -> Answer<Invoked> {
    let status = response.status().as_u16();
    let header = |name: &'static str| response.headers().get(name).map(String::from);
    let (failed, code) = (header("x-amz-function-error").is_some(), header("x-amzn-errortype"));
    let bytes = ByteStream::new(response.into_body())
        .collect()
        .await
        .map_err(|error| errors::retry(CALL, &format!("the connection failed: {}", errors::chain(&error))))?;
    let Ok(answer) = serde_json::from_slice::<Value>(&bytes.into_bytes()) else {
        return Err(errors::spoiled(CALL, status));
    };
    let code = code.or_else(|| answer["__type"].as_str().map(String::from));
    let text = |name: &str| answer[name].as_str().unwrap_or_default().replace(payload, "(hidden)");
    match (status, code) {
        (200, _) if failed => Ok(Invoked::Failed(plain(&text("errorMessage"), LONGEST))),
        (200, _) => Ok(Invoked::Answer(answer)),
        (_, Some(code)) => {
            let code = code.split(':').next().unwrap_or_default();
            Err(errors::said(CALL, status, code, &[text("Message"), text("message")].concat(), None))
        }
        (_, None) => Err(errors::spoiled(CALL, status)),
    }
}

fn refused(why: impl Display) -> PortError {
    PortError { kind: Kind::Refused, call: CALL, message: plain(&why.to_string(), LONGEST), reason: None }
}

/// A name or an ARN, as it stands in a path.
fn escaped(byte: u8) -> Vec<char> {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => vec![char::from(byte)],
        _ => format!("%{byte:02X}").chars().collect(),
    }
}
