"""Templates of some 4 KB: a service with its load balancer, log group and task definition, each with the same faults."""

# The findings of each template: the mode and the buffer size of a container, and the retention of its group.
FAULTS = 3

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: The service {name}, with its task definition, its log group and its place behind the load balancer.
Parameters:
  Cluster:
    Type: String
    Description: The name of the ECS cluster in which the service runs.
  Vpc:
    Type: AWS::EC2::VPC::Id
    Description: The network of the service.
  Subnets:
    Type: List<AWS::EC2::Subnet::Id>
    Description: The private subnets of the tasks, at least two.
  Listener:
    Type: String
    Description: The ARN of the listener of the load balancer.
  Release:
    Type: String
    Description: The release that the service runs.
    Default: 1.4.2
  Owner:
    Type: String
    Description: The team that owns the service. No resource uses it, which cfn-lint reports.
    Default: shop
Conditions:
  # The first release had no health check.
  HasHealthCheck: !Not [!Equals [!Ref Release, 1.0.0]]
Resources:
  LogGroup:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      LogGroupName: !Sub /ecs/${{AWS::StackName}}/{name}

  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
      ManagedPolicyArns:
        - !Sub arn:${{AWS::Partition}}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy

  # What runs in a task: the application, and the proxy in front of it.
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: {name}
      Cpu: "512"
      Memory: "1024"
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: app
          Image: !Sub ${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.amazonaws.com/{name}:${{Release}}
          Essential: true
          PortMappings:
            - ContainerPort: 8080
          Environment:
            - Name: SERVICE_NAME
              Value: {name}
            - Name: UPSTREAM
              Value: https://gateway.internal.example/{name}/v2
          HealthCheck: !If
            - HasHealthCheck
            - Command: [CMD-SHELL, curl --fail http://localhost:8080/health || exit 1]
              Interval: 30
              Retries: 3
            - !Ref AWS::NoValue
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !Ref LogGroup
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: app
        - Name: proxy
          Image: !Sub ${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.amazonaws.com/proxy:3
          Essential: true
          PortMappings:
            - ContainerPort: 8443
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !Ref LogGroup
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: proxy
              mode: non-blocking
              max-buffer-size: 25m # a quarter of a megabyte a second, for a minute

  SecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Lets the load balancer reach {name}.
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 8443
          ToPort: 8443
          CidrIp: 10.0.0.0/8

  TargetGroup:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetType: ip
      Protocol: HTTPS
      Port: 8443
      VpcId: !Ref Vpc
      HealthCheckPath: /health

  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: {number}
      Conditions:
        - Field: path-pattern
          Values: [/{name}/*]
      Actions:
        - Type: forward
          TargetGroupArn: !Ref TargetGroup

  Service:
    Type: AWS::ECS::Service
    DependsOn: Rule
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref TaskDefinition
      LaunchType: FARGATE
      DesiredCount: 2
      NetworkConfiguration:
        AwsvpcConfiguration:
          Subnets: !Ref Subnets
          SecurityGroups: [!Ref SecurityGroup]
      LoadBalancers:
        - ContainerName: proxy
          ContainerPort: 8443
          TargetGroupArn: !Ref TargetGroup
"""


def write(folder, count):
    """Writes `count` templates to a new folder, each with names of its own. Returns the folder."""
    folder.mkdir()
    for number in range(1, count + 1):
        (folder / f"service-{number:03}.yaml").write_text(TEMPLATE.format(name=f"service-{number:03}", number=number))
    return folder
