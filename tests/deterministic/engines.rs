//! One engine at a time: started, killed at any moment, started again.

use std::sync::Arc;
use std::time::Duration;

use loopline_ports::definitions::Definitions;
use loopline_runtime::{Engine, EngineConfig};
use tokio::sync::mpsc;

use super::journal::Disk;
use super::machine::Hands;
use super::world::{Life, World, WorldClock};

pub async fn keep_one_alive(world: Arc<World>) {
    for count in 1_u64.. {
        let life = Life::default();
        world.note(format_args!("engine {count} starts"));
        // Few places, so that the machine sometimes waits for the engine.
        let (reports, told) = mpsc::channel(4);
        world.machine.report_to(reports);
        let config = EngineConfig {
            definitions: Some(Arc::clone(&world.pipelines) as Arc<dyn Definitions>),
            // From a state after each event to hardly any.
            snapshot_every: Some(1 + world.seed % 8),
            seed: Some(world.seed.wrapping_mul(1_000_003).wrapping_add(count)),
            ..EngineConfig::default()
        };
        let disk = Arc::new(Disk { world: Arc::clone(&world), life: life.clone() });
        let hands = Arc::new(Hands { world: Arc::clone(&world), life: life.clone() });
        let start = Engine::start(config, disk, hands, told, Arc::new(WorldClock(Arc::clone(&world))));
        let lives = Duration::from_millis(match world.dice.below(4) {
            0 => world.dice.below(500),
            1 => world.dice.below(20_000),
            _ => world.dice.below(200_000),
        });
        let lived = tokio::time::timeout(lives, async {
            match start.await {
                Ok(engine) => {
                    world.set_engine(Some(engine));
                    std::future::pending::<()>().await;
                }
                Err(error) => world.note(format_args!("engine {count} does not start: {error}")),
            }
        });
        let killed = lived.await.is_err();
        if world.is_well() && world.engine().is_some() {
            // The last one: whoever lives when all is well lives on.
            std::future::pending::<()>().await;
        }
        life.end();
        world.set_engine(None);
        world.note(format_args!("engine {count} {}", if killed { "is killed" } else { "ends" }));
        if world.fails(6) {
            world.machine.lose_everything(&world);
        }
        world.some_time(3_000).await;
    }
}
