//! What each consumer takes. Output is sorted and depends on nothing but the file, the facts and `now`.

mod access;
mod access_entries;
mod authenticator;
mod crd;
mod rbac;
mod terraform;

use std::fmt;

use document::{Problem, Severity};
use jiff::Timestamp;
use serde::Serialize;

use crate::{Access, Consumer, Desired, Facts, check::findings, compile, unsupported};

/// What `render --to` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The existing authenticator's configuration file.
    Config,
    /// The same in its `ConfigMap`.
    ConfigMap,
    /// The `ConfigMap` `aws-auth`.
    AwsAuth,
    /// `IAMIdentityMapping` objects.
    Crd,
    /// Roles and bindings.
    Rbac,
    /// EKS access entries, as eksctl's `ClusterConfig`.
    AccessEntries,
    /// EKS access entries, as Terraform's `aws_eks_access_entry` in JSON.
    AccessEntriesTerraform,
    /// Variables of the Terraform module.
    Terraform,
    /// The access file, resolved.
    Access,
}

/// What to do with ends, where the consumer knows none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// An error.
    Refuse,
    /// They end when the file is next rendered and applied.
    AtNextApply,
}

/// Username and groups of machines.
pub(crate) const NODE: (&str, [&str; 2]) = (authenticator::NODE_USERNAME, authenticator::NODE_GROUPS);

impl Target {
    /// Every target, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Config,
        Self::ConfigMap,
        Self::AwsAuth,
        Self::Crd,
        Self::Rbac,
        Self::AccessEntries,
        Self::AccessEntriesTerraform,
        Self::Terraform,
        Self::Access,
    ];

    /// As it is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::ConfigMap => "configmap",
            Self::AwsAuth => "aws-auth",
            Self::Crd => "crd",
            Self::Rbac => "rbac",
            Self::AccessEntries => "access-entries",
            Self::AccessEntriesTerraform => "access-entries-terraform",
            Self::Terraform => "terraform",
            Self::Access => "access",
        }
    }

    /// Who takes it; the resolved file is for everybody.
    pub const fn consumer(self) -> Option<Consumer> {
        match self {
            Self::Config | Self::ConfigMap => Some(Consumer::Config),
            Self::AwsAuth => Some(Consumer::AwsAuth),
            Self::Crd => Some(Consumer::Crd),
            Self::Rbac => Some(Consumer::Rbac),
            Self::AccessEntries | Self::AccessEntriesTerraform => Some(Consumer::AccessEntries),
            Self::Terraform => Some(Consumer::Terraform),
            Self::Access => None,
        }
    }
}

/// What a consumer takes, checked and ready to be written, by `Display`: nothing can be wrong with it any more.
#[derive(Debug)]
pub struct Rendering<'a> {
    /// Warnings.
    pub findings: Vec<Problem>,
    access: &'a Access,
    facts: &'a Facts,
    target: Target,
    desired: Desired,
}

/// What a consumer takes, as one text, and what was found on the way.
#[derive(Debug)]
pub struct Rendered {
    /// For the consumer.
    pub text: String,
    /// Warnings.
    pub findings: Vec<Problem>,
}

/// Checks and renders for one target; an error of the file or of what the target can carry gives no text at all.
pub fn render(
    access: &Access,
    facts: &Facts,
    now: Timestamp,
    target: Target,
    expiry: Expiry,
) -> Result<Rendered, Vec<Problem>> {
    let rendering = rendering(access, facts, now, target, expiry)?;
    Ok(Rendered { text: rendering.to_string(), findings: rendering.findings })
}

/// Checks and compiles for one target, as [`render`] does, and leaves the text to be written: the roles and bindings of a
/// large file are several times its size.
pub fn rendering<'a>(
    access: &'a Access,
    facts: &'a Facts,
    now: Timestamp,
    target: Target,
    expiry: Expiry,
) -> Result<Rendering<'a>, Vec<Problem>> {
    let (desired, problems) = compile(access, facts, now);
    let mut findings = findings(access, facts, now, problems);
    findings.extend(target.consumer().into_iter().flat_map(|consumer| unsupported(access, facts, consumer, expiry)));
    let desired = desired.at(now);
    if matches!(target, Target::AccessEntries | Target::AccessEntriesTerraform) {
        findings.extend(access_entries::refused(&desired, facts));
    }
    if findings.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(findings);
    }
    Ok(Rendering { findings, access, facts, target, desired })
}

impl fmt::Display for Rendering<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { access, facts, desired, .. } = self;
        let cluster_id = access.cluster_id.as_ref().map(|id| &*id.value);
        match self.target {
            Target::Config => write_yaml(&authenticator::config(cluster_id, desired, facts), out),
            Target::ConfigMap => write_yaml(&authenticator::config_map(cluster_id, desired, facts), out),
            Target::AwsAuth => write_yaml(&authenticator::aws_auth(desired, facts), out),
            Target::Crd => documents(crd::mappings(desired, facts), out),
            Target::Rbac => rbac::write(&desired.objects, out),
            Target::AccessEntries => write_yaml(&access_entries::eksctl(cluster_id, desired, facts), out),
            Target::AccessEntriesTerraform => json(&access_entries::terraform(cluster_id, desired, facts), out),
            Target::Terraform => json(&terraform::variables(desired), out),
            Target::Access => write_yaml(&access::resolved(access, facts), out),
        }
    }
}

fn yaml(value: &impl Serialize) -> String {
    serde_saphyr::to_string(value).expect("plain data can be written")
}

fn write_yaml(value: &impl Serialize, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Plain data can always be written.
    serde_saphyr::to_fmt_writer(out, value).map_err(|_| fmt::Error)
}

fn documents(values: impl IntoIterator<Item = impl Serialize>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    values.into_iter().try_for_each(|value| {
        out.write_str("---\n")?;
        write_yaml(&value, out)
    })
}

fn json(value: &impl Serialize, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = serde_json::to_string_pretty(value).expect("plain data can be written");
    writeln!(out, "{text}")
}
