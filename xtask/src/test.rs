//! `cargo xtask test`: unit tests, case tests, and the end-to-end tests on real parts.

use std::{path::Path, process::Command};

use crate::{
    needs, run,
    tools::{self, Tools},
};

/// Flags of `test`.
#[derive(clap::Args)]
pub(crate) struct TestArgs {
    /// Leave out the end-to-end tests, which need Go and Python
    #[arg(long)]
    without_cluster: bool,

    /// Leave out the tests on a node, which need root
    #[arg(long, conflicts_with = "without_cluster")]
    without_node: bool,

    /// Passed on to the end-to-end tests: a filter, say
    #[arg(last = true)]
    filter: Vec<String>,
}

/// Runs them.
pub(crate) fn test(args: &TestArgs) -> anyhow::Result<()> {
    let needs: &[&[needs::Need]] = match (args.without_cluster, args.without_node) {
        (true, _) => &[needs::UNIT_TESTS],
        (false, true) => &[needs::TESTS],
        (false, false) => &[needs::TESTS, needs::NODE_TESTS],
    };
    needs::ensure("test", &needs.concat())?;
    if args.filter.is_empty() {
        // One build for all that follows: the same packages, so the same features.
        run::check(run::cargo().args(["build", "--locked", "--workspace", "--all-targets"]))?;
        run::check(run::cargo().args(["test", "--locked", "--workspace", "--exclude", "e2e"]))?;
    }
    if args.without_cluster {
        println!("note: the end-to-end tests on real parts were left out (--without-cluster)");
        return Ok(());
    }
    let tools = tools::ensure()?;
    run::check(run::cargo().args(["build", "--locked", "--workspace", "--all-targets"]))?;
    let mut e2e = run::cargo();
    e2e.args(["test", "--locked", "--workspace", "--test", "it", "--"]).args(&args.filter);
    if args.without_node {
        println!("note: the tests on a node were left out (--without-node)");
        e2e.args(["--skip", "node::"]);
    }
    with_parts(&mut e2e, &tools, &run::root().join("target/debug/cluster-auth"));
    run::check(&mut e2e)
}

/// Tests on a node with what a release has: its program, which is installed already, and the folder with its files.
pub(crate) fn on_a_node(filter: &str, program: &Path, release: &Path) -> anyhow::Result<()> {
    let tools = tools::ensure()?;
    // Built as all tests are, so that nothing is built for this alone.
    let mut e2e = run::cargo();
    e2e.args(["test", "--locked", "--workspace", "--test", "it", "--", filter]);
    with_parts(&mut e2e, &tools, program);
    run::check(e2e.env("CLUSTER_AUTH_RELEASE", release))
}

/// Says where everything is that the end-to-end tests run.
fn with_parts(e2e: &mut Command, tools: &Tools, program: &Path) {
    e2e.env("CLUSTER_AUTH_BIN", program)
        .env("KUBEBUILDER_ASSETS", &tools.kubernetes)
        .env("CLUSTER_AUTH_CONTAINERD", &tools.containerd)
        .env("CLUSTER_AUTH_RUNC", &tools.runc)
        .env("CLUSTER_AUTH_GO_AUTHENTICATOR", &tools.go_authenticator)
        .env("CLUSTER_AUTH_AWS_CLI", &tools.aws_cli)
        .env("CLUSTER_AUTH_HELM", &tools.helm)
        .env("CLUSTER_AUTH_HELM3", &tools.helm3)
        .env("CLUSTER_AUTH_MOTO", &tools.moto)
        .env("CLUSTER_AUTH_TOFU", &tools.tofu)
        .env("CLUSTER_AUTH_AWS_PROVIDER", &tools.aws_provider);
}
