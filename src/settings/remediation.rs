//! The settings of the function that remediates.

use std::fmt::Display;

use super::{BaselinePlace, SettingsError, wrong};
use crate::domain::baseline::Baseline;
use crate::domain::baseline::published::PackagedName;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::Mode;

pub struct Remediation {
    /// The mode in which the function handles new work. While the baseline is unconfirmed, this mode is `observe`.
    pub mode: Mode,
    /// The mode that an operator has deployed. In this mode, Logweir finishes the work that it began earlier, even
    /// while the baseline is unconfirmed.
    pub finishes: Mode,
    /// What the function does about clusters that log no sessions of ECS Exec. While the baseline is unconfirmed, the
    /// function corrects no cluster.
    pub exec: ExecMode,
    /// The mode for clusters that an operator has deployed, in which Logweir finishes its earlier work.
    pub exec_finishes: ExecMode,
    pub baseline: Baseline,
    /// The name and the text of the baseline, if the baseline is a file in the function's package.
    pub packaged: Option<(PackagedName, String)>,
    /// The name of the backout function.
    pub backout_function: Option<String>,
    /// The URL of the event queue, to which the function sends a message again if the message has to wait.
    pub queue: Option<String>,
    /// The URL of the dead-letter queue, to which the function sends a message if an operator has to act before Logweir
    /// can handle the message.
    pub dead_letters: Option<String>,
}

impl Remediation {
    pub(super) async fn read<E: Display>(
        variable: &impl Fn(&str) -> Option<String>,
        parameter: impl AsyncFnOnce(&str) -> Result<Option<String>, E>,
    ) -> Result<Self, SettingsError> {
        let set = |name: &'static str| variable(name).filter(|value| !value.is_empty());
        let needed = |name: &'static str| set(name).ok_or_else(|| wrong(name, "is not set"));
        let finishes = needed("LOGWEIR_MODE")?.parse().map_err(|error: String| wrong("LOGWEIR_MODE", error))?;
        let exec = set("LOGWEIR_EXEC").map(|mode| mode.parse().map_err(|error: String| wrong("LOGWEIR_EXEC", error)));
        let exec_finishes: ExecMode = exec.transpose()?.unwrap_or_default();
        let place: BaselinePlace = needed("LOGWEIR_BASELINE")?.parse().unwrap_or_else(|never| match never {});
        let text = place.text(parameter).await.map_err(|why| wrong("LOGWEIR_BASELINE", format!("{place}: {why}")))?;
        let baseline = Baseline::parse(&text).map_err(|error| wrong("LOGWEIR_BASELINE", format!("{place}:{error}")))?;
        let packaged = match &place {
            BaselinePlace::File(_) => Some((PackagedName(place.to_string()), text)),
            BaselinePlace::Parameter(_) => None,
        };
        let modes = (finishes, exec_finishes);
        let ((mode, exec), baseline) = as_confirmed(modes, baseline, set("LOGWEIR_CONFIRMED_BASELINE").as_deref());
        let queue = |name| match set(name) {
            Some(url) if !url.starts_with("http") => Err(wrong(name, "is not the URL of a queue")),
            url => Ok(url),
        };
        let (queue, dead_letters) = (queue("LOGWEIR_QUEUE")?, queue("LOGWEIR_DEAD_LETTERS")?);
        let backout_function = set("LOGWEIR_BACKOUT_FUNCTION");
        Ok(Self { mode, finishes, exec, exec_finishes, baseline, packaged, backout_function, queue, dead_letters })
    }
}

/// Returns the modes in which the function handles new work, and the baseline. If the baseline is unconfirmed, no mode
/// changes anything, and a note that every report repeats explains the reason.
fn as_confirmed(modes: (Mode, ExecMode), baseline: Baseline, confirmed: Option<&str>) -> ((Mode, ExecMode), Baseline) {
    let only_observes = modes.0 == Mode::Observe && modes.1 != ExecMode::Correct;
    if only_observes || confirmed.is_some_and(|confirmed| baseline.is_named(confirmed)) {
        return (modes, baseline);
    }
    let exec = if modes.1 == ExecMode::Correct { ExecMode::Observe } else { modes.1 };
    let digest = baseline.digest();
    let note = format!(
        "baseline {digest} is not confirmed, so Logweir only observes; to confirm it, deploy with ConfirmedBaseline={digest}"
    );
    ((Mode::Observe, exec), baseline.noted(note))
}
