//! The baseline that a verb applies.

use super::connect::Intent;
use super::failure::Failure;
use super::options::Global;
use crate::domain::baseline::Baseline;
use crate::render::json::BaselineLine;
use crate::settings::{BaselinePlace, SHIPPED_BASELINE};

/// A baseline, and the place from which Logweir read the baseline.
pub(super) struct PlacedBaseline {
    /// The file or the Systems Manager parameter of the baseline, or `(shipped)` for the shipped baseline.
    place: String,
    pub(super) baseline: Baseline,
}

impl PlacedBaseline {
    /// Returns the place and the digest of the baseline.
    pub(super) fn line(&self) -> BaselineLine {
        BaselineLine { path: self.place.clone(), digest: self.baseline.digest().to_owned() }
    }

    fn parse(place: String, text: &str) -> Result<Self, Failure> {
        let baseline = Baseline::parse(text).map_err(|error| {
            let failure = Failure::error(format!("{place}:{}:{}: {}", error.line, error.column, error.message));
            match error.help {
                Some(help) => failure.help(help),
                None => failure,
            }
        })?;
        Ok(Self { place, baseline })
    }
}

impl Global {
    /// Reads the baseline that the options or the environment variables select, or else the shipped baseline.
    pub(super) async fn read_baseline(&self) -> Result<PlacedBaseline, Failure> {
        match &self.baseline {
            Some(place) => self.read_baseline_at(place).await,
            None => PlacedBaseline::parse("(shipped)".to_owned(), SHIPPED_BASELINE),
        }
    }

    /// Reads the baseline from this file or Systems Manager parameter.
    pub(super) async fn read_baseline_at(&self, place: &BaselinePlace) -> Result<PlacedBaseline, Failure> {
        let parameter = async |name: &str| {
            let aws = self.aws(Intent::Look).await?;
            aws.parameter(name).await.map_err(Failure::from)
        };
        let text = place.text(parameter).await;
        let text = text.map_err(|error| Failure::error(format!("{place}: {error}")))?;
        PlacedBaseline::parse(place.to_string(), &text)
    }
}
