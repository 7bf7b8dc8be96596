//! The API server that is asked, and what may go wrong with it.

use std::time::Duration;

use http::StatusCode;
use http_body_util::LengthLimitError;
use tls::{ConnectionError, Trouble};

use crate::{ContextName, KubernetesError};

/// The longest answer read, in bytes: ten times the list of 100,000 bindings.
pub(crate) const MAX_BODY: usize = 640 << 20;

/// An API server as errors name it.
pub(crate) struct Endpoint {
    /// The kubeconfig context by which it is known.
    pub(crate) context: ContextName,
    /// Its URL.
    pub(crate) server: String,
}

impl Endpoint {
    pub(crate) fn needs_tls(&self) -> KubernetesError {
        KubernetesError::NeedsTls { server: self.server.clone(), context: self.context.clone() }
    }

    pub(crate) fn late(&self, within: Duration) -> KubernetesError {
        KubernetesError::Late { server: self.server.clone(), within }
    }

    pub(crate) fn unsent(&self, error: &kube::Error) -> KubernetesError {
        let (server, context) = (self.server.clone(), self.context.clone());
        KubernetesError::Unreachable { server, context, why: Box::new(trouble(error)) }
    }

    pub(crate) fn cut_off(
        &self,
        path: &str,
        error: &(dyn std::error::Error + Send + Sync + 'static),
    ) -> KubernetesError {
        if error.is::<LengthLimitError>() {
            return KubernetesError::TooLarge { what: resource(path), max: MAX_BODY };
        }
        let why = Box::new(trouble(error));
        KubernetesError::Unreachable { server: self.server.clone(), context: self.context.clone(), why }
    }

    pub(crate) fn refused(&self, verb: &'static str, path: &str, status: StatusCode) -> KubernetesError {
        let (server, context, what) = (self.server.clone(), self.context.clone(), resource(path));
        match status.as_u16() {
            401 => KubernetesError::Unauthorized { server, context },
            403 => KubernetesError::Forbidden { context, verb, what },
            status @ (429 | 500..=599) => KubernetesError::Unavailable { server, status },
            status => KubernetesError::Unexpected { server, what, status },
        }
    }
}

/// What happened to a connection. That what came was not HTTP, the client alone knows.
fn trouble(error: &(dyn std::error::Error + 'static)) -> ConnectionError {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return Trouble::NotHttp.into();
        }
        next = cause.source();
    }
    ConnectionError::of(error)
}

/// What a path is about, for people: `clusterroles`, or `configmaps kube-system/aws-auth`.
pub(crate) fn resource(path: &str) -> String {
    let mut parts = path.trim_start_matches('/').split('/');
    // Behind `api/v1` or `apis/<group>/<version>`.
    let skip = if parts.next() == Some("api") { 1 } else { 2 };
    let parts: Vec<&str> = parts.skip(skip).collect();
    let parts: Vec<&str> = parts.iter().map(|part| part.split('?').next().unwrap_or(part)).collect();
    match parts[..] {
        ["namespaces", namespace, resource, name] => format!("{resource} {namespace}/{name}"),
        ["namespaces", namespace, resource] => format!("{resource} in {namespace}"),
        [resource, name] => format!("{resource} {name}"),
        _ => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::resource;

    #[test]
    fn paths_are_said_as_people_say_them() {
        let rows = [
            ("/api/v1/namespaces", "namespaces"),
            ("/api/v1/namespaces/kube-system/configmaps/aws-auth", "configmaps kube-system/aws-auth"),
            ("/apis/rbac.authorization.k8s.io/v1/clusterroles", "clusterroles"),
            ("/apis/rbac.authorization.k8s.io/v1/clusterroles/edit", "clusterroles edit"),
            ("/apis/rbac.authorization.k8s.io/v1/namespaces/dev/roles", "roles in dev"),
        ];
        for (path, said) in rows {
            assert_eq!(resource(path), said, "{path}");
        }
    }
}
