//! Where the real programs are. `cargo xtask test` builds them and sets these variables.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use anyhow::Context as _;

/// The programs that the tests run.
#[derive(Clone)]
pub struct Parts {
    /// Our own binary.
    pub cluster_auth: PathBuf,
    /// The folder of a release, whose image and chart a node gets in place of those of the repository. Its program is our binary then.
    pub release: Option<PathBuf>,
    /// A registry of this machine that has that image and chart, `ADDRESS:PORT`.
    pub registry: Option<SocketAddr>,
    /// etcd and everything of Kubernetes, kubelet and kubeadm among it.
    pub kubernetes: PathBuf,
    /// The folder with containerd, its shim and its client.
    pub containerd: PathBuf,
    /// runc.
    pub runc: PathBuf,
    /// The existing authenticator.
    pub go_authenticator: PathBuf,
    /// The AWS CLI of a virtual environment of its own.
    pub aws_cli: PathBuf,
    /// Helm.
    pub helm: PathBuf,
    /// Helm 3, which charts must still work with.
    pub helm3: PathBuf,
    /// moto's server, of a virtual environment whose Python has boto3.
    pub moto: PathBuf,
    /// OpenTofu.
    pub tofu: PathBuf,
    /// The stand-in for Terraform's AWS provider.
    pub aws_provider: PathBuf,
}

impl Parts {
    /// Reads the variables; a missing one, or one that points nowhere, is an error.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self {
            cluster_auth: path("CLUSTER_AUTH_BIN")?,
            release: given("CLUSTER_AUTH_RELEASE").map(PathBuf::from),
            registry: given("CLUSTER_AUTH_REGISTRY").map(|at| at.to_string_lossy().parse()).transpose()?,
            kubernetes: path("KUBEBUILDER_ASSETS")?,
            containerd: path("CLUSTER_AUTH_CONTAINERD")?,
            runc: path("CLUSTER_AUTH_RUNC")?,
            go_authenticator: path("CLUSTER_AUTH_GO_AUTHENTICATOR")?,
            aws_cli: path("CLUSTER_AUTH_AWS_CLI")?,
            helm: path("CLUSTER_AUTH_HELM")?,
            helm3: path("CLUSTER_AUTH_HELM3")?,
            moto: path("CLUSTER_AUTH_MOTO")?,
            tofu: path("CLUSTER_AUTH_TOFU")?,
            aws_provider: path("CLUSTER_AUTH_AWS_PROVIDER")?,
        })
    }

    /// What asks the existing authenticator's verifier about tokens, one a line (`tests/tools/aws-iam-authenticator/main.go`).
    pub fn token_verifier(&self) -> PathBuf {
        self.go_authenticator.with_file_name("token-verifier")
    }

    /// The same with another program in place of our own, such as a script that runs it.
    #[must_use]
    pub fn with_program(&self, cluster_auth: PathBuf) -> Self {
        Self { cluster_auth, ..self.clone() }
    }

    /// One of the Kubernetes programs.
    pub fn kubernetes(&self, name: &str) -> PathBuf {
        self.kubernetes.join(name)
    }
}

fn path(variable: &str) -> anyhow::Result<PathBuf> {
    let hint = "run the tests by `cargo xtask test`, which builds the parts and sets it";
    let value = given(variable).with_context(|| format!("{variable} is not set: {hint}"))?;
    let path = PathBuf::from(value);
    anyhow::ensure!(path.exists(), "{variable} names {}, which does not exist: {hint}", path.display());
    Ok(path)
}

#[expect(clippy::disallowed_methods, reason = "the tests' own edge: where the parts are comes from the environment")]
fn given(variable: &str) -> Option<OsString> {
    std::env::var_os(variable)
}
