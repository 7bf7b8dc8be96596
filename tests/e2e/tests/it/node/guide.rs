//! docs/guide.md, followed command by command on a real node: from an access file to a team member's `kubectl get pods`, and on to
//! `helm test`, an upgrade, its rollback, and the end.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    machine::Machine,
    moto::Moto,
    node::{IMAGE, TestNode, ours},
    page::{self, Reader},
    people::environment,
    process, typed,
    world::World,
};

use super::{PRODUCTION, VERSION, say, sizes};
use crate::kops;

/// The pods of the chart's DaemonSet, and not the one of its test.
pub(super) const LABEL: &str = "app.kubernetes.io/name=cluster-auth";

pub(super) fn guide(world: &World) -> anyhow::Result<()> {
    let mut machine = TestNode::boot(world, "guide")?;
    machine.bring_ours(world, &ours(VERSION))?;
    machine.bring_chart(world)?;
    let moto = Moto::start(&world.parts, &machine.folder)?;
    moto.fill("s3.create_bucket(Bucket='kops-state', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})")?;
    let programs = machine.folder.join("bin");
    fs::create_dir_all(&programs)?;
    symlink(&world.parts.cluster_auth, programs.join("cluster-auth"))?;
    let mut followed = Followed {
        world,
        folder: machine.folder.clone(),
        moto,
        machine,
        has_booted: false,
        bob_was_in: false,
        who: Who::Administrator,
    };
    let done = page::follow("docs/guide.md", &followed.folder.clone(), &mut followed);
    done.map_err(|error| {
        let log = followed.machine.kubectl(&["-n", "kube-system", "logs", "daemonset/cluster-auth", "--tail=20"]);
        let refusals = followed.machine.refusals();
        error.context(format!("the server's log:\n{}\nthe API server's:\n{refusals}", log.unwrap_or_default()))
    })?;
    followed.besides()
}

/// Everything that happens while the guide is followed.
struct Followed<'a> {
    world: &'a World,
    folder: PathBuf,
    moto: Moto,
    machine: TestNode,
    has_booted: bool,
    /// Before he is taken out.
    bob_was_in: bool,
    who: Who,
}

/// At whose terminal the page is.
enum Who {
    Administrator,
    Alice,
}

impl Reader for Followed<'_> {
    fn types(&mut self, command: &str) -> anyhow::Result<String> {
        // What a person types to be somebody else holds from here on.
        match command {
            "export KUBECONFIG=team.kubeconfig" => self.who = Who::Alice,
            "export KUBECONFIG=admin.conf" => self.who = Who::Administrator,
            _ => {}
        }
        if command.starts_with("sed -i") {
            self.bob_was_in = self.lets_in("bob")?;
        }
        let line = format!("cd {} && {{ {command}; }} 2>&1", self.folder.display());
        let mut shell = if self.has_booted {
            self.machine.shell(&line)
        } else {
            let mut shell = process::command("sh", &self.folder);
            let programs = [self.folder.join("bin"), self.world.parts.kubernetes.clone()];
            let [ours, kubernetes] = programs.map(|path| path.display().to_string());
            shell.args(["-c", &line]).env("PATH", format!("{ours}:{kubernetes}:/usr/bin:/bin"));
            shell
        };
        match self.who {
            Who::Administrator => shell.envs(self.moto.environment()).env("KUBECONFIG", "admin.conf"),
            Who::Alice => {
                shell.envs(environment(&self.world.sts.credentials("alice")?));
                shell.env("SSL_CERT_FILE", &self.world.sts.ca_file).env("KUBECONFIG", "team.kubeconfig")
            }
        };
        let printed = process::run(&mut shell)?.stdout;
        Ok(printed.replace(&self.machine.node.server_url(), "https://api.prod.example.com"))
    }

    fn meanwhile(&mut self, what: &str) -> anyhow::Result<()> {
        ensure!(what == "the first machine boots", "nothing is known about {what:?}");
        self.boots()
    }
}

impl Followed<'_> {
    /// nodeup: the specification's files and its hook. Then kubeadm makes the API server that kops would, with no server to ask.
    fn boots(&mut self) -> anyhow::Result<()> {
        let specification = kops::read(&fs::read_to_string(self.folder.join("webhook.yaml"))?)?;
        let disk = Machine::new(&self.world.parts, &self.world.sts)?;
        kops::boot(&self.world.parts, &self.moto, &disk, &specification)?.success()?;
        let [from, to] = [disk.path("/rootfs/srv"), self.machine.node.path("/")];
        process::run(process::command("cp", &self.folder).arg("-a").args([from, to]))?.success()?;
        let file = specification.webhook_file()?;
        let folder = "/srv/kubernetes/kube-apiserver";
        ensure!(self.machine.node.path(file).exists(), "{file} is not where the API server looks for it");
        for name in ["key.pem", "cert.pem"] {
            let path = self.machine.node.path(file).with_file_name(name);
            ensure!(path.exists(), "{} is not where the server looks for it", path.display());
        }
        self.machine.node.initialize(&format!(
            "apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs: [{{name: authentication-token-webhook-config-file, value: {file}}}]
  extraVolumes: [{{name: kops, hostPath: {folder}, mountPath: {folder}, readOnly: true, pathType: Directory}}]
"
        ))?;
        let admin = self.machine.node.path("/etc/kubernetes/admin.conf");
        fs::copy(admin, self.folder.join("admin.conf"))?;
        self.has_booted = true;
        Ok(())
    }

    /// What the page says in running text, and what comes after it.
    fn besides(&mut self) -> anyhow::Result<()> {
        let arn = "arn:aws:iam::111122223333:user/alice";
        for command in [&format!("cluster-auth matrix {arn}"), &format!("cluster-auth explain {arn}")] {
            let said = self.types(command)?;
            ensure!(said.contains(arn) || said.contains("user alice"), "{command}: {said}");
            typed::note(command);
        }
        self.who = Who::Alice;
        let merge = "cluster-auth kubeconfig -i prod.example.com --from-kubeconfig team.kubeconfig --merge";
        let said = self.types(merge)?;
        ensure!(said.contains("context prod.example.com"), "{said}");
        typed::note(merge);
        self.who = Who::Administrator;

        ensure!(self.bob_was_in, "bob is let in before the change");
        self.machine.wait_until("the kubelet has brought the change, and bob is out", || Ok(!self.lets_in("bob")?))?;
        ensure!(self.lets_in("alice")? && !self.lets_in("mallory")?, "alice stays, and nobody else comes");
        self.bounds()?;
        self.helm_test()?;
        self.upgrade()?;
        self.rotate()?;
        sizes::measure(self.world, &self.machine, &self.folder)?;
        self.uninstall()
    }

    /// That the kubelet has started what the chart says.
    fn bounds(&self) -> anyhow::Result<()> {
        self.machine.running(&self.pod()?)?.check(10_000, 20 << 20, 100)
    }

    /// `helm test`: a pod with alice's credentials in a Secret logs in as the API server does.
    fn helm_test(&self) -> anyhow::Result<()> {
        let keys = environment(&self.world.sts.credentials("alice")?);
        let literals = keys.iter().map(|(name, value)| format!("--from-literal={name}={value}"));
        let args = ["-n", "kube-system", "create", "secret", "generic", "login"].map(str::to_owned);
        let args: Vec<_> = args.into_iter().chain(literals).collect();
        self.machine.kubectl(&args.iter().map(String::as_str).collect::<Vec<_>>())?;
        self.helm("helm upgrade cluster-auth chart/cluster-auth -n kube-system --reuse-values --set authenticator.testSecret=login")?;
        let test = "helm test cluster-auth --namespace kube-system --logs";
        let said = self.helm(test)?;
        ensure!(said.contains("Phase:          Succeeded") && said.contains("alice"), "{said}");
        typed::note(test);
        Ok(())
    }

    /// Another image, and back, while people log in: both servers have the port for a moment, and nobody is turned away.
    fn upgrade(&self) -> anyhow::Result<()> {
        self.machine.bring_ours(self.world, &ours("next"))?;
        let steps = [
            (
                "upgrade",
                format!(
                    "helm upgrade cluster-auth chart/cluster-auth -n kube-system --reuse-values --set authenticator.image={IMAGE},authenticator.tag=next"
                ),
            ),
            ("rollback", "helm rollback cluster-auth -n kube-system".to_owned()),
        ];
        typed::note("helm rollback");
        for (what, command) in steps {
            let before = self.machine.running(&self.pod()?)?.id;
            let roll_out = || {
                self.helm(&command)?;
                self.machine.rolled_out("cluster-auth")
            };
            let ((), logins) = self.machine.under_logins(self.world, &["alice", "carol"], PRODUCTION, roll_out)?;
            ensure!(self.machine.running(&self.pod()?)?.id != before, "the {what} has replaced nothing");
            ensure!(logins.turned_away.is_empty() && logins.let_in > 1, "{what}: {logins:?}");
            say(&format!("{} logins during the {what}, and none failed", logins.let_in));
        }
        Ok(())
    }

    /// Another pair, in the order of docs/kubeadm.md: the API server trusts both before the running server takes the new one.
    fn rotate(&self) -> anyhow::Result<()> {
        let folder = "/srv/kubernetes/kube-apiserver/cluster-auth";
        self.machine.run(&format!(
            "cp -a {folder} /srv/new && cluster-auth init --rotate -i {PRODUCTION} --output-dir /srv/new --owner 10000 &&
             mv /srv/new/aws-iam-authenticator.kubeconfig {folder}/"
        ))?;
        self.machine.restart_api_server()?;
        self.machine.wait_until("alice is let in by the old pair", || self.lets_in("alice"))?;
        let pod = self.pod()?;
        let taken = || {
            self.machine.run(&format!("mv /srv/new/key.pem /srv/new/cert.pem {folder}/"))?;
            self.machine.wait_until("the running server has taken the new pair", || {
                let log = self.machine.kubectl(&["-n", "kube-system", "logs", &pod])?;
                Ok(log.contains("the certificate has changed and is in use"))
            })
        };
        let ((), logins) = self.machine.under_logins(self.world, &["alice", "carol"], PRODUCTION, taken)?;
        ensure!(logins.turned_away.is_empty(), "{logins:?}");
        ensure!(self.lets_in("alice")? && self.pod()? == pod, "the server was never started anew");
        say(&format!("{} logins while another pair was taken, and none failed", logins.let_in));
        Ok(())
    }

    /// Without the chart the API server is as well as before, and nobody logs in by AWS any more.
    fn uninstall(&self) -> anyhow::Result<()> {
        self.helm("helm uninstall cluster-auth -n kube-system --wait")?;
        self.machine.wait_until("nobody answers any more", || Ok(!self.lets_in("alice")?))?;
        ensure!(self.machine.kubectl(&["get", "--raw", "/readyz"])? == "ok");
        let left = self.machine.kubectl(&["get", "roles,rolebindings", "-n", "dev", "-o", "name"])?;
        ensure!(left.is_empty(), "{left}");
        Ok(())
    }

    fn helm(&self, command: &str) -> anyhow::Result<String> {
        self.machine.run(&format!("cd {} && {command}", self.folder.display()))
    }

    /// The one pod that serves.
    fn pod(&self) -> anyhow::Result<String> {
        self.machine.pods(LABEL)?.pop().context("the DaemonSet has a pod")
    }

    fn lets_in(&self, person: &str) -> anyhow::Result<bool> {
        Ok(self.machine.whoami(&self.world.fresh_token(person, PRODUCTION)?)?.is_some())
    }
}
