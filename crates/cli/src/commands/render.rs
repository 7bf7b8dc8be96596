//! `render`: compiles an access file to what a consumer takes.

use access::{Expiry, Options, RenderTarget};
use clap::Args;
use inventory::MappingTarget;

use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    settings,
    shared::{
        access::{Files, Loaded, has_errors, parse_expiry},
        observe,
    },
};

/// Flags of `render`.
#[derive(Args, Debug)]
#[command(mut_arg("from", |arg| arg.help(observe::COMPILED_WITH)))]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    files: Files,

    /// Format to write: config (aws-iam-authenticator's file), configmap (the same in a ConfigMap), aws-auth, crd
    /// (IAMIdentityMappings), rbac (roles and bindings), access-entries (EKS, as eksctl's ClusterConfig),
    /// access-entries-terraform (the same as Terraform resources), terraform (variables of the module `terraform/`) or access
    /// (the access file, resolved)
    #[arg(long, value_name = "TARGET", value_parser = parse_target)]
    to: RenderTarget,

    /// What to do with `expires` if --to cannot express it: refuse, or at-next-apply (leave out only what has expired
    /// already)
    #[arg(long, value_name = "WHEN", value_parser = parse_expiry, default_value = "refuse")]
    expiry: Expiry,

    /// Take over existing ConfigMap entries that cluster-auth did not write but that are for principals of the access
    /// file
    #[arg(long)]
    adopt: bool,
}

/// Runs `render`. With a problem, nothing goes to stdout.
pub(crate) fn run(args: &RenderArgs, global: &Global, process: &Process) -> CommandResult {
    if args.adopt && args.to.shared().is_none() {
        let (adopt, to) = ("takes over entries of a ConfigMap that others write to as well", args.to.as_str());
        return Err(anyhow::anyhow!("--adopt {adopt}, and `--to {to}` writes none; leave it out").into());
    }
    let Loaded { sources, access, mut problems } = args.files.load()?;
    settings::of_access_file(global, &access)?;
    if has_errors(&problems) {
        settings::print_problems(&sources, &problems);
        return Err(Failure::AlreadySaid);
    }
    let facts = args.files.facts(&access, process, args.to.shared().and_then(MappingTarget::in_config_map))?;
    if args.adopt && facts.config_maps.is_none() {
        let help = "--adopt takes over entries of the cluster's own ConfigMap; --live asks for it, and --from takes what was printed of it";
        return Err(anyhow::anyhow!(help).into());
    }
    let options = Options { expiry: args.expiry, adopt: args.adopt };
    let rendering = access::rendering(&access, &facts, process::now(), args.to, options);
    problems.extend(match &rendering {
        Ok(rendering) => rendering.findings.clone(),
        Err(findings) => findings.clone(),
    });
    problems.sort_by_key(|problem| problem.span);
    settings::print_problems(&sources, &problems);
    if let (Ok(_), Some(name), None) = (&rendering, args.to.shared(), &facts.config_maps) {
        process::note(&format!(
            "note: this is all of the ConfigMap kube-system/{name}. Applied to a cluster that has one, it takes away \
             what others wrote there, nodes too; `--live` or `--from` merges into the cluster's own."
        ));
    }
    match rendering {
        Ok(rendering) => Ok(process::print_long(&rendering)?),
        Err(_) => Err(Failure::AlreadySaid),
    }
}

fn parse_target(text: &str) -> Result<RenderTarget, String> {
    RenderTarget::ALL.into_iter().find(|target| target.as_str() == text).ok_or_else(|| {
        let names: Vec<_> = RenderTarget::ALL.iter().map(|target| target.as_str()).collect();
        format!("expected one of {}", names.join(", "))
    })
}
