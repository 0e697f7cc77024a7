"""A whole run of the trial in an emulated account, from the question to the removal."""

import json
import os
import subprocess
import sys
import unittest
import urllib.request

from emulated import CREATIONS, REGION, ROOT, At, Run, account, left, scratch
from making import LIMITS
from probe import NOT_ANSWERABLE, NOT_ANSWERED, NOT_RUN, PROBES

NUMBER = "000000000151"


def verdicts(run):
    return {each["probe"]: each["verdict"] for each in json.loads(run.report)["probes"]}


class Whole(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.account = account(NUMBER)
        cls.account.call("logs", "CreateLogGroup", {"logGroupName": "of-another-principal"})
        cls.calls = []
        cls.run_ = Run(cls.account, "--yes", on_call=lambda operation, moment: cls.calls.append((operation, moment)))

    def test_every_probe_ends_with_a_verdict(self):
        self.assertEqual(self.run_.code, 0, self.run_.said)
        self.assertEqual(list(verdicts(self.run_)), list(PROBES))
        self.assertNotIn(NOT_RUN, verdicts(self.run_).values())
        self.assertFalse("the probe failed" in self.run_.report)
        unanswered = [name for name, verdict in verdicts(self.run_).items() if verdict == NOT_ANSWERED]
        self.assertEqual(unanswered, [name for name in PROBES if name.startswith("trail-")])  # nothing records the calls

    def test_nothing_is_left_and_nothing_else_is_removed(self):
        self.assertEqual(left(self.account), [])
        self.assertEqual(self.run_.journals, [])
        [group] = self.account.call("logs", "DescribeLogGroups")["logGroups"]
        self.assertEqual(group["logGroupName"], "of-another-principal")

    def test_the_report_has_its_schema_and_no_account_data(self):
        report = json.loads(self.run_.report)
        self.assertEqual((report["schema"], report["ended"], report["removed"]), ("logweir.trial/1", "complete", True))
        for text in self.run_.report, self.run_.out.getvalue():
            for secret in NUMBER, "secret-of-the-tests", self.run_.name, "127.0.0.1", "of-another-principal":
                self.assertFalse(secret in text, secret)
        self.assertTrue("<run>-order-a" in self.run_.report)

    def test_it_creates_no_more_than_it_announces(self):
        kinds = {"logs:CreateLogGroup": "log-group", "ecs:CreateCluster": "cluster", "ecs:CreateService": "service",
                 "iam:CreateRole": "role", "ecs:RegisterTaskDefinition": "registration"}
        self.assertEqual(set(kinds), CREATIONS)
        for operation, kind in kinds.items():
            self.assertTrue(0 < self.calls.count((operation, "before")) <= LIMITS[kind], operation)

    def test_it_makes_only_the_calls_of_the_documented_policy(self):
        page = (ROOT / "docs/trial.md").read_text()
        policy = json.loads(page.split("```json\n")[1].split("```")[0])
        allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
        called = {operation for operation, _ in self.calls} - {"sts:GetCallerIdentity"}  # needs no permission
        # ECS and IAM require these two for a call of the trial, and no call has their names.
        self.assertEqual(allowed - called, {"iam:PassRole", "ecs:TagResource", "iam:CreateServiceLinkedRole"})
        self.assertEqual(called - allowed, set())


class Trail(unittest.TestCase):
    def test_the_records_are_found_and_redacted(self):
        aws = account("000000000158")
        recorded(True)
        try:
            run = Run(aws, "--yes", *(word for name in PROBES if name.startswith("trail-") for word in ("--only", name)))
        finally:
            recorded(False)
        # The emulator records no answers, and accepts the network mode that ECS refuses.
        self.assertEqual(verdicts(run), {"trail-record": "no", "trail-redaction": "other", "trail-of-a-refusal": NOT_ANSWERED})
        self.assertTrue("PLANTED-IN-ENVIRONMENT" in run.report and "<run>-planted" in run.report)
        [record] = [each["value"] for each in json.loads(run.report)["probes"][0]["evidence"] if each["what"] == "record"]
        self.assertEqual(record["userIdentity"], {
            "type": "IAMUser", "principalId": "<redacted>", "arn": "<redacted>", "accountId": "<redacted>",
            "accessKeyId": "<redacted>", "userName": "<redacted>"})
        self.assertFalse("000000000158" in run.report)


class Other(unittest.TestCase):
    def test_an_account_that_is_not_empty_is_refused(self):
        aws = account("000000000152")
        aws.call("ecs", "CreateCluster", {"clusterName": "prod"})
        refused = Run(aws, "--yes")
        self.assertEqual(refused.code, 2)
        self.assertIn("clusters: 1, families: 0", refused.said)
        self.assertEqual(Run(aws, "--yes", "--i-know", "--only", "defaulted-mode").code, 0)
        self.assertEqual(len(aws.call("ecs", "ListClusters")["clusterArns"]), 1)

    def test_nothing_is_created_without_an_agreement(self):
        aws = account("000000000153")
        writes = []
        for ask, code in [(None, 64), (lambda question: "no", 0)]:
            run = Run(aws, ask=ask, on_call=lambda operation, moment: writes.append(operation) if operation in CREATIONS else None)
            self.assertEqual((run.code, run.journals, writes), (code, [], []))
        self.assertEqual(Run(aws, "--only", "defaulted-mode", ask=lambda question: "yes").code, 0)

    def test_a_fault_of_a_probe_ends_neither_the_trial_nor_the_removal(self):
        aws = account("000000000154")

        def fail():
            raise ZeroDivisionError("in account 000000000154")

        run = Run(aws, "--yes", "--only", "defaulted-mode", "--only", "registered-by",
                  on_call=At(1, "after", fail, {"ecs:RegisterTaskDefinition"}))
        self.assertEqual(run.code, 0)
        self.assertEqual(verdicts(run), {"defaulted-mode": NOT_ANSWERED, "registered-by": "yes"})
        self.assertTrue("the probe failed: ZeroDivisionError: in account <account>" in run.report)
        self.assertEqual(left(aws), [])

    def test_an_endpoint_that_lacks_calls_ends_only_the_affected_probes(self):
        aws = account("test", os.environ["LOGWEIR_TEST_MOTO"])
        probes = ["unknown-members", "platform-version", "default-log-driver-mode", "missing-log-group", "trail-record"]
        run = Run(aws, "--yes", "--i-know", *(word for name in probes for word in ("--only", name)))
        self.assertEqual(run.code, 0, run.said)
        answered = [name for name, verdict in verdicts(run).items() if verdict not in (NOT_ANSWERED, NOT_ANSWERABLE)]
        self.assertEqual(answered, ["unknown-members", "missing-log-group"])
        self.assertEqual([name for name in left(aws) if run.name in name], [])

    def test_a_skipped_probe_is_not_run(self):
        run = Run(account("000000000155"), "--yes", "--skip-trail", "--skip-role", "--only", "trail-record",
                  "--only", "stream-prefix-on-fargate", "--only", "throttling")
        self.assertEqual(verdicts(run), {
            "trail-record": NOT_RUN, "stream-prefix-on-fargate": NOT_RUN, "throttling": NOT_ANSWERABLE})

    def test_a_revision_of_another_principal_is_reported_and_not_removed(self):
        aws = account("000000000156")

        def copy():
            [arn] = aws.call("ecs", "ListTaskDefinitions")["taskDefinitionArns"]
            copied = aws.call("ecs", "DescribeTaskDefinition", {"taskDefinition": arn})["taskDefinition"]
            aws.call("ecs", "RegisterTaskDefinition", {name: copied[name] for name in ("family", "containerDefinitions")})

        # The answer of the registration is lost too, so that only the label and the number tell the two apart.
        def copied_and_lost():
            aws.on_call = lambda operation, moment: None
            copy()
            raise KeyboardInterrupt

        run = Run(aws, "--yes", "--only", "defaulted-mode", on_call=At(1, "after", copied_and_lost, {"ecs:RegisterTaskDefinition"}))
        [remaining] = aws.call("ecs", "ListTaskDefinitions")["taskDefinitionArns"]
        self.assertTrue(remaining.endswith(":2"), remaining)
        self.assertIn("not removed: " + remaining, run.said)
        self.assertIn(f"aws ecs deregister-task-definition --task-definition {remaining.rpartition('/')[2]} --region {REGION}", run.said)
        self.assertFalse(json.loads(run.report)["removed"])

    def test_the_program_itself_runs_and_refuses_to_run_unasked(self):
        folder = scratch()

        def program(*options):
            env = os.environ | {"AWS_ENDPOINT_URL": os.environ["LOGWEIR_TEST_MINISTACK"], "AWS_ACCESS_KEY_ID": "000000000157"}
            command = [sys.executable, ROOT / "trial", "--only", "unknown-mode", "--folder", folder, *options]
            return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)

        refused, ended = program(), program("--yes")
        self.assertEqual((refused.returncode, refused.stdout), (64, ""))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        [report] = folder.iterdir()
        self.assertEqual(report.suffix, ".json")
        self.assertIn("unknown-mode: ", ended.stdout)


def recorded(on):
    """Turns the emulator's CloudTrail on or off."""
    body = json.dumps({"cloudtrail._recording_enabled": on}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ["LOGWEIR_TEST_MINISTACK"] + "/_ministack/config", body)).close()


if __name__ == "__main__":
    unittest.main()
