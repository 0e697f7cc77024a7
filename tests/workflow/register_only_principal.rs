//! Promise 6: a principal that may only register revisions never gets anything deployed through Logweir, whatever it
//! registers, copies or mimics, and at any time.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::outcome::Mode;
use serde_json::Value;

use crate::permutations::orders;
use crate::world::{Account, LOGWEIR, Moment, Then, World, story};

const SERVICE: &str = "prod/web";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    /// The deployer creates the service with a revision that blocks.
    Create,
    ToldOfCreate,
    /// The service's newest deployment completes.
    Completes,
    ToldOfCompleted,
    /// The attacker, who may only register, registers a revision.
    Attack,
    ToldOfAttack,
    AttackOnceMore,
    /// The deployer forces a new deployment of the same revision.
    Forces,
    Resumes,
    Backout,
}

use Move::*;

fn before(step: Move) -> &'static [Move] {
    match step {
        Create | Attack | Resumes => &[],
        ToldOfCreate | Completes | Forces | Backout => &[Create],
        ToldOfCompleted => &[Completes],
        ToldOfAttack | AttackOnceMore => &[Attack],
    }
}

/// What the attacker registers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Attack_ {
    /// The attacker's image, blocking, so that it is corrected.
    Blocking,
    /// The attacker's image in what looks like a correction of the service's revision: compliant, with Logweir's tags.
    LooksLikeCorrection,
    /// The attacker's image, blocking, with the tags of a correction of the newest revision.
    Mimics,
}

const GOOD: &str = "nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const EVIL: &str = "nginx@sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

fn document(image: &str, blocking: bool) -> String {
    let document = story::BLOCKING.replace("\"nginx\"", &format!("\"{image}\""));
    match blocking {
        true => document,
        false => document.replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\""),
    }
}

fn attacks(account: &mut Account, attack: Attack_) {
    let tags = |revision: &str| [Tag::new("logweir:source", revision), Tag::new("logweir:baseline", "sha256:0")];
    let newest = account.families.get("web").map_or(0, Vec::len).to_string();
    match attack {
        Attack_::Blocking => account.registers(&document(EVIL, true)),
        Attack_::LooksLikeCorrection => account.registers_with_tags(&document(EVIL, false), &tags("1")),
        Attack_::Mimics => account.registers_with_tags(&document(EVIL, true), &tags(&newest)),
    };
}

struct Tale {
    world: World,
    attack: Attack_,
    told: Vec<Value>,
}

impl Tale {
    fn new(attack: Attack_) -> Self {
        let world = World::new();
        world.account(|account| account.has_group("/ecs/web", Some(30), 0));
        Self { world, attack, told: Vec::new() }
    }

    async fn takes(&mut self, step: Move) {
        self.world.advance(SignedDuration::from_secs(2));
        let (world, attack) = (self.world.clone(), self.attack);
        match step {
            Create => world.account(|account| {
                let deployed = account.registers(&document(GOOD, true));
                account.creates_service_as(SERVICE, &deployed, |service| service.rolls_back = true);
            }),
            Completes => world.account(|account| account.completes(SERVICE)),
            Attack | AttackOnceMore => world.account(|account| attacks(account, attack)),
            Forces => world.account(|account| account.forces_deployment(SERVICE)),
            ToldOfCreate => self.tell("CreateService").await,
            ToldOfCompleted => self.tell("SERVICE_DEPLOYMENT_COMPLETED").await,
            ToldOfAttack => self.tell("RegisterTaskDefinition").await,
            Resumes => {
                world.advance(SignedDuration::from_secs(130));
                story::resumes(&world, Mode::Rollout).await;
            }
            Backout => {
                let deployed = self.deployed().unwrap();
                story::backs_out(&world, &deployed).await;
            }
        }
        self.holds(&format!("after {step:?}"));
    }

    async fn tell(&mut self, kind: &str) {
        let events = self.world.account(|account| account.events.clone());
        for event in events {
            if event["detail"]["eventName"] == kind && !self.told.contains(&event) {
                story::with(&self.world, &story::PROMPT, Mode::Rollout, "worker", &event).await;
                self.told.push(event);
            }
        }
    }

    async fn comes_to_rest(&mut self) {
        for _ in 0..3 {
            self.world.advance(SignedDuration::from_secs(400));
            self.world.account(|account| account.completes(SERVICE));
            // The events of the moves were delivered before, and are delivered once more.
            for event in self.world.account(Account::delivers) {
                story::with(&self.world, &story::PROMPT, Mode::Rollout, "worker", &event).await;
                self.holds("all events delivered");
            }
            story::resumes(&self.world, Mode::Rollout).await;
            story::resumes_backouts(&self.world).await;
            self.holds("resumed");
        }
    }

    /// The revision that the deployer deployed last.
    fn deployed(&self) -> Option<RevisionArn> {
        self.world.account(|account| Some(account.services.values().next()?.asked.last()?.clone()))
    }

    /// Asserts that every listed deployment of the service has the deployer's image.
    fn holds(&self, when: &str) {
        let account = self.world.picture();
        assert_eq!(account.wrongs, Vec::<String>::new(), "{when}");
        let Some(service) = account.services.values().next() else { return };
        for deployment in &service.deployments {
            let revision = account.revision(&deployment.revision).unwrap();
            assert!(revision.text.contains(GOOD) && !revision.text.contains(EVIL), "{when}: {}", deployment.revision);
            let by_logweir = revision.by == LOGWEIR;
            assert!(service.asked.contains(&deployment.revision) || by_logweir, "{when}: {}", deployment.revision);
        }
    }
}

#[tokio::test]
async fn a_principal_that_may_only_register_never_changes_what_a_service_runs() {
    let all = orders(
        &[Create, ToldOfCreate, Completes, ToldOfCompleted, Attack, ToldOfAttack, AttackOnceMore, Backout],
        before,
    );
    assert!(all.len() > 1000, "{}", all.len());
    for (turn, attack) in [Attack_::Blocking, Attack_::LooksLikeCorrection, Attack_::Mimics].into_iter().enumerate() {
        // Each order is tested with one of the attacks.
        for order in all.iter().skip(turn).step_by(3) {
            let mut tale = Tale::new(attack);
            for step in order {
                tale.takes(*step).await;
            }
            tale.comes_to_rest().await;
        }
    }
}

#[tokio::test]
async fn an_attack_right_before_a_call_of_logweir_never_changes_what_a_service_runs() {
    let all = orders(&[Create, ToldOfCreate, Completes, ToldOfCompleted, Forces, Resumes], before);
    for attack in [Attack_::Blocking, Attack_::LooksLikeCorrection, Attack_::Mimics] {
        for order in all.iter().step_by(2) {
            let calls = {
                let mut tale = Tale::new(attack);
                for step in order {
                    tale.takes(*step).await;
                }
                tale.comes_to_rest().await;
                tale.world.log().len()
            };
            for number in (1..=calls).step_by(3) {
                let mut tale = Tale::new(attack);
                let act = Then::act(move |account: &mut Account| attacks(account, attack));
                tale.world.at(number, Moment::Before, act);
                for step in order {
                    tale.takes(*step).await;
                }
                tale.comes_to_rest().await;
            }
        }
    }
}

/// The tests above would pass even if nothing were ever rolled out.
#[tokio::test]
async fn a_deployed_revision_is_corrected_and_rolled_out() {
    let mut tale = Tale::new(Attack_::Blocking);
    for step in [Create, ToldOfCreate, Completes, ToldOfCompleted] {
        tale.takes(step).await;
    }
    let account = tale.world.picture();
    assert_eq!(account.service(SERVICE).revision, account.arn("web", 2));
}
