"""Properties of template.yaml that no linter checks, and that emulators only partly implement."""

import fnmatch
import json
import re
import unittest

import baseline_digest
from deployed import (
    FUNCTIONS, OWN_ROLES, RESOURCES, ROOT, RULE_OF_CLUSTERS, RULES, TEMPLATE, environment, of_type, properties, resolved, with_exec,
)

READS = "*:Describe*", "*:List*", "*:Get*", "dynamodb:Query", "logs:FilterLogEvents"
HERE = re.escape("arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}")
SERVICES = rf"^{HERE}:service(-deployment|-revision)?/\$\{{Item}}/\*$"


class Role:
    """The permissions of a function. The expectations are complete, so a role cannot be widened by accident."""

    NAME = FUNCTION = CHANGES = READS = EVERYWHERE = None

    def setUp(self):
        [policy] = with_exec(properties(self.NAME)["Policies"])
        # Including the statements that depend on a parameter.
        every = [each.get("Fn::If", [None, each])[1] for each in policy["PolicyDocument"]["Statement"]]
        self.statements = {each["Sid"]: each for each in every}
        self.assertEqual(len(self.statements), len(policy["PolicyDocument"]["Statement"]), "a Sid is used twice")

    def actions(self, statement):
        return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]

    def resources(self, statement):
        return statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]

    def assert_is_item(self, resource, pattern, parameter):
        """Asserts that the resource is an ARN with one item of a list parameter, which may be absent."""
        match resource:
            case {"Fn::If": [condition, {"Fn::Sub": [arn, names]}, {"Ref": "AWS::NoValue"}]}:
                index = names["Item"]["Fn::Select"][0]
                self.assertTrue(condition.endswith(str(index + 1)), "the condition is about the same item")
                self.assertEqual(TEMPLATE["Conditions"][condition], {
                    "Fn::Not": [{"Fn::Equals": [names["Item"], ";"]}],
                })
            case {"Fn::Sub": [arn, names]}:
                self.assertEqual(names["Item"]["Fn::Select"][0], 0)
            case _:
                self.fail(resource)
        self.assertRegex(arn, pattern)
        parts = {"Fn::Split": [",", {"Fn::Sub": f"${{{parameter}}},;,;,;,;,;,;,;"}]}
        self.assertEqual(names, {"Item": {"Fn::Select": [names["Item"]["Fn::Select"][0], parts]}})

    def test_the_list_of_its_actions_is_complete(self):
        granted = {action for statement in self.statements.values() for action in self.actions(statement)}
        reads = {action for action in granted if any(fnmatch.fnmatch(action, read) for read in READS)}
        self.assertEqual(granted - reads, self.CHANGES)
        self.assertEqual(reads, self.READS)

    def test_only_actions_that_iam_cannot_narrow_are_granted_on_everything(self):
        everywhere = {action for each in self.statements.values() if each["Resource"] == "*" for action in self.actions(each)}
        self.assertEqual(everywhere, self.EVERYWHERE)

    def test_it_only_allows_and_names_each_action(self):
        for sid, statement in self.statements.items():
            with self.subTest(sid):
                self.assertEqual(statement["Effect"], "Allow")
                self.assertFalse({"NotAction", "NotResource"} & statement.keys())
                self.assertNotIn("*", "".join(self.actions(statement)))

    def test_it_may_register_only_in_its_families(self):
        [register] = [each for each in self.statements.values() if "ecs:RegisterTaskDefinition" in self.actions(each)]
        self.assertEqual(self.actions(register), ["ecs:RegisterTaskDefinition"])
        for resource in self.resources(register):
            self.assert_is_item(resource, r":task-definition/\$\{Item}:\*$", "TaskFamilies")

    def test_it_may_update_services_only_in_its_clusters(self):
        of_services = {
            "ecs:UpdateService", "ecs:StopServiceDeployment",
            "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:ListServiceDeployments",
        }
        for sid, statement in self.statements.items():
            if of_services & set(self.actions(statement)):
                for resource in self.resources(statement):
                    with self.subTest(sid):
                        self.assert_is_item(resource, SERVICES, "Clusters")

    def test_it_may_read_and_change_only_its_clusters(self):
        of_clusters = {"ecs:DescribeClusters", "ecs:UpdateCluster"}
        [statement] = [each for each in self.statements.values() if of_clusters & set(self.actions(each))]
        self.assertEqual(set(self.actions(statement)), of_clusters)
        for resource in self.resources(statement):
            self.assert_is_item(resource, rf"^{HERE}:cluster/\$\{{Item}}$", "Clusters")

    def test_it_may_pass_roles_only_to_tasks(self):
        only_to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        self.assertEqual(self.statements["PassTaskRoles"]["Condition"], only_to_tasks)

    def test_it_may_tag_revisions_only_while_registering_them(self):
        only_then = {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}
        self.assertEqual(self.statements["TagWhatItRegisters"]["Condition"], only_then)

    def test_it_may_change_only_its_log_groups(self):
        for sid in "TaskLogGroups", "OwnLogGroups":
            for resource in self.statements.get(sid, {}).get("Resource", []):
                with self.subTest(sid):
                    self.assert_is_item(resource, r":log-group:\$\{Item}(:\*)?$", "TaskLogGroups")

    def test_it_may_send_only_events_with_the_source_logweir(self):
        self.assertEqual(self.statements["TellTheBus"]["Condition"], {
            "ForAllValues:StringEquals": {"events:source": "logweir"}, "Null": {"events:source": "false"},
        })

    def test_it_can_have_a_permissions_boundary(self):
        boundary = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
        self.assertEqual(properties(self.NAME)["PermissionsBoundary"], boundary)

    def test_exactly_its_function_has_it(self):
        having = [name for name in FUNCTIONS if properties(name)["Role"] == {"Fn::GetAtt": [self.NAME, "Arn"]}]
        self.assertEqual(having, [self.FUNCTION])

    def test_it_has_no_managed_policy(self):
        self.assertNotIn("ManagedPolicyArns", properties(self.NAME))


class TheRemediatorsRole(Role, unittest.TestCase):
    """It lists no clusters, services or tasks, so the cost of an event does not grow with the account."""

    NAME, FUNCTION = "RemediatorRole", "RemediatorFunction"
    CHANGES = {
        "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:TagResource", "iam:PassRole",
        "ecs:UpdateService", "ecs:UpdateCluster",
        "logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource",
        "logs:CreateLogStream", "logs:PutLogEvents",
        "dynamodb:PutItem",
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage",
        "sns:Publish", "events:PutEvents",
    }
    READS = {
        "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListTaskDefinitionFamilies",
        "ecs:ListAccountSettings",
        "ecs:DescribeServices", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions",
        "ecs:ListServiceDeployments", "ecs:DescribeClusters", "ecs:DescribeTasks", "ssm:DescribeSessions",
        "ecr:DescribeImages",
        "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:FilterLogEvents",
        "dynamodb:GetItem", "dynamodb:Query",
        "sqs:GetQueueAttributes",
        "ssm:GetParameter",
    }
    EVERYWHERE = {
        "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:DeregisterTaskDefinition",
        "ecs:ListAccountSettings", "ecs:ListTaskDefinitionFamilies", "logs:DescribeLogGroups",
        "ssm:DescribeSessions",
    }

    def test_log_groups_that_it_creates_have_its_tag(self):
        self.assertEqual(self.statements["OwnLogGroups"]["Condition"], {
            "StringEquals": {"aws:RequestTag/managed-by": "logweir"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["managed-by"]},
        })

    def test_only_images_may_be_in_other_accounts_and_regions(self):
        images = {"Fn::Sub": "arn:${AWS::Partition}:ecr:*:*:repository/*"}
        elsewhere = [sid for sid, each in self.statements.items() if ":*:*:" in json.dumps(each["Resource"])]
        self.assertEqual((elsewhere, self.statements["LookAtImages"]["Resource"]), (["LookAtImages"], images))


class TheBackoutsRole(Role, unittest.TestCase):
    """It may only remove a retention. Setting one, or deleting a group, would delete log data."""

    NAME, FUNCTION = "BackoutRole", "BackoutFunction"
    CHANGES = {
        "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:TagResource", "iam:PassRole",
        "ecs:UpdateService", "ecs:StopServiceDeployment", "ecs:UpdateCluster",
        "logs:DeleteRetentionPolicy",
        "logs:CreateLogStream", "logs:PutLogEvents",
        "dynamodb:PutItem",
        "sns:Publish", "events:PutEvents",
    }
    READS = {
        "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions",
        "ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks",
        "ecs:DescribeServiceDeployments", "ecs:DescribeClusters",
        "logs:DescribeLogGroups",
        "dynamodb:GetItem", "dynamodb:Query",
    }
    EVERYWHERE = {
        "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:DeregisterTaskDefinition",
        "ecs:ListClusters", "ecs:ListServices", "ecs:ListTasks", "logs:DescribeLogGroups",
    }

    def test_it_lists_only_clusters_of_its_account_and_region(self):
        here = {"Fn::Sub": "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/*"}
        self.assertEqual(self.statements["FindWhatRuns"]["Condition"], {"ArnLike": {"ecs:cluster": here}})


class TheFunctions(unittest.TestCase):
    def test_they_are_one_package_with_two_roles(self):
        same = "Code", "Handler", "Runtime", "Architectures", "MemorySize"
        remediator, backout = ({key: properties(name)[key] for key in same} for name in FUNCTIONS)
        self.assertEqual(remediator, backout)
        self.assertEqual([environment(name)["LOGWEIR_ROLE"] for name in FUNCTIONS], ["remediate", "backout"])

    def test_both_are_built(self):
        """SAM calls make with a target for each function."""
        makefile = (ROOT / "Makefile").read_text()
        for name in FUNCTIONS:
            with self.subTest(name):
                self.assertEqual(RESOURCES[name]["Metadata"]["BuildMethod"], "makefile")
                self.assertRegex(makefile, rf"(?m)^build-{name}:")

    def test_their_timeout_is_shorter_than_their_lease(self):
        settings = (ROOT / "src/settings.rs").read_text()
        for name, constant in zip(FUNCTIONS, ("LEASE", "BACKOUT_LEASE")):
            [lease] = re.findall(rf"const {constant}: SignedDuration = SignedDuration::from_secs\((\d+)\);", settings)
            with self.subTest(name):
                self.assertLess(properties(name)["Timeout"], int(lease))

    def test_they_know_every_role_that_the_rules_exclude(self):
        for rule in RULES:
            detail = properties(rule)["EventPattern"].get("detail")
            if detail:  # only events of calls have one
                with self.subTest(rule):
                    [left_out, _] = detail["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
                    self.assertEqual(resolved(left_out), {"anything-but": list(OWN_ROLES.values())})
        for name in FUNCTIONS:
            with self.subTest(name):
                own_roles = resolved(environment(name)["LOGWEIR_OWN_ROLES"])
                self.assertEqual(own_roles, {"Fn::Sub": ",".join(OWN_ROLES.values())})

    def test_the_backout_function_gets_no_baseline(self):
        self.assertEqual(environment("BackoutFunction").keys(), {
            "LOGWEIR_ROLE", "LOGWEIR_JOURNAL", "LOGWEIR_OWN_ROLES", "LOGWEIR_TOPIC", "LOGWEIR_BUS", "LOGWEIR_MODE",
            "LOGWEIR_PAUSED",
        })

    def test_the_backout_function_knows_when_it_must_not_retire_a_revision(self):
        variables = environment("BackoutFunction")
        self.assertEqual(variables["LOGWEIR_MODE"], {"Ref": "Mode"})
        self.assertEqual(variables["LOGWEIR_PAUSED"], {"Ref": "Paused"})

    def test_the_remediator_knows_the_name_of_the_backout_function(self):
        name = environment("RemediatorFunction")["LOGWEIR_BACKOUT_FUNCTION"]
        self.assertEqual(name, {"Fn::Sub": "${AWS::StackName}-backout"})
        self.assertEqual(properties("BackoutFunction")["FunctionName"], name)
        self.assertEqual(TEMPLATE["Outputs"]["BackoutFunctionName"]["Value"], {"Ref": "BackoutFunction"})

    def test_each_has_its_own_log_group(self):
        for name, log in zip(FUNCTIONS, ("RemediatorLogs", "BackoutLogs")):
            with self.subTest(name):
                self.assertEqual(properties(name)["LoggingConfig"], {"LogFormat": "JSON", "LogGroup": {"Ref": log}})
                self.assertEqual(properties(log)["RetentionInDays"], {"Ref": "LogRetentionDays"})


class TheQueue(unittest.TestCase):
    def test_only_the_queue_invokes_the_remediator(self):
        [mapping] = of_type("AWS::Lambda::EventSourceMapping").values()
        self.assertEqual(mapping["EventSourceArn"], {"Fn::GetAtt": ["Work", "Arn"]})
        self.assertEqual(mapping["FunctionName"], {"Ref": "RemediatorFunction"})
        [permission] = of_type("AWS::Lambda::Permission").values()
        self.assertEqual(permission["FunctionName"], {"Ref": "BackoutFunction"})

    def test_a_failed_message_is_retried_and_then_becomes_a_dead_letter(self):
        [mapping] = of_type("AWS::Lambda::EventSourceMapping").values()
        self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertEqual((mapping["BatchSize"], mapping["ScalingConfig"]), (1, {"MaximumConcurrency": 2}))
        redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}, "maxReceiveCount": 5}
        self.assertEqual(properties("Work")["RedrivePolicy"], redrive)

    def test_only_the_work_queue_may_use_the_dead_letter_queue(self):
        """By default, messages of any queue of the account could become dead letters without a permission to send."""
        allowed = properties("DeadLetters")["RedriveAllowPolicy"]
        name = properties("Work")["QueueName"]["Fn::Sub"]
        arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:" + name
        self.assertEqual(allowed, {"redrivePermission": "byQueue", "sourceQueueArns": [{"Fn::Sub": arn}]})

    def test_the_function_counts_failures_up_to_the_same_number(self):
        [most] = re.findall(r"const MOST_FAILURES: u32 = (\d+);", (ROOT / "src/handler/queue.rs").read_text())
        self.assertEqual(properties("Work")["RedrivePolicy"]["maxReceiveCount"], int(most))

    def test_a_message_is_hidden_six_times_as_long_as_the_function_may_run(self):
        self.assertGreaterEqual(properties("Work")["VisibilityTimeout"], 6 * properties("RemediatorFunction")["Timeout"])

    def test_both_keep_messages_for_the_maximum_time(self):
        for name in "Work", "DeadLetters":
            with self.subTest(name):
                self.assertEqual(properties(name)["MessageRetentionPeriod"], 14 * 24 * 3600)
                self.assertTrue(properties(name)["SqsManagedSseEnabled"])

    def test_the_kill_switch_only_pauses_the_queue_and_the_retirements(self):
        [mapping] = of_type("AWS::Lambda::EventSourceMapping").values()
        self.assertEqual(mapping["Enabled"], {"Fn::If": ["IsPaused", False, True]})
        text = json.dumps([RESOURCES, TEMPLATE["Conditions"]])
        self.assertEqual((text.count('"IsPaused"'), text.count('{"Ref": "Paused"}')), (2, 2))
        self.assertEqual(TEMPLATE["Parameters"]["Paused"]["Default"], "false")


class TheSchedules(unittest.TestCase):
    """Each function finishes the work that it has left unfinished."""

    def test_each_function_is_invoked_to_finish_its_open_work(self):
        for name, to in ("Resume", "Work"), ("BackoutFunctionResume", "BackoutFunction"):
            with self.subTest(name):
                schedule = properties(name)
                self.assertEqual(schedule["ScheduleExpression"], "rate(5 minutes)")
                [target] = schedule["Targets"]
                self.assertEqual(target["Arn"], {"Fn::GetAtt": [to, "Arn"]})
                self.assertEqual(target["Input"], '{"logweir":"resume"}')
                self.assertEqual(target["RetryPolicy"]["MaximumRetryAttempts"], 0)

    def test_the_digest_is_requested_by_its_schedule(self):
        [target] = properties("Digest")["Targets"]
        self.assertEqual((target["Arn"], target["Input"]), ({"Fn::GetAtt": ["Work", "Arn"]}, '{"logweir":"digest"}'))

    def test_a_reconciliation_is_requested_every_day_unless_the_parameter_forbids_it(self):
        schedule = properties("Reconciliation")
        self.assertEqual(schedule["State"], {"Fn::If": ["Reconciles", "ENABLED", "DISABLED"]})
        self.assertEqual(TEMPLATE["Conditions"]["Reconciles"], {"Fn::Equals": [{"Ref": "Reconcile"}, "true"]})
        self.assertEqual(TEMPLATE["Parameters"]["Reconcile"]["Default"], "true")
        self.assertTrue(schedule["ScheduleExpression"].startswith("cron(0 5 "))
        [target] = schedule["Targets"]
        self.assertEqual((target["Arn"], target["Input"]), ({"Fn::GetAtt": ["Work", "Arn"]}, '{"logweir":"reconcile"}'))

    def test_only_its_schedule_invokes_the_backout_function(self):
        backout = {"Ref": "BackoutFunction"}, {"Fn::GetAtt": ["BackoutFunction", "Arn"]}
        rules = of_type("AWS::Events::Rule")
        calling = [name for name, rule in rules.items() if any(target["Arn"] in backout for target in rule["Targets"])]
        self.assertEqual(calling, ["BackoutFunctionResume"])
        self.assertNotIn("EventPattern", rules["BackoutFunctionResume"])
        [permission] = of_type("AWS::Lambda::Permission").values()
        self.assertEqual(permission["Principal"], "events.amazonaws.com")
        self.assertEqual(permission["SourceArn"], {"Fn::GetAtt": ["BackoutFunctionResume", "Arn"]})

    def test_no_other_type_of_resource_invokes_either(self):
        """No URL, no alias, and no scheduler with its own role."""
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

    def test_resources_with_data_outlive_the_stack_and_do_not_block_another_one(self):
        for name in "Journal", "RemediatorLogs", "BackoutLogs":
            with self.subTest(name):
                self.assertIn(RESOURCES[name]["DeletionPolicy"], ("Retain", "RetainExceptOnCreate"))
                self.assertEqual(RESOURCES[name]["UpdateReplacePolicy"], "Retain")
                self.assertFalse({"TableName", "LogGroupName"} & properties(name).keys())

    def test_the_archive_has_the_id_of_its_stack_as_its_name(self):
        """EventBridge accepts at most 48 characters. A name that CloudFormation makes of a long name of a stack has none
        of the name's end, and a name without the stack's ID could collide with the archive of a former stack."""
        text, values = properties("Archive")["ArchiveName"]["Fn::Sub"]
        stack = "arn:aws:cloudformation:eu-west-1:111122223333:stack/logweir/1b2c3d4e-0000-1111-2222-333344445555"
        [index, parts] = values["Uuid"]["Fn::Select"]
        self.assertEqual(parts, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]})
        name = text.replace("${Uuid}", stack.split("/")[index])
        self.assertEqual(name, "logweir-1b2c3d4e-0000-1111-2222-333344445555")
        self.assertRegex(name, r"^[A-Za-z0-9._-]{44}$")

    def test_the_default_mode_is_observe(self):
        self.assertEqual(TEMPLATE["Parameters"]["Mode"]["Default"], "observe")

    def test_sam_adds_no_role(self):
        self.assertEqual(of_type("AWS::IAM::Role").keys(), OWN_ROLES.keys())

    def test_it_offers_every_mode(self):
        modes = (ROOT / "src/domain/outcome.rs").read_text().split("impl Mode")[1].split("}")[0]
        modes = re.findall(r'(?m)^ +Self::\w+ => "(\w+)",$', modes)
        self.assertEqual(TEMPLATE["Parameters"]["Mode"]["AllowedValues"], modes)

    def test_the_clusters_parameter_accepts_only_cluster_names(self):
        allowed = re.compile(TEMPLATE["Parameters"]["Clusters"]["AllowedPattern"])
        for name in "*", "prod", "shop-*", "team_1", "prod-?", "a,b", "prod,shop-*,team_?", ",".join("abcdefgh"):
            with self.subTest(name):
                self.assertTrue(allowed.search(name))
        for name in "", "prod/web", "prod/*", "*:*", "${Mode}", "a b", "a, b", "a,", ",a", "a,,b", ",".join("abcdefghi"):
            with self.subTest(name):
                self.assertFalse(allowed.search(name))

    def test_the_shipped_baseline_is_confirmed_by_default(self):
        shipped = baseline_digest.of((ROOT / "infra/baseline.toml").read_text())
        self.assertEqual(TEMPLATE["Parameters"]["ConfirmedBaseline"]["Default"], shipped)
        self.assertEqual(environment("RemediatorFunction")["LOGWEIR_CONFIRMED_BASELINE"], {"Ref": "ConfirmedBaseline"})

    def test_what_holds_state_or_is_named_elsewhere_keeps_its_logical_id(self):
        """CloudFormation replaces a resource whose logical id changes: the journal would be orphaned."""
        kept = {
            "Journal": "AWS::DynamoDB::Table",
            "Work": "AWS::SQS::Queue",
            "DeadLetters": "AWS::SQS::Queue",
            "Archive": "AWS::Events::Archive",
            "RemediatorLogs": "AWS::Logs::LogGroup",
            "BackoutLogs": "AWS::Logs::LogGroup",
            "Notifications": "AWS::SNS::Topic",
            "RemediatorFunction": "AWS::Lambda::Function",
            "BackoutFunction": "AWS::Lambda::Function",
            "RemediatorRole": "AWS::IAM::Role",
            "BackoutRole": "AWS::IAM::Role",
            "JournalPlace": "AWS::SSM::Parameter",
            "Deployment": "AWS::SSM::Parameter",
        }
        self.assertEqual({name: RESOURCES.get(name, {}).get("Type") for name in kept}, kept)

    def test_what_is_named_elsewhere_keeps_its_name(self):
        """Commands, runbooks and other stacks name these."""
        names = [
            ("RemediatorFunction", "FunctionName", {"Fn::Sub": "${AWS::StackName}-remediator"}),
            ("BackoutFunction", "FunctionName", {"Fn::Sub": "${AWS::StackName}-backout"}),
            ("Work", "QueueName", {"Fn::Sub": "${AWS::StackName}-work"}),
            ("Tampering", "Name", {"Fn::Sub": "${AWS::StackName}-tampering"}),
            ("JournalPlace", "Name", "/logweir/journal"),
            ("Deployment", "Name", "/logweir/deployment"),
        ]
        for resource, key, name in names:
            with self.subTest(resource):
                self.assertEqual(properties(resource)[key], name)

    def test_the_published_parameters_exist(self):
        names = {each["Name"]: each["Value"] for each in of_type("AWS::SSM::Parameter").values()}
        self.assertEqual(names["/logweir/journal"], {"Fn::Sub": "dynamodb:${Journal}"})
        text, parts = names["/logweir/deployment"]["Fn::Sub"]
        clusters = f',"${{{RULE_OF_CLUSTERS}}}"'
        self.assertEqual(parts, {"Exec": {"Fn::If": ["HasExec", {"Fn::Sub": clusters}, ""]}})
        deployment = json.loads(text.replace("${Exec}", clusters))
        self.assertEqual(deployment["schema"], "logweir.deployment/1")
        self.assertEqual(deployment["rules"], [f"${{{name}}}" for name in [*RULES, RULE_OF_CLUSTERS]])
        self.assertEqual(deployment["mapping"], "${RemediatorFunctionWork}")
        self.assertEqual((deployment["sessions"], deployment["session_rule"]), ("${ExecSessions}", "${Sessions}"))

    def test_every_taggable_resource_has_an_owner_tag(self):
        untagged = "AWS::Events::Archive", "AWS::Events::Rule", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"
        for name, each in RESOURCES.items():
            if each["Type"] in (*untagged, "AWS::Lambda::EventSourceMapping", "AWS::Logs::QueryDefinition"):
                continue
            if each["Type"].endswith(("Policy", "Permission", "EventInvokeConfig", "Subscription")):
                continue
            with self.subTest(name):
                self.assertIn('"owner"', json.dumps(each["Properties"]["Tags"]))

    def test_every_parameter_has_a_description_and_a_default(self):
        for name, parameter in TEMPLATE["Parameters"].items():
            with self.subTest(name):
                self.assertRegex(parameter["Description"], r"\w.{30,}")
                self.assertIn("Default", parameter)

    def test_its_topic_accepts_alarms_and_reports_of_tampering(self):
        """EventBridge supports no condition in a topic's policy (source: its guide on resource-based policies)."""
        alarms, tampering, deny = properties("NotificationsPolicy")["PolicyDocument"]["Statement"]
        self.assertEqual(alarms["Condition"]["StringEquals"], {"aws:SourceAccount": {"Ref": "AWS::AccountId"}})
        self.assertEqual(tampering["Principal"], {"Service": "events.amazonaws.com"})
        self.assertNotIn("Condition", tampering)
        self.assertEqual((deny["Effect"], deny["Condition"]), ("Deny", {"Bool": {"aws:SecureTransport": "false"}}))

    def test_it_is_the_same_in_every_partition(self):
        self.assertNotRegex(json.dumps(TEMPLATE), r"arn:aws[:-]|amazonaws\.com\.cn")


if __name__ == "__main__":
    unittest.main()
