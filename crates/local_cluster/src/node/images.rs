//! The images of a control plane, around the programs that are there.

use std::fs;

use oci_image::{Architecture, Config, Entry, Image, Layer, Layout};

use super::{NodeError, NodePrograms};

/// An image with one static program in `/usr/local/bin`, as kubeadm's pods look for it.
pub(super) fn around(name: &str, program: &str, programs: &NodePrograms) -> Result<Option<Layout>, NodeError> {
    let Some(path) = programs.get(program) else { return Ok(None) };
    let content = fs::read(path).map_err(NodeError::file(path))?;
    let place = format!("usr/local/bin/{program}");
    let layer = Layer::new(&[
        Entry::Folder { path: "tmp", mode: 0o1777 },
        Entry::Folder { path: "usr", mode: 0o755 },
        Entry::Folder { path: "usr/local", mode: 0o755 },
        Entry::Folder { path: "usr/local/bin", mode: 0o755 },
        Entry::File { path: &place, mode: 0o755, content: &content },
    ])?;
    let config = Config {
        entrypoint: vec![format!("/{place}")],
        environment: vec!["PATH=/usr/local/bin".to_owned()],
        ..Config::default()
    };
    let mut layout = Layout::default();
    layout.add(name, vec![Image { architecture: HERE, config, layers: vec![layer] }]);
    Ok(Some(layout))
}

/// What the programs, and so the images, are for.
pub const HERE: Architecture = if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::Amd64 };

/// What an image of `kubeadm config images list` is called without registry and tag: `registry.k8s.io/etcd:3.7.0-0` is `etcd`.
pub(super) fn program(name: &str) -> &str {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split_once(':').map_or(last, |(program, _)| program)
}
