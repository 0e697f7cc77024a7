//! Reads the dead letters, reports why each dead letter failed, and redrives the dead letters.
//!
//! Logweir moves the dead letters one by one, and not with a message move task of SQS. A message move task moves only
//! messages that came from a source queue, but EventBridge rules also send events directly to the dead-letter queue. A
//! message move task cannot skip unreadable messages, and continues after this program has ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::look::{Look, seen, unseen};
use crate::aws::{Aws, Received};
use crate::domain::baseline::Baseline;
use crate::domain::doctor::deployment::StackDeployment;
use crate::domain::doctor::letter::{self, Contents, Letter, LetterKind, LetterReport};
use crate::domain::doctor::{Check, ReadFailure, ReadResult, baseline};
use crate::domain::event::Home;
use crate::domain::outcome::Mode;
use crate::domain::text::count;
use crate::ports::PortError;
use crate::render::human::doctor::Redriven;
use crate::workflow::{Origin, handle_event};

/// The largest number of dead letters that `logweir doctor` reads.
const MOST: usize = 10;

/// The largest number of calls that read messages from the dead-letter queue. Each call returns only some of the
/// messages.
const LOOKS: usize = 3;

/// The longest retention of a message in SQS.
const LONGEST_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The dead letters, and the checks of the dead letters.
pub(in crate::cli) struct Letters {
    /// The check that says why `logweir doctor` cannot predict how the function would handle the dead letters. `None`
    /// if a prediction is possible, or if there is no dead letter.
    pub(in crate::cli) undecided: Option<Check>,
    pub(in crate::cli) check: Check,
    pub(in crate::cli) report: Vec<LetterReport>,
    /// The number of dead letters, or 0 if the number is unknown.
    pub(in crate::cli) waiting: u64,
}

/// Reads the dead letters. `log_group` is the function's log group, and `deployed` is the function's baseline. If
/// `deployed` is `None`, Logweir uses the baseline that the caller of `logweir doctor` selected.
pub(in crate::cli) async fn look(look: &Look<'_>, log_group: Option<&str>, deployed: Option<&Baseline>) -> Letters {
    let url = &look.deployment.dead_letters;
    let queue = seen(look.aws.queue_attributes(url).await, "sqs");
    // A message that another consumer has received, but not deleted, is also a dead letter.
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
    let report = match letters {
        Err(unseen) => Err(unseen),
        Ok(letters) => {
            let decides_by = baseline.as_ref().and_then(|baseline| baseline.as_ref().ok()).copied();
            let mut report = Vec::new();
            for letter in letters {
                report.push(tell(look, &letter, log_group, decides_by).await);
            }
            Ok(report)
        }
    };
    let undecided = baseline.and_then(Result::err).map(|unseen| baseline::undecided(&unseen));
    let check = letter::check(&waiting, &report);
    Letters { undecided, check, report: report.unwrap_or_default(), waiting: waiting.unwrap_or_default() }
}

/// Returns up to `MOST` different dead letters, oldest first. The dead letters stay in the queue.
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

async fn tell(look: &Look<'_>, letter: &Letter, log_group: Option<&str>, baseline: Option<&Baseline>) -> LetterReport {
    let contents = Contents::of(letter, look.home());
    let since = |sent: Timestamp| sent.checked_sub(SignedDuration::from_mins(5)).unwrap_or(sent);
    let now = Timestamp::now();
    let sent = letter.sent.unwrap_or_else(|| now.checked_sub(LONGEST_KEPT).unwrap_or(now));
    let reported: ReadResult<Option<Value>> = match (&contents.kind, &contents.event_id, log_group) {
        (LetterKind::Undone, Some(id), Some(group)) => look.reported(group, id, since(sent)).await,
        (LetterKind::Undone, _, None) => {
            let why = "the name of the function's log group is unknown, because the function could not be read".into();
            Err(ReadFailure { why, help: String::new(), is_missing: false })
        }
        _ => Ok(None),
    };
    let decided = match (&contents.kind, baseline) {
        (LetterKind::Undone | LetterKind::Undelivered(_), Some(by)) => Box::pin(decide(look, letter, by)).await,
        _ => None,
    };
    letter::tell(letter, &contents, &reported, decided)
}

/// Returns the report that the function would write about the dead letter now. Changes nothing.
async fn decide(look: &Look<'_>, letter: &Letter, baseline: &Baseline) -> Option<Value> {
    let event: Value = serde_json::from_str(&letter.body).ok()?;
    let order = look.session.order(baseline, Mode::Observe, Origin::Replay);
    Some(json!(handle_event(&look.session.ports, &order, &event).await.report))
}

/// Redrives the dead letters, and deletes the messages of the schedules. Leaves the messages that Logweir cannot read.
/// Without `all`, also leaves the messages that failed again for the same reason after an earlier redrive. Returns a
/// check with the result, and the numbers of messages.
pub(in crate::cli) async fn redrive(
    aws: &Aws,
    deployment: &StackDeployment,
    home: &Home,
    waiting: u64,
    all: bool,
) -> (Check, Redriven) {
    let (left, tried) = (BTreeMap::new(), BTreeSet::new());
    let mut redrive = Redrive { aws, deployment, home, all, moved: 0, deleted: 0, left, tried, failed: None };
    // Each round receives at least one message, so the number of messages limits the number of rounds. Ten more rounds
    // are allowed, because SQS counts messages only approximately.
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
    /// Whether to redrive the messages that failed again for the same reason after an earlier redrive.
    all: bool,
    moved: u64,
    deleted: u64,
    /// The messages that stay in the dead-letter queue, by id. Logweir may receive such a message again after a minute,
    /// and only the receipt handle of the last delivery can make the message visible again.
    left: BTreeMap<String, (WhyLeft, Received)>,
    /// The bodies of the redriven messages. If the cause of a failure is not resolved, a redriven message returns as a
    /// new dead letter with the same body.
    tried: BTreeSet<String>,
    failed: Option<PortError>,
}

/// Why a message stays in the dead-letter queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WhyLeft {
    /// Logweir cannot read the message.
    Unreadable,
    /// The message returned as a new dead letter during this redrive.
    IsBack,
    /// The message failed again for the same reason after an earlier redrive.
    FailedAgain,
    /// A call failed, so Logweir stopped the redrive.
    Stopped,
}

impl Redrive<'_> {
    /// Redrives one batch of dead letters. Returns whether the queue may contain more messages.
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
        let StackDeployment { dead_letters: from, queue: to, .. } = self.deployment;
        let kind = Contents::of(&received.letter, self.home).kind;
        let done = match self.why_left(&received, &kind) {
            Some(why) => Err(why),
            None if kind == LetterKind::Schedule => {
                self.aws.delete(&received, from).await.map(|()| self.deleted += 1).map_err(|error| self.fails(error))
            }
            None => match self.aws.move_on(&received, from, to).await {
                Ok(()) => {
                    self.moved += 1;
                    self.tried.insert(received.letter.body.clone());
                    Ok(())
                }
                Err(error) => Err(self.fails(error)),
            },
        };
        if let Err(why) = done {
            self.left.insert(received.letter.id.clone(), (why, received));
        }
    }

    /// Returns why the message stays in the dead-letter queue. Returns `None` if `redrive` may remove the message.
    fn why_left(&self, received: &Received, kind: &LetterKind) -> Option<WhyLeft> {
        match kind {
            _ if self.failed.is_some() => Some(WhyLeft::Stopped),
            LetterKind::Unreadable(_) => Some(WhyLeft::Unreadable),
            LetterKind::Schedule => None,
            _ if self.tried.contains(&received.letter.body) => Some(WhyLeft::IsBack),
            _ if !self.all && received.letter.redrives() > 0 => Some(WhyLeft::FailedAgain),
            LetterKind::Undelivered(_) | LetterKind::Undone => None,
        }
    }

    fn fails(&mut self, error: PortError) -> WhyLeft {
        self.failed = Some(error);
        WhyLeft::Stopped
    }

    async fn give_back(&self) {
        for (_, received) in self.left.values() {
            // If this call fails, SQS makes the message visible again after a minute.
            let _ = self.aws.return_to_queue(received, &self.deployment.dead_letters).await;
        }
    }

    fn result(self) -> (Check, Redriven) {
        const CHECK: &str = "dead-letters";
        let of = |why| self.left.values().filter(|(other, _)| *other == why).count();
        let (back, again, unreadable) = (of(WhyLeft::IsBack), of(WhyLeft::FailedAgain), of(WhyLeft::Unreadable));
        let redriven = Redriven { moved: self.moved, deleted: self.deleted, left: self.left.len() as u64 };
        let mut were = format!("{} redriven", count(self.moved, "dead letter"));
        if self.deleted > 0 {
            were += &format!("; {} of the schedules deleted", count(self.deleted, "message"));
        }
        let left = redriven.left;
        let check = match self.failed {
            Some(error) => Check::unknown(CHECK, format!("{were} before an error"), &unseen(&error, "sqs")),
            None if left == 0 => Check::ok(CHECK, format!("{were}; `logweir records` shows the results")),
            None if back > 0 => {
                let says =
                    format!("{were}, but {back} returned, because the cause is not resolved; {left} left in the queue");
                Check::problem(CHECK, says, "run `logweir doctor` again to see the cause of each dead letter")
            }
            None if again > 0 => {
                let says = format!(
                    "{were}; {left} left in the queue, of which {again} failed again for the same reason after an \
                     earlier redrive and {unreadable} cannot be read"
                );
                Check::problem(CHECK, says, "fix the cause of each dead letter, then run: logweir doctor --fix --all")
            }
            None => {
                let says = format!("{were}; {left} left in the queue, because Logweir cannot read these messages");
                Check::problem(
                    CHECK,
                    says,
                    "find the sender of these messages, then delete the messages (aws sqs purge-queue)",
                )
            }
        };
        (check, redriven)
    }
}
