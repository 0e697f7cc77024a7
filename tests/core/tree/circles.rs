//! The imports among files, folder by folder, and their circles.

use std::collections::{BTreeMap, BTreeSet};

use super::source::names;

/// The imports among the entries of each folder: the importing entry, the imported entry, and the names. An entry is a
/// file or a subfolder. The folder's own `mod.rs` is not an entry: it declares the others, and they may use it.
pub type Folders = BTreeMap<String, BTreeMap<(String, String), BTreeSet<String>>>;

/// Returns the imports of these files. Each file is a path below `src/` and its text.
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

/// Returns the names in each circle of imports in one folder.
pub fn circles(edges: &BTreeMap<(String, String), BTreeSet<String>>) -> Vec<String> {
    let in_a_circle = |(from, to): &&(String, String)| reachable(edges, to).contains(from);
    edges.keys().filter(in_a_circle).flat_map(|edge| &edges[edge]).cloned().collect()
}

/// Returns all entries that this one imports, directly or indirectly.
fn reachable<'e>(edges: &'e BTreeMap<(String, String), BTreeSet<String>>, start: &'e String) -> BTreeSet<&'e String> {
    let (mut seen, mut todo) = (BTreeSet::new(), vec![start]);
    while let Some(entry) = todo.pop() {
        let next = edges.keys().filter(|(from, _)| from == entry).map(|(_, to)| to);
        todo.extend(next.filter(|to| seen.insert(*to)));
    }
    seen
}

/// Returns the module of a file, such as `domain::event` for `domain/event/mod.rs`.
fn module(path: &str) -> String {
    path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::")
}

/// Resolves a name that starts with `crate` or `super` to a path from the crate's root.
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

/// Returns the file of the deepest module in a name.
fn file_of<'m>(name: &str, modules: &BTreeMap<String, &'m str>) -> Option<&'m str> {
    let mut name = name;
    loop {
        if let Some(file) = modules.get(name) {
            return Some(file);
        }
        (name, _) = name.rsplit_once("::")?;
    }
}
