"""The verdicts, if AWS answers like the reports of users, or late. The emulator answers everything else."""

import json
import unittest

from emulated import Run, account
from aws import Refused

ROLE = "Fargate requires task definition to have execution role ARN to support log driver awslogs."
UNDESCRIBED = Refused("ecs", "DescribeTaskDefinition", "ClientException", "Unable to describe task definition.")


def refusal(message, code="ClientException"):
    return Refused("ecs", "Any", code, message)


class Answers(unittest.TestCase):
    numbers = iter(range(180, 200))

    def asked(self, probe, change):
        """Asks one probe. `change` receives each call with its body, and may return another answer, raise, or return None."""
        aws = account(f"{next(self.numbers):012}")
        send = aws._send

        def changed(service, operation, body):
            answer = change(operation, json.loads(body) if isinstance(body, str) else body or {})
            return send(service, operation, body) if answer is None else answer

        aws._send = changed
        run = Run(aws, "--yes", "--only", probe)
        self.assertEqual(run.code, 0, run.said)
        [asked] = json.loads(run.report)["probes"]
        return asked["verdict"], asked["answer"]

    def test_a_refusal_because_of_the_role_is_a_yes(self):
        def change(operation, body):
            if operation == "RegisterTaskDefinition" and "logConfiguration" in body["containerDefinitions"][0]:
                raise refusal(ROLE)

        self.assertEqual(self.asked("awslogs-without-role-external", change), ("yes", f"ECS refuses it: ClientException: {ROLE}"))

    def test_a_refusal_for_another_reason_is_not_a_yes(self):
        def change(operation, body):
            if operation == "RegisterTaskDefinition" and "logConfiguration" in body["containerDefinitions"][0]:
                raise refusal("Log driver awslogs is not supported.")

        verdict, _ = self.asked("awslogs-without-role-managed-instances", change)
        self.assertEqual(verdict, "other")

    def test_a_refusal_without_awslogs_answers_nothing(self):
        def change(operation, body):
            if operation == "RegisterTaskDefinition":
                raise refusal("Unknown compatibility.")

        verdict, _ = self.asked("awslogs-without-role-fargate", change)
        self.assertEqual(verdict, "not answered")

    def test_a_role_that_is_not_known_yet_is_not_the_answer(self):
        outcomes = iter([refusal("Role is not valid"), refusal("Role is not valid"), refusal("awslogs-stream-prefix is required")])

        def change(operation, body):
            if operation == "RegisterTaskDefinition":
                raise next(outcomes)

        self.assertEqual(self.asked("stream-prefix-on-fargate", change)[0], "yes")

    def test_some_refused_sizes_are_a_check_of_the_syntax(self):
        def change(operation, body):
            if operation == "RegisterTaskDefinition":
                if body["containerDefinitions"][0]["logConfiguration"]["options"]["max-buffer-size"] in ("much", "-1"):
                    raise refusal("max-buffer-size is not valid")

        self.assertEqual(self.asked("buffer-size-syntax", change), (
            "yes", "accepted: '25m', '25M', '25mb', '25 m', '1g', '0'; refused: '-1', 'much'"))

    def late(self, operation, answer):
        """Gives this answer to the first five reads after each registration."""
        reads = []

        def change(called, body):
            if called == "RegisterTaskDefinition":
                reads.clear()
            if called == operation and len(reads) < 5:
                reads.append(called)
                if isinstance(answer, Exception):
                    raise answer
                return answer

        return change

    def test_a_revision_that_cannot_be_described_at_once_is_a_no(self):
        verdict, text = self.asked("describe-after-register", self.late("DescribeTaskDefinition", UNDESCRIBED))
        self.assertEqual((verdict, text), ("no", "DescribeTaskDefinition showed it after 1.06, 1.06, 1.06 s"))

    def test_a_list_that_is_late_is_a_no(self):
        verdict, _ = self.asked("list-after-register", self.late("ListTaskDefinitions", {"taskDefinitionArns": []}))
        self.assertEqual(verdict, "no")

    def test_a_mode_that_was_added_is_a_yes(self):
        aws = []

        def change(operation, body):
            if operation == "DescribeTaskDefinition":
                options = {"awslogs-group": "any", "awslogs-region": "any", "awslogs-stream-prefix": "any", "mode": "non-blocking"}
                container = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
                return {"taskDefinition": {"status": "ACTIVE", "containerDefinitions": [container]}}
            return aws.append(operation)

        self.assertEqual(self.asked("defaulted-mode", change), ("yes", "the new revision has the mode 'non-blocking'"))

    def test_an_update_that_is_refused_after_a_while_has_its_message(self):
        updates = []

        def change(operation, body):
            if operation == "UpdateService" and body["taskDefinition"].endswith(":2"):
                updates.append(body)
                if len(updates) > 2:
                    raise refusal("TaskDefinition is inactive")

        verdict, text = self.asked("deploy-inactive", change)
        self.assertEqual(verdict, "other")
        self.assertRegex(text, r"^after 20\.\d+ s, ECS refuses it: ClientException: TaskDefinition is inactive$")

    def test_a_revision_that_cannot_be_described_once_it_is_inactive_is_a_no(self):
        gone = []

        def change(operation, body):
            if operation == "DeregisterTaskDefinition":
                gone.append(body["taskDefinition"])
            if operation == "DescribeTaskDefinition" and gone:
                raise UNDESCRIBED

        self.assertEqual(self.asked("describe-inactive", change)[0], "no")

    def test_a_missing_log_group_may_be_an_error(self):
        def change(operation, body):
            if operation == "DescribeLogGroups":
                raise refusal("The specified log group does not exist.", "ResourceNotFoundException")

        self.assertEqual(self.asked("missing-log-group", change), (
            "other", "with an error: ResourceNotFoundException: The specified log group does not exist."))

    def test_the_bytes_that_count_are_known_when_only_the_large_document_is_refused(self):
        def change(operation, body):
            if operation == "RegisterTaskDefinition" and len(json.dumps(body)) > 65536:
                raise refusal("Actual length: '66420'. Max allowed length is '65536' bytes.")

        verdict, text = self.asked("document-size", change)
        self.assertEqual(verdict, "yes")
        self.assertIn("white space of the request does not count", text)


if __name__ == "__main__":
    unittest.main()
