//! The HTTP interface, called. Errors become one plain sentence, a hint and an exit code.

use futures::StreamExt as _;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value as Json;

use crate::exit::{Exit, Failure};

/// A server, and who we are to it.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerEvent {
    /// `event:`
    pub name: String,
    /// `data:`
    pub data: String,
}

impl Client {
    /// Does not connect yet.
    pub fn new(base: &str, token: Option<String>) -> Result<Self, Failure> {
        crate::wiring::choose_tls();
        let http = reqwest::Client::builder()
            .user_agent(concat!("loopline/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .build()
            .map_err(|error| Failure::new(Exit::Failed, format!("no HTTP client: {error}")))?;
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(Failure::usage(format!("`{base}` is not the address of a server"))
                .hint("write it like http://127.0.0.1:7878"));
        }
        Ok(Self { http, base, token })
    }

    /// The page of a run.
    pub fn page(&self, run: &str) -> String {
        format!("{}/runs/{run}", self.base)
    }

    /// `GET`, as JSON.
    pub async fn get(&self, path: &str) -> Result<Json, Failure> {
        json(self.send(self.request(Method::GET, path)).await?).await
    }

    /// `POST` of JSON, as JSON.
    pub async fn post(&self, path: &str, body: &Json, idempotency_key: Option<&str>) -> Result<Json, Failure> {
        let mut request = self.request(Method::POST, path).json(body);
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        json(self.send(request).await?).await
    }

    /// `PUT` of JSON, as JSON.
    pub async fn put(&self, path: &str, body: &Json) -> Result<Json, Failure> {
        json(self.send(self.request(Method::PUT, path).json(body)).await?).await
    }

    /// `DELETE`, without an answer.
    pub async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.send(self.request(Method::DELETE, path)).await.map(drop)
    }

    /// `GET` of bytes, piece by piece into `sink`.
    pub async fn bytes(&self, path: &str, mut sink: impl FnMut(&[u8])) -> Result<Option<String>, Failure> {
        let response = self.send(self.request(Method::GET, path).header("accept", "text/plain")).await?;
        let missing = response.headers().get("loopline-log-missing");
        let missing = missing.and_then(|missing| Some(missing.to_str().ok()?.to_owned()));
        let mut body = response.bytes_stream();
        while let Some(piece) = body.next().await {
            sink(&piece.map_err(|error| self.unreachable(&error))?);
        }
        Ok(missing)
    }

    /// `GET` of server-sent events, until `sink` says it has enough (`false`) or the server ends the stream.
    pub async fn events(&self, path: &str, mut sink: impl FnMut(ServerEvent) -> bool) -> Result<(), Failure> {
        let response = self.send(self.request(Method::GET, path).header("accept", "text/event-stream")).await?;
        let mut body = response.bytes_stream();
        let mut pending: Vec<u8> = Vec::new();
        let mut event = ServerEvent { name: String::new(), data: String::new() };
        while let Some(piece) = body.next().await {
            pending.extend_from_slice(&piece.map_err(|error| self.unreachable(&error))?);
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                let line = line.trim_end_matches(['\n', '\r']);
                if let Some(name) = line.strip_prefix("event:") {
                    event.name = name.trim_start().to_owned();
                } else if let Some(data) = line.strip_prefix("data:") {
                    event.data.push_str(data.strip_prefix(' ').unwrap_or(data));
                } else if line.is_empty() && !(event.name.is_empty() && event.data.is_empty()) {
                    let whole = std::mem::replace(&mut event, ServerEvent { name: String::new(), data: String::new() });
                    if !sink(whole) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut reason: &dyn std::error::Error = error;
        while let Some(source) = reason.source() {
            reason = source;
        }
        Failure::new(Exit::Unreachable, format!("cannot reach the server at {}: {reason}", self.base))
            .hint("is it running? start one with `loopline serve`, or name another with --server")
    }
}

async fn json(response: Response) -> Result<Json, Failure> {
    response
        .json()
        .await
        .map_err(|error| Failure::new(Exit::Failed, format!("the server's answer is not JSON: {error}")))
}

/// Problem details (RFC 9457) as a sentence.
async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let exit = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::NotAllowed,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Exit::Unreachable,
        _ => Exit::Failed,
    };
    let problem: Json = response.json().await.unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Json::as_str).map(str::to_owned);
    let sentence = text("detail").or_else(|| text("title"));
    let failure = Failure::new(exit, sentence.unwrap_or_else(|| format!("the server answered {status}")));
    match status {
        StatusCode::UNAUTHORIZED => {
            failure.hint("put a token into LOOPLINE_TOKEN, or name a file that holds it with --token-file")
        }
        _ => match text("pointer") {
            Some(pointer) => failure.hint(format!("see {pointer}")),
            None => failure,
        },
    }
}

/// One segment of a path.
pub fn segment(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    encoded
}
