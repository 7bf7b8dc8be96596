//! The image: the server's program FROM scratch, with the authorities that it trusts AWS by, as user 10000.

use std::{fs, path::Path};

use oci_image::{Architecture, Config, Entry, Image, Layer, Layout};

use super::{Release, dependencies::Dependencies, licences};
use crate::{
    dist::{self, Contents},
    run,
    target::{LINUX_ARM64, Target},
    tools,
};

/// The image's name, which is the chart's default.
const NAME: &str = "cluster-auth/cluster-auth";

/// Where the program is.
const PROGRAM: &str = "cluster-auth";

/// Under which other names manifests expect it: aws-iam-authenticator's own and kops', and the image's of 2018.
const LINKS: [&str; 4] = [
    "aws-iam-authenticator",
    "heptio-authenticator-aws",
    "usr/local/bin/cluster-auth",
    "usr/local/bin/aws-iam-authenticator",
];

/// Who runs in it: the user to whom kops, kubeadm's example and the chart give the server's files.
const USER: &str = "10000:10000";

/// The file's name.
pub(crate) fn file(release: &Release) -> String {
    format!("cluster-auth-{}-image.tar", release.version)
}

/// Builds the programs without demo and sandbox, and writes one archive of the images for all architectures.
pub(crate) fn write(release: &Release, targets: &[&'static Target]) -> anyhow::Result<()> {
    let mut images = Vec::new();
    for target in targets {
        let program = dist::program(run::root(), target, Contents::Server, &release.commit)?;
        let third = licences::document(&Dependencies::of(target, Contents::Server)?)?;
        images.push(image(release, target, &program, &third)?);
    }
    let mut layout = Layout::default();
    layout.add(&format!("{NAME}:{}", release.version), images);
    Ok(layout.write_archive(fs::File::create(release.folder.join(file(release)))?)?)
}

fn image(release: &Release, target: &Target, program: &Path, third: &str) -> anyhow::Result<Image> {
    let (program, authorities) = (fs::read(program)?, fs::read(tools::authorities()?)?);
    let licence = fs::read(run::root().join("LICENSE"))?;
    let passwd = format!("cluster-auth:x:{USER}::/:/sbin/nologin\n");
    let folder = |path| Entry::Folder { path, mode: 0o755 };
    let text = |path, content| Entry::File { path, mode: 0o644, content };
    let below = Layer::new(&[
        folder("etc"),
        text("etc/passwd", passwd.as_bytes()),
        folder("etc/ssl"),
        folder("etc/ssl/certs"),
        text("etc/ssl/certs/ca-certificates.crt", &authorities),
        folder("usr"),
        folder("usr/share"),
        folder("usr/share/doc"),
        folder("usr/share/doc/cluster-auth"),
        text("usr/share/doc/cluster-auth/LICENSE", &licence),
        text("usr/share/doc/cluster-auth/THIRD-PARTY-LICENSES.txt", third.as_bytes()),
        folder("usr/local"),
        folder("usr/local/bin"),
    ])?;
    let mut entries = vec![Entry::File { path: PROGRAM, mode: 0o755, content: &program }];
    entries.extend(LINKS.map(|path| Entry::Link { path, target: "/cluster-auth" }));
    let labels = [
        ("title", "cluster-auth"),
        ("description", "Kubernetes access for AWS IAM identities, from one file"),
        ("licenses", "Apache-2.0"),
        ("version", &release.version),
        ("revision", &release.commit.name),
        ("created", &release.commit.date),
        ("url", &release.base_url),
    ];
    let labels = labels.map(|(key, value)| (format!("org.opencontainers.image.{key}"), value.to_owned()));
    let config = Config {
        user: Some(USER.to_owned()),
        entrypoint: vec![format!("/{PROGRAM}")],
        labels: labels.into(),
        created: Some(release.commit.date.clone()),
        ..Config::default()
    };
    let architecture = if target == &LINUX_ARM64 { Architecture::Arm64 } else { Architecture::Amd64 };
    Ok(Image { architecture, config, layers: vec![below, Layer::new(&entries)?] })
}
