//! What the tag of an image means, in Amazon ECR.

use std::time::Duration;

use serde_json::json;

use super::{Call, Signed};
use crate::aws::errors::unreadable;
use crate::domain::ecs::image::EcrImage;
use crate::ports::Answer;

const CALL: &str = "DescribeImages";

/// As for one attempt of the SDK's calls.
const LONGEST: Duration = Duration::from_secs(10);

/// Target and content type, as the service's model has them (source: botocore, ecr 2015-09-21, protocol json 1.1).
const HEADERS: [(&str, &str); 2] = [
    ("content-type", "application/x-amz-json-1.1"),
    ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.DescribeImages"),
];

impl Signed {
    /// The digest that the tag has now; none: no such image, or no such repository. Tries once.
    pub(in crate::aws) async fn digest(&self, image: &EcrImage) -> Answer<Option<String>> {
        let body = json!({
            "registryId": image.account,
            "repositoryName": image.repository,
            "imageIds": [{"imageTag": image.tag}],
        })
        .to_string();
        let call = Call {
            name: CALL,
            service: "ecr",
            region: &image.region,
            url: format!("{}/", self.endpoint("api.ecr", &image.region)),
            headers: &HEADERS,
            body: body.clone(),
            longest: LONGEST,
        };
        let reply = self.send(call).await?;
        match (reply.status, reply.code()) {
            (200, _) => {
                let details = reply.body["imageDetails"].as_array();
                let details = details.ok_or_else(|| unreadable(CALL, "it describes nothing"))?;
                Ok(details.first().and_then(|detail| detail["imageDigest"].as_str()).map(String::from))
            }
            (_, Some("ImageNotFoundException" | "RepositoryNotFoundException")) => Ok(None),
            _ => Err(reply.refusal(CALL, &body)),
        }
    }
}
