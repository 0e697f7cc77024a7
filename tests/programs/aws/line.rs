//! The AWS end of the connection: a function from requests to answers, and the requests so far.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;
use aws_smithy_types::body::SdkBody;
use logweir::aws::Aws;
use serde_json::{Value, json};

pub(crate) const KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// One request, as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Seen {
    /// The operation.
    pub(crate) fn name(&self) -> &str {
        self.headers.get("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The answer to a request.
pub(crate) enum Back {
    /// Status and body.
    Reply(u16, String),
    /// The connection breaks before an answer.
    Cut,
    /// The connection breaks within the answer.
    Torn,
    /// There is never an answer.
    Silence,
}

impl Back {
    pub(crate) fn ok(body: Value) -> Self {
        Self::Reply(200, body.to_string())
    }

    pub(crate) fn error(code: &str, message: &str) -> Self {
        Self::Reply(400, json!({"__type": code, "message": message}).to_string())
    }
}

type Answering = Box<dyn FnMut(&Seen) -> Back + Send>;

#[derive(Clone)]
pub(crate) struct Line {
    seen: Arc<Mutex<Vec<Seen>>>,
    answering: Arc<Mutex<Answering>>,
}

/// An account whose every request is answered by `answering`.
pub(crate) fn aws(answering: impl FnMut(&Seen) -> Back + Send + 'static) -> (Aws, Line) {
    let line = Line { seen: Arc::default(), answering: Arc::new(Mutex::new(Box::new(answering))) };
    let credentials = SharedCredentialsProvider::new(Credentials::new(KEY_ID, SECRET, None, None, "test"));
    (Aws::with(&config(&line, credentials)).unwrap(), line)
}

/// An account that gives these answers, one after the other.
pub(crate) fn replay(answers: impl IntoIterator<Item = Back>) -> (Aws, Line) {
    let mut answers: Vec<Back> = answers.into_iter().collect();
    answers.reverse();
    aws(move |seen| answers.pop().unwrap_or_else(|| panic!("one {} too many", seen.name())))
}

/// A configuration whose requests go to `line`.
pub(crate) fn config(line: &Line, credentials: SharedCredentialsProvider) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials)
        .http_client(line.clone())
        .build()
}

impl Line {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.seen().iter().map(|seen| seen.name().to_owned()).collect()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let seen = Seen {
            method: request.method().into(),
            uri: request.uri().into(),
            headers: request.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap(),
        };
        self.seen.lock().unwrap().push(seen.clone());
        match (self.answering.lock().unwrap())(&seen) {
            Back::Reply(status, body) => {
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))))
            }
            Back::Cut => HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset by peer".into()))),
            Back::Torn => {
                let transient = Some(aws_smithy_types::retry::ErrorKind::TransientError);
                HttpConnectorFuture::ready(Err(ConnectorError::other("incomplete message".into(), transient)))
            }
            Back::Silence => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

impl HttpClient for Line {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}
