//! `sandbox`: a local AWS that verifies signatures, for as long as it is left running.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::{
    exit::{CommandResult, Failure},
    process, runtime, settings, signals,
};

/// Flags of `sandbox`.
#[derive(Args, Debug)]
pub(crate) struct SandboxArgs {
    /// Identities that this AWS knows (YAML) [default: the built-in example]
    #[arg(long, value_name = "FILE")]
    identities: Option<PathBuf>,

    /// Print the built-in identities and exit
    #[arg(long, conflicts_with_all = ["identities", "listen", "proxy", "ca_file"])]
    print_identities: bool,

    /// Address of the HTTPS endpoint; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Address of the CONNECT proxy; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    proxy: SocketAddr,

    /// File to write the certificate authority to, which clients must trust
    #[arg(long, value_name = "FILE", default_value = "sandbox-ca.pem")]
    ca_file: PathBuf,
}

/// Runs `sandbox` until Ctrl-C or SIGTERM.
pub(crate) fn run(args: &SandboxArgs) -> CommandResult {
    if args.print_identities {
        return Ok(process::print(sandbox::EXAMPLE_IDENTITIES)?);
    }
    let identities = match &args.identities {
        Some(path) => read(path)?,
        None => sandbox::Identities::example(),
    };
    runtime::block_on(serve(args, identities))??;
    Ok(())
}

/// Reads an identities file; its problems are printed.
pub(crate) fn read(path: &std::path::Path) -> Result<sandbox::Identities, Failure> {
    let source = process::read_source(path)?;
    sandbox::Identities::read(&source).map_err(|problems| {
        settings::print_problems(&source, &problems);
        Failure::AlreadySaid
    })
}

async fn serve(args: &SandboxArgs, identities: sandbox::Identities) -> anyhow::Result<()> {
    let options = sandbox::Options { sts: args.listen, proxy: args.proxy, ..sandbox::Options::new(process::now) };
    let running = sandbox::Sandbox::start(identities, options).await.context("cannot start the sandbox")?;
    process::write_atomically(&args.ca_file, running.ca_pem().as_bytes(), 0o644)?;
    let ca = args.ca_file.canonicalize().unwrap_or_else(|_| args.ca_file.clone());
    let ca = ca.display();
    let identities = match &args.identities {
        Some(file) => format!("in {}", file.display()),
        None => "cluster-auth sandbox --print-identities".to_owned(),
    };
    process::print(&format!(
        "A local AWS answers at https://{} (STS; any AWS host name), through the proxy http://{}\n\n\
         For programs that follow the standard variables:\n  \
         export HTTPS_PROXY=http://{} AWS_CA_BUNDLE={ca} SSL_CERT_FILE={ca}\n\
         For the server:\n  cluster-auth server --sts-connect-to {} --sts-ca-file {ca} …\n\n\
         Its identities: {identities}. Ctrl-C ends it.\n",
        running.sts(),
        running.proxy(),
        running.proxy(),
        running.sts(),
    ))?;
    signals::termination().await?;
    running.stop().await;
    Ok(())
}
