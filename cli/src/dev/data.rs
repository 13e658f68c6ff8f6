//! The data directory: the table's file and the relay's secret.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::failure::Failure;

/// Where the local relay keeps what must survive it.
#[derive(Debug)]
pub(crate) enum Data {
    Memory,
    /// The directory, and the lock that keeps a second relay out of it for as long as this one lives.
    Directory {
        path: PathBuf,
        _lock: File,
    },
}

/// The file of the relay's secret in the data directory.
pub(crate) const SECRET_FILE: &str = "relay-secret";

/// The sandbox's secret is known to all: its door listens on loopback only and knows made-up leads only.
pub(crate) const SANDBOX_SECRET: &str = "sandbox-secret-0123456789abcdef0123456789abcdef";

impl Data {
    /// Opens a data directory, made where it is missing, or memory.
    pub(crate) fn open(written: &str) -> Result<Self, Failure> {
        if written == ":memory:" {
            return Ok(Self::Memory);
        }
        let directory = PathBuf::from(written);
        let cannot = |error: std::io::Error| {
            Failure::new(format!(
                "the data directory {written} cannot be written: {error}; choose another with --data, or --data :memory:"
            ))
        };
        fs::create_dir_all(&directory).map_err(cannot)?;
        let lock = File::create(directory.join("lock")).map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self::Directory { path: directory, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
                "the data directory {written} is in use by another `leadrelay dev`; choose another with --data"
            ))),
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }

    /// The path of a file in it; `None` in memory.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            Self::Directory { path, .. } => Some(path.join(name)),
        }
    }

    /// The relay's secret: from the environment, the sandbox's own, or made once and kept.
    pub(crate) fn secret(&self, is_sandbox: bool) -> Result<SecretString, Failure> {
        if let Some(given) = relay::settings::Settings::secret_of_environment() {
            return Ok(SecretString::from(given));
        }
        if is_sandbox {
            return Ok(SecretString::from(SANDBOX_SECRET));
        }
        let made = relay::keys::random_key();
        let Some(file) = self.file(SECRET_FILE) else { return Ok(SecretString::from(made)) };
        match fs::read_to_string(&file) {
            Ok(kept) if !kept.trim().is_empty() => Ok(SecretString::from(kept.trim())),
            Ok(_) => keep(&file, &made),
            Err(error) if error.kind() == ErrorKind::NotFound => keep(&file, &made),
            Err(error) => Err(Failure::new(format!("{} cannot be read: {error}", file.display()))),
        }
    }
}

fn keep(file: &Path, made: &str) -> Result<SecretString, Failure> {
    let write = || {
        fs::write(file, made)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    };
    write().map_err(|error: std::io::Error| Failure::new(format!("{} cannot be written: {error}", file.display())))?;
    Ok(SecretString::from(made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_secret_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        let data = Data::open(path.to_str().unwrap()).unwrap();
        let made = data.secret(false).unwrap();
        assert_eq!(made.expose_secret().len(), 64);
        assert_eq!(data.secret(false).unwrap().expose_secret(), made.expose_secret());
        let second = Data::open(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(second.contains("is in use by another `leadrelay dev`"), "{second}");
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_named() {
        let error = Data::open("/proc/nowhere").unwrap_err().to_string();
        assert!(error.starts_with("the data directory /proc/nowhere cannot be written: "), "{error}");
        assert!(error.ends_with("choose another with --data, or --data :memory:"), "{error}");
    }
}
