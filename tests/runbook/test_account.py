"""`logweir runbook` on a whole emulated account: each verdict, and what a missing right does to the verdicts."""

import collections
import json
import os
import pathlib
import subprocess
import unittest
import urllib.request

from account import ACCOUNT, REGION
from proxy import Proxy
from wide import WideAccount, complete

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "target/debug/logweir"
EXPECTED = json.loads((pathlib.Path(__file__).parent / "expected.json").read_text())
# moto answers DescribeCapacityProviders without names with an error.
PROVIDERS = {"capacityProviders": [
    {"name": name, "capacityProviderArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:capacity-provider/{name}", "status": "ACTIVE",
     "autoScalingGroupProvider": {"managedTerminationProtection": protection}}
    for name, protection in (("kept", "ENABLED"), ("ended", "DISABLED"))
]}


class WholeAccount(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        upstream = os.environ["LOGWEIR_TEST_MOTO"]
        urllib.request.urlopen(urllib.request.Request(f"{upstream}/moto-api/reset", method="POST")).close()
        WideAccount(upstream)
        cls.proxy = Proxy(upstream, {"DescribeCapacityProviders": PROVIDERS}, complete)
        cls.addClassCleanup(cls.proxy.close)
        cls.code, cls.sheet = cls.runbook()
        cls.operations = sorted(cls.proxy.seen)

    @classmethod
    def runbook(cls, depth="trail"):
        command = [PROGRAM, "--endpoint-url", cls.proxy.url, "runbook", "--depth", depth, "--format", "json"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_ENDPOINT", "LOGWEIR_"))}
        ended = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)
        if ended.returncode not in (0, 1, 2):
            raise AssertionError(ended.stderr)
        cls.errors = ended.stderr
        return ended.returncode, json.loads(ended.stdout) if ended.stdout else None

    def test_each_rule_gives_each_resource_the_expected_verdict(self):
        found = verdicts(self.sheet)
        self.maxDiff = None
        self.assertEqual(EXPECTED, found)

    def test_something_fails_and_everything_was_read(self):
        self.assertEqual(1, self.code)
        self.assertEqual([], self.sheet["coverage"]["not_checked"])

    def test_each_verdict_has_evidence_with_its_operation_its_member_and_the_time_of_the_read(self):
        for requirement, result in results(self.sheet):
            evidence = result["evidence"]
            with self.subTest(requirement=requirement, rule=result["rule"], verdict=result["verdict"]):
                self.assertRegex(evidence["source"], r"^[a-z0-9-]+:[A-Z]\w+$")
                self.assertIn(tuple(evidence["source"].split(":")), [named(operation) for operation in self.operations])
                self.assertRegex(evidence["member"], "^(/|$)")
                self.assertIsNotNone(evidence["time"])

    def test_the_account_has_each_verdict_that_a_whole_account_can_have(self):
        counts = collections.Counter(result["verdict"] for _, result in results(self.sheet))
        self.assertEqual({"pass", "fail", "advice", "undecidable", "not-applicable"}, set(counts))
        for requirement in self.sheet["requirements"]:
            found = {result["verdict"] for result in requirement["results"]}
            with self.subTest(requirement=requirement["id"]):
                self.assertTrue(found - {"not-applicable"}, "nothing is judged")

    def test_the_results_of_two_runs_are_equal_and_in_one_order(self):
        _, again = self.runbook()
        self.assertEqual([results_as_keys(self.sheet)], [results_as_keys(again)])

    def test_no_output_has_the_value_of_a_variable(self):
        self.assertNotIn("CANARY", json.dumps(self.sheet))

    def test_a_denied_operation_leaves_its_rules_unchecked_and_every_other_verdict_as_it_was(self):
        whole = collections.Counter(results_as_keys(self.sheet))
        unaffected = []
        for operation in self.operations:
            with self.subTest(operation=operation):
                self.proxy.denied = operation
                code, sheet = self.runbook()
                self.proxy.denied = None
                self.assertEqual(2, code)
                if sheet is None:  # without a baseline, there is no verdict
                    self.assertIn(operation, [("sts", "GetCallerIdentity"), ("ssm", "GetParameter")])
                    continue
                right = ":".join(named(operation))
                account = sheet["coverage"]["account"]
                self.assertEqual([right], sorted({each["right"] for each in account["missing_rights"]}))
                self.assertEqual([], account["failed_reads"])
                self.assertIn(f"allow the caller {right}", self.errors)
                found = collections.Counter(results_as_keys(sheet))
                new, lost = found - whole, whole - found
                self.assertEqual([], [key for key in new if key[-1] != "not-checked"], "a verdict that is not of the account")
                self.assertTrue(new, "no rule is unchecked")
                # Each rule that lost a verdict says which right it needs.
                naming = {result["rule"] for _, result in results(sheet)
                          if result["verdict"] == "not-checked" and right in result["message"]}
                self.assertLessEqual({key[1] for key in lost}, naming, "a rule without a result that names the right")
                unaffected.append(operation)
        self.assertGreater(len(unaffected), 30)

    def test_a_read_that_fails_otherwise_is_no_missing_right(self):
        self.proxy.broken = {("cloudtrail", "GetTrailStatus"), ("ec2", "DescribeFlowLogs")}
        code, sheet = self.runbook()
        self.proxy.broken = set()
        self.assertEqual(2, code)
        account = sheet["coverage"]["account"]
        operations = ["cloudtrail:GetTrailStatus", "ec2:DescribeFlowLogs"]
        self.assertEqual([], account["missing_rights"])
        self.assertEqual(operations, sorted({each["operation"] for each in account["failed_reads"]}))
        self.assertNotIn("allow the caller", self.errors)
        reasons = {result["message"] for _, result in results(sheet) if result["verdict"] == "not-checked"}
        for operation in operations:
            self.assertTrue(any(f"because {operation} failed" in reason for reason in reasons), reasons)


def named(operation):
    """Returns the operation as a policy names it."""
    service, name = operation
    return {"tagging": "tag", "monitoring": "cloudwatch"}.get(service, service), name


def results(sheet):
    for requirement in sheet["requirements"]:
        for result in requirement["results"]:
            yield requirement["id"], result


def results_as_keys(sheet):
    keys = []
    for requirement, result in results(sheet):
        resource = result["resource"]
        keys.append((requirement, result["rule"], resource["kind"], resource["name"], resource["container"], result["verdict"]))
    return keys


def verdicts(sheet):
    """Returns the verdicts by requirement and rule. Identifiers that moto draws at random are left out."""
    found = {}
    for requirement, result in results(sheet):
        resource = result["resource"]
        name = resource["name"].split("/")[-1]
        drawn = resource["kind"] in ("vpc", "flow-log", "task")
        line = f"{resource['kind']} {'…' if drawn else name}: {result['verdict']}"
        found.setdefault(f"{requirement} {result['rule']}", []).append(line)
    return {rule: sorted(lines) for rule, lines in sorted(found.items())}


if __name__ == "__main__":
    unittest.main()
