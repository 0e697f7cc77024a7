"""The formats of CI services: JUnit, the annotations and the step summary of GitHub, and the code quality of GitLab."""

import json
import re
import unittest
import xml.etree.ElementTree as ElementTree

import junitparser
import reports

UNESCAPED = {"%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ",", "%25": "%"}


def unescaped(text):
    return re.sub("%(0A|0D|3A|2C|25)", lambda found: UNESCAPED[found.group()], text)


def commands(text):
    """Reads workflow commands as the runner of GitHub Actions does (actions/runner, ActionCommand.TryParseV2)."""
    for line in text.splitlines():
        if not (found := re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)):
            raise AssertionError(f"not a command: {line!r}")
        kind, properties, message = found.groups()
        pairs = dict(pair.split("=", 1) for pair in properties.split(","))
        yield kind, {name: unescaped(value) for name, value in pairs.items()}, unescaped(message)


class JUnit(unittest.TestCase):
    def test_a_parser_counts_each_finding_once(self):
        for situation in ("hostile", "fine", "broken", "many"):
            with self.subTest(situation):
                suites = junitparser.JUnitXml.fromstring(reports.report(situation)["junit"])
                cases = [case for suite in suites for case in suite]
                results = [type(result).__name__ for case in cases for result in case.result]
                faults = [finding for _, finding in reports.decided(situation) if not finding["exempt"]]
                self.assertEqual(results.count("Failure"), len(faults))
                self.assertEqual(results.count("Error"), reports.data(situation)["summary"]["errors"])
                self.assertEqual((suites.tests, suites.failures, suites.errors), (len(cases), len(faults), results.count("Error")))
                for suite in suites:
                    self.assertEqual(len({case.name for case in suite}), suite.tests)

    def test_a_target_without_findings_has_a_test_that_passes(self):
        suites = junitparser.JUnitXml.fromstring(reports.report("fine")["junit"])
        passed = [case for suite in suites for case in suite if case.is_passed and not case.result]
        self.assertEqual(len(passed), 1)

    def test_names_keep_their_characters(self):
        root = ElementTree.fromstring(reports.report("hostile")["junit"])
        names = " ".join(case.get("name") for case in root.iter("testcase"))
        self.assertIn("(<script>alert(1)</script>)", names)
        self.assertIn("ünïcode 😀", names)


class GitHub(unittest.TestCase):
    def test_each_line_is_one_command_about_one_finding(self):
        found = [(target, finding) for target, finding in reports.decided("hostile") if not finding["exempt"]]
        read = list(commands(reports.report("hostile")["github"].decode()))
        self.assertEqual(len(read), len(found))
        kinds = [kind for kind, _, _ in read]
        self.assertEqual(kinds, sorted(kinds, key=["error", "warning", "notice"].index))
        expected = sorted((finding["rule"], reports.path(target), str(finding["place"]["line"])) for target, finding in found)
        self.assertEqual(sorted((pairs["title"].removeprefix("logweir: "), pairs["file"], pairs["line"])
                                for _, pairs, _ in read), expected)

    def test_an_error_is_an_annotation_and_a_good_file_is_none(self):
        [(kind, pairs, message)] = commands(reports.report("broken")["github"].decode())
        self.assertEqual((kind, pairs["file"], pairs["line"]), ("error", "web.json", "2"))
        self.assertIn("not JSON", message)
        self.assertEqual(reports.report("fine")["github"], b"")

    def test_the_summary_is_small_enough_and_starts_no_element(self):
        for situation in ("hostile", "many"):
            for name in ("github-summary", "markdown"):
                text = reports.report(situation)[name].decode()
                self.assertLess(len(text.encode()), 1 << 20)
                without_code = re.sub("`[^`\n]*`", "", text)
                self.assertNotRegex(without_code, "<[a-zA-Z/!]")

    def test_every_row_of_a_table_has_the_cells_of_its_header(self):
        tables = re.findall(r"(?m)(?:^\|.*\n)+", reports.report("hostile")["markdown"].decode())
        self.assertGreaterEqual(len(tables), 3)
        for table in tables:
            cells = {len(re.split(r"(?<!\\)\|", row)) for row in table.splitlines()}
            self.assertEqual(len(cells), 1, table)


class GitLab(unittest.TestCase):
    def test_the_report_has_the_documented_form(self):
        for situation in ("hostile", "fine", "many"):
            issues = json.loads(reports.report(situation)["gitlab"])
            counted = [(target, finding) for target, finding in reports.decided(situation) if not finding["exempt"]]
            self.assertEqual(len(issues), len(counted))
            self.assertEqual(len({issue["fingerprint"] for issue in issues}), len(issues))
            for issue, (target, finding) in zip(issues, counted):
                self.assertEqual(issue["check_name"], finding["rule"])
                self.assertIn(issue["severity"], ("info", "minor", "major", "critical", "blocker"))
                self.assertEqual(issue["location"]["path"], reports.path(target))
                self.assertEqual(issue["location"]["lines"]["begin"], finding["place"]["line"])
                self.assertTrue(issue["description"])


if __name__ == "__main__":
    unittest.main()
