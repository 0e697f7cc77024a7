//! Connects the command line to AWS.

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::assumed::AccountClients;
use super::client::{Aws, NoRegion};
use super::credentials::{CredentialsFailure, CredentialsOrigin, Remembered, explain};
use super::https::https;
use super::profile::{NamedBy, NamedProfile, ProfileError, Profiles, files};
use super::region::configured_region;

/// The options that override the standard environment variables and configuration files of AWS. An empty text counts
/// as an absent option.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    /// Whether the clients refuse every operation that may write.
    pub read_only: bool,
}

/// The reason why there is no connection to AWS. No request was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    NoRegion(#[from] NoRegion),
    #[error("`{0}` is not the name of an AWS Region")]
    NotARegion(String),
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

/// The account and the endpoints that the options, the environment and the configuration files select.
#[derive(Debug)]
pub struct Connection {
    config: SdkConfig,
    profiles: Profiles,
    pub credentials: CredentialsOrigin,
}

impl Connection {
    /// Selects the credentials and the Region. Makes no AWS call.
    ///
    /// If the options name a profile, the credentials come from this profile alone. Otherwise the standard chain of the
    /// AWS SDK applies, in which access keys in the environment come first, then the profile in `AWS_PROFILE`, a web
    /// identity, the container and the instance.
    pub async fn open(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let given = |option: &Option<String>| option.clone().filter(|text| !text.trim().is_empty());
        let profiles = Profiles::read(given(&options.profile).as_deref()).await?;
        let name = profiles.named.as_ref().map_or("default", |named| named.name.as_str());
        let region = match given(&options.region) {
            Some(region) => Some(region),
            None => configured_region(Some(name)).await,
        };
        if let Some(wrong) = region.as_ref().filter(|region| !is_region(region)) {
            return Err(ConnectError::NotARegion(wrong.clone()));
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https())
            .profile_files(files())
            .profile_name(name);
        if let Some(NamedProfile { name, by: NamedBy::Option }) = &profiles.named {
            let config = ProviderConfig::without_region()
                .with_region(region.clone().map(Region::new))
                .with_behavior_version(Some(BehaviorVersion::latest()))
                .with_http_client(https());
            let provider =
                ProfileFileCredentialsProvider::builder().configure(&config).profile_files(files()).profile_name(name);
            loader = loader.credentials_provider(provider.build());
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region));
        }
        if let Some(url) = given(&options.endpoint_url) {
            loader = loader.endpoint_url(url);
        }
        let config = loader.load().await;
        // Without a configured Region, the SDK asks the instance. It passes an empty variable on as a Region.
        if config.region().is_none_or(|region| region.as_ref().is_empty()) {
            return Err(NoRegion.into());
        }
        let mut builder = config.to_builder().service_config(NonEmpty(config.clone()));
        if let Some(provider) = config.credentials_provider() {
            builder.set_credentials_provider(Some(SharedCredentialsProvider::new(Remembered::new(provider))));
        }
        let credentials = CredentialsOrigin::of(&profiles);
        Ok(Self { config: builder.build(), profiles, credentials })
    }

    /// Loads the credentials. A profile may call AWS or start a process for this.
    pub async fn load_credentials(&self) -> Result<(), CredentialsFailure> {
        let Some(provider) = self.config.credentials_provider() else { return Ok(()) };
        let loaded = provider.provide_credentials().await;
        loaded.map(drop).map_err(|error| explain(&error, &self.credentials, &self.profiles))
    }

    /// Creates clients with connections of their own, because an idle connection ends with the runtime of its call.
    pub fn clients(&self, read_only: bool) -> Result<Aws, NoRegion> {
        let config = self.config.to_builder().http_client(https()).build();
        if read_only { Aws::reading(&config) } else { Aws::with(&config) }
    }

    /// Returns the read-only clients of the account in every Region.
    pub fn account(&self) -> AccountClients {
        AccountClients::new(self.config.clone())
    }

    /// Returns the endpoint that replaces the endpoints of every service of AWS.
    pub fn endpoint(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// Returns the endpoints that replace the endpoints of AWS, as `URL` for every service or as `SERVICE: URL`.
    pub fn endpoints(&self) -> Vec<String> {
        const SERVICES: [(&str, &str); 4] =
            [("ecs", "ECS"), ("logs", "CloudWatch Logs"), ("dynamodb", "DynamoDB"), ("sts", "STS")];
        let of = |id: &str| {
            let key = ServiceConfigKey::builder().service_id(id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
            self.config.service_config()?.load_config(key.build().ok()?)
        };
        let general = self.config.endpoint_url();
        let special = SERVICES.iter().filter_map(|(name, id)| Some((name, of(id)?)));
        let special = special.filter(|(_, url)| general.is_none_or(|general| general != url));
        general.map(String::from).into_iter().chain(special.map(|(name, url)| format!("{name}: {url}"))).collect()
    }
}

/// The settings of single services, without the empty ones, which the clients of the SDK would not accept.
#[derive(Debug)]
struct NonEmpty(SdkConfig);

impl LoadServiceConfig for NonEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !value.trim().is_empty())
    }
}

impl Aws {
    /// Creates clients with the account, the Region and the endpoint that the options select.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ConnectError> {
        Ok(Connection::open(options).await?.clients(options.read_only)?)
    }
}

/// Returns whether the text has the form of a Region's name, such as `eu-west-1`. Emulators accept any such text.
fn is_region(text: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 63 && text.chars().all(is_fit) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::is_region;

    #[test]
    fn a_region_is_one_label_of_a_host_name() {
        for region in ["eu-west-1", "us-gov-east-1", "cn-north-1", "local"] {
            assert!(is_region(region), "{region}");
        }
        for other in ["", "EU-WEST-1", "eu west", "eu-west-1.example.com", "https://ecs", "-eu", "eu/"] {
            assert!(!is_region(other), "{other}");
        }
    }
}
