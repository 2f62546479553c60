//! An ordering above `Relaxed` is half of something: the comment near it names the other half.

use super::Finding;
use super::source::Source;
use super::tree::Tree;

const ORDERINGS: &[&str] = &["Acquire", "Release", "AcqRel", "SeqCst"];
const PARTNER: &[&str] = &["pair", "Pair", "partner", "as in `", "as above"];

pub(super) fn check(source: &Source, _: &Tree) -> Vec<Finding> {
    if !source.is_library() {
        return Vec::new();
    }
    let ordered = source
        .paths
        .iter()
        .filter(|path| path.imported_as.is_none() && !source.is_test(path.line));
    let alone = ordered
        .filter(|path| {
            path.segments
                .last()
                .is_some_and(|last| ORDERINGS.contains(&last.as_str()))
        })
        .filter(|path| !source.comment_near(path.line, PARTNER));
    let mut findings: Vec<Finding> = alone
        .map(|path| {
            let ordering = path.segments.last().expect("a path has a last segment");
            Finding::new(
                &source.path,
                path.line,
                format!("`{ordering}` without a comment that says what it pairs with"),
            )
        })
        .collect();
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests {
    use super::super::samples::{FINE, lines};
    use super::check;

    const FILE: &str = "crates/a/src/state.rs";

    #[test]
    fn an_ordering_without_a_partner_is_found() {
        let text = "use Ordering::Acquire;\nfn f() {\n    w.load(Acquire);\n    w.store(0, Ordering::Release);\n}\n";
        assert_eq!(lines(check, FILE, text), [3, 4]);
    }

    #[test]
    fn a_named_partner_above_or_beside_will_do() {
        let text = "fn f() {\n    // Pairs with the store in `g`.\n    w.compare_exchange(\n        0,\n        1,\n        AcqRel,\n        Acquire,\n    );\n}\n";
        assert_eq!(lines(check, FILE, text), FINE);
        assert_eq!(
            lines(
                check,
                FILE,
                "fn f() { fence(SeqCst) } // pairs with the fence in `g`\n"
            ),
            FINE
        );
    }

    #[test]
    fn relaxed_and_tests_need_none() {
        assert_eq!(lines(check, FILE, "fn f() { w.load(Relaxed); }\n"), FINE);
        assert_eq!(
            lines(
                check,
                FILE,
                "#[cfg(test)]\nmod tests {\n    fn f() { w.load(SeqCst); }\n}\n"
            ),
            FINE
        );
        assert_eq!(
            lines(
                check,
                "crates/a/tests/it/main.rs",
                "fn f() { w.load(SeqCst); }\n"
            ),
            FINE
        );
    }
}
