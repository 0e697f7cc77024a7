//! The dependencies between the containers of a task.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::rules::case::{Case, Subject};

/// For each container, the containers that it needs, or that need it.
pub(super) struct Dependencies<'a> {
    edges: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Dependencies<'a> {
    /// Returns the containers that each container waits for. A hidden dependency does not count.
    pub(super) fn of(case: &Case<'a>) -> Self {
        Self::collect(case, |name, needed| (name, needed))
    }

    /// Returns the containers that wait for each container. A hidden dependency does not count.
    pub(super) fn reversed(case: &Case<'a>) -> Self {
        Self::collect(case, |name, needed| (needed, name))
    }

    fn collect(case: &Case<'a>, edge: fn(&'a str, &'a str) -> (&'a str, &'a str)) -> Self {
        let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for subject in case.subjects() {
            let Some(name) = subject.container.name() else { continue };
            for (needed, _) in subject.dependencies().unwrap_or_default() {
                let (from, to) = edge(name, needed);
                edges.entry(from).or_default().push(to);
            }
        }
        Self { edges }
    }

    /// Returns the containers on all paths from the container, without the container itself unless a path leads back.
    pub(super) fn reachable(&self, from: &'a str) -> BTreeSet<&'a str> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(name) = open.pop() {
            let next = self.edges.get(name).into_iter().flatten().copied();
            open.extend(next.filter(|next| reached.insert(*next)));
        }
        reached
    }

    /// Returns the containers on one path from the container back to itself, if there is such a path.
    pub(super) fn cycle(&self, start: &'a str) -> Option<Vec<&'a str>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            for next in self.edges.get(name).into_iter().flatten().copied() {
                if next == start {
                    let mut path = vec![start];
                    let mut at = name;
                    while at != start {
                        path.push(at);
                        at = came_from.get(at).copied().unwrap_or(start);
                    }
                    path.push(start);
                    path.reverse();
                    return Some(path);
                }
                if !came_from.contains_key(next) {
                    came_from.insert(next, name);
                    open.push(next);
                }
            }
        }
        None
    }
}

/// Whether the task definition hides a dependency of a container.
pub(super) fn hides_dependency(case: &Case<'_>) -> bool {
    case.subjects().any(|subject: Subject<'_, '_>| subject.dependencies().is_none())
}
