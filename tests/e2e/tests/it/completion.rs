//! Completion in real shells: each line is typed, then the tab key, and what the line has become is looked at.

use std::{fs, os::unix::fs::symlink, path::Path, process::Stdio};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Background},
    typed,
    world::World,
};
use serde_json::json;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("completion::bash_completes_every_place_under_every_name", bash),
    ("completion::zsh_completes_every_place", zsh),
    ("completion::fish_completes_every_place", fish),
];

/// The names under which the program may be installed.
const NAMES: [&str; 4] = ["cluster-auth", "kubectl-cluster_auth", "aws-iam-authenticator", "heptio-authenticator-aws"];

/// What is typed, and what it becomes.
const ROWS: &[(&str, &str)] = &[
    ("cluster-auth who-c", "cluster-auth who-can "),
    ("cluster-auth -i prod.example.com tok", "cluster-auth -i prod.example.com token "),
    ("cluster-auth kops upl", "cluster-auth kops upload "),
    ("cluster-auth help kubec", "cluster-auth help kubeconfig "),
    // Flags, of nested commands too.
    ("cluster-auth who-can --any-n", "cluster-auth who-can --any-namespace "),
    ("cluster-auth kops upload --sta", "cluster-auth kops upload --state "),
    ("cluster-auth kubeconfig --merge --keep", "cluster-auth kubeconfig --merge --keep-current "),
    // Values.
    ("cluster-auth render --to rb", "cluster-auth render --to rbac "),
    ("cluster-auth who-can get pods --output=y", "cluster-auth who-can get pods --output=yaml "),
    ("cluster-auth version -o y", "cluster-auth version -o yaml "),
    ("cluster-auth lint --fail-on d", "cluster-auth lint --fail-on danger "),
    ("cluster-auth explain token.act", "cluster-auth explain token.action "),
    ("cluster-auth token --profile wo", "cluster-auth token --profile work "),
    // Contexts, which may be ARNs, with the colons at which bash cuts words.
    ("cluster-auth plan --context pro", "cluster-auth plan --context prod.example.com "),
    (
        "cluster-auth plan --context arn:aws:eks:us-",
        "cluster-auth plan --context arn:aws:eks:us-west-2:111122223333:cluster/edge ",
    ),
    (
        "cluster-auth plan --context=arn:aws:eks:us-",
        "cluster-auth plan --context=arn:aws:eks:us-west-2:111122223333:cluster/edge ",
    ),
    (
        "cluster-auth lint --kubeconfig old.kubeconfig --context ol",
        "cluster-auth lint --kubeconfig old.kubeconfig --context old ",
    ),
    ("cluster-auth diff context:pro", "cluster-auth diff context:prod.example.com "),
    ("cluster-auth diff cont", "cluster-auth diff context:"),
    ("cluster-auth matrix gro", "cluster-auth matrix group:"),
    // Files and folders.
    ("cluster-auth check acc", "cluster-auth check access.yaml "),
    ("cluster-auth check access.yaml mani", "cluster-auth check access.yaml manifests/"),
    ("cluster-auth lint --from manifests/wor", "cluster-auth lint --from manifests/workloads.yaml "),
    ("cluster-auth lint --from=acc", "cluster-auth lint --from=access.yaml "),
    ("cluster-auth diff acc", "cluster-auth diff access.yaml "),
    // Where there is nothing, nothing comes.
    ("cluster-auth who-can get acc", "cluster-auth who-can get acc"),
];

const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: a, user: {token: secret}}]
contexts:
- {name: prod.example.com, context: {cluster: a, user: a}}
- {name: 'arn:aws:eks:us-west-2:111122223333:cluster/edge', context: {cluster: a, user: a}}
current-context: prod.example.com
";

/// A folder with everything that is typed about, and the program under all its names in `bin`.
fn home(world: &World, name: &str) -> anyhow::Result<std::path::PathBuf> {
    let folder = world.folder(name)?;
    for below in ["bin", "manifests", ".aws", ".kube"] {
        fs::create_dir_all(folder.join(below))?;
    }
    for name in NAMES {
        symlink(&world.parts.cluster_auth, folder.join("bin").join(name))?;
    }
    for file in ["access.yaml", "manifests/workloads.yaml"] {
        fs::write(folder.join(file), "")?;
    }
    fs::write(folder.join(".kube/config"), KUBECONFIG)?;
    fs::write(folder.join("old.kubeconfig"), KUBECONFIG.replace("prod.example.com", "old"))?;
    fs::write(folder.join(".aws/config"), "[default]\nregion = us-west-2\n[profile work]\nregion = us-west-2\n")?;
    Ok(folder)
}

fn path(folder: &Path) -> String {
    format!("{}:/usr/local/bin:/usr/bin:/bin", folder.join("bin").display())
}

/// What lines become at an interactive shell, after it has run some commands.
fn become_of(
    world: &World,
    folder: &Path,
    shell: &str,
    begin: &[&str],
    lines: &[String],
) -> anyhow::Result<Vec<String>> {
    let script = folder.join("type.py");
    fs::write(&script, include_str!("completion/type.py"))?;
    let python = world.parts.moto.parent().context("a virtual environment")?.join("python");
    let mut command = process::command(python, folder);
    command.arg(&script).arg(shell).env("PATH", path(folder)).stdin(Stdio::piped());
    let mut typing = Background::start(&mut command, folder.join("typed"))?;
    typing.types(&json!({"begin": begin, "lines": lines}).to_string())?;
    let status = typing.wait()?;
    ensure!(status.success(), "{}", typing.log());
    serde_json::from_str(&typing.log()).with_context(|| typing.log())
}

/// Compares, and names every line that became something else.
fn as_expected(rows: &[(String, String)], found: &[String]) -> anyhow::Result<()> {
    let wrong: Vec<_> = rows.iter().zip(found).filter(|((_, expected), found)| expected != *found).collect();
    ensure!(wrong.is_empty() && rows.len() == found.len(), "typed, expected, found: {wrong:#?}");
    Ok(())
}

fn bash(world: &World) -> anyhow::Result<()> {
    let folder = home(world, "completion-bash")?;
    let load = "source <(cluster-auth completion bash)";
    let mut begin = vec![load];
    let others = NAMES[1..].iter().map(|name| load.replace("cluster-auth", name)).collect::<Vec<_>>();
    begin.extend(others.iter().map(String::as_str));
    let mut rows: Vec<_> = ROWS.iter().map(|(typed, after)| ((*typed).to_owned(), (*after).to_owned())).collect();
    for name in &NAMES[1..] {
        let under_it = |text: &str| text.replacen("cluster-auth", name, 1);
        rows.extend(ROWS[..8].iter().map(|(typed, after)| (under_it(typed), under_it(after))));
    }
    // By a path, behind a pipe, and with the cursor behind a quote.
    for (typed, after) in [
        ("./bin/cluster-auth kops upl", "./bin/cluster-auth kops upload "),
        ("~/bin/cluster-auth kops upl", "~/bin/cluster-auth kops upload "),
        ("cluster-auth token | cluster-auth expl", "cluster-auth token | cluster-auth explain "),
    ] {
        rows.push((typed.to_owned(), after.to_owned()));
    }
    let lines: Vec<_> = rows.iter().map(|(typed, _)| typed.clone()).collect();
    let found = become_of(world, &folder, "bash", &begin, &lines)?;
    as_expected(&rows, &found)?;
    typed::note(load);
    Ok(())
}

fn zsh(world: &World) -> anyhow::Result<()> {
    let folder = home(world, "completion-zsh")?;
    let load = "source <(cluster-auth completion zsh)";
    let begin = ["autoload -U compinit && compinit -u -d zcompdump", load];
    let rows: Vec<_> = ROWS.iter().map(|(typed, after)| ((*typed).to_owned(), (*after).to_owned())).collect();
    let lines: Vec<_> = rows.iter().map(|(typed, _)| typed.clone()).collect();
    as_expected(&rows, &become_of(world, &folder, "zsh", &begin, &lines)?)?;
    typed::note(load);
    Ok(())
}

/// fish says itself what it would offer.
fn fish(world: &World) -> anyhow::Result<()> {
    let folder = home(world, "completion-fish")?;
    fs::create_dir_all(folder.join(".config/fish/completions"))?;
    let load = "cluster-auth completion fish > ~/.config/fish/completions/cluster-auth.fish";
    let fish = |script: &str| {
        let mut fish = process::command("fish", &folder);
        process::run(fish.args(["-c", script]).env("PATH", path(&folder)))?.success()
    };
    fish(load)?;
    typed::note(load);
    let mut wrong = Vec::new();
    for (typed, after) in ROWS {
        let word = after.trim_end().rsplit(' ').next().unwrap_or_default();
        let offered = fish(&format!("complete -C '{typed}'"))?;
        let words: Vec<_> = offered.lines().filter_map(|line| line.split('\t').next()).collect();
        let expected = if typed == after { vec![] } else { vec![word] };
        if words != expected {
            wrong.push((typed, expected, offered));
        }
    }
    ensure!(wrong.is_empty(), "typed, expected, found: {wrong:#?}");
    Ok(())
}
