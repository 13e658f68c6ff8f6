//! A configuration file with the manifests of the user's own networks beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use networks::{ManifestError, Network};
use relay::config::{Parsed, parse};

use crate::failure::Failure;

/// Why a configuration or a manifest cannot be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// A file or folder cannot be read.
    Unread(Failure),
    /// It was read and is wrong; the text names it.
    Wrong(String, ManifestError),
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Unread(failure) => failure,
            Unusable::Wrong(what, error) => Self::new(format!("{what} is not right\n{error}")),
        }
    }
}

/// Reads and checks a configuration.
pub(crate) fn read(file: &Path) -> Result<Parsed, Failure> {
    Ok(load(file)?)
}

/// Reads and checks a configuration; its problems stay apart.
pub(crate) fn load(file: &Path) -> Result<Parsed, Unusable> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file)
        .map_err(|error| Unusable::Unread(Failure::new(format!("{name} cannot be read: {error}"))))?;
    let own = match own_folder(file, &text) {
        Some(folder) => own_networks(&folder)?,
        None => BTreeMap::new(),
    };
    parse(&name, &text, &own).map_err(|error| Unusable::Wrong(name, error))
}

/// The folder that `networks = "DIR"` names, relative to the configuration.
fn own_folder(file: &Path, text: &str) -> Option<PathBuf> {
    // A text that is no TOML is told of by the check itself.
    let table: toml::Table = toml::from_str(text).ok()?;
    let folder = table.get("networks")?.as_str()?;
    Some(file.parent().unwrap_or(Path::new("")).join(folder))
}

/// Every network of a folder: one folder each, with its `network.toml`.
fn own_networks(folder: &Path) -> Result<BTreeMap<String, (String, Arc<Network>)>, Unusable> {
    let failed =
        |error: std::io::Error| Unusable::Unread(Failure::new(format!("networks = \"{}\": {error}", folder.display())));
    let mut own = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !path.join("network.toml").is_file() {
            continue;
        }
        let (slug, text, network) = manifest(&path)?;
        own.insert(slug, (text, Arc::new(network)));
    }
    if own.is_empty() {
        let shown = folder.display();
        let message = format!("networks = \"{shown}\": there is no folder with a network.toml in it");
        return Err(Unusable::Unread(Failure::new(message)));
    }
    Ok(own)
}

/// A network's folder: its slug, which is the folder's name, its text and the checked network.
pub(crate) fn manifest(folder: &Path) -> Result<(String, String, Network), Unusable> {
    let file = folder.join("network.toml");
    let name = file.display().to_string();
    let text = fs::read_to_string(&file)
        .map_err(|error| Unusable::Unread(Failure::new(format!("{name} cannot be read: {error}"))))?;
    let canonical = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let slug = canonical.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let network = Network::parse(&name, &slug, &text).map_err(|error| Unusable::Wrong(name, error))?;
    Ok((slug, text, network))
}
