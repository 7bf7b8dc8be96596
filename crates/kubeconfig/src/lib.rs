//! kubeconfigs and ExecCredentials: read, merged in place, written.
//!
//! ```text
//!   exec_info        what kubectl says to its plugin (KUBERNETES_EXEC_INFO)
//!   exec_credential  what the plugin answers
//!   render, merge    a team member's kubeconfig: a new one, or an entry put into an existing one
//!   convert          users of other programs turned to this one
//!   plugin_users     who logs in by which program
//!   permit           this program in kubectl's list of those that it runs (kuberc)
//!   webhook          the API server's kubeconfig for asking the webhook
//! ```
//!
//! A merge touches the entries it is about and the current context; every other byte of the file stays: comments, order,
//! style. Whatever is changed is read again as kubectl reads it: it means what it was to mean, or nothing is changed. Text in,
//! text out; nothing here opens a file.

mod convert;
mod entry;
mod exec;
mod kind;
mod kuberc;
mod merge;
mod plugins;
mod program;
mod read;
mod shape;
mod webhook;

pub use convert::{Converted, ConvertedUser, LeftUser, convert};
pub use entry::{ExecEntry, ExecPlugin, INSTALL_HINT, InteractiveMode, render};
pub use exec::{ApiVersion, ExecInfo, exec_credential, exec_info};
pub use kind::refused;
pub use kuberc::{Permitted, Platform, Wanted, command_of, is_searched_for, permit};
pub use merge::{Merged, OtherFile, OtherFiles, merge};
pub use plugins::{PluginUser, plugin_users};
pub use read::{Authority, ClusterEndpoint, has_cluster, read_cluster};
pub use shape::decode_base64;
pub use webhook::{WEBHOOK_FILE, WebhookConfig, read_webhook, webhook};

#[cfg(test)]
mod tests;
