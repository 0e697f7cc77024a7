//! The logging of a cluster at the time of a session.

use jiff::Timestamp;

use super::other_calls::ClusterChange;
use crate::domain::ecs::cluster::ExecConfiguration;

/// The configuration of ECS Exec of a cluster, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub exec: ExecConfiguration,
    pub basis: Basis,
}

/// How the configuration at the time of a session is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// An event of CreateCluster or UpdateCluster before the session tells it.
    Event,
    /// No event tells it, so Logweir uses the configuration of today.
    Today,
}

/// Returns the configuration of a cluster at `time`. `changes` are the changes of this cluster, and `today` is its
/// present configuration, or the reason why it is unknown. Returns the reason if the configuration is unknown.
pub fn setting_at<'c>(
    time: Timestamp,
    changes: impl IntoIterator<Item = &'c ClusterChange>,
    today: Result<&ExecConfiguration, &str>,
) -> Result<Setting, String> {
    let (mut before, mut after): (Option<&ClusterChange>, Option<Timestamp>) = (None, None);
    for change in changes {
        if change.time > time {
            after = Some(after.map_or(change.time, |after| after.min(change.time)));
        } else if before.is_none_or(|before| before.time <= change.time) {
            before = Some(change);
        }
    }
    match (before, after, today) {
        (Some(change), ..) => Ok(Setting { exec: change.exec.clone(), basis: Basis::Event }),
        (None, Some(after), _) => Err(format!(
            "the logging of the cluster was set at {after:.0}, after the session, and no event tells how it was before"
        )),
        (None, None, Ok(today)) => Ok(Setting { exec: today.clone(), basis: Basis::Today }),
        (None, None, Err(why)) => Err(why.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::cluster::ExecLogging;

    fn change(second: i64, logging: ExecLogging) -> ClusterChange {
        ClusterChange {
            event: String::new(),
            time: Timestamp::from_second(second).unwrap(),
            account: String::new(),
            region: String::new(),
            cluster: "prod".into(),
            exec: ExecConfiguration { logging, ..ExecConfiguration::default() },
        }
    }

    #[test]
    fn the_last_change_before_the_session_tells_the_setting_and_today_counts_only_without_changes() {
        let (none, over) = (change(10, ExecLogging::None), change(20, ExecLogging::Override));
        let today = ExecConfiguration { logging: ExecLogging::Override, ..ExecConfiguration::default() };
        let at = |second: i64, changes: &[&ClusterChange]| {
            setting_at(Timestamp::from_second(second).unwrap(), changes.iter().copied(), Ok(&today))
                .map(|setting| (setting.exec.logging, setting.basis))
        };
        assert_eq!(at(15, &[&over, &none]), Ok((ExecLogging::None, Basis::Event)));
        assert_eq!(at(20, &[&none, &over]), Ok((ExecLogging::Override, Basis::Event)));
        assert_eq!(at(5, &[]), Ok((ExecLogging::Override, Basis::Today)));
        assert!(at(5, &[&over, &none]).unwrap_err().contains("1970-01-01T00:00:10Z"));
        let missing = setting_at(Timestamp::UNIX_EPOCH, [], Err("the cluster is gone"));
        assert_eq!(missing.unwrap_err(), "the cluster is gone");
    }
}
