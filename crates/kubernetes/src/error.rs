//! What can go wrong between us and an API server, each with what to do.

use std::{path::PathBuf, time::Duration};

/// Why a question to a cluster has no answer. None of it says that anything is absent.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// None of the files is there.
    #[error("there is no kubeconfig at {}; name one with `--kubeconfig` or KUBECONFIG", .paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
    NoKubeconfig {
        /// Where one was looked for.
        paths: Vec<PathBuf>,
    },
    /// A file that cannot be read, or is something else. What is in it stays unsaid: it may hold credentials.
    #[error("{} is no kubeconfig that can be read; `kubectl config view --kubeconfig {}` says more", .path.display(), .path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
    },
    /// No context was named, and the files have no current one.
    #[error("the kubeconfig has no current context; name one with `--context`, of: {}", .known.join(", "))]
    NoCurrentContext {
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
    /// The context leads to a cluster or files that are missing or wrong.
    #[error(
        "the context `{context}` names a cluster, certificates or a proxy that cannot be used; `kubectl --context {context} version` says more"
    )]
    Context {
        /// The context.
        context: String,
    },
    /// `NO_PROXY` cannot be read.
    #[error("NO_PROXY has to be names, addresses and networks with one comma between each two, and has something else")]
    NoProxy,
    /// The user's certificate, its key, or the cluster's authority is not of a kind that is taken here.
    #[error(
        "the certificates of the context `{context}` cannot be used: they have to be X.509 of version 3, and the user's key PKCS#8, PKCS#1 or SEC1, all in PEM; `openssl x509 -text` shows what they are"
    )]
    ClientCertificate {
        /// The context.
        context: String,
    },
    /// The credentials of the context's user cannot be had: most often its plugin failed.
    #[error(
        "the context `{context}` gives no credentials; `kubectl --context {context} auth whoami` shows what its plugin says"
    )]
    Credentials {
        /// The context.
        context: String,
    },
    /// No connection, or one that is not to be trusted.
    #[error(
        "{server} cannot be reached, or its certificate is not of the kubeconfig's authority; `kubectl --context {context} version` says more"
    )]
    Unreachable {
        /// The API server's URL.
        server: String,
        /// The context.
        context: String,
    },
    /// The answer did not come, or not to its end, in time.
    #[error("{server} did not answer within {} s; try again when it is less busy", .within.as_secs())]
    Late {
        /// The API server's URL.
        server: String,
        /// How long was waited.
        within: Duration,
    },
    /// 401.
    #[error(
        "{server} does not accept the credentials of the context `{context}`; `kubectl --context {context} auth whoami` asks the same"
    )]
    Unauthorized {
        /// The API server's URL.
        server: String,
        /// The context.
        context: String,
    },
    /// 403.
    #[error(
        "the user of the context `{context}` may not {verb} {what}; whoever administers the cluster can allow it, or give a dump of them"
    )]
    Forbidden {
        /// The context.
        context: String,
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
    #[error("{what} was changed meanwhile by somebody else; nothing of that was overwritten: run the command again")]
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
    #[error("the Lease {what} was taken over by `{holder}` meanwhile; nothing more was begun: run the command again")]
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
    #[error("{server} answered {what} with status {status}, which no API server does; check the URL and proxies")]
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
