"""CSV, read by Python's parser."""

import csv
import io
import unittest

import reports


def rows(situation):
    text = reports.report(situation)["csv"].decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


class Csv(unittest.TestCase):
    def test_there_is_a_row_for_each_finding_unknown_part_and_error(self):
        for situation in ("hostile", "fine", "broken", "many"):
            data = reports.data(situation)
            kinds = [row["kind"] for row in rows(situation)]
            self.assertEqual(kinds.count("finding"), len(reports.findings(situation)))
            self.assertEqual(kinds.count("unknown"), sum(len(target["unknown"]) for target in data["targets"]))
            self.assertEqual(kinds.count("error"), data["summary"]["errors"])
            self.assertTrue(all(None not in row and None not in row.values() for row in rows(situation)))

    def test_no_field_is_a_formula(self):
        fields = [field for row in rows("hostile") for field in row.values()]
        self.assertTrue(any(field.startswith("'=cmd|") for field in fields))
        for field in fields:
            self.assertNotRegex(field, r"^\s*[=+\-@]")

    def test_a_row_is_one_line(self):
        text = reports.report("hostile")["csv"].decode()
        self.assertEqual(text.count("\r\n"), len(rows("hostile")) + 1)
        self.assertEqual(text.count("\n"), text.count("\r\n"))


if __name__ == "__main__":
    unittest.main()
