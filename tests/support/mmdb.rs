//! Writes small databases in the MaxMind DB format (<https://maxmind.github.io/MaxMind-DB/>), which the tests of
//! `logweir activity --geoip` read.

use std::net::IpAddr;

use serde_json::{Value, json};

/// The types of numbers with 16, 32 and 64 bits.
const U16: u8 = 5;
const U32: u8 = 6;
const U64: u8 = 9;

/// The zero bytes between the search tree and the data.
const SEPARATOR: usize = 16;

/// A reference in a node of the search tree: to another node, to nothing, or to the data at a position.
#[derive(Clone, Copy)]
enum Next {
    Node(usize),
    Nothing,
    Data(usize),
}

/// Returns a database with IPv6 addresses, in which each network has one record. IPv4 networks have their place at
/// `::/96`, as the format demands. The build is of 2026-06-01.
pub fn database(kind: &str, networks: &[(&str, Value)]) -> Vec<u8> {
    let mut nodes = vec![[Next::Nothing; 2]];
    let mut data = Vec::new();
    for (network, record) in networks {
        let (address, length) = network.split_once('/').expect("an address and the length of its prefix");
        let (bits, skipped) = match address.parse().expect("an address") {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 96),
            IpAddr::V6(address) => (u128::from(address), 0),
        };
        let length = length.parse::<usize>().expect("the length of a prefix") + skipped;
        let at = data.len();
        value(&mut data, record);
        insert(&mut nodes, bits, length, at);
    }
    let count = nodes.len();
    let mut bytes = Vec::new();
    for next in nodes.into_iter().flatten() {
        let number = match next {
            Next::Node(node) => node,
            Next::Nothing => count,
            Next::Data(at) => count + SEPARATOR + at,
        };
        bytes.extend(u32::try_from(number).expect("a small database").to_be_bytes());
    }
    bytes.extend([0; SEPARATOR]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    metadata(&mut bytes, kind, count as u64);
    bytes
}

/// Writes the metadata, a map whose numbers have fixed types.
fn metadata(out: &mut Vec<u8>, kind: &str, nodes: u64) {
    let texts = [
        ("database_type", json!(kind)),
        ("description", json!({"en": "a database for tests"})),
        ("languages", json!(["en"])),
    ];
    let numbers = [
        ("binary_format_major_version", U16, 2),
        ("binary_format_minor_version", U16, 0),
        ("build_epoch", U64, 1_780_272_000),
        ("ip_version", U16, 6),
        ("node_count", U32, nodes),
        ("record_size", U16, 32),
    ];
    head(out, 7, texts.len() + numbers.len());
    for (name, text) in texts {
        value(out, &json!(name));
        value(out, &text);
    }
    for (name, kind, number) in numbers {
        value(out, &json!(name));
        self::number(out, kind, number);
    }
}

fn insert(nodes: &mut Vec<[Next; 2]>, bits: u128, length: usize, at: usize) {
    let mut node = 0;
    for depth in 0..length {
        let side = usize::from(bits >> (127 - depth) & 1 == 1);
        if depth + 1 == length {
            nodes[node][side] = Next::Data(at);
            return;
        }
        node = match nodes[node][side] {
            Next::Node(next) => next,
            Next::Nothing | Next::Data(_) => {
                nodes.push([Next::Nothing; 2]);
                nodes[node][side] = Next::Node(nodes.len() - 1);
                nodes.len() - 1
            }
        };
    }
}

/// Writes a value. The first byte has the type and the size. The types above 7 stand in a second byte.
fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => {
            head(out, 2, text.len());
            out.extend(text.bytes());
        }
        Value::Number(number) => self::number(out, U32, number.as_u64().expect("a number without a sign")),
        Value::Object(members) => {
            head(out, 7, members.len());
            for (name, member) in members {
                self::value(out, &Value::String(name.clone()));
                self::value(out, member);
            }
        }
        Value::Array(members) => {
            head(out, 11, members.len());
            members.iter().for_each(|member| self::value(out, member));
        }
        Value::Bool(is_so) => head(out, 14, usize::from(*is_so)),
        Value::Null => panic!("the format has no null"),
    }
}

fn number(out: &mut Vec<u8>, kind: u8, number: u64) {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    head(out, kind, bytes.len() - zeros);
    out.extend(&bytes[zeros..]);
}

fn head(out: &mut Vec<u8>, kind: u8, size: usize) {
    let (low, more) =
        if size < 29 { (size as u8, None) } else { (29, Some(u8::try_from(size - 29).expect("a short text"))) };
    if kind > 7 {
        out.extend([low, kind - 7]);
    } else {
        out.push(kind << 5 | low);
    }
    out.extend(more);
}
