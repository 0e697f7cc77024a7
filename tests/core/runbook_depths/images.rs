//! The cases of the rules about repositories and images.

use logweir::domain::ecs::image_name::EcrReference;
use logweir::domain::runbook::Verdict::{Advice, Fail, NotApplicable, NotChecked, Pass, Undecidable};
use logweir::domain::runbook::account::Account;
use logweir::domain::runbook::account::images::Scan;

use super::account::{IMAGE, REGION, denied, of, read, repository, scan};
use super::{Case, case};

const DIGEST: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:0123";

pub(super) fn cases() -> Vec<Case> {
    [repositories(), scans()].into_iter().flatten().collect()
}

/// Takes the image of the task definition from the registry of another account.
fn elsewhere(account: &mut Account) {
    account.ecs.definitions[0].images = vec![IMAGE.replace("111122223333", "444455556666")];
}

fn repositories() -> Vec<Case> {
    const RULE: &str = "mutable-repository";
    let set = |mutability: &'static str, exclusions: &'static [&'static str]| {
        move |account: &mut Account| {
            let repository = repository(account);
            repository.mutability = mutability.into();
            repository.exclusions = exclusions.iter().map(|filter| (*filter).to_owned()).collect();
        }
    };
    vec![
        case(RULE, Fail, set("MUTABLE", &[])),
        // Only a tag that a task definition uses counts, and an image without a tag and a digest means the tag latest.
        case(RULE, Advice, move |account| {
            set("MUTABLE", &[])(account);
            account.ecs.definitions[0].images = vec![DIGEST.into(), format!("{IMAGE}@sha256:0123")];
        }),
        case(RULE, Fail, move |account| {
            set("MUTABLE", &[])(account);
            account.ecs.definitions[0].images = vec![DIGEST.into(), IMAGE.replace(":1", "")];
        }),
        case(RULE, Pass, set("IMMUTABLE_WITH_EXCLUSION", &["dev-*"])),
        case(RULE, Fail, set("IMMUTABLE_WITH_EXCLUSION", &["1*"])),
        case(RULE, Fail, set("MUTABLE_WITH_EXCLUSION", &["dev-*"])),
        case(RULE, Advice, set("MUTABLE_WITH_EXCLUSION", &["1"])),
        case(RULE, Undecidable, set("NEW", &[])),
        case(RULE, NotChecked, elsewhere),
        case(RULE, Undecidable, |account| account.images.repositories.values_mut().for_each(|one| *one = read(None))),
        case("default-repository-key", Advice, |account| repository(account).encryption = "AES256".into()),
        case("unscanned-repository", Fail, |account| {
            of(account.images.scanning.get_mut(REGION).unwrap()).rules.clear()
        }),
        case("unscanned-repository", Fail, |account| {
            of(account.images.scanning.get_mut(REGION).unwrap()).rules[0].filters = vec!["api".into()];
        }),
        case("unscanned-repository", Pass, |account| {
            of(account.images.scanning.get_mut(REGION).unwrap()).rules.clear();
            repository(account).scans_on_push = true;
        }),
        // Amazon Inspector does not read the setting of the repository.
        case("unscanned-repository", Fail, |account| {
            let scanning = of(account.images.scanning.get_mut(REGION).unwrap());
            scanning.rules.clear();
            scanning.kind = "ENHANCED".into();
            repository(account).scans_on_push = true;
        }),
        case("unscanned-repository", NotChecked, |account| {
            account.images.scanning.insert(REGION.into(), denied("ecr:GetRegistryScanningConfiguration"));
            repository(account).scans_on_push = true;
        }),
        case("unscanned-repository", NotChecked, elsewhere),
    ]
}

fn scans() -> Vec<Case> {
    const RULE: &str = "unscanned-image";
    let with =
        |status: Option<&'static str>| move |account: &mut Account| scan(account).status = status.map(String::from);
    let found = |severity: &'static str| {
        move |account: &mut Account| {
            scan(account).findings.insert(severity.into(), 2);
        }
    };
    vec![
        case(RULE, Fail, with(None)),
        case(RULE, Fail, with(Some("UNSUPPORTED_IMAGE"))),
        case(RULE, Fail, with(Some("SCAN_ELIGIBILITY_EXPIRED"))),
        case(RULE, Pass, with(Some("ACTIVE"))),
        case(RULE, Undecidable, with(Some("PENDING"))),
        case(RULE, Undecidable, |account| *scan(account) = Scan { is_index: true, ..Scan::default() }),
        case(RULE, Undecidable, |account| account.images.scans.values_mut().for_each(|one| *one = read(None))),
        case(RULE, NotChecked, elsewhere),
        case(RULE, NotChecked, |account| {
            account.ecs.definitions[0].images.push(IMAGE.replace("web:1", "web:2"));
            assert!(EcrReference::parse(&account.ecs.definitions[0].images[1]).is_some());
        }),
        case("vulnerable-image", Advice, found("CRITICAL")),
        case("vulnerable-image", Advice, found("HIGH")),
        case("vulnerable-image", Pass, found("LOW")),
        case("vulnerable-image", NotApplicable, with(None)),
    ]
}
