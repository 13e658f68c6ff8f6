//! How large a package is that would be uploaded.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::failure::Failure;

/// What a zip archive adds to each file, its name counted twice with some folders.
const ENTRY_BYTES: u64 = 200;

/// The size of a zip archive of a file or a folder, in bytes. Compiled Python does not count: nobody uploads it.
pub(crate) fn packed_size(path: &Path) -> Result<u64, Failure> {
    let unreadable = || Failure::of(path.display().to_string());
    if path.is_dir() {
        let mut sum = 0;
        for entry in fs::read_dir(path).map_err(unreadable())? {
            let entry = entry.map_err(unreadable())?;
            if entry.file_name() != "__pycache__" {
                sum += packed_size(&entry.path())?;
            }
        }
        return Ok(sum);
    }
    let mut encoder = DeflateEncoder::new(Count(0), Compression::default());
    let mut file = File::open(path).map_err(unreadable())?;
    io::copy(&mut file, &mut encoder).map_err(unreadable())?;
    let Count(bytes) = encoder.finish().map_err(unreadable())?;
    Ok(bytes + ENTRY_BYTES)
}

/// Counts what is written and keeps nothing.
struct Count(u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
