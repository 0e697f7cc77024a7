//! Writes the report to the files that the caller names.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::failure::Failure;
use crate::cli::output_files::unwritten;
use crate::cli::whole_file;
use crate::domain::trail::activity::Activity;
use crate::render::Output;
use crate::render::activity::html;

/// The formats of files. CSV has a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileFormat {
    Html,
    Json,
    Text,
}

/// A file for the report in one format.
#[derive(Clone, Debug)]
pub(super) struct ReportFile {
    format: FileFormat,
    path: PathBuf,
}

/// Reads an argument of the form `FORMAT=FILE`.
pub(super) fn report_file(text: &str) -> Result<ReportFile, String> {
    let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err("use the form FORMAT=FILE, such as html=activity.html".to_owned());
    };
    let format = match format {
        "html" => FileFormat::Html,
        "json" => FileFormat::Json,
        "text" => FileFormat::Text,
        _ => return Err(format!("no format is called `{format}`; the formats are html, json and text")),
    };
    Ok(ReportFile { format, path: path.into() })
}

impl ReportFile {
    pub(super) fn html(path: &Path) -> Self {
        Self { format: FileFormat::Html, path: path.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn write(&self, activity: &Activity, now: Timestamp) -> Result<(), Failure> {
        let text = match self.format {
            FileFormat::Html => html::page(activity, now),
            FileFormat::Json => format!("{:#}\n", activity.json()),
            FileFormat::Text => activity.text(),
        };
        whole_file::put(&self.path, &text).map_err(|error| unwritten(&self.path, &error))
    }
}
