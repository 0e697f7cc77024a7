//! Finds the trail files below the paths that the caller named.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::domain::text::plain::without_number;
use crate::domain::trail::activity::UnreadableFile;

/// The ends of the names of files that may contain records.
const ENDS: [&str; 6] = [".json", ".gz", ".jsonl", ".ndjson", ".log", ".txt"];

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailFile {
    pub path: PathBuf,
    /// The size in bytes, compressed as it is.
    pub size: u64,
}

/// The files to read, in the order of the times in their names.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub files: Vec<TrailFile>,
    /// The number of files that contain no records, such as digests.
    pub skipped: u64,
    /// The files and folders that Logweir could not list.
    pub unreadable: Vec<UnreadableFile>,
}

/// Lists the files that the caller named, and all trail files below the folders that the caller named.
pub fn list(paths: &[PathBuf]) -> Listing {
    let mut listing = Listing::default();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => listing.add_folder(path),
            Ok(metadata) => listing.files.push(TrailFile { path: path.clone(), size: metadata.len() }),
            Err(error) => listing.add_error(path, &error.to_string()),
        }
    }
    let in_order = |file: &TrailFile| (delivered(&file.path).map(str::to_owned), file.path.clone());
    listing.files.sort_by_cached_key(in_order);
    listing
}

impl Listing {
    fn add_folder(&mut self, folder: &Path) {
        let mut walk = WalkBuilder::new(folder);
        walk.standard_filters(false);
        walk.filter_entry(|entry| !entry.file_type().is_some_and(|kind| kind.is_dir()) || !is_of_other_records(entry));
        for entry in walk.build() {
            match entry {
                Err(error) => self.add_error(folder, &error.to_string()),
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_dir()) => {}
                Ok(entry) if !is_trail_file(entry.path()) => self.skipped += 1,
                // The size of a symbolic link is that of its file.
                Ok(entry) => match std::fs::metadata(entry.path()) {
                    Ok(metadata) if metadata.is_file() => {
                        self.files.push(TrailFile { path: entry.into_path(), size: metadata.len() });
                    }
                    Ok(_) => self.skipped += 1,
                    Err(error) => self.add_error(entry.path(), &error.to_string()),
                },
            }
        }
    }

    fn add_error(&mut self, path: &Path, why: &str) {
        let (file, why) = (path.to_string_lossy().into_owned(), without_number(why).to_owned());
        self.unreadable.push(UnreadableFile { file, why, records: 0 });
    }
}

/// Whether the folder contains digests, insights or other files beside those with records. CloudTrail writes them to
/// folders such as `CloudTrail-Digest` and `CloudTrail-Insight`.
fn is_of_other_records(entry: &ignore::DirEntry) -> bool {
    entry.file_name().to_str().is_some_and(|name| name.starts_with("CloudTrail-"))
}

fn is_trail_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let is_other = name.contains("_cloudtrail-digest_") || name.contains("_cloudtrail-insight_");
    !is_other && !name.starts_with('.') && ENDS.iter().any(|end| name.ends_with(end))
}

/// Returns the time of delivery in the name of a trail file, such as `20261201T0800Z`. The names have the form
/// `ACCOUNT_CloudTrail_REGION_TIME_ID.json.gz` (source: AWS CloudTrail User Guide, CloudTrail log file name format).
fn delivered(path: &Path) -> Option<&str> {
    let mut parts = path.file_name()?.to_str()?.split('_');
    let time = parts.nth(3)?;
    let is_time = time.len() == "20261201T0800Z".len() && time.starts_with(|first: char| first.is_ascii_digit());
    is_time.then_some(time)
}
