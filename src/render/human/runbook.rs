//! The text output of `logweir controls`.

use crate::domain::runbook::CisControl;
use crate::render::json::ControlsOutput;

/// Returns the map from the requirements to the controls of other catalogues.
pub fn controls(output: &ControlsOutput) -> String {
    let mut text = String::new();
    for line in &output.requirements {
        let controls = &line.controls;
        text += &format!("{:>3}  {}\n", line.id, line.title);
        let cis: Vec<String> =
            controls.cis_v8.iter().map(|CisControl { id, title, .. }| format!("{id} {title}")).collect();
        let statements: Vec<String> =
            controls.statements.iter().map(|number| format!("control statement {number}")).collect();
        let lists = [
            ("AWS Security Hub", controls.security_hub.join(", ")),
            ("AWS Control Tower", controls.control_tower.join(", ")),
            ("CIS Controls v8", cis.join(", ")),
            ("NIST CSF 1.1", controls.nist_csf_1_1.join(", ")),
            ("NIST CSF 2.0", controls.nist_csf_2_0.join(", ")),
            ("NIST SP 800-53 r5", controls.nist_800_53.join(", ")),
            ("PCI DSS 4.0.1", controls.pci_dss_4.join(", ")),
            ("written runbook", statements.join(", ")),
        ];
        for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            text += &format!("     {name:<18} {list}\n");
        }
    }
    text += "\nThe written runbook names these safeguards of CIS Controls v8 with other titles:\n";
    for one in &output.corrections {
        text += &format!("     {} \"{}\" is \"{}\"; meant is {}\n", one.id, one.sop_title, one.title, one.meant);
    }
    text
}
