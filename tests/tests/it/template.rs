//! The deployment template says what the code says, and the reverse.

use std::collections::BTreeSet;
use std::fs;

use orders::schema;
use relay::settings::{ENVIRONMENT, LEADRELAY_QUEUE_URL, LEADRELAY_RETENTION_DAYS, LEADRELAY_SECRET, RETENTION_DAYS};
use serde_json::{Value, json};

use crate::cloudformation::{resources, root, template};

/// Every route of the relay and the function that answers it.
const ROUTES: [(&str, &str); 8] = [
    ("GET /api/comp/status.json", "ingest-postback"),
    ("GET /api/sale/status.json", "ingest-postback"),
    ("GET /healthz", "submit-lead"),
    ("GET /orders", "read-orders"),
    ("GET /orders/{order_id}", "read-orders"),
    ("POST /api/comp/status.json", "ingest-postback"),
    ("POST /api/sale/status.json", "ingest-postback"),
    ("POST /leads", "submit-lead"),
];

/// What each function may do to the table and the queue, and nothing more.
const GRANTS: [(&str, &[&str]); 4] = [
    (
        "ingest-postback",
        &["BatchGetItem table", "GetItem table", "PutItem table", "Query index by-network-order", "UpdateItem table"],
    ),
    (
        "poll-status",
        &[
            "BatchGetItem table",
            "DeleteItem table",
            "DeleteMessage queue",
            "GetItem table",
            "GetQueueAttributes queue",
            "PutItem table",
            "Query index *",
            "Query table",
            "ReceiveMessage queue",
            "SendMessage queue",
            "UpdateItem table",
        ],
    ),
    ("read-orders", &["BatchGetItem table", "GetItem table", "Query index *", "Query table"]),
    ("submit-lead", &["BatchGetItem table", "GetItem table", "PutItem table", "Query table", "UpdateItem table"]),
];

/// The functions by their package names.
fn functions(template: &Value) -> Vec<(String, Value)> {
    let functions = resources(template, "AWS::Serverless::Function").into_iter();
    functions.map(|(id, it)| (package(&id), it)).collect()
}

/// `SubmitLeadFunction` is `submit-lead`.
fn package(logical_id: &str) -> String {
    let name = logical_id.strip_suffix("Function").unwrap();
    let kebab: String = name
        .chars()
        .flat_map(|c| [c.is_ascii_uppercase().then_some('-'), Some(c.to_ascii_lowercase())])
        .flatten()
        .collect();
    kebab.trim_start_matches('-').to_owned()
}

/// The route keys (`GET /orders`) of the template and the function behind each, sorted.
pub(crate) fn routes() -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for (name, function) in functions(&template()) {
        for event in function["Properties"]["Events"].as_object().unwrap().values() {
            let of = &event["Properties"];
            if event["Type"] == "HttpApi" {
                assert_eq!(of["PayloadFormatVersion"], "2.0", "{name}");
                assert_eq!(of["ApiId"], json!({"Ref": "Api"}), "{name}");
                let (method, path) = (of["Method"].as_str().unwrap(), of["Path"].as_str().unwrap());
                routes.push((format!("{method} {path}"), name.clone()));
            }
        }
    }
    routes.sort();
    routes
}

/// The statements of a function's own policies.
fn statements(function: &Value) -> Vec<Value> {
    let policies = function["Properties"]["Policies"].as_array().unwrap();
    policies.iter().filter_map(|policy| policy["Statement"].as_array()).flatten().cloned().collect()
}

/// One value or a list of them, as a list.
fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// `PutItem table` for each action on each resource of the statements.
fn grants(function: &Value) -> BTreeSet<String> {
    let mut grants = BTreeSet::new();
    for statement in statements(function) {
        assert_eq!(statement["Effect"], "Allow");
        for resource in list(&statement["Resource"]) {
            let on = match (resource["Fn::GetAtt"].as_str(), resource["Fn::Sub"].as_str()) {
                (Some("OrdersTable.Arn"), None) => "table".to_owned(),
                (Some("SlicesQueue.Arn"), None) => "queue".to_owned(),
                (None, Some(text)) => text.replace("${OrdersTable.Arn}/index/", "index "),
                _ => panic!("a grant on something else: {resource}"),
            };
            for action in list(&statement["Action"]) {
                let service = if on == "queue" { "sqs:" } else { "dynamodb:" };
                grants.insert(format!("{} {on}", action.as_str().unwrap().strip_prefix(service).unwrap()));
            }
        }
    }
    grants
}

fn table() -> Value {
    template()["Resources"]["OrdersTable"].clone()
}

fn key(hash: &str, range: &str) -> Value {
    json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}])
}

#[test]
fn every_function_package_is_deployed_and_nothing_else() {
    let template = template();
    let globals = &template["Globals"]["Function"];
    assert_eq!((&globals["Runtime"], &globals["Handler"]), (&json!("provided.al2023"), &json!("bootstrap")));
    assert_eq!(globals["Architectures"], json!([{"Ref": "Architecture"}]));
    let mut deployed = BTreeSet::new();
    for (name, function) in functions(&template) {
        let folder = format!("functions/{name}");
        let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{folder} holds another package");
        assert_eq!(function["Metadata"]["BuildMethod"], "rust-cargolambda", "{name}");
        assert_eq!(function["Metadata"]["BuildProperties"]["Binary"], name.as_str());
        assert_eq!(function["Properties"]["CodeUri"], folder.as_str());
        deployed.insert(name);
    }
    let folders = fs::read_dir(root().join("functions")).unwrap().map(|entry| entry.unwrap());
    let packages = folders.filter(|entry| entry.path().join("Cargo.toml").exists());
    assert_eq!(deployed, packages.map(|entry| entry.file_name().into_string().unwrap()).collect());
}

#[test]
fn functions_get_the_environment_the_code_reads() {
    let template = template();
    let mut given: BTreeSet<&str> = BTreeSet::new();
    let of_all = &template["Globals"]["Function"]["Environment"]["Variables"];
    given.extend(of_all.as_object().unwrap().keys().map(String::as_str));
    let functions = functions(&template);
    for (name, function) in &functions {
        let own = function["Properties"]["Environment"]["Variables"].as_object();
        // Only the run sends slices; the others need not know of the queue.
        assert_eq!(own.is_some(), name == "poll-status", "{name}");
        given.extend(own.into_iter().flat_map(serde_json::Map::keys).map(String::as_str));
    }
    assert_eq!(given, ENVIRONMENT.into_iter().collect());
    // A value would show in the console; functions get the name of an SSM parameter.
    assert!(!given.contains(LEADRELAY_SECRET));
    assert_eq!(of_all["TABLE_NAME"], json!({"Ref": "OrdersTable"}));
}

#[test]
fn the_table_has_the_keys_and_indexes_the_store_uses() {
    let table = table();
    let of = &table["Properties"];
    assert_eq!(of["KeySchema"], key(schema::PK, schema::SK));
    let indexes = schema::INDEXES.iter().map(|index| {
        let projection = if index.include.is_empty() {
            json!({"ProjectionType": "KEYS_ONLY"})
        } else {
            json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": index.include})
        };
        json!({"IndexName": index.name, "KeySchema": key(index.hash, index.range), "Projection": projection})
    });
    assert_eq!(of["GlobalSecondaryIndexes"], indexes.collect::<Value>());
    // DynamoDB refuses a table that declares an attribute no key uses, or the reverse.
    let ranges = schema::INDEXES.iter().flat_map(|index| [index.hash, index.range]);
    let used: BTreeSet<&str> = [schema::PK, schema::SK].into_iter().chain(ranges).collect();
    let declared = of["AttributeDefinitions"].as_array().unwrap();
    assert!(declared.iter().all(|it| it["AttributeType"] == "S"));
    assert_eq!(declared.iter().map(|it| it["AttributeName"].as_str().unwrap()).collect::<BTreeSet<_>>(), used);
}

#[test]
fn the_table_is_on_demand_kept_encrypted_and_restorable() {
    let table = table();
    assert_eq!((&table["DeletionPolicy"], &table["UpdateReplacePolicy"]), (&json!("Retain"), &json!("Retain")));
    let of = &table["Properties"];
    assert_eq!(of["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(of["DeletionProtectionEnabled"], true);
    assert_eq!(of["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(of["SSESpecification"], json!({"SSEEnabled": true, "SSEType": "KMS"}));
    assert_eq!(of["TimeToLiveSpecification"], json!({"AttributeName": schema::TTL, "Enabled": true}));
    assert!(of["TableName"].is_null(), "a fixed name would collide with a retained table");
}

#[test]
fn routes_are_those_of_the_contract() {
    let expected = ROUTES.map(|(route, function)| (route.to_owned(), function.to_owned()));
    assert_eq!(routes(), expected);
}

#[test]
fn each_function_may_do_what_it_does_and_no_more() {
    let functions = functions(&template());
    assert_eq!(functions.len(), GRANTS.len());
    for (name, expected) in GRANTS {
        let (_, function) = functions.iter().find(|(package, _)| package == name).unwrap();
        assert_eq!(grants(function), expected.iter().map(|it| (*it).to_owned()).collect(), "{name}");
    }
}

#[test]
fn read_orders_can_not_write() {
    let template = template();
    let (_, function) = functions(&template).into_iter().find(|(name, _)| name == "read-orders").unwrap();
    for grant in grants(&function) {
        assert!(["GetItem ", "BatchGetItem ", "Query "].iter().any(|reading| grant.starts_with(reading)), "{grant}");
    }
    // Its other policy reads one secret, and AWS's own lets it write log lines.
    let others = function["Properties"]["Policies"].as_array().unwrap().iter().filter(|it| it["Statement"].is_null());
    assert_eq!(others.collect::<Vec<_>>(), [&json!({"Ref": "ReadRelaySecretPolicy"})]);
}

#[test]
fn indexes_named_in_policies_exist() {
    for (name, function) in functions(&template()) {
        for grant in grants(&function) {
            if let Some((_, index)) = grant.split_once(" index ") {
                assert!(index == "*" || schema::INDEXES.iter().any(|it| it.name == index), "{name}: {grant}");
            }
        }
    }
}

#[test]
fn secrets_are_read_only_below_the_relays_own_prefix() {
    let policies = resources(&template(), "AWS::IAM::ManagedPolicy");
    assert_eq!(policies.len(), 2);
    for (name, policy) in policies {
        for statement in policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap() {
            let resource = statement["Resource"]["Fn::Sub"].as_str().unwrap();
            if list(&statement["Action"]) == [json!("kms:Decrypt")] {
                let only = &statement["Condition"]["StringEquals"]["kms:ViaService"]["Fn::Sub"];
                assert_eq!(*only, "ssm.${AWS::Region}.${AWS::URLSuffix}", "{name}");
            } else {
                assert_eq!(statement["Action"], json!(["ssm:GetParameter", "ssm:GetParameters"]), "{name}");
                assert!(resource.contains(":parameter${ParameterPrefix}/"), "{name}: {resource}");
            }
        }
    }
}

#[test]
fn access_logs_hold_no_personal_data() {
    let api = &template()["Resources"]["Api"]["Properties"];
    let format = api["AccessLogSettings"]["Format"].as_str().unwrap();
    serde_json::from_str::<Value>(format).unwrap();
    for word in ["ourceIp", "userAgent", "path", "uery", "header", "identity", "authorizer"] {
        assert!(!format.contains(word), "{word}");
    }
}

#[test]
fn an_answer_comes_before_the_gateway_gives_up() {
    let template = template();
    for name in ["SubmitTimeout", "DoorTimeout", "ReadTimeout"] {
        // API Gateway ends an integration of an HTTP API after 30 seconds.
        assert!(template["Parameters"][name]["MaxValue"].as_i64().unwrap() < 30, "{name}");
    }
    assert_eq!(template["Parameters"]["PollTimeout"]["Default"], 900);
    assert_eq!(template["Parameters"]["PollSchedule"]["Default"], "rate(1 minute)");
}

#[test]
fn every_function_writes_to_a_group_that_forgets() {
    let template = template();
    for (name, function) in functions(&template) {
        let group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap();
        let path = template["Resources"][group]["Properties"]["LogGroupName"]["Fn::Sub"].as_str().unwrap();
        assert!(path.ends_with(&format!("/{name}")), "{name} logs to {path}");
    }
    for (name, group) in resources(&template, "AWS::Logs::LogGroup") {
        assert_eq!(group["Properties"]["RetentionInDays"], json!({"Ref": "LogRetentionDays"}), "{name}");
    }
}

#[test]
fn personal_data_is_erased_after_the_days_of_a_parameter() {
    let template = template();
    let (_, poll) = functions(&template).into_iter().find(|(name, _)| name == "poll-status").unwrap();
    let days = &poll["Properties"]["Environment"]["Variables"][LEADRELAY_RETENTION_DAYS];
    assert_eq!(*days, json!({"Ref": "RetentionDays"}));
    let parameter = &template["Parameters"]["RetentionDays"];
    assert_eq!((&parameter["Default"], &parameter["MinValue"]), (&json!(RETENTION_DAYS), &json!(1)));
    for wrong in ["MinValue", "MaxValue", "Default"] {
        let days = parameter[wrong].as_i64().unwrap().to_string();
        assert!(relay::settings::retention_days(Some(&days)).is_ok(), "{wrong}");
    }
}

#[test]
fn slices_go_through_a_queue_that_forgets_none() {
    let template = template();
    let functions = functions(&template);
    let (_, poll) = functions.iter().find(|(name, _)| name == "poll-status").unwrap();
    let of = &poll["Properties"];
    assert_eq!(of["Environment"]["Variables"][LEADRELAY_QUEUE_URL], json!({"Ref": "SlicesQueue"}));
    let event = &of["Events"]["Slices"];
    assert_eq!(event["Type"], "SQS");
    assert_eq!(event["Properties"]["Queue"], json!({"Fn::GetAtt": "SlicesQueue.Arn"}));
    assert_eq!(event["Properties"]["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    let queue = &template["Resources"]["SlicesQueue"]["Properties"];
    let longest = template["Parameters"]["PollTimeout"]["MaxValue"].as_i64().unwrap();
    assert!(queue["VisibilityTimeout"].as_i64().unwrap() > longest, "a slice would come again while it is worked on");
    assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"], json!({"Fn::GetAtt": "SlicesDeadLetterQueue.Arn"}));
    assert!(queue["RedrivePolicy"]["maxReceiveCount"].as_i64().unwrap() > 1);
    assert_eq!(resources(&template, "AWS::SQS::Queue").len(), 2);
    for (name, queue) in resources(&template, "AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{name}");
    }
    assert_eq!(template["Outputs"]["SlicesQueueUrl"]["Value"], json!({"Ref": "SlicesQueue"}));
}
