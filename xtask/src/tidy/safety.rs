//! `unsafe` stands only where it is allowed, and is argued for: blocks and impls with `SAFETY`, functions and traits
//! with a `# Safety` section, private ones too, because their callers ask the same question.
//!
//! Clippy knows half of this. It does not look at private functions, nor at code under a `cfg` that is off.

use super::Finding;
use super::source::Source;
use super::tree::Tree;

/// The crates that may use `unsafe`; every other one forbids it.
const ALLOWED: &[&str] = &["tulipa-task", "tulipa-executor"];

pub(super) fn check(source: &Source, _: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = forbids(source).into_iter().collect();
    let allowed = source.krate().is_some_and(|krate| ALLOWED.contains(&krate));
    for index in 0..source.tokens.len() {
        if source.reads(index, &["unsafe"]) {
            let what = if allowed {
                unargued(source, index)
            } else {
                Some("`unsafe` outside tulipa-task and tulipa-executor")
            };
            findings.extend(
                what.map(|what| Finding::new(&source.path, source.tokens[index].line, what)),
            );
        }
    }
    findings
}

/// Reports a crate root that leaves `unsafe` open without being allowed to.
fn forbids(source: &Source) -> Option<Finding> {
    let is_root = ["/src/lib.rs", "/src/main.rs"]
        .iter()
        .any(|root| source.path.ends_with(root));
    let allowed = source.krate().is_some_and(|krate| ALLOWED.contains(&krate));
    let forbids =
        (0..source.tokens.len()).any(|at| source.reads(at, &["forbid", "(", "unsafe_code"]));
    (is_root && !allowed && !forbids)
        .then(|| Finding::new(&source.path, 1, "lacks `#![forbid(unsafe_code)]`"))
}

/// What is missing at the `unsafe` with that index.
fn unargued(source: &Source, index: usize) -> Option<&'static str> {
    let line = source.tokens[index].line;
    let argued = source.comment_near(line, &["SAFETY"]);
    let documented = source.comment_near(line, &["# Safety"]);
    match source.tokens.get(index + 1)?.text.as_str() {
        "{" | "impl" | "(" => (!argued).then_some("`unsafe` without a SAFETY comment above"),
        "fn" if source.reads(index + 2, &["("]) => None, // a type, not a declaration
        _ => (!argued && !documented).then_some("an unsafe item without a `# Safety` section"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{FINE, lines};
    use super::check;

    const FILE: &str = "crates/tulipa-task/src/cell.rs";

    #[test]
    fn a_block_or_impl_without_an_argument_is_found() {
        let text = "fn f() {\n    unsafe { g() }\n}\n\nunsafe impl Send for A {}\n";
        assert_eq!(lines(check, FILE, text), [2, 5]);
    }

    #[test]
    fn an_argument_above_will_do() {
        let text = "fn f() {\n    // SAFETY: `g` has no precondition here:\n    // nobody else can see it.\n    let x =\n        unsafe { g() };\n}\n";
        assert_eq!(lines(check, FILE, text), FINE);
    }

    #[test]
    fn an_argument_far_above_is_for_something_else() {
        let text =
            "// SAFETY: for the first.\nunsafe { a() };\n1;\n2;\n3;\n4;\n5;\n6;\nunsafe { b() };\n";
        assert_eq!(lines(check, FILE, text), [9]);
    }

    #[test]
    fn a_private_unsafe_function_needs_its_section_too() {
        assert_eq!(lines(check, FILE, "/// Does it.\nunsafe fn f() {}\n"), [2]);
        assert_eq!(
            lines(
                check,
                FILE,
                "/// Does it.\n///\n/// # Safety\n///\n/// Only once.\nunsafe fn f() {}\n"
            ),
            FINE
        );
        assert_eq!(
            lines(check, FILE, "struct Table { run: unsafe fn(*const ()) }\n"),
            FINE
        );
    }

    #[test]
    fn other_crates_have_none_and_forbid_it() {
        assert_eq!(
            lines(
                check,
                "crates/tulipa/src/net.rs",
                "// SAFETY: none.\nfn f() { unsafe { g() } }\n"
            ),
            [2]
        );
        assert_eq!(
            lines(check, "crates/tulipa/src/lib.rs", "pub fn f() {}\n"),
            [1]
        );
        assert_eq!(
            lines(
                check,
                "crates/tulipa/src/lib.rs",
                "#![forbid(unsafe_code)]\npub fn f() {}\n"
            ),
            FINE
        );
        assert_eq!(
            lines(check, "crates/tulipa-task/src/lib.rs", "pub fn f() {}\n"),
            FINE
        );
    }
}
