//! What is sent, first and after each redirect.

use loopline_core::command::{HttpWork, WorkAuth, WorkBody};
use loopline_core::outcome::{Failure, FailureKind};
use loopline_core::text::Text;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION,
};
use reqwest::{Method, Response, StatusCode, Url};

use super::callback::Replaced;
use super::certificates::Asked;
use crate::attempt::{Context, resolve};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request, ready to be sent, and sent again elsewhere.
pub(super) struct Request {
    method: Method,
    url: Url,
    /// The URL as it is logged.
    shown: String,
    /// Values that hold a secret are marked as sensitive.
    headers: HeaderMap,
    body: Option<Body>,
    asked: Asked,
}

struct Body {
    bytes: Vec<u8>,
    secret: bool,
}

impl Request {
    /// The request that the step describes.
    pub(super) fn first(context: &Context<'_>, work: &HttpWork) -> Result<Self, Failure> {
        let refuse = |message: String| Failure::new(FailureKind::Template, message);
        let method = Method::from_bytes(work.method.as_bytes())
            .map_err(|_| refuse(format!("`method` is not a method: `{}`", work.method)))?;
        let callback =
            Replaced::of(context.config.callbacks.as_ref(), &context.spec.id, work.callback.as_deref(), |token| {
                context.hide(token)
            })?;
        let called = |text: String| callback.as_ref().map_or_else(|| text.clone(), |callback| callback.in_text(&text));
        let not_an_address = |why| refuse(format!("`url` is not a web address: {why}"));
        let mut url = web_url(&work.url).map_err(not_an_address)?;
        let mut shown = shown(&url, &work.query);
        if let Some(callback) = &callback {
            shown = callback.hidden(&shown);
            url = web_url(&callback.in_url(&work.url)).map_err(not_an_address)?;
        }
        for (name, value) in &work.query {
            let value = called(resolve(context, &format!("`http.query.{name}`"), value)?);
            url.query_pairs_mut().append_pair(name, &value);
        }
        let mut headers = HeaderMap::new();
        let body =
            work.body.as_ref().map(|body| to_body(context, body, callback.as_ref(), &mut headers)).transpose()?;
        if let Ok(key) = HeaderValue::from_str(&context.spec.idempotency_key) {
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        if let Some(auth) = &work.auth {
            headers.insert(AUTHORIZATION, authorization(context, auth)?);
        }
        for (name, value) in &work.headers {
            let place = format!("`http.headers.{name}`");
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| refuse(format!("{place} is not the name of a header")))?;
            let text = resolve(context, &place, value)?;
            // Whoever knows the address may end the step: it goes no further than a secret does.
            let with_address = called(text.clone());
            let secret = value.as_plain().is_none() || with_address != text;
            headers.insert(key, header_value(&place, &with_address, secret)?);
        }
        Ok(Self { method, url, shown, headers, body, asked: Asked::Named })
    }

    /// Where it goes.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it has left the origin that the step names. What was dropped on the way does not come back.
    pub(super) fn asked(&self) -> Asked {
        self.asked
    }

    /// Method and address, without credentials.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.method, self.shown)
    }

    /// As the client wants it.
    pub(super) fn to_send(&self) -> Result<reqwest::Request, Failure> {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        if let Some(body) = &self.body {
            *request.body_mut() = Some(body.bytes.clone().into());
        }
        // Credentials of the URL are sent as a header, unless there is one.
        let (user, password) = (self.url.username(), self.url.password());
        if (!user.is_empty() || password.is_some()) && !self.headers.contains_key(AUTHORIZATION) {
            let value = basic(&decoded(user), &decoded(password.unwrap_or_default()));
            request.headers_mut().insert(AUTHORIZATION, header_value("`http.url`", &value, true)?);
        }
        let _ = request.url_mut().set_username("");
        let _ = request.url_mut().set_password(None);
        Ok(request)
    }

    /// The request that an answer of this status redirects to. Another origin gets no credentials.
    pub(super) fn redirected(mut self, status: StatusCode, target: Url) -> Result<Self, Failure> {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
            self.headers.remove(CONTENT_TYPE);
        }
        if target.origin() != self.url.origin() {
            if self.body.as_ref().is_some_and(|body| body.secret) {
                let message = format!(
                    "the server redirects to {}, which is not sent the secrets of the body; if it is to be trusted, put it into `url`",
                    target.origin().ascii_serialization()
                );
                return Err(Failure::new(FailureKind::Connection, message));
            }
            let sensitive = self.headers.iter().filter(|(_, value)| value.is_sensitive());
            let mut dropped: Vec<HeaderName> = sensitive.map(|(name, _)| name.clone()).collect();
            dropped.extend([AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION]);
            for name in dropped {
                self.headers.remove(name);
            }
            self.asked = Asked::Elsewhere;
        }
        self.shown = shown_target(&target);
        self.url = target;
        Ok(self)
    }
}

/// Where the answer redirects to; `None` when it is not a redirect.
pub(super) fn redirect_target(response: &Response, from: &Url) -> Result<Option<Url>, Failure> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let Some(location) = response.headers().get(LOCATION).filter(|_| is_redirect) else { return Ok(None) };
    let refuse = |why: &str| {
        let message = format!("the server redirects to an address that cannot be used: {why}");
        Failure::new(FailureKind::Connection, message)
    };
    let location = location.to_str().map_err(|_| refuse("it is not text"))?;
    let target = from.join(location).map_err(|error| refuse(&error.to_string()))?;
    match target.scheme() {
        "http" | "https" => Ok(Some(target)),
        other => Err(refuse(&format!("`{other}:` is neither http nor https"))),
    }
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("`{other}:` is neither http nor https")),
    }
}

/// The address with what `query` adds to it, but without credentials.
fn shown(url: &Url, query: &std::collections::BTreeMap<String, Text>) -> String {
    let mut shown = without_credentials(url);
    for (name, value) in query {
        shown.query_pairs_mut().append_pair(name, value.as_plain().unwrap_or("***"));
    }
    shown.to_string()
}

/// Redirects often carry a signature behind the question mark.
fn shown_target(url: &Url) -> String {
    let mut shown = without_credentials(url);
    let more = if shown.query().is_some() { "?…" } else { "" };
    shown.set_query(None);
    format!("{shown}{more}")
}

fn without_credentials(url: &Url) -> Url {
    let mut shown = url.clone();
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    shown
}

fn authorization(context: &Context<'_>, auth: &WorkAuth) -> Result<HeaderValue, Failure> {
    let value = match auth {
        WorkAuth::Bearer(token) => format!("Bearer {}", resolve(context, "`http.auth.bearer`", token)?),
        WorkAuth::Basic { user, password } => {
            let plain = user.as_plain().is_some() && password.as_plain().is_some();
            let user = resolve(context, "`http.auth.basic.user`", user)?;
            let value = basic(&user, &resolve(context, "`http.auth.basic.password`", password)?);
            if !plain {
                // Short secrets cannot be told from other text in base64; together with the user's name they can.
                context.hide(value.trim_start_matches("Basic "));
            }
            value
        }
    };
    header_value("`http.auth`", &value, true)
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))
}

fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize] as char;
            text.push(if at <= group.len() { digit } else { '=' });
        }
    }
    text
}

fn header_value(place: &str, value: &str, secret: bool) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Failure::new(
            FailureKind::Template,
            format!("{place} holds a character that no header may hold, like a line break"),
        )
    })?;
    value.set_sensitive(secret);
    Ok(value)
}

fn to_body(
    context: &Context<'_>,
    body: &WorkBody,
    callback: Option<&Replaced>,
    headers: &mut HeaderMap,
) -> Result<Body, Failure> {
    let called = |text: String| callback.map_or_else(|| text.clone(), |callback| callback.in_text(&text));
    let (content_type, bytes, secret) = match body {
        WorkBody::Json(json) => {
            let plain = json.to_string();
            let text = callback.map_or_else(|| plain.clone(), |callback| callback.in_json(&plain));
            let secret = text != plain;
            (Some("application/json"), text.into_bytes(), secret)
        }
        WorkBody::JsonText(text) => {
            let text = resolve(context, "`http.json`", text)?;
            let text = callback.map_or_else(|| text.clone(), |callback| callback.in_json(&text));
            (Some("application/json"), text.into_bytes(), true)
        }
        WorkBody::Form(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            let mut secret = false;
            for (name, value) in fields {
                let text = resolve(context, &format!("`http.form.{name}`"), value)?;
                let with_address = called(text.clone());
                secret |= value.as_plain().is_none() || with_address != text;
                form.append_pair(name, &with_address);
            }
            (Some("application/x-www-form-urlencoded"), form.finish().into_bytes(), secret)
        }
        WorkBody::Text(text) => {
            let plain = resolve(context, "`http.body`", text)?;
            let with_address = called(plain.clone());
            let secret = text.as_plain().is_none() || with_address != plain;
            (None, with_address.into_bytes(), secret)
        }
    };
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    Ok(Body { bytes, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("ada:>>?", "YWRhOj4+Pw=="),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn an_address_is_shown_without_credentials() {
        let url = Url::parse("https://ada:secret@host.example/a?b=c#d").expect("a URL");
        let query = [("n".to_owned(), Text::from("1")), ("t".to_owned(), Text::Parts(vec![]))].into();
        assert_eq!(shown(&url, &query), "https://host.example/a?b=c&n=1&t=***");
        assert_eq!(shown_target(&url), "https://host.example/a?…");
    }
}
