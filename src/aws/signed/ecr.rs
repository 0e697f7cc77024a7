//! Resolves an image tag to a digest in Amazon ECR.

use serde_json::json;

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use super::request::Request;
use crate::aws::errors::{unless_missing, unreadable};
use crate::domain::ecs::image::EcrImage;
use crate::ports::Answer;

const ECR: Service = Service::json("ecr", JSON_1_1, "AmazonEC2ContainerRegistry_V20150921").at_host("api.ecr");
const DESCRIBE_IMAGES: Operation = ECR.read("DescribeImages");

impl SignedClient {
    /// Returns the digest to which the image's tag resolves now. Returns `None` if the image or the repository does not
    /// exist. Tries the call only once.
    pub(in crate::aws) async fn digest(&self, image: &EcrImage) -> Answer<Option<String>> {
        let body = json!({
            "registryId": image.account,
            "repositoryName": image.repository,
            "imageIds": [{"imageTag": image.tag}],
        });
        let reply = self.call(&DESCRIBE_IMAGES, Request::json(&body).in_region(&image.region)).await;
        let Some(reply) = unless_missing(reply)? else { return Ok(None) };
        let reply = reply.json()?;
        let details = reply["imageDetails"].as_array();
        let details = details.ok_or_else(|| unreadable(DESCRIBE_IMAGES.name, "imageDetails is missing"))?;
        Ok(details.first().and_then(|detail| detail["imageDigest"].as_str()).map(String::from))
    }
}
