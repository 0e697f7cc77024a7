//! An account on an emulator: other principals that register and deploy, the events that AWS would emit, and Logweir
//! with its real adapters and its journal in a table. `tests/with-emulators` starts the emulators.

#![allow(dead_code, reason = "each binary that includes it uses its part")]

pub mod costs;
pub mod events;
pub mod logweir;
pub mod others;
pub mod proxy;
mod stale;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};

pub const REGION: &str = "eu-west-1";

/// One account on an emulator.
#[derive(Clone, Debug)]
pub struct Place {
    pub url: String,
    pub account: String,
}

impl Place {
    /// For ministack, each access key of twelve digits is a separate account.
    pub fn ministack(account: &str) -> Self {
        Self { url: url("LOGWEIR_TEST_MINISTACK"), account: account.into() }
    }

    /// moto has a single account for all callers.
    pub fn moto() -> Self {
        Self { url: url("LOGWEIR_TEST_MOTO"), account: "123456789012".into() }
    }

    /// The same account behind another URL.
    pub fn behind(&self, url: String) -> Self {
        Self { url, account: self.account.clone() }
    }

    pub fn config(&self) -> SdkConfig {
        let credentials = Credentials::new(&self.account, "test", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(&self.url)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }
}

/// The size of a test: the value of this variable, which `make load` and `make bench` set.
pub fn size(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |size| size.parse().unwrap())
}

fn url(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run the tests with tests/with-emulators COMMAND, as `make` does")
    })
}
