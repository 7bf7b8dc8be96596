//! The people of the tests: who they are to AWS, and their kubeconfigs.

use std::path::{Path, PathBuf};

use sandbox::SandboxCredentials;

use crate::process::{self, Output};

/// Someone with AWS credentials and kubectl.
pub struct Person<'a> {
    /// What AWS gave them.
    pub credentials: SandboxCredentials,
    /// The kubeconfig that everybody shares.
    pub kubeconfig: PathBuf,
    /// The kubectl to use.
    pub kubectl: PathBuf,
    /// A home folder without any configuration.
    pub home: &'a Path,
}

impl Person<'_> {
    /// Runs kubectl as this person: the credentials are in the environment, the plugin does the rest.
    pub fn kubectl(&self, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = process::command(&self.kubectl, self.home);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(args);
        process::run(command.envs(environment(&self.credentials)))
    }
}

/// The environment variables that carry credentials.
pub fn environment(credentials: &SandboxCredentials) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.clone()),
        ("AWS_REGION", "us-west-2".to_owned()),
        ("AWS_DEFAULT_REGION", "us-west-2".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    variables.extend(credentials.session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token)));
    variables
}
