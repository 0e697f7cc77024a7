"""The demo's output: one line for each chapter, or everything if VERBOSE is set. Every `must` is a check. The first failed
check ends the demo and shows the whole chapter."""

import contextlib
import difflib
import json
import os
import re
import shlex
import subprocess
import sys
import time

import account
from stack import BASELINE

SECRET = "correct-horse"  # an environment value of every revision here
VERBOSE = bool(os.environ.get("VERBOSE"))


class Chapter:
    number, checks = 0, 0

    def __init__(self, title):
        Chapter.number += 1
        self.title, self.lines, self.highlights, self.checks = title, [], [], 0
        begin = f"\n{self.number}. {title}\n" if VERBOSE else f"{self.number:>3}. {title}"
        print(begin, end="", flush=True)

    def say(self, line):
        if VERBOSE:
            print(line, flush=True)
        self.lines.append(line)

    def end(self):
        Chapter.checks += self.checks
        if not VERBOSE:
            print(f"  ✓ {counted(self.checks, 'check')}", *self.highlights, sep="\n       ", flush=True)

    def fail(self):
        if not VERBOSE:
            print("", *self.lines, sep="\n", flush=True)


chapter = None


@contextlib.contextmanager
def story():
    """Prints the chapters of the demo, up to the end or the first failed check."""
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        if chapter:
            chapter.fail()
        raise
    chapter.end()
    seconds = time.monotonic() - begun
    print(f"\nAll checks passed: {counted(Chapter.number, 'chapter')}, {counted(Chapter.checks, 'check')}, {seconds:.0f} seconds.")


def step(title):
    global chapter
    if chapter:
        chapter.end()
    chapter = Chapter(title)


def highlight(*lines):
    """Also shows these lines in the short output, below their chapter."""
    chapter.highlights += lines


def counted(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def must(holds, what):
    if not holds:
        sys.exit(f"  ✗ check failed: {what}")
    chapter.checks += 1
    chapter.say(f"  ✓ {what}")


def deliver(stack, event, returns=False):
    """Delivers an event as EventBridge does, and returns the function's report. `returns` says that the function requeues the
    event with a long delay."""
    must(len(account.matching(stack["RuleNames"].split(","), event)) == 1, "one deployed rule matches the event")
    report, lines = handled(stack, event, returns)
    show_report(report)
    must(SECRET not in "".join(lines), "the function's log contains no environment value")
    return report


def handled(stack, body, returns=False):
    """Sends a message to the queue. Returns the function's report, and all its log lines about the message."""
    log = stack["LogGroup"]
    before, decided = len(account.log_lines(log)), len(account.reports(log))
    account.send(stack["WorkQueue"], body)

    def ended():
        # A rate-limited event was requeued, and arrives again. If the function starts slowly, the emulator delivers its message
        # twice, and one of the two workers finds the lease of the other.
        return [each for each in account.reports(log)[decided:] if each["reason"] not in ("rate-limited", "locked")]

    [report, *_] = account.until(ended, "a report about the message")
    which = ("", "NotVisible") if returns else ()
    account.until(lambda: account.waits(stack["WorkQueue"], *which) == 0, "the queue is empty")
    return report, account.log_lines(log)[before:]


def run(logweir, *arguments, code=0, without=None):
    """Runs the command line as an operator would, and shows its output, except the problems that doctor reports under `without`."""
    show(f"$ logweir {shlex.join(arguments)}")
    ended = ran(logweir, arguments)
    said, left_out = re.subn(rf"(?m)^problem +{without} .*\n( +→ .*\n)+", "", ended.stdout) if without else (ended.stdout, 0)
    show(*said.splitlines())
    if left_out:
        show(f"({left_out} problems with a {without} are not shown: the emulator's policy simulator ignores conditions and context)")
    must_have_ended(ended, code)
    return ended.stdout


def as_printed(logweir, command):
    """Runs a command that Logweir printed, and returns its report."""
    show(f"$ LOGWEIR_FORMAT=json {command}")
    program, *arguments = shlex.split(command)
    must(program == "logweir", "the command can be pasted unchanged")
    ended = ran(logweir, arguments, LOGWEIR_FORMAT="json")
    said, brace, report = ended.stdout.partition("{")  # the command line says first which journal it uses
    show(*said.splitlines())
    if ended.returncode == 0:
        show_report(json.loads(brace + report))
    else:
        show(*ended.stdout.splitlines())
    must_have_ended(ended, 0)
    return json.loads(brace + report)


def ran(logweir, arguments, **more):
    """Runs the command line. The environment has the endpoint and everything else that identifies the account."""
    env = os.environ | {"LOGWEIR_BASELINE": str(BASELINE)} | more
    return subprocess.run([logweir, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def must_have_ended(ended, code):
    must(ended.returncode == code, f"exit code {code}")
    must(SECRET not in ended.stdout, "the output contains no environment value")


def show_report(report):
    show(
        verdict(report),
        f"source     {report['source']}",
        f"corrected  {report['corrected']}",
        *(f"rules      {' '.join(rules)}" for rules in [report["rules"]] if rules),
        *(f"change     {change_line(each)}" for each in report["changes"]),
        *(f"log group  {log_group_line(each)}" for each in report["log_groups"]),
        *(f"service    {service_line(each)}" for each in report["services"]),
        *(f"note       {each}" for each in report.get("notes", [])),
        *(f"undo       {each}" for each in [report["backout"]] if each),
    )


def verdict(report):
    reason = f", {report['reason']}" if report["reason"] else ""
    return f"{report['message']}: {report['outcome']}{reason}"


def change_line(change):
    return f"{change['container']}: {change['option']} {change['from'] or '(unset)'} → {change['to'] or '(unset)'}"


def log_group_line(group):
    days = f", {group['retention_days']} days" if group["retention_days"] else ""
    return f"{group['name']}: {group['action']}{days}"


def service_line(service):
    why = ": ".join(service[name] for name in ("reason", "note") if name in service)
    return f"{service['service']}: {service['action']}" + (f" ({why})" if why else "")


def show_diff(old, new):
    lines = (json.dumps(each, indent=2).splitlines() for each in (old, new))
    show(*difflib.unified_diff(*lines, "web:1", "web:2", lineterm=""))


def show(*lines):
    for line in lines:
        chapter.say(f"    {line}".rstrip())
