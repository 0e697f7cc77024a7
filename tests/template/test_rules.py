"""What the rules of template.yaml hand to the function, as an emulator's matcher judges it."""

import unittest

from moto.events.models import EventPattern

from deployed import ACCOUNT, OWN_ROLES, RULES, TEMPLATE, of_type, properties, resolved


def role(name):
    return {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": name}}}


class Rule:
    """What reaches the function through a rule."""

    NAME = None

    def reaches(self, event):
        return EventPattern(None, resolved(properties(self.NAME)["EventPattern"])).matches_event(event)

    def test_what_it_cannot_hand_over_is_kept(self):
        [target] = properties(self.NAME)["Targets"]
        self.assertEqual(target["Arn"], {"Fn::GetAtt": ["RemediatorFunction", "Arn"]})
        self.assertEqual(target["DeadLetterConfig"], {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}})


class RuleOfCalls(Rule):
    """Which calls, and whose."""

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

    def test_who_has_no_role_reaches_it(self):
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

    def test_an_event_from_another_account_does_not(self):
        self.assert_reaches(False, account="444455556666")

    def test_what_is_no_call_does_not(self):
        self.assert_reaches(False, **{"detail-type": "AWS Service Event via CloudTrail"})

    def test_another_call_does_not(self):
        for service, name in self.NOT_CALLS:
            with self.subTest(name):
                self.assertFalse(self.reaches(self.call(service, name)))


class TheRuleOfRegistrations(RuleOfCalls, unittest.TestCase):
    NAME = "RemediatorFunctionRegistered"
    CALLS = [("ecs", "RegisterTaskDefinition")]
    NOT_CALLS = [("ecs", "DeregisterTaskDefinition"), ("ecs", "UpdateService"), ("batch", "RegisterJobDefinition")]


class TheRuleOfServices(RuleOfCalls, unittest.TestCase):
    NAME = "RemediatorFunctionServices"
    CALLS = [("ecs", "CreateService"), ("ecs", "UpdateService")]
    NOT_CALLS = [
        ("ecs", "DeleteService"), ("ecs", "StopServiceDeployment"), ("ecs", "CreateTaskSet"),
        ("ecs", "UpdateServicePrimaryTaskSet"), ("servicediscovery", "CreateService"), ("apprunner", "UpdateService"),
    ]


class TheRuleOfConsumers(RuleOfCalls, unittest.TestCase):
    """What else uses revisions."""

    NAME = "RemediatorFunctionConsumers"
    CALLS = [
        ("events", "PutTargets"),
        ("ecs", "RegisterDaemonTaskDefinition"), ("ecs", "CreateDaemon"), ("ecs", "UpdateDaemon"),
    ]
    NOT_CALLS = [
        ("ecs", "RunTask"), ("ecs", "StartTask"), ("ecs", "DeleteDaemon"),
        ("events", "PutRule"), ("events", "RemoveTargets"),
    ]


class TheRuleOfDeployments(Rule, unittest.TestCase):
    """ECS's own events name nobody, so Logweir's deployments reach it as well: it has to know how they end."""

    NAME = "RemediatorFunctionDeployments"

    def event(self, name, **envelope):
        return {
            "source": "aws.ecs", "account": ACCOUNT, "detail-type": "ECS Deployment State Change",
            "resources": [f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/prod/web"],
            "detail": {"eventType": "INFO", "eventName": name, "deploymentId": "ecs-svc/8262522039826280002"},
        } | envelope

    def test_a_deployment_reaches_it_whatever_becomes_of_it(self):
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


class TheRules(unittest.TestCase):
    def test_these_are_all_of_them(self):
        patterns = [name for name, rule in of_type("AWS::Events::Rule").items() if "EventPattern" in rule]
        self.assertEqual(sorted(patterns), sorted(RULES))

    def test_their_names_are_told(self):
        names = {"Fn::Join": [",", [{"Ref": name} for name in RULES]]}
        self.assertEqual(TEMPLATE["Outputs"]["RuleNames"]["Value"], names)


if __name__ == "__main__":
    unittest.main()
