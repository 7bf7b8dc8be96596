//! The conversation between kubectl and its plugin.
//!
//! Source: client-go, `plugin/pkg/client/auth/exec/exec.go`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Versions of `client.authentication.k8s.io`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiVersion {
    /// Since Kubernetes 1.22.
    V1,
    /// What an answer is in when nobody says: every kubectl in use reads it.
    #[default]
    V1Beta1,
    /// Gone since Kubernetes 1.24; answered for older kubectls.
    V1Alpha1,
}

impl ApiVersion {
    /// Returns the name as it stands in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
            Self::V1Alpha1 => "client.authentication.k8s.io/v1alpha1",
        }
    }
}

/// The request of kubectl, from `KUBERNETES_EXEC_INFO`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecInfo {
    /// The version to answer in: kubectl refuses any other.
    pub api_version: ApiVersion,
    /// Whether a person can be asked something.
    pub interactive: bool,
    /// What the person should know, for stderr.
    pub notes: Vec<String>,
}

#[derive(Deserialize)]
struct Request {
    #[serde(rename = "apiVersion")]
    api_version: Option<String>,
    #[serde(default)]
    spec: RequestSpec,
}

#[derive(Default, Deserialize)]
struct RequestSpec {
    #[serde(default)]
    interactive: bool,
}

/// Reads `KUBERNETES_EXEC_INFO`. It never fails: what cannot be understood is answered in v1beta1 with a note, as
/// `aws eks get-token` does.
pub fn exec_info(kubernetes_exec_info: Option<&str>) -> ExecInfo {
    let Some(text) = kubernetes_exec_info else { return ExecInfo::default() };
    let noted = |note: &str| ExecInfo { notes: vec![note.to_owned()], ..ExecInfo::default() };
    let Ok(request) = serde_json::from_str::<Request>(text) else {
        return noted(
            "note: KUBERNETES_EXEC_INFO is not an ExecCredential in JSON; answering in client.authentication.k8s.io/v1beta1",
        );
    };
    let known = [ApiVersion::V1, ApiVersion::V1Beta1, ApiVersion::V1Alpha1];
    let asked = known.into_iter().find(|version| request.api_version.as_deref() == Some(version.as_str()));
    let interactive = request.spec.interactive;
    match asked {
        Some(ApiVersion::V1Alpha1) => {
            let note = "note: the kubeconfig asks for client.authentication.k8s.io/v1alpha1, which kubectl has dropped; change it to v1";
            ExecInfo { api_version: ApiVersion::V1Alpha1, interactive, notes: vec![note.to_owned()] }
        }
        Some(api_version) => ExecInfo { api_version, interactive, notes: Vec::new() },
        None => noted(
            "note: KUBERNETES_EXEC_INFO names no version known here; answering in client.authentication.k8s.io/v1beta1",
        ),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credential<'a> {
    kind: &'a str,
    api_version: &'a str,
    spec: Spec,
    status: Status<'a>,
}

#[derive(Serialize)]
struct Spec {
    interactive: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    expiration_timestamp: String,
    token: &'a str,
}

/// Returns the answer, on one line without its end; keys and order are aws-iam-authenticator's. kubectl uses the token to the
/// very second of `expires`, so that is rounded down.
pub fn exec_credential(version: ApiVersion, token: &str, expires: Timestamp) -> String {
    let credential = Credential {
        kind: "ExecCredential",
        api_version: version.as_str(),
        spec: Spec { interactive: false },
        status: Status { expiration_timestamp: expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), token },
    };
    serde_json::to_string(&credential).expect("texts and truth values always make JSON")
}
