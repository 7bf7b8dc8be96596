//! `cluster-auth server`, as a process.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use crate::{
    exchange::Exchange,
    https::{self, Answer},
    parts::Parts,
    process::{self, Background},
    secrets,
    sts::Sts,
};

/// A running server and the files around it.
pub struct Server {
    /// Its state folder: certificate, key, kubeconfig.
    pub folder: PathBuf,
    /// The port it listens on.
    pub port: u16,
    /// The process.
    pub process: Background,
}

/// What differs between the servers of the tests.
pub struct ServerOptions<'a> {
    /// The cluster that tokens must be for.
    pub cluster_id: &'a str,
    /// The `server:` part of the configuration, as YAML below that key.
    pub mappings: &'a str,
    /// Further arguments.
    pub args: &'a [&'a str],
}

impl Server {
    /// The files of a server that is not running yet: configuration and folder. The port is free at this moment.
    pub fn prepare(folder: &Path, options: &ServerOptions<'_>) -> anyhow::Result<(PathBuf, u16)> {
        fs::create_dir_all(folder)?;
        let port = free_port()?;
        write_config(folder, options, port)?;
        Ok((folder.join("config.yaml"), port))
    }

    /// Starts it and waits until it is ready.
    pub fn start(parts: &Parts, sts: &Sts, folder: &Path, options: &ServerOptions<'_>) -> anyhow::Result<Self> {
        let (config, port) = Self::prepare(folder, options)?;
        Self::start_prepared(parts, sts, folder, &config, port, options.args)
    }

    /// Starts one whose files are there.
    pub fn start_prepared(
        parts: &Parts,
        sts: &Sts,
        folder: &Path,
        config: &Path,
        port: u16,
        args: &[&str],
    ) -> anyhow::Result<Self> {
        let mut command = Self::command(parts, sts, folder, config, &sts.address.to_string());
        Self::run(command.args(args), folder, port, args.iter().any(|arg| arg.contains("kubeconfig")))
    }

    /// Starts it with variables of its own, such as credentials to ask EC2 with and the way there.
    pub fn start_in(
        parts: &Parts,
        sts: &Sts,
        folder: &Path,
        options: &ServerOptions<'_>,
        environment: Vec<(&'static str, String)>,
    ) -> anyhow::Result<Self> {
        let (config, port) = Self::prepare(folder, options)?;
        let mut command = Self::command(parts, sts, folder, &config, &sts.address.to_string());
        Self::run(command.args(options.args).envs(environment), folder, port, false)
    }

    /// A connection for many questions.
    pub fn exchange(&self) -> anyhow::Result<Exchange> {
        Exchange::tls(self.port, &certificate_authority(&self.folder)?)
    }

    /// Starts one that is told to find STS at this address.
    pub fn start_at(
        parts: &Parts,
        sts: &Sts,
        folder: &Path,
        config: &Path,
        port: u16,
        sts_address: &str,
    ) -> anyhow::Result<Self> {
        Self::run(&mut Self::command(parts, sts, folder, config, sts_address), folder, port, false)
    }

    fn command(parts: &Parts, sts: &Sts, folder: &Path, config: &Path, sts_address: &str) -> Command {
        let mut command = process::command(&parts.cluster_auth, folder);
        command.args(["server", "--log-format=json"]).arg("--config").arg(config).arg("--state-dir").arg(folder);
        command.args(["--sts-connect-to", sts_address]).arg("--sts-ca-file").arg(&sts.ca_file);
        command.env("AWS_REGION", "us-west-2");
        command
    }

    fn run(command: &mut Command, folder: &Path, port: u16, has_kubeconfig: bool) -> anyhow::Result<Self> {
        if !has_kubeconfig {
            command.arg("--generate-kubeconfig").arg(folder.join("webhook.kubeconfig"));
        }
        if !command.get_args().any(|arg| arg == "--health-address") {
            command.args(["--health-address", "none"]);
        }
        let mut process = Background::start(command, folder.join("server.log"))?;
        process::wait_until("the server is ready", || {
            if let Some(status) = process.ended()? {
                anyhow::bail!("the server ended with {status}:\n{}", process.log());
            }
            let Ok(ca) = certificate_authority(folder) else { return Ok(false) };
            Ok(https::request(&ca, port, "GET", "/readyz", "").is_ok_and(|answer| answer.status == 200))
        })?;
        Ok(Self { folder: folder.to_owned(), port, process })
    }

    /// The API server's way to it.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("webhook.kubeconfig")
    }

    /// Rewrites the configuration; the server notices by itself.
    pub fn reconfigure(&self, options: &ServerOptions<'_>) -> anyhow::Result<()> {
        write_config(&self.folder, options, self.port)
    }

    /// One request.
    pub fn request(&self, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
        https::request(&certificate_authority(&self.folder)?, self.port, method, path, body)
    }

    /// Whatever it is, sent as it stands.
    pub fn raw(&self, sent: &str) -> anyhow::Result<Answer> {
        https::raw(&certificate_authority(&self.folder)?, self.port, sent)
    }

    /// Asks about a token as an API server does.
    pub fn review(&self, token: &str) -> anyhow::Result<Answer> {
        self.request("POST", "/authenticate", &token_review("authentication.k8s.io/v1", token))
    }
}

/// A TokenReview as kube-apiserver sends it.
pub fn token_review(api_version: &str, token: &str) -> String {
    secrets::of_token(token);
    serde_json::json!({
        "kind": "TokenReview", "apiVersion": api_version, "metadata": {},
        "spec": {"token": token}, "status": {"user": {}},
    })
    .to_string()
}

/// The authority at the end of a server's chain.
pub fn certificate_authority(folder: &Path) -> anyhow::Result<String> {
    let chain = fs::read_to_string(folder.join("cert.pem")).context("cannot read cert.pem")?;
    Ok(tls::last_certificate(&chain)?)
}

/// A port that was free a moment ago.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn write_config(folder: &Path, options: &ServerOptions<'_>, port: u16) -> anyhow::Result<()> {
    let ServerOptions { cluster_id, mappings, .. } = options;
    let text = format!("clusterID: {cluster_id}\nserver:\n  port: {port}\n{mappings}");
    let new = folder.join("config.yaml.new");
    fs::write(&new, text)?;
    Ok(fs::rename(new, folder.join("config.yaml"))?)
}
