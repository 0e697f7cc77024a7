//! What a person does about the failures of a requirement.

use super::requirement::Requirement as R;

impl R {
    /// Returns what to do about the failures of the requirement. The sentence begins with a verb.
    pub const fn remedy(self) -> &'static str {
        match self {
            R::LeastPrivilege => {
                "Give each service a task role of its own, with the actions and resources that the service uses."
            }
            R::EcrImages => "Copy the image to a private repository of Amazon ECR, and name the image by its digest.",
            R::VpcEndpoints => "Create the missing VPC endpoints, and let the security groups of the tasks reach them.",
            R::ParameterStore => {
                "Put the value into a parameter of the type SecureString, and refer to the parameter under `secrets`."
            }
            R::SecretsManager => {
                "Put the value into a secret of Secrets Manager, and refer to the secret under `secrets`."
            }
            R::LogDriver => "Run `logweir fix` on the file, or `logweir apply` on the family.",
            R::CloudTrail => "Let one trail record the management events of each Region, and start its logging.",
            R::FlowLogs => "Create a flow log for the VPC, with the traffic type ALL.",
            R::ImageScanning => "Turn on the scanning of the registry, and resolve the findings of the images.",
            R::SpecialPermissions => {
                "Run `find / -xdev -perm /6000 -type f` in the container, remove the permissions in the image, and drop \
                 all capabilities."
            }
            R::NonRootUser => "Create a user in the image, let it own the files that it writes, and name it in `user`.",
            R::ReadOnlyRoot => {
                "Set `readonlyRootFilesystem` to true, and mount a volume where the container writes. ECS Exec and many \
                 agents need a writable root."
            }
            R::Tls => "Use a security policy with TLS 1.2 or later, and turn on the encryption of volumes in transit.",
            R::NoPublicAddress => {
                "Add VPC endpoints or a NAT gateway first, and then set `assignPublicIp` to DISABLED in the service."
            }
            R::Fargate => "Add FARGATE to `requiresCompatibilities`, and start the tasks with a provider of Fargate.",
            R::ContainerInsights => "Turn on Container Insights in the cluster. Container Insights costs money.",
            R::Events => "Create a rule of EventBridge for the events of `aws.ecs`, with a target that people read.",
            R::Tags => "Add the missing tags at the source of the resource, so that its next deployment keeps them.",
            R::Limits => {
                "Set `memory` or `memoryReservation`, and `cpu`, from the usage that Container Insights shows."
            }
            R::HostNamespaces => "Remove the value `host` from `pidMode`, `ipcMode` and `networkMode`.",
            R::Privileged => "Remove `privileged`, and add the single capability that the container needs.",
            R::Capabilities => "Remove the capability from `linuxParameters.capabilities.add`.",
            R::HostMounts => "Remove the volume, or mount a folder that contains nothing of the host.",
            R::PlatformVersion => "Set the platform version of the service to LATEST, and deploy the service again.",
            R::TerminationProtection => "Turn on managed termination protection in the capacity provider.",
            R::RetiredServices => "Replace App Mesh by Service Connect, and remove Elastic Inference.",
            R::Consistency => "Turn on `versionConsistency`, and give non-essential containers a `restartPolicy`.",
        }
    }
}
