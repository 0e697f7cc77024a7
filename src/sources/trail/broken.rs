//! Why a file cannot be read to its end.

use std::io;

use crate::domain::text::plain::without_number;

/// Why a file cannot be read to its end. The records before the break count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("the file ends in the middle of its records")]
    Truncated,
    #[error("the compressed data are corrupt")]
    Corrupt,
    #[error("the file has more than {0} decompressed, the limit of Logweir")]
    TooLarge(String),
    #[error("the file has no records of CloudTrail, but other text")]
    NotJson,
    #[error("{0}")]
    Io(String),
    /// A digest of CloudTrail. Digests contain no records.
    #[error("the file is a digest of CloudTrail")]
    Digest,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        if let Some(broken) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return broken.clone();
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            // The errors of the decompressor.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Self::Corrupt,
            _ => Self::Io(without_number(&error.to_string()).to_owned()),
        }
    }
}
