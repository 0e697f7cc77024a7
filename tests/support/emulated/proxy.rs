//! An unreliable connection to AWS: an HTTP proxy in front of an emulator. It spoils a fixed share of the calls, and
//! records what the emulator did.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The fate of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Passed,
    /// Refused with a ThrottlingException, and never passed on.
    Throttled,
    /// Carried out; then the connection closes without a byte of the answer.
    Reset,
    /// Carried out; then the connection closes in the middle of the answer.
    Truncated,
    /// Carried out, and answered late.
    Late,
}

impl Fate {
    /// The nth call of an operation has the same fate in every run, whatever the order of the calls.
    fn of(operation: &str, nth: usize, seed: u64) -> Self {
        // A registration that is carried out without an answer can leave a second revision behind.
        let resets = if operation == "RegisterTaskDefinition" { 25 } else { 8 };
        let shares = [(Self::Reset, resets), (Self::Throttled, 8), (Self::Truncated, 8), (Self::Late, 6)];
        let digest = Sha256::digest(format!("{seed} {operation} {nth}"));
        let mut drawn = u16::from_be_bytes([digest[0], digest[1]]) % 100;
        for (fate, percent) in shares {
            if drawn < percent {
                return fate;
            }
            drawn -= percent;
        }
        Self::Passed
    }
}

/// No test depends on this duration, and nothing else in these tests waits.
const LATE: Duration = Duration::from_millis(10);

const THROTTLED: &str = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;

/// A call that reached the proxy.
#[derive(Clone, Debug)]
pub struct Call {
    pub operation: String,
    pub request: Value,
    pub fate: Fate,
    /// The emulator's answer, even if it did not arrive. `None` if the emulator did not get the call, or failed.
    pub answer: Option<Answer>,
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
}

impl Proxy {
    /// Starts a proxy in front of the URL `upstream`. Returns it with its own URL. Without a seed, it spoils nothing.
    pub fn before(upstream: &str, seed: Option<u64>) -> (Self, String) {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let proxy = Self { upstream, seed, met: Arc::default(), calls: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = proxy.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let proxy = serving.clone();
                // The connection closes when the conversation ends: on purpose, or because the caller is gone.
                std::thread::spawn(move || proxy.converse(&stream));
            }
        });
        (proxy, url)
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
            let answer = (fate != Fate::Throttled).then(|| self.hand_on(&request));
            let said = answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(Message::answer);
            let call = Call { operation, request: request.json(), fate, answer: said };
            self.calls.lock().unwrap().push(call);
            let answer = answer.unwrap_or_else(|| Ok(Message::throttled()))?;
            match fate {
                Fate::Passed | Fate::Throttled => writer.write_all(&answer.bytes())?,
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

    fn throttled() -> Self {
        let length = THROTTLED.len();
        let head = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\r\n"
        );
        Self { head, body: THROTTLED.into() }
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
