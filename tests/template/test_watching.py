"""The view of operators: each field, literal and metric that the stack uses occurs in a line of the real program."""

import json
import re
import unittest

from deployed import ROOT, RESOURCES, TEMPLATE, of_type

LINES = [json.loads(line) for line in (ROOT / "tests/workflow/telemetry/lines.jsonl").read_text().splitlines()]
# The used part of the Logs Insights query language.
WORDS = {"filter", "fields", "stats", "sort", "limit", "by", "as", "and", "or", "not", "in", "like", "asc", "desc"}
FUNCTIONS = {"count", "latest", "max", "min", "pct", "bin"}
# The metrics of AWS itself, with their dimensions.
OF_AWS = {
    ("AWS/Lambda", "Errors"): "FunctionName", ("AWS/Lambda", "Throttles"): "FunctionName", ("AWS/Lambda", "Duration"): "FunctionName",
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): "QueueName", ("AWS/SQS", "ApproximateAgeOfOldestMessage"): "QueueName",
    ("AWS/Events", "TriggeredRules"): "RuleName",
}

# The alarms on a temporary state. The others are on events.
STATES = {"DeadLettersWait", "WorkWaits", "Silent", "FuseOpen", "Stuck"}


def dashboard():
    [dashboard] = of_type("AWS::CloudWatch::Dashboard").values()
    return json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]


def queries():
    """The queries, by name or title."""
    saved = {each["Name"]["Fn::Sub"]: each["QueryString"] for each in of_type("AWS::Logs::QueryDefinition").values()}
    shown = {each["properties"]["title"]: each["properties"]["query"] for each in dashboard() if each["type"] == "log"}
    return saved | {title: re.sub(r"SOURCE '[^']+' \| ", "", query) for title, query in shown.items()}


def fields(query):
    without_texts = re.sub(r'"[^"]*"', "", query)
    aliases = set(re.findall(r"\bas (\w+)", without_texts))
    words = set(re.findall(r"(?<![\w@.])[A-Za-z_][\w.]*", without_texts))
    return words - WORDS - FUNCTIONS - aliases - {"1d"}


def compared(query):
    """Yields each field with each text that it is compared with."""
    for field, text in re.findall(r'(\w+) = "([^"]*)"', query):
        yield field, text
    for field, texts in re.findall(r"(\w+)(?: not)? in \[([^]]*)\]", query):
        for text in re.findall(r'"([^"]*)"', texts):
            yield field, text


def value(line, field):
    """Returns the value of a field as Logs Insights does: list members by their index."""
    for part in field.split("."):
        if isinstance(line, list):
            line = line[int(part)] if part.isdigit() and int(part) < len(line) else None
        else:
            line = line.get(part) if isinstance(line, dict) else None
    return line


def written():
    """The metrics of the lines: namespace, name, names of the dimensions, and their values without FunctionName."""
    for line in LINES:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for dimensions in directive["Dimensions"]:
                values = {name: line[name] for name in dimensions if name != "FunctionName"}
                for metric in directive["Metrics"]:
                    assert isinstance(line[metric["Name"]], (int, float))
                    yield directive["Namespace"], metric["Name"], tuple(sorted(dimensions)), tuple(values.items())


class WhatOperatorsSee(unittest.TestCase):
    WRITTEN = set(written())

    def assert_is_written(self, namespace, name, dimensions):
        if namespace != "Logweir":
            self.assertEqual([OF_AWS[namespace, name]], list(dimensions))
            return
        values = tuple((key, text) for key, text in dimensions.items() if key != "FunctionName")
        self.assertIn((namespace, name, tuple(sorted(dimensions)), values), self.WRITTEN)

    def test_each_field_of_each_query_occurs_in_a_line(self):
        self.assertGreaterEqual(len(queries()), 8)
        for name, query in queries().items():
            self.assertTrue(fields(query))
            for field in fields(query):
                with self.subTest(name, field=field):
                    self.assertTrue(any(value(line, field) is not None for line in LINES))

    def test_each_text_that_a_query_compares_with_occurs_in_a_line(self):
        for name, query in queries().items():
            self.assertTrue(list(compared(query)))
            for field, text in compared(query):
                with self.subTest(name, field=field, text=text):
                    self.assertTrue(any(value(line, field) == text for line in LINES))

    def test_each_query_finds_a_line(self):
        """Its fields and texts occur together in one line."""
        for name, query in queries().items():
            wanted = {}
            for field, text in compared(query.split("|")[0]):
                wanted.setdefault(field, set()).add(text)
            if "not in" in query:
                wanted.pop("outcome")
            with self.subTest(name):
                self.assertTrue(any(all(value(line, field) in texts for field, texts in wanted.items()) for line in LINES))

    def test_each_metric_of_the_dashboard_is_written(self):
        shown = [each["properties"] for each in dashboard() if each["type"] == "metric"]
        self.assertTrue(shown)
        for widget in shown:
            for namespace, name, *rest in widget["metrics"]:
                pairs = [each for each in rest if isinstance(each, str)]
                with self.subTest(widget["title"], metric=name):
                    self.assert_is_written(namespace, name, dict(zip(pairs[::2], pairs[1::2])))

    def test_the_dashboard_shows_every_outcome(self):
        [decisions] = [each["properties"] for each in dashboard() if each["properties"].get("title") == "Decisions"]
        shown = [metric[metric.index("Outcome") + 1] for metric in decisions["metrics"]]
        there_are = re.findall(r'Self::\w+ => "([a-z-]+)",', (ROOT / "src/domain/outcome.rs").read_text().split("impl Outcome")[1].split("fn name")[1].split("fn ")[0])
        there_are.remove("migrated")  # only a command of an operator migrates
        self.assertEqual(shown, there_are)
        [backed_out] = [metric for metric in decisions["metrics"] if "backed-out" in metric]
        self.assertIn("${BackoutFunction}", backed_out, "the backout function counts it")

    def test_each_alarm_is_on_a_metric_that_is_written(self):
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
            dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
            with self.subTest(name):
                self.assert_is_written(alarm["Namespace"], alarm["MetricName"], dimensions)

    def test_each_alarm_notifies_the_topic_and_says_what_to_do(self):
        notified = [{"Fn::If": ["MakesTopic", {"Ref": "Notifications"}, {"Ref": "NotificationTopic"}]}]
        metrics = (ROOT / "docs/reference/metrics.md").read_text()
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
            with self.subTest(name):
                self.assertEqual(alarm["AlarmActions"], notified)
                self.assertEqual(alarm.get("OKActions"), notified if name in STATES else None)
                self.assertGreater(len(alarm["AlarmDescription"]), 40)
                self.assertTrue(f"| `{name}` |" in metrics, "docs/reference/metrics.md has no row of it")

    def test_missing_data_is_ok_except_for_the_heartbeat_alarm(self):
        missing = {name: alarm["TreatMissingData"] for name, alarm in of_type("AWS::CloudWatch::Alarm").items()}
        self.assertEqual([name for name, how in missing.items() if how != "notBreaching"], ["Silent"])
        self.assertEqual(missing["Silent"], "breaching")

    def test_saved_queries_are_in_a_folder_of_the_stacks_name(self):
        for name, query in of_type("AWS::Logs::QueryDefinition").items():
            with self.subTest(name):
                self.assertTrue(query["Name"]["Fn::Sub"].startswith("${AWS::StackName}/"))
                self.assertEqual(RESOURCES[name]["Condition"], "HasSavedQueries")
        self.assertEqual(TEMPLATE["Parameters"]["SavedQueries"]["Default"], "true")


if __name__ == "__main__":
    unittest.main()
