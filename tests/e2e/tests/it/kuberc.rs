//! kubectl's own preferences: which programs it runs for credentials, and what `kubeconfig --kuberc` makes of them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use e2e::{
    people::environment,
    process::{self, Output},
    shell::Shell,
    world::{CLUSTER_ID, Flavour, World},
};
use serde_json::{Value, json};

use self::cases::{CASES, Case, Outcome};
use crate::Test;

mod cases;

pub(crate) const TESTS: &[Test] = &[
    ("kuberc::kubectl_refuses_the_program_until_it_is_listed", listed),
    ("kuberc::whoever_logs_in_by_another_program_still_does", others),
    ("kuberc::each_kuberc_means_to_us_what_it_means_to_kubectl", odd),
    ("kuberc::what_is_passed_over_is_named", passed_over),
    ("kuberc::it_asks_first_and_looks_where_kubectl_does", asked),
];

/// Another program that makes credentials.
const OTHER: &str = r#"#!/bin/sh
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"other"}}'
"#;

/// A home folder with a kubeconfig, and programs that make credentials.
struct Home<'a> {
    world: &'a World,
    folder: PathBuf,
}

impl<'a> Home<'a> {
    /// Users `ours`, `other` and `path`: the last one's program is named by a path from the kubeconfig's folder.
    fn new(world: &'a World, name: &str, cluster: &Value) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        for program in ["bin/other-plugin", "elsewhere/path-plugin"] {
            let program = folder.join(program);
            fs::create_dir_all(program.parent().context("a folder")?)?;
            fs::write(&program, OTHER)?;
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        }
        let user = |name: &str, command: &str, args: &[&str]| {
            let exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": args, "interactiveMode": "Never"});
            json!({"name": name, "user": {"exec": exec}})
        };
        let context = |name: &str| json!({"name": name, "context": {"cluster": "c", "user": name}});
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "ours",
            "clusters": [{"name": "c", "cluster": cluster}],
            "contexts": [context("ours"), context("other"), context("path")],
            "users": [
                user("ours", "cluster-auth", &["token", "-i", CLUSTER_ID]),
                user("other", "other-plugin", &[]),
                user("path", "../elsewhere/path-plugin", &[]),
            ],
        });
        fs::create_dir_all(folder.join(".kube"))?;
        fs::write(folder.join(".kube/config"), config.to_string())?;
        Ok(Self { world, folder })
    }

    /// One whose cluster nobody answers for: a program that ran is all that there is to see.
    fn without_cluster(world: &'a World, name: &str) -> anyhow::Result<Self> {
        Self::new(world, name, &json!({"server": "https://127.0.0.1:1"}))
    }

    fn command(&self, program: &Path) -> anyhow::Result<Command> {
        let ours = self.world.parts.cluster_auth.parent().context("a folder")?;
        let mut command = process::command(program, &self.folder);
        command.env("PATH", format!("{}/bin:{}:/usr/bin:/bin", self.folder.display(), ours.display()));
        command.envs(environment(&self.world.sts.credentials("alice")?)).envs(self.world.sts.proxy_environment());
        Ok(command)
    }

    fn kubectl(&self, context: &str, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = self.command(&self.world.parts.kubernetes("kubectl"))?;
        process::run(command.args(["--context", context]).args(args))
    }

    fn permit(&self, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = self.command(&self.world.parts.cluster_auth)?;
        process::run(command.args(["kubeconfig", "--kuberc"]).args(args))
    }

    fn kuberc(&self) -> PathBuf {
        self.folder.join(".kube/kuberc")
    }

    /// What kubectl does with each user's program.
    fn runs(&self) -> anyhow::Result<[Runs; 3]> {
        let one = |context: &str| Runs::of(&self.kubectl(context, &["get", "--raw", "/version"])?);
        Ok([one("ours")?, one("other")?, one("path")?])
    }
}

/// What kubectl does with a program that makes credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runs {
    /// It runs, and kubectl goes on to the API server, which there is not.
    Yes,
    /// kubectl refuses the program.
    No,
    /// kubectl refuses its preferences, and with them every command.
    Broken,
}

impl Runs {
    fn of(output: &Output) -> anyhow::Result<Self> {
        ensure!(output.code != 0, "{output:?}");
        let said = |text: &str| output.stderr.contains(text);
        if said("was refused - did you specify") {
            Ok(Self::Yes)
        } else if said("is not permitted by the credential plugin allowlist") || said("not allowed: policy set to") {
            Ok(Self::No)
        } else {
            ensure!(said("credential plugin") || said("plugin policy") || said("file path"), "{output:?}");
            Ok(Self::Broken)
        }
    }
}

fn listed(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let admin: Value = serde_saphyr::from_str(&fs::read_to_string(login.cluster.admin_kubeconfig())?)?;
    let home = Home::new(world, "kuberc-listed", &admin["clusters"][0]["cluster"])?;
    let whoami = ["auth", "whoami", "--output", "jsonpath={.status.userInfo.username}"];
    ensure!(home.kubectl("ours", &whoami)?.success()? == "alice");
    let before = "# ours\napiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\n\
                  credentialPluginAllowlist:\n- command: other-plugin # theirs\n";
    fs::write(home.kuberc(), before)?;
    let refused = home.kubectl("ours", &whoami)?.failure()?;
    ensure!(refused.contains("is not permitted by the credential plugin allowlist"), "{refused}");
    let said = home.permit(&["--yes"])?;
    ensure!(said.code == 0, "{said:?}");
    ensure!(fs::read_to_string(home.kuberc())? == format!("{before}- command: cluster-auth\n"));
    ensure!(home.kubectl("ours", &whoami)?.success()? == "alice");
    // What somebody left out of the list stays out of it, and that is said.
    let refused = home.kubectl("path", &whoami)?.failure()?;
    ensure!(refused.contains("is not permitted by the credential plugin allowlist"), "{refused}");
    let path = home.folder.join("elsewhere/path-plugin").display().to_string();
    ensure!(said.stderr.contains(&format!("kubectl still refuses {path}")), "{said:?}");
    ensure!(said.stderr.contains(&format!("`kubeconfig --kuberc --command {path}` adds it")), "{said:?}");
    let again = home.permit(&["--yes"])?;
    ensure!(again.code == 0 && again.stderr.contains("kubectl may run cluster-auth already"), "{again:?}");
    home.permit(&["--yes", "--command", &path])?.success()?;
    let other = home.kubectl("path", &whoami)?.failure()?;
    ensure!(!other.contains("allowlist"), "{other}");
    Ok(())
}

/// From no list to one: every program that somebody logs in by stands in it.
fn others(world: &World) -> anyhow::Result<()> {
    let home = Home::without_cluster(world, "kuberc-others")?;
    let folder = &home.folder;
    ensure!(home.runs()? == [Runs::Yes; 3]);
    // In a file of its own, and in a second one of KUBECONFIG.
    let config = fs::read_to_string(folder.join(".kube/config"))?;
    fs::create_dir_all(folder.join("work"))?;
    for (file, plugin) in [(".kube/staging.yaml", "staging-plugin"), ("work/second.conf", "second-plugin")] {
        fs::write(folder.join(file), config.replace("other-plugin", plugin))?;
        fs::copy(folder.join("bin/other-plugin"), folder.join("bin").join(plugin))?;
    }
    fs::write(folder.join(".kube/notes"), "no kubeconfig: [\n")?;
    let kubeconfig = format!("{0}/.kube/config:{0}/work/second.conf", folder.display());
    let mut permit = home.command(&world.parts.cluster_auth)?;
    let said = process::run(permit.env("KUBECONFIG", kubeconfig).args(["kubeconfig", "--kuberc", "--yes"]))?;
    ensure!(said.code == 0 && said.stderr.contains("kubectl runs any program for credentials"), "{said:?}");
    let written = fs::read_to_string(home.kuberc())?;
    let expected = format!(
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n\
         - name: cluster-auth\n- name: other-plugin\n- name: {0}/elsewhere/path-plugin\n- name: second-plugin\n- name: staging-plugin\n",
        folder.display()
    );
    ensure!(written == expected, "{written}");
    ensure!(fs::metadata(home.kuberc())?.permissions().mode() & 0o777 == 0o600);
    ensure!(home.runs()? == [Runs::Yes; 3]);
    for file in [".kube/staging.yaml", "work/second.conf"] {
        let asked = home.kubectl("other", &["--kubeconfig", file, "get", "--raw", "/version"])?;
        ensure!(Runs::of(&asked)? == Runs::Yes, "{file}: {asked:?}");
    }
    // The list holds: what is not in it does not run.
    fs::write(folder.join("work/fourth.conf"), config.replace("other-plugin", "sh"))?;
    let asked = home.kubectl("other", &["--kubeconfig", "work/fourth.conf", "get", "--raw", "/version"])?;
    ensure!(Runs::of(&asked)? == Runs::No, "{asked:?}");
    Ok(())
}

fn odd(world: &World) -> anyhow::Result<()> {
    let home = Home::without_cluster(world, "kuberc-odd")?;
    let mut wrong = Vec::new();
    for Case { name, text, before, outcome } in CASES {
        let text = text.replace("BIN", &world.parts.cluster_auth.display().to_string());
        fs::write(home.kuberc(), &text)?;
        let is = home.runs()?;
        if is != *before {
            wrong.push(format!("{name}: kubectl runs {is:?} before"));
        }
        let said = home.permit(&["--yes"])?;
        let written = fs::read_to_string(home.kuberc())?;
        let (code, keeps) = match outcome {
            Outcome::Adds(lines, after) => {
                let is = home.runs()?;
                if is != *after {
                    wrong.push(format!("{name}: kubectl runs {is:?} afterwards\n{written}"));
                }
                let kept = without(&written, &lines.replace("FOLDER", &home.folder.display().to_string()));
                (0, kept.as_deref() == Some(&*text))
            }
            Outcome::Unchanged => (0, written == text),
            Outcome::Refused(why) => (1, written == text && said.stderr.contains(why)),
        };
        if said.code != code || !keeps {
            wrong.push(format!("{name}: exit code {}\n{}\nwritten:\n{written}", said.code, said.stderr));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    Ok(())
}

/// A text without what was put into it, which stands there once or in pieces that `…` separates.
fn without(text: &str, added: &str) -> Option<String> {
    let mut left = text.to_owned();
    for piece in added.split('…') {
        let (was, is) = piece.split_once('→').unwrap_or(("", piece));
        let at = left.find(is)?;
        left.replace_range(at..at + is.len(), was);
    }
    Some(left)
}

/// Who logs in by a kubeconfig that nobody has looked at is not to find out when kubectl refuses the program.
fn passed_over(world: &World) -> anyhow::Result<()> {
    let home = Home::without_cluster(world, "kuberc-passed-over")?;
    let clean = home.permit(&["--dry-run"])?;
    ensure!(clean.code == 0 && !clean.stderr.contains("no program is known of"), "{clean:?}");
    let kube = home.folder.join(".kube");
    for folder in ["cache/discovery", "old"] {
        fs::create_dir_all(kube.join(folder))?;
    }
    fs::copy(kube.join("config"), kube.join("old/config"))?;
    fs::write(kube.join("broken"), "users: [\n")?;
    let said = home.permit(&["--yes"])?;
    let expected =
        format!("note: no program is known of {0}/broken, {0}/old: a folder, or no kubeconfig", kube.display());
    ensure!(said.code == 0 && said.stderr.contains(&expected), "{said:?}");
    let again = home.permit(&["--dry-run"])?;
    ensure!(!again.stderr.contains("kuberc,") && again.stderr.contains(&expected), "{again:?}");
    Ok(())
}

fn asked(world: &World) -> anyhow::Result<()> {
    let home = Home::without_cluster(world, "kuberc-asked")?;
    let nobody = home.permit(&[])?;
    ensure!(nobody.code == 1 && nobody.stderr.contains("no terminal to ask for confirmation"), "{nobody:?}");
    let dry = home.permit(&["--dry-run"])?;
    ensure!(dry.code == 0 && dry.stderr.contains("nothing was written (--dry-run)"), "{dry:?}");
    ensure!(dry.stderr.contains("  other-plugin (by which other of ") && !home.kuberc().exists(), "{dry:?}");
    let shell = Shell::new(&world.parts, &home.folder)?;
    shell.answers("cluster-auth kubeconfig --kuberc", "Type `yes` to confirm:", "yes")?;
    ensure!(fs::read_to_string(home.kuberc())?.contains("- name: cluster-auth\n"));
    fs::remove_file(home.kuberc())?;
    // Where KUBERC says, and nowhere where it turns it off.
    let run = |kuberc: &str, args: &[&str]| {
        let mut command = home.command(&world.parts.cluster_auth)?;
        process::run(command.env("KUBERC", kuberc).args(["kubeconfig", "--kuberc", "--yes"]).args(args))
    };
    run("preferences.yaml", &[])?.success()?;
    ensure!(home.folder.join("preferences.yaml").exists() && !home.kuberc().exists());
    let off = run("off", &[])?;
    ensure!(off.code == 1 && off.stderr.contains("KUBERC=off"), "{off:?}");
    run("off", &["named.yaml"])?.success()?;
    ensure!(home.folder.join("named.yaml").exists());
    // A kubeconfig that kubectl does not load: who logs in by what is not known, so nothing is written.
    fs::write(home.folder.join(".kube/config"), "users: [{name: a, user: {exec: {command: 5}}}]\n")?;
    let unknown = home.permit(&["--yes"])?;
    ensure!(unknown.code == 1 && !home.kuberc().exists(), "{unknown:?}");
    Ok(())
}
