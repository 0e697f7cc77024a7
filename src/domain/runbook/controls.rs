//! The controls of other catalogues that belong to a requirement. Sources: the pages *Amazon ECS controls* of AWS Security
//! Hub and *Proactive controls* of AWS Control Tower, CIS Controls version 8, NIST CSF 1.1 and 2.0, NIST SP 800-53 r5, and
//! PCI DSS 4.0.1.

use serde::Serialize;

use super::requirement::Requirement as R;

/// The identifiers of the controls of one requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Controls {
    pub security_hub: &'static [&'static str],
    pub control_tower: &'static [&'static str],
    pub cis_v8: &'static [CisControl],
    #[serde(rename = "nist-csf-1.1")]
    pub nist_csf_1_1: &'static [&'static str],
    #[serde(rename = "nist-csf-2.0")]
    pub nist_csf_2_0: &'static [&'static str],
    #[serde(rename = "nist-800-53")]
    pub nist_800_53: &'static [&'static str],
    #[serde(rename = "pci-dss-4")]
    pub pci_dss_4: &'static [&'static str],
    /// The numbers of the control statements that the written runbook names.
    pub statements: &'static [&'static str],
}

/// A safeguard of CIS Controls version 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CisControl {
    pub id: &'static str,
    pub title: &'static str,
    /// The title that the written runbook gives a safeguard, if it names this one or a wrong one in its place.
    pub sop_title: Option<&'static str>,
}

/// A safeguard whose title in the written runbook is not its title in CIS Controls version 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Correction {
    pub id: &'static str,
    pub sop_title: &'static str,
    pub title: &'static str,
    /// The safeguard of version 8 that the text of the written runbook is about.
    pub meant: &'static str,
}

/// The wrong titles of the written runbook.
pub const CORRECTIONS: [Correction; 4] = [
    Correction {
        id: "3.4",
        sop_title: "Encrypt Data on End-User Devices",
        title: "Enforce Data Retention",
        meant: "3.6 Encrypt Data on End-User Devices",
    },
    Correction {
        id: "6.7",
        sop_title: "Implement Application Layer Filtering",
        title: "Centralize Access Control",
        meant: "13.10 Perform Application Layer Filtering",
    },
    Correction {
        id: "6.8",
        sop_title: "Define and Maintain Role-Based Access Control",
        title: "Define and Maintain Role-Based Access Control",
        meant: "6.8, with another description",
    },
    Correction {
        id: "14.6",
        sop_title: "Protect Information Through Access Control Lists",
        title: "Train Workforce Members on Recognizing and Reporting Security Incidents",
        meant: "3.3 Configure Data Access Control Lists",
    },
];

const fn cis(id: &'static str, title: &'static str) -> CisControl {
    CisControl { id, title, sop_title: None }
}

const ACCESS_LISTS: CisControl = CisControl {
    id: "3.3",
    title: "Configure Data Access Control Lists",
    sop_title: Some("14.6 Protect Information Through Access Control Lists"),
};
const ENCRYPT_IN_TRANSIT: CisControl = cis("3.10", "Encrypt Sensitive Data in Transit");
const ENCRYPT_AT_REST: CisControl = cis("3.11", "Encrypt Sensitive Data at Rest");
const SECURE_CONFIGURATION: CisControl = cis("4.1", "Establish and Maintain a Secure Configuration Process");
const RESTRICT_ADMINISTRATORS: CisControl =
    cis("5.4", "Restrict Administrator Privileges to Dedicated Administrator Accounts");
const ROLES: CisControl = CisControl {
    id: "6.8",
    title: "Define and Maintain Role-Based Access Control",
    sop_title: Some("Define and Maintain Role-Based Access Control"),
};
const SCAN: CisControl = cis("7.5", "Perform Automated Vulnerability Scans of Internal Enterprise Assets");
const COLLECT_LOGS: CisControl = cis("8.2", "Collect Audit Logs");
const DETAILED_LOGS: CisControl = cis("8.5", "Collect Detailed Audit Logs");
const PROVIDER_LOGS: CisControl = cis("8.12", "Collect Service Provider Logs");
const NETWORK: CisControl = cis("12.2", "Establish and Maintain a Secure Network Architecture");
const FLOW_LOGS: CisControl = cis("13.6", "Collect Network Traffic Flow Logs");

/// The controls of NIST SP 800-53 r5 that Security Hub gives its control ECS.9.
const LOGGING_800_53: &[&str] =
    &["AC-4(26)", "AU-2", "AU-3", "AU-6(3)", "AU-6(4)", "AU-10", "AU-12", "CA-7", "SC-7(9)", "SI-7(8)"];

impl R {
    /// Returns the controls that belong to the requirement.
    pub const fn controls(self) -> Controls {
        const NONE: Controls = Controls {
            security_hub: &[],
            control_tower: &[],
            cis_v8: &[],
            nist_csf_1_1: &[],
            nist_csf_2_0: &[],
            nist_800_53: &[],
            pci_dss_4: &[],
            statements: &[],
        };
        match self {
            R::LeastPrivilege => Controls {
                cis_v8: &[ACCESS_LISTS, RESTRICT_ADMINISTRATORS, ROLES],
                nist_csf_1_1: &["PR.AC-4"],
                nist_csf_2_0: &["PR.AA-05"],
                ..NONE
            },
            R::EcrImages => Controls {
                nist_csf_1_1: &["ID.RA-1", "DE.CM-8"],
                nist_csf_2_0: &["PR.PS-01", "PR.PS-02", "ID.RA-01"],
                ..NONE
            },
            R::VpcEndpoints => Controls {
                cis_v8: &[NETWORK],
                nist_csf_1_1: &["PR.AC-5", "PR.DS-5"],
                nist_csf_2_0: &["PR.IR-01", "PR.DS-02"],
                statements: &["6"],
                ..NONE
            },
            R::ParameterStore | R::SecretsManager => Controls {
                security_hub: &["ECS.8"],
                control_tower: &["CT.ECS.PR.12"],
                cis_v8: &[ENCRYPT_AT_REST],
                nist_csf_1_1: &["PR.DS-1", "PR.AC-1"],
                nist_csf_2_0: &["PR.DS-01", "PR.AA-01"],
                pci_dss_4: &["8.6.2"],
                ..NONE
            },
            R::LogDriver => Controls {
                security_hub: &["ECS.9"],
                control_tower: &["CT.ECS.PR.5"],
                cis_v8: &[COLLECT_LOGS, DETAILED_LOGS],
                nist_csf_1_1: &["PR.PT-1", "DE.AE-3", "DE.CM-6", "DE.CM-7"],
                nist_csf_2_0: &["PR.PS-04", "DE.AE-03", "DE.CM-06", "DE.CM-09"],
                nist_800_53: LOGGING_800_53,
                ..NONE
            },
            R::CloudTrail => Controls {
                security_hub: &["CloudTrail.1"],
                cis_v8: &[COLLECT_LOGS, PROVIDER_LOGS],
                nist_csf_1_1: &["PR.PT-1", "DE.AE-3", "DE.CM-6", "DE.CM-7"],
                nist_csf_2_0: &["PR.PS-04", "DE.AE-03", "DE.CM-06", "DE.CM-09"],
                ..NONE
            },
            R::FlowLogs => Controls {
                security_hub: &["EC2.6"],
                cis_v8: &[FLOW_LOGS],
                nist_csf_1_1: &["DE.CM-1", "DE.AE-1"],
                nist_csf_2_0: &["DE.CM-01", "ID.AM-03"],
                ..NONE
            },
            R::ImageScanning => Controls {
                security_hub: &["ECR.1"],
                cis_v8: &[SCAN],
                nist_csf_1_1: &["ID.RA-1", "DE.CM-8"],
                nist_csf_2_0: &["PR.PS-01", "PR.PS-02", "ID.RA-01"],
                statements: &["4"],
                ..NONE
            },
            R::SpecialPermissions => Controls {
                cis_v8: &[SECURE_CONFIGURATION],
                nist_csf_1_1: &["ID.RA-1", "DE.CM-8"],
                nist_csf_2_0: &["PR.PS-01", "PR.PS-02", "ID.RA-01"],
                ..NONE
            },
            R::NonRootUser => Controls {
                security_hub: &["ECS.20", "ECS.21"],
                control_tower: &["CT.ECS.PR.3"],
                cis_v8: &[RESTRICT_ADMINISTRATORS],
                nist_csf_1_1: &["PR.AC-4", "PR.PT-3"],
                nist_csf_2_0: &["PR.AA-05", "PR.PS-01"],
                ..NONE
            },
            R::ReadOnlyRoot => Controls {
                security_hub: &["ECS.5"],
                control_tower: &["CT.ECS.PR.6"],
                nist_csf_1_1: &["PR.AC-4", "PR.PT-3"],
                nist_csf_2_0: &["PR.AA-05", "PR.PS-01"],
                ..NONE
            },
            R::Tls => Controls {
                security_hub: &["ECS.18"],
                cis_v8: &[ENCRYPT_IN_TRANSIT],
                nist_csf_1_1: &["PR.DS-2"],
                nist_csf_2_0: &["PR.DS-02"],
                ..NONE
            },
            R::NoPublicAddress => Controls {
                security_hub: &["ECS.2", "ECS.16"],
                control_tower: &["CT.ECS.PR.9"],
                nist_csf_1_1: &["PR.AC-5", "PR.DS-5"],
                nist_csf_2_0: &["PR.IR-01", "PR.DS-02"],
                pci_dss_4: &["1.4.4"],
                ..NONE
            },
            R::Fargate => Controls { nist_csf_2_0: &["PR.PS-01"], ..NONE },
            R::ContainerInsights => Controls {
                security_hub: &["ECS.12"],
                control_tower: &["CT.ECS.PR.2"],
                nist_csf_1_1: &["DE.CM-1", "DE.AE-3"],
                nist_csf_2_0: &["DE.CM-01", "DE.AE-03"],
                ..NONE
            },
            R::Events => {
                Controls { nist_csf_1_1: &["DE.CM-1", "DE.AE-3"], nist_csf_2_0: &["DE.CM-01", "DE.AE-03"], ..NONE }
            }
            R::Tags => Controls {
                security_hub: &["ECS.13", "ECS.14", "ECS.15"],
                nist_csf_1_1: &["ID.AM-1", "ID.AM-2"],
                nist_csf_2_0: &["ID.AM-01", "ID.AM-02"],
                ..NONE
            },
            R::Limits => Controls { control_tower: &["CT.ECS.PR.7"], ..NONE },
            R::HostNamespaces => Controls {
                security_hub: &["ECS.3", "ECS.17"],
                control_tower: &["CT.ECS.PR.4", "CT.ECS.PR.8", "CT.ECS.PR.10"],
                ..NONE
            },
            R::Privileged => Controls { security_hub: &["ECS.4"], control_tower: &["CT.ECS.PR.11"], ..NONE },
            R::PlatformVersion => Controls { security_hub: &["ECS.10"], control_tower: &["CT.ECS.PR.1"], ..NONE },
            R::TerminationProtection => Controls { security_hub: &["ECS.19"], ..NONE },
            R::Capabilities | R::HostMounts | R::RetiredServices | R::Consistency => NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_control_of_security_hub_for_ecs_belongs_to_a_requirement() {
        let mapped: Vec<&str> = R::ALL.iter().flat_map(|one| one.controls().security_hub).copied().collect();
        // ECS.1 is retired, and there is no ECS.6, ECS.7 and ECS.11.
        for number in (2..=5).chain(8..=10).chain(12..=21) {
            let id = format!("ECS.{number}");
            assert!(mapped.contains(&id.as_str()), "{id}");
        }
    }
}
