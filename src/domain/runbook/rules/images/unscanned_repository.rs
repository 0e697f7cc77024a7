//! A repository whose new images nothing scans.

use wildmatch::WildMatch;

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use super::repositories::{each_repository, resource};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Missing;
use crate::domain::runbook::account::images::{RegistryScanning, ScanningRule};
use crate::domain::runbook::account::{Account, Fact};
use crate::domain::runbook::depth::Depth;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "unscanned-repository";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_repository(account, NAME, |name, repository, _, origin| {
        let resource = resource(account, name);
        let (scanning, of_registry) = match account.images.scanning.get(&name.region).map(Fact::get) {
            Some(Ok(found)) => found,
            Some(Err(missing)) => return not_checked(NAME, resource, missing),
            None => return not_checked(NAME, resource, Missing::NotAsked(Depth::Images)),
        };
        // Amazon ECR still honours the setting of the repository for basic scans. For enhanced scans, only the rules of
        // the registry count.
        if repository.scans_on_push && scanning.kind != "ENHANCED" {
            let judged = Judged::new(
                Verdict::Pass,
                "Amazon ECR scans each pushed image",
                "/repositories/imageScanningConfiguration/scanOnPush",
            );
            return result(NAME, resource, origin, judged.with(Some("true")));
        }
        let (verdict, message) = match frequency(scanning, &name.name) {
            Some("CONTINUOUS_SCAN") => (Verdict::Pass, "Amazon Inspector scans the images continuously"),
            Some("SCAN_ON_PUSH") => (Verdict::Pass, "Amazon ECR scans each pushed image"),
            _ => (
                Verdict::Fail,
                "no rule of the registry scans the images of the repository; add a scanning rule for the repository",
            ),
        };
        let value = format!("{}, {} rules", scanning.kind, scanning.rules.len());
        let judged = Judged::new(verdict, message, "/scanningConfiguration/rules").with(Some(value));
        result(NAME, resource, of_registry, judged)
    })
}

/// Returns how often the registry scans the images of the repository. Continuous scans come before scans of pushed
/// images.
fn frequency<'s>(scanning: &'s RegistryScanning, repository: &str) -> Option<&'s str> {
    let of_it = |rule: &&ScanningRule| rule.filters.iter().any(|filter| is_match(filter, repository));
    let mut found: Vec<&str> = scanning.rules.iter().filter(of_it).map(|rule| rule.frequency.as_str()).collect();
    found.sort_unstable();
    found.into_iter().find(|frequency| *frequency != "MANUAL")
}

/// Whether a filter names the repository. A filter without `*` names every repository whose name contains it
/// (source: Amazon ECR user guide, filters to choose which repositories are scanned).
fn is_match(filter: &str, repository: &str) -> bool {
    match filter.contains('*') {
        true => WildMatch::new(filter).matches(repository),
        false => repository.contains(filter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_rule_of_a_repository_counts() {
        let rule =
            |frequency: &str, filter: &str| ScanningRule { frequency: frequency.into(), filters: vec![filter.into()] };
        let rules = vec![rule("SCAN_ON_PUSH", "*"), rule("CONTINUOUS_SCAN", "prod"), rule("MANUAL", "old*")];
        let all = RegistryScanning { kind: "ENHANCED".into(), rules };
        assert_eq!(frequency(&all, "team/prod-web"), Some("CONTINUOUS_SCAN"));
        assert_eq!(frequency(&all, "web"), Some("SCAN_ON_PUSH"));
        let manual = RegistryScanning { rules: vec![rule("MANUAL", "*")], ..all };
        assert_eq!(frequency(&manual, "web"), None);
    }
}
