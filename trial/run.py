"""One run of the trial: ask, create, probe, remove, report."""

import contextlib
import datetime
import secrets
import string
import sys

import botocore
import botocore.exceptions

import plan
from aws import Refused, Unanswered
from journal import SUFFIX, Journal, Unreadable
from making import Maker
from options import USAGE
from probe import NOT_RUN, PROBES, Answer, Bench
from redaction import Redactor
from removal import Removal
from report import Report

DONE, REMAINS, ERROR, INTERRUPTED = 0, 1, 2, 130
ALPHABET = string.ascii_lowercase + string.digits


class Ended(Exception):
    """The trial cannot begin: the exit code and the message."""


class Trial:
    """One run of the program. Tests replace the account, the terminal and the random name."""

    def __init__(self, options, account, ask=None, out=sys.stdout, err=sys.stderr, run=None):
        self.options, self.account, self.ask, self.out, self.err = options, account, ask, out, err
        self.run_name = run or "logweir-trial-" + "".join(secrets.choice(ALPHABET) for _ in range(12))

    def say(self, *lines, to=None):
        with contextlib.suppress(OSError):  # a closed terminal must not stop the removal
            print(*lines, sep="\n", file=to or self.err, flush=True)

    def main(self):
        try:
            return self.clean_up() if self.options.clean_up else self.run()
        except Ended as ended:
            code, message = ended.args
            self.say(f"error: {message}")
            return code
        except (Refused, Unanswered, OSError, botocore.exceptions.BotoCoreError) as error:
            self.say(f"error: {error}")
            return ERROR
        except KeyboardInterrupt:
            self.say("interrupted")
            return INTERRUPTED

    def run(self):
        identity = self.account.identity()
        self.must_be_empty()
        skipped = {need for need, skip in (("trail", self.options.skip_trail), ("role", self.options.skip_role)) if skip}
        wanted = [probe for name, probe in PROBES.items() if not self.options.only or name in self.options.only]
        chosen = [probe for probe in wanted if not skipped & set(probe.needs)]
        self.say(plan.text(self.run_name, identity["account"], self.account.region, chosen, self.options.trail_minutes))
        self.confirm("Create these resources?")
        report = Report(self.redactor(identity), self.run_name, **self.about())
        journal = Journal.begin(self.options.folder, self.run_name, identity["account"], self.account.region)
        ended, remains = "failed", None
        try:
            ended = self.probe(journal, report, wanted, chosen)
        finally:  # also after a fault of this program
            remains = self.remove(journal)
            report.end(ended, removed=remains == [])
            self.write(report)
        return INTERRUPTED if ended != "complete" else REMAINS if remains else DONE

    def about(self):
        tested = self.account.client("ecs").meta.endpoint_url.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))
        return {
            "date": datetime.date.today().isoformat(), "region": self.account.region,
            "endpoint": "AWS" if tested else "an endpoint that is not AWS", "botocore": botocore.__version__,
        }

    def redactor(self, identity):
        keys = self.account.credentials()
        return Redactor(self.run_name, identity["account"], identity["arn"], identity["user_id"],
                        [keys.access_key, keys.secret_key, keys.token])

    def must_be_empty(self):
        """Refuses an account with clusters or ACTIVE task definitions, unless the user has given --i-know."""
        clusters = self.account.call("ecs", "ListClusters")["clusterArns"]
        if clusters:  # a deleted cluster may still be listed
            described = self.account.call("ecs", "DescribeClusters", {"clusters": clusters[:100]})["clusters"]
            clusters = [each for each in described if each["status"] != "INACTIVE"]
        families = self.account.call("ecs", "ListTaskDefinitionFamilies", {"status": "ACTIVE"})["families"]
        if (clusters or families) and not self.options.i_know:
            raise Ended(ERROR, f"this account and Region is not empty (clusters: {len(clusters)}, families: {len(families)}); use "
                               "another account or Region, or add --i-know; --clean-up removes the rest of a stopped trial")

    def confirm(self, question):
        if self.options.yes:
            return
        if not self.ask:
            raise Ended(USAGE, "standard input is not a terminal, so the trial cannot ask; add --yes")
        if self.ask(f"{question} Type yes: ").strip().lower() != "yes":
            raise Ended(DONE, "nothing was changed")

    def probe(self, journal, report, wanted, chosen):
        """Asks the chosen probes, and adds an answer for every wanted probe. Says how it ended."""
        bench = Bench(self.account, Maker(self.account, journal), self.say, 60 * self.options.trail_minutes)
        try:
            for early in dict.fromkeys(probe.early for probe in chosen if probe.early):
                early(bench)
            for number, probe in enumerate(chosen, 1):
                self.say(f"[{number}/{len(chosen)}] {probe.name}")
                report.add(probe, *bench.ask(probe))
            ended = "complete"
        except KeyboardInterrupt:
            self.say("interrupted; removing everything that the trial created")
            ended = "interrupted"
        answered = {each["probe"] for each in report.document["probes"]}
        for probe in wanted:
            if probe.name not in answered:
                report.add(probe, Answer(NOT_RUN, "the trial was interrupted" if probe in chosen else "skipped"))
        return ended

    def remove(self, journal):
        """Removes everything in a journal. Returns what remains, or None if the removal was interrupted."""
        try:
            remains = Removal(self.account, journal, self.say).run()
        except KeyboardInterrupt:
            self.say(f"the removal was stopped; remove the rest: python3 trial --clean-up --folder {journal.path.parent}")
            return None
        if not remains:
            self.say("everything that the trial created was removed")
        for each in remains:
            self.say(f"not removed: {each.what}: {each.why}", *(f"    {command}" for command in each.commands))
        return remains

    def write(self, report):
        path = self.options.folder / f"{self.run_name}.json"
        path.write_text(report.json())
        self.say(report.text().rstrip(), to=self.out)
        self.say(f"the report without account data, for the maintainers of Logweir: {path}")

    def clean_up(self):
        """Removes what the journals in the folder name, in this account and Region."""
        mine, unreadable = self.journals(self.account.identity()["account"])
        for each in mine:
            self.say(f"{each.path} names {len(each.open())} resources:", *(f"  {entry}" for entry in each.open()))
        if not mine:
            self.say("no journal of this account and Region is here; nothing was removed")
            return REMAINS if unreadable else DONE
        self.confirm("Remove them?")
        remains = [self.remove(each) for each in mine]
        return INTERRUPTED if None in remains else REMAINS if any(remains) or unreadable else DONE

    def journals(self, account):
        """Returns the journals in the folder of this account and Region, and the number of journals that cannot be read."""
        mine, unreadable = [], 0
        for path in sorted(self.options.folder.glob(f"logweir-trial-*{SUFFIX}")):
            try:
                journal = Journal.read(path)
            except Unreadable as why:
                self.say(f"not removed: {why}")
                unreadable += 1
                continue
            if (journal.header["account"], journal.header["region"]) == (account, self.account.region):
                mine.append(journal)
            else:
                self.say(f"{path} is of another account or Region")
        return mine, unreadable
