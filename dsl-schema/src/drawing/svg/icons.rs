//! An icon for each kind of step: 16 × 16, drawn in strokes.

/// The kinds that have one of their own.
pub(super) const KINDS: [&str; 8] = ["run", "http", "container", "approval", "wait", "sleep", "pipeline", "set"];

/// The shapes of a kind's icon.
pub(super) fn shapes(kind: &str) -> &'static str {
    match kind {
        // A prompt.
        "run" => r#"<path d="M2.5 4l4 4-4 4M8.5 12.5h5"/>"#,
        // A globe.
        "http" => {
            r#"<circle cx="8" cy="8" r="6"/><path d="M2 8h12M8 2c2.2 1.7 3 3.8 3 6s-.8 4.3-3 6c-2.2-1.7-3-3.8-3-6s.8-4.3 3-6z"/>"#
        }
        // A crate.
        "container" => r#"<path d="M8 1.8l5.5 3v6.4l-5.5 3-5.5-3V4.8zM2.5 4.8L8 7.9l5.5-3.1M8 7.9v6.3"/>"#,
        // Somebody who ticks off.
        "approval" => {
            r#"<circle cx="6.2" cy="4.8" r="2.6"/><path d="M1.5 13.5c0-2.7 2.1-4.5 4.7-4.5 1.3 0 2.4.4 3.2 1.2M9.5 12.3l1.7 1.7 3.3-3.7"/>"#
        }
        // A signal.
        "wait" => {
            r#"<circle cx="8" cy="8" r="1.2"/><path d="M5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6M3.2 12.8a6.8 6.8 0 0 1 0-9.6M12.8 3.2a6.8 6.8 0 0 1 0 9.6"/>"#
        }
        // A clock.
        "sleep" => r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.7"/>"#,
        // One that leads to two.
        "pipeline" => {
            r#"<rect x="1.5" y="6" width="4" height="4" rx="1"/><rect x="10.5" y="2" width="4" height="4" rx="1"/><rect x="10.5" y="10" width="4" height="4" rx="1"/><path d="M5.5 8H8M10.5 4H9.3C8.6 4 8 4.6 8 5.3v5.4c0 .7.6 1.3 1.3 1.3h1.2"/>"#
        }
        // Braces.
        "set" => {
            r#"<path d="M6 2.5c-1.7 0-2 .7-2 2v1.7C4 7.3 3.3 8 2.3 8 3.3 8 4 8.7 4 9.8v1.7c0 1.3.3 2 2 2M10 2.5c1.7 0 2 .7 2 2v1.7c0 1.1.7 1.8 1.7 1.8-1 0-1.7.7-1.7 1.8v1.7c0 1.3-.3 2-2 2"/>"#
        }
        _ => r#"<circle cx="8" cy="8" r="5.5"/><circle cx="8" cy="8" r="1"/>"#,
    }
}

/// Goes round: what stands before the label of a loop, 10 × 10.
pub(super) const ROUND: &str = "M8.7 3.6A4 4 0 1 0 9 5.6M9 1.3v2.5H6.5";
