"""SARIF, against the schema of OASIS and the demands of GitHub's code scanning."""

import json
import pathlib
import unittest
import urllib.parse

import jsonschema
import reports
import sarif_schema


def log(situation):
    return json.loads(reports.report(situation)["sarif"])


def applied(text, replacements):
    """The text after the replacements, which count lines and columns in characters."""
    lines = text.split("\n")
    for one in sorted(replacements, key=lambda one: (one["deletedRegion"]["startLine"], one["deletedRegion"]["startColumn"]),
                      reverse=True):
        region = one["deletedRegion"]
        first, last = region["startLine"] - 1, region["endLine"] - 1
        start, end = lines[first][:region["startColumn"] - 1], lines[last][region["endColumn"] - 1:]
        lines[first:last + 1] = (start + one["insertedContent"]["text"] + end).split("\n")
    return "\n".join(lines)


class Sarif(unittest.TestCase):
    def test_every_log_is_valid(self):
        validator = jsonschema.Draft7Validator(sarif_schema.schema(), format_checker=jsonschema.FormatChecker())
        for situation in ("hostile", "fine", "broken", "many"):
            errors = [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(log(situation))]
            self.assertEqual(errors, [], situation)

    def test_each_decided_finding_is_a_result_at_its_place(self):
        run = log("hostile")["runs"][0]
        self.assertEqual(run["columnKind"], "unicodeCodePoints")
        found = [(reports.path(target), finding) for target, finding in reports.decided("hostile")]
        self.assertEqual(len(run["results"]), len(found))
        self.assertGreater(len(found), 5)
        for result, (file, finding) in zip(run["results"], found):
            location = result["locations"][0]["physicalLocation"]
            self.assertEqual(urllib.parse.unquote(location["artifactLocation"]["uri"]), file)
            self.assertEqual(location["artifactLocation"]["uriBaseId"], "%SRCROOT%")
            place = finding["place"]
            self.assertEqual(location["region"], {"startLine": place["line"], "startColumn": place["column"],
                                                  "endLine": place["end_line"], "endColumn": place["end_column"]})
            self.assertEqual(result["ruleId"], finding["rule"])
            self.assertEqual(run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"], finding["rule"])
            self.assertEqual(result["level"], finding["severity"])
            self.assertEqual(result["partialFingerprints"]["logweir/v1"], finding["fingerprint"])
            self.assertEqual("suppressions" in result, finding["exempt"] is not None)
        self.assertTrue(any("suppressions" in result for result in run["results"]))

    def test_a_path_is_relative_and_encoded(self):
        uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                for result in log("hostile")["runs"][0]["results"]}
        self.assertEqual(uris, {"a%20b%25,%3A;&%3C'%C3%A9.json"})

    def test_unknown_values_are_notifications_and_not_results(self):
        run = log("hostile")["runs"][0]
        unknown = [finding for _, finding in reports.findings("hostile") if finding["decided"] == "unknown"]
        parts = [part for target in reports.data("hostile")["targets"] for part in target["unknown"]]
        notes = run["invocations"][0]["toolExecutionNotifications"]
        self.assertEqual(len(notes), len(unknown) + len(parts))
        self.assertTrue(run["invocations"][0]["executionSuccessful"])

    def test_a_run_with_an_error_is_not_successful(self):
        invocation = log("broken")["runs"][0]["invocations"][0]
        self.assertFalse(invocation["executionSuccessful"])
        levels = [notification["level"] for notification in invocation["toolExecutionNotifications"]]
        self.assertEqual(levels, ["error"])
        self.assertEqual(log("fine")["runs"][0]["results"], [])

    def test_the_fixes_write_what_logweir_fix_writes(self):
        results = log("hostile")["runs"][0]["results"]
        changes = {}
        for result in results:
            for fix in result.get("fixes", []):
                for one in fix["artifactChanges"][0]["replacements"]:
                    changes[json.dumps(one)] = one
        self.assertTrue(changes)
        folder = reports.FOLDERS["hostile"] / "work"
        name = "a b%,:;&<'é.json"
        text = (folder / name).read_text()
        fixed = reports.run(folder, "fix", name, "--baseline", str(reports.HERE / "hostile.toml"), "--region", "eu-west-1")
        self.assertEqual(applied(text, changes.values()), fixed.stdout.decode())

    def test_rules_have_what_code_scanning_shows(self):
        rules = log("fine")["runs"][0]["tool"]["driver"]["rules"]
        self.assertEqual(len(rules), len({rule["id"] for rule in rules}))
        for rule in rules:
            with self.subTest(rule["id"]):
                self.assertTrue(rule["fullDescription"]["text"].startswith("Finds "), rule["fullDescription"])
                self.assertTrue(rule["helpUri"].endswith("#" + rule["id"]))
                self.assertIn("security", rule["properties"]["tags"])
                self.assertTrue(0 < float(rule["properties"]["security-severity"]) <= 10)
                self.assertIn("\n", rule["help"]["markdown"])

    def test_nothing_secret_is_in_any_output(self):
        for name, content in reports.report("hostile").items():
            for secret in reports.SECRETS:
                self.assertNotIn(secret, str(content), name)
        self.assertTrue(all(secret in (pathlib.Path(reports.HERE) / "hostile.json").read_text() for secret in reports.SECRETS))


if __name__ == "__main__":
    unittest.main()
