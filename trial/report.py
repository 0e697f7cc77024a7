"""The report of a trial, as text and as JSON. All values of AWS in it are redacted."""

import collections
import json

SCHEMA = "logweir.trial/1"
SHORT = 160  # characters of evidence in the text; the JSON has everything


class Report:
    def __init__(self, redactor, run, **about):
        self.redactor, self.run = redactor, run
        self.document = {"schema": SCHEMA, **about, "ended": "interrupted", "removed": False, "probes": []}

    def add(self, probe, answer, evidence=(), seconds=0):
        """Adds a probe's answer. Only the words of the program itself are not redacted."""
        self.document["probes"].append({
            "probe": probe.name, "question": probe.asks, "done": probe.done,
            "verdict": answer.verdict, "answer": self.redactor.text(answer.text),
            "evidence": [{"what": each["what"], "value": self.redactor.of(each["value"])} for each in evidence],
            "seconds": seconds,
        })

    def end(self, ended, removed):
        self.document |= {"ended": ended, "removed": removed}

    def json(self):
        return json.dumps(self.document, indent=2, ensure_ascii=False) + "\n"

    def text(self):
        document = self.document
        lines = [f"Logweir's trial, {document['date']}, Region {document['region']}, {document['endpoint']}"]
        for each in document["probes"]:
            lines += ["", f"{each['probe']}: {each['verdict']}", f"  question  {each['question']}", f"  answer    {each['answer']}"]
            lines += [f"  evidence  {shortened(note)}" for note in each["evidence"]]
        counts = collections.Counter(each["verdict"] for each in document["probes"])
        lines += ["", ", ".join(f"{verdict}: {count}" for verdict, count in sorted(counts.items()))]
        return "\n".join(lines) + "\n"


def shortened(note):
    value = note["value"] if isinstance(note["value"], str) else json.dumps(note["value"], ensure_ascii=False)
    line = f"{note['what']}: {value}"
    return line if len(line) <= SHORT else line[:SHORT - 1] + "…"
