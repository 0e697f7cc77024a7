"""The load test and the process benchmark find their imports. No other test here runs them."""

import importlib.util
import pathlib
import sys
import unittest

from deployed import ROOT


class TheTools(unittest.TestCase):
    def test_each_finds_what_it_imports(self):
        for path in "load/__main__.py", "benches/process/fixtures.py":
            with self.subTest(path):
                self.assertTrue(loaded(ROOT / path).__doc__)


def loaded(path: pathlib.Path):
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(f"tool_{path.parent.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    unittest.main()
