"""An audit of very many families: its memory, its first line, and a resume after a kill."""

import json
import pathlib
import signal
import tempfile
import time

import contenders
import measure
from contenders import UNLIMITED
from report import Part, Target


def measured(options):
    rows = []
    account = {"families": options.large, "services": min(1000, options.large // 10), "revisions": 1}
    with tempfile.TemporaryDirectory() as folder, measure.server(**account) as url:
        program = contenders.Logweir(options.binary, "--no-cache", *UNLIMITED)
        place = pathlib.Path(folder) / "whole"
        whole = measure.run(program.command(place), url, place)
        rows.append(["to the end", f"{whole.elapsed:.1f}", f"{whole.processor:.1f}", f"{whole.memory:.0f}", whole.calls])
        place = pathlib.Path(folder) / "killed"
        program.options += ["--resume", "audit.jsonl"]
        first = killed(program.command(place), url, place, options.large // 2)
        rows.append(["killed in the middle", "", "", "", sum(first["calls"].values())])
        kept = described_in(place / "audit.jsonl")
        rest = measure.run(program.command(place), url, place)
        rows.append(["resumed", f"{rest.elapsed:.1f}", f"{rest.processor:.1f}", f"{rest.memory:.0f}", rest.calls])
    # What the resumed audit describes although the file has the answer, and what it describes again in all.
    repeated = kept + rest.server["described"] - whole.server["described"]
    twice = first["described"] + rest.server["described"] - whole.server["described"]
    memory = max(whole.memory, rest.memory)
    targets = [
        Target("peak memory, MB", "< 100", f"{memory:.0f}", memory < 100),
        Target("what runs is known, s", "< 5", f"{whole.first:.1f}", whole.first < 5),
        Target("answered descriptions that the resumed audit repeats", "0", str(repeated), repeated == 0),
        Target("calls under way at the kill that it repeats", "≤ 32", str(twice), twice <= 32),
    ]
    head = [f"{options.large} families, no latency", "elapsed, s", "processor time, s", "peak memory, MB", "calls"]
    return Part(head, rows, targets)


def described_in(path):
    """Returns the number of revisions whose descriptions the resume file contains."""
    asked = set()
    for line in path.read_bytes().split(b"\n")[1:-1]:  # without the header, and without a last line that is not whole
        step = json.loads(line)
        asked.update(answer["asked"] for name, answer in step.items() if name in ("described", "judged"))
    return len(asked)


def killed(command, url, place, described):
    """Kills the command after about this many descriptions, and returns what the server counted."""
    measure.calls(url)
    process = measure.start(command, url, place)
    counted = {"calls": {}, "described": 0}
    while process.poll() is None and counted["described"] < described:
        time.sleep(0.05)
        now = measure.calls(url)
        counted["described"] += now["described"]
        counted["calls"] = {name: counted["calls"].get(name, 0) + now["calls"].get(name, 0) for name in counted["calls"] | now["calls"]}
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.2)  # until the server has answered what the killed process sent
    last = measure.calls(url)
    counted["described"] += last["described"]
    return counted
