//! `cargo xtask test`: unit tests, case tests, and the end-to-end tests on real parts.

use crate::{needs, run, tools};

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
    e2e.env("KUBEBUILDER_ASSETS", &tools.kubernetes)
        .env("CLUSTER_AUTH_CONTAINERD", &tools.containerd)
        .env("CLUSTER_AUTH_RUNC", &tools.runc)
        .env("CLUSTER_AUTH_BIN", run::root().join("target/debug/cluster-auth"))
        .env("CLUSTER_AUTH_GO_AUTHENTICATOR", &tools.go_authenticator)
        .env("CLUSTER_AUTH_AWS_CLI", &tools.aws_cli)
        .env("CLUSTER_AUTH_HELM", &tools.helm)
        .env("CLUSTER_AUTH_HELM3", &tools.helm3)
        .env("CLUSTER_AUTH_MOTO", &tools.moto)
        .env("CLUSTER_AUTH_TOFU", &tools.tofu)
        .env("CLUSTER_AUTH_AWS_PROVIDER", &tools.aws_provider);
    run::check(&mut e2e)
}
