//! What can go wrong between us and an API server, each with what to do.

use std::{fmt, path::PathBuf, time::Duration};

use tls::{ConnectionError, Trouble};

use crate::{ContextName, context::kubectl};

/// The reasons why a cluster gave no answer. None of it says that anything is absent.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// None of the files is there.
    #[error(
        "there is no kubeconfig{}; give the path of one that is there by --kubeconfig or KUBECONFIG{}",
        at(paths),
        if *is_given { "" } else { ", or make one: `cluster-auth kubeconfig --merge` with --eks NAME, or --server URL and --ca FILE" }
    )]
    NoKubeconfig {
        /// Where one was looked for.
        paths: Vec<PathBuf>,
        /// Whether a flag named it.
        is_given: bool,
    },
    /// A file that cannot be read, or is something else. What is in it stays unsaid: it may hold credentials.
    #[error("{} cannot be read as a kubeconfig: {why}; `kubectl config view --kubeconfig {}` says more", .path.display(), .path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why, without anything that is in it but names.
        why: String,
    },
    /// The files can be read, and no context is in them.
    #[error(
        "{} no contexts: not a kubeconfig, or an empty one; give another by --kubeconfig or KUBECONFIG",
        has(paths)
    )]
    NoContexts {
        /// The files.
        paths: Vec<PathBuf>,
    },
    /// No context was named, and the files have no current one.
    #[error(
        "the kubeconfig has no current context; `{} config use-context NAME` sets one, of: {}",
        kubectl(.given.as_deref()),
        .known.join(", ")
    )]
    NoCurrentContext {
        /// The file that a flag named.
        given: Option<PathBuf>,
        /// The contexts that there are.
        known: Vec<String>,
    },
    /// The context is not in the files.
    #[error("the kubeconfig has no context `{name}`, but these: {}", .known.join(", "))]
    NoContext {
        /// What was asked for.
        name: String,
        /// The contexts that there are.
        known: Vec<String>,
    },
    /// What kubectl refuses, too, or what only kubectl can do.
    #[error("the context `{context}` cannot be used: {why}")]
    Unusable {
        /// The context.
        context: ContextName,
        /// Why, in kubectl's words where it has some.
        why: String,
    },
    /// The credentials of the context's user cannot be had, but for those of a plugin.
    #[error(
        "the context `{context}` gives no credentials; `{} auth whoami` shows why it has none",
        .context.kubectl()
    )]
    Credentials {
        /// The context.
        context: ContextName,
    },
    /// The plugin that makes the credentials of the context's user makes none. What it wrote is not repeated.
    #[error("getting credentials: exec: executable {command} {why}; {}", .why.advice(command, context, install_hint, *is_heard))]
    Plugin {
        /// The context.
        context: ContextName,
        /// The program, as the kubeconfig names it.
        command: String,
        /// Where to get it, as the kubeconfig says it.
        install_hint: String,
        /// Whether what it wrote to stderr has been seen.
        is_heard: bool,
        /// What it did.
        why: PluginTrouble,
    },
    /// No connection, or one that is not to be trusted.
    #[error("{server} of the context `{context}` cannot be reached: {why}; {}", advice(why, context))]
    Unreachable {
        /// The API server's URL.
        server: String,
        /// The context.
        context: ContextName,
        /// What happened.
        why: Box<ConnectionError>,
    },
    /// The server speaks TLS, and its URL says that it does not.
    #[error(
        "{server} of the context `{context}` cannot be reached: client sent an HTTP request to an HTTPS server; write \
         https:// in front of the server of the kubeconfig"
    )]
    NeedsTls {
        /// The API server's URL.
        server: String,
        /// The context.
        context: ContextName,
    },
    /// The answer did not come, or not to its end, in time.
    #[error(
        "{server} did not answer within {} s (context deadline exceeded); try again when it is less busy, and see whether \
         `kubectl get --raw /readyz` answers",
        .within.as_secs()
    )]
    Late {
        /// The API server's URL.
        server: String,
        /// How long was waited.
        within: Duration,
    },
    /// 401.
    #[error(
        "you must be logged in to the server (Unauthorized): {server} does not accept the credentials of the context `{context}`; `{} auth whoami` asks the same, and `cluster-auth whoami` says who AWS takes you for",
        .context.kubectl()
    )]
    Unauthorized {
        /// The API server's URL.
        server: String,
        /// The context.
        context: ContextName,
    },
    /// 403.
    #[error(
        "the user of the context `{context}` may not {verb} {what}; an administrator of the cluster can allow it, or give a dump of them"
    )]
    Forbidden {
        /// The context.
        context: ContextName,
        /// RBAC's verb.
        verb: &'static str,
        /// The resource, as its path says it.
        what: String,
    },
    /// A write that the API server, or an admission webhook of the cluster, does not take: a right that is missing, an
    /// object that is not valid, a rule of the cluster. What it says about that is for whoever administers the cluster.
    #[error("the cluster refuses to {verb} {what}: {says}")]
    Refused {
        /// What was tried.
        verb: &'static str,
        /// The resource, as its path says it.
        what: String,
        /// The message of its `Status`, in one line and cut to 300 characters.
        says: String,
    },
    /// 409: it is not as it was when it was looked at.
    #[error("{what} was changed by somebody else at the same time, and was not overwritten; run the command again")]
    Changed {
        /// The resource, as its path says it.
        what: String,
    },
    /// Another holder has the Lease, and renews it.
    #[error("`{holder}` is applying to this cluster now; wait until that has ended, and run the command again")]
    Held {
        /// Who, as the Lease says.
        holder: String,
    },
    /// The Lease was taken away while it was held.
    #[error(
        "the Lease {what} was taken over by `{holder}` in the meantime; nothing more was started: run the command again"
    )]
    Lost {
        /// Which.
        what: String,
        /// By whom, as the Lease says.
        holder: String,
    },
    /// 429 and 5xx.
    #[error("{server} is not able to answer now (status {status}); try again")]
    Unavailable {
        /// The API server's URL.
        server: String,
        /// The HTTP status.
        status: u16,
    },
    /// Any other answer.
    #[error("{server} answered {what} with status {status}, which API servers do not do; check the URL and proxies")]
    Unexpected {
        /// The API server's URL.
        server: String,
        /// The resource.
        what: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer larger than is read.
    #[error("{what} of the cluster take more than {max} bytes, which is the most that is read")]
    TooLarge {
        /// The resource.
        what: String,
        /// The bound, in bytes.
        max: usize,
    },
}

/// The ways in which a credential plugin fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginTrouble {
    /// It is not there.
    NotFound,
    /// It is there and cannot be run.
    NotRun,
    /// It ended with this exit code; none where a signal ended it.
    Failed(Option<i32>),
    /// What it printed is not an `ExecCredential`.
    Unreadable,
    /// It is one, of another version than the kubeconfig says.
    OtherVersion,
    /// There is neither a token nor a certificate in it.
    NoCredentials,
    /// There is a certificate without its key, or the other way round.
    HalfAPair,
    /// It must be able to ask somebody, and there is no terminal.
    NoTerminal,
    /// It was still running after so long, and was ended.
    TooSlow(Duration),
}

impl KubernetesError {
    /// Returns what the kubeconfig says of installing a plugin that is not there (`installHint`): as many lines as it likes,
    /// which belong behind the error's own, that ends in a colon then.
    #[must_use]
    pub fn install_hint(&self) -> Option<&str> {
        match self {
            Self::Plugin { install_hint, why: PluginTrouble::NotFound, .. } => {
                Some(install_hint.as_str()).filter(|hint| !hint.is_empty())
            }
            _ => None,
        }
    }
}

impl PluginTrouble {
    fn advice(self, command: &str, context: &ContextName, install_hint: &str, is_heard: bool) -> String {
        match self {
            Self::NotFound if !install_hint.is_empty() => {
                format!("the context `{context}` needs it, and its kubeconfig says:")
            }
            Self::NotFound => format!("install {command}, or put it on the PATH: the context `{context}` needs it"),
            Self::NoTerminal => "type the command in a terminal, with nothing piped into it".to_owned(),
            Self::OtherVersion => {
                "write the version that it answers in as `apiVersion` of the kubeconfig's exec section".to_owned()
            }
            Self::NotRun => format!("make {command} executable: the context `{context}` needs it"),
            Self::Failed(_) if is_heard => {
                format!("what it says stands above; `{} auth whoami` runs it too", context.kubectl())
            }
            Self::Failed(_) | Self::Unreadable | Self::NoCredentials | Self::HalfAPair | Self::TooSlow(_) => {
                format!("`{} auth whoami` runs it too, and shows what it says", context.kubectl())
            }
        }
    }
}

impl fmt::Display for PluginTrouble {
    /// kubectl's words (Kubernetes, `client-go/plugin/pkg/client/auth/exec`), behind the program's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("not found"),
            Self::NotRun => f.write_str("cannot be run"),
            Self::Failed(Some(code)) => write!(f, "failed with exit code {code}"),
            Self::Failed(None) => f.write_str("was ended by a signal"),
            Self::Unreadable => f.write_str("printed no credentials that can be read"),
            Self::OtherVersion => f.write_str("answered in another API version than it is configured to use"),
            Self::NoCredentials => f.write_str("didn't return a token or cert/key pair"),
            Self::HalfAPair => f.write_str("returned only certificate or key, not both"),
            Self::NoTerminal => f.write_str("cannot support interactive mode: standard input is not a terminal"),
            Self::TooSlow(after) => write!(f, "made no credentials within {} s, and was ended", after.as_secs()),
        }
    }
}

/// Where a kubeconfig was looked for.
fn at(paths: &[PathBuf]) -> String {
    if paths.is_empty() { String::new() } else { format!(" at {}", listed(paths)) }
}

fn has(paths: &[PathBuf]) -> String {
    format!("{} {}", listed(paths), if paths.len() == 1 { "has" } else { "have" })
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// What to do about a connection.
fn advice(ConnectionError { trouble, at_proxy }: &ConnectionError, context: &ContextName) -> String {
    let cluster = format!("`{} config view --minify` shows the cluster", context.kubectl());
    if *at_proxy {
        return "check the proxy of the kubeconfig (`proxy-url`) or of HTTPS_PROXY, and whether NO_PROXY has to name the \
                server"
            .to_owned();
    }
    match trouble {
        Trouble::Refused => {
            format!("did you specify the right host or port? See whether the cluster, or the tunnel to it, runs; {cluster}")
        }
        Trouble::NoSuchHost => format!("check the name, and whether it is known in a VPN only: {cluster}"),
        Trouble::NoResolver => "check this machine's network and its DNS servers".to_owned(),
        Trouble::NoRoute => "check this machine's network, and whether a VPN is needed".to_owned(),
        Trouble::TimedOut => {
            "nothing answers there: check whether a VPN is needed, and whether a firewall or the cluster's public access list \
             lets this machine in"
                .to_owned()
        }
        Trouble::Closed => "whatever is in front of the API server ended the connection: try again".to_owned(),
        Trouble::UnknownAuthority => {
            "the API server's certificate is not signed by the kubeconfig's certificate-authority: the cluster was \
             recreated (write the kubeconfig again), or a proxy intercepts TLS"
                .to_owned()
        }
        Trouble::WrongName { .. } => {
            "use one of these names in the kubeconfig's server, or name one as its tls-server-name".to_owned()
        }
        Trouble::NotInTime { .. } => {
            "renew the API server's certificate (`kubeadm certs renew apiserver`), or set this machine's clock".to_owned()
        }
        Trouble::Certificate | Trouble::Handshake => {
            format!("`{} version` and `openssl s_client` say more", context.kubectl())
        }
        Trouble::NotTls => "check the port, and whether http:// is meant".to_owned(),
        Trouble::NotHttp => "check the port: no API server answers there".to_owned(),
        Trouble::ClientCertificate => {
            "the user's client certificate in the kubeconfig is not one of this cluster, or has expired".to_owned()
        }
        Trouble::ProxyCredentials => {
            "write user and password into the proxy's URL (`proxy-url` of the kubeconfig, or HTTPS_PROXY)".to_owned()
        }
        Trouble::ProxyRefused => {
            "the proxy lets nobody through to that host and port: ask whoever runs it, or name the server in NO_PROXY".to_owned()
        }
    }
}
