"""OCSF and ASFF, read by the models of others: py-ocsf-models, and botocore's model of Security Hub."""

import json
import unittest

import botocore.session
import botocore.validate
import reports
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding


class Ocsf(unittest.TestCase):
    def test_every_event_fits_the_model(self):
        for situation in ("hostile", "many"):
            events = json.loads(reports.report(situation)["ocsf"])
            found = reports.findings(situation)
            self.assertEqual(len(events), len(found))
            for event, (_, finding) in zip(events, found):
                model = ComplianceFinding.model_validate(event)
                self.assertEqual((model.class_uid, model.type_uid, model.finding_info.uid), (2003, 200301, finding["fingerprint"]))
                self.assertEqual(event["cloud"]["account"]["uid"], "111122223333")

    def test_the_status_says_what_logweir_knows(self):
        for event, (_, finding) in zip(json.loads(reports.report("hostile")["ocsf"]), reports.findings("hostile")):
            unknown = finding["decided"] == "unknown"
            self.assertEqual(event["compliance"]["status_id"], 0 if unknown else 3)
            self.assertEqual(event["status_id"], 3 if finding["exempt"] else 1)

    def test_each_event_has_the_members_that_the_class_requires(self):
        required = {"activity_id", "category_uid", "class_uid", "compliance", "finding_info", "metadata", "severity_id", "time",
                    "type_uid", "cloud"}
        for event in json.loads(reports.report("hostile")["ocsf"]):
            self.assertLessEqual(required, set(event))
            self.assertLessEqual({"product", "version"}, set(event["metadata"]))
            self.assertLessEqual({"title", "uid"}, set(event["finding_info"]))
        self.assertEqual(json.loads(reports.report("fine")["ocsf"]), [])


class Asff(unittest.TestCase):
    def batches(self, situation):
        return [json.loads(line) for line in reports.report(situation)["asff"].splitlines()]

    def test_botocore_accepts_each_line_as_a_call(self):
        model = botocore.session.get_session().get_service_model("securityhub")
        shape = model.operation_model("BatchImportFindings").input_shape
        for situation, calls in (("hostile", 1), ("many", 3), ("fine", 0)):
            batches = self.batches(situation)
            self.assertEqual(len(batches), calls)
            for batch in batches:
                problems = botocore.validate.ParamValidator().validate(batch, shape)
                self.assertFalse(problems.has_errors(), problems.generate_report())
                self.assertLessEqual(len(batch["Findings"]), 100)
            identifiers = [finding["Id"] for batch in batches for finding in batch["Findings"]]
            self.assertEqual(len(identifiers), len(set(identifiers)))
            self.assertEqual(len(identifiers), len(reports.decided(situation)))

    def test_a_finding_has_the_required_members_within_their_limits(self):
        required = {"SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "Types", "CreatedAt", "UpdatedAt",
                    "Severity", "Title", "Description", "Resources"}
        for finding in self.batches("hostile")[0]["Findings"]:
            self.assertLessEqual(required, set(finding))
            self.assertEqual(finding["ProductArn"], "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default")
            self.assertLessEqual(len(finding["Title"]), 256)
            self.assertLessEqual(len(finding["Description"]), 1024)
            self.assertLessEqual(len(finding["Remediation"]["Recommendation"]["Text"]), 512)
            self.assertLess(len(json.dumps(finding)), 240_000)


if __name__ == "__main__":
    unittest.main()
