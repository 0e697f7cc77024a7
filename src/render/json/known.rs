//! The findings of an earlier report, so that a pipeline fails on new findings only.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::finding::State;
use crate::domain::report::schema;
use crate::domain::text::plain::plain;

/// The fingerprints of the findings that count in an earlier report.
pub struct KnownFindings(HashSet<String>);

/// The error for a text that is not a report of `logweir check --format json`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAReport {
    #[error("not a report of `logweir check --format json`: {0}")]
    Malformed(String),
    #[error("the report has the schema `{found}` instead of `{wanted}`", wanted = schema::CHECK)]
    OtherSchema { found: String },
}

#[derive(Deserialize)]
struct Named {
    schema: String,
}

#[derive(Deserialize)]
struct Report {
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    fingerprint: String,
    exempt: Option<IgnoredAny>,
}

impl KnownFindings {
    /// Reads a report. An exempt finding of the report is not known, so that it is new as soon as its exemption ends.
    pub fn parse(text: &str) -> Result<Self, NotAReport> {
        let malformed = |error: serde_json::Error| NotAReport::Malformed(error.to_string());
        let text = text.trim_start_matches('\u{feff}');
        let Named { schema } = serde_json::from_str(text).map_err(malformed)?;
        if schema != schema::CHECK {
            return Err(NotAReport::OtherSchema { found: plain(&schema, 100) });
        }
        let report: Report = serde_json::from_str(text).map_err(malformed)?;
        let findings = report.targets.into_iter().flat_map(|target| target.findings);
        let counted = findings.filter(|finding| finding.exempt.is_none());
        Ok(Self(counted.map(|finding| finding.fingerprint).collect()))
    }

    pub(super) fn state(&self, fingerprint: &str) -> State {
        if self.0.contains(fingerprint) { State::Known } else { State::New }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> NotAReport {
        KnownFindings::parse(text).err().unwrap()
    }

    #[test]
    fn an_exempt_finding_is_not_known() {
        let report = format!(
            r#"{{"schema":"{}","targets":[{{"findings":[{{"fingerprint":"a","exempt":null}},
            {{"fingerprint":"b","exempt":{{"owner":"team"}}}}]}}]}}"#,
            schema::CHECK
        );
        let known = KnownFindings::parse(&report).unwrap();
        assert_eq!(["a", "b", "c"].map(|finding| known.state(finding)), [State::Known, State::New, State::New]);
    }

    #[test]
    fn another_document_is_refused() {
        let other = r#"{"schema":"logweir.check/1","targets":[]}"#;
        assert_eq!(error(other), NotAReport::OtherSchema { found: "logweir.check/1".into() });
        for text in
            ["", "[]", "{}", "{\"schema\":\"logweir.check/2\"}", "{\"schema\":\"logweir.check/2\",\"targets\":1}"]
        {
            assert!(matches!(error(text), NotAReport::Malformed(_)), "{text}");
        }
    }
}
