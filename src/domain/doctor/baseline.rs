//! The baseline: it can be read, it makes sense, and somebody has confirmed it.

use super::{Check, Looked, Unseen};

const CHECK: &str = "baseline";

const UNCONFIRMED: &str = "nobody has confirmed it, so the function only observes";

/// What the function was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<'g> {
    /// A file in the package, or `ssm:NAME`.
    pub place: &'g str,
    /// The digest that somebody has confirmed.
    pub confirmed: Option<&'g str>,
    pub mode: &'g str,
}

/// A baseline where it can be read from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Its digest, or what is wrong with its text.
    Parameter(Looked<Result<String, String>>),
    /// `doctor` cannot read the function's package. This is the digest of the baseline that the caller selected, or why
    /// Logweir cannot read that baseline.
    Package { at_hand: Looked<String> },
}

/// `given` is none where the function could not be read.
pub fn check(given: Result<Given<'_>, &Unseen>, read: &Read) -> Check {
    let given = match given {
        Ok(given) => given,
        Err(unseen) => return Check::unknown(CHECK, "which baseline the function has", unseen),
    };
    let place = given.place;
    let digest = match read {
        Read::Parameter(Ok(Ok(digest))) => digest,
        Read::Parameter(Ok(Err(wrong))) => {
            let says = format!("{place} makes no sense, so the function does not start: {wrong}");
            return Check::problem(CHECK, says, "put the text right: aws ssm put-parameter --overwrite");
        }
        Read::Parameter(Err(unseen)) if unseen.is_missing => {
            let says = format!("{place} is not there, so the function does not start");
            return Check::problem(CHECK, says, "put it there: aws ssm put-parameter --type String --value file://…");
        }
        Read::Parameter(Err(unseen)) => return Check::unknown(CHECK, format!("what stands in {place}"), unseen),
        Read::Package { at_hand: Ok(digest) } => digest,
        Read::Package { at_hand: Err(unseen) } => return without_one_at_hand(&given, unseen),
    };
    let in_package = matches!(read, Read::Package { .. });
    let confirm =
        format!("look what it would change (logweir check --all), then deploy with ConfirmedBaseline={digest}");
    match given.confirmed {
        Some(confirmed) if confirmed == digest && in_package => {
            Check::ok(CHECK, format!("the confirmed one is the one at hand, {digest}; the package itself was not read"))
        }
        Some(confirmed) if confirmed == digest => {
            Check::ok(CHECK, format!("{place} can be read and is confirmed, {digest}"))
        }
        _ if given.mode == "observe" && in_package => only_observes(place),
        _ if given.mode == "observe" => {
            Check::ok(CHECK, format!("{place} can be read, {digest}; in mode observe none has to be confirmed"))
        }
        None => Check::problem(CHECK, UNCONFIRMED, confirm),
        Some(confirmed) if in_package => Check::untold(
            CHECK,
            format!(
                "{confirmed} is confirmed, the one at hand is {digest}, and the one in the package cannot be read from here"
            ),
            "give the file that was deployed: --baseline FILE",
        ),
        Some(confirmed) => {
            let says =
                format!("{place} is {digest}, and {confirmed} is the confirmed one, so the function only observes");
            Check::problem(CHECK, says, confirm)
        }
    }
}

/// The check of a function whose baseline is in its package, if `doctor` cannot read the caller's baseline.
fn without_one_at_hand(given: &Given<'_>, unseen: &Unseen) -> Check {
    match given.confirmed {
        _ if given.mode == "observe" => only_observes(given.place),
        None => Check::problem(CHECK, UNCONFIRMED, "correct the baseline that logweir reads, then run doctor again"),
        Some(_) => Check::unknown(CHECK, "whether the confirmed baseline is the one at hand", unseen),
    }
}

fn only_observes(place: &str) -> Check {
    let says = format!("{place} lies in the package, which was not read; in mode observe none has to be confirmed");
    Check::ok(CHECK, says)
}

/// The check of the dead letters, if `doctor` can read no baseline to decide about them.
pub fn undecided(unseen: &Unseen) -> Check {
    Check::unknown(CHECK, "what the function would do with the dead letters", unseen)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_baseline_is_well_if_it_was_read_and_is_the_confirmed_one_or_none_has_to_be() {
        let parameter = |digest: &str| Read::Parameter(Ok(Ok(digest.into())));
        let package = |digest: &str| Read::Package { at_hand: Ok(digest.into()) };
        let faulty =
            || Read::Package { at_hand: Err(Unseen { why: "no".into(), help: "do".into(), is_missing: false }) };
        let unseen = |is_missing| Read::Parameter(Err(Unseen { why: "no".into(), help: String::new(), is_missing }));
        for (mode, confirmed, read, wanted) in [
            ("register", Some("a"), parameter("a"), State::Ok),
            ("register", Some("a"), parameter("b"), State::Problem),
            ("register", None, parameter("a"), State::Problem),
            ("observe", None, parameter("a"), State::Ok),
            ("observe", None, unseen(false), State::Unknown),
            ("observe", None, unseen(true), State::Problem),
            ("register", Some("a"), Read::Parameter(Ok(Err("3:1: no".into()))), State::Problem),
            ("register", Some("a"), package("a"), State::Ok),
            ("register", Some("a"), package("b"), State::Unknown),
            ("register", None, package("a"), State::Problem),
            ("observe", Some("a"), package("b"), State::Ok),
            ("register", Some("a"), faulty(), State::Unknown),
            ("register", None, faulty(), State::Problem),
            ("observe", None, faulty(), State::Ok),
        ] {
            let check = check(Ok(Given { place: "ssm:x", confirmed, mode }), &read);
            assert_eq!(check.state, wanted, "{mode} {confirmed:?} {read:?}: {}", check.says);
        }
    }
}
