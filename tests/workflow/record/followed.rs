//! Records of real runs in which services were updated.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::record::Record;

use crate::world::story::{BLOCKING, PROMPT, backs_out, with};
use crate::world::{Moment, Then, World};

/// A world in which these services run web:1, which blocks and whose image is pinned.
fn running(services: &[&str]) -> (World, RevisionArn) {
    let world = World::new();
    let image = format!("\"nginx@sha256:{}\"", "a".repeat(64));
    let source = world.account(|account| {
        let source = account.registers(&BLOCKING.replace("\"nginx\"", &image));
        services.iter().for_each(|name| account.runs_service(name, &source));
        source
    });
    (world, source)
}

/// Delivers all events so far, and the events that result from them.
async fn tell(world: &World) {
    loop {
        let events = world.account(|account| account.delivers());
        if events.is_empty() {
            return;
        }
        for event in events {
            world.advance(SignedDuration::from_secs(130));
            with(world, &PROMPT, Mode::Rollout, "worker", &event).await;
        }
    }
}

fn record(world: &World, source: &RevisionArn) -> Record {
    world.account(|account| account.records[source].clone())
}

/// The services are updated one after the other, and the second fails and is rolled back. Then all is backed out.
pub async fn one_after_the_other() -> Record {
    let (world, source) = running(&["prod/api", "prod/web"]);
    tell(&world).await;
    for name in ["prod/api", "prod/web"] {
        world.account(|account| match account.service(name).revision == source {
            true => {}
            false => account.completes(name),
        });
    }
    tell(&world).await;
    for name in ["prod/api", "prod/web"] {
        world.account(|account| account.fails(name, "tasks failed to start"));
    }
    tell(&world).await;
    backs_out(&world, &source).await;
    for name in ["prod/api", "prod/web"] {
        world.account(|account| account.completes(name));
    }
    backs_out(&world, &source).await;
    record(&world, &source)
}

/// Another principal deploys between Logweir's read and its update, and Logweir yields.
pub async fn overtaken() -> Record {
    let (world, source) = running(&["prod/web"]);
    let other = world.account(|account| account.registers(&BLOCKING.replace("\"web\"", "\"other\"")));
    let deploys = Then::act(move |account| account.updates_service("prod/web", &other));
    world.at_next("UpdateService", Moment::Before, deploys);
    tell(&world).await;
    record(&world, &source)
}
