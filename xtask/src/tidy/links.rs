//! What a page links to exists. Links to the web are not followed: CI would depend on it.

use super::Finding;
use super::tree::{File, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let pages = tree.files.iter().filter(|file| file.path.ends_with(".md"));
    pages.flat_map(|page| check_page(page, tree)).collect()
}

fn check_page(page: &File, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_code = false;
    for (index, line) in page.text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        let broken = targets(line).filter(|target| !leads_somewhere(&page.path, target, tree));
        findings.extend(broken.map(|target| {
            Finding::new(
                &page.path,
                index + 1,
                format!("links to {target}, which is not there"),
            )
        }));
    }
    findings
}

/// What stands in the parentheses of `[..](..)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](")
        .filter_map(|(at, open)| line[at + open.len()..].split(')').next())
}

fn leads_somewhere(page: &str, target: &str, tree: &Tree) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    // Web links, links within the page, and rustdoc's links to items (`crate::x`) are not files.
    if path.is_empty() || path.contains(':') || !path.contains(['.', '/']) {
        return true;
    }
    let path = resolve(page, path.trim_end_matches('/'));
    path.is_empty() || tree.has(&path) || tree.has_folder(&path)
}

/// `target` as seen from the root, when `page` links to it.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::samples::tree;
    use super::check;

    #[test]
    fn a_link_to_nothing_is_found() {
        let tree = tree(&[("docs/a.md", "see [b](b.md)\nand [c](../c.md#top)\n")]);
        assert_eq!(
            check(&tree).iter().map(|f| f.line).collect::<Vec<_>>(),
            [1, 2]
        );
    }

    #[test]
    fn links_to_files_folders_items_and_the_web_are_fine() {
        let text = "[b](../b.md#x) [docs](../docs/) [top](#top) [web](https://example.org/a.md) [item](crate::spawn)\n";
        assert_eq!(check(&tree(&[("docs/a.md", text), ("b.md", "")])), []);
    }

    #[test]
    fn code_is_not_a_link() {
        assert_eq!(
            check(&tree(&[("a.md", "```rust\nlet x = f[0](a.b);\n```\n")])),
            []
        );
    }
}
