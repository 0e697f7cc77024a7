//! A folder of the host that a task mounts.

use serde_json::Value;

use super::Checked;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::plain::plain;

pub(super) const NAME: &str = "host-mount";

/// Folders and sockets with which a container controls the host. A folder below one of them counts as well, except below
/// the root folder.
const SENSITIVE: [&str; 11] = [
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    "/boot",
    "/root",
    "/var/run",
    "/run",
    "/var/lib/docker",
    "/var/lib/ecs",
    "/var/lib/containerd",
];

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    let about = |member: &str, verdict, message: &str| vec![subject.about(NAME, member, verdict, message)];
    let Some(volumes) = subject.member("volumes").items() else {
        return about("/volumes", Verdict::Undecidable, "the volumes are known only after the deployment");
    };
    let mut seen = about("/volumes", Verdict::NotApplicable, "the task mounts no folder of the host");
    for (index, volume) in volumes.iter().enumerate() {
        let (member, folder) = folder(index, volume);
        let (verdict, message) = match folder {
            Member::Absent => continue,
            Member::Unknown => (Verdict::Undecidable, "a folder is known only after the deployment".to_owned()),
            Member::Known(path) => {
                let path = path.as_str().unwrap_or_default();
                let shown = plain(path, 100);
                if is_sensitive(path) {
                    (Verdict::Fail, format!("the task mounts {shown} of the host, with which it controls the host"))
                } else {
                    (Verdict::Advice, format!("the task mounts {shown} of the host, which other tasks may mount too"))
                }
            }
        };
        if verdict > seen[0].verdict {
            seen = about(&member, verdict, &message);
        }
    }
    seen
}

/// Returns the folder of the host that a volume mounts, with its JSON pointer. A volume of Docker's driver `local` mounts
/// the folder that its option `device` names (source: Docker documentation, docker volume create).
fn folder(index: usize, volume: &Value) -> (String, Member<'_>) {
    let volume = Member::of(Some(volume));
    let device = volume.member("dockerVolumeConfiguration").member("driverOpts").member("device");
    match (volume.member("host").member("sourcePath"), device) {
        (Member::Absent, Member::Known(device)) if device.as_str().is_some_and(|path| path.starts_with('/')) => {
            let member = format!("/volumes/{index}/dockerVolumeConfiguration/driverOpts/device");
            (member, Member::Known(device))
        }
        (path, _) => (format!("/volumes/{index}/host/sourcePath"), path),
    }
}

/// Whether the path is a sensitive folder, or is below one. `/a/../etc` and `//etc` are `/etc`. The pipe of Docker on
/// Windows controls the host like the socket on Linux.
fn is_sensitive(path: &str) -> bool {
    if path.to_ascii_lowercase().contains("docker_engine") {
        return true;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = format!("/{}", parts.join("/"));
    path == "/" || SENSITIVE.iter().any(|folder| path == *folder || path.starts_with(&format!("{folder}/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_sensitive_in_every_spelling() {
        let sensitive = [
            "/",
            "//",
            "/etc",
            "/etc/",
            "//etc/ssl",
            "/srv/../etc",
            "/var/run/docker.sock",
            "/var/./run",
            r"\\.\pipe\docker_engine",
        ];
        assert!(sensitive.into_iter().all(is_sensitive));
        assert!(!["/srv/data", "/etcetera", "/var/log", "/mnt/etc"].into_iter().any(is_sensitive));
    }
}
