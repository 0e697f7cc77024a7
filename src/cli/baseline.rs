//! The baseline that a verb applies.

use super::connect::Intent;
use super::failure::Failure;
use super::options::Global;
use crate::domain::baseline::{Baseline, BaselineError};
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
        let baseline = Baseline::parse(text).map_err(|error| faulty(&place, error))?;
        Ok(Self { place, baseline })
    }
}

/// Returns the failure about an error in the baseline at `place`.
pub(super) fn faulty(place: &str, error: BaselineError) -> Failure {
    let failure = Failure::error(format!("{place}:{}:{}: {}", error.line, error.column, error.message));
    match error.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

impl Global {
    /// Reads the baseline that the options or the environment variables select, or else the shipped baseline.
    pub(super) async fn read_baseline(&self) -> Result<PlacedBaseline, Failure> {
        match &self.baseline {
            Some(place) => self.read_baseline_at(place).await,
            None => {
                let PlacedBaseline { place, baseline } =
                    PlacedBaseline::parse("(shipped)".to_owned(), SHIPPED_BASELINE)?;
                Ok(PlacedBaseline { place, baseline: baseline.shipped() })
            }
        }
    }

    /// Reads the baseline from this file or Systems Manager parameter.
    pub(super) async fn read_baseline_at(&self, place: &BaselinePlace) -> Result<PlacedBaseline, Failure> {
        PlacedBaseline::parse(place.to_string(), &self.text_at(place).await?)
    }

    /// Returns the place and the text of the baseline at `place`, or of the baseline that the options select. The text
    /// may not be a valid baseline.
    pub(super) async fn baseline_text(&self, place: Option<&BaselinePlace>) -> Result<(String, String), Failure> {
        match place.or(self.baseline.as_ref()) {
            Some(place) => Ok((place.to_string(), self.text_at(place).await?)),
            None => Ok(("(shipped)".to_owned(), SHIPPED_BASELINE.to_owned())),
        }
    }

    async fn text_at(&self, place: &BaselinePlace) -> Result<String, Failure> {
        let parameter = async |name: &str| {
            let aws = self.aws(Intent::Look).await?;
            aws.parameter(name).await.map_err(Failure::from)
        };
        let text = place.text(parameter).await;
        text.map_err(|error| Failure::error(format!("{place}: {error}")))
    }
}
