//! `eks update-kubeconfig`, typed at both programs: the same clusters, contexts and users, but for the program.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use e2e::{
    people::environment,
    process::{self, Output},
    sts::Sts,
    world::{Flavour, World},
};
use serde_json::{Value, json};

use super::profiles;

/// A role that alice may assume.
const ADMIN: &str = "arn:aws:iam::111122223333:role/Admin";

/// An EKS with a cluster in two Regions, and one that is being made.
struct Eks<'a> {
    world: &'a World,
    folder: PathBuf,
    aws: Sts,
}

impl<'a> Eks<'a> {
    fn start(world: &'a World, name: &str) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        let api_server = &world.login(Flavour::V1Beta1Generated)?.cluster;
        let ca = api_server.ca_pem();
        let cluster = |region: &str| json!({"name": "prod", "region": region, "endpoint": api_server.server_url(), "certificateAuthority": ca});
        let clusters = json!([cluster("us-west-2"), cluster("eu-west-1"), {"name": "new", "region": "us-west-2"}]);
        let role = "roles:\n- {name: Admin, assumableBy: [alice]}\n";
        let known = include_str!("../../../src/identities.yaml").replace("roles:\n", role);
        let aws = Sts::start_with(&folder, &format!("{known}\nclusters: {clusters}\n"))?;
        // Version 1 of the AWS CLI would fetch the proxy's URL, and take what is there for the value.
        let profiles = profiles(&aws)?.replace("[default]\n", "[default]\ncli_follow_urlparam = false\n");
        fs::write(folder.join("aws-config"), profiles)?;
        Ok(Self { world, folder, aws })
    }

    /// One of the two programs.
    fn update(&self, program: &Path, variables: &[(&str, &str)], args: &[&str]) -> anyhow::Result<Output> {
        let mut command = process::command(program, &self.folder);
        command.envs(environment(&self.aws.credentials("alice")?)).envs(self.aws.proxy_environment());
        command.env("AWS_CONFIG_FILE", "aws-config").envs(variables.iter().copied());
        process::run(command.args(["eks", "update-kubeconfig"]).args(args))
    }

    /// What both say with a file of its own each, which is called `FILE` in what is returned.
    fn both(&self, number: usize, variables: &[(&str, &str)], args: &[&str]) -> anyhow::Result<[(Output, Value); 2]> {
        let one = |program: &Path, name: &str| {
            let file = format!("{name}-{number}");
            let mut said = self.update(program, variables, &[args, &["--kubeconfig", &file]].concat())?;
            let path = self.folder.join(&file);
            said.stdout = said.stdout.replace(&path.display().to_string(), "FILE");
            let is_there = path.exists();
            anyhow::Ok((said, if is_there { self.view(&file)? } else { Value::Null }))
        };
        Ok([one(&self.world.parts.aws_cli, "theirs")?, one(&self.world.parts.cluster_auth, "ours")?])
    }

    fn view(&self, file: &str) -> anyhow::Result<Value> {
        let mut kubectl = process::command(self.world.parts.kubernetes("kubectl"), &self.folder);
        kubectl.args(["--kubeconfig", file, "config", "view", "--raw", "--output", "json"]);
        Ok(serde_json::from_str(&process::run(&mut kubectl)?.success()?)?)
    }
}

/// Without what says which program it is: that must be the one that is expected.
fn without_program(mut config: Value, program: &str) -> anyhow::Result<Value> {
    for user in config["users"].as_array_mut().context("users")? {
        let exec = user["user"]["exec"].as_object_mut().context("a program")?;
        let command = exec.remove("command");
        ensure!(command == Some(json!(program)), "{command:?}");
        for key in ["installHint", "interactiveMode", "provideClusterInfo"] {
            exec.remove(key);
        }
    }
    Ok(config)
}

pub(super) fn same(world: &World) -> anyhow::Result<()> {
    let eks = Eks::start(world, "eks-update")?;
    let region = ["--region", "us-west-2"];
    let rows: [&[&str]; 11] = [
        &[],
        &["--alias", "prod"],
        &["--user-alias", "me"],
        &["--alias", "prod", "--user-alias", "me"],
        &["--role-arn", ADMIN],
        &["--assume-role-arn", ADMIN],
        &["--proxy-url", "http://proxy.example.com:3128"],
        &["--profile", "europe"],
        &["--verbose"],
        &["--al", "short"],
        &["--no-paginate", "--output", "text"],
    ];
    for (number, args) in rows.iter().enumerate() {
        let [theirs, ours] = eks.both(number, &[], &[&["--name", "prod"], &region[..], args].concat())?;
        ensure!(theirs.0.code == 0 && ours.0.code == 0, "{args:?}: {theirs:?}\n{ours:?}");
        let first = |output: &Output| output.stdout.lines().next().map(str::to_owned);
        ensure!(first(&theirs.0) == first(&ours.0), "{args:?}: {theirs:?}\n{ours:?}");
        let is_verbose = |output: &Output| output.stdout.contains("\nEntries:\n");
        ensure!(is_verbose(&theirs.0) == is_verbose(&ours.0), "{args:?}: {ours:?}");
        let (theirs, ours) = (without_program(theirs.1, "aws")?, without_program(ours.1, "cluster-auth")?);
        ensure!(theirs == ours, "{args:?}: theirs {theirs:#}\nours {ours:#}");
    }
    // The profile of the environment is written, too.
    let profile = [("AWS_PROFILE", "europe")];
    let [theirs, ours] = eks.both(20, &profile, &["--name", "prod"])?;
    ensure!(without_program(theirs.1, "aws")? == without_program(ours.1, "cluster-auth")?);
    // What neither writes.
    for (number, args) in [
        &["--name", "missing", "--region", "us-west-2"][..],
        &["--name", "new", "--region", "us-west-2"],
        &["--region", "us-west-2"],
        &["--name", "prod", "--region", "us-west-2", "--nosuch"],
        &["--name", "prod", "--region", "us-west-2", "--no-sign-request"],
        &["--name", "prod", "--region", "us-west-2", "--assume-role-arn", "arn:aws:iam::111122223333:role/Nobody"],
    ]
    .iter()
    .enumerate()
    {
        let [theirs, ours] = eks.both(30 + number, &[], args)?;
        ensure!(theirs.0.code != 0 && ours.0.code != 0 && ours.1.is_null(), "{args:?}: {theirs:?}\n{ours:?}");
    }
    let said =
        eks.update(&world.parts.cluster_auth, &[], &["--name", "prod", "--region", "us-west-2", "--no-verify-ssl"])?;
    ensure!(said.failure()?.contains("--no-verify-ssl: certificates of AWS are always checked"));
    Ok(())
}

pub(super) fn which_file(world: &World) -> anyhow::Result<()> {
    let eks = Eks::start(world, "eks-which-file")?;
    let prod = ["--name", "prod", "--region", "us-west-2"];
    let (theirs, ours) = (&world.parts.aws_cli, &world.parts.cluster_auth);
    // Its entry is taken over where it stands, and twice is once.
    eks.update(theirs, &[], &[&prod[..], &["--kubeconfig", "taken"]].concat())?.success()?;
    let before = without_program(eks.view("taken")?, "aws")?;
    for _ in 0..2 {
        let said = eks.update(ours, &[], &[&prod[..], &["--kubeconfig", "taken"]].concat())?;
        ensure!(said.code == 0 && said.stdout.starts_with("Updated context arn:aws:eks:us-west-2:"), "{said:?}");
        ensure!(without_program(eks.view("taken")?, "cluster-auth")? == before);
    }
    // In the file of KUBECONFIG that has the cluster; else in the first one.
    for (program, name) in [(theirs, "aws"), (ours, "cluster-auth")] {
        let folder = eks.folder.join(name);
        fs::create_dir_all(&folder)?;
        fs::copy(eks.folder.join("taken"), folder.join("second"))?;
        let listed = format!("{0}/first:{0}/second", folder.display());
        let variables = [("KUBECONFIG", &*listed)];
        let said = eks.update(program, &variables, &[&prod[..], &["--alias", "again"]].concat())?.success()?;
        ensure!(said.starts_with("Updated context again in ") && said.trim_end().ends_with("second"), "{said}");
        ensure!(!folder.join("first").exists());
        let said = eks.update(program, &variables, &["--name", "prod", "--region", "eu-west-1"])?.success()?;
        ensure!(said.starts_with("Added new context ") && said.trim_end().ends_with("first"), "{said}");
        // Printed, and nothing is written.
        let printed = eks.update(program, &variables, &[&prod[..], &["--alias", "dry", "--dry-run"]].concat())?;
        let printed = printed.success()?;
        let read: Value = serde_saphyr::from_str(&printed)?;
        let names: Vec<_> = read["contexts"].as_array().into_iter().flatten().map(|context| &context["name"]).collect();
        ensure!(names.contains(&&json!("dry")) && names.contains(&&json!("again")), "{name}: {printed}");
        ensure!(!fs::read_to_string(folder.join("second"))?.contains("dry"));
    }
    Ok(())
}
