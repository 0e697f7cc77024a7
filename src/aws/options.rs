//! What a caller may choose about the connection to AWS.

/// Which account and Region to talk to, where the standard AWS environment and files are to be overruled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    /// Whether no call may change anything.
    pub read_only: bool,
}
