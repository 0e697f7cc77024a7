//! Counts the calls to AWS for each kind of event, in an emulated account with few services and in one with many. Does
//! not measure their duration, which an emulator cannot show.
//!
//!     tests/with-emulators cargo bench --locked --bench calls
//!
//! LOGWEIR_TEST_SERVICES sets the number of services in the second account.

#![allow(clippy::print_stdout, unreachable_pub, reason = "it prints its table; its modules belong to the tests")]

#[path = "../tests/support/emulated/mod.rs"]
mod emulated;
#[path = "../tests/support/order.rs"]
mod order;

use std::process::Command;
use std::{fs, thread};

use emulated::costs::{Cost, costs};
use emulated::{Place, size};

const FEW: usize = 10;
/// The default number of services in the second account. `LOGWEIR_TEST_SERVICES` sets another number.
const MANY: usize = 5000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let few = costs(Place::ministack("555566667777"), FEW).await;
    let services = size("LOGWEIR_TEST_SERVICES", MANY);
    let many = costs(Place::ministack("666677778888"), services).await;
    println!("| event | calls with {FEW} services | with {services} | the same event again | calls the first time |");
    println!("|---|---:|---:|---:|---|");
    for (few, many) in few.iter().zip(&many) {
        assert_eq!(few.event, many.event);
        println!("{}", row(few, many));
    }
    println!("\n{}.", machine());
}

fn row(few: &Cost, many: &Cost) -> String {
    let again = match (few.again.calls.len(), many.again.calls.len()) {
        (few, many) if few == many => few.to_string(),
        (few, many) => format!("{few}; {many}"),
    };
    let (first, with_many) = (few.first.calls.len(), many.first.calls.len());
    format!("| {} | {first} | {with_many} | {again} | {} |", few.event, many.first.calls())
}

/// Returns the description of the machine, in the format of the process benchmark.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let line = |text: &str, start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or("?").to_owned();
    let cpu = line(&read("/proc/cpuinfo"), "model name");
    let cpu = cpu.split_once(':').map_or("?", |(_, name)| name.trim());
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let rust = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let rust = String::from_utf8_lossy(&rust).split(' ').nth(1).unwrap_or("?").to_owned();
    let emulators = read(concat!(env!("CARGO_MANIFEST_DIR"), "/infra/requirements/emulators.txt"));
    let ministack = line(&emulators, "ministack==").replace("==", " ");
    let date = jiff::Timestamp::now().strftime("%F");
    format!("{date}: CPU {cpu}, {cores} cores; kernel Linux {}; Rust {rust}; {ministack}", kernel.trim())
}
