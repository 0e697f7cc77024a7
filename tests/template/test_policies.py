"""The permissions of the functions' roles, for reviewers: the complete policies, and each permission with its reason.

LOGWEIR_BLESS=1 rewrites the files. Then read the diff.
"""

import json
import os
import re
import unittest

from deployed import ROOT, TEMPLATE

import permissions
import sample

SAMPLES = {"": {}, ".given": sample.given()}


class TheFiles(unittest.TestCase):
    maxDiff = None

    def assert_holds(self, path, text):
        if os.environ.get("LOGWEIR_BLESS"):
            path.write_text(text)
        self.assertEqual(path.read_text(), text, f"{path.relative_to(ROOT)} does not match template.yaml: make bless")

    def test_the_policy_files_match_the_template(self):
        for kind, parameters in SAMPLES.items():
            stack = sample.Stack(parameters, TEMPLATE)
            for name, role in permissions.ROLES.items():
                with self.subTest(name, kind=kind):
                    policy = json.dumps(stack.policy(role), indent=2) + "\n"
                    self.assert_holds(ROOT / f"infra/policies/{name}{kind}.json", policy)

    def test_the_document_matches_the_table(self):
        self.assert_holds(ROOT / "docs/permissions.md", permissions.document())

    def test_the_policies_of_the_runbook_match_the_table(self):
        for depth in permissions.DEPTHS:
            with self.subTest(depth):
                policy = json.dumps(permissions.runbook_policy(depth), indent=2) + "\n"
                self.assert_holds(ROOT / f"infra/policies/runbook/{depth}.json", policy)

    def test_no_permission_opens_a_session(self):
        opening = {"ecs:ExecuteCommand", "ssm:StartSession", "ssm:ResumeSession"}
        rows = [*permissions.calls(), *permissions.beyond()]
        self.assertEqual([row.name for row in rows if opening & row.needs.keys()], [])

    def test_the_sample_with_parameters_sets_every_parameter(self):
        self.assertEqual(sample.given().keys(), TEMPLATE["Parameters"].keys())


class TheTableOfCalls(unittest.TestCase):
    def test_it_lists_the_calls_that_the_sources_can_make(self):
        listed = {(call.service, call.name) for call in permissions.calls()}
        self.assertEqual(listed, permissions.in_the_sources())

    def test_each_call_has_known_callers_and_a_reason(self):
        for row in [*permissions.calls(), *permissions.beyond()]:
            with self.subTest(row.name):
                self.assertTrue(row.by)
                self.assertLessEqual(set(row.by), {*permissions.ROLES, "operator"})
                self.assertTrue(row.why)

    def test_a_call_of_an_sdk_is_found_by_its_method(self):
        text = "self.client\n    .put_item().table_name(table); name.to_string(); wire::described()"
        self.assertEqual(permissions.found({"journal.rs": text}, ["dynamodb"]), {("dynamodb", "PutItem")})

    def test_a_manually_signed_call_is_found_by_the_literals_of_its_file(self):
        texts = {
            "queue.rs": 'const CALL: &str = "SendMessage"; Call { name: CALL, service: "sqs", region };',
            "iam.rs": """const CALL: &str = "SimulatePrincipalPolicy"; let quote = '"'; // "DeleteRole" it never is
                Call { url: format!("https://{host}/"), name: CALL, service: "iam" }""",
            "parameters.rs": 'operation!("ssm", "1.1", "AmazonSSM", "GetParameter")',
            "errors.rs": 'match code { "NoSuchEntity" => Missing }',
        }
        self.assertEqual(permissions.found(texts, []), {
            ("sqs", "SendMessage"), ("iam", "SimulatePrincipalPolicy"), ("ssm", "GetParameter"),
        })

    def test_a_call_whose_service_is_not_in_its_file_is_found_as_well(self):
        texts = {"deployment.rs": 'Call { name, service: "lambda" }', "mapping.rs": 'get("GetEventSourceMapping")'}
        self.assertEqual(permissions.found(texts, []), {("?", "GetEventSourceMapping")})


class TheRunbook(unittest.TestCase):
    def test_the_depths_beyond_ecs_contain_the_calls_of_their_readers(self):
        """The readers of the runbook share two calls with those of `doctor`."""
        folder = permissions.SOURCES / "account"
        found = permissions.found({path: permissions.sources(path) for path in sorted(folder.rglob("*.rs"))}, [])
        shared = {("cloudtrail", "GetEventSelectors"), ("events", "ListTargetsByRule")}
        listed = {(row.service, row.name) for row in permissions.calls() if row.depth not in (None, "ecs")}
        self.assertEqual(listed, found | shared)

    def test_the_depth_ecs_contains_only_calls_to_ecs(self):
        self.assertEqual({action.split(":")[0] for action in permissions.of_depth("ecs")}, {"ecs"})

    def test_each_action_reads(self):
        reads = re.compile(r"\w+:(Describe|Get|List)")
        for depth in permissions.DEPTHS:
            self.assertEqual([action for action in permissions.of_depth(depth) if not reads.match(action)], [])
        values = {"ssm:GetParameter", "ssm:GetParameters", "secretsmanager:GetSecretValue", "kms:Decrypt"}
        self.assertFalse(values & granted(permissions.runbook_policy("trail")))

    def test_each_row_has_a_known_depth(self):
        self.assertLessEqual({row.depth for row in permissions.calls()}, {None, *permissions.DEPTHS})


class TheRoles(unittest.TestCase):
    def test_each_has_the_permissions_that_its_calls_need_and_no_other(self):
        for kind, parameters in SAMPLES.items():
            stack = sample.Stack(parameters, TEMPLATE)
            for name, role in permissions.ROLES.items():
                with self.subTest(name, kind=kind):
                    self.assertEqual(granted(stack.policy(role)), permissions.needed(name, parameters))

    def test_clusters_may_be_read_if_exec_is_not_off_and_changed_only_if_it_is_correct(self):
        read, change = "ecs:DescribeClusters", "ecs:UpdateCluster"
        for exec_mode, remediator, backout in (
            ("off", set(), set()), ("observe", {read}, set()), ("correct", {read, change}, {read, change}),
        ):
            stack = sample.Stack({"Exec": exec_mode}, TEMPLATE)
            for role, expected in ("RemediatorRole", remediator), ("BackoutRole", backout):
                with self.subTest(role, exec_mode=exec_mode):
                    self.assertEqual(granted(stack.policy(role)) & {read, change}, expected)

    def test_the_reads_of_sessions_exist_only_with_their_parameter(self):
        reads = {"ssm:DescribeSessions", "ecs:DescribeClusters", "ecs:DescribeTasks"}
        for watches in "false", "true":
            policy = sample.Stack({"ExecSessions": watches}, TEMPLATE).policy("RemediatorRole")
            self.assertEqual(granted(policy) & reads, reads if watches == "true" else set())
            everywhere = [each for each in resources(policy) if each.endswith(":log-group:*")]
            self.assertEqual(len(everywhere), int(watches == "true"))

    def test_neither_role_may_open_or_end_a_session(self):
        """Neither may the sources call such an operation, for an operator either."""
        session = re.compile(r"ExecuteCommand|(Start|Resume|Terminate)Session|SendCommand|ssmmessages")
        for parameters in [{}, {"ExecSessions": "true"}, sample.given()]:
            for role in permissions.ROLES.values():
                with self.subTest(role):
                    policy = sample.Stack(parameters, TEMPLATE).policy(role)
                    self.assertFalse({action for action in granted(policy) if session.search(action)})
        self.assertFalse({name for _, name in permissions.in_the_sources() if session.search(name)})
        self.assertFalse({need for row in permissions.calls() for need in row.needs if session.search(need)})

    def test_each_item_of_a_list_is_one_resource_of_each_kind(self):
        kinds = {
            "TaskFamilies": ["task-definition/{}:*"],
            "Clusters": ["service/{}/*", "service-deployment/{}/*", "service-revision/{}/*", "cluster/{}"],
            "ExecutionRoles": ["role/{}"],
            "TaskRoles": ["role/{}"],
            "TaskLogGroups": ["log-group:{}", "log-group:{}:*"],
        }
        for parameter, forms in kinds.items():
            for length in range(1, 9):
                items = [f"item-{number}" for number in range(length)]
                stack = sample.Stack({parameter: ",".join(items), "Exec": "correct", "ExecSessions": "true"}, TEMPLATE)
                for name, role in permissions.ROLES.items():
                    with self.subTest(name, parameter=parameter, length=length):
                        named = {each for each in resources(stack.policy(role)) if "item-" in each}
                        wanted = {form.format(item) for form in forms for item in items}
                        if name == "backout":
                            wanted = {each for each in wanted if not each.startswith("service-revision")}
                        self.assertEqual({re.split(":", each, maxsplit=5)[5] for each in named}, wanted)

    def test_long_lists_fit_into_a_role(self):
        """A role may have inline policies of 10,240 characters (source: IAM and AWS STS quotas)."""
        lists = "TaskFamilies", "Clusters", "ExecutionRoles", "TaskRoles", "TaskLogGroups"
        given = sample.given() | {name: ",".join(f"{name.lower()}-{number}-*" for number in range(8)) for name in lists}
        stack = sample.Stack(given, TEMPLATE)
        for role in permissions.ROLES.values():
            with self.subTest(role):
                self.assertLess(len(re.sub(r"\s", "", json.dumps(stack.policy(role)))), 10_240)

    def test_they_name_no_resource_of_another_partition(self):
        for partition, region in ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"):
            stack = sample.Stack(template=TEMPLATE, place={"partition": partition, "region": region})
            for role in permissions.ROLES.values():
                with self.subTest(role, partition=partition):
                    resources = json.dumps([statement["Resource"] for statement in stack.policy(role)["Statement"]])
                    self.assertEqual(set(re.findall(r'"arn:([^:]+):', resources)), {partition})


def resources(policy):
    """The resources of a policy."""
    return {
        resource for statement in policy["Statement"]
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
    }


def granted(policy):
    """The actions of a policy. Another test of the roles ensures that they contain no wildcard."""
    return {
        action for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


if __name__ == "__main__":
    unittest.main()
