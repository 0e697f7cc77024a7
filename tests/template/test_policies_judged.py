"""The answers of IAM to the requests of infra/policies/requests.md, as computed by a simulator."""

import json
import re
import subprocess
import unittest

from deployed import ROOT, TEMPLATE

import permissions
import sample

REQUESTS = ROOT / "infra/policies/requests.md"
SIMULATOR = ROOT / "infra/policies/simulate.cjs"
JUDGES = ROOT / "target/judges"
STACK = sample.Stack(sample.given(), TEMPLATE)
ACCOUNT = STACK.place["account"]


def rows():
    for line in REQUESTS.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0] not in ("answer", "---"):
            yield cells[:5]


def arn(service, short):
    """Returns the whole ARN for the column *resource*."""
    if short == "*" or short.startswith("arn:"):
        return short
    if short.startswith("@"):
        name, rest = re.fullmatch(r"@(\w+)(.*)", short).groups()
        return STACK.attribute(name, "Arn") + rest
    return f"arn:aws:iam::{ACCOUNT}:{short}" if service in ("iam", "sts") else STACK.arn(service, short)


def context(text):
    """Returns the context of the column *context*. The keys of tags follow from the tags."""
    pairs = (pair.split("=", 1) for pair in text.split(", ") if pair)
    context = {key: arn("", value) if value.startswith("@") else value for key, value in pairs}
    tags = [key.removeprefix("aws:RequestTag/") for key in context if key.startswith("aws:RequestTag/")]
    return context | ({"aws:TagKeys": tags} if tags else {})


def simulation(who, action, on, with_):
    """A request of a role, or of a service of AWS."""
    resource = arn(action.split(":")[0], on)
    role = permissions.ROLES.get(who)
    own = f"arn:aws:sts::{ACCOUNT}:assumed-role/{STACK.name_of(role)}/function" if role else f"{who}.amazonaws.com"
    return {
        "request": {
            "principal": own, "action": action, "resource": {"resource": resource, "accountId": ACCOUNT},
            "contextVariables": context(with_),
        },
        "identityPolicies": [{"name": who, "policy": STACK.policy(role)}] if role else [],
        "resourcePolicy": policy_of_queue(resource),
        "serviceControlPolicies": [], "resourceControlPolicies": [],
    }


def policy_of_queue(resource):
    """The policy of a queue in the stack. None for any other resource."""
    queues = {arn("sqs", f"@{name}"): STACK.ref(name) for name in STACK.resources if STACK.type_of(name) == "AWS::SQS::Queue"}
    policies = [
        each["Properties"] for each in STACK.resources.values()
        if each["Type"] == "AWS::SQS::QueuePolicy" and queues.get(resource) in each["Properties"]["Queues"]
    ]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def judged(simulations):
    run = subprocess.run(
        ["node", SIMULATOR, JUDGES], input=json.dumps(simulations), capture_output=True, text=True, check=False,
    )
    if run.returncode:
        raise AssertionError(f"the simulator failed; `make template` fetches it: {run.stderr}")
    return json.loads(run.stdout)


class TheAnswers(unittest.TestCase):
    def test_the_answers_match_the_table(self):
        table = list(rows())
        answers = judged([simulation(*row[1:]) for row in table])
        self.assertGreater(len(table), 40)
        for row, answer in zip(table, answers, strict=True):
            with self.subTest(" ".join(row[1:])):
                self.assertEqual(answer, row[0])

    def test_no_request_is_listed_twice(self):
        requests = [tuple(row[1:]) for row in rows()]
        self.assertEqual(sorted(requests), sorted(set(requests)))

    def test_every_writing_permission_of_a_role_is_requested_and_granted(self):
        given = {(row[1], row[2]) for row in rows() if row[0] == "yes"}
        for who, role in permissions.ROLES.items():
            for permission in permissions.needed(who, STACK.given):
                if not re.match(r"\w+:(Describe|List|Get|Query|CreateLogStream)", permission):
                    with self.subTest(who, permission=permission):
                        self.assertIn((who, permission), given)


class TheTagOfLogGroups(unittest.TestCase):
    """A role that may create a tagged group may also tag an existing one. So no permission may depend on that tag."""

    def test_no_permission_depends_on_the_tag_of_a_resource(self):
        for role in permissions.ROLES.values():
            self.assertNotIn("ResourceTag", json.dumps(STACK.policy(role)))

    def test_no_call_of_a_function_only_sets_a_tag(self):
        sets_a_tag = [row for row in permissions.calls() if row.name in ("TagResource", "UntagResource")]
        self.assertTrue(sets_a_tag, "the command line sets the tags of clusters and services")
        self.assertEqual([], [row for row in sets_a_tag if set(row.by) & set(permissions.ROLES)])


if __name__ == "__main__":
    unittest.main()
