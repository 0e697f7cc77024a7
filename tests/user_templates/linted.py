"""What cfn-lint says of templates."""

import collections
import json
import pathlib
import subprocess
import sys


def rules(paths):
    """Returns how many faults each rule of cfn-lint finds in each of the files. cfn-lint reads equal files once."""
    first = {}
    for path in sorted(map(str, paths)):
        first.setdefault(pathlib.Path(path).read_bytes(), path)
    command = [pathlib.Path(sys.executable).parent / "cfn-lint", "--format", "json", "--regions", "eu-west-1", "--", *first.values()]
    ended = subprocess.run(command, capture_output=True, text=True)
    # 1 is an error of the program itself.
    if ended.returncode == 1 or not ended.stdout.strip():
        raise RuntimeError(ended.stderr)
    found = collections.defaultdict(collections.Counter)
    for match in json.loads(ended.stdout):
        found[match["Filename"]][match["Rule"]["Id"]] += 1
    return {path: found[first[path.read_bytes()]] for path in paths}
