//! The address that is listened on.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use loopline_server::ServeError;

use super::Finding;

/// A server of this machine answers at once or not at all.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

pub async fn examine(listen: SocketAddr) -> Finding {
    match loopline_server::listen(listen).await {
        Ok(_) => Finding::good("address", format!("{listen} is free")),
        Err(ServeError::Listen { source, .. }) if source.kind() == ErrorKind::AddrInUse => {
            if is_loopline(listen).await {
                return Finding::good("address", format!("a server of Loopline answers at http://{listen}"));
            }
            let says = format!("another program listens on {listen}");
            Finding::failed("address", says, "choose another port: --listen 127.0.0.1:0 takes any that is free")
        }
        Err(error @ ServeError::Listen { .. }) => {
            Finding::failed("address", error.to_string(), "listen on an address of this machine, and a port above 1023")
        }
        Err(error) => Finding::failed("address", error.to_string(), "listen on 127.0.0.1"),
    }
}

/// Who answers there says what it is in its OpenAPI document.
async fn is_loopline(address: SocketAddr) -> bool {
    crate::wiring::choose_tls();
    let Ok(http) = reqwest::Client::builder().no_proxy().timeout(ANSWERS_WITHIN).build() else { return false };
    let Ok(answer) = http.get(format!("http://{address}/api/v1/openapi.json")).send().await else { return false };
    let document: serde_json::Value = answer.json().await.unwrap_or_default();
    document.pointer("/info/title").and_then(serde_json::Value::as_str).is_some_and(|title| title.contains("Loopline"))
}
