//! What a text may cost.

/// Bytes of text.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Values inside values.
pub const MAX_DEPTH: u32 = 64;
/// Values, each alias counted as often as it is used.
pub const MAX_NODES: u64 = 100_000;
/// Bytes of scalars, each alias counted as often as it is used.
pub const MAX_EXPANDED_BYTES: u64 = 4 * 1024 * 1024;
