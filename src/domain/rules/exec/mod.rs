//! The rules of the pack `exec`, one file for each rule. They judge clusters, workloads with ECS Exec, and the task
//! definitions of these workloads.

pub(in crate::domain::rules) mod allowed_direct_session;
pub mod case;
mod environment;
pub(in crate::domain::rules) mod forbidden_exec;
pub(in crate::domain::rules) mod insufficient_exec_rights;
pub(in crate::domain::rules) mod insufficient_transcript_rights;
pub mod judge;
pub(in crate::domain::rules) mod missing_exec_role;
pub(in crate::domain::rules) mod missing_init_process;
pub(in crate::domain::rules) mod missing_session_key;
pub(in crate::domain::rules) mod missing_transcript_destination;
pub(in crate::domain::rules) mod mixed_session_logs;
pub(in crate::domain::rules) mod outdated_exec_platform;
pub(in crate::domain::rules) mod proxied_exec_agent;
pub(in crate::domain::rules) mod read_only_exec_root;
pub(in crate::domain::rules) mod shared_pid_namespace;
mod simulated;
pub(in crate::domain::rules) mod static_exec_credentials;
pub(in crate::domain::rules) mod unavailable_exec_agent;
pub(in crate::domain::rules) mod unencrypted_transcripts;
pub(in crate::domain::rules) mod unfit_transcript_retention;
pub(in crate::domain::rules) mod unlogged_container_sessions;
pub(in crate::domain::rules) mod unlogged_sessions;
pub(in crate::domain::rules) mod unmet_session_encryption;
pub(in crate::domain::rules) mod unusable_session_key;
