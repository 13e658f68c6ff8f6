//! The memory of this process, as Linux tells it, in kilobytes.

use crate::Failure;

pub(crate) fn now() -> Result<u64, Failure> {
    field("VmRSS:")
}

pub(crate) fn peak() -> Result<u64, Failure> {
    field("VmHWM:")
}

fn field(name: &str) -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such field in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
