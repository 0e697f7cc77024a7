//! What the fuzz targets demand of each input: no panic, the [laws], and the bounds of time and memory.

use std::time::Duration;

use cpu_time::ThreadTime;
use peak_alloc::PeakAlloc;

#[path = "laws.rs"]
pub mod laws;

#[global_allocator]
static ALLOCATIONS: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;
/// The most memory that Logweir may use for an input, as a multiple of the size of the input.
const MEMORY: usize = 20;
/// The memory that Logweir may use for any input, however small, in bytes.
const FLOOR: usize = 4 * MIB;
/// The most processor time that Logweir may need for each MiB of an input.
const TIME: Duration = Duration::from_secs(1);

/// Runs `law` on the input. Panics if the law needs more time or memory than an input of this size may need.
pub fn bounded(input: &[u8], law: impl FnOnce(&[u8])) {
    ALLOCATIONS.reset_peak_usage();
    let (before, begun) = (ALLOCATIONS.current_usage(), ThreadTime::now());
    law(input);
    let (time, memory) = (begun.elapsed(), ALLOCATIONS.peak_usage().saturating_sub(before));
    let size = input.len();
    assert!(memory <= size * MEMORY + FLOOR, "{memory} bytes of memory for an input of {size} bytes");
    assert!(time <= TIME * u32::try_from(size.div_ceil(MIB).max(1)).unwrap(), "{time:?} of processor time for an input of {size} bytes");
}
