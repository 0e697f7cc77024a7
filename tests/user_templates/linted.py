"""What cfn-lint says of templates."""

import collections
import json
import pathlib
import subprocess
import sys


def rules(paths):
    """Returns the sorted names of cfn-lint's rules that find a fault in each of the files, once for each fault."""
    paths = sorted({str(path) for path in paths})
    command = [pathlib.Path(sys.executable).parent / "cfn-lint", "--format", "json", "--regions", "eu-west-1", "--", *paths]
    ended = subprocess.run(command, capture_output=True, text=True)
    # 1 is an error of the program itself.
    if ended.returncode == 1 or not ended.stdout.strip():
        raise RuntimeError(ended.stderr)
    found = collections.defaultdict(list)
    for match in json.loads(ended.stdout):
        found[pathlib.Path(match["Filename"])].append(match["Rule"]["Id"])
    return collections.defaultdict(list, {path: sorted(names) for path, names in found.items()})
