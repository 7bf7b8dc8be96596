//! `init`: certificate, key and the API server's kubeconfig, made before anything else runs.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use document::shell_word;
use identity::Partition;
use kubeconfig::WEBHOOK_FILE;
use mapping::authenticator::{self, ListenAddress};

use crate::{
    commands::server,
    exit::CommandResult,
    global::{Global, number},
    process::{self, Owner, Process},
    settings,
    state::{Pair, Reach, StateFiles},
};

/// Flags of `init`.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// Name or IP address under which the API server reaches the webhook [default: localhost]
    #[arg(long, value_name = "HOST")]
    hostname: Option<String>,

    /// Address that the server will listen on [default: 127.0.0.1]
    #[arg(long, value_name = "IP", value_parser = authenticator::address)]
    address: Option<ListenAddress>,

    /// Port that the server will listen on [default: 21362]
    #[arg(long, value_parser = number::<u16>)]
    port: Option<u16>,

    /// AWS partition of the callers; give the same as to `server --partition` [default: the configuration's]
    #[arg(long)]
    partition: Option<Partition>,

    /// Folder to write to, which must exist [default: the current one]
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,

    /// Owner of the files, as UID or UID:GID: the user that the server runs as (10000 in the chart) [default: whoever runs
    /// this]
    #[arg(long, value_name = "UID[:GID]")]
    owner: Option<Owner>,

    /// Replace certificate and key, and write a kubeconfig that trusts both the old and the new certificate
    #[arg(long)]
    rotate: bool,
}

impl InitArgs {
    /// What was typed of where the server is to be reached, which the server has to be told as well.
    fn typed_of_reach(&self) -> String {
        let flags = [
            ("hostname", self.hostname.clone()),
            ("address", self.address.as_ref().map(ToString::to_string)),
            ("port", self.port.map(|port| port.to_string())),
            ("partition", self.partition.map(|partition| partition.to_string())),
        ];
        let typed = |(flag, value): &(&str, Option<String>)| Some(format!(" --{flag}={}", shell_word(value.as_ref()?)));
        flags.iter().filter_map(typed).collect()
    }
}

/// Runs `init`.
pub(crate) fn run(args: &InitArgs, global: &Global, process: &Process) -> CommandResult {
    let config = settings::config_in(global, args.partition)?;
    settings::cluster_id(global, process, &config)?;
    server::check_modes(&config.server)?;
    let defaults = server::Paths::resolve(None, None, &config);
    let mut files = match &args.output_dir {
        // The gate moves the files to where the server looks for them, as in aws-iam-authenticator.
        None if settings::gates(global)?.configured_init_directories => {
            StateFiles { kubeconfig: defaults.kubeconfig, ..StateFiles::in_folder(&defaults.state_dir, WEBHOOK_FILE) }
        }
        folder => StateFiles::in_folder(folder.as_deref().unwrap_or(".".as_ref()), WEBHOOK_FILE),
    };
    files.owner = args.owner;
    let reach = server::reach(args.hostname.as_deref(), args.address.as_ref(), args.port, &config)?;
    reach.ensure_host()?;
    if args.rotate { rotate(&files, &reach) } else { make(&files, &reach) }
        .and_then(|()| files.give())
        .context("could not initialize")?;
    // What is typed here is read elsewhere, where another folder is the current one.
    let kubeconfig = std::path::absolute(&files.kubeconfig).unwrap_or_else(|_| files.kubeconfig.clone());
    let folder = files.certificate.parent().unwrap_or_else(|| ".".as_ref());
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let typed = args.typed_of_reach();
    process::note_lines(&format!(
        "\nStart every kube-apiserver with\n  --authentication-token-webhook-config-file={}\nand the server with\n  \
         --state-dir={} --kubeconfig-pregenerated{typed}",
        shell_word(&kubeconfig.display().to_string()),
        shell_word(&folder.display().to_string()),
    ));
    Ok(())
}

fn make(files: &StateFiles, reach: &Reach) -> anyhow::Result<()> {
    match files.ensure_pair(reach, process::now())? {
        Pair::Made => wrote(&[&files.certificate, &files.key]),
        Pair::Kept => {
            let identity = tls::ServerIdentity::load(&files.certificate, &files.key, process::now())?;
            process::note(&format!("kept  {} and its key", files.certificate.display()));
            if let Some(name) = reach.names().iter().find(|name| !identity.inspection().covers(name)) {
                process::note(&format!("note: that certificate is not valid for {name}; `--rotate` makes one that is"));
            }
        }
    }
    if files.ensure_kubeconfig(reach)? {
        wrote(&[&files.kubeconfig]);
    } else {
        process::note(&format!("kept  {}", files.kubeconfig.display()));
    }
    Ok(())
}

fn rotate(files: &StateFiles, reach: &Reach) -> anyhow::Result<()> {
    files.rotate(reach, process::now())?;
    wrote(&[&files.certificate, &files.key, &files.kubeconfig]);
    process::note_lines(
        "\nThe kubeconfig trusts the old CA and the new one. Copy it to every control plane node and restart the API\n\
         servers first; copy certificate and key after that. A running server reloads them by itself.",
    );
    Ok(())
}

fn wrote(paths: &[&PathBuf]) {
    for path in paths {
        process::note(&format!("wrote {}", path.display()));
    }
}
