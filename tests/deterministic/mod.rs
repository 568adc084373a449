//! A whole engine in a simulated world: core, runtime and journal as they are, and around them a clock that stands still until
//! nothing is left to do, a journal that fails, a machine that ends attempts late, twice or not at all, people who press the same
//! button again, and kills at any `await`.
//!
//! Everything that is left to chance comes from one seed, so that a seed that shows a fault shows it again:
//! `LOOPLINE_SEED=17 cargo test -p loopline-tests deterministic -- --nocapture` plays one and prints its trace. `LOOPLINE_SEEDS`
//! says how many are played.

mod dice;
mod engines;
mod journal;
mod machine;
mod oracle;
mod people;
mod pipelines;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use world::World;

const SEEDS: u64 = 3_000;
/// How long chance reigns. Then nothing fails any more, and every run must come to its end.
const TROUBLE: Duration = Duration::from_secs(600);

/// Plays a seed. Gives its trace.
fn play(seed: u64) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let world = World::of(seed);
        let engines = tokio::spawn(engines::keep_one_alive(world.clone()));
        let people = people::all(&world);
        tokio::time::sleep(TROUBLE).await;
        world.heal();
        for person in people {
            person.await.expect("nobody panics");
        }
        world.an_engine().await;
        people::finish_everything(&world).await;
        oracle::judge(&world).await;
        engines.abort();
        world.trace()
    })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn nothing_is_lost_doubled_or_stuck_whatever_fails() {
    if let Some(seed) = number("LOOPLINE_SEED") {
        println!("{}", play(seed).join("\n"));
        return;
    }
    let seeds = number("LOOPLINE_SEEDS").unwrap_or(SEEDS);
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let failed = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                scope.spawn(move || {
                    let mut seeds = (first..seeds).step_by(threads as usize);
                    seeds.find(|seed| catch_unwind(AssertUnwindSafe(|| play(*seed))).is_err())
                })
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().expect("what panics is caught")).min()
    });
    if let Some(seed) = failed {
        panic!("LOOPLINE_SEED={seed} shows it");
    }
}

#[test]
fn a_seed_repeats_its_trace() {
    for seed in 0..40 {
        let (once, again) = (play(seed), play(seed));
        let differs = once.iter().zip(&again).position(|(a, b)| a != b);
        let at = differs.unwrap_or(once.len().min(again.len()));
        assert!(once == again, "seed {seed} differs at line {at}: {:?} and {:?}", once.get(at), again.get(at));
        assert!(once.len() > 50, "seed {seed} shows hardly anything");
    }
}
