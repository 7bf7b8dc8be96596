//! The Terraform module, by OpenTofu: as it is written, as it plans, and what it makes of access files.
//!
//! The AWS provider is a stand-in that has the real one's schema (`tests/tools/aws-provider`): a wrong or missing argument
//! is found, and state is kept and moved; what AWS itself would say is made up.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use e2e::{
    moto::Moto,
    process::{self, Output},
    shell::Shell,
    typed,
    world::World,
};
use pages::Page;
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("terraform::everything_is_formatted_and_valid", valid),
    ("terraform::the_module_passes_its_own_tests", own_tests),
    ("terraform::the_access_file_means_what_render_says", as_rendered),
    ("terraform::the_steps_for_an_account_at_aws_go_through_with_stand_ins", for_an_account),
    ("terraform::a_second_apply_changes_nothing", applied_twice),
    ("terraform::nothing_of_2018_is_destroyed", from_2018),
    ("terraform::rendered_access_entries_are_valid", access_entries),
    ("terraform::the_readme_lists_variables_and_outputs", readme),
];

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The version that the stand-in says it is; only a range in the module's `required_providers` has to hold it.
const PROVIDER_VERSION: &str = "6.25.0";

/// OpenTofu in a folder of its own, with the module and the access files of the examples beside it.
struct Tofu<'a> {
    world: &'a World,
    folder: PathBuf,
}

impl<'a> Tofu<'a> {
    fn new(world: &'a World, name: &str) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        copy(&Path::new(REPOSITORY).join("examples"), &folder.join("examples"))?;
        let module = folder.join("terraform");
        match &world.parts.release {
            Some(release) => unpack(release, &module)?,
            None => copy(&Path::new(REPOSITORY).join("terraform"), &module)?,
        }
        let platform = format!("linux_{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" });
        let provider = folder.join("mirror").join(address(world, &folder)?).join(PROVIDER_VERSION).join(platform);
        fs::create_dir_all(&provider)?;
        fs::copy(&world.parts.aws_provider, provider.join(format!("terraform-provider-aws_v{PROVIDER_VERSION}")))?;
        let mirror = folder.join("mirror");
        let mirror = mirror.display();
        let settings = format!("provider_installation {{\n  filesystem_mirror {{\n    path = \"{mirror}\"\n  }}\n}}\n");
        fs::write(folder.join("settings.tfrc"), settings)?;
        Ok(Self { world, folder })
    }

    /// Runs it in a folder below.
    fn run(&self, below: &str, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = process::command(&self.world.parts.tofu, &self.folder);
        command.current_dir(self.folder.join(below)).args(arguments);
        command.env("TF_CLI_CONFIG_FILE", self.folder.join("settings.tfrc")).env("TF_CLI_ARGS", "-no-color");
        process::run(&mut command)
    }

    /// Types lines of the documentation in a folder below.
    fn types(&self, below: &str, lines: &str) -> anyhow::Result<String> {
        let mut shell = process::command("sh", &self.folder);
        let programs = self.world.parts.tofu.parent().context("a folder")?;
        shell.current_dir(self.folder.join(below)).args(["-euc", lines]);
        shell.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
        shell.env("TF_CLI_CONFIG_FILE", self.folder.join("settings.tfrc"));
        process::run(&mut shell)?.success()
    }

    /// Runs it, for what must succeed.
    fn succeeds(&self, below: &str, arguments: &[&str]) -> anyhow::Result<String> {
        self.run(below, arguments)?.success().with_context(|| format!("tofu {arguments:?} in {below}"))
    }

    /// What a plan would do, as `<actions> <address>`, sorted; reading and leaving alone are left out.
    fn changes(&self, below: &str) -> anyhow::Result<Vec<String>> {
        self.succeeds(below, &["plan", "-out=planned"])?;
        let plan: Value = serde_json::from_str(&self.succeeds(below, &["show", "-json", "planned"])?)?;
        let changes = plan["resource_changes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut all: Vec<String> = changes
            .iter()
            .filter_map(|change| {
                let actions = change["change"]["actions"].as_array()?;
                let actions: Vec<_> = actions.iter().filter_map(Value::as_str).collect();
                let quiet = actions == ["no-op"] || actions == ["read"];
                (!quiet).then(|| format!("{} {}", actions.join("+"), change["address"].as_str().unwrap_or_default()))
            })
            .collect();
        all.sort();
        Ok(all)
    }
}

/// What OpenTofu calls the provider in full, which is also where a mirror has it.
fn address(world: &World, folder: &Path) -> anyhow::Result<String> {
    let asking = folder.join("asking");
    fs::create_dir_all(&asking)?;
    fs::write(
        asking.join("main.tf"),
        "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n",
    )?;
    let mut command = process::command(&world.parts.tofu, folder);
    let said = process::run(command.current_dir(asking).args(["providers", "-no-color"]))?.success()?;
    let address = said.split_once("provider[").and_then(|(_, rest)| rest.split_once(']'));
    Ok(address.context("tofu names the provider")?.0.to_owned())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        // What somebody's own `tofu init` has left there.
        if entry.file_name().to_string_lossy().starts_with(".terraform") {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

const FOLDERS: [&str; 5] = [
    "terraform",
    "terraform/modules/people",
    "terraform/examples/access-file",
    "terraform/examples/rendered",
    "terraform/examples/from-2018",
];

/// The module of a release, from its archive.
fn unpack(release: &Path, module: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(module)?;
    let archive = release.join(format!("terraform-aws-cluster-auth-{}.tar.gz", env!("CARGO_PKG_VERSION")));
    let mut tar = process::command("tar", module);
    tar.args(["--extract", "--gzip", "--strip-components=1", "--file"]).arg(archive);
    process::run(&mut tar)?.success().map(drop)
}

fn valid(world: &World) -> anyhow::Result<()> {
    let tofu = Tofu::new(world, "terraform-valid")?;
    tofu.succeeds("terraform", &["fmt", "-check", "-diff", "-recursive"])?;
    for folder in FOLDERS {
        tofu.succeeds(folder, &["init"])?;
        tofu.succeeds(folder, &["validate"])?;
    }
    // The stand-in does find what is wrong, or the above would say nothing.
    let roles = tofu.folder.join("terraform/roles.tf");
    let text = fs::read_to_string(&roles)?;
    for (right, wrong) in
        [("assume_role_policy ", "assume_policy "), ("max_session_duration = var", "max_duration = var")]
    {
        ensure!(text.contains(right), "{right}");
        fs::write(&roles, text.replacen(right, wrong, 1))?;
        let said = tofu.run("terraform", &["validate"])?.failure()?;
        ensure!(said.contains("Unsupported argument"), "{said}");
    }
    Ok(())
}

fn own_tests(world: &World) -> anyhow::Result<()> {
    let tofu = Tofu::new(world, "terraform-tests")?;
    for (folder, tests) in [("terraform/modules/people", 22), ("terraform", 10)] {
        tofu.succeeds(folder, &["init"])?;
        let said = tofu.succeeds(folder, &["test"])?;
        ensure!(said.contains(&format!("{tests} passed, 0 failed")), "{folder}: {said}");
    }
    Ok(())
}

/// What docs/terraform.md has for whoever has an account: with moto, which lets everybody assume every role.
fn for_an_account(world: &World) -> anyhow::Result<()> {
    let tofu = Tofu::new(world, "terraform-account")?;
    let moto = Moto::start(&world.parts, &tofu.folder)?;
    moto.fill("iam.create_user(UserName='alice')")?;
    let mut shell = Shell::new(&world.parts, &tofu.folder)?;
    shell.set_all(moto.environment());
    shell.set("TF_CLI_CONFIG_FILE", tofu.folder.join("settings.tfrc").display().to_string());
    shell.set("TF_CLI_ARGS", "-no-color");
    shell.runs("cd terraform")?;
    ensure!(shell.runs("tofu init && tofu test")?.contains("10 passed, 0 failed"));
    shell.runs("cd examples/from-2018")?;
    let said = shell.answers("tofu init && tofu apply", "Enter a value:", "yes")?;
    ensure!(said.contains("Apply complete!"), "{said}");
    let keys: Value = serde_json::from_str(&shell.runs("aws iam create-access-key --user-name alice")?)?;
    let text = |name: &str| keys["AccessKey"][name].as_str().context("a key").map(str::to_owned);
    fs::create_dir_all(tofu.folder.join(".aws"))?;
    let profile = format!(
        "[alice]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        text("AccessKeyId")?,
        text("SecretAccessKey")?
    );
    fs::write(tofu.folder.join(".aws/credentials"), profile)?;
    let assumes = "aws --profile alice sts assume-role --role-arn \"$(tofu output -json roles | jq -r '.[\"all users\"]')\" --role-session-name alice";
    let assumed = shell.runs(assumes)?;
    ensure!(assumed.contains("assumed-role/k8s-access/alice"), "{assumed}");
    shell.answers("tofu destroy", "Enter a value:", "yes")?;
    Ok(())
}

/// Forms of principals that the module reads by itself, beside the files of the examples.
const FORMS: &str = r#"
clusterID: c
account: "012345678901"
x-people: &people [alice, ops/bob, /a/b/carol]
groups:
- {name: by-name, users: *people, authorization: [{clusterRole: view}]}
- name: by-mapping
  users: [{name: dave}, {name: ops/erin, account: "111122223333"}, {name: wei, partition: aws-cn, username: w}]
  authorization: [{clusterRole: view}]
- name: by:arn
  users: ["arn:aws:iam::111122223333:user/x/frank", {arn: "arn:aws-us-gov:iam::111122223333:user/grace"}, "ops/bob"]
  authentication: {account: "012345678901"}
  authorization: [{clusterRole: view}]
- {name: nobody, roles: [Deployer], users: [], authorization: [{clusterRole: view}]}
- name: theirs
  users: [{name: alice, username: the-other-alice}, heidi]
  authentication: {account: "444455556666"}
  authorization: [{clusterRole: view}]
"#;

fn as_rendered(world: &World) -> anyhow::Result<()> {
    let tofu = Tofu::new(world, "terraform-rendered")?;
    fs::write(tofu.folder.join("examples/forms.yaml"), FORMS)?;
    let accounts =
        [("aws", "111122223333"), ("aws", "012345678901"), ("aws", "444455556666"), ("aws-cn", "012345678901")];
    let mut people = 0;
    for file in ["guide.yaml", "grown-up/base/people.yaml", "forms.yaml"] {
        let mut render = process::command(&world.parts.cluster_auth, &tofu.folder);
        let path = format!("examples/{file}");
        // One of them is half a file: the other half has the id.
        let half = (file.starts_with("grown-up")).then_some("examples/grown-up/clusters/prod.yaml");
        render.args(["render", "--to", "terraform", &path]).args(half);
        let rendered: Value = serde_json::from_str(&process::run(&mut render)?.success()?)?;
        let mut calls = serde_json::Map::new();
        for (at, (partition, account)) in accounts.iter().enumerate() {
            let common =
                json!({"source": "../terraform/modules/people", "account_id": account, "partition": partition});
            let mut by_file = common.clone();
            by_file["access"] = json!(format!("${{yamldecode(file(\"../{path}\"))}}"));
            let mut by_users = common;
            by_users["users"] = rendered["users"].clone();
            calls.insert(format!("file{at}"), by_file);
            calls.insert(format!("users{at}"), by_users);
        }
        let outputs: serde_json::Map<_, _> =
            calls.keys().map(|name| (name.clone(), json!({"value": format!("${{module.{name}}}")}))).collect();
        let root = tofu.folder.join("root");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(&root)?;
        fs::write(root.join("main.tf.json"), json!({"module": calls, "output": outputs}).to_string())?;
        tofu.succeeds("root", &["init"])?;
        tofu.succeeds("root", &["apply", "-auto-approve"])?;
        let outputs: Value = serde_json::from_str(&tofu.succeeds("root", &["output", "-json"])?)?;
        for (at, account) in accounts.iter().enumerate() {
            let of = |kind: &str| &outputs[format!("{kind}{at}")]["value"];
            let (by_file, by_users) = (of("file"), of("users"));
            ensure!(by_file == by_users, "{file}, {account:?}\nthe file {by_file:#}\nrender {by_users:#}");
            people += by_file["users"].as_object().map_or(0, serde_json::Map::len);
        }
    }
    // 3 of the guide's, 3 of the other example, and 9 of the forms.
    ensure!(people == 15, "{people}");
    Ok(())
}

fn applied_twice(world: &World) -> anyhow::Result<()> {
    let tofu = Tofu::new(world, "terraform-twice")?;
    let here = "terraform/examples/rendered";
    let mut render = process::command(&world.parts.cluster_auth, &tofu.folder);
    let users = process::run(render.args(["render", "--to", "terraform", "examples/guide.yaml"]))?.success()?;
    fs::write(tofu.folder.join(here).join("access.auto.tfvars.json"), users)?;
    tofu.succeeds(here, &["init"])?;
    tofu.succeeds(here, &["apply", "-auto-approve"])?;
    ensure!(tofu.changes(here)?.is_empty(), "{:?}", tofu.changes(here)?);
    let shown = tofu.succeeds(here, &["output"])?;
    ensure!(shown.contains("secrets = <sensitive>"), "{shown}");
    let secrets: Value = serde_json::from_str(&tofu.succeeds(here, &["output", "-json", "secrets"])?)?;
    ensure!(secrets.as_array().map(Vec::len) == Some(3), "{secrets}");
    // Whoever leaves the file leaves: key, membership and user go, and the role no longer trusts them.
    let mut access: Value =
        serde_json::from_str(&fs::read_to_string(tofu.folder.join(here).join("access.auto.tfvars.json"))?)?;
    access["users"].as_array_mut().context("users")?.retain(|user| user["arn"] != "arn:aws:iam::111122223333:user/bob");
    fs::write(tofu.folder.join(here).join("access.auto.tfvars.json"), access.to_string())?;
    let changes = tofu.changes(here)?;
    let of = "module.k8s_access.aws_iam_";
    let expected = [
        format!("delete {of}access_key.key[\"bob\"]"),
        format!("delete {of}user.user[\"bob\"]"),
        format!("delete {of}user_group_membership.membership[\"bob\"]"),
        format!("update {of}role.role[\"developers\"]"),
    ];
    ensure!(changes == expected, "{changes:#?}");
    Ok(())
}

/// The addresses and arguments of the module of 2018.
const OF_2018: &str = r#"
variable "name" {}
variable "users" {}
variable "description" {}
variable "create_users" {}

resource "aws_iam_role" "role" {
  name               = var.name
  description        = var.description
  assume_role_policy = "{}"
}

resource "aws_iam_group" "group" {
  name = var.name
}

resource "aws_iam_group_policy" "group_policy" {
  name   = "${var.name}-policy"
  group  = aws_iam_group.group.id
  policy = "{}"
}

resource "aws_iam_user" "user" {
  count = length(var.users)
  name  = var.users[count.index]
}

resource "aws_iam_access_key" "key" {
  count = length(var.users)
  user  = var.users[count.index]
}

resource "aws_iam_user_group_membership" "membership" {
  count  = length(var.users)
  user   = var.users[count.index]
  groups = [var.name]
}
"#;

fn from_2018(world: &World) -> anyhow::Result<()> {
    let tofu = Tofu::new(world, "terraform-2018")?;
    let here = "terraform/examples/from-2018";
    let main = tofu.folder.join(here).join("main.tf");
    let today = fs::read_to_string(&main)?;
    fs::create_dir_all(tofu.folder.join("old"))?;
    fs::write(tofu.folder.join("old/main.tf"), OF_2018)?;
    ensure!(today.contains("\"../..\""), "{today}");
    let without_outputs = today.split("\noutput").next().unwrap_or_default();
    fs::write(&main, without_outputs.replace("\"../..\"", "\"../../../old\""))?;
    tofu.succeeds(here, &["init"])?;
    tofu.succeeds(here, &["apply", "-auto-approve"])?;

    // Now the README's steps: the module of today, and the moves that only the caller can say.
    fs::write(&main, &today)?;
    tofu.succeeds(here, &["init"])?;
    let page = Page::read("docs/terraform.md")?;
    let moves = page.blocks().into_iter().find(|block| block.lines.first() == Some(&"n=0"));
    let moves = moves.context("docs/terraform.md has the script of the moves")?;
    tofu.types(here, &moves.lines.join("\n"))?;
    moves.commands().iter().for_each(|command| typed::note(&command.text));
    let changes = tofu.changes(here)?;
    // Names, users and memberships stay; the policies are the new ones, and the path is said.
    ensure!(changes.iter().all(|change| change.starts_with("update ")), "{changes:#?}");
    ensure!(changes.iter().any(|change| change.contains("aws_iam_role.role[\"all users\"]")), "{changes:#?}");
    tofu.succeeds(here, &["apply", "-auto-approve"])?;
    ensure!(tofu.changes(here)?.is_empty(), "{:?}", tofu.changes(here)?);

    // Whoever no longer has users made takes them out of the state, or they would go.
    fs::write(&main, today.replace("create_users = true", "create_users = false"))?;
    let is_end_of_user = |change: &String| change.starts_with("delete module.k8s_access.aws_iam_user.user[");
    let changes = tofu.changes(here)?;
    ensure!(changes.iter().filter(|change| is_end_of_user(change)).count() == 2, "{changes:#?}");
    let out = "tofu state rm 'module.k8s_access.aws_iam_user.user'";
    tofu.types(here, out)?;
    typed::note(out);
    let changes = tofu.changes(here)?;
    ensure!(!changes.iter().any(is_end_of_user), "{changes:#?}");
    Ok(())
}

fn access_entries(world: &World) -> anyhow::Result<()> {
    let tofu = Tofu::new(world, "terraform-entries")?;
    let mut render = process::command(&world.parts.cluster_auth, &tofu.folder);
    let file = "clusterID: prod\naccount: '111122223333'\ngroups:\n- {name: developers, users: [alice], roles: [Deployer], authorization: [{clusterRole: view}]}\n- {name: 'system:masters', users: [carol], accept: {access.system-name: 'the last resort'}}\n";
    fs::write(tofu.folder.join("access.yaml"), file)?;
    let entries = process::run(render.args(["render", "--to", "access-entries-terraform"]))?.success()?;
    fs::create_dir_all(tofu.folder.join("root"))?;
    fs::write(tofu.folder.join("root/entries.tf.json"), entries)?;
    tofu.succeeds("root", &["init"])?;
    tofu.succeeds("root", &["validate"])?;
    let changes = tofu.changes("root")?;
    let of = |kind: &str| changes.iter().filter(|change| change.starts_with(&format!("create {kind}."))).count();
    let made = (of("aws_eks_access_entry"), of("aws_eks_access_policy_association"));
    ensure!(made == (3, 1), "{changes:#?}");
    Ok(())
}

fn readme(world: &World) -> anyhow::Result<()> {
    let tofu = Tofu::new(world, "terraform-readme")?;
    let module: Value = serde_json::from_str(&tofu.succeeds("terraform", &["show", "-json", "-module=."])?)?;
    let module = &module["root_module"];
    let cell = |text: &Value| text.as_str().unwrap_or_default().replace('|', "\\|");
    let mut tables = String::from("| variable | meaning | default |\n|---|---|---|\n");
    for (name, variable) in module["variables"].as_object().context("variables")? {
        let default = variable.get("default").map_or_else(|| "null".to_owned(), Value::to_string);
        tables.push_str(&format!("| `{name}` | {} | `{default}` |\n", cell(&variable["description"])));
    }
    tables.push_str("\n| output | meaning | sensitive |\n|---|---|---|\n");
    for (name, output) in module["outputs"].as_object().context("outputs")? {
        let sensitive = if output["sensitive"] == true { "yes" } else { "no" };
        tables.push_str(&format!("| `{name}` | {} | {sensitive} |\n", cell(&output["description"])));
    }
    let readme = fs::read_to_string(Path::new(REPOSITORY).join("terraform/README.md"))?;
    ensure!(readme.contains(&tables), "terraform/README.md needs these tables:\n{tables}");
    Ok(())
}
