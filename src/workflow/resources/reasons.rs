//! The reasons for a resource that is not as it was, in the words of its kind.

use crate::domain::ecs::resource::ResourceArn;
use crate::domain::outcome::Reason;

/// Returns the reason for a resource that another principal has changed.
pub(super) fn changed(resource: &ResourceArn) -> Reason {
    match resource {
        ResourceArn::Cluster(_) => Reason::ClusterChanged,
        ResourceArn::Service(_) => Reason::ServiceChanged,
    }
}

/// Returns the reason for a resource that does not exist.
pub(super) fn inactive(resource: &ResourceArn) -> Reason {
    match resource {
        ResourceArn::Cluster(_) => Reason::ClusterInactive,
        ResourceArn::Service(_) => Reason::ServiceInactive,
    }
}
