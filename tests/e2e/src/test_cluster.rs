//! A cluster of its own that `plan` and `apply` work on: what they record there is one for each cluster.

use std::{fs, path::PathBuf, process::Command};

use anyhow::Context as _;
use local_cluster::{Binaries, Cluster, Options};
use serde_json::Value;

use crate::{
    admin::Admin,
    process::{self, Output},
    world::World,
};

/// The cluster, its administrator, and a folder for access files.
pub struct TestCluster {
    /// The real API server.
    pub cluster: Cluster,
    /// kubectl with all rights.
    pub admin: Admin,
    /// Where the commands run.
    pub folder: PathBuf,
    program: PathBuf,
}

/// What says in a cluster that aws-iam-authenticator runs there and asks every mapping source. No kubelet runs it.
pub const AUTHENTICATOR: &str = r"
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: aws-iam-authenticator, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: aws-iam-authenticator}}
  template:
    metadata: {labels: {k8s-app: aws-iam-authenticator}}
    spec:
      containers:
      - name: server
        image: 602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon/aws-iam-authenticator:v0.7.18
        args: [server, '--backend-mode=MountedFile,EKSConfigMap,CRD']
        volumeMounts: [{name: config, mountPath: /etc/aws-iam-authenticator}]
      volumes:
      - {name: config, configMap: {name: aws-iam-authenticator}}
";

/// The same with other modes, in the order in which it asks them: `EKSConfigMap`.
pub fn authenticator(modes: &str) -> String {
    AUTHENTICATOR.replace("MountedFile,EKSConfigMap,CRD", modes)
}

/// The kinds that are looked at before and after, in kubectl's words.
const KINDS: &str = "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps";

impl TestCluster {
    /// Starts one with some objects in it.
    pub fn start(world: &World, name: &str, objects: &str) -> anyhow::Result<Self> {
        Self::with(world, name, objects, world.plain_cluster()?)
    }

    /// The same with options.
    pub fn start_with(world: &World, name: &str, objects: &str, options: &Options) -> anyhow::Result<Self> {
        let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
        Self::with(world, name, objects, Cluster::start(&binaries, options, crate::sts::now())?)
    }

    fn with(world: &World, name: &str, objects: &str, cluster: Cluster) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
        let admin = Admin::new(binaries.kubectl()?.to_owned(), &cluster, &folder);
        if !objects.is_empty() {
            admin.with_file(&["create"], objects)?.success()?;
        }
        Ok(Self { cluster, admin, folder, program: world.parts.cluster_auth.clone() })
    }

    /// The program under test.
    pub fn program(&self) -> &std::path::Path {
        &self.program
    }

    /// Writes `access.yaml`.
    pub fn file(&self, text: &str) -> anyhow::Result<()> {
        Ok(fs::write(self.folder.join("access.yaml"), text)?)
    }

    /// A command of ours on this cluster, as its administrator.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.command_as(self.cluster.admin_kubeconfig().display().to_string().as_str(), &[]);
        command.args(args);
        command
    }

    /// The same as whoever a kubeconfig is of.
    pub fn command_as(&self, kubeconfig: &str, args: &[&str]) -> Command {
        let mut command = process::command(&self.program, &self.folder);
        command.env("KUBECONFIG", kubeconfig).args(args);
        command
    }

    /// Runs one to its end.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<Output> {
        process::run(&mut self.command(args))
    }

    /// Applies the file as it is.
    pub fn apply(&self, args: &[&str]) -> anyhow::Result<Output> {
        self.run(&[&["apply", "--yes", "--settle", "0s"], args].concat())
    }

    /// The plan for programs.
    pub fn plan(&self, args: &[&str]) -> anyhow::Result<Value> {
        let text = self.run(&[&["plan", "-o", "json"], args].concat())?.success()?;
        serde_json::from_str(&text).with_context(|| format!("a plan in JSON: {text}"))
    }

    /// A kubeconfig of somebody who may do what cluster roles made of these `kubectl create clusterrole` arguments allow.
    /// The administrator impersonates them, which to the API server is being them.
    pub fn user(&self, name: &str, roles: &[&[&str]]) -> anyhow::Result<String> {
        for (at, args) in roles.iter().enumerate() {
            let (role, user) = (format!("{name}-{at}"), format!("--user={name}"));
            self.admin.kubectl(&[&["create", "clusterrole", &role], *args].concat())?.success()?;
            let role_flag = format!("--clusterrole={role}");
            self.admin.kubectl(&["create", "clusterrolebinding", &role, &role_flag, &user])?.success()?;
        }
        let admin = fs::read_to_string(self.cluster.admin_kubeconfig())?;
        let path = self.folder.join(format!("{name}.kubeconfig"));
        fs::write(&path, admin.replace("  user:\n    client-", &format!("  user:\n    as: {name}\n    client-")))?;
        Ok(path.display().to_string())
    }

    /// Everything that access is made of, versions included.
    pub fn dump(&self) -> anyhow::Result<Vec<Value>> {
        let list = self.admin.kubectl(&["get", KINDS, "-A", "-o", "json"])?.success()?;
        let mut list: Value = serde_json::from_str(&list)?;
        Ok(serde_json::from_value(list["items"].take())?)
    }
}
