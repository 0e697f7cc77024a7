"""The formats of `logweir runbook`, read by the parsers of others, and its page, opened in headless Chromium."""

import csv
import io
import json
import pathlib
import unittest

import account
import botocore.session
import botocore.validate
import chromium
import jsonschema
import reports
import sarif_schema
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

SITUATIONS = ("runbook-hostile", "runbook-fine")

# The size of the page of a small run, in bytes.
LARGEST = 200_000

STATUS = {"pass": "PASSED", "fail": "FAILED", "advice": "WARNING"}
STATUS_ID = {"pass": 1, "advice": 2, "fail": 3, "not-applicable": 99}


def sarif(situation):
    return json.loads(reports.runbook(situation)["sarif"])["runs"][0]


class Formats(unittest.TestCase):
    def test_a_row_of_csv_stands_for_a_result_or_an_error(self):
        for situation in SITUATIONS:
            text = reports.runbook(situation)["csv"].decode()
            rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
            found = reports.runbook_results(situation)
            results = [row for row in rows if row["row"] == "result"]
            self.assertEqual([row["fingerprint"] for row in results], [result["fingerprint"] for _, result in found])
            self.assertEqual(len(rows) - len(results), 1 if situation == "runbook-hostile" else 0)
            self.assertTrue(all(None not in row and None not in row.values() for row in rows))
            self.assertEqual(text.count("\n"), len(rows) + 1, "a row is one line")
            for field in (field for row in rows for field in row.values()):
                self.assertNotRegex(field, r"^\s*[=+\-@]")

    def test_a_log_of_sarif_is_valid_and_has_each_failure_at_its_place(self):
        validator = jsonschema.Draft7Validator(sarif_schema.schema(), format_checker=jsonschema.FormatChecker())
        for situation in SITUATIONS:
            log = json.loads(reports.runbook(situation)["sarif"])
            self.assertEqual([error.message for error in validator.iter_errors(log)], [])
            found = [one for one in reports.runbook_results(situation) if one[1]["verdict"] in ("fail", "advice")]
            run = sarif(situation)
            self.assertEqual(len(run["results"]), len(found))
            for result, (of, one) in zip(run["results"], found):
                place = one["place"]
                self.assertEqual(result["locations"][0]["physicalLocation"]["region"], {
                    "startLine": place["line"], "startColumn": place["column"], "endLine": place["end_line"],
                    "endColumn": place["end_column"]})
                self.assertEqual(result["level"], "error" if one["verdict"] == "fail" else "note")
                self.assertEqual(result["ruleId"], f"runbook-{of['id']}-{one['rule']}")
                self.assertEqual(run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"], result["ruleId"])
            self.assertEqual(run["invocations"][0]["executionSuccessful"], situation == "runbook-fine")

    def test_every_event_of_ocsf_fits_the_model(self):
        for situation in SITUATIONS:
            events = json.loads(reports.runbook(situation)["ocsf"])
            found = reports.runbook_results(situation)
            self.assertEqual(len(events), len(found))
            for event, (of, result) in zip(events, found):
                model = ComplianceFinding.model_validate(event)
                self.assertEqual((model.class_uid, model.finding_info.uid), (2003, result["fingerprint"]))
                self.assertEqual(event["compliance"]["status_id"], STATUS_ID.get(result["verdict"], 0))
                self.assertEqual(event["compliance"]["control"], of["id"])

    def test_botocore_accepts_each_line_of_asff_as_a_call(self):
        model = botocore.session.get_session().get_service_model("securityhub")
        shape = model.operation_model("BatchImportFindings").input_shape
        for situation in SITUATIONS:
            batches = [json.loads(line) for line in reports.runbook(situation)["asff"].splitlines()]
            for batch in batches:
                problems = botocore.validate.ParamValidator().validate(batch, shape)
                self.assertFalse(problems.has_errors(), problems.generate_report())
                self.assertLessEqual(len(batch["Findings"]), 100)
            findings = [finding for batch in batches for finding in batch["Findings"]]
            found = reports.runbook_results(situation)
            self.assertEqual(len({finding["Id"] for finding in findings}), len(found))
            for finding, (_, result) in zip(findings, found):
                self.assertEqual(finding["Compliance"]["Status"], STATUS.get(result["verdict"], "NOT_AVAILABLE"))
                self.assertLessEqual(len(finding["Compliance"].get("RelatedRequirements", [])), 32)
                self.assertLessEqual(len(finding["Title"]), 256)

    def test_nothing_secret_is_in_any_output(self):
        for name, content in reports.runbook("runbook-hostile").items():
            for secret in reports.SECRETS:
                self.assertNotIn(secret, str(content), name)

    def test_no_output_for_people_has_a_control_character(self):
        for name in ("text", "markdown", "csv", "html"):
            text = reports.runbook("runbook-hostile")[name].decode()
            for character in ("\x1b", "\x00", "\u202e", "\n::error"):
                self.assertNotIn(character, text, name)


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = account.Account(families=4, attack=reports.ATTACK, denied=("ListAccountSettings",))
        cls.folder = pathlib.Path(reports.FOLDER.name) / "runbook-account"
        cls.folder.mkdir()
        outputs = [argument for name in reports.RUNBOOK_FORMATS for argument in ("--output", f"{name}={cls.folder / name}")]
        ran = reports.run(cls.folder, "runbook", *outputs, more={
            "AWS_ENDPOINT_URL": cls.server.url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret"})
        assert ran.returncode == 2, ran

    def read(self, name):
        return (self.folder / name).read_text()

    def results(self):
        return [result for of in json.loads(self.read("json"))["requirements"] for result in of["results"]]

    def test_a_live_resource_has_its_type_its_account_and_its_region(self):
        model = botocore.session.get_session().get_service_model("securityhub")
        shape = model.operation_model("BatchImportFindings").input_shape
        types = set()
        for batch in map(json.loads, self.read("asff").splitlines()):
            problems = botocore.validate.ParamValidator().validate(batch, shape)
            self.assertFalse(problems.has_errors(), problems.generate_report())
            for finding in batch["Findings"]:
                types.add(finding["Resources"][0]["Type"])
                self.assertEqual((finding["AwsAccountId"], finding["Region"]), ("111122223333", "eu-west-1"))
        self.assertLessEqual({"AwsEcsTaskDefinition", "AwsEcsService", "AwsEcsCluster", "AwsAccount"}, types)
        for event in json.loads(self.read("ocsf")):
            ComplianceFinding.model_validate(event)
            self.assertEqual(event["cloud"]["account"]["uid"], "111122223333")

    def test_a_missing_right_is_in_each_output(self):
        for name in reports.RUNBOOK_FORMATS:
            self.assertIn("ecs:ListAccountSettings", self.read(name), name)

    def test_the_evidence_has_the_time_of_the_read(self):
        failing = [result for result in self.results() if result["verdict"] == "fail" and result["evidence"]]
        self.assertTrue(failing)
        self.assertTrue(all(result["evidence"]["time"] for result in failing))

    def test_the_page_names_the_account_and_asks_for_nothing(self):
        page = chromium.tab()
        path = self.folder / "page.html"
        path.write_text(self.read("html"))
        page.open(path)
        page.assert_quiet(self)
        self.assertIn("111122223333", page.value("document.querySelector('.facts').textContent"))
        self.assertIn("ecs:ListAccountSettings", page.value("document.querySelector('.notice.error').textContent"))


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for situation in SITUATIONS:
            reports.runbook(situation)
        cls.page = chromium.tab()

    def open(self, situation):
        path = reports.FOLDERS[situation] / "page.html"
        path.write_bytes(reports.runbook(situation)["html"])
        self.page.open(path)

    def test_the_page_asks_for_nothing_and_complains_of_nothing(self):
        for situation in SITUATIONS:
            self.assertLess(len(reports.runbook(situation)["html"]), LARGEST)
            self.open(situation)
            self.page.assert_quiet(self)

    def test_nothing_from_a_file_becomes_an_element(self):
        self.open("runbook-hostile")
        self.assertEqual(self.page.value("document.querySelectorAll('script, img, iframe, [onerror], [style]').length"), 1)
        self.assertIn("<script>alert(1)</script>", self.page.value("document.body.textContent"))

    def test_the_page_says_as_much_about_what_was_not_checked_as_about_failures(self):
        self.open("runbook-hostile")
        found = [result["verdict"] for _, result in reports.runbook_results("runbook-hostile")]
        self.assertIn(f"{found.count('not-checked')} results were not checked", self.page.value(
            "document.querySelector('.verdict').textContent"))
        cards = self.page.value("[...document.querySelectorAll('.card dd')].map(one => Number(one.textContent))")
        order = ("fail", "advice", "undecidable", "not-checked", "pass", "not-applicable")
        self.assertEqual(cards, [found.count(verdict) for verdict in order])
        self.assertIn("broken.json", self.page.value("document.getElementById('coverage').textContent"))

    def test_the_page_has_the_evidence_of_each_failure_without_a_script(self):
        html = reports.runbook("runbook-hostile")["html"].decode()
        for _, result in reports.runbook_results("runbook-hostile"):
            if result["verdict"] == "fail":
                self.assertIn(result["evidence"]["member"], html)

    def test_the_filters_choose_findings(self):
        self.open("runbook-hostile")
        self.assertTrue(self.page.value("document.getElementById('filters').checkVisibility()"))
        for name, value, expected in (("verdict", "fail", None), ("text", "privileged-container", 1), ("text", "no such", 0)):
            self.page.value(f"""(() => {{
              const form = document.getElementById("filters");
              form.reset();
              form.elements["{name}"].value = "{value}";
              form.dispatchEvent(new Event("input"));
            }})()""")
            rows = self.page.value("""[...document.querySelectorAll('tr[data-verdict]')]
              .filter(row => row.checkVisibility()).map(row => row.dataset.verdict)""")
            if expected is None:
                self.assertEqual(set(rows), {value})
            else:
                self.assertEqual(len(rows), expected)

    def test_texts_have_enough_contrast(self):
        for media in ({"features": [{"name": "prefers-color-scheme", "value": "light"}]},
                      {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}, {"media": "print"}):
            with self.subTest(media=media):
                self.page.call("Emulation.setEmulatedMedia", **{"media": "", "features": []} | media)
                self.open("runbook-hostile")
                self.page.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
                self.assertEqual(self.page.value(chromium.CONTRAST), [])
        self.page.call("Emulation.setEmulatedMedia", media="", features=[])

    def test_a_narrow_window_needs_no_sideways_scrolling(self):
        for width in (360, 1280):
            self.page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
            self.open("runbook-hostile")
            self.page.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            self.assertLessEqual(self.page.value("document.documentElement.scrollWidth"), width)
        self.page.call("Emulation.clearDeviceMetricsOverride")

    def test_a_printed_page_shows_the_evidence_and_no_controls(self):
        self.open("runbook-hostile")
        self.page.call("Emulation.setEmulatedMedia", media="print", features=[])
        hidden = self.page.value("""[...document.querySelectorAll('tr[data-verdict="fail"] .evidence td')]
          .filter(one => one.getBoundingClientRect().height === 0).length""")
        self.assertEqual(hidden, 0)
        self.assertFalse(self.page.value("document.getElementById('filters').checkVisibility()"))
        self.page.call("Emulation.setEmulatedMedia", media="", features=[])

    def test_each_table_and_control_has_a_name(self):
        self.open("runbook-hostile")
        self.assertEqual(self.page.value("document.querySelectorAll('h1').length"), 1)
        self.assertEqual(self.page.value("document.querySelectorAll('th:not([scope])').length"), 0)
        self.assertEqual(self.page.value("[...document.querySelectorAll('input, select')].filter(one => !one.labels.length).length"), 0)


if __name__ == "__main__":
    unittest.main()
