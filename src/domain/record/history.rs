//! The history of a record, folded from the entries of all its attempts.

use jiff::Timestamp;

use super::entry::{Ending, EntryKind};
use super::head::Record;
use super::step::{Done, Step};
use super::topic::{RecordEntry, ServiceEntry, StepEntry, Topic};
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Conclusion, Outcome};

impl Record {
    fn topics(&self) -> impl DoubleEndedIterator<Item = Topic<'_>> {
        self.entries.iter().map(|entry| entry.what.topic())
    }

    /// As whom the workers at this record registered.
    pub fn registrars(&self) -> Vec<String> {
        let of = |entry: RecordEntry<'_>| match entry {
            RecordEntry::Opened(opening) => opening.registrars.clone(),
            RecordEntry::Resumed { registrars } => registrars.to_vec(),
            RecordEntry::BackoutAsked(asked) => asked.registrars.clone(),
            RecordEntry::Released { .. } | RecordEntry::Closed(_) => Vec::new(),
        };
        self.topics().filter_map(Topic::of_record).flat_map(of).collect()
    }

    /// Whether the last try ended in the same as the one before it, with nothing done in between. One that did not say why
    /// it stopped stopped at the entries themselves, and so does whoever takes the record over.
    pub fn repeats(&self) -> bool {
        let mut said = self.topics().rev().filter(|topic| !topic.is_intent());
        match said.next().and_then(Topic::of_record) {
            Some(released @ RecordEntry::Released { .. }) => said.next() == Some(Topic::Record(released)),
            Some(RecordEntry::Closed(_)) => self.fails_again(),
            Some(RecordEntry::Opened(_) | RecordEntry::Resumed { .. } | RecordEntry::BackoutAsked(_)) | None => {
                self.head.tries > 1
            }
        }
    }

    /// Whether the newest attempt failed as the one before it.
    fn fails_again(&self) -> bool {
        let fails = |closing: &Conclusion| matches!(closing.outcome, Outcome::Failed | Outcome::Refused);
        let mut attempts = self.entries.rsplit(|entry| matches!(entry.what, EntryKind::Opened(_))).map(|entries| {
            let topics = entries.iter().map(|entry| entry.what.topic());
            topics.filter(|topic| says_how_it_ended(*topic)).collect::<Vec<_>>()
        });
        self.head.closing.as_ref().is_some_and(fails) && attempts.next() == attempts.next()
    }

    /// When the newest attempt made the log group, if it did.
    pub fn made_at(&self, group: &str) -> Option<Timestamp> {
        let mut steps: &[Step] = &[];
        let mut made = None;
        for entry in &self.entries {
            match entry.what.topic() {
                Topic::Record(RecordEntry::Opened(opening)) => (steps, made) = (&opening.steps, None),
                Topic::Step(step, StepEntry::Done(Done::LogGroup { made: true })) => {
                    if matches!(steps.get(step), Some(Step::EnsureLogGroup(new)) if new.name == group) {
                        made = Some(entry.at);
                    }
                }
                Topic::Step(_, StepEntry::Started | StepEntry::Done(_) | StepEntry::Failed { .. })
                | Topic::Record(
                    RecordEntry::Released { .. }
                    | RecordEntry::Resumed { .. }
                    | RecordEntry::BackoutAsked(_)
                    | RecordEntry::Closed(_),
                )
                | Topic::Revision(..)
                | Topic::Undo(..)
                | Topic::Service(..) => {}
            }
        }
        made
    }

    /// Whether the last that we were about to do for a service was found not to be done, or was refused.
    pub fn came_to_nothing(&self, service: &ServiceArn) -> bool {
        let mut of_it = self.of_service(service).skip_while(|entry| matches!(entry, ServiceEntry::Waiting(_)));
        of_it.next().is_some_and(|entry| match entry {
            ServiceEntry::Pointing(_) | ServiceEntry::Followed(Ending::NotDone { .. }) => true,
            ServiceEntry::Followed(
                Ending::Completed
                | Ending::Failed { .. }
                | Ending::MovedOn
                | Ending::Returned
                | Ending::Yielded { .. }
                | Ending::Overdue
                | Ending::Stuck { .. },
            )
            | ServiceEntry::Waiting(_)
            | ServiceEntry::Pointed { .. }
            | ServiceEntry::Yielding { .. }
            | ServiceEntry::Returning { .. }
            | ServiceEntry::PointedBack { .. } => false,
        })
    }

    /// The deployment that we made last of a service.
    pub fn last_deployment(&self, service: &ServiceArn) -> Option<&str> {
        self.of_service(service).find_map(|entry| match entry {
            ServiceEntry::Pointed { deployment } | ServiceEntry::PointedBack { deployment } => Some(deployment),
            ServiceEntry::Waiting(_)
            | ServiceEntry::Pointing(_)
            | ServiceEntry::Yielding { .. }
            | ServiceEntry::Returning { .. }
            | ServiceEntry::Followed(_) => None,
        })
    }

    /// Returns the entries about one service, the newest first.
    fn of_service<'r>(&'r self, service: &ServiceArn) -> impl Iterator<Item = ServiceEntry<'r>> {
        let entries = self.topics().rev().filter_map(Topic::of_service);
        entries.filter(move |(other, _)| *other == service).map(|(_, entry)| entry)
    }
}

fn says_how_it_ended(topic: Topic<'_>) -> bool {
    match topic {
        Topic::Record(entry) => match entry {
            RecordEntry::Closed(_) => true,
            RecordEntry::Opened(_)
            | RecordEntry::Released { .. }
            | RecordEntry::Resumed { .. }
            | RecordEntry::BackoutAsked(_) => false,
        },
        Topic::Step(_, entry) => match entry {
            StepEntry::Failed { .. } => true,
            StepEntry::Started | StepEntry::Done(_) => false,
        },
        Topic::Revision(..) | Topic::Undo(..) | Topic::Service(..) => false,
    }
}
