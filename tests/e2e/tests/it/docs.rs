//! What the documentation names ([`pages::Table`] says which test types what it tells people to type).

use anyhow::ensure;
use e2e::{
    process::{self, Output},
    typed,
    world::World,
};
use pages::Table;

use crate::Test;

mod access_file;
mod client;
mod cluster;
mod help;
mod image;
mod readme;
mod sandbox;
mod server;
mod troubleshooting;

/// All of them.
pub(crate) fn tests() -> Vec<Test> {
    [
        TESTS,
        access_file::TESTS,
        client::TESTS,
        cluster::TESTS,
        help::TESTS,
        image::TESTS,
        readme::TESTS,
        sandbox::TESTS,
        server::TESTS,
        troubleshooting::TESTS,
    ]
    .concat()
}

const TESTS: &[Test] = &[("docs::named_commands_exist", named)];

/// A command that is only named, as "what `kubectl auth can-i --list` says", is one of that program, with these flags.
fn named(world: &World) -> anyhow::Result<()> {
    let parts = &world.parts;
    let folder = world.folder("docs-named")?;
    let table = Table::read()?;
    let flags = table.foreign_flags().map(|(program, flag)| format!("{program} {flag}"));
    for name in table.named.iter().cloned().chain(flags) {
        let (words, flags): (Vec<&str>, Vec<&str>) = name.split(' ').partition(|word| !word.starts_with('-'));
        let (program, words) = (words[0], &words[1..]);
        let file = match program {
            "cluster-auth" => parts.cluster_auth.clone(),
            "aws" => parts.aws_cli.clone(),
            "aws-iam-authenticator" => parts.go_authenticator.clone(),
            "helm" => parts.helm.clone(),
            "tofu" => parts.tofu.clone(),
            "kubectl" | "kube-apiserver" => parts.kubernetes(program),
            _ => anyhow::bail!("{program} is none of the real parts: {name}"),
        };
        let mut command = process::command(file, &folder);
        // The AWS CLI shows its help as a manual page, by a program that may not be there.
        let help = if program == "aws" { "--no-such-flag" } else { "--help" };
        let Output { stdout, stderr, .. } = process::run(command.args(words).arg(help))?;
        let mut said = format!("{stdout}{stderr}");
        if program == "kubectl" {
            // Flags of every command stand there alone.
            said += &process::run(process::command(parts.kubernetes(program), &folder).arg("options"))?.success()?;
        }
        // Whoever does not know a word says so, or shows the help of what stands in front of it.
        let is_it = match program {
            "aws" => !said.contains("argument command") && !said.contains("argument operation"),
            "tofu" => said.contains(&format!("tofu [global options] {}", words.join(" "))),
            _ => said.contains(&[&[program], words].concat().join(" ")),
        };
        ensure!(is_it, "{program} has no {name}: {}", said.chars().take(400).collect::<String>());
        for flag in flags {
            let flag = flag.split_once('=').map_or(flag, |(flag, _)| flag);
            ensure!(
                said.split([' ', ',', '=', '[', ']', '\n']).any(|word| word == flag),
                "{name}: no {flag} in\n{said}"
            );
        }
        typed::note(&name);
    }
    Ok(())
}
