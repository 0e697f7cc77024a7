"""The options of the command line."""

import argparse
import pathlib

import probes  # noqa: F401  (adds the probes)
from probe import PROBES

USAGE = 64
ABOUT = """Asks AWS the open questions of docs/fidelity.md, in an empty account. Creates a few resources, prints a report
without account data, and removes everything that it created. docs/trial.md describes it."""


class Usage(argparse.ArgumentParser):
    def error(self, message):
        self.exit(USAGE, f"error: {message}\n")


def arguments(given):
    parser = Usage(prog="trial", description=ABOUT)
    parser.add_argument("--profile", help="the profile of the AWS configuration files")
    parser.add_argument("--region", help="the Region (default: the Region of the environment or the profile)")
    parser.add_argument("--yes", action="store_true", help="do not ask before the first change")
    parser.add_argument("--i-know", action="store_true", help="also run in an account that already has clusters or task definitions")
    parser.add_argument("--skip-trail", action="store_true", help="do not wait for CloudTrail")
    parser.add_argument("--skip-role", action="store_true", help="create no IAM role")
    parser.add_argument("--trail-minutes", type=int, default=20, metavar="N", help="wait at most N minutes for CloudTrail (default: 20)")
    parser.add_argument("--only", action="append", choices=PROBES, metavar="PROBE", help="run only this probe; may be repeated")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("."), help="for the report and the journal (default: here)")
    parser.add_argument("--list", action="store_true", help="list the probes, and do nothing else")
    parser.add_argument("--clean-up", action="store_true", help="remove the resources of stopped trials that the journals in the folder list")
    return parser.parse_args(given)
