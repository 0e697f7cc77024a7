"""The trial's journal: a file that names each resource before the call that creates it, so that a later `--clean-up` can
remove what a stopped trial left behind."""

import json
import os
import re

SCHEMA = "logweir.trial-journal/1"
SUFFIX = ".journal"
RUN = re.compile(r"logweir-trial-[a-z0-9]{12}")
OPEN = "intended", "created"


class Unreadable(Exception):
    """A journal that this program did not write, or cannot understand."""


class Entry:
    """One resource. Its state is `intended` (the call may have been carried out), `created`, `refused` or `removed`."""

    def __init__(self, number, kind, name, detail):
        self.number, self.kind, self.name, self.detail, self.state = number, kind, name, detail, "intended"

    def __repr__(self):
        return f"{self.kind} {self.detail.get('revision', self.name)}"


class Journal:
    def __init__(self, path, header, entries=()):
        self.path, self.header, self.entries = path, header, list(entries)
        self.run = header["run"]

    @classmethod
    def begin(cls, folder, run, account, region):
        """Creates the file, which only its owner may read, because it contains the account's ID."""
        header = {"schema": SCHEMA, "run": run, "account": account, "region": region}
        journal = cls(folder / f"{run}{SUFFIX}", header)
        os.close(os.open(journal.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        journal._append(header)
        return journal

    @classmethod
    def read(cls, path):
        # A line without its end is the rest of a write that a crash cut off: the call that it announces was never made.
        lines = path.read_text().split("\n")[:-1]
        try:
            header, *changes = [json.loads(line) for line in lines]
            run = header["run"]
            header = {name: str(header[name]) for name in ("schema", "run", "account", "region")}
            if header["schema"] != SCHEMA or not RUN.fullmatch(run) or path.name != f"{run}{SUFFIX}":
                raise Unreadable(f"{path} is not a journal of this program")
            entries = {}
            for change in changes:
                number, state = change["number"], change["state"]
                if state == "intended":
                    entries[number] = Entry(number, change["kind"], change["name"], change["detail"])
                else:
                    entries[number].state = state
                    entries[number].detail |= change["detail"]
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(f"{path} cannot be read: {type(error).__name__}") from None
        return cls(path, header, entries.values())

    def intend(self, kind, name, **detail):
        """Names a resource before the call that creates it."""
        entry = Entry(len(self.entries) + 1, kind, name, detail)
        self._append({"number": entry.number, "state": "intended", "kind": kind, "name": name, "detail": detail})
        self.entries.append(entry)
        return entry

    def change(self, entry, state, **detail):
        self._append({"number": entry.number, "state": state, "detail": detail})
        entry.state = state
        entry.detail |= detail

    def open(self):
        """Returns the entries of the resources that may still exist."""
        return [entry for entry in self.entries if entry.state in OPEN]

    def belongs(self, name):
        """Says whether a name has this run's prefix."""
        return re.fullmatch(rf"{self.run}-[a-z0-9-]+", name) is not None

    def owns(self, entry):
        """Says whether an entry names only resources of this run. The trial removes nothing else, even if the file names it."""
        names = [entry.name, entry.detail.get("cluster", entry.name)]
        revision = entry.detail.get("revision", f":task-definition/{entry.name}:1")
        of_family = re.fullmatch(rf"(?:arn:[^/]*)?:task-definition/{re.escape(entry.name)}:[0-9]+", revision)
        return all(self.belongs(name) for name in names) and of_family is not None

    def end(self):
        """Deletes the file, after everything in it was removed."""
        if not self.open():
            self.path.unlink()

    def _append(self, line):
        with open(self.path, "a") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
