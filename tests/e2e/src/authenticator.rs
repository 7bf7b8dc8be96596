//! The existing authenticator (aws-iam-authenticator, Go), as a process, led to the sandbox by proxy and CA alone.

use std::{fs, path::Path};

use crate::{
    exchange::Exchange,
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

/// What differs between Go servers.
pub struct GoOptions<'a> {
    /// The cluster that tokens must be for.
    pub cluster_id: &'a str,
    /// The `server:` part of the configuration, as YAML below that key.
    pub server: &'a str,
    /// Its alpha features that are on.
    pub features: &'a [&'a str],
    /// Further arguments.
    pub args: &'a [&'a str],
    /// Variables of its environment, such as credentials to ask EC2 with.
    pub environment: Vec<(&'static str, String)>,
}

impl GoServer {
    /// Starts it with the same configuration text as ours, on a port of its own.
    pub fn start(parts: &Parts, sts: &Sts, folder: &Path, cluster_id: &str, mappings: &str) -> anyhow::Result<Self> {
        let options =
            GoOptions { cluster_id, server: mappings, features: &["SSORoleMatch"], args: &[], environment: Vec::new() };
        Self::start_with(parts, sts, folder, options)
    }

    /// The same with options.
    pub fn start_with(parts: &Parts, sts: &Sts, folder: &Path, options: GoOptions<'_>) -> anyhow::Result<Self> {
        let GoOptions { cluster_id, server, features, args, environment } = options;
        fs::create_dir_all(folder)?;
        let port = free_port()?;
        let config = folder.join("config.yaml");
        fs::write(&config, format!("clusterID: {cluster_id}\nserver:\n  port: {port}\n{server}"))?;
        let mut command = process::command(&parts.go_authenticator, folder);
        command.arg("server").args(features.iter().map(|feature| format!("--feature-gates={feature}=true")));
        command.args(args).arg("--config").arg(&config);
        command.arg("--state-dir").arg(folder).arg("--generate-kubeconfig").arg(folder.join("webhook.kubeconfig"));
        command.envs(sts.proxy_environment()).env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "us-west-2");
        // The API server is on this machine as well, and there is no proxy in front of it.
        command.env("NO_PROXY", "127.0.0.1,localhost").envs(environment);
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

    /// A connection for many questions.
    pub fn exchange(&self) -> anyhow::Result<Exchange> {
        Exchange::tls(self.port, &self.certificate)
    }

    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// One request.
    pub fn request(&self, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
        https::request(&self.certificate, self.port, method, path, body)
    }

    /// The authority of its certificate.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Whatever it is, sent as it stands.
    pub fn raw(&self, sent: &str) -> anyhow::Result<Answer> {
        https::raw(&self.certificate, self.port, sent)
    }

    /// Asks about a token as an API server does.
    pub fn review(&self, token: &str) -> anyhow::Result<Answer> {
        let body = token_review("authentication.k8s.io/v1", token);
        https::request(&self.certificate, self.port, "POST", "/authenticate", &body)
    }
}
