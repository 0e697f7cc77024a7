//! An unreliable connection to AWS: an HTTP proxy in front of an emulator. It spoils a fixed share of the calls, and
//! records what the emulator did.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::stale::{Change, Writes};

/// The fate of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Passed,
    /// Refused with a ThrottlingException, and never passed on.
    Throttled,
    /// Refused with another message of ECS that passes by itself, and never passed on.
    Refused,
    /// Carried out; then the connection closes without a byte of the answer.
    Reset,
    /// Carried out; then the connection closes in the middle of the answer.
    Truncated,
    /// Carried out, and answered late.
    Late,
}

impl Fate {
    /// Whether the emulator never got the call.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Throttled | Self::Refused)
    }

    /// The nth call of an operation has the same fate in every run, whatever the order of the calls.
    fn of(operation: &str, nth: usize, seed: u64) -> Self {
        // A registration that is carried out without an answer can leave a second revision behind.
        let resets = if operation == "RegisterTaskDefinition" { 25 } else { 8 };
        let refusals = if operation == "RegisterTaskDefinition" { 8 } else { 0 };
        let shares = [
            (Self::Reset, resets),
            (Self::Throttled, 8),
            (Self::Truncated, 8),
            (Self::Late, 6),
            (Self::Refused, refusals),
        ];
        let mut drawn = drawn(operation, nth, seed)[0] % 100;
        for (fate, percent) in shares {
            if drawn < percent {
                return fate;
            }
            drawn -= percent;
        }
        Self::Passed
    }
}

/// The number of writes that the nth call of an operation misses: none in an eighth of the calls, else one to three.
/// Many reads follow no recent write, so that fewer answers are stale.
fn behind(operation: &str, nth: usize, seed: u64) -> usize {
    let [_, drawn] = drawn(operation, nth, seed);
    if drawn % 8 == 0 { 0 } else { usize::from(drawn / 8 % 3) + 1 }
}

/// Two numbers that depend on nothing else.
fn drawn(operation: &str, nth: usize, seed: u64) -> [u16; 2] {
    let digest = Sha256::digest(format!("{seed} {operation} {nth}"));
    [0, 2].map(|at| u16::from_be_bytes([digest[at], digest[at + 1]]))
}

/// No test depends on this duration, and nothing else in these tests waits.
const LATE: Duration = Duration::from_millis(10);

const THROTTLED: &str = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;

/// Source: hashicorp/terraform-provider-aws, issue 9777.
const CONCURRENT: &str = r#"{"__type":"ClientException","message":"Too many concurrent attempts to create a new revision of the specified family."}"#;

const UNKNOWN: &str = r#"{"__type":"ClientException","message":"Unable to describe task definition."}"#;

/// A call that reached the proxy.
#[derive(Clone, Debug)]
pub struct Call {
    pub operation: String,
    pub request: Value,
    pub fate: Fate,
    /// The emulator's answer, even if it did not arrive. `None` if the emulator did not get the call, or failed.
    pub answer: Option<Answer>,
    /// Whether the caller got an older answer instead, as of some writes ago.
    pub stale: bool,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Call {
    /// The answer to a call that was carried out.
    pub fn done(&self) -> Option<&Value> {
        self.answer.as_ref().filter(|answer| answer.status == 200).map(|answer| &answer.body)
    }
}

/// Serves until the test's process ends.
#[derive(Clone)]
pub struct Proxy {
    upstream: String,
    seed: Option<u64>,
    met: Arc<Mutex<BTreeMap<String, usize>>>,
    calls: Arc<Mutex<Vec<Call>>>,
    writes: Writes,
}

impl Proxy {
    /// Starts a proxy in front of the URL `upstream`. Returns it with its own URL. Without a seed, it spoils nothing.
    pub fn before(upstream: &str, seed: Option<u64>) -> (Self, String) {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let proxy = Self { upstream, seed, met: Arc::default(), calls: Arc::default(), writes: Writes::default() };
        let url = proxy.serve();
        (proxy, url)
    }

    /// Starts a second proxy in front of the same emulator, which spoils and records nothing. Reads through the first
    /// proxy lag behind the writes through the second one, too. Returns the URL of the second proxy.
    pub fn beside(&self) -> String {
        Self { seed: None, met: Arc::default(), calls: Arc::default(), ..self.clone() }.serve()
    }

    /// Returns the URL at which the proxy serves.
    fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let proxy = serving.clone();
                // The connection closes when the conversation ends: on purpose, or because the caller is gone.
                std::thread::spawn(move || proxy.converse(&stream));
            }
        });
        url
    }

    /// The calls so far, in the order of the emulator's answers.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn converse(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut reader, mut writer) = (BufReader::new(stream), stream);
        while let Some(request) = Message::read(&mut reader)? {
            let operation = request.operation();
            let nth = self.nth(&operation);
            let fate = self.seed.map_or(Fate::Passed, |seed| Fate::of(&operation, nth, seed));
            let refusal = match fate {
                Fate::Throttled => Some(THROTTLED),
                Fate::Refused => Some(CONCURRENT),
                Fate::Passed | Fate::Reset | Fate::Truncated | Fate::Late => None,
            };
            let answer = refusal.is_none().then(|| self.hand_on(&request));
            let said = answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(Message::answer);
            let request = request.json();
            let change = said.as_ref().and_then(|said| self.change(&operation, nth, &request, said));
            let call = Call { operation, request, fate, answer: said, stale: change.is_some() };
            self.calls.lock().unwrap().push(call);
            let answer = answer.unwrap_or_else(|| Ok(Message::error(refusal.unwrap_or_default())))?;
            let answer = change.map_or_else(|| answer.clone(), |change| answer.changed(change));
            match fate {
                Fate::Passed | Fate::Throttled | Fate::Refused => writer.write_all(&answer.bytes())?,
                Fate::Late => {
                    std::thread::sleep(LATE);
                    writer.write_all(&answer.bytes())?;
                }
                Fate::Reset => break,
                Fate::Truncated => {
                    writer.write_all(&answer.bytes()[..answer.head.len() + answer.body.len() / 2])?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Notes a write. Returns how the answer to a read changes that misses the newest writes.
    fn change(&self, operation: &str, nth: usize, request: &Value, said: &Answer) -> Option<Change> {
        if said.status != 200 {
            return None;
        }
        self.writes.note(operation, &said.body);
        let behind = behind(operation, nth, self.seed?);
        self.writes.change(operation, request, &said.body, behind)
    }

    fn nth(&self, operation: &str) -> usize {
        let mut met = self.met.lock().unwrap();
        let nth = met.entry(operation.to_owned()).or_default();
        *nth += 1;
        *nth
    }

    /// Passes the request on unchanged, with its signed Host. Each request gets a new connection, which is never stale.
    fn hand_on(&self, request: &Message) -> io::Result<Message> {
        let mut stream = TcpStream::connect(&self.upstream)?;
        stream.set_nodelay(true)?;
        stream.write_all(&request.bytes())?;
        Message::read(&mut BufReader::new(stream))?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// An HTTP/1.1 message: a request or an answer.
#[derive(Clone)]
struct Message {
    /// The first line, the headers and the empty line.
    head: String,
    body: Vec<u8>,
}

impl Message {
    /// Reads a message. Returns `None` if the other side has closed the connection.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut message = Self { head: String::new(), body: Vec::new() };
        while !message.head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut message.head)? == 0 {
                return Ok(None);
            }
        }
        let length = message.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        message.body.resize(length, 0);
        reader.read_exact(&mut message.body)?;
        Ok(Some(message))
    }

    fn error(body: &str) -> Self {
        Self::new("400 Bad Request", body)
    }

    fn new(status: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\r\n"
        );
        Self { head, body: body.into() }
    }

    /// The same answer as of some writes ago. The document in it stays as it is, byte for byte.
    fn changed(&self, change: Change) -> Self {
        match change {
            Change::Unknown => Self::error(UNKNOWN),
            Change::Listed(listed) => Self::new("200 OK", &json!({"taskDefinitionArns": listed}).to_string()),
            Change::StillActive => {
                let body = String::from_utf8_lossy(&self.body).replace("\"INACTIVE\"", "\"ACTIVE\"");
                Self::new("200 OK", &body)
            }
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.into_iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The operation of a request, such as `RegisterTaskDefinition` of
    /// `X-Amz-Target: AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition`.
    fn operation(&self) -> String {
        let target = self.header("x-amz-target").unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default().to_owned()
    }

    fn answer(&self) -> Answer {
        let status = self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Answer { status, body: self.json() }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }
}
