//! `runbook apply` and the backout of its changes, with the real requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::loopback::operator::{Operator, undo};
use crate::loopback::{Loopback, Reply};

const CLUSTER: &str = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/prod/web";

/// The setting of the cluster, and the tags of the cluster and of the service.
#[derive(Clone, Debug, Default, PartialEq)]
struct Held {
    insights: String,
    tags: BTreeMap<String, BTreeMap<String, String>>,
    /// The writing call, counted from 1, whose answer is lost.
    cut: usize,
    writes: usize,
}

impl Held {
    fn new() -> Self {
        let owner = BTreeMap::from([("owner".to_owned(), "ada".to_owned())]);
        let tags = [CLUSTER, SERVICE].map(|arn| (arn.to_owned(), owner.clone())).into();
        Self { insights: "disabled".into(), tags, ..Self::default() }
    }

    fn tags(&self, arn: &str) -> Value {
        self.tags[arn].iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
    }

    fn write(&mut self, operation: &str, body: &Value) -> Reply {
        let arn = body["resourceArn"].as_str().unwrap_or_default();
        match operation {
            "UpdateClusterSettings" => {
                assert_eq!(body["cluster"], CLUSTER);
                assert_eq!(body["settings"].as_array().map(Vec::len), Some(1));
                assert_eq!(body["settings"][0]["name"], "containerInsights");
                self.insights = body["settings"][0]["value"].as_str().unwrap().to_owned();
            }
            "TagResource" => {
                for tag in body["tags"].as_array().unwrap() {
                    let (key, value) = (tag["key"].as_str().unwrap(), tag["value"].as_str().unwrap());
                    let replaced = self.tags.get_mut(arn).unwrap().insert(key.to_owned(), value.to_owned());
                    assert_eq!(replaced, None, "no tag is replaced");
                }
            }
            _ => {
                for key in body["tagKeys"].as_array().unwrap() {
                    self.tags.get_mut(arn).unwrap().remove(key.as_str().unwrap());
                }
            }
        }
        self.writes += 1;
        if self.writes == self.cut { Reply::Cut } else { Reply::ok(&json!({})) }
    }
}

fn operator(held: Held) -> (Operator, Arc<Mutex<Held>>) {
    let Operator { account, folder, .. } = Operator::of(&[]);
    let held = Arc::new(Mutex::new(held));
    let (mut service, shared) = (account.service(), Arc::clone(&held));
    let aws = Loopback::serve(move |operation, body| {
        let mut held = shared.lock().unwrap();
        let value: Value = serde_json::from_str(body).unwrap_or_default();
        match operation {
            "ListClusters" => Reply::ok(&json!({"clusterArns": [CLUSTER]})),
            "ListServices" => Reply::ok(&json!({"serviceArns": [SERVICE]})),
            "ListAccountSettings" if value["name"] == "containerInsights" => {
                Reply::ok(&json!({"settings": [{"name": "containerInsights", "value": "disabled"}]}))
            }
            "DescribeClusters" => Reply::ok(&json!({"failures": [], "clusters": [{
                "clusterArn": CLUSTER, "status": "ACTIVE", "tags": held.tags(CLUSTER),
                "settings": [{"name": "containerInsights", "value": held.insights}]
            }]})),
            "DescribeServices" => Reply::ok(&json!({"failures": [], "services": [{
                "serviceArn": SERVICE, "serviceName": "web", "status": "ACTIVE", "tags": held.tags(SERVICE)
            }]})),
            "UpdateClusterSettings" | "TagResource" | "UntagResource" => held.write(operation, &value),
            _ => service(operation, body),
        }
    });
    let operator = Operator { folder, account, aws };
    std::fs::create_dir(operator.journal()).unwrap();
    (operator, held)
}

fn settings(held: &Arc<Mutex<Held>>) -> Held {
    Held { cut: 0, writes: 0, ..held.lock().unwrap().clone() }
}

const APPLY: [&str; 9] =
    ["runbook", "apply", "--all", "--insights", "enhanced", "--tag", "team=pay", "--tag", "owner=logweir"];

#[test]
fn an_account_gets_container_insights_and_tags_and_a_backout_restores_it() {
    let (operator, held) = operator(Held::new());
    let planned = operator.run(&[&APPLY[..], &["--dry-run"]].concat());
    assert!(planned.code == 1 && planned.out.contains("containerInsights: disabled → enhanced"), "{planned:?}");
    assert!(planned.err.contains("cost money") && planned.err.contains("aws.amazon.com/cloudwatch/pricing"));
    assert_eq!((operator.writing_calls(), operator.written()), (Vec::new(), String::new()));
    let applied = operator.run(&[&APPLY[..], &["--yes"]].concat());
    assert!(applied.code == 0 && applied.out.starts_with("cluster/prod  remediated\n"), "{applied:?}");
    assert!(applied.out.contains("not changed, another value: tags owner"), "{applied:?}");
    assert_eq!(operator.writing_calls(), ["UpdateClusterSettings", "TagResource", "TagResource"]);
    let after = settings(&held);
    assert_eq!((after.insights.as_str(), after.tags[CLUSTER]["team"].as_str()), ("enhanced", "pay"));
    assert_eq!(after.tags[SERVICE]["owner"], "ada");
    let listed = operator.run(&["records"]);
    assert!(
        listed.out.contains("runbook/cluster/prod") && listed.out.contains("runbook/service/prod/web"),
        "{listed:?}"
    );
    let shown = operator.run(&["records", "runbook/cluster/prod"]);
    assert!(shown.out.contains("set containerInsights: disabled → enhanced"), "{shown:?}");
    let previewed = operator.run(&["backout", "runbook/cluster/prod", "--dry-run"]);
    assert!(previewed.code == 0 && previewed.out.contains("enhanced → disabled"), "{previewed:?}");
    let undone = operator.types(undo(&applied.out));
    assert!(undone.code == 0 && undone.out.starts_with("cluster/prod  backed-out\n"), "{undone:?}");
    operator.run(&["backout", "runbook/service/prod/web", "--yes"]);
    assert_eq!(settings(&held), Held::new());
}

#[test]
fn a_lost_answer_to_each_call_neither_repeats_nor_loses_a_change() {
    for cut in 1..=3 {
        let (operator, held) = operator(Held { cut, ..Held::new() });
        operator.run(&[&APPLY[..], &["--yes", "--wait", "0"]].concat());
        let again = operator.run(&[&APPLY[..], &["--yes"]].concat());
        assert!(again.code == 0, "{cut}: {again:?}");
        assert_eq!(held.lock().unwrap().writes, 3, "{cut}: {again:?}");
        for record in ["runbook/cluster/prod", "runbook/service/prod/web"] {
            operator.run(&["backout", record, "--yes"]);
        }
        assert_eq!(settings(&held), Held::new(), "{cut}");
    }
}

#[test]
fn the_report_is_json_and_the_record_is_in_the_journal() {
    let (operator, _) = operator(Held::new());
    let arguments = ["runbook", "apply", "prod", "--insights", "enabled", "--yes", "--format", "json"];
    let applied = operator.run(&arguments).json();
    assert_eq!(applied["schema"], "logweir.runbook-apply/1");
    let change = &applied["changes"][0];
    assert_eq!((&change["name"], &change["outcome"]), (&json!("cluster/prod"), &json!("remediated")));
    assert_eq!(change["insights"], json!({"from": "disabled", "to": "enabled", "account": "disabled"}));
    let written = operator.written();
    let last: Value = serde_json::from_str(written.lines().last().unwrap()).unwrap();
    let entries = last["resource"]["entries"].as_array().unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry["entry"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["opened", "started", "done", "closed"]);
    let record = operator.run(&["records", "runbook/cluster/prod", "--format", "json"]).json();
    assert_eq!(record["resource"]["resource"], CLUSTER);
}

#[test]
fn what_logweir_never_sets_and_what_names_nothing_is_refused() {
    let (operator, _) = operator(Held::new());
    let baseline = operator.file("baseline.toml", "version = 1\n[rollout]\nrequire-service-tag = \"logs=on\"\n");
    for (arguments, says) in [
        (&["--tag", "logs=on"][..], "the baseline decides by this tag"),
        (&["--tag", "aws:x=1"], "belong to AWS"),
        (&[], "the command needs --insights or --tag"),
    ] {
        let first = ["runbook", "apply", "prod", "--yes", "--baseline", &baseline];
        let refused = operator.run(&[&first[..], arguments].concat());
        assert!(refused.code == 64 && refused.err.contains(says), "{refused:?}");
    }
    let elsewhere = "arn:aws:ecs:eu-west-1:444455556666:cluster/prod";
    let refused = operator.run(&["runbook", "apply", elsewhere, "--insights", "enabled", "--yes"]);
    assert!(refused.code == 64 && refused.err.contains("is in account 444455556666"), "{refused:?}");
    let refused = operator.run(&["backout", "runbook/cluster/prod", "--function", "logweir-backout"]);
    assert!(refused.code == 64, "{refused:?}");
    let none = operator.run(&["backout", "runbook/cluster/prod", "--yes"]);
    assert!(none.code == 2 && none.out.contains("no-record"), "{none:?}");
    assert!(operator.writing_calls().is_empty());
}
