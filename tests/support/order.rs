//! Orders to the workflow. `Order { origin, ..order(…) }` shows how an order differs from these.

#![allow(dead_code, reason = "each test binary uses its part")]

use logweir::domain::baseline::Baseline;
use logweir::domain::event::Home;
use logweir::domain::exec_mode::ExecMode;
use logweir::domain::outcome::Mode;
use logweir::domain::report::BackoutBy;
use logweir::settings::LEASE;
use logweir::workflow::{BackoutOptions, BackoutOrder, Order, Origin};

/// Returns the order to handle an event with a confirmed baseline.
pub fn order<'o>(home: &'o Home, by: &'o BackoutBy, baseline: &'o Baseline, mode: Mode, worker: &str) -> Order<'o> {
    Order {
        mode,
        finishes: mode,
        exec: ExecMode::Off,
        exec_finishes: ExecMode::Off,
        baseline,
        home,
        origin: Origin::Event,
        registrar: None,
        worker: worker.into(),
        lease: LEASE,
        backout: by,
    }
}

/// Returns the order to back out.
pub fn backout<'o>(home: &'o Home, by: &'o BackoutBy, worker: &str, ask: BackoutOptions) -> BackoutOrder<'o> {
    BackoutOrder { home, registrar: None, worker: worker.into(), lease: LEASE, backout: by, ask }
}
