//! The Lambda function: the one that remediates, or the one that takes back.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use logweir::aws::Aws;
use logweir::domain::event::Home;
use logweir::domain::report::BackoutBy;
use logweir::handler::{Taker, handle, handle_backout};
use logweir::ports::{Adapters, Clock, SystemClock};
use logweir::settings::{BACKOUT_LEASE, LEASE, Role, Settings};
use logweir::telemetry;
use logweir::workflow::{Order, Origin};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    let aws = Aws::in_lambda()?;
    // Init has the CPU of a larger function, and TLS is what the first event would wait for.
    if let Role::Remediate(_) = settings.role {
        aws.warm().await;
    }
    let (region, calls) = (aws.region().to_owned(), aws.calls().clone());
    let journal = aws.journal(&settings.table);
    let ports = Adapters { ecs: aws.ecs, log_groups: aws.log_groups, journal, clock: SystemClock };
    let backout = settings.backout(&region);

    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let before = calls.count();
        let calls = || calls.count() - before;
        let home = Home::of_function(&event.context.invoked_function_arn, &region, &settings.own_roles);
        let worker = format!("{}-{}", event.context.request_id, ports.clock.now().as_nanosecond());
        let reply = match &settings.role {
            Role::Remediate(remediation) => {
                let order = Order {
                    mode: remediation.mode,
                    baseline: &remediation.baseline,
                    home: &home,
                    origin: Origin::Event,
                    worker,
                    registrar: None,
                    lease: LEASE,
                    backout: &backout,
                };
                handle(&ports, &order, &event.payload, &calls, telemetry::write).await
            }
            Role::Backout => {
                let me = BackoutBy::Function {
                    name: event.context.env_config.function_name.clone(),
                    region: region.clone(),
                };
                let taker = Taker { home: &home, worker: &worker, lease: BACKOUT_LEASE, backout: &me };
                handle_backout(&ports, taker, &event.payload, &calls, telemetry::write).await
            }
        };
        match (reply.retry(), &settings.role) {
            // Only what another try can help is an error: Lambda then brings the event again. A request is somebody's,
            // who waits for the report.
            (Some(report), Role::Remediate(_)) => {
                let why = report.error.as_ref().unwrap_or(&report.message);
                Err(Diagnostic { error_type: "retryable".into(), error_message: why.clone() })
            }
            _ => Ok(reply.to_json()),
        }
    }))
    .await
}
