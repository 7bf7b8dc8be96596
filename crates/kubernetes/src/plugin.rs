//! A program that makes credentials, run as kubectl runs it.
//!
//! Source: Kubernetes, `client-go/plugin/pkg/client/auth/exec/exec.go` and `client-go/pkg/apis/clientauthentication`.

use std::{io, process::Stdio, time::Duration};

use document::{Dialect, Limits, Source, parse_as};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::{io::AsyncReadExt as _, process::Command, time::timeout};

use crate::{ContextName, KubernetesError, PluginTrouble, files::Exec, usable::EXEC_VERSIONS};

/// A program that makes credentials, as kubectl runs it.
// No Debug: its variables may be credentials.
#[derive(Clone, Default)]
pub struct Plugin {
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables that it gets besides those that there are.
    pub env: Vec<(String, String)>,
}

/// Who is there while a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Nobody: stderr is a log, which is others' to read.
    Nobody,
    /// Somebody who reads stderr and cannot be asked anything.
    Reader,
    /// Somebody who can be asked something: stdin is a terminal.
    Terminal,
}

/// How long a program may take that cannot ask anybody anything; kubectl waits for ever. Somebody may have to log in with a browser
/// meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// The most that is read of what it prints, in bytes.
const MAX_OUTPUT: u64 = 1 << 20;

/// The variable by which it is told who asks.
const EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";

/// A program, and what it is told.
// No Debug: it holds credentials.
pub(crate) struct Runner {
    exec: Exec,
    exec_info: String,
    listener: Listener,
    is_interactive: bool,
    /// None where it may be asking somebody.
    patience: Option<Duration>,
}

/// What it made.
// No Debug: these are credentials.
pub(crate) struct Made {
    pub(crate) token: Option<String>,
    /// A client certificate and its key, in PEM.
    pub(crate) identity: Option<(String, String)>,
    /// From when on they are no longer good; none where they do not end.
    pub(crate) ends: Option<Timestamp>,
}

impl Exec {
    /// What it did in place of making credentials.
    pub(crate) fn failed(&self, context: &ContextName, listener: Listener, why: PluginTrouble) -> KubernetesError {
        let (command, install_hint) = (self.command.clone(), self.install_hint.trim().to_owned());
        let is_heard = listener != Listener::Nobody;
        KubernetesError::Plugin { context: context.clone(), command, install_hint, is_heard, why }
    }

    pub(crate) fn plugin(self) -> Plugin {
        let env = self.env.into_iter().map(|variable| (variable.name, variable.value)).collect();
        Plugin { command: self.command, args: self.args, env }
    }
}

impl Runner {
    /// A program that is told of a cluster where it wants that, and asks somebody where there is a terminal and it may.
    pub(crate) fn new(
        exec: Exec,
        cluster: impl FnOnce() -> Json,
        listener: Listener,
        patience: Duration,
    ) -> Result<Self, PluginTrouble> {
        let is_terminal = listener == Listener::Terminal;
        let is_interactive = match &*exec.interactive_mode {
            "Always" if !is_terminal => return Err(PluginTrouble::NoTerminal),
            "Never" => false,
            _ => is_terminal,
        };
        let mut spec = json!({"interactive": is_interactive});
        if exec.provide_cluster_info {
            spec["cluster"] = cluster();
        }
        let exec_info = json!({"kind": "ExecCredential", "apiVersion": exec.api_version, "spec": spec}).to_string();
        let patience = (!is_interactive).then_some(patience);
        Ok(Self { exec, exec_info, listener, is_interactive, patience })
    }

    /// What it did in place of making credentials.
    pub(crate) fn failed(&self, context: &ContextName, why: PluginTrouble) -> KubernetesError {
        self.exec.failed(context, self.listener, why)
    }

    /// Runs it. What it writes to stderr, whoever runs a command sees, as of kubectl; it may be secret, and stays out of the
    /// logs of others.
    pub(crate) async fn run(&self) -> Result<Made, PluginTrouble> {
        let Exec { command, args, env, .. } = &self.exec;
        let mut process = Command::new(command);
        process.args(args).envs(env.iter().map(|variable| (&variable.name, &variable.value)));
        process.env(EXEC_INFO, &self.exec_info);
        let shared = |is_shared| if is_shared { Stdio::inherit() } else { Stdio::null() };
        process.stdin(shared(self.is_interactive)).stderr(shared(self.listener != Listener::Nobody));
        process.stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = process.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => PluginTrouble::NotFound,
            _ => PluginTrouble::NotRun,
        })?;
        let stdout = child.stdout.take();
        let work = async {
            let mut printed = Vec::new();
            if let Some(stdout) = stdout {
                stdout.take(MAX_OUTPUT).read_to_end(&mut printed).await?;
            }
            io::Result::Ok((child.wait().await?, printed))
        };
        let ended = match self.patience {
            None => work.await,
            Some(patience) => timeout(patience, work).await.map_err(|_| PluginTrouble::TooSlow(patience))?,
        };
        let (status, printed) = ended.map_err(|_| PluginTrouble::NotRun)?;
        if !status.success() {
            return Err(PluginTrouble::Failed(status.code()));
        }
        self.made(&printed)
    }

    fn made(&self, printed: &[u8]) -> Result<Made, PluginTrouble> {
        let text = std::str::from_utf8(printed).map_err(|_| PluginTrouble::Unreadable)?;
        let read = parse_as(&Source::new("stdout", text), &Limits::default(), Dialect::Kubernetes);
        let root = read.ok().and_then(|read| read.root).ok_or(PluginTrouble::Unreadable)?.to_json();
        if root["kind"] != "ExecCredential" {
            return Err(PluginTrouble::Unreadable);
        }
        if root["apiVersion"] != *self.exec.api_version {
            let is_known = EXEC_VERSIONS.iter().any(|version| root["apiVersion"] == **version);
            return Err(if is_known { PluginTrouble::OtherVersion } else { PluginTrouble::Unreadable });
        }
        let status = root.get("status").filter(|status| status.is_object()).ok_or(PluginTrouble::NoCredentials)?;
        let text = |key: &str| status[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let identity = match (text("clientCertificateData"), text("clientKeyData")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(PluginTrouble::HalfAPair),
        };
        let token = text("token");
        if token.is_none() && identity.is_none() {
            return Err(PluginTrouble::NoCredentials);
        }
        let ends = text("expirationTimestamp").map(|time| time.parse().map_err(|_| PluginTrouble::Unreadable));
        Ok(Made { token, identity, ends: ends.transpose()? })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value as Json, json};

    use super::Runner;
    use crate::{Listener, PluginTrouble, files::Exec};

    fn sh(script: &str, mode: &str) -> Exec {
        Exec {
            api_version: "client.authentication.k8s.io/v1".to_owned(),
            command: "/bin/sh".to_owned(),
            args: vec!["-c".to_owned(), script.to_owned()],
            interactive_mode: mode.to_owned(),
            ..Exec::default()
        }
    }

    async fn run(exec: Exec, listener: Listener) -> Result<String, PluginTrouble> {
        let runner = Runner::new(exec, || json!({"server": "https://a"}), listener, Duration::from_secs(20))?;
        runner.run().await.map(|made| made.token.unwrap_or_default())
    }

    fn printed(status: &str) -> String {
        format!(
            r#"echo '{{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {status}}}'"#
        )
    }

    #[tokio::test]
    async fn what_kubectl_takes_of_what_a_plugin_prints() {
        let rows = [
            ("a token", printed(r#"{"token": "t"}"#), Ok("t")),
            (
                "in YAML",
                "echo 'kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1\nstatus: {token: t}'"
                    .to_owned(),
                Ok("t"),
            ),
            ("a certificate", printed(r#"{"clientCertificateData": "c", "clientKeyData": "k"}"#), Ok("")),
            ("half a pair", printed(r#"{"clientCertificateData": "c", "token": "t"}"#), Err(PluginTrouble::HalfAPair)),
            ("an empty status", printed("{}"), Err(PluginTrouble::NoCredentials)),
            ("an empty token", printed(r#"{"token": ""}"#), Err(PluginTrouble::NoCredentials)),
            ("no status", printed("null"), Err(PluginTrouble::NoCredentials)),
            (
                "another version",
                printed(r#"{"token": "t"}"#).replace("/v1", "/v1beta1"),
                Err(PluginTrouble::OtherVersion),
            ),
            (
                "an end that is none",
                printed(r#"{"token": "t", "expirationTimestamp": "soon"}"#),
                Err(PluginTrouble::Unreadable),
            ),
            ("another kind", "echo '{\"kind\": \"Pod\"}'".to_owned(), Err(PluginTrouble::Unreadable)),
            ("nothing", "true".to_owned(), Err(PluginTrouble::Unreadable)),
            ("a code", "exit 3".to_owned(), Err(PluginTrouble::Failed(Some(3)))),
            ("output without an end", "exec yes".to_owned(), Err(PluginTrouble::Failed(None))),
            ("a signal", "kill -9 $$".to_owned(), Err(PluginTrouble::Failed(None))),
        ];
        for (name, script, expected) in rows {
            assert_eq!(
                run(sh(&script, "Never"), Listener::Nobody).await.as_deref(),
                expected.as_ref().map(|token| *token),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn whoever_cannot_be_asked_is_not_waited_for_without_end() {
        let (terminal, reader) = (Listener::Terminal, Listener::Reader);
        for (mode, listener) in [("Never", terminal), ("IfAvailable", reader), ("", Listener::Nobody)] {
            let runner = Runner::new(sh("exec sleep 1000", mode), || Json::Null, listener, Duration::from_millis(50));
            let made = runner.expect("a runner").run().await;
            assert!(matches!(made, Err(PluginTrouble::TooSlow(_))), "{mode:?}");
        }
        let asks =
            Runner::new(sh("exec sleep 1000", "IfAvailable"), || Json::Null, terminal, Duration::from_millis(50));
        assert!(asks.is_ok_and(|runner| runner.patience.is_none()));
        let made = Runner::new(sh("true", "Always"), || Json::Null, reader, Duration::ZERO);
        assert!(made.is_err_and(|why| why == PluginTrouble::NoTerminal));
    }
}
