//! What each consumer takes. Output is sorted and depends on nothing but the file, the facts and `now`.

mod access;
mod access_entries;
mod authenticator;
mod crd;
mod rbac;
mod terraform;

use std::{borrow::Cow, fmt};

use document::{Problem, Severity};
use jiff::Timestamp;
use serde::Serialize;

pub use self::{
    crd::name as mapping_name,
    rbac::{binding_object, role_object},
};
use crate::{
    Access, ConfigMap, Consumer, Desired, Expiry, Facts,
    check::findings,
    compile, entries,
    merge::{Merged, Shape, merge},
    unsupported,
};

/// What `render --to` prints: one text, of which a [`Consumer`] may take several. It says nothing of a cluster, as the place to which
/// `apply` writes does (`inventory::MappingTarget`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RenderTarget {
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

/// Options of rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// What to do with ends.
    pub expiry: Expiry,
    /// Whether entries of others for principals of the file are taken over, where a `ConfigMap` is merged into.
    pub adopt: bool,
}

impl From<Expiry> for Options {
    fn from(expiry: Expiry) -> Self {
        Self { expiry, adopt: false }
    }
}

impl RenderTarget {
    /// Every target of `render --to`, in the order of the documentation.
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

    /// Returns the name as it is typed.
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

    /// Returns the `ConfigMap` in `kube-system` that others write to as well, if it is one.
    pub const fn shared(self) -> Option<&'static str> {
        match self {
            Self::ConfigMap => Some("aws-iam-authenticator"),
            Self::AwsAuth => Some("aws-auth"),
            _ => None,
        }
    }

    /// Returns who takes it; the resolved file is for everybody.
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

/// A checked and compiled rendering. `Display` writes its text, and cannot fail.
#[derive(Debug)]
pub struct Rendering<'a> {
    /// Warnings.
    pub findings: Vec<Problem>,
    access: Cow<'a, Access>,
    facts: &'a Facts,
    target: RenderTarget,
    desired: Desired,
    /// The `ConfigMap`, where that is what is rendered.
    merged: Option<Merged>,
}

/// The rendered text for one target, with the problems found.
#[derive(Debug)]
pub struct Rendered {
    /// For the consumer.
    pub text: String,
    /// Warnings.
    pub findings: Vec<Problem>,
}

/// Checks and renders for one target; an error of the file or of what the target can carry gives no text at all.
///
/// A `ConfigMap` that others write to as well is merged into the one that the facts know.
pub fn render(
    access: &Access,
    facts: &Facts,
    now: Timestamp,
    target: RenderTarget,
    options: impl Into<Options>,
) -> Result<Rendered, Vec<Problem>> {
    let rendering = rendering(access, facts, now, target, options)?;
    Ok(Rendered { text: rendering.to_string(), findings: rendering.findings })
}

/// Checks and compiles for one target, as [`render`] does, and leaves the text to be written: the roles and bindings of a
/// large file are several times its size.
pub fn rendering<'a>(
    access: &'a Access,
    facts: &'a Facts,
    now: Timestamp,
    target: RenderTarget,
    options: impl Into<Options>,
) -> Result<Rendering<'a>, Vec<Problem>> {
    let Options { expiry, adopt } = options.into();
    let (desired, problems) = compile(access, facts, now);
    let mut findings = findings(access, facts, now, problems);
    findings.extend(target.consumer().into_iter().flat_map(|consumer| unsupported(access, facts, consumer, expiry)));
    let desired = desired.at(now);
    if matches!(target, RenderTarget::AccessEntries | RenderTarget::AccessEntriesTerraform) {
        findings.extend(access_entries::refused(&desired, facts));
    }
    if findings.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(findings);
    }
    let cluster_id = access.cluster_id.as_ref().map(|id| &*id.value);
    let shape = match target {
        RenderTarget::ConfigMap => Some(Shape::Config(cluster_id)),
        RenderTarget::AwsAuth => Some(Shape::AwsAuth),
        _ => None,
    };
    let merged = shape.map(|shape| merge(shape, current(target, facts), entries::lists(&desired, facts), adopt));
    let access = match (target, expiry) {
        (RenderTarget::Access, Expiry::AtNextApply) => Cow::Owned(access::without_ends(access.clone(), now)),
        _ => Cow::Borrowed(access),
    };
    match merged.transpose() {
        Ok(merged) => Ok(Rendering { findings, access, facts, target, desired, merged }),
        Err(problems) => Err(findings.into_iter().chain(problems).collect()),
    }
}

impl fmt::Display for Rendering<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { access, facts, desired, .. } = self;
        let cluster_id = access.cluster_id.as_ref().map(|id| &*id.value);
        match self.target {
            RenderTarget::Config => write_yaml(&authenticator::config(cluster_id, desired, facts), out),
            RenderTarget::ConfigMap | RenderTarget::AwsAuth => {
                self.merged.iter().try_for_each(|merged| merged.fmt(out))
            }
            RenderTarget::Crd => documents(crd::mappings(desired, facts), out),
            RenderTarget::Rbac => rbac::write(&desired.objects, out),
            RenderTarget::AccessEntries => write_yaml(&access_entries::eksctl(cluster_id, desired, facts), out),
            RenderTarget::AccessEntriesTerraform => json(&access_entries::terraform(cluster_id, desired, facts), out),
            RenderTarget::Terraform => json(&terraform::variables(desired), out),
            RenderTarget::Access => write_yaml(&access::resolved(access, facts, access::Reader::Anybody), out),
        }
    }
}

/// The `ConfigMap` that the facts know, or a new one.
fn current(target: RenderTarget, facts: &Facts) -> ConfigMap {
    let known = target.shared().and_then(|name| facts.config_maps.as_ref()?.get(name));
    known.cloned().unwrap_or_default()
}

/// Plain data as YAML.
pub fn yaml(value: &impl Serialize) -> String {
    serde_saphyr::to_string(value).expect("plain data can be written")
}

/// Returns the access file itself, resolved as far as a server cannot do it.
pub fn access_file(access: &Access, facts: &Facts) -> String {
    yaml(&access::resolved(access, facts, access::Reader::Server))
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
