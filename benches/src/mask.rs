//! How fast output passes the mask, beside a copy of it that looks for line ends: what any reader of a log does at least.

use std::fmt::Write as _;
use std::time::Instant;

use bytes::Bytes;
use loopline_worker::{Masker, Secrets};

use crate::{Figure, in_turns};

/// A piece of output, as it is read from a pipe.
const PIECE: usize = 64 * 1024;

/// Bytes of output.
const SIZE: usize = 64 << 20;

pub fn figures() -> Vec<Figure> {
    let text = Bytes::from(log());
    let secrets: Vec<String> = (0..20).map(secret).collect();
    let secrets = Secrets::new(secrets.iter().map(String::as_str));
    let whole = in_turns(5, || masked(&secrets, &text, PIECE), || copied(&text, PIECE));
    let lines = in_turns(5, || masked(&secrets, &text, 90), || copied(&text, 90));
    [("output masked, 20 secrets", whole), ("the same in pieces of a line", lines)]
        .map(|(what, (ours, raw))| Figure {
            what,
            measured: format!("{:.0} MB/s", megabytes() / ours),
            raw: format!("{:.0} MB/s copied, line ends sought", megabytes() / raw),
            ratio: raw / ours,
            expected: "≥ 200 MB/s",
        })
        .into()
}

fn megabytes() -> f64 {
    SIZE as f64 / 1e6
}

fn log() -> String {
    let mut text = String::with_capacity(SIZE + 100);
    for n in 0_u64.. {
        if text.len() >= SIZE {
            break;
        }
        let _ = writeln!(
            text,
            "2026-01-02T03:04:{:02} INFO worker[{}]: unit {n} built in {} ms",
            n % 60,
            n % 7,
            n * 37 % 9999
        );
    }
    text
}

/// Letters and digits that look drawn, and are the same every time.
fn secret(n: u64) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = n + 1;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[(state >> 33) as usize % LETTERS.len()])
    };
    (0..24 + n).map(letter).collect()
}

fn masked(secrets: &Secrets, text: &Bytes, piece: usize) -> f64 {
    let mut masker = Masker::new(secrets.clone());
    let began = Instant::now();
    let mut shown = 0;
    for at in (0..text.len()).step_by(piece) {
        shown += masker.push(text.slice(at..text.len().min(at + piece))).len();
    }
    shown += masker.end().len();
    assert_eq!(shown, text.len(), "there is no secret in it");
    began.elapsed().as_secs_f64()
}

fn copied(text: &Bytes, piece: usize) -> f64 {
    let began = Instant::now();
    let ends: usize =
        text.chunks(piece).map(|piece| piece.to_vec().iter().filter(|byte| **byte == b'\n').count()).sum();
    assert!(ends > 0);
    began.elapsed().as_secs_f64()
}
