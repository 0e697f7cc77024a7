"""The events that the rules of template.yaml send to the queue: two emulators match the deployed patterns."""

import json
import re
import unittest

from ministack.services import eventbridge
from moto.events.models import EventPattern

from deployed import (
    ACCOUNT, FUNCTIONS, OWN_ROLES, RULE_OF_CLUSTERS, SCHEDULES, TEMPLATE, TO_THE_QUEUE, of_type, properties, resolved,
)

# The members that every event has, also a forwarded or replayed one. A matcher may need all of them.
ENVELOPE = {"version": "0", "id": "6f7a", "time": "2026-11-21T10:00:00Z", "region": "eu-west-1", "resources": []}


def role(name):
    return {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": name}}}


def if_exec(value):
    """The value in a list, if the parameter Exec is not off."""
    return {"Fn::If": ["HasExec", value, {"Ref": "AWS::NoValue"}]}


class Rule:
    """The events that reach the function through a rule."""

    NAME = None

    def reaches(self, event):
        pattern = self.pattern()
        event = ENVELOPE | event
        asked = {"EventPattern": json.dumps(pattern), "Event": json.dumps(event)}
        status, _, answer = eventbridge._test_event_pattern(asked)
        self.assertEqual(status, 200, answer)
        judgements = {
            "moto": bool(EventPattern(None, pattern).matches_event(event)),
            "ministack": json.loads(answer)["Result"],
        }
        self.assertEqual(len(set(judgements.values())), 1, f"the emulators disagree: {judgements}")
        return judgements["moto"]

    def pattern(self):
        return resolved(properties(self.NAME)["EventPattern"])


class RuleToTheQueue(Rule):
    def test_it_sends_to_the_queue_and_keeps_undelivered_events(self):
        [target] = properties(self.NAME)["Targets"]
        self.assertEqual(target["Arn"], {"Fn::GetAtt": ["Work", "Arn"]})
        self.assertEqual(target["DeadLetterConfig"], {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}})

    def test_no_parameter_turns_it_off(self):
        """Operators stop Logweir by pausing the queue, because a disabled rule loses events."""
        self.assertNotIn("State", properties(self.NAME))


class RuleOfCalls(RuleToTheQueue):
    """The calls that match, and their callers."""

    CALLS = NOT_CALLS = ()  # pairs of a service and a call of its API

    def call(self, service, name, identity=None, detail=None, **envelope):
        return {
            "source": f"aws.{service}", "account": ACCOUNT, "detail-type": "AWS API Call via CloudTrail",
            "detail": {
                "eventSource": f"{service}.amazonaws.com", "eventName": name,
                "userIdentity": identity or role(f"arn:aws:iam::{ACCOUNT}:role/ci"),
            } | (detail or {}),
        } | envelope

    def assert_reaches(self, whether, identity=None, detail=None, **envelope):
        for service, name in self.CALLS:
            with self.subTest(name, identity=identity):
                self.assertEqual(self.reaches(self.call(service, name, identity, detail, **envelope)), whether)

    def test_a_role_reaches_it(self):
        self.assert_reaches(True)

    def test_a_caller_without_a_role_reaches_it(self):
        for identity in (
            {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/jo"},
            {"type": "IAMUser", "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}},
            {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"},
            {"type": "AWSService", "invokedBy": "batch.amazonaws.com"},
            {"type": "AWSService", "invokedBy": "codedeploy.amazonaws.com"},
        ):
            self.assert_reaches(True, identity)

    def test_a_service_that_has_a_role_reaches_it(self):
        scaling = "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
        for identity in (
            role(f"arn:aws:iam::{ACCOUNT}:role/stack") | {"invokedBy": "cloudformation.amazonaws.com"},
            role(f"arn:aws:iam::{ACCOUNT}:role/deploy") | {"invokedBy": "codedeploy.amazonaws.com"},
            role(f"arn:aws:iam::{ACCOUNT}:role/{scaling}"),
        ):
            self.assert_reaches(True, identity)

    def test_a_replayed_event_reaches_it(self):
        self.assert_reaches(True, **{"replay-name": "after-the-outage"})

    def test_logweir_itself_does_not(self):
        for own in OWN_ROLES.values():
            self.assert_reaches(False, role(own))

    def test_a_refused_call_does_not(self):
        self.assert_reaches(False, detail={"errorCode": "ClientException"})

    def test_a_call_whose_error_is_null_does_not(self):
        """The member exists, so the result of the call is unknown. Both matchers and AWS agree on that."""
        self.assert_reaches(False, detail={"errorCode": None})

    def test_an_event_from_another_account_does_not(self):
        self.assert_reaches(False, account="444455556666")

    def test_an_event_that_is_no_call_does_not(self):
        self.assert_reaches(False, **{"detail-type": "AWS Service Event via CloudTrail"})

    def test_another_call_does_not(self):
        for service, name in self.NOT_CALLS:
            with self.subTest(name):
                self.assertFalse(self.reaches(self.call(service, name)))


class TheRuleOfRegistrations(RuleOfCalls, unittest.TestCase):
    NAME = "Registered"
    CALLS = [("ecs", "RegisterTaskDefinition"), ("ecs", "DeregisterTaskDefinition"), ("ecs", "DeleteTaskDefinitions")]
    NOT_CALLS = [("ecs", "UpdateService"), ("batch", "RegisterJobDefinition"), ("batch", "DeregisterJobDefinition")]


class TheRuleOfServices(RuleOfCalls, unittest.TestCase):
    NAME = "Services"
    CALLS = [("ecs", "CreateService"), ("ecs", "UpdateService")]
    NOT_CALLS = [
        ("ecs", "DeleteService"), ("ecs", "StopServiceDeployment"), ("ecs", "CreateTaskSet"),
        ("ecs", "UpdateServicePrimaryTaskSet"), ("servicediscovery", "CreateService"), ("apprunner", "UpdateService"),
    ]


class TheRuleOfClusters(RuleOfCalls, unittest.TestCase):
    NAME = RULE_OF_CLUSTERS
    CALLS = [("ecs", "CreateCluster"), ("ecs", "UpdateCluster")]
    NOT_CALLS = [
        ("ecs", "DeleteCluster"), ("ecs", "UpdateClusterSettings"), ("ecs", "PutClusterCapacityProviders"),
        ("ecs", "UpdateService"), ("eks", "CreateCluster"), ("ecs", "ExecuteCommand"),
    ]

    def test_it_exists_only_with_the_parameter(self):
        self.assertEqual(TEMPLATE["Resources"][self.NAME]["Condition"], "HasExec")
        self.assertEqual(TEMPLATE["Conditions"]["HasExec"], {"Fn::Not": [{"Fn::Equals": [{"Ref": "Exec"}, "off"]}]})


class TheRuleOfConsumers(RuleOfCalls, unittest.TestCase):
    """Other users of revisions."""

    NAME = "Consumers"
    CALLS = [
        ("events", "PutTargets"), ("events", "RemoveTargets"), ("events", "DeleteRule"),
        ("scheduler", "CreateSchedule"), ("scheduler", "UpdateSchedule"), ("scheduler", "DeleteSchedule"),
        ("ecs", "CreateTaskSet"),
        ("ecs", "RegisterDaemonTaskDefinition"), ("ecs", "CreateDaemon"), ("ecs", "UpdateDaemon"),
    ]
    NOT_CALLS = [
        ("ecs", "RunTask"), ("ecs", "StartTask"), ("ecs", "DeleteDaemon"),
        ("events", "PutRule"), ("scheduler", "CreateScheduleGroup"), ("ecs", "DeleteTaskSet"),
    ]


class TheRuleOfDeployments(RuleToTheQueue, unittest.TestCase):
    """Events of ECS name no principal, so Logweir's own deployments match too. Logweir must know how they end."""

    NAME = "Deployments"

    def event(self, name, **envelope):
        return {
            "source": "aws.ecs", "account": ACCOUNT, "detail-type": "ECS Deployment State Change",
            "resources": [f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/prod/web"],
            "detail": {"eventType": "INFO", "eventName": name, "deploymentId": "ecs-svc/8262522039826280002"},
        } | envelope

    def test_a_deployment_reaches_it_in_every_state(self):
        for state in "IN_PROGRESS", "COMPLETED", "FAILED":
            with self.subTest(state):
                self.assertTrue(self.reaches(self.event(f"SERVICE_DEPLOYMENT_{state}")))

    def test_a_replayed_event_reaches_it(self):
        self.assertTrue(self.reaches(self.event("SERVICE_DEPLOYMENT_COMPLETED", **{"replay-name": "after-the-outage"})))

    def test_an_event_from_another_account_does_not(self):
        self.assertFalse(self.reaches(self.event("SERVICE_DEPLOYMENT_COMPLETED", account="444455556666")))

    def test_a_deployment_of_another_service_of_aws_does_not(self):
        self.assertFalse(self.reaches(self.event("SERVICE_DEPLOYMENT_COMPLETED", source="aws.codedeploy")))

    def test_another_event_of_ecs_does_not(self):
        for kind in "ECS Task State Change", "ECS Service Action", "ECS Container Instance State Change":
            with self.subTest(kind):
                self.assertFalse(self.reaches(self.event("SERVICE_STEADY_STATE", **{"detail-type": kind})))


class TheRuleOfSessions(Rule, unittest.TestCase):
    """Each session on a container, by any principal: also by Logweir's own roles, which may open none."""

    NAME = "Sessions"
    TARGET = {"requestParameters": {"target": "ecs:prod_0123_0123-0123456789"}}

    def call(self, service, name, identity=None, detail=None, **envelope):
        return RuleOfCalls().call(service, name, identity, detail, **envelope)

    def test_it_sends_to_the_queue_only_with_its_parameter(self):
        self.assertEqual(properties(self.NAME)["State"], {"Fn::If": ["WatchesSessions", "ENABLED", "DISABLED"]})
        self.assertEqual(TEMPLATE["Conditions"]["WatchesSessions"], {"Fn::Equals": [{"Ref": "ExecSessions"}, "true"]})
        self.assertEqual(TEMPLATE["Parameters"]["ExecSessions"]["Default"], "false")
        self.assertEqual(properties(self.NAME)["Targets"], properties("Registered")["Targets"])

    def test_every_caller_of_execute_command_reaches_it(self):
        for identity in (
            None, {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/jo"}, {"type": "Root"}, *map(role, OWN_ROLES.values()),
        ):
            with self.subTest(identity=identity):
                self.assertTrue(self.reaches(self.call("ecs", "ExecuteCommand", identity)))

    def test_a_session_on_a_container_reaches_it_unless_ecs_starts_it(self):
        self.assertTrue(self.reaches(self.call("ssm", "StartSession", detail=self.TARGET)))
        by_ecs = {"type": "AWSService", "invokedBy": "ecs.amazonaws.com"}
        self.assertFalse(self.reaches(self.call("ssm", "StartSession", by_ecs, self.TARGET)))
        by_console = role(f"arn:aws:iam::{ACCOUNT}:role/jo") | {"invokedBy": "signin.amazonaws.com"}
        self.assertTrue(self.reaches(self.call("ssm", "StartSession", by_console, self.TARGET)))

    def test_other_events_do_not(self):
        instance = {"requestParameters": {"target": "i-0123456789abcdef0"}}
        for event in (
            self.call("ssm", "StartSession", detail=instance),
            self.call("ssm", "StartSession"),
            self.call("ssm", "TerminateSession", detail=self.TARGET),
            self.call("ecs", "RunTask"),
            self.call("ecs", "ExecuteCommand", detail={"errorCode": "AccessDeniedException"}),
            self.call("ssm", "StartSession", detail=self.TARGET | {"errorCode": "TargetNotConnected"}),
            self.call("ecs", "ExecuteCommand", account="444455556666"),
        ):
            with self.subTest(event["detail"]["eventName"]):
                self.assertFalse(self.reaches(event))


class TheArchive(Rule, unittest.TestCase):
    """It keeps what the rules match, and nothing else."""

    NAME = "Archive"

    def test_it_keeps_exactly_the_events_that_a_rule_matches(self):
        calls = RuleOfCalls()
        for rule in TheRuleOfRegistrations, TheRuleOfServices, TheRuleOfClusters, TheRuleOfConsumers:
            for service, name in rule.CALLS:
                with self.subTest(name):
                    self.assertTrue(self.reaches(calls.call(service, name)))
                    self.assertFalse(self.reaches(calls.call(service, name, detail={"errorCode": "ClientException"})))
                    self.assertFalse(self.reaches(calls.call(service, name, account="444455556666")))
                    for own in OWN_ROLES.values():
                        self.assertFalse(self.reaches(calls.call(service, name, role(own))))
        self.assertFalse(self.reaches(calls.call("ecs", "RunTask")))
        self.assertTrue(self.reaches(TheRuleOfDeployments().event("SERVICE_DEPLOYMENT_FAILED")))

    def test_it_keeps_events_of_the_default_bus(self):
        self.assertTrue(properties(self.NAME)["SourceArn"]["Fn::Sub"].endswith(":event-bus/default"))


def of_others(own):
    """The same with the names of resources of other stacks."""
    if isinstance(own, dict):
        return {member: of_others(value) for member, value in own.items()}
    if isinstance(own, list):
        return [of_others(each) for each in own]
    return f"others-{own}-of-others"


class RuleOfTampering(Rule):
    """Reports manual changes to the resources that Logweir needs."""

    # Placeholders for names that exist only in a deployment.
    NAMES = {
        "Registered": "rule-1", "Services": "rule-2", "Deployments": "rule-3", "Consumers": "rule-4", "Resume": "rule-5",
        "Digest": "rule-6", "BackoutFunctionResume": "rule-7", "TamperingWithState": "rule-8",
        "TamperingWithFunctions": "rule-9", "ThirdPartyDeregistration": "rule-10", "Reconciliation": "rule-11",
        "TamperingWithTargets": "rule-12", "TamperingWithQueues": "rule-13", "TamperingWithTopic": "rule-14",
        "TamperingWithAlarms": "rule-15", "ClustersConfigured": "rule-16", "Sessions": "rule-17",
        "Tampering": "logweir-tampering",
        "Work": "https://sqs/work", "DeadLetters": "https://sqs/dead", "Journal": "table",
        "RemediatorFunction": "remediator", "BackoutFunction": "backout",
        "RemediatorLogs": "logs-1", "BackoutLogs": "logs-2",
    }
    TOPIC = "arn:aws:sns:eu-west-1:111122223333:topic"
    ARCHIVE = "logweir-1b2c3d4e-0000-1111-2222-333344445555"

    def pattern(self):
        text = json.dumps(super().pattern())
        for name, value in self.NAMES.items():
            text = text.replace(json.dumps({"Ref": name}), json.dumps(value))
            text = text.replace(json.dumps({"Fn::GetAtt": [name, "Arn"]}), json.dumps(f"arn:{value}"))
            text = text.replace(json.dumps({"Fn::Sub": f":${{{name}}}"}), json.dumps(f":{value}"))
            text = text.replace(json.dumps({"Fn::Sub": f"${{{name}}}:"}), json.dumps(f"{value}:"))
        topic = {"Fn::If": ["MakesTopic", {"Ref": "Notifications"}, {"Ref": "NotificationTopic"}]}
        uuid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
        for value, means in (
            ({"Fn::Select": [1, {"Fn::Split": [":", {"Fn::Sub": "${Baseline}:"}]}]}, "/platform/baseline"),
            ({"Fn::Sub": ["${Topic}:", {"Topic": topic}]}, f"{self.TOPIC}:"), (topic, self.TOPIC),
            ({"Fn::Sub": ["logweir-${Uuid}", {"Uuid": uuid}]}, self.ARCHIVE),
            ({"Fn::Sub": "${AWS::StackName}-tampering"}, "logweir-tampering"),
            ({"Fn::Sub": "${AWS::StackName}-"}, "logweir-"),
        ):
            text = text.replace(json.dumps(value), json.dumps(means))
        return json.loads(text)

    def call(self, source, name, identity=None, **detail):
        return {"source": f"aws.{source}", "account": ACCOUNT, "detail-type": "AWS API Call via CloudTrail", "detail": {
            "eventSource": f"{source}.amazonaws.com", "eventName": name, "userIdentity": identity or role("anybody"),
        } | detail}

    def test_a_change_that_stops_or_alters_logweir_is_reported(self):
        for source, name, detail in self.changes():
            with self.subTest(name, **detail):
                self.assertTrue(self.reaches(self.call(source, name, **detail)))

    def test_an_update_of_the_stack_is_not(self):
        stack = role("anybody") | {"invokedBy": "cloudformation.amazonaws.com"}
        for source, name, detail in self.changes():
            with self.subTest(name, **detail):
                self.assertFalse(self.reaches(self.call(source, name, stack, **detail)))

    def test_a_change_of_a_third_party_resource_is_not(self):
        for source, name, detail in self.changes():
            others = {part: of_others(members) for part, members in detail.items()}
            with self.subTest(name, **others):
                self.assertFalse(self.reaches(self.call(source, name, **others)))

    def test_a_refused_change_is_not(self):
        for source, name, detail in self.changes():
            with self.subTest(name, **detail):
                self.assertFalse(self.reaches(self.call(source, name, errorCode="AccessDenied", **detail)))

    def test_its_text_is_a_valid_chat_message(self):
        [target] = properties(self.NAME)["Targets"]
        said = target["InputTransformer"]["InputTemplate"]["Fn::Sub"]
        for path in target["InputTransformer"]["InputPathsMap"]:
            said = said.replace(f"<{path}>", "x")
        message = json.loads(said)
        self.assertEqual((message["version"], message["source"]), ("1.0", "custom"))
        self.assertNotIn("<", said)


WATCHED = (
    "TamperingWithTargets", "TamperingWithFunctions", "TamperingWithQueues", "TamperingWithState", "TamperingWithTopic",
    "TamperingWithAlarms", "ThirdPartyDeregistration",
)


class TheRuleOfTamperingWithRules(RuleOfTampering, unittest.TestCase):
    NAME = "Tampering"

    def changes(self):
        for rule in [*TO_THE_QUEUE, RULE_OF_CLUSTERS, *SCHEDULES, "BackoutFunctionResume", *WATCHED]:
            for name in "DisableRule", "DeleteRule", "PutRule":
                yield "events", name, {"requestParameters": {"name": self.NAMES[rule]}}


class TheRuleOfTamperingWithTargets(RuleOfTampering, unittest.TestCase):
    NAME = "TamperingWithTargets"

    def changes(self):
        for rule in [*TO_THE_QUEUE, RULE_OF_CLUSTERS, *SCHEDULES, "BackoutFunctionResume", "Tampering", *WATCHED[1:]]:
            for name in "RemoveTargets", "PutTargets":
                yield "events", name, {"requestParameters": {"rule": self.NAMES[rule]}}
        for name in "DisableRule", "DeleteRule", "PutRule":
            yield "events", name, {"requestParameters": {"name": self.NAMES["Tampering"]}}
        for name in "DeleteArchive", "UpdateArchive":
            yield "events", name, {"requestParameters": {"archiveName": self.ARCHIVE}}


class TheRuleOfTamperingWithFunctions(RuleOfTampering, unittest.TestCase):
    NAME = "TamperingWithFunctions"

    def changes(self):
        for name in "remediator", "backout":
            yield from self.changes_of_a_function(name)
            yield from self.changes_of_a_function(f"{name}:live")
            yield from self.changes_of_a_function(f"{ACCOUNT}:function:{name}")
            yield from self.changes_of_a_function(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}")

    def changes_of_a_function(self, function):
        for name in (
            "UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration20150331v2", "DeleteFunction20150331",
            "PutFunctionConcurrency20171031", "AddPermission20150331v2", "RemovePermission20150331v2",
            "CreateFunctionUrlConfig", "CreateFunctionUrlConfig20211031", "UpdateFunctionUrlConfig",
            "UpdateFunctionUrlConfig20211031", "DeleteFunctionUrlConfig20211031", "PutFunctionEventInvokeConfig",
            "UpdateFunctionEventInvokeConfig20190925", "PutRuntimeManagementConfig20210731", "CreateAlias20150331",
            "UpdateAlias20150331", "PublishVersion20150331",
        ):
            yield "lambda", name, {"requestParameters": {"functionName": function}}


class TheRuleOfTamperingWithQueues(RuleOfTampering, unittest.TestCase):
    NAME = "TamperingWithQueues"

    def changes(self):
        for queue in self.NAMES["Work"], self.NAMES["DeadLetters"]:
            for name in "DeleteQueue", "PurgeQueue", "SetQueueAttributes", "AddPermission", "RemovePermission":
                yield "sqs", name, {"requestParameters": {"queueUrl": queue}}
        yield "sqs", "StartMessageMoveTask", {"requestParameters": {"sourceArn": "arn:https://sqs/dead"}}
        for version in "", "20150331":
            for call in "Create", "Update", "Delete":
                name = f"{call}EventSourceMapping{version}"
                for arn in "arn:remediator", "arn:remediator:live", "arn:backout":
                    yield "lambda", name, {"responseElements": {"functionArn": arn}}
                for queue in "arn:https://sqs/work", "arn:https://sqs/dead":
                    yield "lambda", name, {"responseElements": {"eventSourceArn": queue}}


class TheRuleOfTamperingWithState(RuleOfTampering, unittest.TestCase):
    NAME = "TamperingWithState"

    def changes(self):
        names = self.NAMES
        for name in (
            "DeleteTable", "UpdateTable", "UpdateContinuousBackups", "UpdateTimeToLive",
            "EnableKinesisStreamingDestination", "DisableKinesisStreamingDestination",
        ):
            yield "dynamodb", name, {"requestParameters": {"tableName": names["Journal"]}}
        for name in "PutResourcePolicy", "DeleteResourcePolicy":
            yield "dynamodb", name, {"requestParameters": {"resourceArn": "arn:table"}}
        for parameter in "/logweir/journal", "/logweir/deployment", "/platform/baseline":
            for name in "PutParameter", "DeleteParameter":
                yield "ssm", name, {"requestParameters": {"name": parameter}}
            yield "ssm", "DeleteParameters", {"requestParameters": {"names": ["/others", parameter]}}


class TheRuleOfTamperingWithTopic(RuleOfTampering, unittest.TestCase):
    NAME = "TamperingWithTopic"

    def changes(self):
        for name in "AddPermission", "DeleteTopic", "RemovePermission", "SetTopicAttributes", "Subscribe":
            yield "sns", name, {"requestParameters": {"topicArn": self.TOPIC}}
        yield "sns", "PutDataProtectionPolicy", {"requestParameters": {"resourceArn": self.TOPIC}}
        for name in "SetSubscriptionAttributes", "Unsubscribe":
            yield "sns", name, {"requestParameters": {"subscriptionArn": f"{self.TOPIC}:1b2c"}}


class TheRuleOfTamperingWithAlarms(RuleOfTampering, unittest.TestCase):
    NAME = "TamperingWithAlarms"

    def changes(self):
        for alarm in of_type("AWS::CloudWatch::Alarm"):
            for name in "PutMetricAlarm", "PutCompositeAlarm", "SetAlarmState":
                yield "monitoring", name, {"requestParameters": {"alarmName": f"logweir-{alarm}-1ABC"}}
            for name in "DeleteAlarms", "DisableAlarmActions":
                yield "monitoring", name, {"requestParameters": {"alarmNames": ["others", f"logweir-{alarm}-1ABC"]}}
            muted = {"muteTargets": {"alarmNames": [f"logweir-{alarm}-1ABC"]}}
            yield "monitoring", "PutAlarmMuteRule", {"requestParameters": muted}
        for logs in self.NAMES["RemediatorLogs"], self.NAMES["BackoutLogs"]:
            for name in "DeleteLogGroup", "DeleteLogStream", "PutRetentionPolicy", "PutSubscriptionFilter":
                yield "logs", name, {"requestParameters": {"logGroupName": logs}}
            for name in "PutDataProtectionPolicy", "PutTransformer":
                yield "logs", name, {"requestParameters": {"logGroupIdentifier": logs}}


class TheRuleOfForeignWithdrawals(Rule, unittest.TestCase):
    NAME = "ThirdPartyDeregistration"

    def pattern(self):
        text = json.dumps(super().pattern())
        for role_name, function in zip(OWN_ROLES, FUNCTIONS):
            sub = "arn:${AWS::Partition}:sts::${AWS::AccountId}:assumed-role/${%s}/${%s}" % (role_name, function)
            text = text.replace(json.dumps({"Fn::Sub": sub}), json.dumps(self.session(role_name, function)))
        return json.loads(text)

    def session(self, role_name, session):
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/{session}"

    def withdrawal(self, by, registered_by, **detail):
        registered = {"registeredBy": registered_by} if registered_by else {}
        return {"source": "aws.ecs", "account": ACCOUNT, "detail-type": "AWS API Call via CloudTrail", "detail": {
            "eventSource": "ecs.amazonaws.com", "eventName": "DeregisterTaskDefinition", "userIdentity": role(by),
            "responseElements": {"taskDefinition": registered},
        } | detail}

    def test_a_deregistration_of_a_third_party_revision_by_logweir_is_reported(self):
        for by in OWN_ROLES.values():
            for others in (
                self.session("pipeline", "build"), f"arn:aws:iam::{ACCOUNT}:user/RemediatorRole/someone",
                self.session("RemediatorRole", "someone"),
            ):
                with self.subTest(by=by, registered=others):
                    self.assertTrue(self.reaches(self.withdrawal(by, others)))

    def test_a_deregistration_of_a_revision_of_either_role_is_not(self):
        for by in OWN_ROLES.values():
            for own, function in zip(OWN_ROLES, FUNCTIONS):
                with self.subTest(by=by, registered=own):
                    self.assertFalse(self.reaches(self.withdrawal(by, self.session(own, function))))

    def test_it_uses_only_operators_that_the_guide_of_eventbridge_describes(self):
        """A list of prefixes in `anything-but` is valid in Event Ruler, but not in the guide of EventBridge."""
        for name, rule in (of_type("AWS::Events::Rule") | of_type("AWS::Events::Archive")).items():
            for operand in re.findall(r'"anything-but": (\{[^}]*\[)', json.dumps(rule.get("EventPattern"))):
                self.fail(f"{name}: {operand}")

    def test_a_third_party_or_refused_deregistration_is_not(self):
        others = self.session("pipeline", "build")
        self.assertFalse(self.reaches(self.withdrawal("arn:aws:iam::111122223333:role/pipeline", others)))
        own = next(iter(OWN_ROLES.values()))
        self.assertFalse(self.reaches(self.withdrawal(own, others, errorCode="ClientException")))


class TheRules(unittest.TestCase):
    LONGEST_PATTERN = 2048  # EventBridge's default quota

    # The maximum length of each part of a pattern that only a deployment knows. The name of a function has at most 64
    # characters, so the name of the stack has at most 53.
    LENGTHS = {
        "AWS::StackName": 53, "AWS::Partition": 10, "AWS::Region": 14, "AWS::AccountId": 12, "Uuid": 36, "Topic": 300,
    }

    def longest(self, value):
        """Replaces the intrinsics of a pattern by the longest possible texts."""
        if isinstance(value, list):
            return [self.longest(each) for each in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"Ref": "Work" | "DeadLetters"}:
                return 135 * "u"
            case {"Ref": _}:
                return 64 * "n"
            case {"Fn::GetAtt": _}:
                return 130 * "a"
            case {"Fn::If": ["MakesTopic", _, _]}:
                return 300 * "t"
            case {"Fn::Select": _}:
                return 100 * "s"
            case {"Fn::Sub": text}:
                text = text[0] if isinstance(text, list) else text
                return re.sub(r"\$\{([^}]+)}", lambda name: self.LENGTHS.get(name[1], 64) * "x", text)
        return {member: self.longest(each) for member, each in value.items()}

    def test_their_patterns_fit_the_quota_for_every_stack_name(self):
        for name, rule in (of_type("AWS::Events::Rule") | of_type("AWS::Events::Archive")).items():
            pattern = json.dumps(self.longest(rule.get("EventPattern")), separators=(",", ":"))
            with self.subTest(name):
                self.assertLessEqual(len(pattern), self.LONGEST_PATTERN)

    def test_the_list_of_rules_is_complete(self):
        patterns = [name for name, rule in of_type("AWS::Events::Rule").items() if "EventPattern" in rule]
        self.assertEqual(sorted(patterns), sorted([*TO_THE_QUEUE, RULE_OF_CLUSTERS, "Tampering", *WATCHED]))

    def test_their_names_are_an_output(self):
        names = {"Fn::Join": [",", [*({"Ref": name} for name in TO_THE_QUEUE), if_exec({"Ref": RULE_OF_CLUSTERS})]]}
        self.assertEqual(TEMPLATE["Outputs"]["RuleNames"]["Value"], names)

    def test_only_rules_and_schedules_may_send_to_the_queues_and_only_with_tls(self):
        for policy, queue, senders in (
            ("QueuePolicy", "Work", [*TO_THE_QUEUE, *SCHEDULES]),
            ("WhoFillsTheDeadLetters", "DeadLetters", TO_THE_QUEUE),
        ):
            with self.subTest(queue):
                allow, deny = properties(policy)["PolicyDocument"]["Statement"]
                self.assertEqual(properties(policy)["Queues"], [{"Ref": queue}])
                self.assertEqual((allow["Action"], allow["Principal"]), ("sqs:SendMessage", {"Service": "events.amazonaws.com"}))
                arns = [{"Fn::GetAtt": [name, "Arn"]} for name in senders]
                arns.insert(2, if_exec({"Fn::GetAtt": [RULE_OF_CLUSTERS, "Arn"]}))
                self.assertEqual(allow["Condition"], {"ArnEquals": {"aws:SourceArn": arns}})
                self.assertEqual((deny["Effect"], deny["Principal"], deny["Action"]), ("Deny", "*", "sqs:*"))
                self.assertEqual(deny["Condition"], {"Bool": {"aws:SecureTransport": "false"}})
                self.assertEqual({allow["Resource"]["Fn::GetAtt"][0], deny["Resource"]["Fn::GetAtt"][0]}, {queue})


if __name__ == "__main__":
    unittest.main()
