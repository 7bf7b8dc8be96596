//! What is in the archive of one target.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Release, dependencies::Dependencies, licences};
use crate::{run, target::Target};

/// The completion of each shell, by the file that the shell looks for.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "cluster-auth"),
    ("zsh", "_cluster-auth"),
    ("fish", "cluster-auth.fish"),
    ("powershell", "cluster-auth.ps1"),
    ("kubectl", "kubectl_complete-cluster_auth"),
];

/// Puts it into a folder.
pub(crate) fn assemble(
    release: &Release,
    target: &Target,
    program: &Path,
    dependencies: &Dependencies,
    folder: &Path,
) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    fs::copy(program, folder.join(target.program()))?;
    let root = run::root();
    fs::copy(root.join("LICENSE"), folder.join("LICENSE"))?;
    fs::write(folder.join("THIRD-PARTY-LICENSES.txt"), licences::document(dependencies)?)?;
    fs::copy(licences::of_rust()?, folder.join("COPYRIGHT-rust-library.html"))?;
    fs::write(folder.join("README.txt"), readme(release, target))?;
    // Windows has no server, no manual pages and one shell, for which the program prints the completion.
    if target.system != "windows" {
        let program = runs_here()?;
        for (shell, name) in COMPLETIONS {
            let script = run::output(Command::new(&program).args(["completion", shell]))?;
            write(&folder.join("completions").join(shell).join(name), &script)?;
        }
        let pages = run::output(Command::new(&program).args(["__reference", "man"]))?;
        for (name, page) in serde_json::from_str::<BTreeMap<String, String>>(&pages)? {
            write(&folder.join("man/man1").join(name), &page)?;
        }
    }
    if target.system == "linux" {
        let unit = fs::read_to_string(root.join("examples/k3s/cluster-auth.service"))?;
        write(&folder.join("systemd/cluster-auth.service"), &unit)?;
    }
    Ok(())
}

/// The program that this machine can run, which says the same of itself as those for other machines.
fn runs_here() -> anyhow::Result<PathBuf> {
    let target = &crate::target::LINUX_AMD64;
    let program = target.folder(run::root()).join(target.program());
    anyhow::ensure!(program.exists(), "{} is built first", target.name());
    Ok(program)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    Ok(fs::write(path, text)?)
}

/// What somebody reads who has unpacked it.
fn readme(release: &Release, target: &Target) -> String {
    let Release { version, commit, base_url, .. } = release;
    let start = format!(
        "cluster-auth {version} for {}, of commit {}\n\n\
         Kubernetes access for AWS IAM identities, from one file: who may log in, and what they may do.\n\n",
        target.name(),
        commit.name
    );
    let inside = match target.system {
        "linux" => {
            "\
cluster-auth      the program, for every command; it needs no library of the system
completions/      for bash, zsh, fish, PowerShell, and kubectl's plugin
man/              one page for each command
systemd/          a unit for the server
"
        }
        "darwin" => {
            "\
cluster-auth      the program
completions/      for bash, zsh, fish, PowerShell, and kubectl's plugin
man/              one page for each command
"
        }
        _ => {
            "\
cluster-auth.exe  the program, with the client's commands: token, kubeconfig, whoami, plan, apply and more
                  (`cluster-auth completion powershell` prints its completion)
"
        }
    };
    format!(
        "{start}{inside}LICENSE           the Apache License 2.0; THIRD-PARTY-LICENSES.txt and COPYRIGHT-rust-library.html say what others have\n\n\
         As kubectl's plugin, put it on the PATH as kubectl-cluster_auth too. In place of aws-iam-authenticator, under that name.\n\
         `cluster-auth help` says what there is. Checksums, signature, SBOM, chart and image of this release, where whoever made it has put them:\n\
         {base_url}\n"
    )
}
