//! Writes the panels of the report as CSV files.

use std::fs;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::cli::whole_file;
use crate::domain::text::plain::without_number;
use crate::domain::trail::activity::Activity;
use crate::render::activity::csv;

/// Writes a file for each panel to the folder. Creates the folder if there is none.
pub(super) fn write(folder: &Path, activity: &Activity) -> Result<(), Failure> {
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::error(format!("cannot write {}: {}", path.display(), without_number(&error.to_string())))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for file in csv::files(activity) {
        let path = folder.join(&file.name);
        whole_file::put(&path, &file.text).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}
