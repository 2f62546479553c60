//! Nothing in the tree knows the machine it was written on.

use super::Finding;
use super::tree::{File, Tree};

/// Where one person or one build machine keeps things. Spelled in two halves, or this file would find itself.
const PATHS: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/Us", "ers/"),
];

/// A folder of somebody's home: the name that follows begins with a letter.
const HOME: &str = concat!("/ho", "me/");

/// What a registry or a mirror other than the usual one is configured with.
const REGISTRIES: &[&str] = &[
    concat!("[sou", "rce."),
    concat!("[regis", "tries"),
    concat!("replace", "-with ="),
    concat!("sparse", "+http"),
    concat!("//index", "."),
    concat!("//static", "."),
    concat!("//registry", "."),
];

/// The one registry that `Cargo.lock` may name.
const USUAL: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let is_lock = file.path.ends_with("Cargo.lock");
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let mut find = |what| findings.push(Finding::new(&file.path, index + 1, what));
        if PATHS.iter().any(|path| line.contains(path)) || names_a_home(line) {
            find("names a path of one machine");
        }
        if REGISTRIES.iter().any(|registry| line.contains(registry)) {
            find("names a registry: packages come from the usual one, by name");
        }
        if is_lock && line.starts_with("source = ") && line != USUAL {
            find("locks a package that is not from the usual registry");
        }
    }
    findings
}

fn names_a_home(line: &str) -> bool {
    line.match_indices(HOME)
        .any(|(at, _)| line[at + HOME.len()..].starts_with(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::super::samples::tree;
    use super::{HOME, PATHS, REGISTRIES, USUAL, check};

    #[test]
    fn paths_of_a_machine_are_found() {
        for path in PATHS {
            assert_eq!(
                check(&tree(&[("a.md", &format!("see {path}x\n"))])).len(),
                1,
                "{path}"
            );
        }
        assert_eq!(
            check(&tree(&[("a.md", &format!("see {HOME}jo/x\n"))])).len(),
            1
        );
    }

    #[test]
    fn registries_are_found() {
        for registry in REGISTRIES {
            assert_eq!(
                check(&tree(&[("a.toml", &format!("{registry}\n"))])).len(),
                1,
                "{registry}"
            );
        }
        assert_eq!(
            check(&tree(&[(
                "Cargo.lock",
                "source = \"git+https://example.org\"\n"
            )]))
            .len(),
            1
        );
    }

    #[test]
    fn relative_paths_and_the_usual_registry_are_fine() {
        let tree = tree(&[
            (
                "a.md",
                "see docs/internals/map.md, `$HOME/.cargo` and https://example.org/homes\n",
            ),
            ("Cargo.lock", USUAL),
        ]);
        assert_eq!(check(&tree), []);
    }
}
