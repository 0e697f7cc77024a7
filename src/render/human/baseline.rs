//! The output of `logweir baseline`.

use super::exemptions;
use crate::domain::baseline::{BaselineError, EffectiveSetting, ExemptionRemark};
use crate::domain::text::plain::plain;
use crate::render::json::{BaselineLine, WorkloadLine};

/// The maximum length of a value in the output, in characters.
const LONGEST: usize = 1000;

/// The settings of a baseline that are in effect for a workload.
pub struct BaselineOutput {
    pub baseline: BaselineLine,
    pub workload: WorkloadLine,
    pub settings: Vec<EffectiveSetting>,
    /// The exemptions that may cover a finding about the workload.
    pub exemptions: Vec<ExemptionRemark>,
}

/// The result of the check whether a baseline is valid.
pub struct BaselineCheckOutput {
    pub path: String,
    /// The digest of the baseline. `None` if the baseline is not valid.
    pub digest: Option<String>,
    pub exemptions: Vec<ExemptionRemark>,
    pub error: Option<BaselineError>,
}

/// Returns the settings as a table of keys, values and origins, and then the exemptions.
pub fn settings(output: &BaselineOutput) -> String {
    let shown = |setting: &EffectiveSetting| {
        let origin = match &setting.profile {
            Some(profile) => format!("profile ({})", plain(profile, LONGEST)),
            None => setting.origin.name().to_owned(),
        };
        (setting.key.clone(), plain(&setting.value, LONGEST), origin)
    };
    let rows: Vec<(String, String, String)> = output.settings.iter().map(shown).collect();
    let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let keys = width(&mut rows.iter().map(|(key, ..)| key));
    // One long value does not move the origins of all other settings to the right.
    let values = width(&mut rows.iter().map(|(_, value, _)| value)).min(40);
    let line = |(key, value, origin): &(String, String, String)| format!("{key:keys$}  {value:values$}  {origin}\n");
    let mut text = format!("baseline: {}\n\n", output.baseline);
    text.extend(rows.iter().map(line));
    if !output.exemptions.is_empty() {
        text.push('\n');
        text.extend(output.exemptions.iter().map(exemptions::line));
    }
    text
}

/// Returns the line about a valid baseline, and the exemptions that ended or that end soon.
pub fn check(output: &BaselineCheckOutput) -> String {
    let BaselineCheckOutput { path, digest, exemptions, .. } = output;
    let remarks = exemptions.iter().filter(|exemption| exemptions::is_remarkable(exemption)).map(exemptions::line);
    format!("{path} is valid ({})\n", digest.as_deref().unwrap_or_default()) + &remarks.collect::<String>()
}
