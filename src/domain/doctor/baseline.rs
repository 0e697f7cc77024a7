//! The check of the baseline: whether the baseline can be read, is valid and is confirmed.

use super::{Check, ReadFailure, ReadResult};
use crate::domain::baseline::digest::is_same;

const CHECK: &str = "baseline";

const UNCONFIRMED: &str = "the baseline is not confirmed, so the function only observes";

/// The settings of the function that concern its baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<'g> {
    /// The place of the baseline: a file in the function's package, or `ssm:NAME`.
    pub place: &'g str,
    /// The digest of the confirmed baseline. `None` if no baseline is confirmed.
    pub confirmed: Option<&'g str>,
    pub mode: &'g str,
}

/// The baseline, as far as `doctor` can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The baseline is in a Systems Manager parameter. The value is the digest of the baseline in this SSM parameter,
    /// or the error in the text of this SSM parameter.
    Parameter(ReadResult<Result<String, String>>),
    /// The baseline is in the function's package, which `doctor` cannot read. `at_hand` is the digest of the baseline
    /// that the function published in the journal or that the caller named, or the reason why `doctor` cannot read it.
    /// `is_published` is whether this baseline is the one that the function published, and not one that the caller
    /// named.
    Package { at_hand: ReadResult<String>, is_published: bool },
}

/// Checks the baseline. `given` is an error if `doctor` could not read the function's configuration.
pub fn check(given: Result<Given<'_>, &ReadFailure>, read: &Read) -> Check {
    let given = match given {
        Ok(given) => given,
        Err(unseen) => return Check::unknown(CHECK, "doctor cannot tell which baseline the function uses", unseen),
    };
    let place = given.place;
    let digest = match read {
        Read::Parameter(Ok(Ok(digest))) => digest,
        Read::Parameter(Ok(Err(wrong))) => {
            let says = format!("baseline {place} is not valid, so the function does not start: {wrong}");
            return Check::problem(
                CHECK,
                says,
                "correct the text of the SSM parameter: aws ssm put-parameter --overwrite",
            );
        }
        Read::Parameter(Err(unseen)) if unseen.is_missing => {
            let says = format!("baseline {place} does not exist, so the function does not start");
            return Check::problem(
                CHECK,
                says,
                "create the SSM parameter: aws ssm put-parameter --type String --value file://…",
            );
        }
        Read::Parameter(Err(unseen)) => {
            return Check::unknown(CHECK, format!("doctor cannot read baseline {place}"), unseen);
        }
        Read::Package { at_hand: Ok(digest), .. } => digest,
        Read::Package { at_hand: Err(unseen), .. } => return without_one_at_hand(&given, unseen),
    };
    let in_package = matches!(read, Read::Package { is_published: false, .. });
    let is_published = matches!(read, Read::Package { is_published: true, .. });
    let confirm = format!(
        "check what the baseline would change (logweir check --all), then deploy the stack with \
         ConfirmedBaseline={digest}"
    );
    match given.confirmed {
        Some(confirmed) if is_same(digest, confirmed) && in_package => Check::ok(
            CHECK,
            format!(
                "the selected baseline is the confirmed baseline, {digest}; doctor did not read the function's package"
            ),
        ),
        Some(confirmed) if is_same(digest, confirmed) => {
            Check::ok(CHECK, format!("baseline {place} is readable and confirmed, {digest}"))
        }
        _ if given.mode == "observe" && in_package => only_observes(place),
        _ if given.mode == "observe" => {
            Check::ok(CHECK, format!("baseline {place} is readable, {digest}; mode observe needs no confirmation"))
        }
        None => Check::problem(CHECK, UNCONFIRMED, confirm),
        Some(confirmed) if in_package => Check::inconclusive(
            CHECK,
            format!(
                "digest {confirmed} is confirmed, but the selected baseline has digest {digest}, and doctor cannot \
                 read the function's package"
            ),
            "select the baseline file that was deployed: --baseline FILE",
        ),
        Some(confirmed) if is_published => Check::inconclusive(
            CHECK,
            format!(
                "digest {confirmed} is confirmed, but the baseline that the function last published has digest {digest}"
            ),
            "run doctor again when the function has started; if the digests still differ, deploy with the right ConfirmedBaseline",
        ),
        Some(confirmed) => {
            let says = format!(
                "baseline {place} has digest {digest}, but {confirmed} is confirmed, so the function only observes"
            );
            Check::problem(CHECK, says, confirm)
        }
    }
}

/// Returns the check of the baseline in the function's package, if `doctor` cannot read the baseline that is selected
/// on the command line.
fn without_one_at_hand(given: &Given<'_>, unseen: &ReadFailure) -> Check {
    match given.confirmed {
        _ if given.mode == "observe" => only_observes(given.place),
        None => Check::problem(CHECK, UNCONFIRMED, "correct the selected baseline, then run doctor again"),
        Some(_) => {
            Check::unknown(CHECK, "doctor cannot tell whether the selected baseline is the confirmed one", unseen)
        }
    }
}

fn only_observes(place: &str) -> Check {
    let says = format!(
        "the baseline file {place} is in the function's package, which doctor did not read; mode observe needs no \
         confirmation"
    );
    Check::ok(CHECK, says)
}

/// Returns a check in the state `Unknown`, because `doctor` cannot evaluate the dead letters without a readable
/// baseline.
pub fn undecided(unseen: &ReadFailure) -> Check {
    Check::unknown(CHECK, "doctor cannot tell what the function would do with the dead letters", unseen)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::domain::baseline::digest::FORMER;

    #[test]
    fn a_baseline_is_well_if_it_was_read_and_is_the_confirmed_one_or_none_has_to_be() {
        let parameter = |digest: &str| Read::Parameter(Ok(Ok(digest.into())));
        let package = |digest: &str| Read::Package { at_hand: Ok(digest.into()), is_published: false };
        let published = |digest: &str| Read::Package { at_hand: Ok(digest.into()), is_published: true };
        let faulty = || Read::Package {
            at_hand: Err(ReadFailure { why: "no".into(), help: "do".into(), is_missing: false }),
            is_published: true,
        };
        let unseen =
            |is_missing| Read::Parameter(Err(ReadFailure { why: "no".into(), help: String::new(), is_missing }));
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
            ("register", Some("a"), published("a"), State::Ok),
            ("register", Some("a"), published("b"), State::Unknown),
            ("register", None, published("a"), State::Problem),
            ("observe", None, published("a"), State::Ok),
            ("register", Some("a"), faulty(), State::Unknown),
            ("register", None, faulty(), State::Problem),
            ("observe", None, faulty(), State::Ok),
            ("register", Some(FORMER.0), parameter(FORMER.1), State::Ok),
            ("register", Some(FORMER.0), package(FORMER.1), State::Ok),
            ("register", Some(FORMER.0), parameter("a"), State::Problem),
        ] {
            let check = check(Ok(Given { place: "ssm:x", confirmed, mode }), &read);
            assert_eq!(check.state, wanted, "{mode} {confirmed:?} {read:?}: {}", check.says);
        }
    }
}
