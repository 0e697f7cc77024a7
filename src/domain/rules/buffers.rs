//! The sizes of all buffers of a task after the fixes.

/// The buffers of all containers of a task after the fixes.
pub(super) struct Buffers {
    /// The size of each container's buffer, in bytes. The size is 0 for a container without a buffer.
    pub(super) sizes: Vec<u64>,
    /// Whether each container's buffer shares the memory of the task with other buffers.
    pub(super) shares: Vec<bool>,
    /// The sum of the sizes of the buffers that share the memory, before the sizes are lowered, in bytes.
    pub(super) total: u64,
    /// The largest sum that the baseline allows, in bytes. `None` if the memory of the task is unknown.
    pub(super) bound: Option<u64>,
    /// The number of buffers that share the memory.
    pub(super) count: usize,
    /// The smallest sum that the baseline allows if the sum exceeds the bound even then, in bytes.
    pub(super) too_much: Option<u64>,
}

impl Buffers {
    /// Whether the baseline allows the buffer of the container together with the buffers that share its memory. `index`
    /// is the index of the container.
    pub(super) fn fit(&self, index: usize) -> bool {
        self.too_much.is_none() || !self.shares[index]
    }
}
