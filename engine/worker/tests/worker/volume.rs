//! Much output needs no more memory than little.

use std::fs;

use crate::bench::{Bench, script};
use crate::engine::Engine;

fn peak_of(text: &str) -> (u64, tempfile::TempDir, loopline_core::id::AttemptId) {
    let mut spec = script(text);
    spec.capture = Default::default();
    let id = spec.id.clone();
    let folder = Engine::with(&spec).join();
    (fs::read_to_string(folder.path().join("peak_memory")).unwrap().parse().unwrap(), folder, id)
}

#[tokio::test]
async fn fifty_megabytes_of_output_need_no_memory() {
    let (small, _, _) = peak_of("touch volume; echo x");
    let text =
        "touch volume; yes '0123456789 0123456789 0123456789 0123456789' | head -n 1000000; head -c 8000000 /dev/zero";
    let (large, folder, id) = peak_of(text);
    assert!(large < small + 16 * 1024, "{large} KiB after {small} KiB");
    let bench = Bench::in_folder(folder, |_| ());
    let page = bench.blobs.read_lines(&id, 999_990, 10).await.unwrap();
    assert_eq!(page.lines.iter().map(|line| line.n).collect::<Vec<_>>(), (999_991..=1_000_000).collect::<Vec<_>>());
    assert!(page.lines.iter().all(|line| line.text.len() == 43));
}
