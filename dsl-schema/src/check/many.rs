//! `foreach` and `matrix`: how many items there are, as far as the file says.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::graph::DEFAULT_MAX_ITEMS;
use serde_json::Value as Json;

use super::combinations::Combinations;
use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{AnyJson, Entries, Foreach, ItemsSpec, Matrix};
use crate::model::Model;

/// Combinations beyond this are counted, not made.
const MOST_COMBINATIONS: usize = 10_000;

/// Names that expressions know already.
const TAKEN: [&str; 12] = [
    "inputs", "env", "steps", "run", "event", "item", "visit", "attempt", "previous", "secrets", "callback", "response",
];

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    let limits = model.pipeline.limits.as_ref().and_then(|limits| limits.items.as_ref());
    let most = limits.map_or(DEFAULT_MAX_ITEMS, |items| items.0.value) as usize;
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        if let Some(foreach) = spec.foreach.as_deref() {
            self::foreach(foreach, most, cx);
        }
        if let Some(matrix) = spec.matrix.as_deref() {
            self::matrix(matrix, most, cx);
        }
        if let (Some(foreach), Some(matrix)) = (spec.given.at("foreach"), spec.given.at("matrix")) {
            let message = "`foreach` and `matrix` exclude each other: a step has one list of items";
            let diagnostic = Diagnostic::new(Code::KeysExcludeEachOther, Place::Key(matrix.clone()), message);
            let help = "make the list an axis of the matrix";
            cx.report(diagnostic.related(Place::Key(foreach.clone()), "and this").help(help));
        }
    }
}

fn foreach(foreach: &Foreach, most: usize, cx: &mut Cx) {
    if let Some(items) = list(&foreach.items) {
        size(items.len(), most, &foreach.items, cx);
    }
    if let Some(alias) = &foreach.alias {
        let name = alias.value.as_str();
        if !super::names::is_identifier(name) || name.len() > 63 {
            let diagnostic =
                Diagnostic::new(Code::InvalidName, alias.place(), format!("`{name}` is not a name for an item"));
            cx.report(diagnostic.help("use at most 63 letters, digits and `_`, not beginning with a digit"));
        } else if TAKEN.contains(&name) && name != "item" {
            let message = format!("`{name}` is the name of something else already");
            cx.report(Diagnostic::new(Code::InvalidName, alias.place(), message).help("choose another name"));
        }
    }
}

fn size(count: usize, most: usize, items: &ItemsSpec, cx: &mut Cx) {
    let at = match items {
        ItemsSpec::Cel(cel) => &cel.0.at,
        ItemsSpec::Template(list) => &list.at,
    };
    if count == 0 {
        let diagnostic =
            Diagnostic::new(Code::NoItems, Place::Value(at.clone()), "the list is empty: nothing will run");
        cx.report(diagnostic.help("add an item, or remove the step"));
    } else if count > most {
        report_too_many(count, most, Place::Value(at.clone()), cx);
    }
}

fn report_too_many(count: usize, most: usize, place: Place, cx: &mut Cx) {
    let message = format!("{count} items are more than `limits.items` allows, which is {most}");
    let diagnostic = Diagnostic::new(Code::TooManyItems, place, message);
    cx.report(if count <= MOST_COMBINATIONS {
        diagnostic.help(format!("raise it: `limits: {{items: {count}}}`"))
    } else {
        diagnostic.help("at most 10,000 can be allowed; run a pipeline for each part of them")
    });
}

/// The items, where the file lists them.
fn list(items: &ItemsSpec) -> Option<&Vec<Json>> {
    match items {
        ItemsSpec::Template(value) => value.value.as_array(),
        ItemsSpec::Cel(_) => None,
    }
}

fn matrix(matrix: &Matrix, most: usize, cx: &mut Cx) {
    let names: Vec<&str> = matrix.axes.0.iter().map(|axis| axis.name.as_str()).collect();
    for axis in &matrix.axes.0 {
        if !super::names::is_identifier(&axis.name) {
            let message = format!("`{}` is not the name of an axis", axis.name);
            let diagnostic = Diagnostic::new(Code::InvalidName, axis.key(), message);
            cx.report(diagnostic.help("use letters, digits and `_`: it is read as `item.NAME`"));
        }
        if let Some(items) = axis.value.as_ref().and_then(list)
            && items.is_empty()
        {
            let message = format!("the axis `{}` is empty, so there is no combination at all", axis.name);
            let place = Place::Value(axis.at.clone());
            cx.report(Diagnostic::new(Code::NoItems, place, message).help("add a value, or remove the axis"));
        }
    }
    if matrix.axes.0.is_empty() && matrix.include.iter().flatten().next().is_none() {
        let message = "the matrix has neither axes nor `include`: nothing will run";
        let diagnostic = Diagnostic::new(Code::NoItems, Place::Key(matrix.at.clone()), message);
        cx.report(diagnostic.help("write it like `matrix: {axes: {os: [linux, macos]}}`"));
    }
    let known: BTreeSet<&str> = names.iter().copied().collect();
    for row in matrix.exclude.iter().flatten() {
        for item in row.0.iter().filter(|item| !known.contains(item.name.as_str())) {
            let message = format!("the matrix has no axis `{}`, so this leaves nothing out", item.name);
            let diagnostic = Diagnostic::new(Code::MatrixEntryFitsNothing, item.key(), message);
            let near = cx.nearest.to(&item.name, names.iter().copied());
            cx.report(match near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("Change to `{near}`"),
                    item.key(),
                    near,
                ),
                None => diagnostic.help(format!("its axes are {}", crate::decode::list(&names))),
            });
        }
    }
    // Axes that are computed are known when the run goes on.
    let axes: Option<Vec<(&str, &Vec<Json>)>> =
        matrix.axes.0.iter().map(|axis| Some((axis.name.as_str(), list(axis.value.as_ref()?)?))).collect();
    if let Some(axes) = axes {
        count(matrix, &axes, most, cx);
    }
}

fn count(matrix: &Matrix, axes: &[(&str, &Vec<Json>)], most: usize, cx: &mut Cx) {
    let product = axes.iter().try_fold(1_usize, |product, (_, items)| product.checked_mul(items.len()));
    let Some(product) = product.filter(|product| *product <= MOST_COMBINATIONS) else {
        // Whatever is left out of so many, it is not said here.
        if matrix.exclude.iter().flatten().next().is_none() {
            report_too_many(product.unwrap_or(usize::MAX), most, Place::Key(matrix.at.key("axes")), cx);
        }
        return;
    };
    let mut left = Combinations::of(axes, product);
    for (at, row) in matrix.exclude.iter().flatten().enumerate() {
        let wanted = row_of(row);
        if wanted.keys().any(|name| !left.has_axis(name)) {
            continue;
        }
        if left.leave_out(&wanted) == 0 && product > 0 {
            let message = "this agrees with no combination, so it leaves nothing out";
            let place = Place::Value(matrix.at.key("exclude").index(at));
            let diagnostic = Diagnostic::new(Code::MatrixEntryFitsNothing, place, message);
            cx.report(diagnostic.help("compare its values with those of the axes, or remove it"));
        }
    }
    let added = matrix.include.iter().flatten().filter(|row| {
        let mut of_axes = row_of(row);
        of_axes.retain(|name, _| left.has_axis(name));
        // As on GitHub: what agrees with a combination, or names no axis, adds to it; anything else is one of its own.
        !left.agrees(&of_axes)
    });
    let added = added.count();
    let total = left.count + added;
    if total > most {
        report_too_many(total, most, Place::Key(matrix.at.key("axes")), cx);
    } else if total == 0 && product > 0 {
        let message = "every combination is left out: nothing will run";
        let diagnostic = Diagnostic::new(Code::NoItems, Place::Key(matrix.at.key("exclude")), message);
        cx.report(diagnostic.help("leave in at least one"));
    }
}

fn row_of(row: &Entries<AnyJson>) -> BTreeMap<&str, &Json> {
    row.0.iter().filter_map(|item| Some((item.name.as_str(), &item.value.as_ref()?.0.value))).collect()
}
