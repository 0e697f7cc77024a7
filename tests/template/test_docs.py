"""What the documentation says of the tests and of the stack: nothing of it is made up, and nothing of it is left out."""

import json
import re
import unittest

from deployed import ROOT, of_type, properties

SECURITY = (ROOT / "docs/security.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()


def tests_named(text):
    """`FILE::NAME`, as security.md names a test."""
    return re.findall(r"`([\w/.-]+\.(?:rs|py))::(\w+)`", text)


def threats():
    """By heading: the sections of what is answered."""
    [answered] = re.findall(r"(?ms)^## Threats and answers\n(.*?)^## ", SECURITY)
    _, *sections = re.split(r"(?m)^### ", answered)
    return dict(section.split("\n", 1) for section in sections)


def rows(heading):
    """The first cells of the table below a heading of operations.md, without their marks."""
    [section] = re.findall(rf"(?ms)^## {heading}\n(.*?)(?=^## |\Z)", OPERATIONS)
    return re.findall(r"(?m)^\| `([^`]+)` \| ", section)


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


class Security(unittest.TestCase):
    def test_each_test_that_it_names_is_there(self):
        self.assertGreater(len(tests_named(SECURITY)), 60)
        for file, name in tests_named(SECURITY):
            with self.subTest(file, name=name):
                self.assertTrue((ROOT / file).is_file())
                self.assertTrue(re.search(rf"\b(?:fn|def) {name}\b", (ROOT / file).read_text()))

    def test_each_answer_names_a_test_that_holds_it(self):
        self.assertGreater(len(threats()), 10)
        for threat, answer in threats().items():
            with self.subTest(threat):
                self.assertTrue(tests_named(answer))

    def test_each_permission_on_everything_is_explained_unless_it_only_looks(self):
        [section] = re.findall(r"(?ms)^### What IAM cannot narrow.*?\n(.*?)^## ", SECURITY)
        for role in "RemediatorRole", "BackoutRole":
            [policy] = properties(role)["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement.get("Resource") == "*" and "Condition" not in statement:
                    for action in statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]:
                        if not re.search(r":(List|Describe(?!TaskDefinition))", action):
                            with self.subTest(role, action=action):
                                self.assertIn(f"**`{action}` on everything.**", section)

    def test_its_policy_can_be_read_and_is_about_functions_that_are_there(self):
        [policy] = [json.loads(text) for text in re.findall(r"(?ms)^```json\n(.*?)^```", SECURITY)]
        [called, asked, used] = [statement["Resource"] for statement in policy["Statement"]]
        names = [properties(function)["FunctionName"]["Fn::Sub"] for function in ("RemediatorFunction", "BackoutFunction")]
        wanted = [f"arn:aws:lambda:*:*:function:{name.replace('${AWS::StackName}', '*logweir*')}*" for name in names]
        self.assertEqual([called, asked], wanted)
        self.assertFalse({"QueueName", "RoleName"} & {key for name in ("Work", "RemediatorRole") for key in properties(name)})
        self.assertEqual(used, "arn:aws:sqs:*:*:*logweir-*")


class Operations(unittest.TestCase):
    def test_there_is_a_line_for_each_alarm_and_for_no_other(self):
        self.assertEqual(sorted(rows("Alarms")), sorted(of_type("AWS::CloudWatch::Alarm")))

    def test_there_is_a_line_for_each_saved_query_and_for_no_other(self):
        queries = of_type("AWS::Logs::QueryDefinition").values()
        saved = [query["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}/") for query in queries]
        self.assertEqual(sorted(rows("Saved queries")), sorted(saved))


class Links(unittest.TestCase):
    def test_each_leads_to_something_that_is_there(self):
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
                        self.assertIn(fragment, [anchor(heading) for heading in headings])


if __name__ == "__main__":
    unittest.main()
