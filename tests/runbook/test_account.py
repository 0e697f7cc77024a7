"""`logweir runbook` on a whole emulated account: each verdict, and what a missing right does to the verdicts."""

import collections
import json
import os
import pathlib
import subprocess
import unittest
import urllib.request

from account import ACCOUNT, REGION, Account
from proxy import Proxy

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
        Account(upstream)
        cls.proxy = Proxy(upstream, {"DescribeCapacityProviders": PROVIDERS})
        cls.addClassCleanup(cls.proxy.close)
        cls.code, cls.sheet = cls.runbook()
        cls.operations = sorted(cls.proxy.seen)

    @classmethod
    def runbook(cls, depth="trail"):
        command = [PROGRAM, "--endpoint-url", cls.proxy.url, "runbook", "--depth", depth, "--format", "json"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_ENDPOINT", "LOGWEIR_"))}
        ended = subprocess.run(command, env=environment, capture_output=True, check=False)
        if ended.returncode not in (0, 1, 2):
            raise AssertionError(ended.stderr.decode())
        return ended.returncode, json.loads(ended.stdout) if ended.stdout else None

    def test_each_rule_gives_each_resource_the_expected_verdict(self):
        found = verdicts(self.sheet)
        self.maxDiff = None
        self.assertEqual(EXPECTED, found)

    def test_something_fails_and_everything_was_read(self):
        self.assertEqual(1, self.code)
        self.assertEqual([], self.sheet["coverage"]["not_checked"])

    def test_each_decision_has_evidence_with_its_operation_and_member(self):
        for requirement, result in results(self.sheet):
            if result["verdict"] not in ("pass", "fail", "advice"):
                continue
            evidence = result["evidence"]
            with self.subTest(requirement=requirement, rule=result["rule"]):
                self.assertRegex(evidence["source"], r"^[a-z0-9-]+:[A-Z]\w+$")
                self.assertRegex(evidence["member"], "^(/|$)")

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
                rights = {each["right"] for each in sheet["coverage"]["account"]["missing_rights"]}
                new = collections.Counter(results_as_keys(sheet)) - whole
                worse = [key for key in new if key[-1] not in ("not-checked", "undecidable")]
                self.assertEqual([], worse, "a verdict that the whole account does not have")
                self.assertTrue(new or sheet["coverage"]["errors"], "no rule is unchecked")
                self.assertIn(":".join(named(operation)), rights)
                lost = {key[1] for key in whole} - {key[1] for key in results_as_keys(sheet)}
                self.assertLessEqual(lost, set(sheet["coverage"]["not_checked"]), "a rule without a result")
                unaffected.append(operation)
        self.assertGreater(len(unaffected), 20)


def named(operation):
    """Returns the operation as a policy names it."""
    service, name = operation
    return {"tagging": "tag", "monitoring": "cloudwatch"}.get(service, service), name


def results(sheet):
    for requirement in sheet["requirements"]:
        for result in requirement["results"]:
            yield requirement["id"], result


def results_as_keys(sheet):
    for requirement, result in results(sheet):
        resource = result["resource"]
        yield requirement, result["rule"], resource["kind"], resource["name"], resource["container"], result["verdict"]


def verdicts(sheet):
    """Returns the verdicts by requirement and rule. Identifiers that moto draws at random are left out."""
    found = {}
    for requirement, result in results(sheet):
        resource = result["resource"]
        name = resource["name"].split("/")[-1]
        drawn = name.startswith(("vpc-", "fl-"))
        line = f"{resource['kind']} {'…' if drawn else name}: {result['verdict']}"
        found.setdefault(f"{requirement} {result['rule']}", []).append(line)
    return {rule: sorted(lines) for rule, lines in sorted(found.items())}


if __name__ == "__main__":
    unittest.main()
