"""What template.yaml promises and no linter knows: some of it no emulator keeps, either."""

import fnmatch
import hashlib
import json
import re
import unittest

from deployed import (
    FUNCTIONS, OWN_ROLES, RESOURCES, ROOT, RULES, TEMPLATE, environment, of_type, properties, resolved,
)

READS = "*:Describe*", "*:List*", "*:Get*", "dynamodb:Query", "logs:FilterLogEvents"
HERE = re.escape("arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}")
SERVICES = rf"^{HERE}:service(-deployment|-revision)?/\$\{{Clusters}}/\*$"


class Role:
    """What a function may do. What a test here expects is all there is: nobody widens a role in passing."""

    NAME = FUNCTION = CHANGES = READS = EVERYWHERE = None

    def setUp(self):
        [policy] = properties(self.NAME)["Policies"]
        # Those as well that stand there only where a parameter asks for it.
        every = [each.get("Fn::If", [None, each])[1] for each in policy["PolicyDocument"]["Statement"]]
        self.statements = {each["Sid"]: each for each in every}
        self.assertEqual(len(self.statements), len(policy["PolicyDocument"]["Statement"]), "a Sid stands twice")

    def actions(self, statement):
        return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]

    def resources(self, statement):
        return statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]

    def test_these_are_all_its_actions(self):
        granted = {action for statement in self.statements.values() for action in self.actions(statement)}
        reads = {action for action in granted if any(fnmatch.fnmatch(action, read) for read in READS)}
        self.assertEqual(granted - reads, self.CHANGES)
        self.assertEqual(reads, self.READS)

    def test_only_what_iam_cannot_narrow_is_granted_on_everything(self):
        everywhere = {action for each in self.statements.values() if each["Resource"] == "*" for action in self.actions(each)}
        self.assertEqual(everywhere, self.EVERYWHERE)

    def test_it_only_allows_and_names_each_action(self):
        for sid, statement in self.statements.items():
            with self.subTest(sid):
                self.assertEqual(statement["Effect"], "Allow")
                self.assertFalse({"NotAction", "NotResource"} & statement.keys())
                self.assertNotIn("*", "".join(self.actions(statement)))

    def test_what_it_registers_is_of_the_families_it_is_for(self):
        [register] = [each for each in self.statements.values() if "ecs:RegisterTaskDefinition" in self.actions(each)]
        self.assertEqual(self.actions(register), ["ecs:RegisterTaskDefinition"])
        self.assertTrue(register["Resource"]["Fn::Sub"].endswith(":task-definition/${TaskFamilies}:*"))

    def test_services_are_pointed_in_the_clusters_it_is_for(self):
        of_services = {
            "ecs:UpdateService", "ecs:StopServiceDeployment",
            "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:ListServiceDeployments",
        }
        for sid, statement in self.statements.items():
            if of_services & set(self.actions(statement)):
                for resource in self.resources(statement):
                    with self.subTest(sid):
                        self.assertRegex(resource["Fn::Sub"], SERVICES)

    def test_roles_are_passed_to_tasks_only(self):
        only_to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        self.assertEqual(self.statements["PassTaskRoles"]["Condition"], only_to_tasks)

    def test_revisions_are_tagged_only_while_they_are_registered(self):
        only_then = {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}
        self.assertEqual(self.statements["TagWhatItRegisters"]["Condition"], only_then)

    def test_log_groups_are_changed_only_among_those_it_is_for(self):
        for sid in "TaskLogGroups", "OwnLogGroups":
            for resource in self.statements.get(sid, {}).get("Resource", []):
                with self.subTest(sid):
                    self.assertRegex(resource["Fn::Sub"], r":log-group:\$\{TaskLogGroups}(:\*)?$")

    def test_the_bus_gets_events_of_logweirs_own_name_only(self):
        self.assertEqual(self.statements["TellTheBus"]["Condition"], {
            "ForAllValues:StringEquals": {"events:source": "logweir"}, "Null": {"events:source": "false"},
        })

    def test_a_boundary_may_be_put_around_it(self):
        boundary = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
        self.assertEqual(properties(self.NAME)["PermissionsBoundary"], boundary)

    def test_its_function_has_it_and_it_has_no_other(self):
        having = [name for name in FUNCTIONS if properties(name)["Role"] == {"Fn::GetAtt": [self.NAME, "Arn"]}]
        self.assertEqual(having, [self.FUNCTION])

    def test_all_of_it_is_in_the_template(self):
        self.assertNotIn("ManagedPolicyArns", properties(self.NAME))


class TheRemediatorsRole(Role, unittest.TestCase):
    """It lists no clusters, services or tasks: what an event costs does not grow with the account."""

    NAME, FUNCTION = "RemediatorRole", "RemediatorFunction"
    CHANGES = {
        "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:TagResource", "iam:PassRole",
        "ecs:UpdateService",
        "logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource",
        "logs:CreateLogStream", "logs:PutLogEvents",
        "dynamodb:PutItem",
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage",
        "sns:Publish", "events:PutEvents",
    }
    READS = {
        "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListAccountSettings",
        "ecs:DescribeServices", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions",
        "ecs:ListServiceDeployments",
        "ecr:DescribeImages",
        "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:FilterLogEvents",
        "dynamodb:GetItem", "dynamodb:Query",
        "sqs:GetQueueAttributes",
        "ssm:GetParameter",
    }
    EVERYWHERE = {
        "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:DeregisterTaskDefinition",
        "ecs:ListAccountSettings", "logs:DescribeLogGroups",
    }

    def test_what_it_makes_bears_its_tag(self):
        self.assertEqual(self.statements["OwnLogGroups"]["Condition"], {
            "StringEquals": {"aws:RequestTag/managed-by": "logweir"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["managed-by"]},
        })

    def test_what_is_in_other_accounts_and_regions_is_images(self):
        images = {"Fn::Sub": "arn:${AWS::Partition}:ecr:*:*:repository/*"}
        elsewhere = [sid for sid, each in self.statements.items() if ":*:*:" in json.dumps(each["Resource"])]
        self.assertEqual((elsewhere, self.statements["LookAtImages"]["Resource"]), (["LookAtImages"], images))


class TheBackoutsRole(Role, unittest.TestCase):
    """It takes a retention away, and no more: to set one, or to delete a group, would delete log data."""

    NAME, FUNCTION = "BackoutRole", "BackoutFunction"
    CHANGES = {
        "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:TagResource", "iam:PassRole",
        "ecs:UpdateService", "ecs:StopServiceDeployment",
        "logs:DeleteRetentionPolicy",
        "logs:CreateLogStream", "logs:PutLogEvents",
        "dynamodb:PutItem",
        "sns:Publish", "events:PutEvents",
    }
    READS = {
        "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions",
        "ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks",
        "ecs:DescribeServiceDeployments",
        "logs:DescribeLogGroups",
        "dynamodb:GetItem", "dynamodb:Query",
    }
    EVERYWHERE = {
        "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:DeregisterTaskDefinition",
        "ecs:ListClusters", "ecs:ListServices", "ecs:ListTasks", "logs:DescribeLogGroups",
    }

    def test_it_lists_the_clusters_of_its_own_account_and_region_alone(self):
        here = {"Fn::Sub": "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/*"}
        self.assertEqual(self.statements["FindWhatRuns"]["Condition"], {"ArnLike": {"ecs:cluster": here}})


class TheFunctions(unittest.TestCase):
    def test_they_are_one_package_with_two_roles(self):
        same = "Code", "Handler", "Runtime", "Architectures", "MemorySize"
        remediator, backout = ({key: properties(name)[key] for key in same} for name in FUNCTIONS)
        self.assertEqual(remediator, backout)
        self.assertEqual([environment(name)["LOGWEIR_ROLE"] for name in FUNCTIONS], ["remediate", "backout"])

    def test_both_are_built(self):
        """SAM asks make for a target of each, by its name."""
        makefile = (ROOT / "Makefile").read_text()
        for name in FUNCTIONS:
            with self.subTest(name):
                self.assertEqual(RESOURCES[name]["Metadata"]["BuildMethod"], "makefile")
                self.assertRegex(makefile, rf"(?m)^build-{name}:")

    def test_they_end_before_their_lease_does(self):
        settings = (ROOT / "src/settings.rs").read_text()
        for name, constant in zip(FUNCTIONS, ("LEASE", "BACKOUT_LEASE")):
            [lease] = re.findall(rf"const {constant}: SignedDuration = SignedDuration::from_secs\((\d+)\);", settings)
            with self.subTest(name):
                self.assertLess(properties(name)["Timeout"], int(lease))

    def test_they_know_every_role_that_the_rules_leave_out(self):
        for rule in RULES:
            detail = properties(rule)["EventPattern"].get("detail")
            if detail:  # which events of calls have
                with self.subTest(rule):
                    [left_out, _] = detail["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
                    self.assertEqual(resolved(left_out), {"anything-but": list(OWN_ROLES.values())})
        for name in FUNCTIONS:
            with self.subTest(name):
                own_roles = resolved(environment(name)["LOGWEIR_OWN_ROLES"])
                self.assertEqual(own_roles, {"Fn::Sub": ",".join(OWN_ROLES.values())})

    def test_the_one_that_takes_back_is_told_neither_mode_nor_baseline(self):
        self.assertEqual(environment("BackoutFunction").keys(), {
            "LOGWEIR_ROLE", "LOGWEIR_JOURNAL", "LOGWEIR_OWN_ROLES", "LOGWEIR_TOPIC", "LOGWEIR_BUS",
        })

    def test_each_correction_says_who_takes_it_back(self):
        name = environment("RemediatorFunction")["LOGWEIR_BACKOUT_FUNCTION"]
        self.assertEqual(name, {"Fn::Sub": "${AWS::StackName}-backout"})
        self.assertEqual(properties("BackoutFunction")["FunctionName"], name)
        self.assertEqual(TEMPLATE["Outputs"]["BackoutFunctionName"]["Value"], {"Ref": "BackoutFunction"})

    def test_each_has_a_log_of_its_own(self):
        for name, log in zip(FUNCTIONS, ("RemediatorLogs", "BackoutLogs")):
            with self.subTest(name):
                self.assertEqual(properties(name)["LoggingConfig"], {"LogFormat": "JSON", "LogGroup": {"Ref": log}})
                self.assertEqual(properties(log)["RetentionInDays"], {"Ref": "LogRetentionDays"})


class TheQueue(unittest.TestCase):
    def test_it_alone_calls_the_function_that_corrects(self):
        [mapping] = of_type("AWS::Lambda::EventSourceMapping").values()
        self.assertEqual(mapping["EventSourceArn"], {"Fn::GetAtt": ["Work", "Arn"]})
        self.assertEqual(mapping["FunctionName"], {"Ref": "RemediatorFunction"})
        [permission] = of_type("AWS::Lambda::Permission").values()
        self.assertEqual(permission["FunctionName"], {"Ref": "BackoutFunction"})

    def test_a_message_that_failed_comes_again_and_ends_where_it_can_be_read(self):
        [mapping] = of_type("AWS::Lambda::EventSourceMapping").values()
        self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertEqual((mapping["BatchSize"], mapping["ScalingConfig"]), (1, {"MaximumConcurrency": 2}))
        redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}, "maxReceiveCount": 5}
        self.assertEqual(properties("Work")["RedrivePolicy"], redrive)

    def test_the_function_counts_failures_up_to_the_same_number(self):
        [most] = re.findall(r"const MOST_FAILURES: u32 = (\d+);", (ROOT / "src/handler/queue.rs").read_text())
        self.assertEqual(properties("Work")["RedrivePolicy"]["maxReceiveCount"], int(most))

    def test_a_message_is_hidden_six_times_as_long_as_the_function_may_run(self):
        self.assertGreaterEqual(properties("Work")["VisibilityTimeout"], 6 * properties("RemediatorFunction")["Timeout"])

    def test_both_keep_what_they_have_as_long_as_a_queue_can(self):
        for name in "Work", "DeadLetters":
            with self.subTest(name):
                self.assertEqual(properties(name)["MessageRetentionPeriod"], 14 * 24 * 3600)
                self.assertTrue(properties(name)["SqsManagedSseEnabled"])

    def test_the_kill_switch_pauses_it_and_nothing_else(self):
        [mapping] = of_type("AWS::Lambda::EventSourceMapping").values()
        self.assertEqual(mapping["Enabled"], {"Fn::If": ["IsPaused", False, True]})
        text = json.dumps([RESOURCES, TEMPLATE["Conditions"]])
        self.assertEqual((text.count('"IsPaused"'), text.count('{"Ref": "Paused"}')), (2, 1))
        self.assertEqual(TEMPLATE["Parameters"]["Paused"]["Default"], "false")


class TheSchedules(unittest.TestCase):
    """What a worker left is finished by the function that began it."""

    def test_each_function_is_told_to_finish_what_was_left(self):
        for name, to in ("Resume", "Work"), ("BackoutFunctionResume", "BackoutFunction"):
            with self.subTest(name):
                schedule = properties(name)
                self.assertEqual(schedule["ScheduleExpression"], "rate(5 minutes)")
                [target] = schedule["Targets"]
                self.assertEqual(target["Arn"], {"Fn::GetAtt": [to, "Arn"]})
                self.assertEqual(target["Input"], '{"logweir":"resume"}')
                self.assertEqual(target["RetryPolicy"]["MaximumRetryAttempts"], 0)

    def test_what_would_be_corrected_is_told_once_a_day(self):
        [target] = properties("Digest")["Targets"]
        self.assertEqual((target["Arn"], target["Input"]), ({"Fn::GetAtt": ["Work", "Arn"]}, '{"logweir":"digest"}'))

    def test_nothing_else_calls_the_one_that_takes_back(self):
        backout = {"Ref": "BackoutFunction"}, {"Fn::GetAtt": ["BackoutFunction", "Arn"]}
        rules = of_type("AWS::Events::Rule")
        calling = [name for name, rule in rules.items() if any(target["Arn"] in backout for target in rule["Targets"])]
        self.assertEqual(calling, ["BackoutFunctionResume"])
        self.assertNotIn("EventPattern", rules["BackoutFunctionResume"])
        [permission] = of_type("AWS::Lambda::Permission").values()
        self.assertEqual(permission["Principal"], "events.amazonaws.com")
        self.assertEqual(permission["SourceArn"], {"Fn::GetAtt": ["BackoutFunctionResume", "Arn"]})

    def test_nothing_of_another_kind_calls_either(self):
        """No URL, no alias, and no scheduler with a role of its own."""
        self.assertEqual({each["Type"] for each in RESOURCES.values()}, {
            "AWS::Lambda::Function", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping",
            "AWS::Lambda::Permission", "AWS::Events::Rule", "AWS::Events::Archive", "AWS::IAM::Role",
            "AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::Logs::QueryDefinition", "AWS::SQS::Queue",
            "AWS::SQS::QueuePolicy", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription",
            "AWS::SSM::Parameter", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard",
        })


class TheStack(unittest.TestCase):
    def test_the_journal_cannot_be_lost(self):
        journal = properties("Journal")
        self.assertTrue(journal["DeletionProtectionEnabled"])
        self.assertTrue(journal["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
        self.assertTrue(journal["SSESpecification"]["SSEEnabled"])
        self.assertEqual(journal["TimeToLiveSpecification"], {"AttributeName": "expires", "Enabled": True})

    def test_what_holds_data_outlives_the_stack_and_bars_no_other(self):
        for name in "Journal", "RemediatorLogs", "BackoutLogs":
            with self.subTest(name):
                self.assertIn(RESOURCES[name]["DeletionPolicy"], ("Retain", "RetainExceptOnCreate"))
                self.assertEqual(RESOURCES[name]["UpdateReplacePolicy"], "Retain")
                self.assertFalse({"TableName", "LogGroupName"} & properties(name).keys())

    def test_it_changes_nothing_unless_asked(self):
        self.assertEqual(TEMPLATE["Parameters"]["Mode"]["Default"], "observe")

    def test_it_has_no_role_that_sam_adds(self):
        self.assertEqual(of_type("AWS::IAM::Role").keys(), OWN_ROLES.keys())

    def test_it_offers_every_mode_there_is(self):
        modes = (ROOT / "src/domain/outcome.rs").read_text().split("impl Mode")[1].split("}")[0]
        modes = re.findall(r'(?m)^ +Self::\w+ => "(\w+)",$', modes)
        self.assertEqual(TEMPLATE["Parameters"]["Mode"]["AllowedValues"], modes)

    def test_clusters_are_named_and_nothing_else(self):
        allowed = re.compile(TEMPLATE["Parameters"]["Clusters"]["AllowedPattern"])
        for name in "*", "prod", "shop-*", "team_1", "prod-?":
            with self.subTest(name):
                self.assertTrue(allowed.search(name))
        for name in "", "prod/web", "prod/*", "*:*", "${Mode}", "a,b", "a b":
            with self.subTest(name):
                self.assertFalse(allowed.search(name))

    def test_the_baseline_that_is_confirmed_by_default_is_the_shipped_one(self):
        shipped = hashlib.sha256((ROOT / "infra/baseline.toml").read_bytes()).hexdigest()
        self.assertEqual(TEMPLATE["Parameters"]["ConfirmedBaseline"]["Default"], f"sha256:{shipped}")
        self.assertEqual(environment("RemediatorFunction")["LOGWEIR_CONFIRMED_BASELINE"], {"Ref": "ConfirmedBaseline"})

    def test_what_others_look_up_is_there(self):
        names = {each["Name"]: each["Value"] for each in of_type("AWS::SSM::Parameter").values()}
        self.assertEqual(names["/logweir/journal"], {"Fn::Sub": "dynamodb:${Journal}"})
        deployment = json.loads(names["/logweir/deployment"]["Fn::Sub"])
        self.assertEqual(deployment["schema"], "logweir.deployment/1")
        self.assertEqual(deployment["rules"], [f"${{{name}}}" for name in RULES])
        self.assertEqual(deployment["mapping"], "${RemediatorFunctionWork}")

    def test_everything_that_takes_tags_says_whose_it_is(self):
        untagged = "AWS::Events::Archive", "AWS::Events::Rule", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"
        for name, each in RESOURCES.items():
            if each["Type"] in (*untagged, "AWS::Lambda::EventSourceMapping", "AWS::Logs::QueryDefinition"):
                continue
            if each["Type"].endswith(("Policy", "Permission", "EventInvokeConfig", "Subscription")):
                continue
            with self.subTest(name):
                self.assertIn('"owner"', json.dumps(each["Properties"]["Tags"]))

    def test_every_parameter_says_what_it_is_for(self):
        for name, parameter in TEMPLATE["Parameters"].items():
            with self.subTest(name):
                self.assertRegex(parameter["Description"], r"\w.{30,}")
                self.assertIn("Default", parameter)

    def test_a_topic_that_it_makes_takes_alarms_and_what_the_rules_of_tampering_tell(self):
        """EventBridge can meet no condition in a topic's policy (source: its guide on resource-based policies)."""
        alarms, tampering, deny = properties("NotificationsPolicy")["PolicyDocument"]["Statement"]
        self.assertEqual(alarms["Condition"]["StringEquals"], {"aws:SourceAccount": {"Ref": "AWS::AccountId"}})
        self.assertEqual(tampering["Principal"], {"Service": "events.amazonaws.com"})
        self.assertNotIn("Condition", tampering)
        self.assertEqual((deny["Effect"], deny["Condition"]), ("Deny", {"Bool": {"aws:SecureTransport": "false"}}))

    def test_it_is_the_same_in_every_partition(self):
        self.assertNotRegex(json.dumps(TEMPLATE), r"arn:aws[:-]|amazonaws\.com\.cn")


if __name__ == "__main__":
    unittest.main()
