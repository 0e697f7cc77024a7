//! Measures one decision without AWS, on the largest task definition that ECS accepts. It has ten containers, each with
//! faults.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use logweir::domain::baseline::{Baseline, Delivery};
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::ecs::wire::LARGEST;
use logweir::domain::edit::patch;
use logweir::domain::plan;
use logweir::domain::rules::facts::{DefaultMode, LogGroup, Observation};
use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};

const CONTAINERS: usize = 10;
/// The room for the text that the edits add, in bytes.
const ROOM: usize = 1024;

fn decide(criterion: &mut Criterion) {
    let text = document();
    let definition = TaskDefinition::parse(text.as_str()).unwrap();
    let baseline = Baseline::parse(SHIPPED_BASELINE).unwrap();
    let exists = LogGroup::Exists { retention: Some(30), policy: None, empty: None };
    let log_groups = BTreeMap::from([("/ecs/shop".to_owned(), exists)]);
    let planned = |definition: &TaskDefinition| {
        let seen = Observation {
            definition,
            account: Some("111122223333"),
            region: Some("eu-west-1"),
            tags: &[],
            default_mode: DefaultMode::Known(Delivery::NonBlocking),
            log_groups: Some(&log_groups),
            template: None,
            now: Timestamp::UNIX_EPOCH,
        };
        plan::plan(&seen, &baseline)
    };
    let corrected = |definition: &TaskDefinition| patch::apply(definition, &planned(definition).edits).unwrap();

    // Checks the results before measuring anything.
    assert!((LARGEST - 2 * ROOM..=LARGEST - ROOM).contains(&text.len()), "{} bytes", text.len());
    assert_eq!(planned(&definition).edits.len(), CONTAINERS);
    let after = corrected(&definition);
    assert!(planned(&after).is_compliant());
    assert!(after.text().len() <= LARGEST);

    criterion.bench_function("parse", |b| b.iter(|| TaskDefinition::parse(black_box(text.as_str())).unwrap()));
    criterion.bench_function("plan", |b| b.iter(|| planned(black_box(&definition))));
    criterion.bench_function("plan + patch", |b| b.iter(|| corrected(black_box(&definition))));
    criterion.bench_function("parse + plan + patch", |b| {
        b.iter(|| corrected(&TaskDefinition::parse(black_box(text.as_str())).unwrap()))
    });
}

/// Returns the document without line breaks, as ECS sends it, and with as many environment variables as fit.
fn document() -> String {
    let mut containers: Vec<Value> = (0..CONTAINERS).map(container).collect();
    let mut length = definition(&containers).to_string().len();
    for n in 0.. {
        let variable = json!({
            "name": format!("SHOP_SETTING_{n}"),
            "value": format!("https://service-{n}.shop.internal:8443/api/v2?timeout=30"),
        });
        length += variable.to_string().len() + 1;
        if length > LARGEST - ROOM {
            break;
        }
        containers[n % CONTAINERS]["environment"].as_array_mut().unwrap().push(variable);
    }
    definition(&containers).to_string()
}

fn definition(containers: &[Value]) -> Value {
    json!({
        "family": "shop",
        "taskRoleArn": "arn:aws:iam::111122223333:role/ecs/shop",
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "containerDefinitions": containers,
        "volumes": [{"name": "scratch", "host": {}}],
        "placementConstraints": [],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "4096",
        "memory": "16384",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    })
}

/// Returns a container without a buffer size. Half of the containers block, and half have no mode.
fn container(n: usize) -> Value {
    let mut container = json!({
        "name": format!("service-{n}"),
        "image": format!("111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/service-{n}:2026.11.{n}"),
        "cpu": 256,
        "memory": 1024,
        "essential": true,
        "portMappings": [{"containerPort": 8080 + n, "hostPort": 8080 + n, "protocol": "tcp"}],
        "environment": [],
        "secrets": [{
            "name": "DATABASE_PASSWORD",
            "valueFrom": format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/service-{n}-AbCdEf"),
        }],
        "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch", "readOnly": false}],
        "volumesFrom": [],
        "dockerLabels": {"com.example.team": "shop", "com.example.component": format!("service-{n}")},
        "ulimits": [{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}],
        "healthCheck": {
            "command": ["CMD-SHELL", format!("curl --fail http://localhost:{}/health || exit 1", 8080 + n)],
            "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 60,
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": "/ecs/shop",
                "awslogs-region": "eu-west-1",
                "awslogs-stream-prefix": format!("service-{n}"),
            },
        },
        "systemControls": [],
    });
    if n.is_multiple_of(2) {
        container["logConfiguration"]["options"]["mode"] = json!("blocking");
    }
    container
}

criterion_group!(benches, decide);
criterion_main!(benches);
