//! Reads the AWS Region from the environment variables or from the profile. Makes no network call, not even to the
//! instance metadata service.

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::ProfileFileRegionProvider;

use super::profile::{files, set};

pub async fn configured_region(profile: Option<&str>) -> Option<String> {
    if let Some(region) = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")) {
        return Some(region);
    }
    let profile = profile.map(String::from).or_else(|| set("AWS_PROFILE")).unwrap_or_else(|| "default".into());
    let region = ProfileFileRegionProvider::builder()
        .profile_files(files())
        .profile_name(profile)
        .build()
        .region()
        .await?
        .to_string();
    (!region.is_empty()).then_some(region)
}
