//! Imports between the library's top-level modules make no circle.
//!
//! A module's imports are the paths from `crate::` in its files, tests and comments aside. A circle is a set of modules each of
//! which reaches every other one. There is none, and a new one
//! fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that each module imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn imports_make_no_circle() {
    let found = circles(&imports_of(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
    ));
    assert!(found.is_empty(), "circles: {found:?}");
}

/// Flags and exit codes are the command line's: an error of the library has remedies, and `src/cli/failure.rs` the words.
#[test]
fn the_library_names_no_option_of_the_command_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = sources(&root.join("src"));
    files.extend(sources(&root.join("crates/data/src")));
    files.retain(|path| {
        let of_cli = path.starts_with(root.join("src/cli")) || *path == root.join("src/cli.rs");
        !of_cli && path.extension().is_some_and(|end| end == "rs")
    });
    let mut named = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("sources are text");
        let lines = text.lines().filter(|line| names_option(line));
        named.extend(lines.map(|line| format!("{}: {}", path.display(), line.trim())));
    }
    assert!(named.is_empty(), "\n{}", named.join("\n"));
    assert!(names_option("leave `--layer` out") && !names_option("a -- b, i-- > 0"));
}

fn names_option(line: &str) -> bool {
    let mut rests = line
        .match_indices("--")
        .map(|(at, dashes)| &line[at + dashes.len()..]);
    rests.any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[test]
fn a_circle_is_found_and_a_chain_is_none() {
    let files = [
        ("a", "use crate::b::{B, c};\nuse std::fmt;"),
        ("b", "use crate::{c, d::D};"),
        ("c", "fn f() { crate::a::g() }\n// crate::d"),
        ("d", "#[cfg(test)]\nmod tests {\n    use crate::a;\n}"),
    ];
    let imports: Imports = (files.iter())
        .map(|(name, text)| (name.to_string(), imports(text)))
        .collect();
    assert_eq!(imports["b"], set(&["c", "d"]));
    assert_eq!(circles(&imports), [set(&["a", "b", "c"])]);
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Of every module of the library: `lib.rs` names them all, and the program stands above it.
fn imports_of(src: &Path) -> Imports {
    let mut all = Imports::new();
    for path in sources(src) {
        let below = path.strip_prefix(src).expect("a file of this folder");
        let top = below.iter().next().expect("a file has a name");
        let module = top.to_string_lossy().trim_end_matches(".rs").to_owned();
        let is_test = below
            .iter()
            .any(|part| part == "tests.rs" || part == "tests");
        if ["lib", "main", "cli"].contains(&module.as_str()) || is_test {
            continue;
        }
        let text = fs::read_to_string(&path).expect("sources are text");
        all.entry(module).or_default().extend(imports(&text));
    }
    for (module, imported) in &mut all {
        imported.remove(module);
    }
    all
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("its entries can be read").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .collect()
}

/// The modules that a text names after `crate::`, alone or in braces, up to its tests.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    let code: String = (code.lines())
        .map(|line| line.split("//").next().unwrap_or("").to_owned() + "\n")
        .collect();
    let mut modules = BTreeSet::new();
    for path in code.split("crate::").skip(1) {
        match path.strip_prefix('{') {
            Some(list) => modules.extend(names_in_braces(list)),
            None => modules.extend(first_word(path)),
        }
    }
    modules
}

fn first_word(path: &str) -> Option<String> {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
    let word = &path[..end.unwrap_or(path.len())];
    let is_module = word.starts_with(|c: char| c.is_lowercase());
    is_module.then(|| word.to_owned())
}

/// The first words of the list that an opening brace begins.
fn names_in_braces(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut begins) = (1, true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => begins = true,
            c if begins && !c.is_whitespace() => {
                names.extend(first_word(&list[at..]));
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// The sets of more than one module that all reach each other, in the order of their first names.
fn circles(imports: &Imports) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<String>> = (imports.keys())
        .map(|module| (module, reach(imports, module)))
        .collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (module, others) in &reached {
        let back = |other: &&String| {
            (reached.get(*other)).is_some_and(|reached| reached.contains(*module))
        };
        let mut circle: BTreeSet<String> = others.iter().filter(back).cloned().collect();
        circle.remove(*module);
        if !circle.is_empty() {
            circle.insert((*module).clone());
            if !circles.contains(&circle) {
                circles.push(circle);
            }
        }
    }
    circles
}

/// Every module that one imports, itself or through others.
fn reach(imports: &Imports, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        for imported in imports.get(module).into_iter().flatten() {
            if reached.insert(imported.clone()) {
                next.push(imported);
            }
        }
    }
    reached
}
