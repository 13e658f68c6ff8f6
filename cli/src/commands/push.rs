//! `leadrelay push`: checks a configuration and stores it in the relay's table.

use std::collections::BTreeMap;
use std::sync::Arc;

use orders::{Store, StoreError};
use relay::clock::SystemClock;
use relay::config::Parsed;
use relay::secrets::Secrets;
use relay::settings::{LEADRELAY_SECRET, Settings, TABLE_NAME, variable};
use relay::ssm::Ssm;
use relay::transport::http_client;
use reqwest::Url;
use secrecy::ExposeSecret;

use crate::api::is_loopback;
use crate::args::PushArgs;
use crate::failure::Failure;
use crate::{config_file, output};

mod diff;

use diff::Diff;

/// Stores a configuration, or only shows what would change.
pub(crate) async fn run(args: PushArgs) -> Result<(), Failure> {
    let parsed = config_file::read(&args.file)?;
    if !args.allow_literal_secrets && !parsed.literal_secrets.is_empty() {
        return Err(Failure::new(literal(&parsed.literal_secrets)));
    }
    let settings = settings(&args, variable)?;
    let client = http_client(settings.ca_file.as_deref()).map_err(|error| Failure::new(error.to_string()))?;
    let ssm = (settings.access_key_id != LOCAL).then(|| Ssm::new(&settings, client.clone(), Arc::new(SystemClock)));
    let documents = documents(&parsed, &Secrets::new(ssm)).await?;
    let store = Store::new(relay::dynamodb(&settings, client), args.table.clone());
    let stored = store.list_config("").await.map_err(|error| failed(&args.table, &error))?;
    let diff = Diff::of(&stored, &documents);
    if !args.dry_run {
        write(&store, &diff, &documents).await.map_err(|error| {
            let advice = "The table holds a part of the changes; a push may be repeated";
            Failure::new(format!("{}\n{advice}", failed(&args.table, &error)))
        })?;
    }
    if args.json {
        return output::json(&diff.object(args.dry_run));
    }
    output::line(diff.text(args.dry_run));
    for account in diff.removed_accounts() {
        output::note(format_args!("warning: without {account} its orders get no more statuses"));
    }
    Ok(())
}

/// Stands in for credentials at an endpoint on this machine.
const LOCAL: &str = "local";

/// The environment as the relay reads it, with the arguments in place of variables. An endpoint on this machine wants no
/// credentials, so that none have to be set.
fn settings(args: &PushArgs, variable: impl Fn(&str) -> Option<String>) -> Result<Settings, Failure> {
    let is_local =
        args.endpoint_url.as_deref().map(Url::parse).is_some_and(|url| url.is_ok_and(|url| is_loopback(&url)));
    let needs_none = is_local && variable("AWS_ACCESS_KEY_ID").is_none_or(|id| id.is_empty());
    let given = |name: &str| match name {
        TABLE_NAME => Some(args.table.clone()),
        // The configuration is stored without it.
        LEADRELAY_SECRET => Some(LOCAL.to_owned()),
        "AWS_ENDPOINT_URL_DYNAMODB" => args.endpoint_url.clone(),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" if needs_none => Some(LOCAL.to_owned()),
        "AWS_SESSION_TOKEN" if needs_none => Some(String::new()),
        _ => None,
    };
    let region = |name: &str| (needs_none && name == "AWS_REGION").then(|| LOCAL.to_owned());
    Settings::read(|name| given(name).or_else(|| variable(name)).or_else(|| region(name))).map_err(|error| {
        let advice = "`aws configure export-credentials --format env` prints the credentials of a profile";
        Failure::new(format!("{error}\n{advice}"))
    })
}

fn literal(places: &[String]) -> String {
    let mut lines = vec!["the configuration holds secrets themselves, which the table would keep readable:".to_owned()];
    lines.extend(places.iter().map(|place| format!("  {place}")));
    lines.push(
        "write \"env:NAME\" or \"ssm:/path\" in their place, or store them all the same with --allow-literal-secrets"
            .to_owned(),
    );
    lines.join("\n")
}

/// The documents to store. Of clients' keys they hold the hashes only.
async fn documents(parsed: &Parsed, secrets: &Secrets) -> Result<BTreeMap<String, String>, Failure> {
    let mut keys = BTreeMap::new();
    for (reference, client) in &parsed.clients {
        let key = secrets.resolve(reference).await;
        let key = key.map_err(|error| Failure::new(format!("clients.{}.key: {error}", client.name)))?;
        keys.insert(reference.as_str(), key);
    }
    let key_of = |reference: &str| match keys.get(reference) {
        Some(key) => Ok(key.expose_secret().to_owned()),
        None => Err("it is not resolved".to_owned()),
    };
    parsed.documents(key_of).map_err(Failure::new)
}

/// What others refer to is written first and removed last, so that a function never finds half of a thing.
async fn write(store: &Store, diff: &Diff, documents: &BTreeMap<String, String>) -> Result<(), StoreError> {
    for name in diff.to_write() {
        if let Some(document) = documents.get(name) {
            store.put_config(name, document).await?;
        }
    }
    for name in diff.to_delete() {
        store.delete_config(name).await?;
    }
    Ok(())
}

fn failed(table: &str, error: &StoreError) -> Failure {
    let advice = match error {
        StoreError::Failed { code, .. } if code == "ResourceNotFoundException" => {
            "\nthere is no such table: see the output TableName of the deployed stack"
        }
        StoreError::Failed { .. } => "\nare region and credentials those of the relay's account?",
        StoreError::Busy { code, .. } if code == "connection" => "\nis there a DynamoDB at this address?",
        StoreError::Busy { .. } | StoreError::Unreadable { .. } => "",
    };
    Failure::new(format!("the table {table}: {error}{advice}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn args(more: &[&str]) -> PushArgs {
        let fixed = ["leadrelay", "push", "leadrelay.toml", "--table", "leads"];
        match Cli::try_parse_from(fixed.iter().chain(more)).unwrap().command {
            Command::Push(args) => args,
            _ => unreachable!("`push` is parsed as such"),
        }
    }

    const ENVIRONMENT: [(&str, &str); 3] =
        [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key")];

    fn read(args: &PushArgs, pairs: &[(&str, &str)]) -> Result<Settings, Failure> {
        settings(args, |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn an_endpoint_on_this_machine_needs_no_credentials() {
        let local = args(&["--endpoint-url", "http://127.0.0.1:8000"]);
        let settings = read(&local, &[]).unwrap();
        assert_eq!((settings.table.as_str(), settings.access_key_id.as_str()), ("leads", LOCAL));
        assert_eq!(settings.dynamodb_endpoint.as_deref(), Some("http://127.0.0.1:8000"));
        assert_eq!(read(&local, &ENVIRONMENT).unwrap().access_key_id, "id", "those that are set are used");
    }

    #[test]
    fn aws_needs_credentials() {
        let message = read(&args(&[]), &[]).unwrap_err().to_string();
        assert!(message.contains("AWS_REGION") && message.contains("export-credentials"), "{message}");
        let elsewhere = args(&["--endpoint-url", "http://dynamodb.example:8000"]);
        assert!(read(&elsewhere, &[]).is_err());
        assert_eq!(read(&args(&[]), &ENVIRONMENT).unwrap().region, "eu-central-1");
    }

    #[test]
    fn literal_secrets_are_named_and_not_shown() {
        assert_eq!(
            literal(&["accounts.main.api".to_owned(), "clients.site-a.key".to_owned()]),
            "the configuration holds secrets themselves, which the table would keep readable:\n  accounts.main.api\n  \
             clients.site-a.key\nwrite \"env:NAME\" or \"ssm:/path\" in their place, or store them all the same with \
             --allow-literal-secrets"
        );
    }
}
