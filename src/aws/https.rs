//! HTTP over TLS: the program's only TLS library, and the connection timeout.

use std::time::Duration;

use aws_sdk_ecs::config::SharedHttpClient;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

pub(super) const LONGEST_CONNECT: Duration = Duration::from_secs(3);

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

/// Returns the HTTP client of all SDKs, with one certificate store and one connection pool.
pub(super) fn https() -> SharedHttpClient {
    SharedHttpClient::new(MadeAtTheFirstCall(Builder::new().tls_provider(TLS).build_https()))
}

/// An HTTP client that skips the SDK's check at construction. For each service, the default check builds a connector,
/// reads every certificate of the machine, and drops both. The first call builds the one connector that every call
/// uses.
#[derive(Debug)]
struct MadeAtTheFirstCall(SharedHttpClient);

impl HttpClient for MadeAtTheFirstCall {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// Returns a connector that opens a connection for each request. The server may already have closed an idle connection,
/// and a signed call has only one try.
pub(super) fn connector() -> Connector {
    let settings = HttpConnectorSettings::builder().connect_timeout(LONGEST_CONNECT).build();
    Connector::builder().tls_provider(TLS).connector_settings(settings).pool_max_idle_per_host(0).build()
}
