//! The JSON Schema of a pipeline file, for editors.

use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use crate::language::Pipeline;

/// JSON Schema (draft-07) of a pipeline file, made from the types of [`crate::language`].
pub fn schema() -> Json {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Pipeline>();
    let mut schema = Json::from(schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), Json::from("Loopline pipeline"));
    }
    schema
}
