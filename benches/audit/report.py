"""The tables of the benchmark, the machine, and the pages that have the tables."""

import dataclasses
import datetime
import os
import pathlib
import platform
import sys

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"
PAGES = [DOCS / "performance.md", DOCS / "comparison.md"]


@dataclasses.dataclass
class Target:
    """A figure with its target. An exact one does not depend on the machine, so that the smoke test demands it."""

    figure: str
    aim: str
    measured: str
    is_met: bool
    is_exact: bool = False


@dataclasses.dataclass
class Part:
    """The result of one part. The first column of the table is text, and the others are numbers, unless `texts` is set."""

    head: list
    rows: list
    targets: list = dataclasses.field(default_factory=list)
    texts: bool = False

    def __str__(self):
        rule = "---|" if self.texts else "---:|"
        lines = [line(self.head), "|---|" + rule * (len(self.head) - 1), *map(line, self.rows)]
        if self.targets:
            lines += ["", "| figure | target | measured | |", "|---|---:|---:|---|"]
        for target in self.targets:
            lines.append(line([target.figure, target.aim, target.measured, "met" if target.is_met else "**not met**"]))
        return "\n".join(lines)


def line(cells):
    return f"| {' | '.join(map(str, cells))} |"


def machine():
    cpu = next(line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    cores = len(os.sched_getaffinity(0))
    return f"{datetime.date.today()}: CPU {cpu.partition(':')[2].strip()}, {cores} cores; kernel {platform.release()}; Python {platform.python_version()}."


def renew(name, text):
    """Writes the table of a part between its marks in the page that has them."""
    begin, end = f"<!-- {name}: python3 benches/audit --only {name} --write -->", f"<!-- end of {name} -->"
    for page in PAGES:
        before, _, rest = page.read_text().partition(begin)
        _, found, after = rest.partition(end)
        if found:
            return page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
    sys.exit(f"error: no page has the marks {begin} and {end}")
