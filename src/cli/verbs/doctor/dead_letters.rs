//! The dead letters: what is in them, why they are dead, and back into the queue with them.
//!
//! They are moved one by one, and not by SQS's own task: that takes only what came from a queue, and what a rule could not
//! hand over is among them; it cannot leave out what no try can read; and it goes on after this program has ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::look::{Look, seen, unseen};
use crate::aws::{Aws, Received};
use crate::domain::baseline::Baseline;
use crate::domain::doctor::deployment::StackDeployment;
use crate::domain::doctor::letter::{self, Contents, Letter, LetterKind, Told};
use crate::domain::doctor::{Check, Looked, Unseen, baseline};
use crate::domain::event::Home;
use crate::domain::outcome::Mode;
use crate::domain::text::count;
use crate::ports::PortError;
use crate::render::human::doctor::Redriven;
use crate::workflow::{Origin, handle_event};

/// How many are looked into.
const MOST: usize = 10;

/// How often the queue is asked for them: it gives some of them each time.
const LOOKS: usize = 3;

/// SQS keeps no message longer.
const LONGEST_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What was found.
pub(in crate::cli) struct Letters {
    /// Why `doctor` cannot tell how the function would process the dead letters.
    pub(in crate::cli) undecided: Option<Check>,
    pub(in crate::cli) check: Check,
    pub(in crate::cli) told: Vec<Told>,
    /// How many there are, as far as that is known.
    pub(in crate::cli) waiting: u64,
}

/// Reads the dead letters. `log_group` is the function's, and `deployed` is the function's baseline. If `deployed` is
/// `None`, the baseline that the caller selected decides.
pub(in crate::cli) async fn look(look: &Look<'_>, log_group: Option<&str>, deployed: Option<&Baseline>) -> Letters {
    let url = &look.deployment.dead_letters;
    let queue = seen(look.aws.queue_attributes(url).await, "sqs");
    // One that somebody else looks at is a dead letter nevertheless.
    let waiting = queue.map(|queue| queue.waiting + queue.in_flight + queue.delayed);
    let letters = match &waiting {
        Ok(0) | Err(_) => Ok(Vec::new()),
        Ok(waiting) => seen(peek(look.aws, url, *waiting).await, "sqs"),
    };
    let baseline = match (&letters, deployed) {
        (_, Some(deployed)) => Some(Ok(deployed)),
        (Ok(letters), None) if !letters.is_empty() => Some(look.at_hand().await),
        _ => None,
    };
    let told = match letters {
        Err(unseen) => Err(unseen),
        Ok(letters) => {
            let decides_by = baseline.as_ref().and_then(|baseline| baseline.as_ref().ok()).copied();
            let mut told = Vec::new();
            for letter in letters {
                told.push(tell(look, &letter, log_group, decides_by).await);
            }
            Ok(told)
        }
    };
    let undecided = baseline.and_then(Result::err).map(|unseen| baseline::undecided(&unseen));
    let check = letter::check(&waiting, &told);
    Letters { undecided, check, told: told.unwrap_or_default(), waiting: waiting.unwrap_or_default() }
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

async fn tell(look: &Look<'_>, letter: &Letter, log_group: Option<&str>, baseline: Option<&Baseline>) -> Told {
    let contents = Contents::of(letter, look.home());
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
    let decided = match (&contents.kind, baseline) {
        (LetterKind::Undone | LetterKind::Undelivered(_), Some(by)) => Box::pin(decide(look, letter, by)).await,
        _ => None,
    };
    letter::tell(letter, &contents, &reported, decided)
}

/// What the function would say of the event now. Nothing is changed.
async fn decide(look: &Look<'_>, letter: &Letter, baseline: &Baseline) -> Option<Value> {
    let event: Value = serde_json::from_str(&letter.body).ok()?;
    let order = look.session.order(baseline, Mode::Observe, Origin::Replay);
    Some(json!(handle_event(&look.session.ports, &order, &event).await.report))
}

/// Puts them back into the queue, and says how that went. What no try can read stays.
pub(in crate::cli) async fn redrive(
    aws: &Aws,
    deployment: &StackDeployment,
    home: &Home,
    waiting: u64,
) -> (Check, Redriven) {
    let (left, tried) = (BTreeMap::new(), BTreeSet::new());
    let mut redrive = Redrive { aws, deployment, home, moved: 0, back: 0, left, tried, failed: None };
    // Each round takes at least one; SQS's count is approximate.
    for _ in 0..waiting + 10 {
        if !redrive.round().await {
            break;
        }
    }
    redrive.give_back().await;
    redrive.result()
}

/// The progress of a redrive.
struct Redrive<'r> {
    aws: &'r Aws,
    deployment: &'r StackDeployment,
    home: &'r Home,
    moved: u64,
    /// The number of redriven messages that returned to the dead-letter queue.
    back: u64,
    /// By id: what is left is seen again after a minute, and its last handle alone gives it back.
    left: BTreeMap<String, Received>,
    /// What the function puts aside again at once, as its cause is not mended, is a new message with the same content.
    tried: BTreeSet<String>,
    failed: Option<PortError>,
}

impl Redrive<'_> {
    /// Redrives one batch. Returns whether the queue may contain more messages.
    async fn round(&mut self) -> bool {
        match self.aws.take(&self.deployment.dead_letters).await {
            Err(error) => self.failed = Some(error),
            Ok(taken) if taken.is_empty() => return false,
            Ok(taken) => {
                for received in taken {
                    self.one(received).await;
                }
            }
        }
        self.failed.is_none()
    }

    async fn one(&mut self, received: Received) {
        let readable = self.failed.is_none() && is_readable(&received, self.home);
        let is_back = readable && self.tried.contains(&received.letter.body);
        if is_back && !self.left.contains_key(&received.letter.id) {
            self.back += 1;
        }
        let id = received.letter.id.clone();
        if !readable || is_back {
            self.left.insert(id, received);
            return;
        }
        let StackDeployment { dead_letters: from, queue: to, .. } = self.deployment;
        match self.aws.move_on(&received, from, to).await {
            Ok(()) => {
                self.moved += 1;
                self.tried.insert(received.letter.body);
            }
            Err(error) => {
                self.failed = Some(error);
                self.left.insert(id, received);
            }
        }
    }

    async fn give_back(&self) {
        for received in self.left.values() {
            // If this fails, it is to be seen again in a minute.
            let _ = self.aws.put_back(received, &self.deployment.dead_letters).await;
        }
    }

    fn result(self) -> (Check, Redriven) {
        const CHECK: &str = "dead-letters";
        let (back, redriven) = (self.back, Redriven { moved: self.moved, left: self.left.len() as u64 });
        let were = format!("{} back in the queue", count(self.moved, "dead letter"));
        let check = match (self.failed, redriven.left) {
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
}

fn is_readable(received: &Received, home: &Home) -> bool {
    !matches!(Contents::of(&received.letter, home).kind, LetterKind::Unreadable(_))
}
