//! A task role that lacks a right to write transcripts. Sessions then start, but no transcript of them exists.

use super::case::{Check, DefinitionCase, ExecRule, Verdict};
use super::simulated::denied;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::InsufficientTranscriptRights,
    summary: "a task role without the rights of logs or s3 that a transcript needs",
    check: Check::Definition(check),
};

fn check(case: &DefinitionCase<'_>) -> Verdict {
    let rights = case.fleet.transcript_rights(case.definition, &case.uses);
    denied(case, &rights, "sessions start without a transcript")
}
