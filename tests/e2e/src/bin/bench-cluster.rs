//! A real API server for the benchmark, with the namespaces that are named: says the API server's process id and the
//! administrator's kubeconfig, and ends with its standard input.
#![expect(clippy::print_stdout, reason = "a program for the benchmark")]
#![expect(clippy::disallowed_methods, reason = "a program's own edge")]

use std::{env, fs, io};

use anyhow::Context as _;
use e2e::admin::Admin;
use local_cluster::{Binaries, Cluster, Options};

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let assets = env::var_os("KUBEBUILDER_ASSETS").context("KUBEBUILDER_ASSETS is not set")?;
    let binaries = Binaries::find(&[assets.into()])?;
    let cluster = Cluster::start(&binaries, &Options::default(), e2e::sts::now())?;
    let admin = Admin::new(binaries.kubectl()?.to_owned(), &cluster, folder.path());
    let namespace = |name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
    let namespaces: Vec<_> = env::args().skip(1).map(namespace).collect();
    admin.with_file(&["create"], &namespaces.join("---\n"))?.success()?;
    let kubeconfig = cluster.admin_kubeconfig();
    println!("{} {}", api_server(&fs::read_to_string(kubeconfig)?)?, kubeconfig.display());
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(cluster.stop()?)
}

/// The process that serves the port of a kubeconfig.
fn api_server(kubeconfig: &str) -> anyhow::Result<u32> {
    let server = kubeconfig.lines().find_map(|line| line.split_once("server: ")).context("a server")?.1;
    let port = server.trim_matches(['"', '\'']).rsplit(':').next().context("a port")?;
    let argument = format!("--secure-port={port}");
    for process in fs::read_dir("/proc")? {
        let process = process?;
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(command) = fs::read(process.path().join("cmdline")) else { continue };
        let mut words = command.split(|byte| *byte == 0);
        // Not the shell that guards it, whose arguments are the same.
        let is_it = words.next().is_some_and(|program| program.ends_with(b"/kube-apiserver"));
        if is_it && words.any(|word| word == argument.as_bytes()) {
            return Ok(pid);
        }
    }
    anyhow::bail!("no process has {argument}")
}
