//! The table, its ratios, and the targets that are judged.

use std::fmt::Write;

use serde::Serialize;

use crate::measure::Figures;
use crate::subject::{FLOOR, NODE, OURS, POSTBACK, PYTHON, RUST, SUBMIT};

/// All that a run says.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) starts: u32,
    pub(crate) warm: u32,
    pub(crate) machine: String,
    pub(crate) subjects: Vec<Figures>,
    pub(crate) targets: Vec<Target>,
}

/// One figure held to its limit.
#[derive(Debug, Serialize)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) limit: f64,
    pub(crate) met: bool,
}

/// The targets that can be judged: a peer that was left out has none.
pub(crate) fn targets(subjects: &[Figures]) -> Vec<Target> {
    let find = |name: &str| subjects.iter().find(|figures| figures.name == name);
    let mut targets = Vec::new();
    let mut hold = |what: String, measured: f64, limit: f64| {
        targets.push(Target { what, measured, limit, met: measured <= limit });
    };
    for (name, _) in OURS {
        let (Some(ours), Some(floor)) = (find(name), find(FLOOR)) else { continue };
        hold(format!("{name}: start to first poll, times the floor's"), ours.start_wall_ms / floor.start_wall_ms, 1.3);
        hold(format!("{name}: zipped, MB"), ours.package_kb / 1e3, 3.0);
        hold(format!("{name}: resident, MB"), ours.resident_mb, 20.0);
    }
    let Some(lead) = find(SUBMIT) else { return targets };
    for (peer, cold, warm) in [(RUST, 0.2, 0.6), (NODE, 0.1, 0.25), (PYTHON, 0.1, 0.2)] {
        let Some(peer) = find(peer) else { continue };
        let name = peer.name;
        hold(format!("start and first lead, CPU, times {name}'s"), lead.cold_cpu_ms / peer.cold_cpu_ms, cold);
        hold(format!("warm lead, CPU, times {name}'s"), lead.warm_cpu_us / peer.warm_cpu_us, warm);
    }
    if let Some(postback) = find(POSTBACK) {
        hold("warm postback, CPU, times a warm lead's".to_owned(), postback.warm_cpu_us / lead.warm_cpu_us, 0.5);
    }
    targets
}

impl Report {
    /// The report for people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}; {} starts, {} warm events\n\n", self.machine, self.starts, self.warm);
        let head = [
            "",
            "zip KB",
            "start ms",
            "CPU",
            "first ms",
            "CPU",
            "cold ms",
            "CPU",
            "warm p50 us",
            "p99",
            "CPU",
            "RSS MB",
        ];
        let rows = self.subjects.iter().map(|it| {
            vec![
                it.name.to_owned(),
                format!("{:.0}", it.package_kb),
                format!("{:.2}", it.start_wall_ms),
                format!("{:.2}", it.start_cpu_ms),
                format!("{:.2}", it.first_wall_ms),
                format!("{:.2}", it.first_cpu_ms),
                format!("{:.2}", it.cold_wall_ms),
                format!("{:.2}", it.cold_cpu_ms),
                format!("{:.0}", it.warm_p50_us),
                format!("{:.0}", it.warm_p99_us),
                format!("{:.0}", it.warm_cpu_us),
                format!("{:.1}", it.resident_mb),
            ]
        });
        table(&mut text, &head, rows);
        text.push('\n');
        self.ratios(&mut text);
        text.push('\n');
        for target in &self.targets {
            let verdict = if target.met { "met   " } else { "MISSED" };
            let _ = writeln!(text, "{verdict}  {:.2} of {:.2}  {}", target.measured, target.limit, target.what);
        }
        text
    }

    /// What submit-lead costs in parts of each other subject's cost.
    fn ratios(&self, text: &mut String) {
        let Some(ours) = self.subjects.iter().find(|it| it.name == SUBMIT) else { return };
        let head = ["submit-lead, times", "zip", "start", "cold", "cold CPU", "warm p50", "warm CPU", "RSS"];
        let others = self.subjects.iter().filter(|it| [FLOOR, RUST, NODE, PYTHON].contains(&it.name));
        let rows = others.map(|it| {
            let pairs = [
                (ours.package_kb, it.package_kb),
                (ours.start_wall_ms, it.start_wall_ms),
                (ours.cold_wall_ms, it.cold_wall_ms),
                (ours.cold_cpu_ms, it.cold_cpu_ms),
                (ours.warm_p50_us, it.warm_p50_us),
                (ours.warm_cpu_us, it.warm_cpu_us),
                (ours.resident_mb, it.resident_mb),
            ];
            let ratios = pairs.iter().map(|(ours, theirs)| format!("{:.2}", ours / theirs));
            std::iter::once(it.name.to_owned()).chain(ratios).collect()
        });
        table(text, &head, rows);
    }
}

/// Writes a table in Markdown whose columns also line up as plain text.
fn table(text: &mut String, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut all: Vec<Vec<String>> = vec![head.iter().map(|cell| (*cell).to_owned()).collect()];
    all.extend(rows);
    let width = |column: usize| {
        let widths = all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        widths.max().unwrap_or_default().max(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for (index, row) in all.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = if column == 0 { write!(text, "| {cell:<width$} ") } else { write!(text, "| {cell:>width$} ") };
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column == 0 { '-' } else { ':' };
                let _ = write!(text, "| {}{end} ", "-".repeat(width - 1));
            }
            text.push_str("|\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(name: &'static str, factor: f64) -> Figures {
        Figures {
            name,
            package_kb: 1000.0 * factor,
            start_wall_ms: factor,
            cold_cpu_ms: factor,
            warm_cpu_us: factor,
            ..Figures::default()
        }
    }

    #[test]
    fn a_missed_target_is_told_and_a_missing_peer_is_not_judged() {
        let subjects = vec![figures(FLOOR, 1.0), figures(SUBMIT, 1.2), figures(RUST, 1.5)];
        let targets = targets(&subjects);
        let missed: Vec<&str> = targets.iter().filter(|it| !it.met).map(|it| it.what.as_str()).collect();
        assert_eq!(
            missed,
            ["start and first lead, CPU, times rust-defaults's", "warm lead, CPU, times rust-defaults's"]
        );
        assert!(!targets.iter().any(|it| it.what.contains(NODE)));
        let text = Report { starts: 1, warm: 1, machine: "a machine".to_owned(), subjects, targets }.text();
        assert!(text.contains("MISSED  0.80 of 0.20  start and first lead"), "{text}");
    }
}
