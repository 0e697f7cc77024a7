//! The port to the files of a trail in a bucket of Amazon S3.

use super::Answer;

/// A bucket.
pub trait Bucket: Sync {
    /// Returns a page of the keys with this prefix, in the order of the keys. With `folders`, keys with a slash after
    /// the prefix are combined into their folders.
    fn list(&self, prefix: &str, folders: bool, token: Option<&str>) -> impl Future<Output = Answer<KeyPage>> + Send;

    /// Returns an object of at most `most` bytes. A larger object is an error.
    fn get(&self, key: &str, most: u64) -> impl Future<Output = Answer<Object>> + Send;
}

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    pub objects: Vec<ListedObject>,
    /// The keys of folders, each with a slash at its end.
    pub folders: Vec<String>,
    /// The token of the next page. `None` for the last page.
    pub next: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedObject {
    pub key: String,
    /// The size in bytes.
    pub size: u64,
}

/// An object with the signature in its metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    pub bytes: Vec<u8>,
    /// The value of `x-amz-meta-signature`, with which CloudTrail signs digest files.
    pub signature: Option<String>,
}
