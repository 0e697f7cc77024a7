"""The JSON Schemas that `logweir schema` prints, against the outputs and the baselines that they describe."""

import copy
import json
import re
import tomllib
import unittest

import jsonschema
import reports


def schema(name):
    ran = reports.run(reports.ROOT, "schema", name)
    assert ran.returncode == 0, ran
    return json.loads(ran.stdout)


def errors(name, document):
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(schema(name), format_checker=checker)
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(document)]


def as_json(toml):
    """The document of a baseline as JSON, in which a date is a text."""
    return json.loads(json.dumps(tomllib.loads(toml), default=str))


def undescribed(schema, node, document, path=""):
    """The members of a document that the schema does not name."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
    nodes = [node, *node.get("anyOf", []), *node.get("allOf", [])]
    if len(nodes) > 1:
        found = [undescribed(schema, {name: value for name, value in one.items() if name not in ("anyOf", "allOf")}, document, path)
                 for one in nodes]
        return sorted(set.intersection(*map(set, found)))
    if isinstance(document, dict) and "properties" in node:
        return [f"{path}/{name}" for name in document if name not in node["properties"]] + [
            below for name, value in document.items() if name in node["properties"]
            for below in undescribed(schema, node["properties"][name], value, f"{path}/{name}")]
    if isinstance(document, list) and "items" in node:
        return [below for value in document for below in undescribed(schema, node["items"], value, f"{path}/*")]
    if isinstance(document, dict) and "additionalProperties" not in node and document:
        return [path]
    return []


class Schemas(unittest.TestCase):
    def test_each_schema_is_one(self):
        for name in ("check", "baseline", "report", "firelens", "activity", "audit", "runbook", "plan", "run"):
            jsonschema.Draft202012Validator.check_schema(schema(name))

    def test_every_output_of_check_fits_and_is_described(self):
        for situation in ("hostile", "fine", "broken", "many"):
            data = reports.data(situation)
            self.assertEqual(errors("check", data), [], situation)
            # A JSON Patch has members of its own standard.
            for target in data["targets"]:
                target["patch"] = []
            self.assertEqual(undescribed(schema("check"), schema("check"), data), [])

    def test_every_plan_of_firelens_fits_and_is_described(self):
        for target, options in (("docs/examples/web.json", []), ("demo/task-definition.json", []),
                                ("demo/task-definition.json", ["--style", "same-names"]),
                                ("demo/task-definition.json", ["--to", "awslogs"])):
            ran = reports.run(reports.ROOT, "firelens", "plan", target, "--format", "json", "--region", "eu-west-1", *options)
            self.assertIn(ran.returncode, (0, 1), ran)
            plan = json.loads(ran.stdout)
            self.assertEqual(errors("firelens", plan), [], target)
            # The task definition has members of its own.
            plan["document"] = None
            self.assertEqual(undescribed(schema("firelens"), schema("firelens"), plan), [])

    def test_the_output_of_audit_fits_and_is_described(self):
        golden = json.loads((reports.ROOT / "tests/programs/cli/audit.json").read_text())
        self.assertEqual(errors("audit", golden), [])
        self.assertEqual(undescribed(schema("audit"), schema("audit"), golden), [])

    def test_the_plans_and_the_results_of_runs_fit_and_are_described(self):
        plan = json.loads((reports.ROOT / "tests/programs/cli/plan.json").read_text())
        self.assertEqual(errors("plan", plan), [])
        self.assertEqual(undescribed(schema("plan"), schema("plan"), plan), [])
        for change in (lambda it: it.update(schema="logweir.plan/2"), lambda it: it.pop("items"),
                       lambda it: it["items"][0].update(source="web:1"), lambda it: it.update(mode="observe"),
                       lambda it: it["items"][0]["log_groups"][0].update(action="delete")):
            bad = copy.deepcopy(plan)
            change(bad)
            self.assertNotEqual(errors("plan", bad), [])
        results = json.loads((reports.ROOT / "tests/programs/cli/runs.json").read_text())
        self.assertGreater(len(results), 3)
        for result in results:
            self.assertEqual(errors("run", result), [])
            self.assertEqual(undescribed(schema("run"), schema("run"), result), [])
        results[0]["lines"][0]["fate"] = "typo"
        self.assertNotEqual(errors("run", results[0]), [])

    def test_the_output_of_activity_fits_and_is_described(self):
        golden = json.loads((reports.ROOT / "tests/programs/cli/activity.json").read_text())
        ran = reports.run(reports.ROOT, "activity", "Cargo.toml", "--format", "json")
        self.assertEqual(ran.returncode, 2, ran)
        for report in (golden, json.loads(ran.stdout)):
            self.assertEqual(errors("activity", report), [])
            self.assertEqual(undescribed(schema("activity"), schema("activity"), report), [])

    def test_the_output_of_runbook_fits_and_is_described(self):
        for situation in ("runbook-hostile", "runbook-fine"):
            sheet = json.loads(reports.runbook(situation)["json"])
            self.assertEqual(errors("runbook", sheet), [])
            self.assertEqual(undescribed(schema("runbook"), schema("runbook"), sheet), [])

    def test_another_document_does_not_fit(self):
        good = reports.data("hostile")
        for change in (lambda data: data.update(schema="logweir.check/1"), lambda data: data.pop("targets"),
                       lambda data: data["targets"][0].update(compliant="no"),
                       lambda data: data["targets"][0]["findings"][0].update(fix="safe"),
                       lambda data: data["targets"][0]["findings"][0].pop("fingerprint"),
                       lambda data: data["targets"][0]["findings"][0].update(rule="typo")):
            bad = copy.deepcopy(good)
            change(bad)
            self.assertNotEqual(errors("check", bad), [])

    def test_logweir_and_the_schema_agree_on_baselines(self):
        shipped = (reports.ROOT / "infra/baseline.toml").read_text()
        exempt = ('version = 1\n[[exempt]]\nmatch = { family = "a" }\nrules = ["blocking-delivery"]\nuntil = 2027-01-31\n'
                  'owner = "a"\nreason = "b"\n')
        for text, is_valid in (
            (shipped, True), ((reports.HERE / "hostile.toml").read_text(), True), (exempt, True), ("version = 1", True),
            ('version = 1\n[log-group]\nretention-days = "any"', True),
            ('version = 1\n[rules]\nforeign-region = "off"', True),
            ('version = 1\n[[profile]]\nmatch = { family = "a" }\nlogging.delivery = "blocking"', True),
            ('version = 1\n[[profile]]\nmatch = { cluster = "a" }\nrollout.freeze = ["fri 15:00 - mon 08:00 Europe/Berlin"]', True),
            ('version = 1\n[exec]\nclusters = []\nretention-days = "any"\nlog-group = "/audit/{cluster}"', True),
            ("version = 1\n[exec]\nretention-days = 31", False), ("version = 1\n[exec]\nmin-retention-days = 0", False),
            ("version = 2", False), ("", False), ("version = 1\n[loging]", False), ("version = 1\n[logging]\nmode = 1", False),
            ('version = 1\n[logging]\ndriver = "splunk"', False), ("version = 1\n[log-group]\nretention-days = 31", False),
            ('version = 1\n[logging]\nmax-buffer-size = "25 x"', False), ("version = 1\n[logging]\nmax-buffer-share = 0", False),
            ('version = 1\n[logging]\naccept = ["splunk"]', False), ('version = 1\n[rules]\ntypo = "off"', False),
            ('version = 1\n[rules]\nforeign-region = "on"', False), ("version = 1\n[[profile]]\nmatch = {}", False),
            (exempt.replace('owner = "a"\n', ""), False), (exempt.replace("2027-01-31", '"soon"'), False),
            (exempt.replace('["blocking-delivery"]', "[]"), False), ("version = 1\n[fuse]\ncorrections = 0", False),
            ('version = 1\n[rollout]\nfreeze = ["always"]', False), ("version = 1\n[rollout]\ndeadline-minutes = 4", False),
        ):
            with self.subTest(text=text):
                path = reports.pathlib.Path(reports.FOLDER.name) / "baseline.toml"
                path.write_text(text)
                ran = reports.run(reports.ROOT, "baseline", "check", str(path))
                self.assertEqual(ran.returncode, 0 if is_valid else 2, ran.stderr)
                self.assertEqual(errors("baseline", as_json(text)) == [], is_valid, errors("baseline", as_json(text)))

    def test_every_key_of_the_shipped_baseline_is_described(self):
        document = as_json((reports.ROOT / "infra/baseline.toml").read_text())
        self.assertEqual(undescribed(schema("baseline"), schema("baseline"), document), [])

    def test_the_schema_has_every_key_of_each_table(self):
        described = schema("baseline")
        tables = {"": described} | {f"[{name}]": described["properties"][name] for name in ("fuse", "exec", "runbook")}
        tables |= {f"[{name}]": described["$defs"][name] for name in ("logging", "log-group", "rollout", "correct")}
        tables |= {f"[[{name}]]": described["properties"][name]["items"] for name in ("profile", "exempt")}
        tables["[[profile]]\n[profile.match]"] = described["$defs"]["match"]
        for table, node in tables.items():
            path = reports.pathlib.Path(reports.FOLDER.name) / "keys.toml"
            path.write_text(f"version = 1\n{table}\nunknown-key = 1\n")
            message = reports.run(reports.ROOT, "baseline", "check", str(path)).stderr.decode()
            keys = re.findall("`([^`]+)`", message.split("expected", 1)[1].splitlines()[0])
            self.assertEqual(sorted(keys), sorted(node["properties"]), table)

    def test_reports_fit_and_are_described(self):
        lines = (reports.ROOT / "tests/workflow/telemetry/lines.jsonl").read_text().splitlines()
        found = [line for line in map(json.loads, lines) if line.get("schema") == "logweir.report/1"]
        self.assertGreater(len(found), 5)
        for report in found:
            self.assertEqual(errors("report", report), [])
            self.assertEqual(undescribed(schema("report"), schema("report"), report), [])


if __name__ == "__main__":
    unittest.main()
