//! The path of a file in a patch.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// Returns the path of `file` in a patch. The path is relative to `folder`, the working directory, because `git apply`
/// and `patch -p1` read paths in this way. A file outside the working directory has its absolute path, without the
/// first slash. A name that is not text keeps its bytes.
pub(super) fn patch_path(folder: &Path, file: &Path) -> OsString {
    let mut path = PathBuf::new();
    for component in folder.join(file).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            component => path.push(component),
        }
    }
    let path = path.strip_prefix(folder).unwrap_or(&path);
    let steps = path.components().filter(|step| matches!(step, Component::Normal(_)));
    steps.map(Component::as_os_str).collect::<Vec<_>>().join(OsStr::new("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_working_directory() {
        for (file, path) in [
            ("web.json", "web.json"),
            ("./a//b/web.json", "a/b/web.json"),
            ("a/../web.json", "web.json"),
            ("/shop/repo/a/web.json", "a/web.json"),
            ("../web.json", "shop/web.json"),
            ("/etc/web.json", "etc/web.json"),
        ] {
            assert_eq!(patch_path(Path::new("/shop/repo"), Path::new(file)), *path, "{file}");
        }
    }
}
