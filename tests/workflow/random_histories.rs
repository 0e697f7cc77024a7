//! The runner of random histories. Every run is the same unless `LOGWEIR_SEED` is set. A failure names its seed, and is
//! shrunk.

#![allow(clippy::print_stdout, reason = "the counts are for the reader of the run")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

const HISTORIES: u32 = 1000;
/// The page with the number of histories for each class.
const PAGE: &str = include_str!("../../docs/reliability.md");
/// The minimum number of histories in which each class occurs.
const EACH: u32 = 100;

/// The classes that occurred in one history, and the promises that it broke.
pub(crate) type Lived = (BTreeSet<&'static str>, Vec<String>);

/// The result of a run.
pub(crate) struct Ran {
    seed: u64,
    /// The number of histories in which each class occurred.
    counts: BTreeMap<&'static str, u32>,
    /// The first history that broke a promise.
    result: Result<(), String>,
}

/// Runs the histories that `history` draws.
pub(crate) fn run<S, F>(history: &S, max_shrink_iters: u32, lives: impl Fn(S::Value) -> F) -> Ran
where
    S: Strategy<Value: Debug>,
    F: Future<Output = Lived>,
{
    let seed = crate::sample::seed();
    let config = Config {
        cases: HISTORIES,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters,
        ..Config::default()
    };
    let counts = RefCell::new(BTreeMap::new());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ran = TestRunner::new(config).run(history, |steps| {
        let (classes, broken) = runtime.block_on(lives(steps));
        for class in classes {
            *counts.borrow_mut().entry(class).or_default() += 1;
        }
        match broken.first() {
            None => Ok(()),
            Some(broken) => Err(TestCaseError::fail(broken.clone())),
        }
    });
    Ran { seed, counts: counts.into_inner(), result: ran.map_err(|error| error.to_string()) }
}

impl Ran {
    /// Asserts that no history broke a promise, and that each of the classes occurred often enough.
    pub(crate) fn holds(self, classes: &[&str]) {
        let Self { seed, counts, result } = self;
        result.unwrap_or_else(|error| panic!("LOGWEIR_SEED={seed} shows it again: {error}"));
        println!("{HISTORIES} histories, seed {seed}; in how many of them each class occurs:");
        counts.iter().for_each(|(class, count)| println!("  {count:>5}  {class}"));
        for class in classes {
            let row = format!("| {class} |");
            assert!(PAGE.contains(&row), "docs/reliability.md has no row for `{class}`");
            assert!(counts.get(class).copied().unwrap_or_default() >= EACH, "`{class}` occurs too rarely");
        }
    }

    /// Asserts that some history broke a promise, because of a lie of the account. The class `each` occurs in every
    /// history.
    pub(crate) fn detects(self, lie: impl Debug, each: &str) {
        let broken = self.result.expect_err(&format!("{lie:?} is not detected in {HISTORIES} histories"));
        println!("{lie:?}: in history {}: {}", self.counts[each], broken.lines().next().unwrap_or_default());
    }
}
