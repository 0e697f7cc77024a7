//! The baseline of a run, and the workload for which Logweir shows the settings of a baseline.

use std::fmt;

use serde::Serialize;

use crate::domain::baseline::Workload;

#[derive(Serialize)]
pub struct BaselineLine {
    pub path: String,
    pub digest: String,
    /// How Logweir found the baseline, such as `from --baseline`.
    pub origin: String,
}

impl BaselineLine {
    /// Returns the place and the digest of the baseline.
    pub fn name(&self) -> String {
        format!("{} ({})", self.path, self.digest)
    }
}

impl fmt::Display for BaselineLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.name(), self.origin)
    }
}

/// The task definition, container or service for which `logweir baseline show` shows the settings.
#[derive(Serialize)]
pub struct WorkloadLine {
    pub family: Option<String>,
    pub container: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub cluster: Option<String>,
}

impl From<&Workload<'_>> for WorkloadLine {
    fn from(workload: &Workload<'_>) -> Self {
        let Workload { family, container, account, region, cluster, .. } = *workload;
        let [family, container, account, region, cluster] =
            [family, container, account, region, cluster].map(|text| text.map(String::from));
        Self { family, container, account, region, cluster }
    }
}
