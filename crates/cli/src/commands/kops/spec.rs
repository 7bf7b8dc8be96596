//! `kops spec`: what belongs into a cluster's specification (`kops.k8s.io/v1alpha2`).
//!
//! Two variants. `aws`: kops makes the files and runs the DaemonSet, with our image. `webhook`: the API servers are told
//! of a webhook, whose files come from the state store; the Helm chart runs the server.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use kops::{ClusterName, File, Folder, HOOK_IMAGE, Stored};
use token::ClusterId;

use super::store::{ClusterArgs, RollOut, stored};
use crate::{
    commands::version::VERSION,
    exit::CommandResult,
    global::Global,
    process::{self, Process},
    runtime, settings,
    shared::output::Data,
};

/// Flags of `kops spec`.
#[derive(Args, Debug)]
pub(crate) struct SpecArgs {
    #[command(flatten)]
    cluster: ClusterArgs,

    /// Who runs the server: kops itself (aws: `spec.authentication.aws`), or you, with a webhook file from the state store
    /// (webhook)
    #[arg(long, value_enum, default_value_t = Variant::Aws)]
    variant: Variant,

    /// Image of the server, for `--variant aws`; none is published yet, so make it and push it to where your machines can
    /// pull it [default: cluster-auth/cluster-auth and this version]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,

    /// API servers' kubeconfig, made by `init` or `kops upload`, for `--variant webhook` [default: read from the state store]
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    webhook_kubeconfig: Option<PathBuf>,

    /// Image with the AWS CLI and a shell, used to download the files, for `--variant webhook` [default:
    /// public.ecr.aws/aws-cli/aws-cli:2.36.7]
    #[arg(long, value_name = "IMAGE")]
    hook_image: Option<String>,

    /// Format of the specification
    #[arg(short, long, value_name = "FORMAT", value_parser = formats(), default_value = "yaml")]
    output: Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Variant {
    Aws,
    Webhook,
}

/// Runs `kops spec`.
pub(super) fn run(args: &SpecArgs, global: &Global, process: &Process) -> CommandResult {
    let name = args.cluster.name(process)?;
    let mut config = settings::config(global)?;
    config.cluster_id = config.cluster_id.or_else(|| Some(name.to_string()));
    let cluster_id = settings::cluster_id(global, process, &config)?;
    args.ensure_of_variant()?;
    let (cluster, is_rotated) = match args.variant {
        Variant::Aws => {
            let image = args.image.clone().unwrap_or_else(|| format!("{}:{VERSION}", access::IMAGE));
            (kops::aws(&name, image, cluster_id.to_string()), false)
        }
        Variant::Webhook => webhook(args, &name, process)?,
    };
    args.output.print(&cluster)?;
    process::note_lines(&next(args.variant, args.cluster.roll_out(&name, is_rotated), &cluster_id));
    Ok(())
}

impl SpecArgs {
    /// Refuses what is for the other variant.
    fn ensure_of_variant(&self) -> anyhow::Result<()> {
        let of_other = match self.variant {
            Variant::Webhook => self.image.as_ref().map(|_| ("--image", "aws")),
            Variant::Aws => {
                let hook = [
                    self.webhook_kubeconfig.as_ref().map(|_| "--webhook-kubeconfig"),
                    self.hook_image.as_ref().map(|_| "--hook-image"),
                ];
                let flag = hook.into_iter().flatten().next().or_else(|| self.cluster.flag_of_store());
                flag.map(|flag| (flag, "webhook"))
            }
        };
        let Some((flag, variant)) = of_other else { return Ok(()) };
        anyhow::bail!("{flag} is for `--variant {variant}`; give that variant, or leave {flag} out")
    }
}

/// The specification, and whether its kubeconfig is what a rotation leaves.
fn webhook(args: &SpecArgs, name: &ClusterName, process: &Process) -> anyhow::Result<(kops::Cluster, bool)> {
    let folder = args.cluster.folder(name, process)?;
    let (kubeconfig, region) = match &args.webhook_kubeconfig {
        Some(path) => {
            let text = process::read_source(path)?.text().to_owned();
            (Stored { text, etag: String::new() }, args.cluster.region()?)
        }
        None => fetch(args, &folder, process)?,
    };
    let config = kubeconfig.webhook().with_context(|| {
        let stored = || format!("{folder}/{}", File::Kubeconfig.name());
        let place = args.webhook_kubeconfig.as_ref().map_or_else(stored, |path| path.display().to_string());
        format!(
            "{place} is not a kubeconfig for an API server's webhook; `cluster-auth init` and `kops upload` write one"
        )
    })?;
    let hook_image = args.hook_image.clone().unwrap_or_else(|| HOOK_IMAGE.to_owned());
    let is_rotated = config.certificate_authority_pem.matches("-----BEGIN CERTIFICATE-----").nth(1).is_some();
    Ok((kops::webhook(name, &config, &folder, hook_image, region), is_rotated))
}

/// The kubeconfig of the state store, and the Region that this is in.
fn fetch(args: &SpecArgs, folder: &Folder, process: &Process) -> anyhow::Result<(Stored, Option<String>)> {
    let environment = process.aws_environment();
    let found = args.cluster.credentials(&environment).context("cannot reach the state store")?;
    let fetching = async {
        let s3 = args.cluster.open(folder, found, &environment).await.context("cannot reach the state store")?;
        let object = s3.get(&folder.key(File::Kubeconfig.name())).await?;
        let object = object.with_context(|| {
            format!("there is no {folder}/{}; `cluster-auth kops upload` creates it", File::Kubeconfig.name())
        })?;
        anyhow::Ok((stored(&object)?, Some(s3.region().to_owned())))
    };
    runtime::block_on(fetching)?
}

fn next(variant: Variant, RollOut { edit, update, roll }: RollOut, cluster_id: &ClusterId) -> String {
    let kops = format!("next: put this into the specification ({edit}), then {update} and\n{roll}");
    match variant {
        Variant::Aws => format!(
            "{kops}; its DaemonSet waits for the mapping:\n\
             `cluster-auth render --to configmap access.yaml | kubectl apply -f -`"
        ),
        Variant::Webhook => format!(
            "{kops}; then the server:\n\
             `helm upgrade --install cluster-auth chart/cluster-auth -n kube-system -f access.yaml`\n\
             with `clusterID: {cluster_id}` in access.yaml"
        ),
    }
}

/// YAML first, which is what `kops edit` takes.
fn formats() -> impl TypedValueParser<Value = Data> {
    PossibleValuesParser::new(["yaml", "json"]).try_map(|name| Data::from_str(&name, false))
}
