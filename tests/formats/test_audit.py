"""The formats of `logweir audit`, read by the parsers of others, and its page, opened in headless Chromium."""

import csv
import functools
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

FORMATS = ("text", "json", "sarif", "junit", "csv", "markdown", "ocsf", "asff", "html")
SITUATIONS = {"fine": dict(families=8), "attacked": dict(families=8, attack=reports.ATTACK, denied=("ListTasks",))}

# The size of the page of a small account, in bytes.
LARGEST = 100_000


@functools.cache
def audit(situation):
    """The outputs of an audit: the bytes of each format, and the exit code as `exit`."""
    server = account.Account(**SITUATIONS[situation])
    folder = pathlib.Path(reports.FOLDER.name) / f"audit-{situation}"
    folder.mkdir()
    outputs = [argument for name in FORMATS for argument in ("--output", f"{name}={folder / name}")]
    ran = reports.run(folder, "audit", "--no-cache", "--details", *outputs, more={
        "AWS_ENDPOINT_URL": server.url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret"})
    assert ran.returncode in (1, 2), ran
    return {name: (folder / name).read_bytes() for name in FORMATS} | {"exit": ran.returncode, "folder": folder}


def findings(situation):
    """Each finding with its revision."""
    revisions = json.loads(audit(situation)["json"])["revisions"]
    return [(revision, finding) for revision in revisions for finding in revision["findings"]]


class AuditFormats(unittest.TestCase):
    def test_what_runs_is_found_in_each_format(self):
        for situation in SITUATIONS:
            found = findings(situation)
            self.assertTrue(any("running" in revision["scopes"] for revision, _ in found))
            rows = list(csv.DictReader(io.StringIO(audit(situation)["csv"].decode(), newline=""), strict=True))
            rows = [row for row in rows if row["kind"] == "finding"]
            self.assertEqual([row["rule"] for row in rows], [finding["rule"] for _, finding in found])
            self.assertEqual([row["scopes"] for row in rows], [", ".join(revision["scopes"]) for revision, _ in found])
            events = json.loads(audit(situation)["ocsf"])
            for event, (revision, _) in zip(events, found, strict=True):
                ComplianceFinding.model_validate(event)
                self.assertEqual(event["unmapped"]["scopes"], revision["scopes"])

    def test_the_logs_and_calls_are_valid(self):
        validator = jsonschema.Draft7Validator(sarif_schema.schema(), format_checker=jsonschema.FormatChecker())
        model = botocore.session.get_session().get_service_model("securityhub")
        shape = model.operation_model("BatchImportFindings").input_shape
        for situation in SITUATIONS:
            log = json.loads(audit(situation)["sarif"])
            self.assertEqual([error.message for error in validator.iter_errors(log)], [])
            self.assertEqual(log["runs"][0]["automationDetails"]["id"], "logweir/audit/")
            self.assertEqual(log["runs"][0]["invocations"][0]["executionSuccessful"], situation == "fine")
            for line in audit(situation)["asff"].splitlines():
                problems = botocore.validate.ParamValidator().validate(json.loads(line), shape)
                self.assertFalse(problems.has_errors(), problems.generate_report())

    def test_nothing_secret_and_no_command_of_a_terminal_is_in_an_output(self):
        for name, content in audit("attacked").items():
            self.assertNotIn("CANARY", str(content), name)
        for name in ("text", "markdown", "csv", "html", "junit"):
            text = audit("attacked")[name].decode()
            self.assertNotIn("\x1b", text, name)
            self.assertNotIn("\u202e", text, name)


class AuditPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for situation in SITUATIONS:
            audit(situation)
        cls.page = chromium.tab()

    def open(self, situation):
        path = audit(situation)["folder"] / "page.html"
        path.write_bytes(audit(situation)["html"])
        self.page.open(path)

    def test_the_page_asks_for_nothing_and_nothing_in_it_becomes_an_element(self):
        for situation in SITUATIONS:
            self.assertLess(len(audit(situation)["html"]), LARGEST)
            self.open(situation)
            self.page.assert_quiet(self)
            found = self.page.value("document.querySelectorAll('script, img, iframe, [onerror], [style]').length")
            self.assertEqual(found, 1, "only the script of the page")

    def test_a_denied_call_stands_before_the_numbers(self):
        self.open("attacked")
        self.assertEqual(self.page.value("document.querySelector('main > section').id"), "coverage")
        self.assertIn("ListTasks", self.page.value("document.querySelector('.notice').textContent"))
        self.open("fine")
        self.assertNotEqual(self.page.value("document.querySelector('main > section').id"), "coverage")

    def test_a_family_has_a_line_that_opens_to_its_findings(self):
        self.open("fine")
        lines = self.page.value("[...document.querySelectorAll('#rows > details')].map(one => one.textContent)")
        self.assertEqual(len(lines), 8)
        rules = {(revision["family"], finding["rule"]) for revision, finding in findings("fine")}
        for family, rule in rules:
            self.assertTrue(any(family in line and rule in line for line in lines), (family, rule))

    def test_the_filters_choose_families(self):
        self.open("fine")
        for name, value, expected in (("scope", "running", 4), ("text", "web-2", 1), ("text", "no such", 0)):
            self.page.value(f"""(() => {{
              const form = document.getElementById("filters");
              form.reset();
              form.elements["{name}"].value = "{value}";
              form.dispatchEvent(new Event("input"));
            }})()""")
            rows = self.page.value("[...document.querySelectorAll('#rows > details')].filter(one => !one.hidden).length")
            self.assertEqual(rows, expected, (name, value))

    def test_texts_have_enough_contrast(self):
        for media in ({"features": [{"name": "prefers-color-scheme", "value": "light"}]},
                      {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}, {"media": "print"}):
            with self.subTest(media=media):
                self.page.call("Emulation.setEmulatedMedia", **{"media": "", "features": []} | media)
                self.open("attacked")
                self.page.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
                self.assertEqual(self.page.value(chromium.CONTRAST), [])
        self.page.call("Emulation.setEmulatedMedia", media="", features=[])

    def test_a_narrow_window_needs_no_sideways_scrolling(self):
        for width in (360, 1280):
            self.page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
            self.open("attacked")
            self.page.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            self.assertLessEqual(self.page.value("document.documentElement.scrollWidth"), width)
        self.page.call("Emulation.clearDeviceMetricsOverride")


if __name__ == "__main__":
    unittest.main()
