//! A call that CloudTrail recorded, and the members that every reader needs. CloudTrail hides environment values and
//! leaves out bodies above 100 KB, and every member of a record may be missing or forged.

use serde_json::Value;

use super::home::Whereabouts;
use super::{Cause, Consumer, Home, Ignored, LONGEST, Nothing, Trigger, is_own, is_service_linked};
use crate::domain::text::plain::plain;

/// A record, and the envelope that it came in.
pub(super) struct RecordedCall<'e> {
    /// Who handed the record to EventBridge; a bare record names nobody, and is its own envelope.
    pub source: Option<&'e str>,
    envelope: &'e Value,
    pub record: &'e Value,
    pub home: &'e Home,
    pub cause: Cause,
}

/// Who called, when and with what.
pub(super) fn cause(record: &Value) -> Cause {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).map(|text| plain(text, LONGEST));
    Cause {
        event_id: text("/eventID"),
        time: record["eventTime"].as_str().and_then(|time| time.parse().ok()),
        actor: text("/userIdentity/arn").or_else(|| text("/userIdentity/invokedBy")),
        actor_type: text("/userIdentity/type"),
        user_agent: text("/userAgent"),
        source_ip: text("/sourceIPAddress"),
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

    /// Ends here if the call came to nothing, happened elsewhere, or was made by somebody whose calls are left alone.
    /// `named` is what it was about, as ARNs or names.
    pub(super) fn guard(&self, named: impl IntoIterator<Item = &'e str>) -> Result<(), Nothing> {
        if self.record.get("errorCode").is_some_and(|code| !code.is_null()) {
            return Err(Ignored::FailedCall.into());
        }
        let envelope = &self.envelope;
        let mut places = vec![
            Whereabouts { account: envelope["account"].as_str(), region: envelope["region"].as_str() },
            Whereabouts { account: self.text("/recipientAccountId"), region: self.text("/awsRegion") },
        ];
        places.extend(named.into_iter().map(Whereabouts::of_arn));
        if let Some(elsewhere) = self.home.elsewhere(&places) {
            return Err(elsewhere.into());
        }
        let principal = self.text("/userIdentity/sessionContext/sessionIssuer/arn").or(self.text("/userIdentity/arn"));
        if principal.is_some_and(|principal| is_own(principal, &self.home.own_roles)) {
            return Err(Ignored::OwnPrincipal.into());
        }
        // Batch looks after what it makes. CloudFormation, CodeDeploy, CodePipeline and the console are named as invokedBy
        // too; those are people's tools.
        let by_owner = self.text("/userIdentity/invokedBy") == Some("batch.amazonaws.com");
        if by_owner || principal.is_some_and(is_service_linked) {
            return Err(Ignored::ServiceOwned.into());
        }
        Ok(())
    }

    pub(super) fn used(&self, by: Vec<Consumer>) -> Result<Trigger, Nothing> {
        if by.is_empty() {
            return Err(Ignored::OtherEvent.into());
        }
        Ok(Trigger::Used { by, cause: self.cause.clone() })
    }
}
