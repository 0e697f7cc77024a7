//! A folder of the host that a task mounts.

use serde_json::Value;

use super::Checked;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::plain::plain;

pub(super) const NAME: &str = "host-mount";

/// Folders and sockets with which a container controls the host. A folder that contains one of them counts as well, and
/// a folder below one of them.
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
        let (member, folder) = folder(subject, index, volume);
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

/// Returns the folder of the host that a volume mounts, with its JSON pointer. A volume of Docker's driver `local`
/// mounts the folder that its option `device` names (source: Docker documentation, docker volume create). A registered
/// revision has no placeholders, so each of its texts is a path.
fn folder<'s>(subject: &Subject<'s>, index: usize, volume: &'s Value) -> (String, Member<'s>) {
    let known = |member: Member<'s>, pointer: &str| match (member, subject.arn, volume.pointer(pointer)) {
        (Member::Unknown, Some(_), Some(path)) => Member::Known(path),
        (member, ..) => member,
    };
    let of_volume = Member::of(Some(volume));
    let device = of_volume.member("dockerVolumeConfiguration").member("driverOpts").member("device");
    let device = known(device, "/dockerVolumeConfiguration/driverOpts/device");
    match (known(of_volume.member("host").member("sourcePath"), "/host/sourcePath"), device) {
        (Member::Absent, Member::Known(device)) if device.as_str().is_some_and(|path| path.starts_with('/')) => {
            let member = format!("/volumes/{index}/dockerVolumeConfiguration/driverOpts/device");
            (member, Member::Known(device))
        }
        (Member::Absent, Member::Unknown) => {
            (format!("/volumes/{index}/dockerVolumeConfiguration/driverOpts/device"), Member::Unknown)
        }
        (path, _) => (format!("/volumes/{index}/host/sourcePath"), path),
    }
}

/// Folders of Windows with which a container controls the host, without the name of the drive. `ProgramData` contains the
/// data of Docker and of the ECS agent.
const SENSITIVE_ON_WINDOWS: [&str; 2] = ["/windows", "/programdata"];

/// Whether the path is a sensitive folder, contains one, or is below one. `/a/../etc` and `//etc` are `/etc`. The pipe
/// of Docker on Windows controls the host like the socket on Linux.
fn is_sensitive(path: &str) -> bool {
    let lower = path.to_ascii_lowercase().replace('\\', "/");
    if lower.contains("docker_engine") {
        return true;
    }
    match lower.split_once(':') {
        Some((drive, path)) if drive.len() == 1 => is_near(path, &SENSITIVE_ON_WINDOWS),
        _ => is_near(path, &SENSITIVE),
    }
}

/// Whether the path is one of the folders, contains one, or is below one.
fn is_near(path: &str, folders: &[&str]) -> bool {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = format!("/{}", parts.join("/"));
    let is_in = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    path == "/" || folders.iter().any(|folder| path == *folder || is_in(&path, folder) || is_in(folder, &path))
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
            "/var",
            "/var/lib/",
            r"\\.\pipe\docker_engine",
            r"C:\",
            "d:",
            r"c:\Windows\System32",
            "C:/ProgramData/docker",
        ];
        assert!(sensitive.into_iter().all(is_sensitive));
        assert!(
            !["/srv/data", "/etcetera", "/var/log", "/mnt/etc", r"C:\data", r"C:\etc"].into_iter().any(is_sensitive)
        );
    }
}
