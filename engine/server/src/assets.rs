//! The pages: files of the web app, carried in the binary.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;

use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// Shown where the binary was built without the web app.
const NO_PAGES: &str = "<!doctype html><meta charset=utf-8><title>Loopline</title><p>This binary was built without its pages. \
    Run <code>make web</code> and build again. The interface is at <a href=/api/v1/openapi.json>/api/v1</a>.";

/// A file of the web app; any other path that a browser opens is a page of it, and the app finds out which.
pub(crate) async fn page_or_asset(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return method_not_allowed().await;
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
        return serve(path, &file, &headers);
    }
    let wants_page = headers.get(header::ACCEPT).is_none_or(|accept| {
        accept.to_str().is_ok_and(|accept| accept.contains("text/html") || accept.contains("*/*"))
    });
    // A file that is not there is not a page: an old script name must fail, not load HTML.
    if path.starts_with("assets/") || !wants_page {
        return Problem::not_found(format!("there is nothing at /{path}")).into_response();
    }
    match Files::get("index.html") {
        Some(file) => serve("index.html", &file, &headers),
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NO_PAGES).into_response(),
    }
}

fn serve(path: &str, file: &rust_embed::EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    // Vite writes a digest of the content into the names below `assets`.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let common = [(header::ETAG, etag), (header::CACHE_CONTROL, cache.to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = match file.metadata.mimetype() {
        text if text.starts_with("text/") && !text.contains("charset") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    };
    (common, [(header::CONTENT_TYPE, kind)], file.data.clone().into_owned()).into_response()
}

fn hex(bytes: &[u8]) -> String {
    loopline_core::canonical::hex(bytes)
}

/// A path below the interface that is none.
pub(crate) async fn no_such_route(request: Request) -> Problem {
    Problem::not_found(format!("there is no {} {}", request.method(), request.uri().path()))
}

/// A path that exists for other methods.
pub(crate) async fn method_not_allowed() -> Response {
    let title = "Method not allowed";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", title, "this address does not take that method")
        .into_response()
}
