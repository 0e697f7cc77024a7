"""Compares `logweir check` with cfn-lint and checkov on the same CloudFormation templates, in one interleaved run.

    python3 benches/templates LOGWEIR [--rounds 5] [--others 50] [--json FILE] [--write docs/performance.md]
    python3 benches/templates --smoke LOGWEIR

LOGWEIR is a release build of the command line. The benchmark measures the CPU time of each whole process, its start included,
and divides it by the number of templates. The other two tools read fewer templates, because they take minutes for all of
them; their start counts less the more they read. With `--smoke`, each tool reads two templates, and no figures are printed.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # keeps Python from writing caches beside the sources

import report
import samples

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINT, CHECKOV = ROOT / "target/venv-lint", ROOT / "target/venv-checkov"
TEMPLATES = 500


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("logweir", type=pathlib.Path, metavar="LOGWEIR", help="the command line, as a release build")
    arguments.add_argument("--rounds", type=int, default=5, help="run each tool this often (default: 5)")
    arguments.add_argument("--others", type=int, default=50, help="the number of templates for the other tools (default: 50)")
    arguments.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every sample to this file")
    arguments.add_argument("--write", type=pathlib.Path, metavar="PAGE", help="update the figures in this page")
    arguments.add_argument("--smoke", action="store_true", help="only check that the benchmark runs")
    options = arguments.parse_args()
    stamps = [venv.relative_to(ROOT) / "stamp" for venv in (LINT, CHECKOV)]
    subprocess.run(["make", "--silent", "-C", ROOT, *stamps], check=True, stdout=sys.stderr)
    if not options.smoke and (load := os.getloadavg()[0]) > 0.5:
        print(f"warning: the machine is busy (load {load:.1f}), so the figures are not reliable", file=sys.stderr)

    rounds, all_templates, others = (1, 2, 2) if options.smoke else (options.rounds, TEMPLATES, options.others)
    with tempfile.TemporaryDirectory() as folder:
        folders = {count: samples.write(pathlib.Path(folder) / str(count), count) for count in {all_templates, others}}
        tools = {
            "logweir": Logweir(options.logweir.resolve(), folders[all_templates], all_templates),
            "cfn-lint": CfnLint(LINT / "bin/cfn-lint", folders[others], others),
            "checkov": Checkov(CHECKOV / "bin/checkov", folders[others], others),
        }
        for tool in tools.values():
            tool.must_read_all()  # this also fills the page cache
        if options.smoke:
            return print(f"each tool reads {all_templates} templates")
        taken = {name: [] for name in tools}
        for number in range(rounds):
            for name in sorted(tools, reverse=number % 2):
                taken[name].append(tools[name].measured())
        size = statistics.mean(path.stat().st_size for path in folders[all_templates].iterdir())
    result = report.result(taken, {name: tool.count for name, tool in tools.items()}, size, versions())
    print(report.markdown(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    if options.write:
        report.renew(options.write, result)


class Tool:
    def __init__(self, program, folder, count):
        self.program, self.folder, self.count = program, folder, count

    def measured(self):
        """Runs the tool once. Returns the CPU time and the elapsed time for one template, in seconds."""
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        self.run()
        elapsed, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return {"cpu": cpu / self.count, "elapsed": elapsed / self.count}

    def run(self):
        # The tools report faults by their exit codes.
        return subprocess.run(self.command(), capture_output=True, text=True, env=environment())

    def must_read_all(self):
        ended = self.run()
        try:
            read = self.read(json.loads(ended.stdout))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            sys.exit(f"error: {self.program.name} answers otherwise ({error}):\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
        if read != self.count:
            sys.exit(f"error: {self.program.name} reports a fault in {read} of {self.count} templates")


class Logweir(Tool):
    def command(self):
        return [self.program, "check", self.folder, "--format", "json"]

    def read(self, answer):
        return len({target["file"] for target in answer["targets"] if len(target["findings"]) >= samples.FAULTS})


class CfnLint(Tool):
    def command(self):
        return [self.program, "--format", "json", "--", *sorted(self.folder.iterdir())]

    def read(self, answer):
        return len({match["Filename"] for match in answer})


class Checkov(Tool):
    def command(self):
        return [self.program, "--skip-download", "--quiet", "--framework", "cloudformation", "--output", "json",
                "--directory", self.folder]

    def read(self, answer):
        return len({failed["file_path"] for failed in answer["results"]["failed_checks"]})


def environment():
    """Returns the caller's environment without its AWS configuration."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOGWEIR_"))}
    return rest | {"AWS_EC2_METADATA_DISABLED": "true", "LOG_LEVEL": "ERROR"}


def versions():
    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]

    return {"cfn-lint": first_line(LINT / "bin/cfn-lint", "--version").split()[-1],
            "checkov": first_line(CHECKOV / "bin/checkov", "--version").split()[-1],
            "Python": first_line(LINT / "bin/python", "--version").split()[-1],
            "Rust": first_line("rustc", "--version").split()[1]}


if __name__ == "__main__":
    main()
