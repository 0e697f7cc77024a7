//! A listener of a load balancer that accepts plain text, or TLS before version 1.2.

use std::collections::BTreeSet;

use super::super::judged::{Judged, not_checked, result};
use super::workload::known;
use super::{Checked, classic_balancer};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::network::{HttpActions, Listener};
use crate::domain::runbook::verdict::{Resource, ResourceKind, Verdict};

pub(super) const NAME: &str = "weak-listener";

const PROTOCOL: &str = "/Listeners/Protocol";
const POLICY: &str = "/Listeners/SslPolicy";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let mut results = classic_balancer::not_checked(account, NAME);
    if let Err(missing) = account.network.target_groups.get() {
        results.push(not_checked(NAME, account.resource(), missing));
    }
    let groups = known(&account.network.target_groups);
    let balancers: BTreeSet<&String> = groups.flat_map(|group| &group.load_balancers).collect();
    results.extend(balancers.into_iter().flat_map(|arn| of_balancer(account, arn)));
    results
}

fn of_balancer(account: &Account, arn: &str) -> Checked {
    let name = balancer_name(arn);
    let Some(listeners) = account.network.listeners.get(arn) else { return Vec::new() };
    match listeners.get() {
        Err(missing) => vec![not_checked(NAME, Resource::new(ResourceKind::LoadBalancer, name, arn), missing)],
        Ok((listeners, origin)) => {
            let of_one = |listener: &Listener| {
                let resource =
                    Resource::new(ResourceKind::Listener, format!("{name}:{}", listener.port), &listener.arn);
                result(NAME, resource, origin, judged(listener))
            };
            listeners.iter().map(of_one).collect()
        }
    }
}

/// Returns the name in the ARN of a load balancer, `…:loadbalancer/app/NAME/ID`.
fn balancer_name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

fn judged(listener: &Listener) -> Judged {
    match listener.protocol.as_str() {
        "HTTP" => http(listener),
        "HTTPS" | "TLS" => tls(listener),
        "QUIC" => Judged::new(Verdict::Pass, "QUIC always uses TLS 1.3", PROTOCOL).with(Some("QUIC")),
        other => {
            let message = "the load balancer passes the bytes on, so only the tasks show whether clients use TLS; \
                run: openssl \
                           s_client -connect HOST:PORT -tls1_1";
            Judged::new(Verdict::Undecidable, message, PROTOCOL).with(Some(other))
        }
    }
}

fn http(listener: &Listener) -> Judged {
    let (verdict, message) = match &listener.http {
        Some(HttpActions::Redirects) => {
            (Verdict::Pass, "the listener redirects every request to HTTPS, or answers it itself".to_owned())
        }
        Some(HttpActions::Unread(unread)) => (
            Verdict::NotChecked,
            format!(
                "the default action redirects, and Logweir could not read the other rules, for which it needs {}: {}",
                unread.action, unread.message
            ),
        ),
        Some(HttpActions::Forwards) | None => (
            Verdict::Fail,
            "the listener forwards requests in plain text; let it redirect to a listener with HTTPS".to_owned(),
        ),
    };
    Judged::new(verdict, message, PROTOCOL).with(Some("HTTP"))
}

fn tls(listener: &Listener) -> Judged {
    let Some(policy) = listener.policy.as_deref() else {
        return Judged::new(Verdict::Undecidable, "AWS shows no security policy of the listener", POLICY);
    };
    let (verdict, message) = match oldest(policy) {
        Some(Tls::Early) => (
            Verdict::Fail,
            "the security policy accepts TLS 1.0 or 1.1; choose a policy such as ELBSecurityPolicy-TLS13-1-2-2021-06",
        ),
        Some(Tls::Current) => (Verdict::Pass, "the security policy accepts TLS 1.2 and later only"),
        None => (
            Verdict::Undecidable,
            "Logweir does not know the security policy; run: aws elbv2 describe-ssl-policies --names POLICY",
        ),
    };
    Judged::new(verdict, message, POLICY).with(Some(policy))
}

/// The oldest version of TLS that a security policy accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    /// TLS 1.0 or 1.1.
    Early,
    /// TLS 1.2 or 1.3.
    Current,
}

/// Returns the oldest version of TLS that a security policy accepts. The name of a policy has this version after its
/// family: `TLS13-1-0-…` accepts TLS 1.0 to 1.3. The policies without a version accept TLS 1.0 (source: the security
/// policies of Application and Network Load Balancers). Returns `None` for an unknown name.
fn oldest(policy: &str) -> Option<Tls> {
    let name = policy.strip_prefix("ELBSecurityPolicy-")?;
    if matches!(name, "2016-08" | "2015-05" | "FS-2018-06") {
        return Some(Tls::Early);
    }
    let version = ["TLS13-", "TLS-", "FS-"].iter().find_map(|family| name.strip_prefix(family))?;
    let version = version.get(..3).filter(|_| version.as_bytes().get(3).is_none_or(|next| *next == b'-'))?;
    match version {
        "1-0" | "1-1" => Some(Tls::Early),
        "1-2" | "1-3" => Some(Tls::Current),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_policy_shows_the_oldest_version_of_tls() {
        for (name, expected) in [
            ("2016-08", Some(Tls::Early)),
            ("2015-05", Some(Tls::Early)),
            ("TLS-1-0-2015-04", Some(Tls::Early)),
            ("TLS-1-1-2017-01", Some(Tls::Early)),
            ("TLS-1-2-2017-01", Some(Tls::Current)),
            ("TLS-1-2-Ext-2018-06", Some(Tls::Current)),
            ("FS-2018-06", Some(Tls::Early)),
            ("FS-1-1-2019-08", Some(Tls::Early)),
            ("FS-1-2-Res-2020-10", Some(Tls::Current)),
            ("TLS13-1-0-2021-06", Some(Tls::Early)),
            ("TLS13-1-1-FIPS-2023-04", Some(Tls::Early)),
            ("TLS13-1-2-Res-PQ-2025-09", Some(Tls::Current)),
            ("TLS13-1-2-Ext2-FIPS-PQ-2025-09", Some(Tls::Current)),
            ("TLS13-1-3-2021-06", Some(Tls::Current)),
            ("TLS13-1-22", None),
            ("TLS13-2-0-2030-01", None),
            ("TLS13-é", None),
            ("New", None),
        ] {
            assert_eq!(oldest(&format!("ELBSecurityPolicy-{name}")), expected, "{name}");
        }
        assert_eq!(oldest("TLS13-1-2-2021-06"), None);
    }
}
