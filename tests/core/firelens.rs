//! The rules of the pack `firelens` on random documents: random options, argument vectors and dependencies.

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::firelens::agent::configuration;
use logweir::domain::firelens::image::RouterImage;
use logweir::domain::firelens::plugin::plugin;
use logweir::domain::plan::plan_by;
use logweir::domain::rules::finding::Fix;
use logweir::domain::rules::packs::FIRELENS;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::rules::golden::Facts;

fn texts() -> impl Strategy<Value = Value> {
    let known = select(vec![
        "cloudwatch_logs",
        "cloudwatch",
        "syslog",
        "loki",
        "s3",
        "true",
        "maybe",
        "50M",
        "no_limits",
        "${X}",
        "$(ecs_cluster)",
        "",
        "/ecs/web",
        "a:b*",
    ]);
    prop_oneof![
        4 => known.prop_map(Value::from),
        2 => ".{0,12}".prop_map(Value::from),
        1 => select(vec![json!(null), json!(7), json!(true), json!([]), json!({}), json!({"Ref": "X"})]),
    ]
}

fn options() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        3 => select(vec![
            "Name", "name", "region", "Region", "log_group_name", "log_stream_name", "log_stream_prefix", "retry_limit",
            "auto_create_group", "mode", "host", "url", "rdkafka.", "include-pattern", "awslogs-group", "a~b/c",
        ])
        .prop_map(String::from),
        1 => ".{0,12}",
    ];
    let map = prop::collection::vec((names, texts()), 0..8)
        .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>()));
    prop_oneof![8 => map, 1 => select(vec![json!(null), json!("x"), json!([1]), json!({"Ref": "X"})])]
}

fn words() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        6 => select(vec![
            "--", "-i", "-o", "-m", "-p", "-F", "-e", "-s", "-r", "Mem_Buf_Limit", "50M", "9e99G", "Retry_Limit=False",
            "Host=127.0.0.1", "fluent-launch", "/x/fluent-launch", "/fluent-bit/bin/fluent-bit", "cloudwatch.so", "sh",
        ])
        .prop_map(Value::from),
        1 => ".{0,6}".prop_map(Value::from),
        1 => select(vec![json!(null), json!(1), json!({"Ref": "X"})]),
    ];
    prop_oneof![8 => prop::collection::vec(word, 0..10).prop_map(Value::from), 1 => texts()]
}

fn containers() -> impl Strategy<Value = Value> {
    let name = || select(vec!["app", "router", "side", ""]);
    let dependency = (name(), select(vec!["START", "HEALTHY", "COMPLETE", "x"]))
        .prop_map(|(name, condition)| json!({"containerName": name, "condition": condition}));
    let dependencies = prop_oneof![4 => prop::collection::vec(dependency, 0..3).prop_map(Value::from), 1 => texts()];
    let router = select(vec![
        json!({"type": "fluentbit"}),
        json!({"type": "fluentd"}),
        json!({"type": "fluentbit", "options": {"config-file-type": "s3", "config-file-value": "x"}}),
        json!({"type": 1, "options": []}),
        json!("x"),
        json!(null),
    ]);
    let image = select(vec!["aws-for-fluent-bit:2.34", "fluent/fluent-bit", "al-agent-container:latest", "é@:", ""]);
    let memory = select(vec![json!(64), json!("0.5 GB"), json!(-1), json!("x"), json!(null), json!(1e300)]);
    (name(), options(), words(), words(), dependencies, router, image, memory).prop_map(
        |(name, options, entry, command, dependencies, router, image, memory)| {
            json!({
                "name": name, "image": image, "entryPoint": entry, "command": command, "dependsOn": dependencies,
                "firelensConfiguration": router, "memory": memory, "memoryReservation": memory, "environment": options,
                "portMappings": [{"containerPort": memory, "containerPortRange": name}],
                "healthCheck": {"command": entry}, "essential": memory,
                "logConfiguration": {"logDriver": "awsfirelens", "options": options, "secretOptions": [{"name": image}]},
            })
        },
    )
}

proptest! {
    #[test]
    fn no_document_makes_the_rules_panic_or_change_anything(
        containers in prop::collection::vec(containers(), 1..4),
        memory in texts(),
    ) {
        let document = json!({"family": "web", "memory": memory, "containerDefinitions": containers});
        let definition = TaskDefinition::parse(document.to_string()).unwrap();
        let plan = plan_by(FIRELENS, &Facts::none().observe(&definition), &Baseline::parse("version = 1\n").unwrap());
        prop_assert!(!plan.changes_something());
        for finding in &plan.findings {
            prop_assert!(matches!(&finding.fix, Fix::Advice(advice) if !advice.is_empty()), "{finding:?}");
            let above = finding.pointer.rsplit_once('/').unwrap().0;
            let is_there = definition.view().pointer(above).is_some() || finding.pointer.ends_with("/dependsOn");
            prop_assert!(is_there, "{finding:?}");
        }
        configuration(&definition);
    }

    #[test]
    fn no_text_makes_the_tables_panic(name in ".{0,40}", option in ".{0,40}", image in ".{0,60}") {
        let image = RouterImage::read(&image);
        let _ = (image.version(), image.is_moving(), image.has_shell());
        for plugin in plugin(&name).into_iter().chain(plugin("kafka")) {
            let _ = (plugin.option(&option).map(|known| plugin.refuses(known, &name)), plugin.similar(&option));
        }
    }
}

/// A long list of dependencies, options or arguments must not need a time that grows with its square.
#[test]
fn large_documents_are_read_in_linear_time() {
    let count = 8_000;
    let chain: Vec<Value> = (0..count)
        .map(|index| {
            json!({
                "name": format!("c{index}"),
                "dependsOn": [{"containerName": format!("c{}", index + 1), "condition": "START"}],
                "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "cloudwatch"}},
            })
        })
        .chain([json!({
            "name": format!("c{count}"),
            "firelensConfiguration": {"type": "fluentbit"},
            "dependsOn": [{"containerName": "c0", "condition": "START"}],
            "entryPoint": ["fluent-launch"],
            "command": vec!["-i"; 3 * count],
        })])
        .collect();
    let options: Map<String, Value> = (0..count).map(|index| (format!("option{index}"), json!("x"))).collect();
    let mut app = json!({"name": "app", "logConfiguration": {"logDriver": "awsfirelens", "options": options}});
    app["logConfiguration"]["options"]["Name"] = "cloudwatch_logs".into();
    let secrets: Vec<Value> = (0..count).map(|index| json!({"name": format!("secret{index}")})).collect();
    app["logConfiguration"]["secretOptions"] = secrets.into();
    let wide = json!([app, {"name": "router", "firelensConfiguration": {"type": "fluentbit"}}]);
    for containers in [Value::from(chain), wide] {
        let definition = TaskDefinition::parse(json!({"containerDefinitions": containers}).to_string()).unwrap();
        let plan = plan_by(FIRELENS, &Facts::none().observe(&definition), &Baseline::parse("version = 1\n").unwrap());
        assert!(plan.findings.len() > count / 2, "{}", plan.findings.len());
    }
}
