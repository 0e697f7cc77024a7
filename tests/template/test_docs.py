"""The documentation describes the tests and the stack correctly and completely."""

import json
import re
import unittest

from deployed import ROOT, of_type, properties
import reference

SECURITY = (ROOT / "docs/security.md").read_text()
METRICS = (ROOT / "docs/reference/metrics.md").read_text()


def tests_named(text):
    """`FILE::NAME`, as security.md names a test."""
    return re.findall(r"`([\w/.-]+\.(?:rs|py))::(\w+)`", text)


def threats():
    """The sections of the answered threats, by heading."""
    [answered] = re.findall(r"(?ms)^## Threats and answers\n(.*?)^## ", SECURITY)
    _, *sections = re.split(r"(?m)^### ", answered)
    return dict(section.split("\n", 1) for section in sections)


def rows(heading):
    """The first cells of the table below a heading of docs/reference/metrics.md, without their marks."""
    [section] = re.findall(rf"(?ms)^## {heading}\n(.*?)(?=^## |\Z)", METRICS)
    return re.findall(r"(?m)^\| `([^`]+)` \| ", section)


def anchor(heading):
    """The anchor that GitHub generates."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


class Security(unittest.TestCase):
    def test_each_named_test_exists(self):
        self.assertGreater(len(tests_named(SECURITY)), 60)
        for file, name in tests_named(SECURITY):
            with self.subTest(file, name=name):
                self.assertTrue((ROOT / file).is_file())
                self.assertTrue(re.search(rf"\b(?:fn|def) {name}\b", (ROOT / file).read_text()))

    def test_each_answer_names_a_test(self):
        self.assertGreater(len(threats()), 10)
        for threat, answer in threats().items():
            with self.subTest(threat):
                self.assertTrue(tests_named(answer))

    def test_each_writing_permission_on_everything_is_explained(self):
        [section] = re.findall(r"(?ms)^### What IAM cannot narrow.*?\n(.*?)^## ", SECURITY)
        for role in "RemediatorRole", "BackoutRole":
            [policy] = properties(role)["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement.get("Resource") == "*" and "Condition" not in statement:
                    for action in statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]:
                        if not re.search(r":(List|Describe(?!TaskDefinition))", action):
                            with self.subTest(role, action=action):
                                self.assertIn(f"**`{action}` on everything.**", section)

    def test_its_policy_is_valid_json_and_names_existing_functions(self):
        [policy] = [json.loads(text) for text in re.findall(r"(?ms)^```json\n(.*?)^```", SECURITY)]
        [called, asked, used] = [statement["Resource"] for statement in policy["Statement"]]
        names = [properties(function)["FunctionName"]["Fn::Sub"] for function in ("RemediatorFunction", "BackoutFunction")]
        wanted = [f"arn:aws:lambda:*:*:function:{name.replace('${AWS::StackName}', '*logweir*')}*" for name in names]
        self.assertEqual([called, asked], wanted)
        self.assertNotIn("RoleName", properties("RemediatorRole"))
        self.assertEqual(used, "arn:aws:sqs:*:*:*logweir-*")
        # CloudFormation names the dead-letter queue STACK-DeadLetters-RANDOM.
        self.assertEqual(properties("Work")["QueueName"], {"Fn::Sub": "${AWS::StackName}-work"})
        self.assertNotIn("QueueName", properties("DeadLetters"))


class Metrics(unittest.TestCase):
    def test_the_table_lists_exactly_the_alarms(self):
        self.assertEqual(sorted(rows("Alarms")), sorted(of_type("AWS::CloudWatch::Alarm")))

    def test_the_table_lists_exactly_the_saved_queries(self):
        queries = of_type("AWS::Logs::QueryDefinition").values()
        saved = [query["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}/") for query in queries]
        self.assertEqual(sorted(rows("Saved queries")), sorted(saved))


class Parameters(unittest.TestCase):
    def test_the_reference_page_repeats_the_template(self):
        page = (ROOT / "docs/reference/parameters.md").read_text()
        self.assertEqual(page, reference.page(reference.TEMPLATE.read_text()), "make bless writes the page anew")


class Links(unittest.TestCase):
    def test_each_link_has_an_existing_target(self):
        pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        self.assertGreater(len(pages), 10)
        for page in pages:
            for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
                path, _, fragment = target.partition("#")
                to = page.parent / path if path else page
                with self.subTest(page.name, target=target):
                    self.assertTrue(to.exists())
                    if fragment:
                        headings = re.findall(r"(?m)^#+ (.+)$", to.read_text())
                        anchors = [anchor(heading) for heading in headings] + re.findall(r'<a id="([^"]+)">', to.read_text())
                        self.assertIn(fragment, anchors)


if __name__ == "__main__":
    unittest.main()
