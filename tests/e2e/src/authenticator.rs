//! The existing authenticator (aws-iam-authenticator, Go), as a process, led to the sandbox by proxy and CA alone.

use std::{fs, path::Path};

use crate::{
    https::{self, Answer},
    parts::Parts,
    process::{self, Background},
    server::{certificate_authority, free_port, token_review},
    sts::Sts,
};

/// A running Go server.
pub struct GoServer {
    port: u16,
    certificate: String,
    /// The process.
    pub process: Background,
}

impl GoServer {
    /// Starts it with the same configuration text as ours, on a port of its own.
    pub fn start(parts: &Parts, sts: &Sts, folder: &Path, cluster_id: &str, mappings: &str) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let port = free_port()?;
        let config = folder.join("config.yaml");
        fs::write(&config, format!("clusterID: {cluster_id}\nserver:\n  port: {port}\n{mappings}"))?;
        let mut command = process::command(&parts.go_authenticator, folder);
        command.args(["server", "--feature-gates=SSORoleMatch=true"]).arg("--config").arg(&config);
        command.arg("--state-dir").arg(folder).arg("--generate-kubeconfig").arg(folder.join("webhook.kubeconfig"));
        command.envs(sts.proxy_environment()).env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "us-west-2");
        // It takes a pair that is there. Its own would be a CA that serves, which TLS libraries rightly refuse.
        let mut init = process::command(&parts.cluster_auth, folder);
        process::run(init.args(["init", "-i", cluster_id]))?.success()?;
        let certificate = certificate_authority(folder)?;
        let mut process = Background::start(&mut command, folder.join("go-server.log"))?;
        process::wait_until("the Go server answers", || {
            if let Some(status) = process.ended()? {
                anyhow::bail!("the Go server ended with {status}:\n{}", process.log());
            }
            Ok(https::request(&certificate, port, "GET", "/healthz", "").is_ok_and(|answer| answer.status == 200))
        })?;
        Ok(Self { port, certificate, process })
    }

    /// Asks about a token as an API server does.
    pub fn review(&self, token: &str) -> anyhow::Result<Answer> {
        let body = token_review("authentication.k8s.io/v1", token);
        https::request(&self.certificate, self.port, "POST", "/authenticate", &body)
    }
}
