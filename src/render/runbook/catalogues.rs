//! The controls of a requirement, by the catalogue to which they belong.

use crate::domain::runbook::Controls;

/// A catalogue, and the identifiers of its controls.
pub(in crate::render) struct Catalogue {
    pub(in crate::render) name: &'static str,
    pub(in crate::render) ids: Vec<&'static str>,
}

/// Returns the catalogues that have a control for the requirement.
pub(in crate::render) fn catalogues(controls: &Controls) -> Vec<Catalogue> {
    let all = [
        Catalogue { name: "Security Hub", ids: controls.security_hub.to_vec() },
        Catalogue { name: "Control Tower", ids: controls.control_tower.to_vec() },
        Catalogue { name: "CIS v8", ids: controls.cis_v8.iter().map(|control| control.id).collect() },
        Catalogue { name: "NIST CSF 1.1", ids: controls.nist_csf_1_1.to_vec() },
        Catalogue { name: "NIST CSF 2.0", ids: controls.nist_csf_2_0.to_vec() },
        Catalogue { name: "NIST 800-53", ids: controls.nist_800_53.to_vec() },
        Catalogue { name: "PCI DSS 4", ids: controls.pci_dss_4.to_vec() },
        Catalogue { name: "Statement", ids: controls.statements.to_vec() },
    ];
    all.into_iter().filter(|catalogue| !catalogue.ids.is_empty()).collect()
}

/// Returns each control with the name of its catalogue, such as `Security Hub ECS.20`.
pub(super) fn each(controls: &Controls) -> Vec<String> {
    let each = |Catalogue { name, ids }: Catalogue| ids.into_iter().map(move |id| format!("{name} {id}"));
    catalogues(controls).into_iter().flat_map(each).collect()
}

/// Returns the controls in one line, such as `Security Hub ECS.20, ECS.21; CIS v8 5.4`.
pub(in crate::render) fn line(controls: &Controls) -> String {
    let one = |Catalogue { name, ids }: Catalogue| format!("{name} {}", ids.join(", "));
    catalogues(controls).into_iter().map(one).collect::<Vec<_>>().join("; ")
}
