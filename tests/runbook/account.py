"""An emulated account with resources that fulfil the runbook, and resources that break it."""

import json

import boto3

REGION = "eu-west-1"
ACCOUNT = "123456789012"
TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}]}
OPEN_TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
}]}
NARROW = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*",
}]}
BROAD = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
STATE_CHANGES = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change", "ECS Deployment State Change"]}
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "kms", "ssmmessages", "ecs", "ecs-agent", "ecs-telemetry")


class Account:
    """Builds the account. The members hold what the tests need to name a resource."""

    def __init__(self, url):
        session = boto3.session.Session("test", "test", region_name=REGION)
        self.client = lambda service: session.client(service, endpoint_url=url)
        self.roles()
        self.images()
        self.references()
        self.network()
        self.trail()
        self.workloads()

    def roles(self):
        iam = self.client("iam")
        for name, trust, policy in (("narrow", TRUST, NARROW), ("broad", OPEN_TRUST, BROAD), ("execution", TRUST, NARROW)):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        self.role = lambda name: f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def images(self):
        ecr = self.client("ecr")
        ecr.create_repository(repositoryName="fixed", imageTagMutability="IMMUTABLE",
                              imageScanningConfiguration={"scanOnPush": True})
        ecr.create_repository(repositoryName="moving", imageTagMutability="MUTABLE")
        self.digests = {}
        for name in ("fixed", "moving"):
            layer = {"digest": "sha256:" + name[0].encode().hex().ljust(64, "0"), "size": 1, "mediaType": LAYER}
            manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": layer, "layers": [layer]}
            put = ecr.put_image(repositoryName=name, imageTag="latest", imageManifest=json.dumps(manifest))
            self.digests[name] = put["image"]["imageId"]["imageDigest"]
        ecr.start_image_scan(repositoryName="fixed", imageId={"imageTag": "latest"})
        self.image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{{}}"

    def references(self):
        ssm, secrets = self.client("ssm"), self.client("secretsmanager")
        ssm.put_parameter(Name="/prod/sealed", Value="x", Type="SecureString")
        ssm.put_parameter(Name="/prod/plain", Value="x", Type="String")
        self.secret = secrets.create_secret(Name="db", SecretString="x")["ARN"]

    def network(self):
        ec2, elb = self.client("ec2"), self.client("elbv2")
        self.subnets, self.vpcs, self.groups = {}, {}, {}
        for name, block in (("closed", "10.0.0.0/16"), ("open", "10.1.0.0/16")):
            vpc = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
            zones = zip(("a", "b"), (block.replace("0.0/16", "0.0/24"), block.replace("0.0/16", "1.0/24")))
            subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=part, AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
                       for zone, part in zones]
            self.vpcs[name], self.subnets[name] = vpc, subnets
            self.groups[name] = ec2.create_security_group(GroupName="https", Description="https", VpcId=vpc)["GroupId"]
        group = self.groups["closed"]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
            "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}])
        for service in ENDPOINTS:
            ec2.create_vpc_endpoint(VpcId=self.vpcs["closed"], ServiceName=f"com.amazonaws.{REGION}.{service}",
                                    VpcEndpointType="Interface", SubnetIds=self.subnets["closed"], SecurityGroupIds=[group],
                                    PrivateDnsEnabled=True)
        tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpcs["closed"]]}])["RouteTables"]
        ec2.create_vpc_endpoint(VpcId=self.vpcs["closed"], ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway",
                                RouteTableIds=[table["RouteTableId"] for table in tables])
        self.client("logs").create_log_group(logGroupName="flow")
        ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[self.vpcs["closed"]], TrafficType="ALL",
                             LogDestinationType="cloud-watch-logs", LogGroupName="flow",
                             DeliverLogsPermissionArn=self.role("execution"))
        self.target_groups = {}
        certificate = self.client("acm").request_certificate(DomainName="example.org")["CertificateArn"]
        for name, listener in (
            ("strong", {"Protocol": "HTTPS", "Port": 443, "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}),
            ("weak", {"Protocol": "HTTPS", "Port": 443, "SslPolicy": "ELBSecurityPolicy-2016-08"}),
            ("plain", {"Protocol": "HTTP", "Port": 80}),
        ):
            balancer = elb.create_load_balancer(Name=name, Subnets=self.subnets["closed"])["LoadBalancers"][0]
            group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=self.vpcs["closed"])["TargetGroups"][0]
            if listener["Protocol"] == "HTTPS":
                listener["Certificates"] = [{"CertificateArn": certificate}]
            elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], **listener, DefaultActions=[
                {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}])
            self.target_groups[name] = group["TargetGroupArn"]

    def trail(self):
        self.client("s3").create_bucket(Bucket="trail-of-tests", CreateBucketConfiguration={"LocationConstraint": REGION})
        cloudtrail = self.client("cloudtrail")
        cloudtrail.create_trail(Name="all", S3BucketName="trail-of-tests", IsMultiRegionTrail=True, EnableLogFileValidation=True)
        cloudtrail.put_event_selectors(TrailName="all", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}])
        cloudtrail.start_logging(Name="all")
        self.client("sqs").create_queue(QueueName="changes")
        events = self.client("events")
        events.put_rule(Name="changes", EventPattern=json.dumps(STATE_CHANGES))
        events.put_targets(Rule="changes", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:changes"}])

    def workloads(self):
        ecs = self.client("ecs")
        ecs.create_cluster(clusterName="watched", settings=[{"name": "containerInsights", "value": "enabled"}],
                           tags=[{"key": "team", "value": "orders"}])
        ecs.create_cluster(clusterName="dark", settings=[{"name": "containerInsights", "value": "disabled"}])
        for name, protection in (("kept", "ENABLED"), ("ended", "DISABLED")):
            ecs.create_capacity_provider(name=name, autoScalingGroupProvider={
                "autoScalingGroupArn": f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:1:autoScalingGroupName/{name}",
                "managedScaling": {"status": "ENABLED"}, "managedTerminationProtection": protection})
        self.register(ecs, "good", self.good())
        self.register(ecs, "bad", self.bad())
        self.register(ecs, "windows", {"image": self.image.format("fixed"), "user": "ContainerUser"}, requiresCompatibilities=["FARGATE"],
                      runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, cpu="1024", memory="2048",
                      networkMode="awsvpc")
        ecs.create_service(cluster="watched", serviceName="good", taskDefinition="good", desiredCount=1, launchType="FARGATE",
                           platformVersion="LATEST", tags=[{"key": "team", "value": "orders"}], propagateTags="SERVICE",
                           networkConfiguration=self.addresses("closed", "DISABLED"),
                           loadBalancers=[self.behind("strong")])
        ecs.create_service(cluster="dark", serviceName="bad", taskDefinition="bad", desiredCount=1, launchType="FARGATE",
                           platformVersion="1.3.0", networkConfiguration=self.addresses("open", "ENABLED"),
                           loadBalancers=[self.behind("weak"), self.behind("plain")])
        ecs.create_service(cluster="dark", serviceName="windows", taskDefinition="windows", desiredCount=1,
                           launchType="FARGATE", platformVersion="LATEST", tags=[{"key": "stage", "value": "prod"}],
                           networkConfiguration=self.addresses("closed", "DISABLED"))

    def behind(self, name):
        return {"targetGroupArn": self.target_groups[name], "containerName": "app", "containerPort": 80}

    def addresses(self, vpc, public):
        return {"awsvpcConfiguration": {"subnets": self.subnets[vpc], "securityGroups": [self.groups[vpc]], "assignPublicIp": public}}

    def good(self):
        return {
            "image": self.image.format("fixed") + "@" + self.digests["fixed"], "user": "1000", "readonlyRootFilesystem": True,
            "cpu": 128, "memory": 256,
            "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
            "secrets": [{"name": "A", "valueFrom": self.secret},
                        {"name": "B", "valueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/prod/sealed"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/good", "awslogs-region": REGION, "awslogs-stream-prefix": "app", "mode": "non-blocking"}},
        }

    def bad(self):
        return {
            "image": self.image.format("moving") + ":latest", "user": "root", "privileged": True,
            "environment": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "CANARY-secret"}, {"name": "DB_PASSWORD", "value": "CANARY-other"}],
            "secrets": [{"name": "B", "valueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/prod/plain"}],
            "linuxParameters": {"capabilities": {"add": ["SYS_ADMIN"]}},
        }

    def register(self, ecs, family, container, **task):
        defaults = {
            "good": {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
                     "taskRoleArn": self.role("narrow"), "executionRoleArn": self.role("execution"),
                     "tags": [{"key": "team", "value": "orders"}]},
            "bad": {"requiresCompatibilities": ["EC2"], "memory": "512", "networkMode": "host", "pidMode": "host", "ipcMode": "host",
                    "taskRoleArn": self.role("broad"), "executionRoleArn": self.role("broad"),
                    "volumes": [{"name": "socket", "host": {"sourcePath": "/var/run/docker.sock"}}]},
        }
        ecs.register_task_definition(family=family, containerDefinitions=[{"name": "app", **container}], **defaults.get(family, {}),
                                     **task)
