//! Tokens byte for byte as botocore makes them, over every kind of endpoint.

use aws::{
    credentials::{Credentials, Environment, Secret},
    presign_get_caller_identity, sts_endpoint,
};
use serde_json::Value;

#[test]
fn urls_are_those_of_botocore() {
    let file: Value = serde_json::from_str(include_str!("../../testdata/presigned-tokens.json")).expect("JSON");
    let vectors = file["vectors"].as_array().expect("vectors");
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().unwrap_or_else(|| panic!("{key} in {vector}"));
        let vars = vector["env"].as_object().expect("variables").iter();
        let vars = vars.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect();
        let environment = Environment { vars, home: None };
        let credentials = Credentials {
            session_token: vector["session_token"].as_str().map(Secret::new),
            ..Credentials::long_term(text("access_key_id"), text("secret_access_key"))
        };
        let endpoint = sts_endpoint(&environment, vector["region"].as_str()).expect("an endpoint");
        let at = text("signed_at").parse().expect("a time");
        let url = presign_get_caller_identity(&credentials, &endpoint, text("cluster_id"), at);
        assert_eq!(url, text("url"), "{}", text("name"));
        assert!(url.ends_with(&format!("&X-Amz-Signature={}", text("signature"))), "{}", text("name"));
        assert_eq!(token::wrap(&url), text("token"), "{}", text("name"));
    }
}
