//! JSON in one spelling only: keys sorted, no white space. Digests are taken over it.

use serde_json::Value as Json;

/// Writes `value` with sorted keys into `sink`, piece by piece.
pub fn write(value: &Json, sink: &mut impl FnMut(&[u8])) {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
            sink(b"{");
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    sink(b",");
                }
                sink(Json::from(key.as_str()).to_string().as_bytes());
                sink(b":");
                write(value, sink);
            }
            sink(b"}");
        }
        Json::Array(items) => {
            sink(b"[");
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    sink(b",");
                }
                write(item, sink);
            }
            sink(b"]");
        }
        scalar => sink(scalar.to_string().as_bytes()),
    }
}

/// SHA-256 of the canonical spelling, written `sha256:…`.
pub fn digest(value: &Json) -> String {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    write(value, &mut |bytes| hasher.update(bytes));
    format!("sha256:{}", hex(&hasher.finalize()))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}
