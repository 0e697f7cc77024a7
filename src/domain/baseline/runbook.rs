//! The table `[runbook]` of a baseline: what the ECS security runbook accepts.

use toml::Spanned;
use wildmatch::WildMatch;

use super::fault::{Checked, fault};
use super::keys::RunbookKeys;
use super::runbook_exemption::{RunbookExemption, exemption};

/// The longest key of a tag, in characters (source: ECS API reference, Tag).
const LONGEST_KEY: usize = 128;

/// The settings of a baseline for the ECS security runbook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunbookSettings {
    /// Name patterns of registries, or of repositories with their registry, from which images may come beside Amazon
    /// ECR, such as `ghcr.io` or `public.ecr.aws/datadog/*`.
    pub registries: Vec<String>,
    /// The keys of the tags that each resource must have.
    pub required_tags: Vec<String>,
    /// Whether the agents of Logweir's list are exempt from the rules that they cannot comply with.
    pub exempt_known_agents: bool,
    pub exemptions: Vec<RunbookExemption>,
}

impl RunbookSettings {
    /// Whether images may come from this repository, such as `ghcr.io/owner/name:tag`.
    pub fn accepts_registry(&self, repository: &str) -> bool {
        let host = repository.split('/').next().unwrap_or(repository);
        let is = |glob: &String| {
            let pattern = WildMatch::new(glob);
            pattern.matches(host) || pattern.matches(repository) || pattern.matches(unversioned(repository))
        };
        self.registries.iter().any(is)
    }

    /// Whether the settings list some repositories of the registry.
    pub fn accepts_part_of(&self, host: &str) -> bool {
        let of_host = |glob: &String| WildMatch::new(glob.split('/').next().unwrap_or(glob)).matches(host);
        self.registries.iter().any(of_host)
    }
}

/// Returns the name of an image without its tag and its digest.
fn unversioned(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// Returns the settings of the table.
pub(super) fn runbook(keys: RunbookKeys) -> Checked<RunbookSettings> {
    for key in &keys.required_tags {
        let text = key.get_ref();
        if text.is_empty() || text.chars().count() > LONGEST_KEY || text.chars().any(char::is_control) {
            let message = format!("the key of a tag has between 1 and {LONGEST_KEY} characters");
            return fault(key.span(), message, None);
        }
    }
    if let Some(empty) = keys.registries.iter().find(|glob| glob.get_ref().is_empty()) {
        return fault(empty.span(), "a registry has a name".to_owned(), "such as \"ghcr.io\"".to_owned());
    }
    let texts = |list: Vec<Spanned<String>>| list.into_iter().map(Spanned::into_inner).collect();
    Ok(RunbookSettings {
        registries: texts(keys.registries),
        required_tags: texts(keys.required_tags),
        exempt_known_agents: keys.exempt_known_agents,
        exemptions: keys.exempt.into_iter().map(exemption).collect::<Checked<_>>()?,
    })
}
