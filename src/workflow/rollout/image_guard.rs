//! The image guard, which reads the digests of the images that a service runs and that a new deployment would start.
//! The module `domain::ecs::image` compares these digests.

use std::collections::BTreeMap;

use super::RolloutDriver;
use crate::domain::baseline::ImageGuard;
use crate::domain::ecs::image::{ImageVerdict, MutableImage, compare};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::Service;
use crate::ports::{Answer, ErrorKind, PortError, Ports, Services, TaskDefinitions};

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Returns the reason why a new deployment may start other images than the service runs now, for example because a
    /// tag has moved to another image. An unknown digest counts as different. Returns `None` if the images are the
    /// same.
    pub(super) async fn other_images(
        &self,
        source: &RevisionArn,
        found: &Service,
        guard: ImageGuard,
    ) -> Answer<Option<String>> {
        if guard == ImageGuard::Off {
            return Ok(None);
        }
        let described = self.ports.task_definitions().describe(&source.to_string()).await?;
        let images = MutableImage::all_of(&described.definition);
        if images.is_empty() {
            return Ok(None);
        }
        let refused = |error: PortError| match error.kind {
            ErrorKind::Retry => Err(error),
            _ => Ok(Some(format!("the image digests could not be read: {error}"))),
        };
        let running = match self.ports.services().running_images(found).await {
            Ok(running) => running,
            Err(error) => return refused(error),
        };
        let mut meanings = BTreeMap::new();
        loop {
            match compare(&images, &running, &meanings) {
                ImageVerdict::Same => return Ok(None),
                ImageVerdict::Differs(why) => return Ok(Some(why)),
                ImageVerdict::Ask(image) => match self.ports.services().digest(&image).await {
                    Ok(digest) => drop(meanings.insert(image, digest)),
                    Err(error) => return refused(error),
                },
            }
        }
    }
}
