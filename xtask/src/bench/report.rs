//! What was measured, as a table on the terminal and as JSON.

use super::pairs::{Point, Row};
use super::peers::Field;
use super::stats::{Spread, shown};
use serde_json::{Value, json};

/// Everything that a report is made of.
pub(super) struct Report<'a> {
    pub(super) rows: Vec<Row>,
    pub(super) field: &'a Field,
    pub(super) workers: u16,
    pub(super) quick: bool,
}

/// One line of a table, every cell as text. Shared with the page.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) peer: String,
    pub(super) n: String,
    pub(super) tulipa: String,
    pub(super) theirs: String,
    pub(super) unit: String,
    pub(super) ratio: String,
    pub(super) cpu: String,
    pub(super) peak: String,
    pub(super) remark: String,
}

impl Report<'_> {
    pub(super) fn print(&self) {
        println!(
            "\nratios are tulipa / peer, medians of pairs (lowest to highest): below 1 tulipa needs less; {} workers",
            self.workers
        );
        let mut group = "";
        for row in &self.rows {
            if row.workload.group != group {
                group = &row.workload.group;
                println!("\n{}", Line::heading(group));
            }
            println!("{}", Line::of(row));
        }
        println!("\n{}", self.verdict());
    }

    /// Where tulipa is behind, in what is measured or in processor time, the worst first; and what was not measured to its end, which says
    /// nothing good. Everybody is behind the floor.
    pub(super) fn verdict(&self) -> String {
        let floors = self.field.runtimes.iter().filter(|r| r.is_floor);
        let floors: Vec<&str> = floors.map(|runtime| &*runtime.name).collect();
        let peers = (self.rows.iter()).filter(|row| !floors.contains(&&*row.peer));
        let mut behind: Vec<(f64, String)> = peers.flat_map(behind).collect();
        behind.sort_by(|a, b| b.0.total_cmp(&a.0));
        let behind: Vec<String> = behind.into_iter().map(|(_, words)| words).collect();
        let places = if behind.is_empty() {
            "nowhere"
        } else {
            &behind.join("; ")
        };
        let cut_short = self.rows.iter().filter_map(|row| {
            let problem = row.problem.as_ref()?;
            Some(format!("\ncut short: {}: {problem}", row.workload.name))
        });
        let cut_short: String = cut_short.collect();
        format!("behind by more than 5 %: {places}{cut_short}")
    }

    /// One object for each workload and peer.
    pub(super) fn to_json(&self) -> Value {
        self.rows.iter().map(|row| self.row_to_json(row)).collect()
    }

    fn row_to_json(&self, row: &Row) -> Value {
        let ratio = row.ratio(|sample| sample.value);
        let cpu_ratio = row.ratio(|sample| sample.cpu);
        let wall_ratio = row.ratio(|sample| sample.wall);
        let passed = row.passed();
        let version = self.field.runtimes.iter().find(|r| r.name == row.peer);
        json!({
            "name": row.workload.name, "group": row.workload.group, "unit": row.workload.unit,
            "peer": row.peer, "peer_version": version.map(|runtime| &runtime.version),
            "n": row.n, "peer_n": row.peer_n, "workers": self.workers, "quick": self.quick,
            "pairs": row.pairs.len(),
            "tulipa_median": row.tulipa(|sample| sample.value), "peer_median": row.theirs(|sample| sample.value),
            "ratio": median(ratio), "spread": spread(ratio),
            "tulipa_wall_ns": row.tulipa(|sample| sample.wall), "peer_wall_ns": row.theirs(|sample| sample.wall),
            "wall_ratio": median(wall_ratio), "wall_spread": spread(wall_ratio),
            "tulipa_cpu_ns": row.tulipa(|sample| sample.cpu), "peer_cpu_ns": row.theirs(|sample| sample.cpu),
            "cpu_ratio": median(cpu_ratio), "cpu_spread": spread(cpu_ratio),
            "tulipa_peak_kib": row.tulipa(peak), "peer_peak_kib": row.theirs(peak),
            "tulipa_passed": passed.map(|both| both.0), "peer_passed": passed.map(|both| both.1),
            "tulipa_notes": notes(row, true), "peer_notes": notes(row, false),
            "curve": row.curve.iter().map(point_to_json).collect::<Vec<_>>(),
            "problem": row.problem,
        })
    }
}

/// By how much tulipa is behind in this row, and in words.
fn behind(row: &Row) -> impl Iterator<Item = (f64, String)> {
    let words = |ratio: f64, of: &str| {
        let (peer, name) = (&row.peer, &row.workload.name);
        (ratio, format!("{ratio:.2} of {peer}{of} in {name}"))
    };
    let value = row.behind().map(|ratio| words(ratio, ""));
    let cpu = row.behind_by_cpu();
    value
        .into_iter()
        .chain(cpu.map(|ratio| words(ratio, "'s processor time")))
}

fn point_to_json(point: &Point) -> Value {
    json!({ "n": point.n, "tulipa": point.tulipa, "peer": point.peer })
}

fn median(spread: Option<Spread>) -> Option<f64> {
    spread.map(|spread| spread.median)
}

fn spread(spread: Option<Spread>) -> Option<[f64; 2]> {
    spread.map(|spread| [spread.low, spread.high])
}

/// Not a number where the system does not tell: then there is no median either.
fn peak(sample: &super::measure::Sample) -> f64 {
    sample.peak_kib.unwrap_or(f64::NAN)
}

/// The medians of the notes, by their names.
fn notes(row: &Row, ours: bool) -> Value {
    let of = |pair: &'_ (_, _)| if ours { pair.0 } else { pair.1 };
    let samples: Vec<&super::measure::Sample> =
        row.pairs.iter().map(|(a, b)| of(&(a, b))).collect();
    let names = samples.first().map(|sample| &sample.notes);
    let median = |name: &str| {
        let all = samples.iter().flat_map(|sample| &sample.notes);
        Spread::of(all.filter(|note| note.0 == name).map(|note| note.1)).map(|s| s.median)
    };
    let named = names.into_iter().flatten();
    Value::Object(
        named
            .map(|(name, _)| (name.clone(), json!(median(name))))
            .collect(),
    )
}

impl Line {
    fn heading(group: &str) -> Line {
        Line {
            name: group.to_owned(),
            peer: "peer".into(),
            n: "n".into(),
            tulipa: "tulipa".into(),
            theirs: "theirs".into(),
            unit: String::new(),
            ratio: "ratio".into(),
            cpu: "cpu".into(),
            peak: "peak MiB".into(),
            remark: String::new(),
        }
    }

    pub(super) fn of(row: &Row) -> Line {
        let quantity = |value: Option<f64>| value.map_or_else(|| "-".into(), shown);
        let mebibytes = |kib: Option<f64>| quantity(kib.map(|kib| kib / 1024.0));
        let ratio = row.ratio(|sample| sample.value);
        let cpu = row.ratio(|sample| sample.cpu);
        Line {
            name: row.workload.name.clone(),
            peer: row.peer.clone(),
            n: row.n.to_string(),
            tulipa: quantity(row.tulipa(|sample| sample.value)),
            theirs: quantity(row.theirs(|sample| sample.value)),
            unit: row.workload.unit.clone(),
            ratio: ratio.map_or_else(
                || "-".into(),
                |r| format!("{:.2} ({:.2} to {:.2})", r.median, r.low, r.high),
            ),
            cpu: cpu.map_or_else(|| "-".into(), |r| format!("{:.2}", r.median)),
            peak: format!(
                "{} : {}",
                mebibytes(row.tulipa(peak)),
                mebibytes(row.theirs(peak))
            ),
            remark: remark(row),
        }
    }
}

fn remark(row: &Row) -> String {
    let verdict = |passed| if passed { "passes" } else { "STALLS" };
    let mut remarks = Vec::new();
    if let Some((ours, theirs)) = row.passed() {
        remarks.push(format!(
            "tulipa {}, {} {}",
            verdict(ours),
            row.peer,
            verdict(theirs)
        ));
    }
    if row.peer_n != row.n {
        remarks.push(format!("{} at n = {}", row.peer, row.peer_n));
    }
    remarks.extend(row.problem.clone());
    remarks.join("; ")
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:<21}{:<14}{:>8} {:>9} {:>9} {:<11}{:>22} {:>6} {:>13}  {}",
            self.name,
            self.peer,
            self.n,
            self.tulipa,
            self.theirs,
            self.unit,
            self.ratio,
            self.cpu,
            self.peak,
            self.remark
        )
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::super::pairs::samples::row;
    use super::*;

    /// Three rows, one of which has a curve and one a problem.
    pub(crate) fn report(field: &Field) -> Report<'_> {
        let mut rows = vec![
            row("tokio", &[5.0, 20.0, 10.0]),
            row("smol", &[5.0]),
            row("<odd>", &[]),
        ];
        let point = |n, tulipa, peer| Point { n, tulipa, peer };
        rows[0].curve = vec![
            point(1000, Some(10.0), Some(20.0)),
            point(10_000, Some(11.0), None),
        ];
        rows[2].problem = Some("tokio took more than 20 s".into());
        Report {
            rows,
            field,
            workers: 2,
            quick: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pairs::samples::row;
    use super::super::peers::samples::runtime;
    use super::*;

    static NOBODY: Field = Field {
        runtimes: Vec::new(),
    };

    #[test]
    fn each_row_is_an_object() {
        let json = samples::report(&NOBODY).to_json();
        assert_eq!(json.as_array().unwrap().len(), 3);
        assert_eq!(json[0]["ratio"], 1.0);
        assert_eq!(json[0]["spread"], json!([0.5, 2.0]));
        assert_eq!(json[0]["curve"][1]["peer"], Value::Null);
        assert_eq!(json[2]["ratio"], Value::Null);
    }

    #[test]
    fn the_verdict_names_what_was_cut_short_and_where_tulipa_is_behind() {
        let mut report = samples::report(&NOBODY);
        assert_eq!(
            report.verdict(),
            "behind by more than 5 %: nowhere\ncut short: spawn: tokio took more than 20 s"
        );
        report.rows[2].problem = None;
        report.rows.push(row("smol", &[11.0]));
        report.rows.push(row("tokio", &[20.0]));
        report.rows[3].pairs[0].0.value = 10.4;
        for row in &mut report.rows {
            row.workload.scales = true;
        }
        assert_eq!(
            report.verdict(),
            "behind by more than 5 %: 2.00 of tokio in spawn; 2.00 of tokio's processor time in spawn; \
             1.10 of smol's processor time in spawn"
        );
        let mut floor = runtime("tokio", &["spawn"]);
        floor.is_floor = true;
        let field = Field {
            runtimes: vec![floor],
        };
        let report = Report {
            field: &field,
            ..report
        };
        let beside_a_peer = "behind by more than 5 %: 1.10 of smol's processor time in spawn";
        assert_eq!(report.verdict(), beside_a_peer);
    }

    #[test]
    fn a_problem_is_in_the_table() {
        let report = samples::report(&NOBODY);
        let lines: Vec<String> = report
            .rows
            .iter()
            .map(|row| Line::of(row).to_string())
            .collect();
        assert!(lines[0].contains("1.00 (0.50 to 2.00)"), "{}", lines[0]);
        assert!(lines[2].ends_with("took more than 20 s"), "{}", lines[2]);
    }
}
