//! Where a request becomes a [`Caller`]: a bearer's token, the cookie of a browser, or the person at this machine.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use loopline_ports::access::{TokenEntry, TokenHash};

use crate::access::Caller;
use crate::app::App;
use crate::problem::Problem;
use crate::serve::Peer;

/// What a token begins with, so that people and programs that look for secrets know one.
pub const PREFIX: &str = "loopline_";
/// The cookie of browsers, where TLS protects it: other hosts of the domain cannot set one of this name.
pub(crate) const SECURE_COOKIE: &str = "__Host-loopline";
/// And where it does not.
pub(crate) const COOKIE: &str = "loopline";

/// How often is looked whether the token of an open stream is in force.
const LOOKED_EVERY: Duration = Duration::from_secs(2);
/// A token's use is noted no more often.
const NOTED_EVERY_MS: u64 = 60_000;
/// Wrong tokens of one address within [`WINDOW`] that are answered as such.
const WRONG: u32 = 20;
/// See [`WRONG`].
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are counted at once.
const ADDRESSES: usize = 10_000;

/// What the server knows of those who ask.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    /// There has been a token; that never ends.
    tokens: AtomicBool,
    wrong: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Identities {
    /// Counts a wrong token; `true`: there were too many from there.
    fn wrong(&self, address: Option<IpAddr>) -> bool {
        // Whoever asks without a socket is a test.
        let address = address.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), network);
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= ADDRESSES {
            wrong.retain(|_, (began, _)| began.elapsed() < WINDOW);
        }
        if wrong.len() >= ADDRESSES && !wrong.contains_key(&address) {
            return true;
        }
        let (began, many) = wrong.entry(address).or_insert((Instant::now(), 0));
        if began.elapsed() >= WINDOW {
            (*began, *many) = (Instant::now(), 0);
        }
        *many = many.saturating_add(1);
        match *many {
            many if many <= WRONG => tracing::warn!(%address, "a wrong token"),
            many if many == WRONG + 1 => tracing::warn!(%address, "too many wrong tokens; more of them are not told"),
            _ => {}
        }
        *many > WRONG
    }
}

/// Of IPv6 one network counts as one address: its owner has all of it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
    }
}

impl App {
    /// Whether callers must bring a token: where others can reach this server, and once there has been one.
    pub(crate) async fn needs_tokens(&self) -> Result<bool, Problem> {
        let known = &self.identities().tokens;
        if self.config().needs_tokens || known.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let any = !self.parts().access.tokens().await?.is_empty();
        if any && !known.swap(true, Ordering::Relaxed) {
            tracing::info!("there is a token: every caller needs one from now on, also on this machine");
        }
        Ok(any)
    }

    /// Who asks.
    pub(crate) async fn identify(&self, headers: &HeaderMap, from: Option<String>) -> Result<Caller, Problem> {
        if !self.needs_tokens().await? {
            return Ok(Caller { from, ..Caller::local(&self.config().local_user) });
        }
        let Some(token) = credential(headers) else {
            return Err(unauthorized("this server asks for a token: `Authorization: Bearer loopline_…`"));
        };
        let caller = self.bearer(token, from.as_deref()).await?;
        Ok(Caller { from, ..caller })
    }

    /// Whose token it is.
    pub(crate) async fn bearer(&self, token: &str, from: Option<&str>) -> Result<Caller, Problem> {
        let now = self.parts().clock.now();
        let hash = TokenHash::of(token);
        let found = if token.starts_with(PREFIX) { self.parts().access.token(&hash).await? } else { None };
        let Some(entry) = found.filter(|entry| entry.is_in_force(now)) else {
            if self.identities().wrong(from.and_then(|from| from.parse().ok())) {
                return Err(too_many());
            }
            return Err(unauthorized("the token is not in force here"));
        };
        if entry.used_at.is_none_or(|at| now.ms_since(at) >= NOTED_EVERY_MS) {
            let (access, id) = (self.parts().access.clone(), entry.id.clone());
            // Nobody waits for it, and nothing depends on it.
            tokio::spawn(async move {
                if let Err(error) = access.touch_token(&id, now).await {
                    tracing::debug!(%error, "the use of a token was not noted");
                }
            });
        }
        Ok(Caller::bearer(hash, entry))
    }
}

/// The token that came along, in the header of programs or in the cookie of browsers.
fn credential(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim());
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    cookies.find(|(name, _)| *name == SECURE_COOKIE || *name == COOKIE).map(|(_, value)| value)
}

/// The address that a request came from. A proxy that is known to stand before the server says which, in the last place.
pub(crate) fn from(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Option<String> {
    if app.config().behind_proxy
        && let Some(told) = headers.get_all("x-forwarded-for").iter().next_back()
    {
        let last = told.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok();
        return last.map(|address| address.to_string());
    }
    let ConnectInfo(Peer(address)) = extensions.get::<ConnectInfo<Peer>>()?;
    Some(SocketAddr::ip(address).to_string())
}

/// Ends when whoever came with this token, or without any, may not go on.
pub(crate) async fn ends(app: App, token: Option<(TokenHash, TokenEntry)>) {
    loop {
        let now = app.parts().clock.now();
        let expires = token.as_ref().and_then(|(_, entry)| entry.expires_at);
        let left = expires.map_or(LOOKED_EVERY, |at| Duration::from_millis(at.ms_since(now)));
        tokio::time::sleep(left.min(LOOKED_EVERY)).await;
        let now = app.parts().clock.now();
        let goes_on = match &token {
            // Whoever was let in as the person at this machine.
            None => app.needs_tokens().await.is_ok_and(|needs| needs).then_some(false),
            Some((hash, entry)) if entry.is_in_force(now) => match app.parts().access.token(hash).await {
                Ok(found) => Some(found.is_some_and(|entry| entry.is_in_force(now))),
                // Nobody knows; it is asked again.
                Err(_) => None,
            },
            Some(_) => Some(false),
        };
        if goes_on == Some(false) {
            return;
        }
    }
}

/// 401.
pub(crate) fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed", detail)
}

fn too_many() -> Problem {
    let detail = "too many wrong tokens came from this address; try again in a minute";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-failures", "Too many wrong tokens", detail)
}

/// What an answer of this status must say besides.
pub(crate) fn told(mut response: Response) -> Response {
    let status = response.status();
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"loopline\""));
    } else if status == StatusCode::TOO_MANY_REQUESTS {
        headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("60"));
    }
    response
}
