//! The dead letters: what is in them, why they are dead, and back into the queue with them.
//!
//! They are moved one by one, and not by SQS's own task: that takes only what came from a queue, and what a rule could not
//! hand over is among them; it cannot leave out what no try can read; and it goes on after this program has ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::look::Look;
use super::unseen;
use crate::aws::{Aws, Received};
use crate::cli::acting::worker;
use crate::domain::baseline::Baseline;
use crate::domain::doctor::deployment::StackDeployment;
use crate::domain::doctor::letter::{self, Contents, Letter, LetterKind, Told};
use crate::domain::doctor::{Check, Looked, Unseen};
use crate::domain::event::Home;
use crate::domain::outcome::Mode;
use crate::domain::report::BackoutBy;
use crate::domain::text::count;
use crate::ports::{Adapters, PortError, SystemClock};
use crate::render::human::doctor::Redriven;
use crate::settings::LEASE;
use crate::workflow::{Order, Origin, handle_event};

/// How many are looked into.
const MOST: usize = 10;

/// How often the queue is asked for them: it gives some of them each time.
const LOOKS: usize = 3;

/// SQS keeps no message longer.
const LONGEST_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What was found.
pub(in crate::cli) struct Letters {
    pub(in crate::cli) check: Check,
    pub(in crate::cli) told: Vec<Told>,
    /// How many there are, as far as that is known.
    pub(in crate::cli) waiting: u64,
}

/// `log_group` is the function's; `baseline` is the one to decide by.
pub(in crate::cli) async fn look(look: &Look<'_>, log_group: Option<&str>, baseline: &Baseline) -> Letters {
    let url = &look.deployment.dead_letters;
    let queue = look.aws.queue_attributes(url).await.map_err(|error| unseen(&error, "sqs"));
    // One that somebody else looks at is a dead letter nevertheless.
    let waiting = queue.map(|queue| queue.waiting + queue.in_flight + queue.delayed);
    let told = match &waiting {
        Ok(0) | Err(_) => Ok(Vec::new()),
        Ok(waiting) => match peek(look.aws, url, *waiting).await {
            Err(error) => Err(unseen(&error, "sqs")),
            Ok(letters) => {
                let mut told = Vec::new();
                for letter in letters {
                    told.push(tell(look, &letter, log_group, baseline).await);
                }
                Ok(told)
            }
        },
    };
    let check = letter::check(&waiting, &told);
    Letters { check, told: told.unwrap_or_default(), waiting: waiting.unwrap_or_default() }
}

/// Some of them, each once, which stay where they are.
async fn peek(aws: &Aws, url: &str, waiting: u64) -> Result<Vec<Letter>, PortError> {
    let wanted = MOST.min(usize::try_from(waiting).unwrap_or(MOST));
    let mut letters: BTreeMap<String, Letter> = BTreeMap::new();
    for _ in 0..LOOKS {
        let received = aws.peek(url).await?;
        letters.extend(received.into_iter().map(|received| (received.letter.id.clone(), received.letter)));
        if letters.len() >= wanted {
            break;
        }
    }
    let mut letters: Vec<Letter> = letters.into_values().collect();
    letters.sort_by_key(|letter| letter.sent);
    letters.truncate(MOST);
    Ok(letters)
}

async fn tell(look: &Look<'_>, letter: &Letter, log_group: Option<&str>, baseline: &Baseline) -> Told {
    let contents = Contents::of(letter, look.home);
    let since = |sent: Timestamp| sent.checked_sub(SignedDuration::from_mins(5)).unwrap_or(sent);
    let now = Timestamp::now();
    let sent = letter.sent.unwrap_or_else(|| now.checked_sub(LONGEST_KEPT).unwrap_or(now));
    let reported: Looked<Option<Value>> = match (&contents.kind, &contents.event_id, log_group) {
        (LetterKind::Undone, Some(id), Some(group)) => look.reported(group, id, since(sent)).await,
        (LetterKind::Undone, _, None) => {
            let why = "its name is not known, as the function could not be read".into();
            Err(Unseen { why, help: String::new(), is_missing: false })
        }
        _ => Ok(None),
    };
    let decided = match contents.kind {
        LetterKind::Undone | LetterKind::Undelivered(_) => Box::pin(decide(look, letter, baseline)).await,
        LetterKind::Unreadable(_) | LetterKind::Schedule => None,
    };
    letter::tell(letter, &contents, &reported, decided)
}

/// What the function would say of the event now. Nothing is changed.
async fn decide(look: &Look<'_>, letter: &Letter, baseline: &Baseline) -> Option<Value> {
    let event: Value = serde_json::from_str(&letter.body).ok()?;
    let Look { aws, deployment, home, caller, .. } = look;
    let ports = Adapters {
        ecs: aws.ecs.clone(),
        log_groups: aws.log_groups.clone(),
        journal: aws.journal(deployment.table()),
        clock: SystemClock,
    };
    let order = Order {
        mode: Mode::Observe,
        finishes: Mode::Observe,
        baseline,
        home,
        origin: Origin::Replay,
        worker: worker(),
        registrar: Some(caller),
        lease: LEASE,
        backout: &BackoutBy::Function { name: deployment.backout.clone(), region: home.region.clone() },
    };
    Some(json!(handle_event(&ports, &order, &event).await.report))
}

/// Puts them back into the queue, and says how that went. What no try can read stays.
pub(in crate::cli) async fn redrive(
    aws: &Aws,
    deployment: &StackDeployment,
    home: &Home,
    waiting: u64,
) -> (Check, Redriven) {
    const CHECK: &str = "dead-letters";
    let (from, to) = (&deployment.dead_letters, &deployment.queue);
    let (mut moved, mut failed) = (0, None);
    // By id: what is left is seen again after a minute, and its last handle alone gives it back.
    let mut left: BTreeMap<String, Received> = BTreeMap::new();
    // What the function puts aside again at once, as its cause is not mended, is a new message with the same content.
    let mut tried = BTreeSet::new();
    let mut back = 0;
    // Each round takes at least one; SQS's count is approximate.
    for _ in 0..waiting + 10 {
        let taken = match aws.take(from).await {
            Ok(taken) => taken,
            Err(error) => {
                failed = Some(error);
                break;
            }
        };
        if taken.is_empty() {
            break;
        }
        for received in taken {
            let readable = failed.is_none() && is_readable(&received, home);
            let is_back = readable && tried.contains(&received.letter.body);
            if is_back && !left.contains_key(&received.letter.id) {
                back += 1;
            }
            match readable && !is_back {
                false => drop(left.insert(received.letter.id.clone(), received)),
                true => match aws.move_on(&received, from, to).await {
                    Ok(()) => {
                        moved += 1;
                        tried.insert(received.letter.body.clone());
                    }
                    Err(error) => {
                        failed = Some(error);
                        left.insert(received.letter.id.clone(), received);
                    }
                },
            }
        }
        if failed.is_some() {
            break;
        }
    }
    for received in left.values() {
        // If this fails, it is to be seen again in a minute.
        let _ = aws.put_back(received, from).await;
    }
    let redriven = Redriven { moved, left: left.len() as u64 };
    let were = format!("{} back in the queue", count(moved, "dead letter"));
    let check = match (failed, redriven.left) {
        (Some(error), _) => Check::unknown(CHECK, format!("{were}, then it went wrong"), &unseen(&error, "sqs")),
        (None, 0) => Check::ok(CHECK, format!("{were}; `logweir records` says what becomes of them")),
        (None, left) if back > 0 => {
            let says = format!("{were}, {back} of which came back, as the cause is not mended; {left} left");
            Check::problem(CHECK, says, "run doctor again: it says what each lacks")
        }
        (None, left) => {
            let says = format!("{were}; {left} left, which no try can read");
            Check::problem(CHECK, says, "look where they come from, then delete them (aws sqs purge-queue)")
        }
    };
    (check, redriven)
}

fn is_readable(received: &Received, home: &Home) -> bool {
    !matches!(Contents::of(&received.letter, home).kind, LetterKind::Unreadable(_))
}
