//! Which files import which, folder by folder, and the circles among them.

use std::collections::{BTreeMap, BTreeSet};

use super::source::names;

/// The imports among the entries of each folder: who imports whom, and by which names. An entry is a file or a folder of
/// it. A folder's own `mod.rs` is none, as it declares what is in the folder, and what is in there may use it.
pub type Folders = BTreeMap<String, BTreeMap<(String, String), BTreeSet<String>>>;

/// The imports of all of these files, each a path below `src/` and its text.
pub fn folders<'f>(files: impl Iterator<Item = (&'f str, &'f str)> + Clone) -> Folders {
    let modules: BTreeMap<String, &str> = files.clone().map(|(path, _)| (module(path), path)).collect();
    let mut folders = Folders::new();
    for (path, text) in files {
        for name in names(text, module(path).split("::").count()) {
            let Some(target) = absolute(&name, path).and_then(|name| file_of(&name, &modules)) else { continue };
            let (from, to): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), target.split('/').collect());
            let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
            let (Some(one), Some(other)) = (from.get(shared), to.get(shared)) else { continue };
            if *one == "mod.rs" || *other == "mod.rs" {
                continue;
            }
            let edges = folders.entry(from[..shared].join("/")).or_default();
            edges.entry(((*one).into(), (*other).into())).or_default().insert(format!("src/{path} names {name}"));
        }
    }
    folders
}

/// The entries of one folder that import each other in a circle, of each circle the names that tie it.
pub fn circles(edges: &BTreeMap<(String, String), BTreeSet<String>>) -> Vec<String> {
    let in_a_circle = |(from, to): &&(String, String)| reachable(edges, to).contains(from);
    edges.keys().filter(in_a_circle).flat_map(|edge| &edges[edge]).cloned().collect()
}

/// All entries that this one imports, also by way of others.
fn reachable<'e>(edges: &'e BTreeMap<(String, String), BTreeSet<String>>, start: &'e String) -> BTreeSet<&'e String> {
    let (mut seen, mut todo) = (BTreeSet::new(), vec![start]);
    while let Some(entry) = todo.pop() {
        let next = edges.keys().filter(|(from, _)| from == entry).map(|(_, to)| to);
        todo.extend(next.filter(|to| seen.insert(*to)));
    }
    seen
}

/// The module of a file, such as `domain::event` of `domain/event/mod.rs`.
fn module(path: &str) -> String {
    path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::")
}

/// A name that begins at the crate or climbs by `super`, from the crate's root on.
fn absolute(name: &str, path: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("crate::") {
        return Some(rest.to_owned());
    }
    let module = module(path);
    let (mut above, mut rest): (Vec<&str>, &str) = (module.split("::").collect(), name);
    while let Some(shorter) = rest.strip_prefix("super::") {
        above.pop()?;
        rest = shorter;
    }
    (rest.len() < name.len()).then(|| above.into_iter().chain([rest]).collect::<Vec<_>>().join("::"))
}

/// The file of the deepest module that a name leads into.
fn file_of<'m>(name: &str, modules: &BTreeMap<String, &'m str>) -> Option<&'m str> {
    let mut name = name;
    loop {
        if let Some(file) = modules.get(name) {
            return Some(file);
        }
        (name, _) = name.rsplit_once("::")?;
    }
}
