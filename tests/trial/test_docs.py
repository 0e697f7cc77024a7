"""Each open point of docs/fidelity.md has its probe, and docs/trial.md describes the program."""

import re
import unittest

from emulated import ROOT
from making import LIMITS
from options import arguments
from plan import most_expensive
from probe import PROBES
import probe

FIDELITY = (ROOT / "docs/fidelity.md").read_text()
TRIAL = (ROOT / "docs/trial.md").read_text()
TABLES, POINTS = FIDELITY.split("\n## Open points\n")
LINK = re.compile(r"\[`([\w-]+)`\]\(#open-points\)")


class OpenPoints(unittest.TestCase):
    def test_each_has_a_probe_and_each_probe_has_one(self):
        rows = re.findall(r"(?m)^\| \[`([\w-]+)`\]\(\.\./trial/(\S+)\) \| (.+?) \| \S.* \|$", POINTS)
        self.assertEqual(rows, [(name, each.file, each.asks) for name, each in PROBES.items()])

    def test_everything_that_is_not_documented_names_its_probe(self):
        cells = [cell for line in TABLES.splitlines() for cell in line.split("|") if "not documented" in cell]
        [_, bullets] = TABLES.split("\n## What no account here shows\n")
        bullets = re.split(r"(?m)^- ", bullets)[1:]
        self.assertGreater(len(cells), 4)
        self.assertGreater(len(bullets), 4)
        for text in cells + bullets:
            with self.subTest(text):
                self.assertTrue(LINK.findall(text))
        self.assertEqual([name for name in LINK.findall(TABLES) if name not in PROBES], [])

    def test_each_probe_says_what_it_does(self):
        for each in PROBES.values():
            self.assertTrue(each.done.endswith("."), each.name)
            self.assertTrue(each.asks.endswith("?"), each.name)


class ThePage(unittest.TestCase):
    def test_it_lists_the_options(self):
        options = set(vars(arguments([]))) - {"profile", "region", "yes", "i_know"}
        listed = re.findall(r"(?m)^\| `--([\w-]+)", TRIAL)
        self.assertEqual({name.replace("-", "_") for name in listed}, options)

    def test_it_lists_the_verdicts(self):
        [table] = re.findall(r"(?s)\| verdict \| meaning \|\n(.*?)\n\n", TRIAL)
        verdicts = re.findall(r"`([^`]+)`", table)
        self.assertEqual(verdicts, [
            probe.YES, probe.NO, probe.OTHER, probe.NOT_ANSWERED, probe.NOT_ANSWERABLE, probe.NOT_RUN])

    def test_it_announces_the_limits_and_the_cost(self):
        for text in [f"At most {LIMITS['registration']} revisions", "At most six log groups", "At most two clusters and two services",
                     "At most one IAM role"]:
            self.assertIn(text, TRIAL)
        self.assertEqual([LIMITS[kind] for kind in ("log-group", "cluster", "service", "role")], [6, 2, 2, 1])
        self.assertLess(most_expensive(), 1)


if __name__ == "__main__":
    unittest.main()
