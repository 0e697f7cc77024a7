"""The page of `logweir activity`, opened in headless Chromium: a month of calls, and calls whose every text is hostile."""

import datetime
import json
import pathlib
import random
import tempfile
import unittest

import chromium
import mmdb
import reports

ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e\u0007\u001b[31m"

COUNTRIES = {"1.1.0.0/16": "GB", "2.2.0.0/16": "IE", "9.9.0.0/16": "US", "8.8.0.0/16": "SG", "2a00::/16": "DE"}

# The size of the page beside its rows, in bytes.
LARGEST = 300_000

ROLE = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/"
CALLS = (("UpdateService", False), ("RegisterTaskDefinition", False), ("RunTask", False), ("ExecuteCommand", False),
         ("DescribeTasks", True), ("DescribeServices", True), ("ListTasks", True))


def record(number, when, chosen):
    """A record in CloudTrail's shape."""
    name, is_read = chosen.choice(CALLS)
    person = chosen.choice(("alice@example.org", "bob@example.org", "ci-runner"))
    return {
        "eventVersion": "1.11", "eventID": f"{number:08x}-0000-4000-8000-000000000000", "eventType": "AwsApiCall",
        "eventTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "eventSource": "ecs.amazonaws.com", "eventName": name,
        "awsRegion": "eu-west-1", "readOnly": is_read, "managementEvent": True, "recipientAccountId": "111122223333",
        "sourceIPAddress": chosen.choice(("1.1.3.4", "2.2.3.4", "9.9.3.4", "8.8.3.4", "2a00:1::1", "10.0.0.7", "AWS Internal")),
        "userAgent": chosen.choice(("aws-cli/2.30.1 md/awscrt#0.27", "APN/1.0 HashiCorp/1.0 Terraform/1.13.4", "Boto3/1.40.1")),
        "userIdentity": {"type": "AssumedRole", "arn": ROLE + person, "principalId": f"AROAEXAMPLE:{person}",
                         "accountId": "111122223333", "sessionContext": {
                             "sessionIssuer": {"type": "Role", "userName": "AWSReservedSSO_Admin_0123456789abcdef"},
                             "attributes": {"mfaAuthenticated": "false"}}},
        "tlsDetails": {"tlsVersion": chosen.choice(("TLSv1.3", "TLSv1.2", "TLSv1.1"))},
        "requestParameters": {"cluster": "production", "service": "checkout-api", "family": "checkout-api", "task": "0a1b2c"},
    } | ({"errorCode": "AccessDenied", "errorMessage": "not authorized"} if chosen.random() < 0.05 else {})


def month():
    chosen, start = random.Random(7), datetime.datetime(2026, 11, 1)
    return [record(number, start + datetime.timedelta(minutes=chosen.randrange(43_200)), chosen) for number in range(3_000)]


def attacked(value):
    """A record in which each text is hostile, except those by which Logweir finds and sorts records."""
    if isinstance(value, dict):
        kept = ("eventTime", "eventSource", "type")
        return {name: part if name in kept else attacked(part) for name, part in value.items()}
    return value + ATTACK if isinstance(value, str) else value


SITUATIONS = {
    "month": month,
    "attacked": lambda: [attacked(one) for one in month()[:200]]
    + [attacked(one) | {"eventName": one["eventName"]} for one in month()[:200]],
    "empty": list,
}


class Countries(unittest.TestCase):
    """The database of countries, as an option of the command line."""

    def run_with(self, database):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "records.json").write_text(json.dumps({"Records": month()[:50]}))
        (folder / "countries.mmdb").write_bytes(database)
        outputs = ("--output", "html=page.html", "--output", "json=report.json")
        ran = reports.run(folder, "activity", "records.json", "--geoip", "countries.mmdb", *outputs)
        return ran, sorted(path.name for path in folder.iterdir())

    def test_a_broken_database_ends_the_command_before_any_output(self):
        whole = mmdb.database("DBIP-Country-Lite", COUNTRIES)
        for broken in (b"", b"<html>", whole[:-40], whole[:len(whole) // 2]):
            ran, files = self.run_with(broken)
            self.assertEqual((ran.returncode, ran.stdout, files), (64, b"", ["countries.mmdb", "records.json"]), ran)
            self.assertIn(b"error: countries.mmdb: not a whole database in the MaxMind DB format: ", ran.stderr)

    def test_a_broken_record_of_the_database_is_named_and_the_report_is_written(self):
        whole = mmdb.database("DBIP-Country-Lite", COUNTRIES)
        code = mmdb.value("GB")
        ran, files = self.run_with(whole.replace(code, b"\xff" * len(code)))
        self.assertEqual(ran.returncode, 2, ran)
        self.assertIn(b"some addresses have no country", ran.stderr)
        self.assertEqual(files, ["countries.mmdb", "page.html", "records.json", "report.json"])

    def test_the_report_names_the_database_and_its_month(self):
        ran, _ = self.run_with(mmdb.database("DBIP-Country-Lite", COUNTRIES))
        self.assertEqual(ran.returncode, 0, ran)
        self.assertIn(b"countries: DBIP-Country-Lite of 2026-06 (IP Geolocation by DB-IP: https://db-ip.com/)", ran.stdout)


class ActivityPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.page, cls.paths, cls.reports = chromium.tab(), {}, {}
        for situation, records in SITUATIONS.items():
            folder = pathlib.Path(reports.FOLDER.name) / f"activity-{situation}"
            folder.mkdir()
            (folder / "records.json").write_text(json.dumps({"Records": records()}))
            (folder / "countries.mmdb").write_bytes(mmdb.database("DBIP-Country-Lite", COUNTRIES))
            ran = reports.run(folder, "activity", "records.json", "--geoip", "countries.mmdb", "--html", "page.html",
                              "--format", "json", "--time-zone", "Europe/London")
            assert ran.returncode == 0, ran
            cls.paths[situation], cls.reports[situation] = folder / "page.html", json.loads(ran.stdout)

    def open(self, situation):
        self.page.open(self.paths[situation])

    def column(self, section, index):
        return self.page.value(
            f"[...document.querySelectorAll('#{section} tbody tr')].map(row => row.cells[{index}].textContent)")

    def test_a_page_asks_for_nothing_and_complains_of_nothing(self):
        for situation in SITUATIONS:
            with self.subTest(situation):
                self.open(situation)
                self.page.assert_quiet(self)

    def test_nothing_from_a_record_becomes_an_element(self):
        self.open("attacked")
        count = self.page.value("document.querySelectorAll('script, img, iframe, object, [onerror], [style]').length")
        self.assertEqual(count, 1, "only the script of the page")
        text = self.page.value("document.body.textContent")
        self.assertIn("<script>alert(1)</script>", text)
        self.assertFalse(any(character in text for character in "\u202e\u0007\u001b"))

    def test_the_policy_refuses_another_script_and_another_style(self):
        self.open("month")
        self.assertEqual(self.page.value("""(() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'changed'";
          const style = document.createElement("style");
          style.textContent = "h1 { display: none }";
          document.body.append(script, style);
          return document.title + getComputedStyle(document.querySelector("h1")).display;
        })()"""), "Logweir activityblock")

    def test_the_page_has_the_numbers_of_the_json_output(self):
        self.open("month")
        report = self.reports["month"]
        calls = self.column("addresses", 2)
        self.assertEqual([int(text.replace(",", "")) for text in calls], [row["count"] for row in report["addresses"]])
        for row, text in zip(report["addresses"], self.column("addresses", 0), strict=True):
            self.assertIn(row["address"], text)
            self.assertTrue(all(example in text for example in row["examples"]))
        week = self.page.value("[...document.querySelectorAll('.week tbody td')].map(cell => cell.textContent)")
        self.assertEqual([int(text or 0) for text in week], [count for day in report["week"] for count in day])

    def test_the_map_has_a_shade_for_each_country(self):
        self.open("month")
        shown = self.page.value("[...document.querySelectorAll('.world [class] title')].map(title => title.textContent)")
        self.assertEqual(len(shown), len(self.reports["month"]["countries"]))
        self.assertTrue(any(text.startswith("Singapore: ") for text in shown), "a dot")

    def test_a_column_sorts_the_rows(self):
        self.open("month")
        before = self.column("addresses", 0)
        click = "document.querySelectorAll('#addresses th button')[{}].click()"
        self.page.value(click.format(0))
        by_name = self.column("addresses", 0)
        self.assertEqual(sorted(by_name), sorted(before))
        self.assertNotEqual(by_name, before)
        self.assertEqual(self.page.value("document.querySelectorAll('#addresses th[aria-sort=ascending]').length"), 1)
        self.page.value(click.format(2))
        numbers = [int(text.replace(",", "")) for text in self.column("addresses", 2)]
        self.assertEqual(numbers, sorted(numbers, reverse=True), "the first click on numbers shows the highest first")
        self.page.value(click.format(2))
        self.assertEqual([int(text.replace(",", "")) for text in self.column("addresses", 2)], sorted(numbers))

    def test_the_search_hides_rows(self):
        self.open("month")
        for words, some in (("2a00:1::1", True), ("TERRAFORM 10.0.0.7", True), ("no such text", False)):
            with self.subTest(words):
                self.page.value(f"""(() => {{
                  const field = document.querySelector("#filters input");
                  field.value = "{words}";
                  field.dispatchEvent(new Event("input", {{bubbles: true}}));
                }})()""")
                texts = self.page.value("[...document.querySelectorAll('.sortable tbody tr')]"
                                        ".map(row => [row.textContent.toLowerCase(), row.checkVisibility()])")
                fits = [all(word in text for word in words.lower().split()) for text, _ in texts]
                self.assertEqual([visible for _, visible in texts], fits)
                self.assertEqual(any(fits), some)
                self.assertEqual(self.page.value("document.getElementById('shown').value"), f"{sum(fits)} of {len(fits)} rows")

    def test_a_page_without_scripts_has_its_tables(self):
        self.page.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.open("month")
            document = self.page.call("DOM.getDocument")["root"]["nodeId"]
            html = self.page.call("DOM.getOuterHTML", nodeId=document)["outerHTML"]
        finally:
            self.page.call("Emulation.setScriptExecutionDisabled", value=False)
        self.assertIn("<form id=\"filters\" hidden", html)
        self.assertNotIn("<button", html, "no control without a function")
        for row in self.reports["month"]["addresses"]:
            self.assertIn(row["address"], html)

    def test_the_page_has_a_bounded_size(self):
        for situation, path in self.paths.items():
            self.assertLess(path.stat().st_size, LARGEST, situation)

    def test_every_control_table_and_picture_has_a_name(self):
        self.open("month")
        self.assertEqual(self.page.value("document.documentElement.lang"), "en")
        self.assertEqual(self.page.value("document.querySelectorAll('h1').length"), 1)
        for nameless in ("th:not([scope])", "svg[role=img]:not([aria-labelledby])", "[role=region]:not([aria-label])"):
            self.assertEqual(self.page.value(f"document.querySelectorAll('{nameless}').length"), 0, nameless)
        doubled = self.page.value("(ids => ids.length - new Set(ids).size)([...document.querySelectorAll('[id]')].map(one => one.id))")
        self.assertEqual(doubled, 0, "each identifier once")
        dead = self.page.value("[...document.querySelectorAll('a[href^=\"#\"]')].filter(one => !document.querySelector(one.hash)).length")
        self.assertEqual(dead, 0, "each link leads to a section")

    def test_texts_have_enough_contrast(self):
        for media in ({"features": [{"name": "prefers-color-scheme", "value": "light"}]},
                      {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}, {"media": "print"}):
            with self.subTest(media=media):
                self.page.call("Emulation.setEmulatedMedia", **{"media": "", "features": []} | media)
                self.open("month")
                self.page.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
                self.assertEqual(self.page.value(chromium.CONTRAST), [])
        self.page.call("Emulation.setEmulatedMedia", media="", features=[])

    def test_a_narrow_window_needs_no_sideways_scrolling(self):
        for width in (360, 390, 820, 1280):
            self.page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
            for situation in SITUATIONS:
                self.open(situation)
                self.page.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
                self.assertLessEqual(self.page.value("document.documentElement.scrollWidth"), width, situation)
        self.page.call("Emulation.clearDeviceMetricsOverride")

    def test_a_printed_page_has_no_controls(self):
        self.page.call("Emulation.setEmulatedMedia", media="print", features=[])
        self.open("month")
        for control in ("#filters", "nav", ".skip"):
            self.assertFalse(self.page.value(f"document.querySelector('{control}').checkVisibility()"), control)
        self.page.call("Emulation.setEmulatedMedia", media="", features=[])


if __name__ == "__main__":
    unittest.main()
