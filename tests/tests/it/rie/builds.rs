//! The functions' release binaries: those that `sam build` left if no source is newer, else freshly built ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::cloudformation::{resources, root, template};

/// Every function by its package name, with its binary.
pub(crate) fn bootstraps() -> Vec<(String, PathBuf)> {
    let functions = resources(&template(), "AWS::Serverless::Function");
    let built = root().join(".aws-sam/build");
    let of_sam: Vec<_> = functions.iter().map(|(id, it)| (binary_name(it), built.join(id).join("bootstrap"))).collect();
    let changed = ["functions", "shared", "Cargo.lock", "Cargo.toml"].map(|it| newest(&root().join(it)));
    let changed = changed.into_iter().max().unwrap();
    if of_sam.iter().all(|(_, path)| runs_here(path) && modified(path) >= changed) {
        return of_sam;
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["build", "--release", "--quiet"]);
    for (name, _) in &of_sam {
        cargo.args(["--package", name]);
    }
    assert!(cargo.status().unwrap().success(), "the functions do not build");
    of_sam.into_iter().map(|(name, _)| (name.clone(), target().join("release").join(name))).collect()
}

/// The folder cargo builds into.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |it| root().join(it))
}

fn binary_name(function: &serde_json::Value) -> String {
    function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap().to_owned()
}

/// Whether a file is an ELF program for this machine's processor.
fn runs_here(path: &Path) -> bool {
    // e_machine of the ELF header: 0x3e is x86-64, 0xb7 is AArch64.
    let machine = if cfg!(target_arch = "aarch64") { 0xb7 } else { 0x3e };
    fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF") && bytes.get(18) == Some(&machine))
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|it| it.modified()).unwrap()
}

/// When anything below was last changed that a function is built from.
fn newest(path: &Path) -> SystemTime {
    if !path.is_dir() {
        return modified(path);
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let built_from = entries.filter(|it| !it.ends_with("tests") && it.extension().is_none_or(|kind| kind != "md"));
    built_from.map(|it| newest(&it)).max().unwrap_or(SystemTime::UNIX_EPOCH)
}
