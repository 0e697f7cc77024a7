"""The templates for an organization: the role of an audit, the central bus, and the forwarding of notifications to it."""

import json
import re
import unittest

from deployed import ROOT
from samtranslator.yaml_helper import yaml_parse

import permissions

READS = "Describe", "Get", "List", "Query"


def template(name):
    return yaml_parse((ROOT / f"infra/organization/{name}.yaml").read_text())


def resource(name, of):
    return template(name)["Resources"][of]["Properties"]


class TheAuditRole(unittest.TestCase):
    def setUp(self):
        self.role = resource("audit-role", "AuditRole")

    def test_a_caller_needs_the_external_id(self):
        [statement] = self.role["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(statement["Action"], "sts:AssumeRole")
        self.assertEqual(statement["Condition"], {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}})
        self.assertEqual(statement["Principal"], {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AuditorAccount}:root"}})
        self.assertNotIn("Default", template("audit-role")["Parameters"]["ExternalId"])

    def test_it_only_reads(self):
        statements = [each for policy in self.role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
        for statement in statements:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for action in actions:
                with self.subTest(action):
                    self.assertEqual(statement["Effect"], "Allow")
                    self.assertTrue(action.split(":")[1].startswith(READS), "a read")
                    self.assertNotIn("*", action)

    def test_each_of_its_actions_is_a_call_of_the_command_line(self):
        known = {permission for row in permissions.calls() if "operator" in row.by for permission in row.needs}
        statements = [each for policy in self.role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
        for statement in statements:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            self.assertLessEqual(set(actions), known)


class TheCentralBus(unittest.TestCase):
    def test_only_the_organization_may_send_to_it(self):
        statement = resource("central-bus", "BusPolicy")["Statement"]
        self.assertEqual(statement["Action"], "events:PutEvents")
        self.assertEqual(statement["Condition"], {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}})
        self.assertNotIn("Default", template("central-bus")["Parameters"]["OrganizationId"])

    def test_it_keeps_the_notifications_in_a_log_group_with_a_retention(self):
        rule = resource("central-bus", "KeepNotifications")
        self.assertEqual(rule["EventPattern"], {"source": ["logweir"]})
        self.assertIn("RetentionInDays", resource("central-bus", "Notifications"))
        text, names = resource("central-bus", "NotificationsPolicy")["PolicyDocument"]["Fn::Sub"]
        create, write = json.loads(text)["Statement"]
        self.assertEqual((create["Action"], write["Action"]), ("logs:CreateLogStream", "logs:PutLogEvents"))
        self.assertEqual(write["Condition"], {"ArnEquals": {"aws:SourceArn": "${KeepNotifications.Arn}"}})
        self.assertTrue(names["Group"]["Fn::Sub"].endswith(":log-group:/aws/events/${BusName}"))
        self.assertEqual(resource("central-bus", "Notifications")["LogGroupName"], {"Fn::Sub": "/aws/events/${BusName}"})


class TheForwarding(unittest.TestCase):
    def test_it_forwards_only_notifications_of_its_own_account(self):
        rule = resource("forwarding", "Forwarding")
        self.assertEqual(rule["EventPattern"], {"source": ["logweir"], "account": [{"Ref": "AWS::AccountId"}]})
        [target] = rule["Targets"]
        self.assertEqual(target["Arn"], {"Ref": "CentralBus"})
        self.assertEqual(target["RoleArn"], {"Fn::GetAtt": ["ForwardingRole", "Arn"]})
        self.assertEqual(target["DeadLetterConfig"], {"Arn": {"Fn::GetAtt": ["Undelivered", "Arn"]}})

    def test_its_role_may_only_send_to_the_central_bus(self):
        role = resource("forwarding", "ForwardingRole")
        [statement] = role["Policies"][0]["PolicyDocument"]["Statement"]
        self.assertEqual((statement["Action"], statement["Resource"]), ("events:PutEvents", {"Ref": "CentralBus"}))
        [trust] = role["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(trust["Condition"], {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}})

    def test_the_stack_of_logweir_accepts_the_name_of_its_bus(self):
        name = template("forwarding")["Parameters"]["BusName"]["Default"]
        pattern = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]["NotificationBus"]["AllowedPattern"]
        self.assertRegex(name, re.compile(pattern))


class EveryTemplate(unittest.TestCase):
    def test_stack_sets_accept_it(self):
        for name in "audit-role", "central-bus", "forwarding":
            with self.subTest(name):
                whole = template(name)
                self.assertNotIn("Transform", whole)
                self.assertLess(len((ROOT / f"infra/organization/{name}.yaml").read_text()), 51_200)

    def test_the_package_contains_it(self):
        self.assertIn("cp infra/organization/*.yaml target/package", (ROOT / "Makefile").read_text())


if __name__ == "__main__":
    unittest.main()
