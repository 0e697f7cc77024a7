"""The account of account.py with further resources, so that each requirement has as many verdicts as moto can emulate.

The benchmarks judge the smaller account, whose numbers are published. `complete` adds to an answer what moto forgets.
"""

import json

from account import ACCOUNT, REGION, Account


class WideAccount(Account):
    def images(self):
        super().images()
        ecr = self.client("ecr")
        ecr.create_repository(repositoryName="sealed", imageTagMutability="IMMUTABLE", encryptionConfiguration={"encryptionType": "KMS"})

    def references(self):
        super().references()
        secrets = self.client("secretsmanager")
        self.rotated = secrets.create_secret(Name="rotated", SecretString="x")["ARN"]
        secrets.rotate_secret(SecretId="rotated", RotationRules={"AutomaticallyAfterDays": 30})

    def network(self):
        super().network()
        ec2, elb = self.client("ec2"), self.client("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
        self.vpcs["quiet"] = vpc
        self.subnets["quiet"] = [ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.0.0/24", AvailabilityZone=REGION + "a")["Subnet"]["SubnetId"]]
        self.groups["quiet"] = ec2.create_security_group(GroupName="https", Description="https", VpcId=vpc)["GroupId"]
        # The group admits no one, so the tasks cannot use the endpoint.
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.ecr.api", VpcEndpointType="Interface",
                                SubnetIds=self.subnets["quiet"], SecurityGroupIds=[self.groups["quiet"]], PrivateDnsEnabled=True)
        ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="REJECT", LogDestinationType="cloud-watch-logs",
                             LogGroupName="flow", DeliverLogsPermissionArn=self.role("execution"))
        for name, protocol, kind in (("redirect", "HTTPS", "application"), ("bytes", "TCP", "network")):
            balancer = elb.create_load_balancer(Name=name, Type=kind, Subnets=self.subnets["closed"])["LoadBalancers"][0]
            group = elb.create_target_group(Name=name, Protocol=protocol, Port=443, VpcId=self.vpcs["closed"])["TargetGroups"][0]
            forward = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
            redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
            listener = elb.create_listener(
                LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="TCP" if kind == "network" else "HTTP", Port=80,
                DefaultActions=[forward if kind == "network" else redirect])["Listeners"][0]
            if kind == "application":
                # The rule connects the target group with the load balancer; it redirects too.
                elb.create_listener(
                    LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTPS", Port=443,
                    SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06", Certificates=[{"CertificateArn": self.certificate()}],
                    DefaultActions=[forward])
            self.target_groups[name] = group["TargetGroupArn"]

    def certificate(self):
        return self.client("acm").request_certificate(DomainName="example.org")["CertificateArn"]

    def trail(self):
        super().trail()
        cloudtrail = self.client("cloudtrail")
        cloudtrail.create_trail(Name="loose", S3BucketName="trail-of-tests", KmsKeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own")
        cloudtrail.put_event_selectors(TrailName="loose", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}])
        cloudtrail.start_logging(Name="loose")

    def workloads(self):
        super().workloads()
        ecs = self.client("ecs")
        ecs.create_cluster(clusterName="instances", settings=[{"name": "containerInsights", "value": "enhanced"}],
                           capacityProviders=["kept"])
        self.register(ecs, "edge", self.edge(), requiresCompatibilities=["MANAGED_INSTANCES"], networkMode="bridge",
                      taskRoleArn=self.role("broad"), volumes=[
                          {"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "DISABLED"}},
                          {"name": "data", "host": {"sourcePath": "/srv/data"}}],
                      proxyConfiguration={"type": "APPMESH", "containerName": "app"})
        self.register(ecs, "sealed", self.sealed(), requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
                      executionRoleArn=self.role("execution"), tags=[{"key": "team", "value": "orders"}],
                      volumes=[{"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}}])
        ecs.create_service(cluster="instances", serviceName="edge", taskDefinition="edge", desiredCount=1, launchType="EC2")
        ecs.create_service(cluster="instances", serviceName="mixed", taskDefinition="sealed", desiredCount=1,
                           capacityProviderStrategy=[{"capacityProvider": "kept", "weight": 1}],
                           networkConfiguration=self.addresses("open", "DISABLED"), propagateTags="TASK_DEFINITION",
                           loadBalancers=[self.behind("redirect"), self.behind("bytes")])
        ecs.create_service(cluster="instances", serviceName="quiet", taskDefinition="sealed", desiredCount=1, launchType="FARGATE",
                           networkConfiguration=self.addresses("quiet", "DISABLED"), enableExecuteCommand=True)

        for name in ("closed", "quiet"):
            # moto can start no task in a VPC without names of hosts.
            self.client("ec2").modify_vpc_attribute(VpcId=self.vpcs[name], EnableDnsHostnames={"Value": True})
        ecs.run_task(cluster="watched", taskDefinition="good", launchType="FARGATE", platformVersion="1.4.0",
                     networkConfiguration=self.addresses("closed", "DISABLED"))
        task = ecs.run_task(cluster="instances", taskDefinition="sealed", launchType="FARGATE", platformVersion="1.3.0",
                            networkConfiguration=self.addresses("quiet", "ENABLED"))["tasks"][0]
        details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
        ec2 = self.client("ec2")
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.associate_address(AllocationId=address, NetworkInterfaceId=details["networkInterfaceId"])

    def edge(self):
        return {
            "image": "public.ecr.aws/nginx/nginx:1", "memoryReservation": 64,
            "secrets": [{"name": "A", "valueFrom": self.secret}, {"name": "B", "valueFrom": "arn:aws:s3:::bucket/object"}],
            "linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"]}},
        }

    def sealed(self):
        return {
            "image": self.image.format("sealed") + ":1", "user": "1000", "readonlyRootFilesystem": True, "memory": 256,
            "secrets": [{"name": "A", "valueFrom": self.rotated}], "versionConsistency": "disabled",
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/sealed", "awslogs-region": REGION,
                                                                     "awslogs-stream-prefix": "app"}},
        }


# What `mixed` and `quiet` have beyond the answer of moto: Service Connect without and with TLS, and managed tags.
SERVICES = {
    "mixed": (True, [{"portName": "http"}]),
    "quiet": (False, [{"portName": "http", "tls": {"issuerCertificateAuthority": {
        "awsPcaAuthorityArn": f"arn:aws:acm-pca:{REGION}:{ACCOUNT}:certificate-authority/own"}}}]),
}


def complete(operation, answer):
    """Returns moto's answer to an operation with the members that moto forgets, or leaves out."""
    if operation == "DescribeServices":
        document = json.loads(answer)
        for service in document.get("services", []):
            if service["serviceName"] in SERVICES:
                service["enableECSManagedTags"], connect = SERVICES[service["serviceName"]]
                service["deployments"][0]["serviceConnectConfiguration"] = {"enabled": True, "services": connect}
        return json.dumps(document).encode()
    return answer
