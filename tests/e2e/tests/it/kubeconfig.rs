//! kubeconfigs that we write, as kubectl reads them and logs in by them.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    moto::Moto,
    page::{self, Reader},
    people::environment,
    process::{self, Output},
    server::{Server, ServerOptions},
    sts::Sts,
    world::{CLUSTER_ID, Flavour, World},
};
use local_cluster::{Binaries, Cluster, Options, ReviewVersion, Webhook};
use sandbox::Fault;
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("kubeconfig::several_contexts_become_several_clusters", several),
    ("kubeconfig::an_administrators_credentials_stay", administrator),
    ("kubeconfig::many_who_merge_at_once_lose_nothing_and_kubectls_lock_holds", at_once),
    ("kubeconfig::what_cannot_be_replaced_is_left_as_it_is", left_alone),
    ("kubeconfig::links_stay_as_kubectl_leaves_them", links),
    ("kubeconfig::eks_says_where_a_cluster_is", eks),
    ("kubeconfig::eks_troubles_are_said", troubles),
    ("kubeconfig::what_the_aws_cli_wrote_is_converted_and_logs_in", converted),
    ("kubeconfig::the_page_about_eks_shows_what_happens", page),
    ("kubeconfig::moto_answers_as_eks_does", moto),
];

/// kubectl with a kubeconfig, as somebody.
fn kubectl(world: &World, folder: &Path, person: &str, file: &str, args: &[&str]) -> anyhow::Result<Output> {
    let programs = world.parts.cluster_auth.parent().context("a folder")?;
    let mut command = process::command(world.parts.kubernetes("kubectl"), folder);
    command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    command.envs(environment(&world.sts.credentials(person)?)).envs(world.sts.proxy_environment());
    process::run(command.args(["--kubeconfig", file]).args(args))
}

fn merge(world: &World, folder: &Path, id: &str, file: &str, more: &[&str]) -> anyhow::Result<Output> {
    let mut command = process::command(&world.parts.cluster_auth, folder);
    command.args(["kubeconfig", "-i", id, "--server", "https://api.example.com", "--merge", file]);
    process::run(command.args(more))
}

fn at_once(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-at-once")?;
    fs::write(folder.join("config"), "apiVersion: v1\nkind: Config\n")?;
    let ids: Vec<String> = (0..10).map(|number| format!("n{number}")).collect();
    let all = std::thread::scope(|scope| {
        let merging: Vec<_> =
            ids.iter().map(|id| scope.spawn(|| merge(world, &folder, id, "config", &[])?.success())).collect();
        merging.into_iter().map(|merged| merged.join().expect("no panic")).collect::<Result<Vec<_>, _>>()
    });
    all?;
    let names = kubectl(world, &folder, "alice", "config", &["config", "get-contexts", "-o", "name"])?.success()?;
    ensure!(names.lines().eq(&ids), "{names}");
    fs::write(folder.join("config.lock"), "")?;
    let theirs = kubectl(world, &folder, "alice", "config", &["config", "use-context", "n1"])?;
    ensure!(theirs.code != 0 && theirs.stderr.contains("config.lock"), "{theirs:?}");
    let ours = merge(world, &folder, "late", "config", &[])?;
    ensure!(ours.code == 1 && ours.stderr.contains("its lock file config.lock exists"), "{ours:?}");
    fs::remove_file(folder.join("config.lock"))?;
    merge(world, &folder, "late", "config", &[])?.success()?;
    ensure!(!folder.join("config.lock").exists());
    Ok(())
}

fn left_alone(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-left-alone")?;
    let shell = process::run(process::command(Path::new("/bin/sh"), &folder).args([
        "-c",
        "mkfifo pipe; ln -s nowhere link; mkdir folder; printf 'kind: Config\\n' > read-only; chmod 440 read-only; cp read-only dry",
    ]))?;
    shell.success()?;
    let utf_16: Vec<u8> = "\u{feff}kind: Config\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.join("utf-16"), utf_16)?;
    let rows = [
        ("pipe", "pipe is a folder, a pipe, a socket or a device, not a file"),
        ("/dev/zero", "/dev/zero is a folder, a pipe, a socket or a device, not a file"),
        ("folder", "folder is a folder, a pipe, a socket or a device, not a file"),
        ("link", "link is a symbolic link to nowhere, which is not there"),
        ("utf-16", "utf-16 is UTF-16, and only UTF-8 is written"),
        ("read-only", "read-only is read-only; make it writable first"),
    ];
    for (file, said) in rows {
        let output = merge(world, &folder, "c", file, &[])?;
        ensure!(output.code == 1 && output.stderr.contains(said), "{file}: {output:?}");
    }
    ensure!(fs::read_to_string(folder.join("read-only"))? == "kind: Config\n");
    ensure!(fs::symlink_metadata(folder.join("link"))?.is_symlink() && !folder.join("nowhere").exists());
    let output = merge(world, &folder, "c", "dry", &["--dry-run"])?;
    ensure!(output.code == 0 && output.stderr.contains("context c would be written to dry"), "{output:?}");
    ensure!(fs::read_to_string(folder.join("dry"))? == "kind: Config\n");
    Ok(())
}

fn links(world: &World) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    let folder = world.folder("kubeconfig-links")?;
    let shell = process::run(process::command(Path::new("/bin/sh"), &folder).args([
        "-c",
        "printf 'kind: Config\\n# kept\\n' > hard; chmod 640 hard; ln hard other; mkdir dotfiles; cp hard dotfiles/config; ln -s dotfiles/config soft",
    ]))?;
    shell.success()?;
    let write = |who: &str, file: &str| match who {
        "kubectl" => kubectl(world, &folder, "alice", file, &["config", "set-context", "theirs"]),
        _ => merge(world, &folder, "ours", file, &[]),
    };
    for who in ["kubectl", "this program"] {
        for file in ["hard", "soft"] {
            let before = fs::metadata(folder.join(file))?;
            write(who, file)?.success()?;
            let after = fs::metadata(folder.join(file))?;
            ensure!(after.mode() == before.mode() && after.nlink() == before.nlink(), "{who}: {file}");
            ensure!(file == "soft" || after.ino() == before.ino(), "{who}: {file} is another file");
            ensure!(before.len() != after.len(), "{who}: {file} was not written");
        }
        ensure!(
            fs::read(folder.join("hard"))? == fs::read(folder.join("other"))?,
            "{who}: the other name has another text"
        );
        ensure!(fs::symlink_metadata(folder.join("soft"))?.is_symlink(), "{who}: soft");
    }
    let contexts = kubectl(world, &folder, "alice", "other", &["config", "get-contexts", "-o", "name"])?.success()?;
    ensure!(contexts.lines().eq(["ours", "theirs"]), "{contexts}");
    let mut left: Vec<_> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<_>>()?;
    left.sort();
    ensure!(left == ["dotfiles", "hard", "other", "soft"], "{left:?}");
    Ok(())
}

/// What kubectl makes of it.
fn view(world: &World, folder: &Path, file: &str) -> anyhow::Result<Value> {
    let shown = kubectl(world, folder, "alice", file, &["config", "view", "--raw", "--output", "json"])?.success()?;
    Ok(serde_json::from_str(&shown)?)
}

fn username(world: &World, folder: &Path, person: &str, file: &str, context: &str) -> anyhow::Result<String> {
    let args = ["--context", context, "auth", "whoami", "--output", "json"];
    let review: Value = serde_json::from_str(&kubectl(world, folder, person, file, &args)?.success()?)?;
    Ok(review["status"]["userInfo"]["username"].as_str().unwrap_or_default().to_owned())
}

fn several(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-several")?;
    let login = world.login(Flavour::V1Beta1Generated)?;
    // An administrator's, with the cluster under three names.
    let admin: Value = serde_saphyr::from_str(&fs::read_to_string(login.cluster.admin_kubeconfig())?)?;
    let (cluster, user) = (&admin["clusters"][0]["name"], &admin["users"][0]["name"]);
    let context = |name: &str| json!({"name": name, "context": {"cluster": cluster, "user": user}});
    let mut three = admin.clone();
    three["contexts"] = json!([context("here"), context(CLUSTER_ID), context("there")]);
    fs::write(folder.join("admin.conf"), three.to_string())?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.args(["kubeconfig", "--from-kubeconfig", "admin.conf", "--merge", "team.conf"]);
    let here = format!("here={CLUSTER_ID}");
    let twice = [&format!("--from-context={here}")[..], &format!("--from-context={CLUSTER_ID}")];
    let refused = process::run(command.args(twice))?.failure()?;
    ensure!(refused.contains("two clusters would be named"), "{refused}");
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.args(["kubeconfig", "--from-kubeconfig", "admin.conf", "--merge", "team.conf"]);
    process::run(command.args(["--from-context", CLUSTER_ID, "--from-context", "there=other.example.com"]))?
        .success()?;
    let team = view(world, &folder, "team.conf")?;
    ensure!(team["current-context"] == CLUSTER_ID, "{team:#}");
    let names: Vec<_> =
        team["contexts"].as_array().context("contexts")?.iter().map(|context| &context["name"]).collect();
    ensure!(names == [CLUSTER_ID, "other.example.com"], "{names:?}");
    let exec = &team["users"][0]["user"]["exec"];
    ensure!(exec["interactiveMode"] == "IfAvailable" && exec["args"] == json!(["token", "-i", CLUSTER_ID]), "{exec:#}");
    ensure!(exec["installHint"].as_str().is_some_and(|hint| hint.contains("not installed")), "{exec:#}");
    ensure!(team["users"].to_string().find("client-key").is_none(), "the administrator's own credentials stay behind");
    ensure!(username(world, &folder, "alice", "team.conf", CLUSTER_ID)? == "alice");
    // The other id is not the one that the server expects.
    let refused = kubectl(world, &folder, "alice", "team.conf", &["--context", "other.example.com", "auth", "whoami"])?;
    ensure!(refused.failure()?.contains("Unauthorized"));
    // Without the plugin kubectl shows the hint.
    let mut bare = process::command(world.parts.kubernetes("kubectl"), &folder);
    let said = process::run(bare.args(["--kubeconfig", "team.conf", "get", "pods"]))?.failure()?;
    ensure!(said.contains("cluster-auth is not installed, or not on PATH"), "{said}");
    Ok(())
}

/// kops calls cluster, user and context alike, as we do; and README's command names no file.
fn administrator(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-administrator")?;
    let login = world.login(Flavour::V1Beta1Generated)?;
    let admin: Value = serde_saphyr::from_str(&fs::read_to_string(login.cluster.admin_kubeconfig())?)?;
    let context = |name: &str, namespace: &str| json!({"name": name, "context": {"cluster": CLUSTER_ID, "user": CLUSTER_ID, "namespace": namespace}});
    let kops = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "breakglass",
        "clusters": [{"name": CLUSTER_ID, "cluster": admin["clusters"][0]["cluster"]}],
        "contexts": [context(CLUSTER_ID, "shop"), context("breakglass", "kube-system")],
        "users": [{"name": CLUSTER_ID, "user": admin["users"][0]["user"]}],
    });
    fs::create_dir_all(folder.join(".kube"))?;
    fs::write(folder.join(".kube/config"), kops.to_string())?;
    let before = view(world, &folder, ".kube/config")?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.env("HOME", &folder).args(["kubeconfig", "-i", CLUSTER_ID, "--from-kubeconfig", ".kube/config", "--merge"]);
    let said = process::run(&mut command)?;
    ensure!(said.code == 0, "{}", said.stderr);
    let said = said.stderr;
    ensure!(said.contains("has credentials of its own and stays as it is"), "{said}");
    ensure!(said.contains("the current context was breakglass"), "{said}");
    let after = view(world, &folder, ".kube/config")?;
    ensure!(after["clusters"] == before["clusters"], "{after:#}");
    let users = |config: &Value| config["users"].as_array().cloned().unwrap_or_default();
    ensure!(users(&before).iter().all(|user| users(&after).contains(user)), "{after:#}");
    let namespace = |name: &str| {
        let contexts = after["contexts"].as_array().into_iter().flatten();
        contexts
            .into_iter()
            .find(|context| context["name"] == name)
            .map(|context| context["context"]["namespace"].clone())
    };
    ensure!(namespace(CLUSTER_ID) == Some(json!("shop")) && namespace("breakglass") == Some(json!("kube-system")));
    ensure!(username(world, &folder, "alice", ".kube/config", CLUSTER_ID)? == "alice");
    ensure!(username(world, &folder, "alice", ".kube/config", "breakglass")? != "alice");
    // The same in a second file: what is written into the first one hides nothing of it.
    fs::write(folder.join(".kube/config"), kops.to_string())?;
    let listed = format!("{0}/first:{0}/.kube/config", folder.display());
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.env("KUBECONFIG", &listed);
    command.args(["kubeconfig", "-i", CLUSTER_ID, "--from-kubeconfig", ".kube/config", "--merge"]);
    let said = process::run(&mut command)?;
    ensure!(said.code == 0 && said.stderr.contains("the current context was breakglass ("), "{}", said.stderr);
    let mut command = process::command(world.parts.kubernetes("kubectl"), &folder);
    command.env("KUBECONFIG", &listed).args(["config", "view", "--raw", "--output", "json"]);
    let both: Value = serde_json::from_str(&process::run(&mut command)?.success()?)?;
    for list in ["clusters", "users", "contexts"] {
        let of = |config: &Value| config[list].as_array().cloned().unwrap_or_default();
        ensure!(of(&before).iter().all(|entry| of(&both).contains(entry)), "{list}: {both:#}");
    }
    ensure!(both["current-context"] == format!("{CLUSTER_ID}-cluster-auth"), "{both:#}");
    ensure!(username(world, &folder, "alice", "first", &format!("{CLUSTER_ID}-cluster-auth"))? == "alice");
    // kubectl loads what was written where an anchor is shared, and what cannot be written is not.
    let shared = "apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    exec: &x\n      apiVersion: client.authentication.k8s.io/v1beta1\n      \
                  command: aws-iam-authenticator\n      args: [token, -i, p]\n- name: b\n  user:\n    exec: *x\n";
    fs::write(folder.join(".kube/config"), shared)?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    process::run(command.env("HOME", &folder).args(["kubeconfig", "--convert"]))?.success()?;
    let after = view(world, &folder, ".kube/config")?;
    for user in users(&after) {
        ensure!(user["user"]["exec"]["command"] == "cluster-auth", "{after:#}");
    }
    let tied = shared.replace("exec: *x", "exec:\n      <<: *x\n      args: [--debug]");
    fs::write(folder.join(".kube/config"), &tied)?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    let refused = process::run(command.env("HOME", &folder).args(["kubeconfig", "--convert"]))?.failure()?;
    ensure!(refused.contains("nothing was changed"), "{refused}");
    ensure!(fs::read_to_string(folder.join(".kube/config"))? == tied);
    Ok(())
}

/// An AWS of its own, whose EKS has a cluster under a few names.
fn with_eks(cluster: &Cluster, folder: &Path) -> anyhow::Result<Sts> {
    let reach = json!({"endpoint": cluster.server_url(), "certificateAuthority": cluster.ca_pem()});
    let cluster = |name: &str, region: &str| {
        let mut cluster = reach.clone();
        cluster["name"] = json!(name);
        cluster["region"] = json!(region);
        cluster
    };
    let in_europe = [cluster("prod", "eu-west-1"), cluster("staging", "eu-west-1")];
    let clusters =
        json!([cluster("prod", "us-west-2"), {"name": "new", "region": "us-west-2"}, in_europe[0], in_europe[1]]);
    let identities = format!("{}\nclusters: {clusters}\n", include_str!("../../src/identities.yaml"));
    Sts::start_with(folder, &identities)
}

fn ours(world: &World, folder: &Path, aws: &Sts, args: &[&str]) -> anyhow::Result<Output> {
    let mut command = process::command(&world.parts.cluster_auth, folder);
    command.envs(environment(&aws.credentials("alice")?)).envs(aws.proxy_environment());
    process::run(command.arg("kubeconfig").args(args))
}

fn theirs(world: &World, folder: &Path, aws: &Sts, args: &[&str]) -> anyhow::Result<Output> {
    let mut command = process::command(&world.parts.aws_cli, folder);
    command.envs(environment(&aws.credentials("alice")?)).envs(aws.proxy_environment());
    process::run(command.arg("eks").args(args))
}

fn eks(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-eks")?;
    let aws = with_eks(&world.login(Flavour::V1Beta1Generated)?.cluster, &folder)?;
    let europe = "arn:aws:eks:eu-west-1:111122223333:cluster/staging";
    ours(world, &folder, &aws, &["--eks", "prod", "--eks", europe, "--region", "us-west-2", "--merge", "ours.conf"])?
        .success()?;
    theirs(
        world,
        &folder,
        &aws,
        &["update-kubeconfig", "--name", "prod", "--region", "us-west-2", "--kubeconfig", "theirs.conf"],
    )?
    .success()?;
    let (ours, theirs) = (view(world, &folder, "ours.conf")?, view(world, &folder, "theirs.conf")?);
    ensure!(ours["clusters"][0]["cluster"] == theirs["clusters"][0]["cluster"], "ours {ours:#}\ntheirs {theirs:#}");
    let args = |at: usize| &ours["users"][at]["user"]["exec"]["args"];
    ensure!(*args(0) == json!(["token", "-i", "prod", "--region", "us-west-2"]), "{}", args(0));
    ensure!(*args(1) == json!(["token", "-i", "staging", "--region", "eu-west-1"]), "{}", args(1));
    ensure!(ours["current-context"] == "prod", "{ours:#}");
    // Both ask as well as they can: signed by us, and by botocore.
    ensure!(aws.faults.requests("DescribeCluster") == 3, "{}", aws.faults.requests("DescribeCluster"));
    Ok(())
}

fn troubles(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-troubles")?;
    let aws = with_eks(&world.login(Flavour::V1Beta1Generated)?.cluster, &folder)?;
    let twice = ["--eks", "arn:aws:eks:eu-west-1:111122223333:cluster/prod", "--eks", "prod"];
    let of_others = "arn:aws:eks:us-west-2:999922223333:cluster/prod";
    let rows: [(&[&str], &str); 10] = [
        (&["--eks", of_others], "these AWS credentials are of account 111122223333"),
        (&["--eks", of_others], "give credentials of account 999922223333 (`--profile`)"),
        (&["--eks", "missing"], "EKS has no cluster missing in us-west-2"),
        (&["--eks", "new"], "the EKS cluster new has no API server yet"),
        (&["--eks", "../prod"], "is not a valid EKS cluster name"),
        (&["--eks", "arn:aws:iam::111122223333:user/x"], "is not the ARN of an EKS cluster"),
        (&["--eks", "prod", "-i", "prod"], "leave -i and -c out"),
        (&["--eks", "prod", "--server", "https://x"], "cannot be used with"),
        (&twice, "two clusters would be named prod"),
        (&["--eks", "prod", "--eks", "staging", "--name", "x"], "several clusters were given"),
    ];
    for (args, said) in rows {
        let stderr = ours(world, &folder, &aws, &[args, &["--region", "us-west-2"]].concat());
        // The last asks for two clusters of which one is elsewhere.
        let stderr = match args {
            [_, "prod", _, "staging", ..] => ours(world, &folder, &aws, &[args, &["--region", "eu-west-1"]].concat()),
            _ => stderr,
        };
        let stderr = stderr?.failure()?;
        ensure!(stderr.contains(said), "{args:?}: {stderr}");
    }
    for (fault, said) in [
        (Fault::Throttle, "AWS asks for fewer requests"),
        (Fault::Unavailable, "503"),
        (Fault::Garbage, "not one of AWS's"),
        (Fault::Half, "not one of AWS's"),
    ] {
        aws.faults.set_on("DescribeCluster", fault.clone(), 0);
        let stderr = ours(world, &folder, &aws, &["--eks", "prod", "--region", "us-west-2"])?.failure()?;
        ensure!(stderr.contains(said), "{fault:?}: {stderr}");
    }
    aws.faults.clear();
    let mut stranger = process::command(&world.parts.cluster_auth, &folder);
    stranger.args(["kubeconfig", "--eks", "prod", "--region", "us-west-2"]).envs(aws.proxy_environment());
    stranger.env("AWS_ACCESS_KEY_ID", "AKIASANDBOXNOBODY000").env("AWS_SECRET_ACCESS_KEY", "x");
    let stderr = process::run(&mut stranger)?.failure()?;
    ensure!(stderr.contains("UnrecognizedClientException"), "{stderr}");
    Ok(())
}

/// kubeconfigs as `aws eks update-kubeconfig` and people have left them, for the cluster that the tests log in to.
fn converted(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-converted")?;
    let login = world.login(Flavour::V1Beta1Generated)?;
    let cluster = login.cluster.admin_kubeconfig();
    let admin: Value = serde_saphyr::from_str(&fs::read_to_string(cluster)?)?;
    let server = serde_json::to_string(&admin["clusters"][0]["cluster"])?;
    let text = format!(
        r#"# my clusters
apiVersion: v1
kind: Config
clusters:
- name: here
  cluster: {server}
contexts:
- {{name: cli, context: {{cluster: here, user: cli}}}}
- {{name: go, context: {{cluster: here, user: go}}}}
- {{name: flow, context: {{cluster: here, user: flow}}}}
- {{name: kept, context: {{cluster: here, user: kept}}}}
current-context: cli   # work
users:
- name: cli   # by the AWS CLI
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - us-west-2
      - eks
      - get-token
      - --cluster-name
      - {CLUSTER_ID}   # the id
      - --output
      - json
      command: aws
      env:
      - {{name: AWS_STS_REGIONAL_ENDPOINTS, value: regional}}
      provideClusterInfo: false
- name: go
  user:
    exec:
      # years old
      apiVersion: client.authentication.k8s.io/v1alpha1
      command: /usr/local/bin/heptio-authenticator-aws
      args: [token, -i, {CLUSTER_ID}]
      installHint: |
        Install the Heptio Authenticator:
        see its page.
- {{"name": "flow", "user": {{"exec": {{"apiVersion": "client.authentication.k8s.io/v1", "command": "aws-iam-authenticator", "args": ["token", "-i", "{CLUSTER_ID}"], "interactiveMode": "Never"}}}}}}
- name: kept
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: aws
      args: [--no-sign-request, eks, get-token, --cluster-name, {CLUSTER_ID}]
- name: token
  user: {{token: secret}}
"#
    );
    fs::write(folder.join("config"), &text)?;
    let convert = |flags: &[&str]| {
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        process::run(command.args(["kubeconfig", "--convert", "config"]).args(flags))
    };
    let said = convert(&["--dry-run"])?;
    ensure!(said.code == 0 && said.stderr.contains("3 would change"), "{said:?}");
    ensure!(fs::read_to_string(folder.join("config"))? == text, "a dry run writes nothing");
    let said = convert(&[])?;
    let became = format!(
        "`aws --region us-west-2 eks get-token --cluster-name {CLUSTER_ID} --output json` becomes `cluster-auth --region"
    );
    ensure!(said.stderr.contains(&became), "{}", said.stderr);
    ensure!(said.stderr.contains("user kept stays") && said.stderr.contains("--no-sign-request"), "{}", said.stderr);
    // Every line that is not about the program is where it was.
    let after = fs::read_to_string(folder.join("config"))?;
    let (mut lines, changed) = (
        after.lines(),
        ["command:", "v1alpha1", "installHint", "Install the Heptio", "see its page", "\"flow\", \"user\""],
    );
    for line in text.lines().filter(|line| !changed.iter().any(|word| line.contains(word))) {
        ensure!(lines.any(|other| other == line), "lost, or out of order: {line}\n{after}");
    }
    ensure!(after.contains("command: aws\n      args: [--no-sign-request"), "{after}");
    let view = view(world, &folder, "config")?;
    let users = view["users"].as_array().context("users")?;
    for (name, mode) in [("cli", "IfAvailable"), ("go", "IfAvailable"), ("flow", "Never")] {
        let user = users.iter().find(|user| user["name"] == name).context("the user is still there")?;
        let exec = &user["user"]["exec"];
        ensure!(exec["command"] == "cluster-auth" && exec["interactiveMode"] == mode, "{exec:#}");
        ensure!(exec["installHint"].as_str().is_some_and(|hint| hint.starts_with("cluster-auth is not")), "{exec:#}");
    }
    for context in ["cli", "go", "flow"] {
        let username = username(world, &folder, "alice", "config", context)?;
        ensure!(username == "alice", "{context}: {username}");
    }
    let said = convert(&[])?.stderr;
    ensure!(said.contains("nothing was converted: 1 user stays as said above"), "twice is once: {said}");
    ensure!(fs::read_to_string(folder.join("config"))? == after);
    Ok(())
}

/// EKS's own authenticator is one that we cannot set: a server of ours stands in for it, with what its access entries say.
fn page(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-page")?;
    let mappings =
        "  mapUsers:\n  - {userarn: \"arn:aws:iam::111122223333:user/alice\", username: alice, groups: [developers]}\n";
    let options = ServerOptions { cluster_id: "prod", mappings, args: &[] };
    // The cluster is there first: EKS has to say where it is.
    let (config, port) = Server::prepare(&folder, &options)?;
    let mut init = process::command(&world.parts.cluster_auth, &folder);
    process::run(init.arg("init").arg("--config").arg(&config))?.success()?;
    let kubeconfig = folder.join("aws-iam-authenticator.kubeconfig");
    let webhook = Webhook { kubeconfig, version: ReviewVersion::V1Beta1, cache_ttl: None };
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let api_server = Options { webhook: Some(webhook), ..Options::default() };
    let cluster = Cluster::start(&binaries, &api_server, e2e::sts::now())?;
    let aws = with_eks(&cluster, &folder)?;
    let _server = Server::start_prepared(&world.parts, &aws, &folder, &config, port, &["--kubeconfig-pregenerated"])?;
    let mut reader = OnEks { world, folder: &folder, cluster: &cluster, aws: &aws };
    page::follow("docs/eks.md", &folder, &mut reader)
}

/// Alice, who is an administrator of the cluster besides: her kubectl uses that where no kubeconfig is named.
struct OnEks<'a> {
    world: &'a World,
    folder: &'a Path,
    cluster: &'a Cluster,
    aws: &'a Sts,
}

impl Reader for OnEks<'_> {
    fn types(&mut self, command: &str) -> anyhow::Result<String> {
        let programs = [&self.world.parts.cluster_auth, &self.world.parts.aws_cli].map(|program| program.parent());
        let programs = programs.map(|folder| folder.map(|folder| folder.display().to_string()).unwrap_or_default());
        let path = format!("{}:{}:{}:/usr/bin:/bin", programs[0], self.world.parts.kubernetes.display(), programs[1]);
        let mut shell = process::command("sh", self.folder);
        shell.args(["-c", &format!("{{ {command}; }} 2>&1")]).env("PATH", path);
        shell.env("KUBECONFIG", self.cluster.admin_kubeconfig());
        shell.envs(environment(&self.aws.credentials("alice")?)).envs(self.aws.proxy_environment());
        let output = process::run(&mut shell)?.stdout;
        Ok(if output.is_empty() || output.ends_with('\n') { output } else { output + "\n" })
    }
}

/// Others' emulator, which verifies nothing but speaks as EKS does.
fn moto(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("kubeconfig-moto")?;
    let moto = Moto::start(&world.parts, &folder)?;
    moto.fill(
        "eks = boto3.client('eks')\n\
         vpc = {'subnetIds': ['subnet-a', 'subnet-b']}\n\
         eks.create_cluster(name='prod', roleArn='arn:aws:iam::123456789012:role/eks', resourcesVpcConfig=vpc)",
    )?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.envs(moto.environment());
    let said = process::run(command.args(["kubeconfig", "--eks", "missing"]))?.failure()?;
    ensure!(said.contains("EKS has no cluster missing in eu-west-1"), "{said}");
    // Its authority is a random text, which no kubeconfig should have.
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    let said = process::run(command.envs(moto.environment()).args(["kubeconfig", "--eks", "prod"]))?.failure()?;
    ensure!(said.contains("EKS gave an unusable answer about prod"), "{said}");
    Ok(())
}
