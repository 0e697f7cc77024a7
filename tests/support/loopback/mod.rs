//! A stand-in for AWS, and for Lambda's Runtime API, on the loopback interface: for tests that run the real programs.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod account;
pub mod exec;
pub mod function;
pub mod operator;
pub mod services;
pub mod simulator;
pub mod stack;
pub mod table;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// The alias of every account.
pub const ALIAS: &str = "shop-dev";

/// The account of the access key `AKIDPROD`. Every other key belongs to the account 111122223333.
pub const PROD: &str = "444455556666";

/// The answer to one call.
pub enum Reply {
    Json(u16, String),
    /// With these headers, each terminated by CR LF.
    Http(u16, String, String),
    /// Closes the connection without an answer.
    Cut,
    /// Closes the connection within the body.
    Torn(u16, String),
}

impl Reply {
    pub fn ok(body: &Value) -> Self {
        Self::Json(200, body.to_string())
    }

    pub fn error(code: &str, message: &str) -> Self {
        Self::Json(400, serde_json::json!({"__type": code, "message": message}).to_string())
    }
}

/// Answers a call, given the account of its access key, its operation (such as `RegisterTaskDefinition`, or the path if
/// it has none) and its body.
type Service = dyn FnMut(&str, &str, &str) -> Reply + Send;

/// Serves until the test's process ends.
pub struct Loopback {
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

#[derive(Clone)]
struct Call {
    operation: String,
    head: String,
    body: String,
}

impl Loopback {
    pub fn serve(mut service: impl FnMut(&str, &str) -> Reply + Send + 'static) -> Self {
        Self::serve_accounts(move |_, operation, body| service(operation, body))
    }

    /// Serves several accounts. The key `ASIA` with the number of an account belongs to that account.
    pub fn serve_accounts(service: impl FnMut(&str, &str, &str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let service: Arc<Mutex<Box<Service>>> = Arc::new(Mutex::new(Box::new(service)));
        let log = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (service, log) = (Arc::clone(&service), Arc::clone(&log));
                std::thread::spawn(move || converse(stream, &service, &log));
            }
        });
        Self { url, calls }
    }

    /// The calls so far, as operation and body.
    pub fn calls(&self) -> Vec<(String, String)> {
        self.calls.lock().unwrap().iter().cloned().map(|call| (call.operation, call.body)).collect()
    }

    /// Request line and headers of the calls so far, as they came.
    pub fn heads(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|call| call.head.clone()).collect()
    }
}

/// The account of the access key that signed the request.
fn account_of(head: &str) -> String {
    let key = head.split("Credential=").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    match key.strip_prefix("ASIA") {
        Some(account) => account.to_owned(),
        None if key == "AKIDPROD" => PROD.to_owned(),
        None => "111122223333".to_owned(),
    }
}

fn converse(stream: TcpStream, service: &Mutex<Box<Service>>, log: &Mutex<Vec<Call>>) -> Option<()> {
    // A body is sent right after its head, without waiting for an acknowledgement of the head.
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let path = line.split(' ').nth(1)?.to_owned();
        let mut head = line.clone();
        let (mut operation, mut length) = (String::new(), 0);
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            head.push_str(&line);
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "x-amz-target" => operation = value.rsplit('.').next()?.trim().to_owned(),
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).ok()?;
        let account = account_of(&head);
        // STS speaks the query protocol and has no target.
        if operation.is_empty() && body.contains("Action=GetCallerIdentity") {
            log.lock().unwrap().push(Call { operation: "GetCallerIdentity".into(), head, body });
            let xml = format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:sts::{account}:assumed-role/Operator/me</Arn><UserId>A</UserId><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            );
            write!(writer, "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{xml}", xml.len())
                .ok()?;
            continue;
        }
        if operation.is_empty() && body.starts_with("Action=ListAccountAliases&") {
            log.lock().unwrap().push(Call { operation: "ListAccountAliases".into(), head, body });
            let xml = format!(
                "<ListAccountAliasesResponse><ListAccountAliasesResult><AccountAliases><member>{ALIAS}</member></AccountAliases></ListAccountAliasesResult></ListAccountAliasesResponse>"
            );
            write!(writer, "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{xml}", xml.len())
                .ok()?;
            continue;
        }
        let operation = if operation.is_empty() { path } else { operation };
        log.lock().unwrap().push(Call { operation: operation.clone(), head, body: body.clone() });
        let reply = (service.lock().unwrap())(&account, &operation, &body);
        match reply {
            Reply::Cut => return None,
            Reply::Torn(status, body) => {
                let (half, length) = (&body[..body.len() / 2], body.len());
                write!(writer, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{half}").ok()?;
                return None;
            }
            Reply::Http(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
                writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body.as_bytes())).ok()?;
            }
            Reply::Json(status, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body.as_bytes())).ok()?;
            }
        }
    }
}
