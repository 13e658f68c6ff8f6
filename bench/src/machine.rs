//! A line on the machine, so that figures are not compared across machines.

use std::fs;
use std::thread::available_parallelism;

/// Processor, how many, and the load of the last minute.
pub(crate) fn describe() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let count = available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!("{count} x {model}, {}, load before the run {load}", std::env::consts::ARCH)
}
