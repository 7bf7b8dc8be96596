//! The real parts: built once into a cache outside the checkout, named by what they are built from.
//!
//! Each part is pinned in `tests/tools/<name>`: Go modules by go.mod and go.sum, Python environments by their requirements.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::{needs, run};

/// The version stamped into the Kubernetes programs; the module in tests/tools/kubernetes is this one.
const KUBERNETES_FLAGS: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2 \
     -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37";

/// A Go module of tests/tools, and its programs.
struct GoModule {
    name: &'static str,
    flags: &'static str,
    /// Built with C libraries, by these tags; without them a program is one static file.
    cgo: Option<&'static str>,
    programs: &'static [(&'static str, &'static str)],
}

const KUBERNETES: GoModule = GoModule {
    name: "kubernetes",
    flags: KUBERNETES_FLAGS,
    cgo: None,
    programs: &[
        ("etcd", "go.etcd.io/etcd/server/v3"),
        ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
        ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
        ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
        ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
        ("kubelet", "k8s.io/kubernetes/cmd/kubelet"),
        ("kubeadm", "k8s.io/kubernetes/cmd/kubeadm"),
        ("pause", "cluster-auth.example/tests/tools/kubernetes"),
    ],
};

/// What a node runs its containers with.
const CONTAINERD: GoModule = GoModule {
    name: "containerd",
    flags: "-s -w",
    cgo: None,
    programs: &[
        ("containerd", "github.com/containerd/containerd/v2/cmd/containerd"),
        ("containerd-shim-runc-v2", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"),
        ("ctr", "github.com/containerd/containerd/v2/cmd/ctr"),
    ],
};

/// Every pod has a seccomp profile, which a runc without libseccomp refuses.
const RUNC: GoModule = GoModule {
    name: "runc",
    flags: "-s -w",
    cgo: Some("seccomp"),
    programs: &[("runc", "github.com/opencontainers/runc")],
};

const AUTHENTICATOR: GoModule = GoModule {
    name: "aws-iam-authenticator",
    flags: "-s -w",
    cgo: None,
    programs: &[
        ("aws-iam-authenticator", "sigs.k8s.io/aws-iam-authenticator/cmd/aws-iam-authenticator"),
        ("token-verifier", "cluster-auth.example/tests/tools/aws-iam-authenticator"),
    ],
};

const HELM: GoModule =
    GoModule { name: "helm", flags: "-s -w", cgo: None, programs: &[("helm", "helm.sh/helm/v4/cmd/helm")] };

/// The version of Kubernetes that it works with, which `helm template` takes a chart's kubeVersion to be about.
const HELM3: GoModule = GoModule {
    name: "helm3",
    flags: "-s -w -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37",
    cgo: None,
    programs: &[("helm", "helm.sh/helm/v3/cmd/helm")],
};

/// The last Terraform under a free licence is 1.5, which has no `mock_provider`; what our module uses is the same in both.
const OPENTOFU: GoModule = GoModule {
    name: "opentofu",
    flags: "-s -w",
    cgo: None,
    programs: &[("tofu", "github.com/opentofu/opentofu/cmd/tofu")],
};

const KREW: GoModule =
    GoModule { name: "krew", flags: "-s -w", cgo: None, programs: &[("krew", "sigs.k8s.io/krew/cmd/krew")] };

const ACTIONLINT: GoModule = GoModule {
    name: "actionlint",
    flags: "-s -w",
    cgo: None,
    programs: &[("actionlint", "github.com/rhysd/actionlint/cmd/actionlint")],
};

/// The stand-in for Terraform's AWS provider. A change of it must not build OpenTofu anew, which takes minutes.
const AWS_PROVIDER: GoModule = GoModule {
    name: "aws-provider",
    flags: "-s -w",
    cgo: None,
    programs: &[("terraform-provider-aws", "cluster-auth.example/tests/tools/aws-provider")],
};

/// A Python environment of tests/tools.
struct PythonEnvironment {
    name: &'static str,
    title: &'static str,
    program: &'static str,
}

const AWS_CLI: PythonEnvironment = PythonEnvironment { name: "aws-cli", title: "the AWS CLI", program: "aws" };

const MOTO: PythonEnvironment = PythonEnvironment { name: "moto", title: "moto", program: "moto_server" };

/// A C compiler with the headers of every target.
const ZIG: PythonEnvironment = PythonEnvironment { name: "zig", title: "Zig", program: "python" };

/// The certificate authorities of the image.
const AUTHORITIES: PythonEnvironment =
    PythonEnvironment { name: "authorities", title: "certificate authorities", program: "python" };

/// The schema of CycloneDX, and what checks by it.
const CYCLONEDX: PythonEnvironment =
    PythonEnvironment { name: "cyclonedx", title: "CycloneDX's library", program: "python" };

/// Where the parts are.
pub(crate) struct Tools {
    /// The folder with everything of Kubernetes, etcd among it.
    pub(crate) kubernetes: PathBuf,
    /// The folder with containerd, its shim and its client.
    pub(crate) containerd: PathBuf,
    /// What starts containers.
    pub(crate) runc: PathBuf,
    /// The existing authenticator.
    pub(crate) go_authenticator: PathBuf,
    /// The AWS CLI.
    pub(crate) aws_cli: PathBuf,
    /// Helm.
    pub(crate) helm: PathBuf,
    /// Helm 3, which charts must still work with.
    pub(crate) helm3: PathBuf,
    /// moto's server, which stands in for IAM; the Python beside it has boto3.
    pub(crate) moto: PathBuf,
    /// OpenTofu.
    pub(crate) tofu: PathBuf,
    /// The stand-in for Terraform's AWS provider.
    pub(crate) aws_provider: PathBuf,
}

/// Builds what is missing.
pub(crate) fn ensure() -> anyhow::Result<Tools> {
    Ok(Tools {
        kubernetes: kubernetes()?,
        containerd: go(&CONTAINERD)?,
        runc: go(&RUNC)?.join("runc"),
        go_authenticator: go_authenticator()?,
        aws_cli: python(&AWS_CLI)?,
        helm: helm()?,
        helm3: go(&HELM3)?.join("helm"),
        moto: python(&MOTO)?,
        tofu: go(&OPENTOFU)?.join("tofu"),
        aws_provider: go(&AWS_PROVIDER)?.join("terraform-provider-aws"),
    })
}

/// The Kubernetes programs: those of KUBEBUILDER_ASSETS where that has all of them, else our own.
fn kubernetes() -> anyhow::Result<PathBuf> {
    let given = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let whole = |folder: &PathBuf| KUBERNETES.programs.iter().all(|(program, _)| folder.join(program).is_file());
    match given.filter(whole) {
        Some(folder) => {
            eprintln!("tools: using the Kubernetes programs of KUBEBUILDER_ASSETS, {}", folder.display());
            Ok(folder)
        }
        None => go(&KUBERNETES),
    }
}

/// Builds the existing authenticator, and what asks its verifier about tokens, if they are missing.
pub(crate) fn go_authenticator() -> anyhow::Result<PathBuf> {
    Ok(go(&AUTHENTICATOR)?.join("aws-iam-authenticator"))
}

/// The Python that has Zig, installed the first time: `python -m ziglang`.
pub(crate) fn zig() -> anyhow::Result<PathBuf> {
    python(&ZIG)
}

/// The certificate authorities that browsers trust, one file: in an image there are none, and those of this machine
/// may be its owner's.
pub(crate) fn authorities() -> anyhow::Result<PathBuf> {
    let mut python = Command::new(python(&AUTHORITIES)?);
    let path = run::output(python.args(["-c", "import certifi; print(certifi.where())"]))?;
    Ok(PathBuf::from(path.trim()))
}

/// The Python that has CycloneDX's library.
pub(crate) fn cyclonedx() -> anyhow::Result<PathBuf> {
    python(&CYCLONEDX)
}

/// Helm.
pub(crate) fn helm() -> anyhow::Result<PathBuf> {
    Ok(go(&HELM)?.join("helm"))
}

/// krew.
pub(crate) fn krew() -> anyhow::Result<PathBuf> {
    Ok(go(&KREW)?.join("krew"))
}

/// What checks GitHub's workflows.
pub(crate) fn actionlint() -> anyhow::Result<PathBuf> {
    Ok(go(&ACTIONLINT)?.join("actionlint"))
}

/// A program of a crate at its pinned version, built into the cache the first time; `flags` are `cargo install`'s.
pub(crate) fn cargo_program(name: &str, version: &str, flags: &[&str]) -> anyhow::Result<PathBuf> {
    let folder = cache()?.join(format!("{name}-{version}"));
    let program = folder.join("bin").join(name);
    if !program.exists() {
        eprintln!("tools: building {name} {version} (minutes, once) …");
        let mut install = run::cargo();
        install.args(["install", "--quiet", "--locked", name, "--version", version]).args(flags);
        install.arg("--root").arg(&folder);
        // Its own target folder, so that nothing of ours is rebuilt.
        run::check(install.env("CARGO_TARGET_DIR", folder.join("target")))?;
        fs::remove_dir_all(folder.join("target"))?;
    }
    Ok(program)
}

/// `cargo xtask tools`.
pub(crate) fn print() -> anyhow::Result<()> {
    needs::ensure("tools", needs::TOOLS)?;
    let tools = ensure()?;
    println!("export KUBEBUILDER_ASSETS={}", tools.kubernetes.display());
    let runc = tools.runc.parent().unwrap_or(&tools.runc);
    println!("export PATH={}:{}:$PATH", tools.containerd.display(), runc.display());
    Ok(())
}

/// The cache folder: CLUSTER_AUTH_TOOLS, or a folder of the user's cache.
pub(crate) fn cache() -> anyhow::Result<PathBuf> {
    if let Some(folder) = env::var_os("CLUSTER_AUTH_TOOLS") {
        return Ok(folder.into());
    }
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    let cache = cache.context("no cache folder: set CLUSTER_AUTH_TOOLS, XDG_CACHE_HOME or HOME")?;
    Ok(cache.join("cluster-auth/tools"))
}

fn go(module: &GoModule) -> anyhow::Result<PathBuf> {
    let go = run::find("go").context("go is missing")?;
    let source = run::root().join("tests/tools").join(module.name);
    let version = run::output(Command::new(&go).arg("version"))?;
    let mut parts =
        vec![fs::read(source.join("go.mod"))?, fs::read(source.join("go.sum"))?, version.into(), module.flags.into()];
    parts.extend(module.cgo.map(Into::into));
    // A module may have a program of our own.
    for file in ["main.go", "schema.json"].map(|file| source.join(file)) {
        parts.extend(file.is_file().then(|| fs::read(file)).transpose()?);
    }
    let target = cache()?.join(format!("{}-{}", module.name, key(&parts)));
    once(&target, |folder| {
        for (at, (program, package)) in module.programs.iter().enumerate() {
            let start = Instant::now();
            eprintln!("tools: building {program} ({} of {}, minutes the first time) …", at + 1, module.programs.len());
            let mut build = Command::new(&go);
            build.current_dir(&source).env("CGO_ENABLED", if module.cgo.is_some() { "1" } else { "0" });
            build.args(["build", "-trimpath", "-tags", module.cgo.unwrap_or_default(), "-ldflags", module.flags, "-o"]);
            build.arg(folder.join(program)).arg(package);
            run::check(&mut build)?;
            eprintln!("tools: {program} took {} s", start.elapsed().as_secs());
        }
        Ok(())
    })
}

/// The program of an environment, made if it is missing.
fn python(PythonEnvironment { name, title, program }: &PythonEnvironment) -> anyhow::Result<PathBuf> {
    let python = run::find("python3").context("python3 is missing")?;
    let requirements = run::root().join("tests/tools").join(name).join("requirements.txt");
    let version = run::output(Command::new(&python).arg("--version"))?;
    let target = cache()?.join(format!("{name}-{}", key(&[fs::read(&requirements)?, version.into()])));
    // A virtual environment holds its own path, so it is made where it stays; the marker says that it is whole.
    once(&target, |folder| {
        eprintln!("tools: installing {title} …");
        fs::write(folder.join("made-for"), target.display().to_string())?;
        Ok(())
    })?;
    let environment = target.join("venv");
    let program = environment.join("bin").join(program);
    let _lock = lock(&target)?;
    if !environment.join("whole").exists() {
        run::check(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&environment))?;
        let mut pip = Command::new(environment.join("bin/pip"));
        run::check(pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements))?;
        fs::write(environment.join("whole"), "")?;
    }
    Ok(program)
}

/// Makes a folder unless it is there: built under another name and renamed when whole, by one process at a time.
fn once(target: &Path, build: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<PathBuf> {
    let _lock = lock(target)?;
    if !target.exists() {
        let unfinished = target.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        fs::create_dir_all(&unfinished)?;
        build(&unfinished)?;
        fs::rename(&unfinished, target)?;
    }
    Ok(target.to_owned())
}

fn lock(target: &Path) -> anyhow::Result<File> {
    let path = target.with_extension("lock");
    let folder = path.parent().context("the cache has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.lock()?;
    Ok(file)
}

/// 16 hexadecimal digits that change with every part.
fn key(parts: &[Vec<u8>]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn a_key_changes_with_every_part_and_with_where_parts_end() {
        let key = |parts: &[&str]| key(&parts.iter().map(|part| part.as_bytes().to_vec()).collect::<Vec<_>>());
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_eq!(key(&["a", "b"]).len(), 16);
        assert!(key(&["a", "b"]) != key(&["ab", ""]) && key(&["a", "b"]) != key(&["a", "c"]));
    }
}
