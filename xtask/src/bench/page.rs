//! The report as one page that needs nothing else: no script, no style sheet, no picture from outside.

use super::pairs::Row;
use super::report::{Line, Report};
use super::{chart, peers::Runtime};
use std::fmt::Write as _;

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: 13px; }
th, td { text-align: right; padding: .15rem .5rem; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:nth-child(-n+2), td:nth-child(-n+2), td:last-child { text-align: left; }
td:last-child { white-space: normal; }
tr.worse td { background: #fdecef; }
svg { max-width: 100%; height: auto; }
";

/// The whole page.
pub(super) fn render(report: &Report<'_>) -> String {
    let groups = grouped(report.rows.iter(), |row| &row.workload.group);
    let mut body = String::new();
    body.push_str(&introduction(report));
    for (group, rows) in &groups {
        section(&mut body, group, rows);
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>tulipa beside its peers</title>\n\
         <style>{STYLE}</style>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn introduction(report: &Report<'_>) -> String {
    let peers: Vec<String> = report.field.runtimes.iter().map(peer).collect();
    format!(
        "<h1>tulipa beside its peers</h1>\n\
         <p>Every measurement is a process of its own; tulipa and a peer take turns. A <b>ratio</b> is tulipa / peer, the \
         median of such pairs (lowest to highest): below 1, tulipa needs less. Absolute figures are those of this machine \
         on this day. {} workers{}.</p>\n<ul>\n{}</ul>\n<p>{}</p>\n",
        report.workers,
        if report.quick {
            ", sizes of a quick run"
        } else {
            ""
        },
        peers.concat(),
        escape(&report.verdict())
    )
}

fn peer(runtime: &Runtime) -> String {
    let state = match &runtime.problem {
        None => escape(&runtime.version),
        Some(problem) => format!("left out: {}", escape(problem)),
    };
    format!("<li>{} {state}</li>\n", escape(&runtime.name))
}

/// Rows by what `key` says of them, in the order in which they were measured.
fn grouped<'a>(
    rows: impl Iterator<Item = &'a Row>,
    key: fn(&Row) -> &str,
) -> Vec<(&'a str, Vec<&'a Row>)> {
    let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(group, _)| *group == key(row)) {
            Some((_, group)) => group.push(row),
            None => groups.push((key(row), vec![row])),
        }
    }
    groups
}

fn section(body: &mut String, group: &str, rows: &[&Row]) {
    push(body, format_args!("<h2>{}</h2>\n", escape(group)));
    let workloads = grouped(rows.iter().copied(), |row| &row.workload.name);
    for (name, rows) in &workloads {
        let what = escape(&rows[0].workload.what);
        push(body, format_args!("<b>{}</b>: {what}<br>\n", escape(name)));
    }
    table(body, rows);
    body.push_str(&chart::bars(rows));
    for (name, rows) in &workloads {
        let curves = chart::curves(rows);
        if !curves.is_empty() {
            let unit = escape(&rows[0].workload.unit);
            push(
                body,
                format_args!("<h3>{} over n ({unit})</h3>\n{curves}\n", escape(name)),
            );
        }
    }
}

fn table(body: &mut String, rows: &[&Row]) {
    let headings = [
        "workload", "peer", "n", "tulipa", "peer's", "unit", "ratio", "cpu", "peak MiB", "",
    ];
    push(
        body,
        format_args!("<table>\n<tr><th>{}</tr>\n", headings.join("<th>")),
    );
    for row in rows {
        let line = Line::of(row);
        let cells = [
            line.name,
            line.peer,
            line.n,
            line.tulipa,
            line.theirs,
            line.unit,
            line.ratio,
            line.cpu,
            line.peak,
            line.remark,
        ];
        let class = if is_worse(row) {
            " class=\"worse\""
        } else {
            ""
        };
        let cells = cells.map(|cell| escape(&cell)).join("<td>");
        push(body, format_args!("<tr{class}><td>{cells}</tr>\n"));
    }
    body.push_str("</table>\n");
}

/// By more than 5 percent, or a stall of our own. The bare epoll loop is no peer.
fn is_worse(row: &Row) -> bool {
    let slower = row
        .ratio(|sample| sample.value)
        .is_some_and(|r| r.median > 1.05);
    match row.passed() {
        Some((passed, _)) => !passed,
        None => slower && row.peer != "epoll",
    }
}

fn push(body: &mut String, text: std::fmt::Arguments<'_>) {
    body.write_fmt(text).expect("a string takes every text");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::peers::{Field, samples::runtime};
    use super::super::report::samples::report;
    use super::*;

    fn page() -> String {
        let mut missing = runtime("uvloop", &[]);
        missing.problem = Some("cannot be imported".into());
        render(&report(&Field {
            runtimes: vec![missing],
        }))
    }

    #[test]
    fn the_page_needs_nothing_from_outside() {
        let page = page();
        for word in ["<script", "<link", "<img", "src=", "@import", "url("] {
            assert!(!page.contains(word), "{word}");
        }
        assert_eq!(page.matches("<svg").count(), 2);
    }

    #[test]
    fn what_is_missing_is_said() {
        let page = page();
        assert!(page.contains("uvloop left out: cannot be imported"));
        assert!(page.contains("took more than 20 s"));
    }

    #[test]
    fn names_are_text() {
        assert!(page().contains("&lt;odd&gt;"));
    }
}
