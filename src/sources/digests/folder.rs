//! Reads the log files and the digest files below a folder.

use std::path::Path;

use super::DigestCheck;
use super::member::Packing;
use crate::bounded_file;

/// The largest file, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The end of the name of a file with the signature of a digest file, after the name of the digest file.
const SIGNATURE: &str = ".signature";

/// The longest signature file, in bytes. A signature of 4096 bits has 1024 digits.
const LONGEST_SIGNATURE: u64 = 4096;

impl DigestCheck {
    /// Adds each file below this path, in any order. A file that cannot be read becomes a problem of the result. The
    /// signature of a digest file may stand in a file beside it, whose name is that of the digest file and
    /// `.signature`.
    pub fn add_folder(&mut self, path: &Path) {
        let files = ignore::WalkBuilder::new(path).standard_filters(false).follow_links(true).build();
        for file in files.flatten().filter(|file| file.file_type().is_some_and(|kind| kind.is_file())) {
            let name = file.file_name().to_string_lossy();
            if Packing::of(&name).is_none() {
                continue;
            }
            match bounded_file::read(file.path(), LARGEST) {
                Ok(bytes) => self.add(&name, &bytes, signature(file.path())),
                Err(_) => self.add_unreadable(&name),
            }
        }
    }
}

fn signature(path: &Path) -> Option<String> {
    let mut name = path.as_os_str().to_owned();
    name.push(SIGNATURE);
    let text = bounded_file::read_text(Path::new(&name), LONGEST_SIGNATURE).ok()?;
    Some(text.trim().trim_matches('"').to_owned())
}
