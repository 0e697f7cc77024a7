//! Reads task definitions, events and records of CloudTrail from files. Logweir remembers the position of a task
//! definition in its file, so that it can replace only the task definition and keep the rest of the file. Checks log
//! files against the digest files of CloudTrail.

mod cloudformation;
mod correction;
pub mod digests;
mod document;
mod error;
mod events;
mod file_kind;
mod files;
mod geoip;
mod ignore_files;
mod json_site;
mod kind;
mod pascal;
mod readings;
mod recognize;
mod resource;
mod shape;
mod site;
mod source_text;
mod syntax;
mod tag_form;
mod template_document;
mod terraform;
pub mod trail;
mod tree;
mod tree_difference;
mod tree_site;
mod unseen_site;
mod view;
mod walk;
mod yaml_document;

pub use correction::{Correction, Retention};
pub use document::Document;
pub use error::SourceError;
pub use events::{EventName, FoundEvent, FoundEvents};
pub use file_kind::FileKind;
pub use files::{FileTarget, Found, named, optional, read_file, read_found, read_stdin};
pub use geoip::{GeoIp, GeoIpError};
pub use kind::{Kind, PassedOver};
pub use resource::Resource;
pub use site::Refused;
pub use walk::{WalkOptions, Walked, walk};
