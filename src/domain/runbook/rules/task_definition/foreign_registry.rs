//! An image from another registry than Amazon ECR.

use serde_json::Value;

use super::{Checked, each_container};
use crate::domain::ecs::image_name::{EcrRegistry, path, registry};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::placeholder::is_placeholder;

pub(super) const NAME: &str = "foreign-registry";

/// The public gallery of Amazon ECR, and the same with both versions of IP (source: Amazon ECR public user guide).
const PUBLIC: [&str; 2] = ["public.ecr.aws", "ecr-public.aws.com"];

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/image", |container| {
        let text = match container.member("image") {
            image if matches!(Member::of(image), Member::Absent) => {
                return (Verdict::Fail, "the container has no image".to_owned());
            }
            image => image.and_then(text),
        };
        let Some(text) = text else { return unknown() };
        let image = with_examples(text);
        if subject.arn.is_none() && !shows_registry(&image) {
            return unknown();
        }
        let (host, shown) = (host(&image), host(text));
        let settings = subject.baseline.runbook();
        if names_of(host, path(&image)).iter().any(|name| settings.accepts_registry(name)) {
            return (Verdict::Pass, format!("the baseline lists the registry {shown}"));
        }
        if EcrRegistry::of_host(host).is_some() {
            return (Verdict::Pass, format!("the image comes from Amazon ECR ({shown})"));
        }
        // The variable may name a repository that the baseline lists.
        if is_placeholder(path(&image)) && settings.accepts_part_of(host) {
            return unknown();
        }
        if PUBLIC.contains(&host) {
            let message = "the image comes from the public gallery of Amazon ECR, to which every account can publish; \
                           copy the image to a private repository, or list the registry under runbook.registries";
            return (Verdict::Advice, message.to_owned());
        }
        let message = format!(
            "the image comes from {shown}; copy it to a private repository of Amazon ECR, or list the registry under \
             runbook.registries in the baseline"
        );
        (Verdict::Fail, message)
    })
}

fn unknown() -> (Verdict, String) {
    (Verdict::Undecidable, "the registry of the image is known only after the deployment".to_owned())
}

/// Returns the name of the image, or the text of a template. Returns `None` for a function without a text of its own.
fn text(image: &Value) -> Option<&str> {
    let of_template = || image["Fn::Sub"].as_str().or_else(|| image["Fn::Sub"][0].as_str());
    image.as_str().or_else(of_template).map(str::trim)
}

/// Returns the text with examples in place of CloudFormation's own variables. The examples have the form of each value
/// that CloudFormation writes there.
fn with_examples(text: &str) -> String {
    const EXAMPLES: [(&str, &str); 3] = [
        ("${AWS::AccountId}", "111122223333"),
        ("${AWS::Region}", "eu-west-1"),
        ("${AWS::URLSuffix}", "amazonaws.com"),
    ];
    EXAMPLES.into_iter().fold(text.to_owned(), |text, (variable, example)| text.replace(variable, example))
}

/// Returns the registry of the image. A person may have written a user and a password before the host.
fn host(image: &str) -> &str {
    registry(image).rsplit('@').next().unwrap_or_default()
}

/// Whether the text shows the registry of the image, although a variable may follow. A name without a slash has no
/// registry, so the variable must be its tag.
fn shows_registry(image: &str) -> bool {
    if !is_placeholder(image) {
        return true;
    }
    match (image.split_once('/'), image.split_once(':')) {
        (Some((first, _)), _) => !is_placeholder(first),
        (None, Some((name, _))) => !is_placeholder(name),
        (None, None) => false,
    }
}

/// Returns the names of the image with its registry. An official image of Docker Hub has two names.
fn names_of(host: &str, path: &str) -> Vec<String> {
    let name = format!("{host}/{path}");
    if host != "docker.io" {
        return vec![name];
    }
    let other = match path.strip_prefix("library/") {
        Some(short) => format!("docker.io/{short}"),
        None if path.contains('/') => return vec![name],
        None => format!("docker.io/library/{path}"),
    };
    vec![name, other]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_shows_the_registry_unless_a_variable_is_in_its_place() {
        for image in ["nginx", "nginx:${TAG}", "a.example/web:${TAG}", "team/${APP}", "a.example/${APP}"] {
            assert!(shows_registry(image), "{image}");
        }
        for image in ["${IMAGE}", "${IMAGE}:1", "${REGISTRY}/web:1", "${A}.dkr.ecr.x.amazonaws.com/web", "IMAGE_NAME"] {
            assert!(!shows_registry(image), "{image}");
        }
    }
}
