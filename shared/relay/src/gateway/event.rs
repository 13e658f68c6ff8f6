//! An event of API Gateway's HTTP API (payload version 2.0), member by member: what is odd is left out.

use aws_smithy_types::base64;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lambda_http::{Body, Request};
use serde_json::{Map, Value};

use super::Told;

/// The request of an event; `None` where it is none of a call.
#[must_use]
pub fn request(event: &Value) -> Option<Request> {
    let context = event.get("requestContext");
    let http = context.and_then(|context| context.get("http"));
    let text = |holder: Option<&Value>, name: &str| holder?.get(name)?.as_str().map(str::to_owned);
    let method = text(http, "method")?.to_ascii_uppercase();
    let written = text(Some(event), "rawPath").or_else(|| text(http, "path"))?;
    let stage = text(context, "stage").unwrap_or_default();
    let route = text(Some(event), "routeKey").unwrap_or_default();
    let told = Told {
        path: without_prefix(&written, &stage, &route).to_owned(),
        query: text(Some(event), "rawQueryString").unwrap_or_else(|| query(event.get("queryStringParameters"))),
        source_ip: text(http, "sourceIp"),
    };
    let mut request = Request::new(body(event));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.headers_mut() = headers(event.get("headers"));
    request.extensions_mut().insert(told);
    Some(request)
}

/// The path without what stands before the relay's own: a named stage, and the base path of a custom domain. API Gateway
/// names the route that it took (`GET /orders/{order_id}`), which begins after both.
fn without_prefix<'a>(path: &'a str, stage: &str, route: &str) -> &'a str {
    let stageless = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(stage));
    let own = match stageless {
        Some("") if !stage.is_empty() => "/",
        Some(rest) if !stage.is_empty() && stage != "$default" && rest.starts_with('/') => rest,
        _ => path,
    };
    let Some((_, template)) = route.split_once(' ') else { return own };
    let (template, segments): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), own.split('/').collect());
    let Some(skipped) = segments.len().checked_sub(template.len()).filter(|skipped| *skipped > 0) else { return own };
    let fits = |(part, segment): (&&str, &&str)| part.starts_with('{') || part == segment;
    // A template's first part is the nothing before its first slash.
    if !template.iter().skip(1).zip(segments.iter().skip(skipped + 1)).all(fits) {
        return own;
    }
    let prefix: usize = segments.iter().take(skipped + 1).map(|segment| segment.len() + 1).sum();
    own.get(prefix.saturating_sub(1)..).unwrap_or(own)
}

/// The query of an event that tells only its parameters.
fn query(parameters: Option<&Value>) -> String {
    let pairs = parameters.and_then(Value::as_object).into_iter().flatten();
    let pairs = pairs.filter_map(|(name, value)| Some((name, value.as_str()?)));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Those that are headers of HTTP.
fn headers(headers: Option<&Value>) -> HeaderMap {
    let none = Map::new();
    let mut read = HeaderMap::new();
    for (name, value) in headers.and_then(Value::as_object).unwrap_or(&none) {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value.trim()).ok());
        if let (Ok(name), Some(value)) = (name, value) {
            // There are too many only in an event that no gateway made.
            let _ = read.try_append(name, value);
        }
    }
    read
}

fn body(event: &Value) -> Body {
    let encoded = event.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or(false);
    match event.get("body") {
        // What only claims to be encoded is read as it stands.
        Some(Value::String(text)) if encoded => {
            base64::decode(text.trim()).map_or_else(|_| Body::Text(text.clone()), Body::Binary)
        }
        Some(Value::String(text)) => Body::Text(text.clone()),
        None | Some(Value::Null) => Body::Empty,
        Some(other) => Body::Text(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_and_a_base_path_are_taken_off() {
        for (path, stage, route, own) in [
            ("/healthz", "$default", "GET /healthz", "/healthz"),
            ("/prod/healthz", "prod", "", "/healthz"),
            ("/prod", "prod", "", "/"),
            ("/production/x", "prod", "", "/production/x"),
            ("/leads/healthz", "$default", "GET /healthz", "/healthz"),
            ("/v1/orders/01k", "$default", "GET /orders/{order_id}", "/orders/01k"),
            ("/prod/a/b/orders/01k", "prod", "GET /orders/{order_id}", "/orders/01k"),
            ("/orders/01k", "$default", "GET /orders/{order_id}", "/orders/01k"),
            ("/elsewhere/x", "$default", "GET /orders", "/elsewhere/x"),
            ("/a/b", "", "$default", "/a/b"),
            ("", "prod", "GET /healthz", ""),
            ("/\u{e9}/healthz", "\u{e9}", "GET /healthz", "/healthz"),
        ] {
            assert_eq!(without_prefix(path, stage, route), own, "{path} {stage} {route}");
        }
    }
}
