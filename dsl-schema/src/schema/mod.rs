//! JSON Schemas of the files that people write, for editors.
//!
//! They are made from the types of [`crate::language`]: a key that the types do not have is not in the schema. What a type
//! cannot say by itself (which keys exclude each other, which names are allowed) it says with the building blocks of
//! [`shape`]; [`editors`] then puts all of it into the form that editors show best.
//!
//! The schema is never stricter than the compiler, so that nothing is underlined which would compile. Where the compiler
//! reads further than a schema can (names of steps, expressions), the schema is silent.

mod editors;
mod pruned;
pub(crate) mod shape;
mod snippets;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use crate::language::testing::TestFile;
use crate::language::{Pipeline, StepType};

/// JSON Schema (draft-07) of a pipeline file.
pub fn schema() -> Json {
    let mut schema = generate::<Pipeline>("Loopline pipeline");
    snippets::add(&mut schema["properties"]["steps"]);
    snippets::add(&mut schema["properties"]["finally"]);
    schema
}

/// JSON Schema (draft-07) of a step type, `.loopline/steps/NAME.yaml`.
pub fn step_type_schema() -> Json {
    let mut schema = generate::<StepType>("Loopline step type");
    pruned::leave_out_what_names_other_steps(&mut schema);
    schema
}

/// JSON Schema (draft-07) of a file of tests, `*.loopline.test.yaml`.
pub fn test_schema() -> Json {
    generate::<TestFile>("Loopline tests")
}

fn generate<T: JsonSchema>(title: &str) -> Json {
    let settings = SchemaSettings::draft07().with_transform(editors::ForEditors);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), Json::from(title));
    Json::from(schema)
}
