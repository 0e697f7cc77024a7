"""What template.yaml promises and no linter knows: some of it no emulator keeps, either."""

import fnmatch
import json
import pathlib
import sys
import unittest

from moto.events.models import EventPattern

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "infra"))
import sam  # noqa: E402

ACCOUNT = "111122223333"
OWN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/logweir/remediator"
TEMPLATE = sam.translated()
RESOURCES = TEMPLATE["Resources"]


def properties(name):
    return RESOURCES[name]["Properties"]


def resolved(value):
    """The two intrinsics of the rule's pattern, as CloudFormation would fill them in."""
    known = {'{"Ref": "AWS::AccountId"}': ACCOUNT, '{"Fn::GetAtt": ["RemediatorRole", "Arn"]}': OWN_ROLE}
    text = json.dumps(value)
    for intrinsic, filled in known.items():
        text = text.replace(intrinsic, json.dumps(filled))
    return json.loads(text)


class TheRule(unittest.TestCase):
    """Whose registrations reach the function."""

    def reaches(self, identity=None, detail=None, **envelope):
        someone = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/ci"}}}
        event = {
            "source": "aws.ecs", "account": ACCOUNT, "detail-type": "AWS API Call via CloudTrail",
            "detail": {
                "eventSource": "ecs.amazonaws.com", "eventName": "RegisterTaskDefinition",
                "userIdentity": identity or someone,
            } | (detail or {}),
        } | envelope
        return EventPattern(None, resolved(properties("RemediatorFunctionRegistered")["EventPattern"])).matches_event(event)

    def test_a_role_reaches_it(self):
        self.assertTrue(self.reaches())

    def test_who_has_no_role_reaches_it(self):
        for identity in (
            {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/jo"},
            {"type": "IAMUser", "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}},
            {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"},
            {"type": "AWSService", "invokedBy": "batch.amazonaws.com"},
        ):
            with self.subTest(identity):
                self.assertTrue(self.reaches(identity))

    def test_a_replayed_event_reaches_it(self):
        self.assertTrue(self.reaches(**{"replay-name": "after-the-outage"}))

    def test_logweir_itself_does_not(self):
        self.assertFalse(self.reaches({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": OWN_ROLE}}}))

    def test_a_refused_call_does_not(self):
        self.assertFalse(self.reaches(detail={"errorCode": "ClientException"}))

    def test_an_event_from_another_account_does_not(self):
        self.assertFalse(self.reaches(account="444455556666"))

    def test_another_call_does_not(self):
        self.assertFalse(self.reaches(detail={"eventName": "DeregisterTaskDefinition"}))


class TheRole(unittest.TestCase):
    """What the function may do."""

    [POLICY] = properties("RemediatorRole")["Policies"]
    STATEMENTS = {each["Sid"]: each for each in POLICY["PolicyDocument"]["Statement"]}

    def actions(self, statement):
        return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]

    def test_these_are_all_the_changes_it_may_make(self):
        """A new one must be put here too: nobody widens the role in passing."""
        reads = "*:Describe*", "*:List*", "*:Get*", "dynamodb:Query"
        granted = {action for statement in self.STATEMENTS.values() for action in self.actions(statement)}
        self.assertEqual({action for action in granted if not any(fnmatch.fnmatch(action, read) for read in reads)}, {
            "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:TagResource", "iam:PassRole",
            "logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource",
            "logs:CreateLogStream", "logs:PutLogEvents",
            "dynamodb:PutItem",
            "sqs:SendMessage",
        })

    def test_only_what_iam_cannot_narrow_is_granted_on_everything(self):
        everywhere = {action for each in self.STATEMENTS.values() if each["Resource"] == "*" for action in self.actions(each)}
        self.assertEqual(everywhere, {
            "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:DeregisterTaskDefinition",
            "ecs:ListAccountSettings", "logs:DescribeLogGroups",
        })

    def test_no_action_is_a_pattern(self):
        self.assertNotIn("*", "".join(action for each in self.STATEMENTS.values() for action in self.actions(each)))

    def test_roles_are_passed_to_tasks_only(self):
        only_to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        self.assertEqual(self.STATEMENTS["PassTaskRoles"]["Condition"], only_to_tasks)

    def test_revisions_are_tagged_only_while_they_are_registered(self):
        only_then = {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}
        self.assertEqual(self.STATEMENTS["TagWhatItRegisters"]["Condition"], only_then)

    def test_all_of_it_is_in_the_template(self):
        """Neither a managed policy nor one that SAM adds."""
        self.assertNotIn("ManagedPolicyArns", properties("RemediatorRole"))
        self.assertEqual([name for name, each in RESOURCES.items() if each["Type"] == "AWS::IAM::Role"], ["RemediatorRole"])


class TheStack(unittest.TestCase):
    def test_the_journal_cannot_be_lost(self):
        journal = properties("Journal")
        self.assertTrue(journal["DeletionProtectionEnabled"])
        self.assertTrue(journal["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
        self.assertTrue(journal["SSESpecification"]["SSEEnabled"])
        self.assertEqual(journal["TimeToLiveSpecification"], {"AttributeName": "expires", "Enabled": True})

    def test_what_holds_data_outlives_the_stack_and_bars_no_other(self):
        for name in "Journal", "RemediatorLogs":
            with self.subTest(name):
                self.assertEqual(RESOURCES[name]["DeletionPolicy"], "Retain")
                self.assertEqual(RESOURCES[name]["UpdateReplacePolicy"], "Retain")
                self.assertFalse({"TableName", "LogGroupName"} & properties(name).keys())

    def test_it_changes_nothing_unless_asked(self):
        self.assertEqual(TEMPLATE["Parameters"]["Mode"]["Default"], "observe")

    def test_the_function_knows_every_role_that_the_rule_leaves_out(self):
        detail = properties("RemediatorFunctionRegistered")["EventPattern"]["detail"]
        [left_out, _] = detail["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
        own_roles = properties("RemediatorFunction")["Environment"]["Variables"]["LOGWEIR_OWN_ROLES"]
        self.assertEqual(left_out["anything-but"], [own_roles])

    def test_no_event_is_lost_in_silence(self):
        letters = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
        [target] = properties("RemediatorFunctionRegistered")["Targets"]
        self.assertEqual(target["DeadLetterConfig"]["Arn"], letters)
        failed = properties("RemediatorFunctionEventInvokeConfig")["DestinationConfig"]["OnFailure"]
        self.assertEqual(failed["Destination"], letters)

    def test_only_the_rule_may_fill_the_queue_from_outside(self):
        [statement] = properties("DeadLettersFromTheRule")["PolicyDocument"]["Statement"]
        rule = {"Fn::GetAtt": ["RemediatorFunctionRegistered", "Arn"]}
        self.assertEqual(statement["Condition"], {"ArnEquals": {"aws:SourceArn": rule}})

    def test_it_is_the_same_in_every_partition(self):
        self.assertNotRegex(json.dumps(TEMPLATE), r"arn:aws[:-]|amazonaws\.com\.cn")


if __name__ == "__main__":
    unittest.main()
