//! The binary of both Lambda functions, the remediator and the backout function.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use logweir::aws::Aws;
use logweir::handler::{Function, Invocation, Queues};
use logweir::ports::{Adapters, Clock, SystemClock};
use logweir::settings::{Role, Settings};
use logweir::telemetry;
use logweir::workflow::publish_baseline;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::in_lambda()?;
    let settings =
        Settings::read(|name| std::env::var(name).ok(), async |name: &str| aws.parameter(name).await).await?;
    // Lambda gives a function more CPU in its init phase than in an invocation. The function therefore opens its TLS
    // connections in the init phase, so that the first event does not wait for the handshakes.
    let journal = aws.journal(&settings.table);
    if let Role::Remediate(remediation) = &settings.role {
        // An error here is also an error of the first event, which reports it.
        let publish = async {
            if let Some((place, text)) = &remediation.packaged {
                let _ = publish_baseline(&journal, place, text, SystemClock.now()).await;
            }
        };
        aws.warm(Box::pin(publish)).await;
    }
    let (region, calls) = (aws.region().to_owned(), aws.calls().clone());
    let notifier = aws.notifier(settings.topic.clone(), settings.bus.clone());
    let own_log = aws.own_log(settings.log_group.clone());
    let (work, dead_letters) = settings.queues();
    let queues = Queues { work: work.map(|url| aws.queue(url)), dead_letters: dead_letters.map(|url| aws.queue(url)) };
    let ports = Adapters { ecs: aws.ecs, log_groups: aws.log_groups, journal, clock: SystemClock };
    let function = Function { settings, region, ports, queues, notifier, own_log };

    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let context = &event.context;
        let invocation = Invocation {
            payload: &event.payload,
            request: &context.request_id,
            arn: &context.invoked_function_arn,
            name: &context.env_config.function_name,
        };
        function.answer(invocation, &|| calls.count(), &mut telemetry::write).await
    }))
    .await
}
