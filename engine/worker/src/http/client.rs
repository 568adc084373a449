//! The clients that all requests of a worker go through. None is made anywhere else, so none goes around the policy.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use loopline_core::outcome::{Failure, FailureKind};
use reqwest::Url;
use reqwest::redirect::Policy;
use rustls::crypto::ring;

use super::certificates::{Asked, Certificates};
use super::egress::{Checked, EgressPolicy, NameLookup};
use crate::config::Proxies;

/// Longer, and there is no connection to be had.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes clients. The one of steps without certificates of their own is made when the first request is sent: reading
/// those of the system takes a while.
pub(crate) struct Client {
    proxies: Proxies,
    policy: EgressPolicy,
    checked: Arc<Checked>,
    made: OnceLock<Result<reqwest::Client, String>>,
}

impl Client {
    /// Clients that find their way as told, and go where the policy lets them.
    pub(crate) fn new(proxies: Proxies, policy: EgressPolicy, names: NameLookup) -> Self {
        let checked = Arc::new(Checked { policy: policy.clone(), names });
        Self { proxies, policy, checked, made: OnceLock::new() }
    }

    /// Refuses an address that requests may not go to.
    pub(super) fn check(&self, url: &Url) -> Result<(), Failure> {
        let refused = self.policy.check(url).err();
        refused.map_or(Ok(()), |refused| Err(Failure::new(FailureKind::Connection, refused.to_string())))
    }

    /// The client of steps that say nothing of certificates.
    pub(super) fn usual(&self) -> Result<reqwest::Client, Failure> {
        let made = self.made.get_or_init(|| {
            let trusting_the_system = self.builder().build();
            let client = trusting_the_system.or_else(|error| {
                // A system without certificates, like a bare container, can still send requests without TLS.
                tracing::warn!(%error, "no certificates to trust were found; requests over https will fail");
                self.builder().tls_backend_preconfigured(trusting_nobody()).build()
            });
            client.map_err(|error| error.to_string())
        });
        made.clone().map_err(cannot_send)
    }

    /// A client with these certificates, of one attempt.
    pub(super) fn with(&self, certificates: &Certificates, asked: Asked) -> Result<reqwest::Client, Failure> {
        certificates.apply(self.builder(), asked).build().map_err(|error| {
            let why = super::failure::innermost(&error);
            Failure::new(FailureKind::Connection, format!("the files of `http.tls` cannot be used together: {why}"))
        })
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        // Fails when one is installed already, which is as good.
        let _ = ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("loopline/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .dns_resolver(self.checked.clone());
        match self.proxies {
            Proxies::FromEnvironment => builder,
            Proxies::None => builder.no_proxy(),
        }
    }
}

fn cannot_send(error: String) -> Failure {
    Failure::new(FailureKind::Connection, format!("this engine cannot send requests: {error}"))
}

fn trusting_nobody() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows the usual versions of TLS")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}
