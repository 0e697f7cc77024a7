//! The operations of a history, and how they are drawn.

use jiff::SignedDuration;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::record::Effects;
use proptest::prelude::*;

use crate::world::{Account, Lag, Moment, RevisionState};

/// One operation.
#[derive(Clone, Debug)]
pub enum Op {
    Deploys {
        family: usize,
        kind: Kind,
    },
    Event {
        of: Pick,
        omitted: bool,
        happens: Happens,
    },
    TwoAtOnce {
        one: Pick,
        other: Pick,
    },
    BackOut {
        of: Pick,
        restore: bool,
        stale: bool,
        hold: bool,
        happens: Happens,
    },
    Apply {
        of: Pick,
        again: bool,
        happens: Happens,
    },
    Resume {
        happens: Happens,
    },
    Wait {
        minutes: i64,
    },
    Runs {
        of: Pick,
        on: bool,
    },
    /// Reads lag in one of the ways of [`LAGS`] from now on, or no longer.
    Lags {
        way: Option<usize>,
    },
    Foreign {
        family: usize,
        act: Act,
    },
    /// The owner deregisters a revision, or deletes it too. The event arrives, or is lost.
    Withdraws {
        of: Pick,
        deletes: bool,
        is_told: bool,
        happens: Happens,
    },
    /// The schedule retires unused corrected revisions.
    Retires {
        happens: Happens,
    },
    /// A rule pins the corrected revision, or releases its pin.
    Pins {
        of: Pick,
        on: bool,
        happens: Happens,
    },
    Reconciles {
        happens: Happens,
    },
}

/// The kind of document that the deployer registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Blocking,
    /// With a log group that does not exist at first.
    Compliant,
    /// Blocking, with a third-party log group.
    ThirdParty,
}

/// A random revision.
#[derive(Clone, Copy, Debug)]
pub struct Pick {
    pub family: usize,
    pub index: prop::sample::Index,
}

/// What happens at some of the operation's calls.
pub type Happens = Vec<(usize, Happening)>;

#[derive(Clone, Copy, Debug)]
pub enum Happening {
    Dies(Moment),
    AnswerLost,
    Throttled,
    /// The next registration is refused for a moment: the way is an index of the passing refusals.
    Refused(prop::sample::Index),
    Act(Moment, Act),
}

/// An act of another principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Registers,
    DeregistersOldest,
    DeregistersNewest,
    MakesGroup,
    DeletesGroup,
    FillsGroup,
    ChangesRetention,
    TagsNewest,
    TogglesPolicy,
    /// Deletes the newest INACTIVE revision, which ECS describes for a while.
    Deletes,
    DeletesAtOnce,
}

/// Each kind of read is behind by itself and together with the others, for minutes.
pub const LAGS: [Lag; 5] = {
    let lag =
        Lag { describe: 0, list: 0, tags: 0, starts: 0, services: 0, clusters: 0, lasts: SignedDuration::from_mins(6) };
    [
        Lag { describe: 1, ..lag },
        Lag { list: 2, ..lag },
        Lag { tags: 1, ..lag },
        Lag { list: 1, tags: 2, ..lag },
        Lag { describe: 2, list: 3, tags: 3, ..lag },
    ]
};

pub const FAMILIES: [&str; 2] = ["web", "shop"];

/// A third-party log group with data. The baseline adopts it.
pub const THIRD_PARTY: &str = "/ecs/third-party";

pub fn document(family: &str, kind: Kind) -> String {
    let group = if kind == Kind::ThirdParty { THIRD_PARTY.to_owned() } else { format!("/ecs/{family}") };
    let mode = match kind {
        Kind::Compliant => "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"",
        Kind::Blocking | Kind::ThirdParty => "\"mode\":\"blocking\"",
    };
    format!(
        r#"{{"family":"{family}","alien":{{"deep":[1.50,1E9,null,[]]}},"containerDefinitions":[{{"name":"app","image":"nginx","memory":512,"environment":[{{"name":"K","value":"CANARY"}}],"logConfiguration":{{"logDriver":"awslogs","options":{{"awslogs-group":"{group}","awslogs-region":"eu-west-1","awslogs-stream-prefix":"app",{mode}}}}}}}]}}"#
    )
}

impl Act {
    /// Does nothing if there is nothing to act on. Counts an act that has changed something.
    pub fn on(self, account: &mut Account, family: &str) {
        let active = account.active(family);
        match self {
            Self::Registers => {
                account.registers(&document(family, Kind::Blocking));
                account.fires("another principal registers a revision");
            }
            Self::DeregistersOldest | Self::DeregistersNewest => {
                let number = if self == Self::DeregistersOldest { active.first() } else { active.last() };
                if let Some(number) = number {
                    let arn = account.arn(family, *number);
                    account.deregisters(&arn);
                    account.fires("another principal deregisters a revision");
                }
            }
            // If Logweir's group were deleted and created again within moments, it would look like Logweir's group.
            Self::MakesGroup => {
                let name = format!("/ecs/{family}");
                let by_logweir =
                    account.records.values().any(|record| Effects::of(record).made.contains(&name.as_str()));
                if !by_logweir && !account.groups.contains_key(&name) {
                    account.has_group(&name, None, 1);
                    account.fires("another principal creates a log group");
                }
            }
            Self::DeletesGroup => {
                if account.groups.remove(&format!("/ecs/{family}")).is_some() {
                    account.fires("another principal deletes a log group");
                }
            }
            Self::FillsGroup => {
                if let Some(group) = account.groups.get_mut(&format!("/ecs/{family}")) {
                    group.streams += 1;
                    account.fires("a container writes to a log group");
                }
            }
            Self::ChangesRetention => {
                let group = account.groups.get_mut(THIRD_PARTY);
                if group.is_some_and(|group| group.retention.replace(365) != Some(365)) {
                    account.fires("another principal changes a retention");
                }
            }
            Self::TagsNewest => {
                if let Some(number) = active.last() {
                    let tags = &mut account.families.get_mut(family).unwrap()[number - 1].tags;
                    tags.retain(|tag| tag.key != "team");
                    tags.push(Tag::new("team", "b"));
                    account.fires("another principal changes a tag");
                }
            }
            Self::Deletes | Self::DeletesAtOnce => {
                let numbers = (1..=account.families.get(family).map_or(0, Vec::len)).rev();
                let inactive = numbers
                    .map(|number| account.arn(family, number))
                    .find(|arn| account.revision(arn).is_some_and(|it| it.state() == RevisionState::Inactive));
                if let Some(arn) = inactive {
                    account.deletes(&arn);
                    account.fires("another principal deletes a revision");
                }
                if self == Self::DeletesAtOnce {
                    account.finishes_deletions();
                }
            }
            Self::TogglesPolicy => {
                account.retention_policy = match account.retention_policy.take() {
                    Some(_) => None,
                    None => Some(("everywhere".into(), 90)),
                };
                account.fires("another principal changes the account's retention policy");
            }
        }
    }
}

const ACTS: [Act; 12] = [
    // These happen only between operations. CloudWatch Logs has no conditional writes, so Logweir cannot notice
    // them between a read and the act that follows at once.
    Act::FillsGroup,
    Act::FillsGroup,
    Act::ChangesRetention,
    Act::Registers,
    Act::DeregistersOldest,
    Act::DeregistersNewest,
    Act::MakesGroup,
    Act::DeletesGroup,
    Act::TagsNewest,
    Act::TogglesPolicy,
    Act::Deletes,
    Act::DeletesAtOnce,
];

fn act(acts: &[Act]) -> impl Strategy<Value = Act> + use<> {
    prop::sample::select(acts.to_vec())
}

fn moment() -> impl Strategy<Value = Moment> {
    prop::sample::select(vec![Moment::Before, Moment::After])
}

fn happens() -> impl Strategy<Value = Happens> {
    let happening = prop_oneof![
        3 => moment().prop_map(Happening::Dies),
        2 => Just(Happening::AnswerLost),
        2 => Just(Happening::Throttled),
        6 => any::<prop::sample::Index>().prop_map(Happening::Refused),
        4 => (moment(), act(&ACTS[3..])).prop_map(|(moment, act)| Happening::Act(moment, act)),
    ];
    prop::collection::vec((1..25_usize, happening), 0..3)
}

fn pick() -> impl Strategy<Value = Pick> {
    (0..FAMILIES.len(), any::<prop::sample::Index>()).prop_map(|(family, index)| Pick { family, index })
}

fn op() -> impl Strategy<Value = Op> {
    let family = 0..FAMILIES.len();
    let kind = prop::sample::select(vec![Kind::Blocking, Kind::Blocking, Kind::ThirdParty, Kind::Compliant]);
    prop_oneof![
        5 => (family.clone(), kind).prop_map(|(family, kind)| Op::Deploys { family, kind }),
        11 => (pick(), prop::bool::weighted(0.15), happens())
            .prop_map(|(of, omitted, happens)| Op::Event { of, omitted, happens }),
        1 => (pick(), pick()).prop_map(|(one, other)| Op::TwoAtOnce { one, other }),
        4 => (pick(), any::<bool>(), prop::bool::weighted(0.3), prop::bool::weighted(0.7), happens())
            .prop_map(|(of, restore, stale, hold, happens)| Op::BackOut { of, restore, stale, hold, happens }),
        2 => (pick(), any::<bool>(), happens()).prop_map(|(of, again, happens)| Op::Apply { of, again, happens }),
        3 => happens().prop_map(|happens| Op::Resume { happens }),
        4 => (1..20_i64).prop_map(|minutes| Op::Wait { minutes }),
        1 => (pick(), any::<bool>()).prop_map(|(of, on)| Op::Runs { of, on }),
        2 => prop::option::weighted(0.7, 0..LAGS.len()).prop_map(|way| Op::Lags { way }),
        3 => (family, act(&ACTS)).prop_map(|(family, act)| Op::Foreign { family, act }),
        3 => (pick(), prop::bool::weighted(0.2), prop::bool::weighted(0.7), happens())
            .prop_map(|(of, deletes, is_told, happens)| Op::Withdraws { of, deletes, is_told, happens }),
        4 => happens().prop_map(|happens| Op::Retires { happens }),
        4 => (pick(), prop::bool::weighted(0.85), happens()).prop_map(|(of, on, happens)| Op::Pins { of, on, happens }),
        1 => happens().prop_map(|happens| Op::Reconciles { happens }),
    ]
}

/// At least 26 operations. The first two are deployments, so that the others have revisions to act on.
pub fn history() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 24..44).prop_map(|mut ops| {
        ops.insert(0, Op::Deploys { family: 0, kind: Kind::Blocking });
        ops.insert(1, Op::Deploys { family: 1, kind: Kind::ThirdParty });
        ops
    })
}
