//! Wrong manifests and the exact message each of them gets: `bad/NAME.toml` and `bad/NAME.txt`.

use std::fs;
use std::path::Path;

use networks::Network;

#[test]
fn every_wrong_manifest_gets_its_message() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut wrong = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_manifest = path.extension().is_some_and(|extension| extension == "toml");
        if !is_manifest {
            assert!(path.with_extension("toml").is_file(), "{name}: a message without its manifest");
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let message = match Network::parse(&format!("{name}.toml"), "newnet", &text) {
            Ok(_) => "it was taken as right".to_owned(),
            Err(error) => error.to_string(),
        };
        let wanted = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        if message.trim_end() != wanted.trim_end() {
            wrong.push(format!("--- {name} should say\n{wanted}\n--- and says\n{message}"));
        }
        names.push(name);
    }
    assert!(names.len() >= 15, "only {names:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
