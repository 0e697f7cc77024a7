//! The HTTP clients, all with the same TLS library and the same connection timeout.

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

/// Returns the HTTP client that all AWS SDKs share, with one certificate store and one connection pool.
pub(super) fn https() -> SharedHttpClient {
    SharedHttpClient::new(LazyHttpClient(Builder::new().tls_provider(TLS).build_https()))
}

/// An HTTP client without the check that the SDK makes whenever it constructs the client of an AWS service. This check
/// would build a connector, read every certificate of the machine, and drop the connector again. Without the check, the
/// first call builds one connector, and every later call uses this connector.
#[derive(Debug)]
struct LazyHttpClient(SharedHttpClient);

impl HttpClient for LazyHttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// Returns a connector that opens a new connection for each request. Logweir tries a signed request only once, so the
/// request must not use an idle connection that the server may already have closed.
pub(super) fn connector() -> Connector {
    let settings = HttpConnectorSettings::builder().connect_timeout(LONGEST_CONNECT).build();
    Connector::builder().tls_provider(TLS).connector_settings(settings).pool_max_idle_per_host(0).build()
}
