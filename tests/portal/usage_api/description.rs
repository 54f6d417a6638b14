//! The OpenAPI description is of the API that there is: every route, every schema that is referred to, every status.

use crate::support::Stage;
use crate::support::service::Service;
use crate::support::usage::XDR;
use creditdesk::web::routes;
use serde_json::Value;
use std::collections::BTreeSet;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

both_engines! {
    /// CRD-4: what the description says is there is there, and nothing else; it is open to anybody.
    #[test]
    async fn the_description_is_of_the_api_that_there_is(stage: Stage) {
        let portal = stage.portal().await;
        let service = Service::new(&stage, &portal.origin, &[XDR], None).await;
        let anybody = service.showing("");
        let answer = anybody.call(reqwest::Method::GET, "/api/v1/openapi.json", &[], String::new()).await;
        assert_eq!((answer.status, answer.media_type.as_str()), (200, "application/json"));
        let description = answer.json();
        assert_eq!((description["openapi"].as_str(), description["servers"][0]["url"].as_str()), (Some("3.1.0"), Some(portal.origin.as_str())));
        let routed: BTreeSet<(String, String)> = routes::table()
            .iter()
            .filter(|entry| entry.pattern.starts_with("/api/"))
            .map(|entry| (entry.pattern.to_owned(), entry.method.to_lowercase()))
            .collect();
        let mut described = BTreeSet::new();
        for (path, item) in description["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                described.insert((path.clone(), method.clone()));
                assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{method} {path}");
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.contains_key("200") && responses.values().all(|response| response["description"].is_string()), "{method} {path}");
                if operation["security"].as_array().is_none_or(|security| !security.is_empty()) {
                    assert!(["401", "429", "503"].iter().all(|status| responses.contains_key(*status)), "{method} {path}");
                }
                for variable in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                    let told = operation["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == variable && parameter["required"] == true);
                    assert!(told, "{path}: {variable}");
                }
            }
        }
        assert_eq!(described, routed);
        let mut referred = BTreeSet::new();
        references(&description, &mut referred);
        for reference in &referred {
            let pointer = reference.strip_prefix('#').expect("a place in this description");
            assert!(description.pointer(pointer).is_some_and(Value::is_object), "{reference}");
        }
        let unused: Vec<_> = description["components"]["schemas"].as_object().unwrap().keys().filter(|name| !referred.contains(&format!("#/components/schemas/{name}"))).collect();
        assert!(unused.is_empty(), "{unused:?}");
        portal.stop().await;
    }
}
