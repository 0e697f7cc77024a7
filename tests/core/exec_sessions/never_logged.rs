//! The law of the verdict `logged`.

use logweir::domain::exec::{
    Basis, Case, Destination, Events, Facts, GRACE, Life, Look, Place, Seen, SsmSessions, Tasks, Verdict, join, judge,
};
use proptest::prelude::*;

use super::scene::{ID, active, ago, ended, events, execute, home, now};

fn place(index: usize) -> Place {
    match index % 2 {
        0 => Place::Stream { group: format!("/ecs/{index}"), stream: ID.into() },
        _ => Place::Object { bucket: format!("bucket-{index}"), keys: vec![format!("{ID}.log")] },
    }
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        any::<Option<u64>>().prop_map(|bytes| Seen::Found { bytes, first: None, last: None }),
        prop::option::of(1..400_u32).prop_map(|retention_days| Seen::Absent { what: "nothing".into(), retention_days }),
        Just(Seen::Unread("denied".into())),
    ]
}

fn destination() -> impl Strategy<Value = Destination> {
    let basis = prop_oneof![Just(Basis::Event), Just(Basis::Today)];
    prop_oneof![
        (0..4_usize, basis.clone())
            .prop_map(|(count, basis)| Destination::Places((0..count).map(place).collect(), basis)),
        basis.prop_map(|basis| Destination::Nowhere("none".into(), basis)),
        Just(Destination::Unknown("gone".into())),
    ]
}

fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        Just(Life::Open),
        (0..2000_i64).prop_map(|hours| Life::Ended(Some(ago(hours)))),
        Just(Life::Ended(None)),
        Just(Life::Failed),
        Just(Life::Unknown("unread".into())),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let of = |(hours, kind): (i64, u8)| {
        let mut record = execute("e-1", ID, ago(hours));
        match kind {
            0 => record["errorCode"] = "AccessDeniedException".into(),
            1 => record["requestParameters"]["dryrun"] = true.into(),
            _ => {}
        }
        let events = if kind == 2 { Events::default() } else { events(&[record]) };
        let session = if kind == 3 { active(ID, ago(hours)) } else { ended(ID, ago(hours)) };
        join(&events, &SsmSessions::Read(vec![session]), &Tasks::new(), &home()).remove(0)
    };
    (0..2000_i64, 0..5_u8).prop_map(of)
}

proptest! {
    #[test]
    fn a_session_is_logged_only_with_a_stream_or_an_object_and_never_after_these_are_removed(
        case in case(), life in life(), destination in destination(), seen in prop::collection::vec(seen(), 0..4)
    ) {
        let looks: Vec<Look> =
            seen.into_iter().enumerate().map(|(index, seen)| Look { place: place(index), seen }).collect();
        let judged = |looks: &[Look]| {
            let (life, destination) = (&life, &destination);
            judge(&Facts { case: &case, life, destination, looks, now: now(), grace: GRACE })
        };
        let first = judged(&looks);
        prop_assert!(first.verdict != Verdict::Logged || looks.iter().any(Look::is_found), "{first:?}");
        prop_assert!(first.verdict == Verdict::Logged || first.why.is_some(), "{first:?}");
        let without: Vec<Look> = looks.iter().filter(|look| !look.is_found()).cloned().collect();
        prop_assert_ne!(judged(&without).verdict, Verdict::Logged);
        let as_unread = looks.iter().map(|look| match look.is_found() {
            true => Look { seen: Seen::Unread("denied".into()), ..look.clone() },
            false => look.clone(),
        });
        let as_unread: Vec<Look> = as_unread.collect();
        prop_assert_ne!(judged(&as_unread).verdict, Verdict::Logged);
    }
}
