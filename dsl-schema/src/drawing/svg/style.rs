//! How a drawing looks. Each colour has a light and a dark value; what does not know `prefers-color-scheme` shows the light
//! one. Custom properties are not used: many viewers of images do not know them.

/// The style sheet: class, property, light and dark value.
const COLOURS: [(&str, &str, &str, &str); 41] = [
    ("ll-canvas", "fill", "#fafafc", "#101115"),
    ("ll-canvas", "stroke", "#e5e5ec", "#272a32"),
    ("ll-line", "stroke", "#9a9ca8", "#666a76"),
    ("ll-tip", "fill", "#9a9ca8", "#666a76"),
    ("ll-loop", "stroke", "#8145b5", "#b27ae0"),
    ("ll-loop-tip", "fill", "#8145b5", "#b27ae0"),
    ("ll-pill", "fill", "#f7edfe", "#2d1d3a"),
    ("ll-pill", "stroke", "#dcc3f0", "#53366b"),
    ("ll-pill-text", "fill", "#793aaf", "#d19dff"),
    ("ll-round", "stroke", "#793aaf", "#d19dff"),
    ("ll-box", "fill", "#ffffff", "#16181d"),
    ("ll-box", "stroke", "#d9dae3", "#343842"),
    ("ll-waits .ll-box", "fill", "#fffaf0", "#1e1910"),
    ("ll-waits .ll-box", "stroke", "#ecc98a", "#5c4314"),
    ("ll-sheet", "fill", "#f6f6f9", "#13151a"),
    ("ll-sheet", "stroke", "#d9dae3", "#343842"),
    ("ll-frame", "fill", "#f1f1f6", "#0b0c0f"),
    ("ll-frame", "stroke", "#d3d4df", "#363a45"),
    ("ll-inner", "fill", "#fafafc", "#101115"),
    ("ll-many", "fill", "#4f4ab8", "#b1a9ff"),
    ("ll-tile", "fill", "#f0f0fe", "#23233f"),
    ("ll-tile-of-frame", "fill", "#e2e2fa", "#2a2a4d"),
    ("ll-icon", "stroke", "#4f4ab8", "#b1a9ff"),
    ("ll-waits .ll-tile", "fill", "#ffefc9", "#3a2809"),
    ("ll-waits .ll-icon", "stroke", "#8a4b00", "#ffca16"),
    ("ll-computes .ll-tile", "fill", "#eeeef2", "#24272e"),
    ("ll-computes .ll-icon", "stroke", "#5b5e69", "#a9adb8"),
    ("ll-title", "fill", "#17181c", "#eeeff2"),
    ("ll-id", "fill", "#696c78", "#8d929e"),
    ("ll-summary", "fill", "#555864", "#a9adb8"),
    ("ll-mark", "fill", "#f4f4f7", "#20232a"),
    ("ll-mark", "stroke", "#d9dae3", "#3d414c"),
    ("ll-mark-text", "fill", "#555864", "#a9adb8"),
    ("ll-good .ll-mark", "fill", "#e6f6eb", "#132d21"),
    ("ll-good .ll-mark", "stroke", "#b4dfc4", "#20573e"),
    ("ll-good .ll-mark-text", "fill", "#1b6e48", "#3dd68c"),
    ("ll-bad .ll-mark", "fill", "#feebec", "#3b1219"),
    ("ll-bad .ll-mark", "stroke", "#f3bcc0", "#72232d"),
    ("ll-bad .ll-mark-text", "fill", "#bf2a30", "#ff9592"),
    ("ll-over .ll-mark", "fill", "#ffffff", "#1d2026"),
    ("ll-over .ll-mark", "stroke", "#cdced8", "#3d414c"),
];

/// What a way through a graph needs besides.
const OF_TRAIL: [(&str, &str, &str, &str); 16] = [
    ("ll-gone", "stroke", "#2f5fd0", "#7aa7ff"),
    ("ll-gone-tip", "fill", "#2f5fd0", "#7aa7ff"),
    ("ll-gone-back", "stroke", "#8145b5", "#b27ae0"),
    ("ll-gone-back-tip", "fill", "#8145b5", "#b27ae0"),
    ("ll-was-good .ll-box", "stroke", "#2f9e67", "#2f9e67"),
    ("ll-was-bad .ll-box", "stroke", "#d9363e", "#e5484d"),
    ("ll-was-open .ll-box", "stroke", "#c27a00", "#e2a336"),
    ("ll-was-good .ll-frame", "stroke", "#2f9e67", "#2f9e67"),
    ("ll-was-bad .ll-frame", "stroke", "#d9363e", "#e5484d"),
    ("ll-was-open .ll-frame", "stroke", "#c27a00", "#e2a336"),
    ("ll-open .ll-mark", "fill", "#ffefc9", "#3a2809"),
    ("ll-open .ll-mark", "stroke", "#ecc98a", "#5c4314"),
    ("ll-open .ll-mark-text", "fill", "#8a4b00", "#ffca16"),
    ("ll-ends", "stroke", "#f3bcc0", "#72232d"),
    ("ll-rounds", "fill", "#8145b5", "#b27ae0"),
    ("ll-rounds-text", "fill", "#ffffff", "#14091c"),
];

/// What does not depend on light and dark.
const SHAPES: &str = "\
.ll-sans{font-family:Inter,\"Segoe UI\",\"Helvetica Neue\",Helvetica,Arial,sans-serif}\
.ll-mono{font-family:\"JetBrains Mono\",\"SF Mono\",Menlo,Consolas,\"Liberation Mono\",monospace}\
.ll-line,.ll-loop,.ll-icon,.ll-round{fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}\
.ll-loop{stroke-dasharray:5 4;stroke-linecap:butt}\
.ll-round{stroke-width:1.2}\
.ll-title{font-size:13px;font-weight:600}\
.ll-id,.ll-code{font-size:10.5px}\
.ll-prose{font-size:11px}\
.ll-mark-text,.ll-pill-text{font-size:10px;text-anchor:middle}\
.ll-pill-text{text-anchor:start}\
.ll-id{text-anchor:end}";

/// What of a way does not.
const SHAPES_OF_TRAIL: &str = "\
.ll-gone,.ll-gone-back{fill:none;stroke-width:3;stroke-linecap:round;stroke-linejoin:round}\
.ll-was-good .ll-box,.ll-was-bad .ll-box,.ll-was-open .ll-box,\
.ll-was-good .ll-frame,.ll-was-bad .ll-frame,.ll-was-open .ll-frame{stroke-width:2}\
.ll-pale{opacity:.45}\
.ll-ends{fill:none;stroke-width:5}\
.ll-caption{font-size:15px;font-weight:600}\
.ll-rounds-text{font-size:10px;font-weight:600;text-anchor:middle}";

/// The style sheet of a drawing.
pub(super) fn sheet() -> String {
    of(SHAPES, &COLOURS)
}

/// The same, of one with a way through it.
pub(super) fn sheet_of_trail() -> String {
    sheet() + &of(SHAPES_OF_TRAIL, &OF_TRAIL)
}

fn of(shapes: &str, colours: &[(&str, &str, &str, &str)]) -> String {
    let rules = |dark: bool| -> String {
        colours
            .iter()
            .map(|(class, property, light, night)| {
                format!(".{class}{{{property}:{}}}", if dark { night } else { light })
            })
            .collect()
    };
    format!("{shapes}{}@media (prefers-color-scheme:dark){{{}}}", rules(false), rules(true))
}
