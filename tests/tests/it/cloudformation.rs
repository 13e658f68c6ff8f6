//! Reads the template's YAML as the JSON it stands for: `!Ref x` is `{"Ref": "x"}`, `!Sub x` is `{"Fn::Sub": "x"}`.

use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The project's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// `template.yaml` as JSON.
pub(crate) fn template() -> Value {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    to_json(&Yaml::load_from_str(&text).unwrap()[0])
}

/// All resources of one type with their logical ids.
pub(crate) fn resources(template: &Value, kind: &str) -> Vec<(String, Value)> {
    let all = template["Resources"].as_object().unwrap();
    all.iter().filter(|(_, it)| it["Type"] == kind).map(|(id, it)| (id.clone(), it.clone())).collect()
}

fn to_json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), to_json(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Yaml::Tagged(tag, inner) => {
            let name = if tag.suffix == "Ref" { "Ref".to_owned() } else { format!("Fn::{}", tag.suffix) };
            json!({ name: to_json(inner) })
        }
        other => panic!("a template has no use for {other:?}"),
    }
}

#[test]
fn tags_are_read_as_the_functions_they_stand_for() {
    let text = "{a: !Ref T, b: !GetAtt T.Arn, c: !Sub '${T}/x', d: !Not [!Equals [!Ref P, '']], e: 7, f: '7'}";
    let value = to_json(&Yaml::load_from_str(text).unwrap()[0]);
    assert_eq!(value["a"], json!({"Ref": "T"}));
    assert_eq!(value["b"], json!({"Fn::GetAtt": "T.Arn"}));
    assert_eq!(value["c"], json!({"Fn::Sub": "${T}/x"}));
    assert_eq!(value["d"], json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, ""]}]}));
    assert_eq!((&value["e"], &value["f"]), (&json!(7), &json!("7")));
}
