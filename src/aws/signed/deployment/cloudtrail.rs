//! The trails that see this Region, those of the organisation too.

use serde_json::{Value, json};

use super::{list, operation, text};
use crate::aws::Aws;
use crate::domain::doctor::trail::TrailName;
use crate::ports::Answer;

macro_rules! cloudtrail {
    ($name:literal) => {
        operation!("cloudtrail", "1.1", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", $name)
    };
}

impl Aws {
    pub async fn trails(&self) -> Answer<Vec<TrailName>> {
        const CALL: &str = "DescribeTrails";
        let answer = self.asks(&cloudtrail!("DescribeTrails"), &json!({"includeShadowTrails": true})).await?;
        let trails = list(CALL, &answer, "trailList")?.iter().map(|trail| {
            Ok(TrailName {
                name: text(CALL, trail, "Name")?,
                arn: text(CALL, trail, "TrailARN")?,
                is_organizations: trail["IsOrganizationTrail"] == true,
            })
        });
        trails.collect()
    }

    /// Whether the trail records anything now. By its ARN, as it may be at home in another Region or account.
    pub async fn is_logging(&self, trail: &TrailName) -> Answer<bool> {
        const CALL: &str = "GetTrailStatus";
        let answer = self.asks(&cloudtrail!("GetTrailStatus"), &json!({"Name": trail.arn})).await?;
        answer["IsLogging"].as_bool().ok_or_else(|| crate::aws::signed::deployment::lacks(CALL, "IsLogging"))
    }

    /// What the trail records, as CloudTrail says it.
    pub async fn event_selectors(&self, trail: &TrailName) -> Answer<Value> {
        self.asks(&cloudtrail!("GetEventSelectors"), &json!({"TrailName": trail.arn})).await
    }
}
