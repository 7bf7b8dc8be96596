//! Who asks, and what they may do, by the API server's own word.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use rbac::Rule;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Cluster, KubernetesError, Resource, cluster::PROMPT};

/// The username and groups by which the cluster knows the current user (`SelfSubjectReview`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Username {
    /// The username.
    pub username: String,
    /// The groups.
    pub groups: Vec<String>,
    /// What the authenticator said besides.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// The permissions of the current user in a namespace (`SelfSubjectRulesReview`), what holds in the whole cluster included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MyRules {
    /// On objects of the API.
    pub resource_rules: Vec<Rule>,
    /// On URLs that are none.
    pub non_resource_rules: Vec<Rule>,
    /// Whether an authorizer knows more than it can list, as those that are webhooks.
    pub incomplete: bool,
}

/// A question whether one request is allowed (`SelfSubjectAccessReview`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// RBAC's verb.
    pub verb: &'static str,
    /// On what.
    pub resource: Resource,
    /// Where; `None` is the whole cluster, every namespace of it included.
    pub namespace: Option<String>,
    /// On which one; `None` is on all of them.
    pub name: Option<String>,
}

/// Kubernetes, `authorization/v1` `SelfSubjectAccessReview` and `SelfSubjectRulesReview`, `authentication/v1`
/// `SelfSubjectReview`.
#[derive(Deserialize)]
struct Answer<T> {
    status: T,
}

#[derive(Deserialize)]
struct Allowed {
    #[serde(default)]
    allowed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    user_info: Username,
}

/// The versions in which clusters know `SelfSubjectReview`: v1 since Kubernetes 1.28.
const SELF_VERSIONS: [&str; 2] = ["v1", "v1beta1"];

impl Cluster {
    /// Returns who asks (`kubectl auth whoami`); `None` if the cluster is too old to say.
    ///
    /// # Errors
    ///
    /// [`KubernetesError`]: nothing is known then.
    pub async fn who_am_i(&self) -> Result<Option<Username>, KubernetesError> {
        for version in SELF_VERSIONS {
            let review = json!({"apiVersion": format!("authentication.k8s.io/{version}"), "kind": "SelfSubjectReview"});
            let path = format!("/apis/authentication.k8s.io/{version}/selfsubjectreviews");
            if let Some(Me { user_info }) = self.review(&path, &review).await? {
                return Ok(Some(user_info));
            }
        }
        Ok(None)
    }

    /// Returns what whoever asks may do in a namespace (`kubectl auth can-i --list`). In one that does not exist it is what holds
    /// in the whole cluster.
    ///
    /// # Errors
    ///
    /// [`KubernetesError`]: nothing is known then.
    pub async fn my_rules(&self, namespace: &str) -> Result<MyRules, KubernetesError> {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        Ok(self.review(path, &review).await?.unwrap_or_default())
    }

    /// Returns whether whoever asks may do something (`kubectl auth can-i`).
    ///
    /// # Errors
    ///
    /// [`KubernetesError`]: nothing is known then, which is not a no.
    pub async fn may(&self, question: &Question) -> Result<bool, KubernetesError> {
        let Question { verb, resource, namespace, name } = question;
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "verb": verb, "group": resource.api_group, "resource": resource.name,
                "namespace": namespace.as_deref().unwrap_or_default(), "name": name.as_deref().unwrap_or_default(),
            }},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        Ok(self.review(path, &review).await?.is_some_and(|Allowed { allowed }| allowed))
    }

    async fn review<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        review: &Value,
    ) -> Result<Option<T>, KubernetesError> {
        let (status, answer) =
            self.send(Method::POST, path, "application/json", review.to_string().into_bytes(), PROMPT).await?;
        match status {
            StatusCode::OK | StatusCode::CREATED => match serde_json::from_slice::<Answer<T>>(&answer) {
                Ok(Answer { status }) => Ok(Some(status)),
                Err(_) => Err(self.endpoint.refused("create", path, status)),
            },
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(self.endpoint.refused("create", path, status)),
        }
    }
}
