//! The mappings of the language and their keys, as the JSON Schemas of the types declare them.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value as Json};

/// Where the keys of a step type stand.
const STEP_TYPE: &str = ".loopline/steps/NAME.yaml";

/// A mapping with keys of its own.
pub struct Mapping {
    /// Where it may stand in a file: `steps.ID.goto[]`. Empty is the file itself. That nearest to the top comes first.
    pub paths: Vec<String>,
    /// In the order of the types.
    pub keys: Vec<Key>,
    /// Values of the whole mapping.
    pub examples: Vec<Json>,
}

/// A key of a mapping.
pub struct Key {
    pub name: String,
    pub schema: Json,
    pub required: bool,
}

impl Key {
    /// What it is for.
    pub fn about(&self) -> &str {
        self.schema["description"].as_str().unwrap_or_default()
    }

    pub fn examples(&self) -> &[Json] {
        self.schema["examples"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// A mapping by its place in [`Language::mappings`].
pub type MappingIx = usize;

/// All mappings of the language, and the definitions that schemas refer to.
pub struct Language {
    pub mappings: Vec<Mapping>,
    definitions: BTreeMap<String, Json>,
}

impl Language {
    /// From the schemas of a pipeline file and of a step type.
    pub fn read() -> Self {
        let pipeline = loopline_dsl::schema();
        let step_type = loopline_dsl::step_type_schema();
        let mut language = Self { mappings: Vec::new(), definitions: BTreeMap::new() };
        for root in [&pipeline, &step_type] {
            for (name, schema) in root["definitions"].as_object().into_iter().flatten() {
                language.definitions.entry(name.clone()).or_insert_with(|| schema.clone());
            }
        }
        language.walk(String::new(), pipeline);
        // What is inside of a step type is a step, without the keys that make no sense there.
        let keys = properties(&step_type).expect("a step type has keys");
        language.add(STEP_TYPE, &keys, &step_type);
        language
    }

    /// The mapping that may stand at this path.
    pub fn at(&self, path: &str) -> Option<MappingIx> {
        self.mappings.iter().position(|mapping| mapping.paths.iter().any(|known| known == path))
    }

    /// The mapping that an object with keys of its own is: the one with the same keys, which mean the same.
    pub fn mapping_of(&self, schema: &Json) -> Option<MappingIx> {
        let keys = properties(schema)?;
        // A schema inside of a schema differs in what it takes as `required`.
        let is_same = |key: &Key| {
            let other = keys.get(&key.name);
            other.is_some_and(|other| key.name == "required" || other["description"] == key.schema["description"])
        };
        self.mappings.iter().position(|mapping| mapping.keys.len() == keys.len() && mapping.keys.iter().all(is_same))
    }

    /// The schema that a `$ref` leads to.
    pub fn definition(&self, reference: &str) -> &Json {
        let name = reference.rsplit('/').next().expect("there is one part at least");
        self.definitions.get(name).expect("a reference leads to a definition")
    }

    /// Breadth first, so that a mapping is found where it stands nearest to the top.
    fn walk(&mut self, path: String, root: Json) {
        let mut open = VecDeque::from([(path, root)]);
        while let Some((path, schema)) = open.pop_front() {
            if let Some(reference) = schema["$ref"].as_str() {
                open.push_back((path, self.definition(reference).clone()));
                continue;
            }
            if let Some(keys) = properties(&schema) {
                if let Some(known) = self.mapping_of(&schema) {
                    // What is inside of it is known too; and steps stand inside of steps.
                    self.mappings[known].paths.push(path);
                    continue;
                }
                self.add(&path, &keys, &schema);
                for (key, value) in &keys {
                    let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    open.push_back((inner, value.clone()));
                }
            }
            for part in ["anyOf", "oneOf", "allOf"].iter().filter_map(|word| schema[*word].as_array()).flatten() {
                open.push_back((path.clone(), part.clone()));
            }
            if schema["items"].is_object() {
                open.push_back((format!("{path}[]"), schema["items"].clone()));
            }
            if schema["additionalProperties"].is_object() {
                let name = if path.ends_with("steps") || path == "finally" { "ID" } else { "NAME" };
                open.push_back((format!("{path}.{name}"), schema["additionalProperties"].clone()));
            }
        }
    }

    fn add(&mut self, path: &str, keys: &Map<String, Json>, schema: &Json) {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let keys = keys.iter().map(|(name, schema)| Key {
            name: name.clone(),
            schema: schema.clone(),
            required: required.iter().any(|key| key == name),
        });
        self.mappings.push(Mapping {
            paths: vec![path.to_owned()],
            keys: keys.collect(),
            examples: schema["examples"].as_array().cloned().unwrap_or_default(),
        });
    }
}

/// The keys of an object that has keys of its own. What is `false` is a key that it must not have.
fn properties(schema: &Json) -> Option<Map<String, Json>> {
    let keys = schema["properties"].as_object()?.iter().filter(|(_, schema)| **schema != Json::Bool(false));
    let keys: Map<String, Json> = keys.map(|(name, schema)| (name.clone(), schema.clone())).collect();
    (!keys.is_empty()).then_some(keys)
}
