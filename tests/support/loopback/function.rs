//! The real function, run as Lambda runs it.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use logweir::domain::baseline::Baseline;
use logweir::settings::SHIPPED_BASELINE;
use serde_json::Value;

use super::{Loopback, Reply};

/// The function's answer to one event.
pub struct Invocation {
    /// `response` or `error`.
    pub kind: String,
    pub answer: Value,
}

pub struct Function {
    pub invocations: Vec<Invocation>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the function that remediates.
pub fn invoke(aws: &Loopback, mode: &str, events: Vec<Value>) -> Function {
    invoke_with(aws, mode, &[], events)
}

/// The same with more variables. The shipped baseline is the confirmed one.
pub fn invoke_with(aws: &Loopback, mode: &str, more: &[(&str, &str)], events: Vec<Value>) -> Function {
    let baseline = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/baseline.toml");
    let digest = Baseline::parse(SHIPPED_BASELINE).unwrap().digest().to_owned();
    let role = [
        ("LOGWEIR_ROLE", "remediate"),
        ("LOGWEIR_MODE", mode),
        ("LOGWEIR_BASELINE", baseline),
        ("LOGWEIR_CONFIRMED_BASELINE", &digest),
    ];
    run(aws, &[role.as_slice(), more].concat(), events)
}

/// The same with a topic and an event bus for notifications.
pub fn invoke_and_tell(aws: &Loopback, events: Vec<Value>) -> Function {
    invoke_with(aws, "register", &TOLD, events)
}

/// Runs the backout function with a topic and an event bus for notifications.
pub fn invoke_backout_and_tell(aws: &Loopback, events: Vec<Value>) -> Function {
    run(aws, &[&[("LOGWEIR_ROLE", "backout")][..], &TOLD].concat(), events)
}

const TOLD: [(&str, &str); 2] =
    [("LOGWEIR_TOPIC", "arn:aws:sns:eu-west-1:111122223333:operators"), ("LOGWEIR_BUS", "operations")];

/// Runs the backout function.
pub fn invoke_backout(aws: &Loopback, events: Vec<Value>) -> Function {
    run(aws, &[("LOGWEIR_ROLE", "backout")], events)
}

/// Starts a function, gives it the events one after the other, and ends it when it asks for one more.
fn run(aws: &Loopback, role: &[(&str, &str)], events: Vec<Value>) -> Function {
    let (answered, answers) = mpsc::channel();
    let (done, all_done) = mpsc::channel::<()>();
    let mut waiting = events.into_iter();
    let runtime = Loopback::serve(move |path, body| {
        let kind = path.rsplit('/').next().unwrap_or_default();
        match kind {
            "next" => match waiting.next() {
                Some(event) => Reply::Http(200, HEADERS.to_owned(), event.to_string()),
                None => {
                    let _ = done.send(());
                    Reply::Cut
                }
            },
            _ => {
                let answer = serde_json::from_str(body).unwrap_or(Value::Null);
                let _ = answered.send(Invocation { kind: kind.to_owned(), answer });
                Reply::Json(202, "{}".to_owned())
            }
        }
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_bootstrap"))
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", runtime.url.trim_start_matches("http://"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "logweir")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "CANARY-KEY")
        .env("AWS_ENDPOINT_URL", &aws.url)
        .envs(role.iter().copied())
        .env("LOGWEIR_JOURNAL", "dynamodb:journal")
        .env("LOGWEIR_OWN_ROLES", "arn:aws:iam::111122223333:role/logweir/Remediator")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = all_done.recv();
    let _ = child.kill();
    let _ = child.wait();
    let text = |stream: Option<&mut dyn Read>| {
        let mut text = String::new();
        stream.map(|stream| stream.read_to_string(&mut text));
        text
    };
    let stdout = text(child.stdout.as_mut().map(|stream| stream as &mut dyn Read));
    let stderr = text(child.stderr.as_mut().map(|stream| stream as &mut dyn Read));
    Function { invocations: answers.try_iter().collect(), stdout, stderr }
}

const HEADERS: &str = "Lambda-Runtime-Aws-Request-Id: 00000000-0000-0000-0000-000000000001\r\n\
    Lambda-Runtime-Deadline-Ms: 4102444800000\r\n\
    Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:111122223333:function:logweir\r\n\
    content-type: application/json\r\n";
