//! The part of a record of CloudTrail that Logweir reads (source: AWS CloudTrail User Guide, CloudTrail record
//! contents).

use super::identity::Identity;
use super::projection::projection;
use super::value::{List, Text};

projection! {
    /// A record of one call.
    pub struct Record<'a> {
        "eventID" => id: Text<'a>,
        "eventTime" => time: Text<'a>,
        "eventSource" => source: Text<'a>,
        "eventName" => name: Text<'a>,
        "eventType" => kind: Text<'a>,
        "awsRegion" => region: Text<'a>,
        /// An address, the name of an AWS service, or `AWS Internal`.
        "sourceIPAddress" => address: Text<'a>,
        "userAgent" => agent: Text<'a>,
        "errorCode" => error: Text<'a>,
        "errorMessage" => error_message: Text<'a>,
        "readOnly" => read_only: Text<'a>,
        "managementEvent" => management: Text<'a>,
        "requestID" => request: Text<'a>,
        "recipientAccountId" => account: Text<'a>,
        "sharedEventID" => shared: Text<'a>,
        "vpcEndpointId" => vpc_endpoint: Text<'a>,
        "sessionCredentialFromConsole" => from_console: Text<'a>,
        "tlsDetails" => tls: TlsDetails<'a>,
        "userIdentity" => identity: Identity<'a>,
        "requestParameters" => parameters: RequestParameters<'a>,
        "resources" => resources: List<Resource<'a>>,
    }
}

projection! {
    /// The members of a record that every record has.
    pub struct Stub<'a> {
        "eventID" => id: Text<'a>,
        "eventTime" => time: Text<'a>,
    }
}

projection! {
    /// The TLS connection of a call.
    pub struct TlsDetails<'a> {
        /// `TLSv1.2`, for example.
        "tlsVersion" => version: Text<'a>,
    }
}

projection! {
    /// A resource of a call. Calls of the same name list their resources in different ways, so resources are only
    /// hints.
    pub struct Resource<'a> {
        "ARN" => arn: Text<'a>,
    }
}

projection! {
    /// The parameters of a request that the report needs. CloudTrail leaves out the parameters of large requests.
    pub struct RequestParameters<'a> {
        "cluster" => cluster: Text<'a>,
        "clusterName" => cluster_name: Text<'a>,
        "service" => service: Text<'a>,
        "serviceName" => service_name: Text<'a>,
        "family" => family: Text<'a>,
        "taskDefinition" => task_definition: Text<'a>,
        "task" => task: Text<'a>,
        /// The target of a session of SSM, such as `ecs:CLUSTER_TASK_RUNTIME`.
        "target" => target: Text<'a>,
        "container" => container: Text<'a>,
        "containerDefinitions" => containers: List<Container<'a>>,
        "configuration" => configuration: ClusterConfiguration<'a>,
        "logGroupName" => log_group: Text<'a>,
        "logStreamName" => log_stream: Text<'a>,
        "retentionInDays" => retention: Text<'a>,
        "name" => name: Text<'a>,
        "value" => value: Text<'a>,
    }
}

projection! {
    /// A container of a task definition in a request.
    pub struct Container<'a> {
        "name" => name: Text<'a>,
        "logConfiguration" => logs: LogConfiguration<'a>,
    }
}

projection! {
    /// The log configuration of a container in a request.
    pub struct LogConfiguration<'a> {
        "logDriver" => driver: Text<'a>,
    }
}

projection! {
    /// The configuration of a cluster in a request.
    pub struct ClusterConfiguration<'a> {
        "executeCommandConfiguration" => exec: ExecConfiguration<'a>,
    }
}

projection! {
    /// The settings of ECS Exec of a cluster in a request.
    pub struct ExecConfiguration<'a> {
        /// `NONE`, `DEFAULT` or `OVERRIDE`.
        "logging" => logging: Text<'a>,
    }
}

impl Record<'_> {
    /// Whether the call changes something. CloudTrail says this in `readOnly`. For records without this member, the
    /// verb of the API action decides.
    pub fn is_write(&self) -> bool {
        const READS: [&str; 8] = ["Get", "List", "Describe", "Head", "Search", "Lookup", "Discover", "BatchGet"];
        match self.read_only.as_str() {
            "true" => false,
            "false" => true,
            _ => !READS.iter().any(|verb| self.name.starts_with(verb)),
        }
    }
}
