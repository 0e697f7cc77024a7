"""Probes: what does RegisterTaskDefinition do with documents that a typed SDK would not send?"""

import json

from probe import no, other, probe, yes
from probes.documents import container, document

MEMBER = "logweirTrialMember"
LARGEST = 65536  # bytes, the limit that users report


@probe("unknown-members", "Does ECS keep a member that it does not know?")
def unknown_members(bench):
    """Registers a revision with an invented member at the top level of the document, and one with an invented member in a
    container. The requests do not pass through an SDK's model."""
    kept = []
    for place, sent in [
        ("at the top level", document(bench, "members", **{MEMBER: "kept"})),
        ("in a container", document(bench, "members", container(**{MEMBER: "kept"}))),
    ]:
        registered = bench.registered(place, sent)
        where = "refused"
        if registered.accepted:
            shown = registered.answer["taskDefinition"]
            shown = shown if place == "at the top level" else shown["containerDefinitions"][0]
            where = "kept" if shown.get(MEMBER) == "kept" else "dropped"
        kept.append(where)
        bench.note(f"the member {place}", where)
    text = f"at the top level: {kept[0]}; in a container: {kept[1]}"
    return yes(text) if kept == ["kept", "kept"] else no(text) if "kept" not in kept else other(text)


@probe("odd-json", "Does ECS keep the spelling of numbers, and which of two equal keys does it use?")
def odd_json(bench):
    """Registers a revision whose memory is spelled `6.4e1`, and one with a repeated Docker label."""
    spelled = document(bench, "spelling")
    number = bench.registered("memory 6.4e1", spelled, lambda text: text.replace('"memory": 64', '"memory": 6.4e1'))
    if number.accepted:
        bench.note("memory of the new revision", number.answer["taskDefinition"]["containerDefinitions"][0].get("memory"))
    repeated = document(bench, "spelling", container(dockerLabels={"twice": "first"}))
    twice = '"twice": "first", "twice": "second"'
    label = bench.registered("a repeated key", repeated, lambda text: text.replace('"twice": "first"', twice))
    if label.accepted:
        labels = label.answer["taskDefinition"]["containerDefinitions"][0]["dockerLabels"]
        bench.note("value of the repeated key", labels.get("twice"))
    return other(f"a number spelled 6.4e1: {number.message}; a repeated key: {label.message}")


@probe("document-size", "Which bytes of a task definition count towards the limit of 65536?")
def document_size(bench):
    """Registers three documents: one with 64,000 bytes; the same with white space up to 70,000 bytes; and one with 70,000 bytes
    of content."""
    small, large = padded(bench, 64000), padded(bench, 70000)
    found = [
        bench.registered("64,000 bytes", small),
        bench.registered("64,000 bytes, and white space up to 70,000 bytes", small, lambda text: text + " " * (70000 - len(text))),
        bench.registered("70,000 bytes", large),
    ]
    if found[0].accepted and not found[2].accepted:
        blank = "does not count" if found[1].accepted else "counts"
        return yes(f"content counts, white space of the request {blank}; the refusal says: {found[2].message}")
    return other("; ".join(each.message for each in found))


def padded(bench, size):
    """Returns a document with about this number of bytes, before the trial's label is added."""
    empty = document(bench, "size", container(command=[""]))
    return document(bench, "size", container(command=["x" * (size - len(json.dumps(empty)) - 60)]))


@probe("too-many-tags", "How does ECS refuse more than 50 tags?")
def too_many_tags(bench):
    """Registers a revision with 51 tags."""
    tags = [{"key": f"key-{n}", "value": "value"} for n in range(51)]
    registered = bench.registered("51 tags", document(bench, "tags", tags=tags))
    return other("ECS accepts 51 tags" if registered.accepted else registered.message)
