//! Changing one object, with what must hold for it.

use http::{Method, StatusCode};
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::{Cluster, KubernetesError, cluster::DEADLINE, endpoint::resource, status};

/// A change of one object. Paths are of objects ([`crate::Resource::object`]), but for [`Write::Create`], which takes that of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Makes an object be what it is here: server-side apply, which takes fields from whoever else had them. With a
    /// `metadata.resourceVersion`, only if it still has that.
    Apply {
        /// Where.
        path: String,
        /// The whole object.
        object: Value,
    },
    /// Makes an object that is not there yet.
    Create {
        /// The list.
        path: String,
        /// The whole object.
        object: Value,
    },
    /// Puts a whole object in place of the one that has its `metadata.resourceVersion`.
    Replace {
        /// Where.
        path: String,
        /// The whole object.
        object: Value,
    },
    /// Removes an object; that it is gone already is success.
    Delete {
        /// Where.
        path: String,
        /// Only if it still has this `resourceVersion`.
        version: Option<String>,
    },
}

/// Whether a change is made, or sent as a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It is.
    Real,
    /// The API server does everything but keep it (`dryRun=All`): authorization, validation, admission.
    Dry,
}

/// Who server-side apply says that we are.
const FIELD_MANAGER: &str = "cluster-auth";

impl Cluster {
    /// Makes one change.
    ///
    /// # Errors
    ///
    /// [`KubernetesError::Changed`] where the object is not as it was, [`KubernetesError::Refused`] with what the API server says. After
    /// [`KubernetesError::Late`] and [`KubernetesError::Unreachable`] nobody knows whether it was made.
    pub async fn write(&self, write: &Write, run: Run) -> Result<(), KubernetesError> {
        self.written(write, run).await.map(drop)
    }

    /// Makes one change: what the API server answers, which is the object as it has it then, but for removals.
    ///
    /// # Errors
    ///
    /// As [`Self::write`].
    pub async fn written(&self, write: &Write, run: Run) -> Result<Bytes, KubernetesError> {
        let Request { method, path, parameters, content_type, mut body, verb } = write.request();
        let dry = if run == Run::Dry { "&dryRun=All" } else { "" };
        if run == Run::Dry && matches!(write, Write::Delete { .. }) {
            // Beside a body, the API server does not look at the parameters of a removal.
            body["dryRun"] = json!(["All"]);
        }
        let uri = format!("{path}?fieldManager={FIELD_MANAGER}{parameters}{dry}");
        let (status, answer) = self.send(method, &uri, content_type, body.to_string().into_bytes(), DEADLINE).await?;
        let is_removal = matches!(write, Write::Delete { .. });
        match status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED => Ok(answer),
            StatusCode::NOT_FOUND if is_removal => Ok(answer),
            StatusCode::CONFLICT => Err(KubernetesError::Changed { what: resource(path) }),
            StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS => Err(self.endpoint.refused(verb, path, status)),
            status if status.is_client_error() => {
                Err(KubernetesError::Refused { verb, what: resource(path), says: status::says(&answer) })
            }
            // An admission webhook that cannot be reached is a 500 whose message says which one.
            StatusCode::INTERNAL_SERVER_ERROR => {
                Err(KubernetesError::Refused { verb, what: resource(path), says: status::says(&answer) })
            }
            status => Err(self.endpoint.refused(verb, path, status)),
        }
    }
}

struct Request<'a> {
    method: Method,
    path: &'a str,
    parameters: &'static str,
    content_type: &'static str,
    body: Value,
    verb: &'static str,
}

impl Write {
    fn request(&self) -> Request<'_> {
        let json = "application/json";
        match self {
            Self::Apply { path, object } => Request {
                method: Method::PATCH,
                path,
                parameters: "&force=true",
                // JSON is YAML.
                content_type: "application/apply-patch+yaml",
                body: object.clone(),
                verb: "apply",
            },
            Self::Create { path, object } => Request {
                method: Method::POST,
                path,
                parameters: "",
                content_type: json,
                body: object.clone(),
                verb: "create",
            },
            Self::Replace { path, object } => Request {
                method: Method::PUT,
                path,
                parameters: "",
                content_type: json,
                body: object.clone(),
                verb: "update",
            },
            Self::Delete { path, version } => {
                let mut body = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
                if let Some(version) = version {
                    body["preconditions"] = json!({"resourceVersion": version});
                }
                Request { method: Method::DELETE, path, parameters: "", content_type: json, body, verb: "delete" }
            }
        }
    }
}
