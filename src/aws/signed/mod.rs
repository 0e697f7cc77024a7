//! Calls that no SDK makes, one signed request each: an SDK of its own for the one operation that is needed would be the
//! larger part of the binary.

pub(super) mod deployment;
mod ecr;
pub(super) mod invoke;
pub(super) mod notify;
mod parameters;
mod query;
pub(super) mod queue;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::read_only::{ReadOnly, would_write};
use super::{Calls, errors};
use crate::domain::outcome::Reason;
use crate::domain::text::plain::plain;
use crate::ports::{Answer, ErrorKind, PortError};

/// The longest text of ours that says why nothing was sent.
const LONGEST: usize = 512;

/// Signs with the credentials of a configuration, and counts what it sends.
#[derive(Clone, Debug)]
pub(in crate::aws) struct Signed {
    config: SdkConfig,
    calls: Calls,
    read_only: Option<ReadOnly>,
    /// Made at the first call: it reads the machine's certificates.
    connector: Arc<OnceLock<Connector>>,
}

/// A POST, unless it is sent otherwise.
pub(in crate::aws) struct Call<'c> {
    /// The operation.
    pub(in crate::aws) name: &'static str,
    /// The service and the Region, as the signature names them.
    pub(in crate::aws) service: &'static str,
    pub(in crate::aws) region: &'c str,
    /// With a path, be it `/`.
    pub(in crate::aws) url: String,
    /// Beside those of the signature. They are signed as well.
    pub(in crate::aws) headers: &'c [(&'static str, &'static str)],
    pub(in crate::aws) body: String,
    /// How long the answer may take.
    pub(in crate::aws) longest: Duration,
}

/// An answer as it came, whatever it is.
pub(in crate::aws) struct Answered {
    pub(in crate::aws) status: u16,
    pub(in crate::aws) body: Vec<u8>,
    function_failed: bool,
    code: Option<String>,
}

/// An answer that is JSON, whatever its status.
pub(in crate::aws) struct Reply {
    pub(in crate::aws) status: u16,
    pub(in crate::aws) body: Value,
    pub(in crate::aws) function_failed: bool,
    code: Option<String>,
}

impl Signed {
    pub(in crate::aws) fn new(config: SdkConfig, calls: Calls, read_only: Option<ReadOnly>) -> Self {
        Self { config, calls, read_only, connector: Arc::default() }
    }

    /// Where a service answers, `https://HOST.REGION.…`, unless the configuration says otherwise. Without a path.
    pub(in crate::aws) fn endpoint(&self, host: &str, region: &str) -> String {
        if let Some(url) = self.configured() {
            return url.to_owned();
        }
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{host}.{region}.{suffix}")
    }

    /// Whether the configuration has credentials, or somewhere to get them from, be it in vain.
    pub(in crate::aws) async fn has_credentials(&self) -> bool {
        let Some(provider) = self.config.credentials_provider() else { return false };
        !matches!(provider.provide_credentials().await, Err(CredentialsError::CredentialsNotLoaded(_)))
    }

    /// The endpoint of every service, where the configuration names one. Without a path.
    pub(in crate::aws) fn configured(&self) -> Option<&str> {
        self.config.endpoint_url().map(|url| url.trim_end_matches('/'))
    }

    /// Tries once. Whatever answers JSON.
    pub(in crate::aws) async fn send(&self, call: Call<'_>) -> Answer<Reply> {
        self.exchange("POST", &call).await?.json(call.name)
    }

    /// As [`Signed::send`], for a service whose answers are no JSON: status and text.
    pub(in crate::aws) async fn send_any(&self, call: Call<'_>) -> Answer<(u16, String)> {
        let answered = self.exchange("POST", &call).await?;
        let text = String::from_utf8(answered.body).map_err(|_| errors::spoiled(call.name, answered.status))?;
        Ok((answered.status, text))
    }

    /// Tries once.
    pub(in crate::aws) async fn exchange(&self, method: &'static str, call: &Call<'_>) -> Answer<Answered> {
        if self.read_only.is_some_and(|read_only| !read_only.allows(call.name)) {
            return Err(refused(call.name, &would_write(call.name)));
        }
        let request = self.signed(method, call).await?;
        let connector = self.connector.get_or_init(connector);
        self.calls.add_one();
        let answer = async {
            let response = connector.call(request).await.map_err(|error| broken(call.name, &error))?;
            read(call.name, response).await
        };
        tokio::time::timeout(call.longest, answer)
            .await
            .unwrap_or_else(|_| Err(errors::retry(call.name, "no answer in time")))
    }

    async fn signed(&self, method: &'static str, call: &Call<'_>) -> Answer<HttpRequest> {
        let refused = |why: String| refused(call.name, &why);
        let denied = |why: String| PortError { reason: Some(Reason::AccessDenied), ..refused(why) };
        let provider = self.config.credentials_provider().ok_or_else(|| denied("no AWS credentials".into()))?;
        let identity = provider.provide_credentials().await.map_err(|error| denied(errors::chain(&error)))?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(call.region)
            .name(call.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| refused(error.to_string()))?
            .into();
        let body = SignableBody::Bytes(call.body.as_bytes());
        let signable = SignableRequest::new(method, &call.url, call.headers.iter().copied(), body)
            .map_err(|error| refused(error.to_string()))?;
        let (instructions, _) = sign(signable, &params).map_err(|error| refused(error.to_string()))?.into_parts();
        let (signature, _) = instructions.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(call.body.as_str()));
        request.set_method(method).map_err(|error| refused(error.to_string()))?;
        request.set_uri(call.url.as_str()).map_err(|error| refused(error.to_string()))?;
        for (name, value) in call.headers {
            request.headers_mut().insert(*name, *value);
        }
        for header in signature {
            request.headers_mut().insert(header.name(), header.value().to_owned());
        }
        Ok(request)
    }
}

impl Answered {
    pub(in crate::aws) fn json(self, call: &'static str) -> Answer<Reply> {
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else {
            return Err(errors::spoiled(call, self.status));
        };
        let code = self.code.or_else(|| body["__type"].as_str().map(String::from));
        Ok(Reply { status: self.status, body, function_failed: self.function_failed, code })
    }
}

impl Reply {
    /// The code of the error that it is, without what some services put around it.
    pub(in crate::aws) fn code(&self) -> Option<&str> {
        let code = self.code.as_deref()?.split(':').next().unwrap_or_default();
        Some(code.rsplit('#').next().unwrap_or(code))
    }

    /// A text of the answer. It may repeat what was sent, and that stays where it is.
    pub(in crate::aws) fn text(&self, name: &str, sent: &str) -> String {
        self.body[name].as_str().unwrap_or_default().replace(sent, "(hidden)")
    }

    /// The error that it is.
    pub(in crate::aws) fn refusal(&self, call: &'static str, sent: &str) -> PortError {
        match self.code() {
            Some(code) => {
                let message = [self.text("Message", sent), self.text("message", sent)].concat();
                errors::said(call, self.status, code, &message, None)
            }
            None => errors::spoiled(call, self.status),
        }
    }
}

/// Each call has a connection of its own: one that is kept may have been closed by the other side, and a call is tried once.
fn connector() -> Connector {
    let settings = HttpConnectorSettings::builder().connect_timeout(crate::aws::LONGEST_CONNECT).build();
    Connector::builder().tls_provider(crate::aws::TLS).connector_settings(settings).pool_max_idle_per_host(0).build()
}

async fn read(call: &'static str, response: HttpResponse) -> Answer<Answered> {
    let status = response.status().as_u16();
    let header = |name: &'static str| response.headers().get(name).map(String::from);
    let (function_failed, code) = (header("x-amz-function-error").is_some(), header("x-amzn-errortype"));
    let bytes = ByteStream::new(response.into_body()).collect().await.map_err(|error| broken(call, &error))?;
    Ok(Answered { status, body: bytes.to_vec(), function_failed, code })
}

fn broken(call: &'static str, error: &(dyn std::error::Error + 'static)) -> PortError {
    errors::retry(call, &format!("the connection failed: {}", errors::chain(error)))
}

/// Nothing was sent.
pub(in crate::aws) fn refused(call: &'static str, why: &str) -> PortError {
    PortError { kind: ErrorKind::Refused, call, message: plain(why, LONGEST), reason: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(config: SdkConfig, region: &str) -> String {
        Signed::new(config, Calls::default(), None).endpoint("api.ecr", region)
    }

    #[test]
    fn a_service_answers_in_its_region_and_chinas_have_a_name_of_their_own() {
        let config = SdkConfig::builder().build();
        assert_eq!(endpoint(config.clone(), "eu-west-1"), "https://api.ecr.eu-west-1.amazonaws.com");
        assert_eq!(endpoint(config, "cn-north-1"), "https://api.ecr.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn a_configured_endpoint_is_that_of_every_region() {
        let config = SdkConfig::builder().endpoint_url("http://127.0.0.1:4566/").build();
        assert_eq!(endpoint(config.clone(), "eu-west-1"), "http://127.0.0.1:4566");
        assert_eq!(endpoint(config, "cn-north-1"), "http://127.0.0.1:4566");
    }
}
