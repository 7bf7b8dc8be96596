//! `cargo xtask test`: unit tests, case tests, and the end-to-end tests on real parts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    needs, run,
    tools::{self, Tools},
};

/// How the names of the tests on a node begin.
pub(crate) const NODE: &str = "node::";

/// How the names of those begin that put as much load on a server as they can: nothing else runs beside them.
const ALONE: [&str; 2] = ["faults::", "siege::"];

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
        units()?;
    }
    if args.without_cluster {
        println!("note: the end-to-end tests on real parts were left out (--without-cluster)");
        return Ok(());
    }
    let e2e = EndToEnd::prepare()?;
    if args.without_node {
        println!("note: the tests on a node were left out (--without-node)");
    }
    if !args.filter.is_empty() {
        let without_node: &[&str] = if args.without_node { &["--skip", NODE] } else { &[] };
        return run::check(e2e.tests(without_node).args(&args.filter));
    }
    e2e.most()?;
    if !args.without_node {
        run::check(&mut e2e.tests(&[NODE]))?;
    }
    e2e.alone()
}

/// Builds everything, and runs all tests but those on real parts.
pub(crate) fn units() -> anyhow::Result<()> {
    // One build for all that follows: the same packages, so the same features.
    build()?;
    run::check(run::cargo().args(["test", "--locked", "--workspace", "--exclude", "e2e"]))
}

fn build() -> anyhow::Result<()> {
    run::check(run::cargo().args(["build", "--locked", "--workspace", "--all-targets"]))
}

/// The end-to-end tests, with everything that they run. They are three parts: those on a node, those that want the machine for
/// themselves, and all others.
pub(crate) struct EndToEnd {
    tools: Tools,
    program: PathBuf,
    release: Option<Files>,
}

/// The files of a release.
pub(crate) struct Files {
    /// Where they are.
    pub(crate) folder: PathBuf,
    /// A registry that has its image and its chart, `ADDRESS:PORT`.
    pub(crate) registry: String,
}

impl EndToEnd {
    /// Builds what is missing.
    pub(crate) fn prepare() -> anyhow::Result<Self> {
        let tools = tools::ensure()?;
        build()?;
        // A copy: a test of `cargo run` links the program anew, while others run it.
        let folder = run::root().join("target/tested");
        fs::create_dir_all(&folder)?;
        let program = folder.join("cluster-auth");
        // Not over one that may be running.
        let new = folder.join("cluster-auth.new");
        fs::copy(run::root().join("target/debug/cluster-auth"), &new)?;
        fs::rename(new, &program)?;
        Ok(Self { tools, program, release: None })
    }

    /// All but those on a node and those that want the machine for themselves.
    pub(crate) fn most(&self) -> anyhow::Result<()> {
        let others: Vec<&str> = ALONE.into_iter().chain([NODE]).flat_map(|part| ["--skip", part]).collect();
        run::check(&mut self.tests(&others))
    }

    /// Those that want the machine for themselves.
    pub(crate) fn alone(&self) -> anyhow::Result<()> {
        ALONE.iter().try_for_each(|part| run::check(&mut self.tests(&[part])))
    }

    /// Some of them, by arguments of the harness; it says where everything is.
    fn tests(&self, args: &[&str]) -> Command {
        let Self { tools, program, release } = self;
        let mut e2e = run::cargo();
        // Built as all tests are, so that nothing is built for these alone.
        e2e.args(["test", "--locked", "--workspace", "--test", "it", "--"]).args(args);
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
        if let Some(Files { folder, registry }) = release {
            e2e.env("CLUSTER_AUTH_RELEASE", folder).env("CLUSTER_AUTH_REGISTRY", registry);
        }
        e2e
    }
}

/// The guide on a node with a program that is built already: it prints what the server's pod takes of its memory.
pub(crate) fn guide(program: &Path) -> anyhow::Result<()> {
    let program = program.to_owned();
    run::check(&mut EndToEnd { tools: tools::ensure()?, program, release: None }.tests(&["node::guide"]))
}

/// Tests with what a release has, its program installed already: those on a node, and that the Terraform module is valid.
pub(crate) fn of_release(program: &Path, release: Files) -> anyhow::Result<()> {
    let (program, release) = (program.to_owned(), Some(release));
    let e2e = EndToEnd { tools: tools::ensure()?, program, release };
    run::check(&mut e2e.tests(&["terraform::everything_is_formatted_and_valid"]))?;
    run::check(&mut e2e.tests(&[NODE]))
}
