//! A call that CloudTrail recorded, with the members that Logweir reads from every kind of call. CloudTrail hides the
//! values of environment variables, and leaves out requests and responses above 100 KB. Every member of a CloudTrail
//! record may be missing or forged.

use serde_json::Value;

use super::home::Whereabouts;
use super::{Cause, Consumer, Home, Ignored, LONGEST, Nothing, Trigger, is_own, is_service_linked};
use crate::domain::text::plain::plain;

/// A CloudTrail record, and its envelope: the EventBridge event that contains the record.
pub(super) struct RecordedCall<'e> {
    /// The `source` of the envelope, such as `aws.ecs`. `None` for a bare record, which has no envelope.
    pub source: Option<&'e str>,
    envelope: &'e Value,
    pub record: &'e Value,
    pub home: &'e Home,
    pub cause: Cause,
}

/// Returns the caller, the time and the user agent of a recorded call.
pub(super) fn cause(record: &Value) -> Cause {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).map(|text| plain(text, LONGEST));
    Cause {
        event_id: text("/eventID"),
        time: record["eventTime"].as_str().and_then(|time| time.parse().ok()),
        actor: text("/userIdentity/arn").or_else(|| text("/userIdentity/invokedBy")),
        actor_type: text("/userIdentity/type"),
        user_agent: text("/userAgent"),
        source_ip: text("/sourceIPAddress"),
        run: None,
    }
}

impl<'e> RecordedCall<'e> {
    pub(super) fn bare(record: &'e Value, home: &'e Home) -> Self {
        Self { source: None, envelope: record, record, home, cause: cause(record) }
    }

    pub(super) fn in_envelope(envelope: &'e Value, home: &'e Home) -> Self {
        let record = &envelope["detail"];
        Self { source: envelope["source"].as_str(), envelope, record, home, cause: cause(record) }
    }

    pub(super) fn text(&self, pointer: &str) -> Option<&'e str> {
        self.record.pointer(pointer).and_then(Value::as_str)
    }

    /// Returns an error if Logweir ignores the call. Logweir ignores a call that failed, that names another account or
    /// Region, or that Logweir itself or an AWS service made. `named` contains the ARNs or names of the resources that
    /// the call names.
    pub(super) fn guard(&self, named: impl IntoIterator<Item = &'e str>) -> Result<(), Nothing> {
        self.guard_place(named)?;
        let principal = self.text("/userIdentity/sessionContext/sessionIssuer/arn").or(self.text("/userIdentity/arn"));
        if principal.is_some_and(|principal| is_own(principal, &self.home.own_roles)) {
            return Err(Ignored::OwnPrincipal.into());
        }
        // AWS Batch manages the revisions that it registers. CloudFormation, CodeDeploy, CodePipeline and the console
        // also appear in the member `invokedBy`, but they act for a user.
        let by_owner = self.text("/userIdentity/invokedBy") == Some("batch.amazonaws.com");
        if by_owner || principal.is_some_and(is_service_linked) {
            return Err(Ignored::ServiceOwned.into());
        }
        Ok(())
    }

    /// Returns an error if the call failed, or if it names another account or Region. Accepts every caller.
    pub(super) fn guard_place(&self, named: impl IntoIterator<Item = &'e str>) -> Result<(), Nothing> {
        if self.record.get("errorCode").is_some_and(|code| !code.is_null()) {
            return Err(Ignored::FailedCall.into());
        }
        let envelope = &self.envelope;
        let mut places = vec![
            Whereabouts { account: envelope["account"].as_str(), region: envelope["region"].as_str() },
            Whereabouts { account: self.text("/recipientAccountId"), region: self.text("/awsRegion") },
        ];
        places.extend(named.into_iter().map(Whereabouts::of_arn));
        self.home.elsewhere(&places).map_or(Ok(()), |elsewhere| Err(elsewhere.into()))
    }

    pub(super) fn used(&self, by: Vec<Consumer>) -> Result<Trigger, Nothing> {
        if by.is_empty() {
            return Err(Ignored::OtherEvent.into());
        }
        Ok(Trigger::Used { by, cause: self.cause.clone() })
    }
}
