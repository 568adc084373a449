//! Requests.

use loopline_core::graph::StatusRange;

use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{Auth, Http, Text, Tls};
use crate::model::Model;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        let undo = spec.compensate.as_deref().and_then(|undo| undo.http.as_ref());
        for http in spec.http.iter().chain(undo) {
            request(model, http, cx);
        }
    }
}

fn request(model: &Model<'_>, http: &Http, cx: &mut Cx) {
    if let Some(method) = &http.method {
        check_method(method, cx);
    }
    check_url(&http.url.0, cx);
    headers(http, cx);
    statuses(http, cx);
    bodies(http, cx);
    if let Some(auth) = &http.auth {
        one_auth(auth, cx);
    }
    if let Some(tls) = &http.tls {
        certificate_and_key(tls, cx);
    }
    risks(model, http, cx);
}

/// What is sent along, and who gets to see it.
fn risks(model: &Model<'_>, http: &Http, cx: &mut Cx) {
    let url = &http.url.0;
    let host = host(&url.value);
    let secret = first_secret(http);
    if let Some(secret) = &secret {
        let loopback = matches!(host.split(':').next(), Some("localhost" | "127.0.0.1")) || host.starts_with("[::1]");
        if url.value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://")) && !loopback {
            let message = "the request carries a secret in the clear: everyone on the way can read it";
            let diagnostic = Diagnostic::new(Code::CredentialsInTheClear, url.place(), message);
            cx.report(diagnostic.related(secret.place(), "this one").help("write `https://`"));
        }
        if is_decided_by_a_value(model, host) {
            let message = "the request carries a secret, and a value decides which host it is sent to";
            let diagnostic = Diagnostic::new(Code::HostFromValue, url.place(), message);
            let help = "write the host out, end it in a fixed domain, or let the value be an input with an `enum`";
            cx.report(diagnostic.related(secret.place(), "this one").help(help));
        }
    }
    let query = http.query.iter().flat_map(|query| &query.0.0).filter_map(|item| item.value.as_ref());
    if let Some(value) = query.into_iter().find(|value| holds_secret(&value.0.value)) {
        let message = "a secret in a query is kept in the logs of servers and proxies";
        let diagnostic = Diagnostic::new(Code::CredentialsInTheClear, value.0.place(), message);
        cx.report(diagnostic.help("send it in `auth` or `headers`, if the other side takes it there"));
    }
    if let Some(insecure) = http.tls.as_ref().and_then(|tls| tls.insecure.as_ref()).filter(|flag| flag.value) {
        let message = "any certificate is taken: whoever is on the way can read and change everything";
        let diagnostic = Diagnostic::new(Code::CertificateNotChecked, insecure.place(), message);
        cx.report(diagnostic.help("name the certificate of your own authority: `tls: {ca: certs/ca.pem}`"));
    }
}

/// `host:port` of a URL, holes included.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    // A `/` inside of a hole ends nothing.
    let mut inside = false;
    let end = rest.char_indices().find(|(at, c)| {
        if rest[*at..].starts_with("{{") {
            inside = true;
        } else if rest[*at..].starts_with("}}") {
            inside = false;
        }
        !inside && matches!(c, '/' | '?' | '#')
    });
    end.map_or(rest, |(at, _)| &rest[..at])
}

/// Whether the domain ends in a hole. A hole before a fixed domain can only choose among its hosts, and so can a hole that
/// holds an input with an `enum`.
fn is_decided_by_a_value(model: &Model<'_>, host: &str) -> bool {
    let name =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|c| c.is_ascii_digit())).map_or(host, |it| it.0);
    let Some(before) = name.trim_end().strip_suffix("}}") else { return false };
    let hole = before.rsplit("{{").next().unwrap_or("").trim();
    let input = hole.strip_prefix("inputs.").and_then(|input| *model.inputs.get(input)?);
    !input.is_some_and(|schema| schema.0.value.get("enum").is_some() || schema.0.value.get("const").is_some())
}

/// The first value that holds a secret.
fn first_secret(http: &Http) -> Option<Text> {
    let auth = http.auth.iter();
    let basic =
        auth.clone().filter_map(|auth| auth.basic.as_ref()).flat_map(|basic| [&basic.user.0, &basic.password.0]);
    let bearer = auth.filter_map(|auth| auth.bearer.as_ref()).map(|text| &text.0);
    let scalars = http.headers.iter().chain(&http.query).flat_map(|entries| &entries.0.0);
    let scalars = scalars.filter_map(|item| item.value.as_ref()).map(|text| &text.0);
    let texts = bearer.chain(basic).chain(scalars).chain(http.body.iter().map(|body| &body.0));
    texts.into_iter().find(|text| holds_secret(&text.value)).cloned()
}

fn holds_secret(text: &str) -> bool {
    text.contains("secrets.") && !loopline_core::expr::Template::new(text).secrets().is_empty()
}

fn check_method(method: &Text, cx: &mut Cx) {
    let upper = method.value.to_ascii_uppercase();
    let known = METHODS.contains(&upper.as_str());
    // Extensions like PROPFIND are sent as they stand; what redirects the connection itself is not.
    let token = !upper.is_empty() && upper.len() <= 20 && upper.bytes().all(|c| c.is_ascii_uppercase() || c == b'-');
    let near = cx.nearest.to(&upper, METHODS).filter(|_| !known);
    if known || (token && near.is_none() && !matches!(upper.as_str(), "CONNECT" | "TRACE")) {
        return;
    }
    let message = format!("`{}` is not a method that a step can send", method.value);
    let diagnostic = Diagnostic::new(Code::InvalidMethod, method.place(), message);
    cx.report(match near {
        Some(near) => {
            diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), method.place(), near)
        }
        None => diagnostic.help(format!("methods are {}", list(&METHODS))),
    });
}

fn check_url(url: &Text, cx: &mut Cx) {
    let text = url.value.as_str();
    let lower: String = text.chars().take(8).collect::<String>().to_ascii_lowercase();
    let rest = lower
        .strip_prefix("https://")
        .map(|_| &text[8..])
        .or_else(|| lower.strip_prefix("http://").map(|_| &text[7..]));
    let problem = match rest {
        None if text.starts_with("{{") => {
            Some(("the URL must say its scheme itself, before any hole", "write it like `https://{{ … }}/path`"))
        }
        None => Some(("the URL must begin with `https://` or `http://`", "write it like `https://api.example/path`")),
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '?', '#']) => {
            Some(("the URL names no host", "write it like `https://api.example/path`"))
        }
        Some(rest) if !rest.contains("{{") && rest.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Some(("a URL has no white space", "write a space as `%20`"))
        }
        Some(_) => None,
    };
    if let Some((message, help)) = problem {
        let diagnostic = Diagnostic::new(Code::InvalidUrl, url.place(), message).help(help);
        let encoded = text.trim().replace(' ', "%20");
        let only_spaces = !text.contains("{{") && !encoded.contains(|c: char| c.is_whitespace() || c.is_control());
        cx.report(if encoded != text && only_spaces && rest.is_some() {
            diagnostic.fix("Write spaces as `%20`", url.place(), encoded)
        } else {
            diagnostic
        });
    }
}

fn headers(http: &Http, cx: &mut Cx) {
    for header in http.headers.iter().flat_map(|headers| &headers.0.0) {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if header.name.is_empty() || !header.name.chars().all(token) {
            let message = format!("`{}` is not the name of a header", header.name);
            cx.report(Diagnostic::new(Code::InvalidHeader, header.key(), message).help("write it like `X-Request-Id`"));
        } else if let Some(value) = &header.value
            && value.0.value.trim_end_matches('\n').contains(['\n', '\r'])
        {
            let message = format!("the value of the header `{}` has a line break", header.name);
            cx.report(Diagnostic::new(Code::InvalidHeader, value.0.place(), message).help("write it on one line"));
        }
    }
}

fn statuses(http: &Http, cx: &mut Cx) {
    let statuses = http.expect.iter().flat_map(|expect| &expect.status).flat_map(|status| &status.0);
    for status in statuses {
        if status_range(&status.0.value).is_none() {
            let message = format!("`{}` is not a status", status.0.value);
            let diagnostic = Diagnostic::new(Code::InvalidStatus, status.0.place(), message);
            let diagnostic = diagnostic.help("write a status like `200`, or a class like `2xx`");
            let lower = status.0.value.trim().to_ascii_lowercase();
            cx.report(if status_range(&lower).is_some() {
                diagnostic.fix(format!("Change to `{lower}`"), status.0.place(), lower)
            } else {
                diagnostic
            });
        }
    }
}

/// `200` or `2xx`.
pub(crate) fn status_range(text: &str) -> Option<StatusRange> {
    let (class, rest) = text.split_at_checked(1)?;
    let hundreds: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
    let first = hundreds * 100;
    match rest {
        "xx" => Some(StatusRange { first, last: first + 99 }),
        _ if rest.len() == 2 && rest.bytes().all(|c| c.is_ascii_digit()) => {
            let status = first + rest.parse::<u16>().ok()?;
            Some(StatusRange { first: status, last: status })
        }
        _ => None,
    }
}

fn bodies(http: &Http, cx: &mut Cx) {
    let given: Vec<_> =
        ["json", "body", "form"].into_iter().filter_map(|key| Some((key, http.given.at(key)?))).collect();
    if let [(first, first_at), (second, second_at), ..] = given.as_slice() {
        let message = format!("`{first}` and `{second}` exclude each other: a request has one body");
        let diagnostic = Diagnostic::new(Code::KeysExcludeEachOther, Place::Key((*second_at).clone()), message);
        cx.report(diagnostic.related(Place::Key((*first_at).clone()), "and this").help("keep one of them"));
    }
}

/// A certificate is shown by whoever can prove that it is theirs.
fn certificate_and_key(tls: &Tls, cx: &mut Cx) {
    let (there, missing, file) = match (tls.given.at("cert"), tls.given.at("key")) {
        (Some(cert), None) => (cert, "key", "certs/client.key"),
        (None, Some(key)) => (key, "cert", "certs/client.pem"),
        _ => return,
    };
    let message = format!("the client's certificate and its private key go together: `{missing}` is missing");
    let diagnostic = Diagnostic::new(Code::KeyMakesNoSense, Place::Key(there.clone()), message);
    cx.report(diagnostic.help(format!("name the file: `{missing}: {file}`; one file may hold both")));
}

fn one_auth(auth: &Auth, cx: &mut Cx) {
    match (auth.given.at("bearer"), auth.given.at("basic")) {
        (Some(bearer), Some(basic)) => {
            let message = "`bearer` and `basic` exclude each other: a request has one kind of credentials";
            let diagnostic = Diagnostic::new(Code::KeysExcludeEachOther, Place::Key(basic.clone()), message);
            cx.report(diagnostic.related(Place::Key(bearer.clone()), "and this").help("keep one of them"));
        }
        (None, None) => {
            let diagnostic = Diagnostic::new(
                Code::MissingKey,
                Place::Key(auth.at.clone()),
                "`auth` needs the key `bearer` or `basic`",
            );
            cx.report(diagnostic.help("write it like `auth: {bearer: \"{{ secrets.TOKEN }}\"}`"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_three_digits_or_a_class() {
        let range = |first, last| Some(StatusRange { first, last });
        for (text, expect) in [
            ("200", range(200, 200)),
            ("2xx", range(200, 299)),
            ("599", range(599, 599)),
            ("099", None),
            ("600", None),
            ("+20", None),
            ("0200", None),
            ("2x", None),
            ("2XX", None),
            ("ü00", None),
            ("", None),
        ] {
            assert_eq!(status_range(text), expect, "{text:?}");
        }
    }

    #[test]
    fn hosts_end_where_paths_begin() {
        for (url, expect) in [
            ("https://a.example/x", "a.example"),
            ("https://a.example:8443?x", "a.example:8443"),
            ("https://{{ default inputs.a \"x/y\" }}.example/x", "{{ default inputs.a \"x/y\" }}.example"),
            ("{{ inputs.url }}", ""),
        ] {
            assert_eq!(host(url), expect, "{url}");
        }
    }
}
