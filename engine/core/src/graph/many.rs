//! One step, many times.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::expr::{Cel, TemplateValue};

/// `foreach` or `matrix`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Many {
    /// What the items are.
    pub items: Items,
    /// Another name for `item`.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What tells one item from another; none: its place in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Cel>,
    /// How many run at the same time; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<u32>,
    /// Ends the others at the first failure beyond `tolerate`.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub fail_fast: bool,
    /// How many items may fail.
    #[serde(default, skip_serializing_if = "super::is_zero_u32")]
    pub tolerate: u32,
}

/// What the items of a step are.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Items {
    /// `foreach`.
    List(ItemList),
    /// `matrix`: combinations of the axes, in the order of the axes' names, the last changing fastest.
    Matrix {
        /// By name.
        axes: BTreeMap<String, ItemList>,
        /// Adds to combinations, or adds combinations.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        include: Vec<BTreeMap<String, Json>>,
        /// Leaves out combinations.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exclude: Vec<BTreeMap<String, Json>>,
    },
}

/// A list, or what gives one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemList {
    /// An expression.
    Cel(Cel),
    /// A list whose strings are templates, or a template that is one hole.
    Template(TemplateValue),
}
