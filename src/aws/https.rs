//! HTTP over TLS: the one TLS library of the program, and how long a connection may take.

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

/// The SDKs' client: one for all of them, with one store of certificates and one pool of connections.
pub(super) fn https() -> SharedHttpClient {
    SharedHttpClient::new(MadeAtTheFirstCall(Builder::new().tls_provider(TLS).build_https()))
}

/// An SDK checks its HTTP client when it is made. The default check makes a connector, reads all certificates of the machine
/// for it, and drops it: once for each service. This client has no check. The connector that the first call makes serves all
/// calls.
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

/// Each request has a connection of its own: one that is kept may have been closed by the other side, and a signed call is
/// tried once.
pub(super) fn connector() -> Connector {
    let settings = HttpConnectorSettings::builder().connect_timeout(LONGEST_CONNECT).build();
    Connector::builder().tls_provider(TLS).connector_settings(settings).pool_max_idle_per_host(0).build()
}
