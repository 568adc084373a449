//! Requests.

use loopline_core::graph::StatusRange;

use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{Auth, Http, Text};
use crate::model::Model;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    for step in &model.steps {
        let Some(http) = step.spec.and_then(|spec| spec.http.as_ref()) else { continue };
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
    }
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
        let spaced = message.ends_with("white space") && !text.contains(|c: char| c.is_whitespace() && c != ' ');
        cx.report(if spaced {
            diagnostic.fix("Write spaces as `%20`", url.place(), text.trim().replace(' ', "%20"))
        } else {
            diagnostic
        });
    }
}

fn headers(http: &Http, cx: &mut Cx) {
    for header in http.headers.iter().flat_map(|headers| &headers.0) {
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
    if let Some(class) = text.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some(StatusRange { first: class * 100, last: class * 100 + 99 });
    }
    let status = text.parse().ok().filter(|status| (100..=599).contains(status))?;
    Some(StatusRange { first: status, last: status })
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
