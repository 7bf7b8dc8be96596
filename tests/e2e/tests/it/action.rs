//! The GitHub Action and the hook of pre-commit: their scripts, as a runner calls them.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Output},
    world::World,
};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("action::check_fails_where_a_file_is_wrong", check),
    ("action::plan_writes_one_comment_and_changes_it_from_then_on", plan),
    ("action::lint_leaves_sarif_and_fails_where_it_is_told_to", lint),
    ("action::install_takes_what_its_checksum_says_and_nothing_else", install),
    ("action::what_is_declared_is_what_scripts_read", declared),
    ("action::the_hook_looks_at_every_file_by_itself", hook),
];

/// What GitHub's own program is asked for is written down; of comments it knows what a file says.
const GH: &str =
    "#!/bin/sh\necho \"$@\" >> calls\ncase \"$*\" in *--paginate*) cat comments 2>/dev/null ;; esac\nexit 0\n";

const FILE: &str = "clusterID: prod.example.com\naccount: \"111122223333\"\ngroups:\n- name: developers\n  users: [alice]\n  \
     authorization:\n  - {clusterRole: cluster-admin, accept: {access.all-powerful: they run it}}\n";

/// A step of a job.
struct Step {
    folder: PathBuf,
}

impl Step {
    fn new(world: &World, name: &str) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        fs::create_dir_all(folder.join("bin"))?;
        symlink(&world.parts.cluster_auth, folder.join("bin/cluster-auth"))?;
        program(&folder.join("bin/gh"), GH)?;
        fs::write(folder.join("access.yaml"), FILE)?;
        fs::write(folder.join("cluster.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")?;
        Ok(Self { folder })
    }

    fn script(&self, name: &str) -> Command {
        let mut command = process::command(pages::repository().join("action").join(name), &self.folder);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.folder.join("bin").display());
        command.env("PATH", path).env("RUNNER_TEMP", &self.folder);
        for name in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH"] {
            command.env(name, self.folder.join(name));
        }
        command.env("GITHUB_REPOSITORY", "team/access").env("PULL_REQUEST", "7").env("COMMENT", "true");
        command
    }

    fn run(&self, command: &str, args: &str) -> anyhow::Result<Output> {
        process::run(self.script("run.sh").env("COMMAND", command).env("ARGS", args))
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_default()
    }
}

fn program(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

fn check(world: &World) -> anyhow::Result<()> {
    let step = Step::new(world, "action-check")?;
    let good = step.run("check", "access.yaml")?;
    ensure!(good.code == 0 && good.stderr.contains("0 errors"), "{good:?}");
    fs::write(step.folder.join("a file; rm -rf x.yaml"), "groups: 3\n")?;
    let bad = step.run("check", "'a file; rm -rf x.yaml'")?;
    ensure!(bad.code == 1 && bad.stderr.contains("a file; rm -rf x.yaml"), "{bad:?}");
    let other = step.run("apply", "--yes")?;
    ensure!(other.code == 1 && other.stderr.contains("command is check, plan or lint"), "{other:?}");
    Ok(())
}

fn plan(world: &World) -> anyhow::Result<()> {
    let step = Step::new(world, "action-plan")?;
    let args = "--from cluster.yaml --mapping access-file access.yaml";
    let whole = step.run("plan", args)?;
    // One manifest is not the whole cluster: it is not known whether something would change.
    ensure!(whole.code == 1 && !step.text("GITHUB_OUTPUT").contains("changes="), "{whole:?}");
    let kinds = ["Namespace", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap"];
    let lists = kinds.map(|kind| {
        let group = if kind.contains("Role") { "rbac.authorization.k8s.io/v1" } else { "v1" };
        format!("---\napiVersion: {group}\nkind: {kind}List\nmetadata: {{resourceVersion: '1'}}\nitems: []\n")
    });
    fs::write(step.folder.join("cluster.yaml"), lists.concat())?;
    fs::remove_file(step.folder.join("calls"))?;
    let changes = step.run("plan", args)?.success()?;
    ensure!(
        changes.contains("cluster-admin") && step.text("GITHUB_STEP_SUMMARY").contains("cluster-admin"),
        "{changes}"
    );
    ensure!(step.text("GITHUB_OUTPUT").contains("changes=true\n"), "{}", step.text("GITHUB_OUTPUT"));
    let calls = step.text("calls");
    let posted = format!(
        "api --silent --method POST repos/team/access/issues/7/comments --field body=@{}",
        step.folder.join("comment.md").display()
    );
    ensure!(calls.contains(&posted) && !calls.contains("PATCH"), "{calls}");
    ensure!(step.text("comment.md").starts_with("<!-- cluster-auth plan -->\n"), "{}", step.text("comment.md"));

    fs::write(step.folder.join("comments"), "4711\n")?;
    step.run("plan", args)?.success()?;
    ensure!(
        step.text("calls").contains("--method PATCH repos/team/access/issues/comments/4711 "),
        "{}",
        step.text("calls")
    );

    // What cannot be planned is a failure, and no empty comment.
    fs::remove_file(step.folder.join("calls"))?;
    let wrong = step.run("plan", "--from cluster.yaml missing.yaml")?;
    ensure!(wrong.code == 1 && step.text("calls").is_empty(), "{wrong:?} {}", step.text("calls"));
    Ok(())
}

fn lint(world: &World) -> anyhow::Result<()> {
    let step = Step::new(world, "action-lint")?;
    let found = step.run("lint", "--from access.yaml --fail-on danger")?;
    ensure!(found.code == 2 && found.stdout.contains("cluster-admin"), "{found:?}");
    let sarif: Value = serde_json::from_str(&step.text("cluster-auth.sarif"))?;
    ensure!(sarif["runs"][0]["results"].as_array().is_some_and(|results| !results.is_empty()), "{sarif}");
    ensure!(step.text("GITHUB_OUTPUT") == format!("sarif={}\n", step.folder.join("cluster-auth.sarif").display()));
    Ok(())
}

fn install(world: &World) -> anyhow::Result<()> {
    let step = Step::new(world, "action-install")?;
    fs::remove_file(step.folder.join("bin/cluster-auth"))?;
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let name = format!("cluster-auth-9.9.9-linux-{processor}");
    let site = step.folder.join("site/v9.9.9");
    fs::create_dir_all(site.join(&name))?;
    program(&site.join(&name).join("cluster-auth"), "#!/bin/sh\necho 9.9.9\n")?;
    let sh = |line: &str| process::run(Command::new("sh").args(["-c", line]).current_dir(&site))?.success();
    sh(&format!("tar -czf {name}.tar.gz {name} && sha256sum {name}.tar.gz > SHA256SUMS"))?;
    let url = format!("file://{}/v{{version}}", step.folder.join("site").display());
    let install = || process::run(step.script("install.sh").env("VERSION", "9.9.9").env("BASE_URL", &url));
    install()?.success()?;
    let installed = PathBuf::from(step.text("GITHUB_PATH").trim());
    ensure!(process::run(&mut Command::new(installed.join("cluster-auth")))?.success()? == "9.9.9\n");
    // Another file under the same name.
    fs::remove_file(step.folder.join("GITHUB_PATH"))?;
    sh(&format!("echo >> {name}.tar.gz"))?;
    let refused = install()?;
    ensure!(refused.code != 0 && step.text("GITHUB_PATH").is_empty(), "{refused:?}");
    Ok(())
}

/// Every variable that a script reads is one that the action sets, or GitHub's own.
fn declared(_: &World) -> anyhow::Result<()> {
    let read = |name: &str| fs::read_to_string(pages::repository().join(name));
    let action: Value = serde_saphyr::from_str(&read("action.yml")?)?;
    let steps = action["runs"]["steps"].as_array().context("steps")?;
    for (step, script) in steps.iter().zip(["action/install.sh", "action/run.sh"]) {
        ensure!(step["run"].as_str().is_some_and(|run| run.contains(script)), "{step}");
        let text = read(script)?;
        for (name, value) in step["env"].as_object().context("its environment")? {
            ensure!(text.contains(name) || name == "GH_TOKEN", "{script} does not read {name}");
            let input = value.as_str().and_then(|value| value.split("inputs.").nth(1)?.split(' ').next());
            ensure!(
                input.is_none_or(|input| action["inputs"][input].is_object()),
                "{name}: there is no input {input:?}"
            );
        }
    }
    ensure!(action["inputs"]["version"]["default"] == env!("CARGO_PKG_VERSION"), "another version is installed");
    Ok(())
}

fn hook(world: &World) -> anyhow::Result<()> {
    let step = Step::new(world, "action-hook")?;
    let hooks: Value =
        serde_saphyr::from_str(&fs::read_to_string(pages::repository().join(".pre-commit-hooks.yaml"))?)?;
    ensure!(
        hooks[0]["entry"] == "action/check-each.sh"
            && hooks[1]["entry"] == "cluster-auth lint --from . --fail-on danger"
    );
    // Together they would name a group twice.
    fs::write(step.folder.join("other.yaml"), FILE)?;
    process::run(step.script("check-each.sh").args(["access.yaml", "other.yaml"]))?.success()?;
    fs::write(step.folder.join("wrong.yaml"), "groups: 3\n")?;
    let wrong = process::run(step.script("check-each.sh").args(["wrong.yaml", "access.yaml"]))?;
    ensure!(
        wrong.code == 1 && wrong.stderr.contains("wrong.yaml") && wrong.stderr.contains("1 grant: 0 errors"),
        "{wrong:?}"
    );
    let mut lint = process::command("bash", &step.folder);
    let path = format!("{}:/usr/bin:/bin", step.folder.join("bin").display());
    let found = process::run(lint.args(["-c", "cluster-auth lint --from . --fail-on danger"]).env("PATH", path))?;
    ensure!(found.code == 2, "{found:?}");
    Ok(())
}
