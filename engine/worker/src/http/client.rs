//! The one client that all requests of a worker go through.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use loopline_core::outcome::{Failure, FailureKind};
use reqwest::redirect::Policy;
use rustls::crypto::ring;

use crate::config::Proxies;

/// Longer, and there is no connection to be had.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Made when the first request is sent: reading the certificates of the system takes a while.
pub(crate) struct Client {
    proxies: Proxies,
    made: OnceLock<Result<reqwest::Client, String>>,
}

impl Client {
    /// A client that finds its way as told.
    pub(crate) fn new(proxies: Proxies) -> Self {
        Self { proxies, made: OnceLock::new() }
    }

    /// The client itself.
    pub(super) fn get(&self) -> Result<&reqwest::Client, Failure> {
        let made = self.made.get_or_init(|| {
            let trusting_the_system = self.builder().build();
            let client = trusting_the_system.or_else(|error| {
                // A system without certificates, like a bare container, can still send requests without TLS.
                tracing::warn!(%error, "no certificates to trust were found; requests over https will fail");
                self.builder().tls_backend_preconfigured(trusting_nobody()).build()
            });
            client.map_err(|error| error.to_string())
        });
        made.as_ref().map_err(|error| {
            Failure::new(FailureKind::Connection, format!("this engine cannot send requests: {error}"))
        })
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        // Fails when one is installed already, which is as good.
        let _ = ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("loopline/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT);
        match self.proxies {
            Proxies::FromEnvironment => builder,
            Proxies::None => builder.no_proxy(),
        }
    }
}

fn trusting_nobody() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows the usual versions of TLS")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}
