//! All possible orders of a set of moves.

/// Returns all orders of `moves` in which each move comes after those of `moves` that `before` names for it.
pub(crate) fn orders<M: Copy + PartialEq + 'static>(moves: &[M], before: fn(M) -> &'static [M]) -> Vec<Vec<M>> {
    let mut all = Vec::new();
    go_on(&mut Vec::new(), moves, before, &mut all);
    all
}

fn go_on<M: Copy + PartialEq + 'static>(
    done: &mut Vec<M>,
    left: &[M],
    before: fn(M) -> &'static [M],
    all: &mut Vec<Vec<M>>,
) {
    if left.is_empty() {
        return all.push(done.clone());
    }
    for (index, step) in left.iter().enumerate() {
        if before(*step).iter().all(|needed| done.contains(needed) || !left.contains(needed)) {
            let mut rest = left.to_vec();
            rest.remove(index);
            done.push(*step);
            go_on(done, &rest, before, all);
            done.pop();
        }
    }
}
