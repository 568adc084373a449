//! Containers, services, and the paths of files around a step.

use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{Container, Entries, OneOrMany, Reports, Service, Step, TemplateText, Text};
use crate::model::{Kind, Model, ModelStep};

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    if let Some(reports) = model.pipeline.reports.as_deref() {
        self::reports(reports, cx);
    }
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        if let Some(container) = spec.container.as_deref() {
            self::container(container, cx);
        }
        if let Some(undo) = spec.compensate.as_deref().and_then(|undo| undo.container.as_deref()) {
            self::container(undo, cx);
        }
        limits(step, spec, cx);
        services(spec.services.as_ref(), cx);
        files(spec, cx);
    }
}

/// What a step may use is that of its processes: a request has none that an engine could bound.
fn limits(step: &ModelStep<'_>, spec: &Step, cx: &mut Cx) {
    let Some(limits) = spec.limits.as_ref().filter(|_| step.kind == Some(Kind::Http)) else { return };
    for key in ["memory", "cpus"] {
        if let Some(place) = limits.given.at(key) {
            cx.require(&format!("limits.{key} of http"), place);
        }
    }
}

fn container(container: &Container, cx: &mut Cx) {
    image(&container.image, cx);
    let beside = ["command", "args"].into_iter().find_map(|key| Some((key, container.given.at(key)?)));
    if let (Some(run), Some((key, at))) = (container.given.at("run"), beside) {
        let message = format!("`run` and `{key}` exclude each other: a script is read by the image's `sh`");
        let diagnostic = Diagnostic::new(Code::KeysExcludeEachOther, Place::Key(at.clone()), message);
        cx.report(diagnostic.related(Place::Key(run.clone()), "and this").help("keep one of them"));
    }
    for mount in container.mounts.iter().flatten() {
        if !mount.target.value.starts_with('/') {
            let message = format!("`{}` is not an absolute path inside the container", mount.target.value);
            let diagnostic = Diagnostic::new(Code::InvalidPath, mount.target.place(), message);
            cx.report(diagnostic.help("write it like `/data`"));
        }
        let source = &mount.source.0;
        if source.value.is_empty() || source.value.split('/').any(|part| part == "..") {
            let message = format!("`{}` leads out of where it begins", source.value);
            let diagnostic = Diagnostic::new(Code::InvalidPath, source.place(), message);
            cx.report(diagnostic.help("write a path beneath the workspace, without `..`"));
        }
    }
    if let Some(workdir) = &container.workdir
        && !workdir.0.value.starts_with(['/', '{'])
    {
        let message = format!("`{}` is not an absolute path inside the container", workdir.0.value);
        let help = format!("write it like `/workspace/{}`", workdir.0.value);
        cx.report(Diagnostic::new(Code::InvalidPath, workdir.0.place(), message).help(help));
    }
    services(container.services.as_ref(), cx);
}

fn services(services: Option<&Entries<Service>>, cx: &mut Cx) {
    for item in services.iter().flat_map(|services| &services.0) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let begins = item.name.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins || item.name.len() > 63 || !item.name.chars().all(fits) {
            let message = format!("`{}` is not the name of a service", item.name);
            let diagnostic = Diagnostic::new(Code::InvalidName, item.key(), message);
            cx.report(diagnostic.help("it is a host name: a lower-case letter, then at most 62 of a-z, 0-9 and -"));
        }
        let Some(service) = &item.value else { continue };
        image(&service.image, cx);
        for text in service.ports.iter().flat_map(|ports| &ports.0) {
            if port(&text.value).is_none() {
                let message = format!("`{}` is not a port", text.value);
                let diagnostic = Diagnostic::new(Code::InvalidPort, text.place(), message);
                cx.report(diagnostic.help("write it like `5432`, or `15432:5432` for another one on the step's side"));
            }
        }
    }
}

/// `5432` or `15432:5432`: on the step's side, inside the container.
pub(crate) fn port(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|number| *number > 0);
    match text.split_once(':') {
        Some((host, container)) => Some((number(host)?, number(container)?)),
        None => number(text).map(|number| (number, number)),
    }
}

fn image(image: &TemplateText, cx: &mut Cx) {
    let text = image.0.value.as_str();
    if text.contains("{{") || is_image(text) {
        return;
    }
    let diagnostic =
        Diagnostic::new(Code::InvalidImage, image.0.place(), format!("`{text}` is not the name of an image"));
    cx.report(diagnostic.help("write it like `rust:1.95`, or `registry.example/team/tool@sha256:…`"));
}

/// `[registry[:port]/]path[:tag][@digest]`, by the rules of the OCI distribution specification.
fn is_image(text: &str) -> bool {
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or(name);
    let (path, tag) = match last.split_once(':') {
        Some((_, tag)) => (&name[..name.len() - tag.len() - 1], Some(tag)),
        None => (name, None),
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits_tag =
        |tag: &str| tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || matches!(c, '.' | '-'));
    let fits_digest = |digest: &str| {
        digest.split_once(':').is_some_and(|(algorithm, hex)| {
            !algorithm.is_empty() && hex.len() >= 32 && hex.chars().all(|c| c.is_ascii_hexdigit())
        })
    };
    let parts: Vec<&str> = path.split('/').collect();
    let registry = parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost");
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits_part = |part: &str| {
        part.starts_with(lower)
            && part.ends_with(lower)
            && part.chars().all(|c| lower(c) || matches!(c, '.' | '_' | '-'))
    };
    let host = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'));
    parts.iter().enumerate().all(|(at, part)| if at == 0 && registry { host(part) } else { fits_part(part) })
        && tag.is_none_or(fits_tag)
        && digest.is_none_or(fits_digest)
}

fn files(spec: &Step, cx: &mut Cx) {
    for artifact in spec.artifacts.iter().flat_map(|artifacts| &artifacts.0) {
        let Some(path) = &artifact.value else { continue };
        beneath_workspace(path, cx);
    }
    for cache in spec.cache.iter().flat_map(|caches| &caches.0) {
        for path in &cache.paths.0 {
            beneath_workspace(path, cx);
        }
        for key in std::iter::once(&cache.key).chain(cache.restore_keys.iter().flat_map(|keys| &keys.0)) {
            cache_key(&key.0, cx);
        }
    }
    if let Some(reports) = &spec.reports {
        self::reports(reports, cx);
    }
    if let Some(dir) = spec.working_dir.as_ref().filter(|dir| !dir.0.value.contains("{{")) {
        beneath_workspace(&dir.0, cx);
    }
    if let Some(tls) = spec.http.as_ref().and_then(|http| http.tls.as_ref()) {
        for path in [&tls.ca, &tls.cert, &tls.key].into_iter().flatten() {
            beneath_workspace(path, cx);
        }
    }
}

fn reports(reports: &Reports, cx: &mut Cx) {
    let OneOrMany(paths) = &reports.junit;
    for path in paths {
        beneath_workspace(path, cx);
    }
}

fn cache_key(key: &Text, cx: &mut Cx) {
    for part in crate::cache_key::parts(&key.value) {
        if let crate::cache_key::KeyPart::Broken(range) = part {
            let place = Place::Within(key.at.clone(), range);
            let diagnostic =
                Diagnostic::new(Code::HoleInCacheKey, place, "these patterns of `hash_files` cannot be read");
            cx.report(diagnostic.help("write them in quotes: `{{ hash_files(\"Cargo.lock\", \"src/**\") }}`"));
        }
    }
}

/// Reports a path that leads out of the workspace.
fn beneath_workspace(path: &Text, cx: &mut Cx) {
    let text = path.value.as_str();
    if is_beneath(text) {
        return;
    }
    let message = format!("`{text}` is not a path beneath the workspace");
    let diagnostic = Diagnostic::new(Code::InvalidPath, path.place(), message);
    let diagnostic =
        diagnostic.help("write it like `target/release/api`, without `..` and without a leading `/` or `~`");
    let slashes = text.replace('\\', "/");
    cx.report(match text.contains('\\') && is_beneath(&slashes) {
        true => diagnostic.fix("Write it with `/`", path.place(), slashes),
        false => diagnostic,
    });
}

/// A path beneath the workspace, with `/` between its parts.
fn is_beneath(path: &str) -> bool {
    let leads_out = path.starts_with(['/', '~']) || path.split('/').any(|part| part == "..");
    !path.is_empty() && !leads_out && !path.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_named_as_registries_name_them() {
        for (text, expect) in [
            ("rust", true),
            ("rust:1.95", true),
            ("library/rust:1.95-slim_x", true),
            ("registry.example:5000/team/tool", true),
            ("registry.example:5000/team/tool:v1", true),
            ("localhost/tool@sha256:0123456789abcdef0123456789abcdef", true),
            ("", false),
            ("Rust", false),
            ("rust 1", false),
            ("rust:", false),
            ("rust:-a", false),
            ("rust@sha256:12", false),
            ("/rust", false),
            ("a//b", false),
        ] {
            assert_eq!(is_image(text), expect, "{text:?}");
        }
    }

    #[test]
    fn ports_are_one_number_or_two() {
        for (text, expect) in
            [("5432", Some((5432, 5432))), ("1:2", Some((1, 2))), ("0", None), ("70000", None), ("1:2:3", None)]
        {
            assert_eq!(port(text), expect, "{text}");
        }
    }
}
