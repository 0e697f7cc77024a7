//! The binary of both Lambda functions, the remediator and the backout function.

use std::cell::Cell;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use logweir::aws::Aws;
use logweir::handler::{Function, Invocation, Queues};
use logweir::ports::{Adapters, Clock, Journal, SystemClock};
use logweir::settings::{Role, Settings};
use logweir::telemetry;
use logweir::workflow::{PublishError, publish_baseline};
use serde_json::Value;

/// Whether the function has published the baseline in its package.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Publication {
    Due,
    /// The function has logged the failure, and tries again after the next event.
    Failed,
    Ended,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::in_lambda()?;
    let settings =
        Settings::read(|name| std::env::var(name).ok(), async |name: &str| aws.parameter(name).await).await?;
    // Lambda gives a function more CPU in its init phase than in an invocation. The function therefore opens its TLS
    // connections in the init phase, so that the first event does not wait for the handshakes.
    let journal = aws.journal(&settings.table);
    let publication = Cell::new(Publication::Due);
    if matches!(settings.role, Role::Remediate(_)) {
        aws.warm(Box::pin(publish(&journal, &settings, &publication))).await;
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
        let answer = function.answer(invocation, &|| calls.count(), &mut telemetry::write).await;
        publish(&function.ports.journal, &function.settings, &publication).await;
        answer
    }))
    .await
}

/// Publishes the baseline in the package, if this is still due. A failure does not stop the function, so it is a warning.
async fn publish(journal: &impl Journal, settings: &Settings, publication: &Cell<Publication>) {
    let Role::Remediate(remediation) = &settings.role else { return };
    let Some((place, text)) = remediation.packaged.as_ref().filter(|_| publication.get() != Publication::Ended) else {
        return;
    };
    let now = SystemClock.now();
    let published = publish_baseline(journal, place, text, now).await;
    if let (Err(error), Publication::Due) = (&published, publication.get()) {
        telemetry::write(&telemetry::not_published(&error.to_string(), now));
    }
    publication.set(match published {
        Ok(()) | Err(PublishError::TooLarge) => Publication::Ended,
        Err(PublishError::Journal(_)) => Publication::Failed,
    });
}
