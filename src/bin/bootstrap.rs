//! The Lambda function.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use logweir::aws::Aws;
use logweir::domain::event::Home;
use logweir::handler::handle;
use logweir::ports::{Adapters, Clock, SystemClock};
use logweir::settings::{LEASE, Settings};
use logweir::telemetry;
use logweir::workflow::Order;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    let aws = Aws::in_lambda()?;
    // Init has the CPU of a larger function, and TLS is what the first event would wait for.
    aws.warm().await;
    let (region, calls) = (aws.region().to_owned(), aws.calls().clone());
    let journal = aws.journal(&settings.table);
    let ports =
        Adapters { task_definitions: aws.task_definitions, log_groups: aws.log_groups, journal, clock: SystemClock };

    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let before = calls.count();
        let home = Home {
            // The function's own ARN says whose account this is: arn:aws:lambda:REGION:ACCOUNT:function:NAME
            account: event.context.invoked_function_arn.split(':').nth(4).unwrap_or_default().to_owned(),
            region: region.clone(),
            own_roles: settings.own_roles.clone(),
        };
        let order = Order {
            mode: settings.mode,
            baseline: &settings.baseline,
            home: &home,
            trigger: "event",
            worker: format!("{}-{}", event.context.request_id, ports.clock.now().as_nanosecond()),
            registrar: None,
            lease: LEASE,
        };
        let reply = handle(&ports, &order, &event.payload, &|| calls.count() - before, telemetry::write).await;
        match reply.retry() {
            // Only what another try can help is an error: Lambda then brings the event again.
            Some(report) => Err(Diagnostic { error_type: "retryable".into(), error_message: report.message.clone() }),
            None => Ok(reply.to_json()),
        }
    }))
    .await
}
