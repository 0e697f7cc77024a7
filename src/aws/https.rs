//! HTTP over TLS: the one TLS library of the program, and how long a connection may take.

use std::time::Duration;

use aws_sdk_ecs::config::SharedHttpClient;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;

pub(super) const LONGEST_CONNECT: Duration = Duration::from_secs(3);

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

/// The SDKs' client.
pub(super) fn https() -> SharedHttpClient {
    Builder::new().tls_provider(TLS).build_https()
}

/// Each request has a connection of its own: one that is kept may have been closed by the other side, and a signed call is
/// tried once.
pub(super) fn connector() -> Connector {
    let settings = HttpConnectorSettings::builder().connect_timeout(LONGEST_CONNECT).build();
    Connector::builder().tls_provider(TLS).connector_settings(settings).pool_max_idle_per_host(0).build()
}
