//! The CloudTrail trails that record this Region, including the trails of the organization.

use serde_json::{Value, json};

use super::LONGEST;
use super::members::{flag, list, text};
use crate::aws::client::Aws;
use crate::aws::signed::{JSON_1_1, Operation, Request, Service};
use crate::domain::doctor::trail::TrailName;
use crate::ports::Answer;

const CLOUDTRAIL: Service =
    Service::json("cloudtrail", JSON_1_1, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101").within(LONGEST);
const DESCRIBE_TRAILS: Operation = CLOUDTRAIL.read("DescribeTrails");
const GET_TRAIL_STATUS: Operation = CLOUDTRAIL.read("GetTrailStatus");
const GET_EVENT_SELECTORS: Operation = CLOUDTRAIL.read("GetEventSelectors");

impl Aws {
    pub async fn trails(&self) -> Answer<Vec<TrailName>> {
        let answer = self.signed.ask(&DESCRIBE_TRAILS, &json!({"includeShadowTrails": true})).await?;
        let trails = list(&DESCRIBE_TRAILS, &answer, "trailList")?.iter().map(|trail| {
            Ok(TrailName {
                name: text(&DESCRIBE_TRAILS, trail, "Name")?,
                arn: text(&DESCRIBE_TRAILS, trail, "TrailARN")?,
                is_organizations: trail["IsOrganizationTrail"] == true,
            })
        });
        trails.collect()
    }

    /// Returns whether the trail is recording. The request identifies the trail by its ARN, because the trail may
    /// belong to another Region or account.
    pub async fn is_logging(&self, trail: &TrailName) -> Answer<bool> {
        let answer = self.signed.ask(&GET_TRAIL_STATUS, &json!({"Name": trail.arn})).await?;
        flag(&GET_TRAIL_STATUS, &answer, "IsLogging")
    }

    /// Returns the event selectors of the trail with this ARN in the JSON format of CloudTrail.
    pub async fn event_selectors(&self, trail: &str) -> Answer<Value> {
        let body = json!({"TrailName": trail});
        self.signed.call(&GET_EVENT_SELECTORS, Request::json(&body)).await?.json_or_null()
    }
}
