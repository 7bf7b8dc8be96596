//! The image is pushed, pulled, unpacked and run.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{programs, registry::Registry};
use crate::{
    release::{Release, image},
    run,
    target::{LINUX_AMD64, LINUX_ARM64, Target},
};

/// Where manifests expect the program: ours, aws-iam-authenticator's, and the guide's of 2018.
const PROGRAMS: [&str; 5] = [
    "cluster-auth",
    "aws-iam-authenticator",
    "heptio-authenticator-aws",
    "usr/local/bin/cluster-auth",
    "usr/local/bin/aws-iam-authenticator",
];

/// Pushes it to the registry, and looks at what comes back for each architecture.
pub(super) fn check(release: &Release, registry: &Registry, work: &Path) -> anyhow::Result<()> {
    let name = format!("docker://{}/cluster-auth/cluster-auth:{}", registry.address, release.version);
    let archive = format!("oci-archive:{}", release.folder.join(image::file(release)).display());
    skopeo(&["copy", "--all", "--dest-tls-verify=false", &archive, &name])?;
    let raw = skopeo(&["inspect", "--raw", "--tls-verify=false", &name])?;
    let raw: Value = serde_json::from_str(&raw)?;
    let architectures: Vec<&str> = match raw["manifests"].as_array() {
        Some(list) => list.iter().filter_map(|one| one["platform"]["architecture"].as_str()).collect(),
        None => vec![LINUX_AMD64.architecture],
    };
    for target in [&LINUX_AMD64, &LINUX_ARM64] {
        if architectures.contains(&target.architecture) {
            of_target(release, target, &name, work)?;
        }
    }
    Ok(())
}

fn of_target(release: &Release, target: &Target, name: &str, work: &Path) -> anyhow::Result<()> {
    let arch = format!("--override-arch={}", target.architecture);
    let config = skopeo(&[&arch, "inspect", "--config", "--tls-verify=false", name])?;
    let config: Value = serde_json::from_str(&config)?;
    let (of, labels) = (&config["config"], &config["config"]["Labels"]);
    ensure!(config["architecture"] == target.architecture && config["os"] == "linux", "{config}");
    ensure!(of["User"] == "10000:10000" && of["Entrypoint"] == serde_json::json!(["/cluster-auth"]), "{of}");
    ensure!(labels["org.opencontainers.image.version"] == *release.version, "{labels}");
    ensure!(labels["org.opencontainers.image.revision"] == *release.commit.name, "{labels}");

    let (pulled, root) =
        (work.join(format!("pulled-{}", target.architecture)), work.join(format!("root-{}", target.architecture)));
    fs::create_dir_all(&root)?;
    skopeo(&[&arch, "copy", "--src-tls-verify=false", name, &format!("dir:{}", pulled.display())])?;
    for layer in layers(&pulled)? {
        run::check(Command::new("tar").arg("-xf").arg(layer).arg("-C").arg(&root))?;
    }
    let authorities = fs::read_to_string(root.join("etc/ssl/certs/ca-certificates.crt"))?;
    ensure!(authorities.matches("BEGIN CERTIFICATE").count() > 100, "too few authorities");
    for path in PROGRAMS {
        // A link leads to the image's own root.
        let linked = fs::read_link(root.join(path)).unwrap_or_else(|_| PathBuf::from("/").join(path));
        ensure!(linked == Path::new("/cluster-auth"), "{path} leads to {}", linked.display());
    }
    let program = root.join("cluster-auth");
    ensure!(fs::metadata(&program)?.permissions().mode() & 0o777 == 0o755, "others cannot run the program");
    programs::says_what_it_is(release, target, &program)?;
    let help = run::output(programs::command(target, &program).arg("help"))?;
    ensure!(help.contains("\n  server ") && !help.contains("sandbox") && !help.contains("demo"), "{help}");
    let sandbox = programs::command(target, &program).args(["sandbox", "--help"]).output()?;
    ensure!(sandbox.status.code() == Some(1), "the image plays AWS");
    Ok(())
}

fn layers(pulled: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let manifest: Value = serde_json::from_str(&fs::read_to_string(pulled.join("manifest.json"))?)?;
    let list = manifest["layers"].as_array().context("an image has layers")?;
    let digest = |layer: &Value| layer["digest"].as_str()?.strip_prefix("sha256:").map(|hex| pulled.join(hex));
    list.iter().map(|layer| digest(layer).context("a layer has a digest")).collect()
}

fn skopeo(args: &[&str]) -> anyhow::Result<String> {
    run::output(Command::new("skopeo").arg("--insecure-policy").args(args))
}
