//! Why no answer came, in plain words.

use std::error::Error;
use std::io;

use loopline_core::outcome::{Failure, FailureKind};
use reqwest::Url;

use super::client::CONNECT_TIMEOUT;
use super::egress::EgressRefused;

/// The failure behind an error of the client. Names the server, and nothing else of its address.
pub(super) fn explain(error: reqwest::Error, url: &Url) -> Failure {
    let server = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    if error.is_timeout() || has_io_error(&error, &[io::ErrorKind::TimedOut]) {
        let message = format!("no connection to {server} could be made within {}s", CONNECT_TIMEOUT.as_secs());
        return Failure::new(FailureKind::Timeout, message);
    }
    let message = if let Some(refused) = find::<EgressRefused>(&error) {
        refused.to_string()
    } else if error.is_dns() {
        format!("the name {} could not be resolved", url.host_str().unwrap_or_default())
    } else if let Some(tls) = find::<rustls::Error>(&error) {
        format!("TLS with {server} failed: {tls}")
    } else if has_io_error(&error, &[io::ErrorKind::ConnectionRefused]) {
        format!("{server} refused the connection; is anything listening there?")
    } else if has_io_error(&error, &[io::ErrorKind::NetworkUnreachable, io::ErrorKind::HostUnreachable]) {
        format!("{server} cannot be reached from here")
    } else if error.is_connect() {
        format!("no connection to {server} could be made: {}", innermost(&error))
    } else {
        format!("the connection to {server} broke off before the answer was complete: {}", innermost(&error))
    };
    Failure::new(FailureKind::Connection, message)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    // An I/O error does not name the error it wraps as its source, only what is behind that.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn has_io_error(error: &(dyn Error + 'static), kinds: &[io::ErrorKind]) -> bool {
    chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).any(|error| kinds.contains(&error.kind()))
}

/// What stands behind all the layers of an error.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
