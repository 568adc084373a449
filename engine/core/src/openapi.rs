//! Schemas of ids and moments for the OpenAPI document: in JSON they are text.

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema, SchemaFormat, schema::KnownFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::id::{RunId, StepId, StepPath};
use crate::time::Timestamp;

impl PartialSchema for RunId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-7][0-9A-HJKMNP-TV-Z]{25}$"))
            .description(Some("A run, written as a ULID."))
            .into()
    }
}

impl ToSchema for RunId {}

impl PartialSchema for StepId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[a-z][a-z0-9_]{0,62}$"))
            .description(Some("The name of a step."))
            .into()
    }
}

impl ToSchema for StepId {}

impl PartialSchema for StepPath {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^([a-z][a-z0-9_]{0,62}(\[[0-9]+\])?/)*[a-z][a-z0-9_]{0,62}$"))
            .description(Some("The name of a step, behind the steps whose pipelines in place it lies in."))
            .into()
    }
}

impl ToSchema for StepPath {}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC, with milliseconds."))
            .into()
    }
}

impl ToSchema for Timestamp {}
