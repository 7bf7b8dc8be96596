use std::{collections::BTreeMap, io::Read as _};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{Architecture, Config, Entry, Image, ImageError, Layer, Layout};

const NAME: &str = "registry.example.com:5000/cluster-auth:v1";

fn image(architecture: Architecture, program: &[u8]) -> Image {
    let roots = Layer::new(&[
        Entry::Folder { path: "etc", mode: 0o755 },
        Entry::File { path: "etc/roots.crt", mode: 0o644, content: b"roots" },
    ]);
    let program = Layer::new(&[
        Entry::File { path: "cluster-auth", mode: 0o755, content: program },
        Entry::Link { path: "aws-iam-authenticator", target: "/cluster-auth" },
    ]);
    let config = Config {
        user: Some("10000:10000".to_owned()),
        entrypoint: vec!["/cluster-auth".to_owned()],
        command: vec!["server".to_owned()],
        environment: vec!["PATH=/".to_owned()],
        labels: [("org.opencontainers.image.version".to_owned(), "v1".to_owned())].into(),
        created: None,
    };
    Image { architecture, config, layers: vec![roots.expect("paths"), program.expect("paths")] }
}

/// A layout as whoever pulls goes through it: every blob is looked up by its digest, which must be its content's.
struct Pulled(BTreeMap<String, Vec<u8>>);

impl Pulled {
    fn document(&self, path: &str) -> Value {
        serde_json::from_slice(&self.0[path]).expect("JSON")
    }

    fn blob(&self, descriptor: &Value) -> &[u8] {
        let digest = descriptor["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:")).expect("a digest");
        let content = &self.0[&format!("blobs/sha256/{digest}")];
        let hex: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((digest, descriptor["size"].as_u64()), (hex.as_str(), Some(content.len() as u64)));
        content
    }

    fn follow(&self, descriptor: &Value) -> Value {
        serde_json::from_slice(self.blob(descriptor)).expect("JSON")
    }
}

fn pulled(layout: &Layout) -> Pulled {
    Pulled(layout.files().into_iter().collect())
}

#[test]
fn an_image_of_one_architecture_is_what_its_name_leads_to() {
    let mut layout = Layout::default();
    layout.add(NAME, vec![image(Architecture::Amd64, b"program")]);
    let pulled = pulled(&layout);
    assert_eq!(pulled.document("oci-layout"), serde_json::json!({"imageLayoutVersion": "1.0.0"}));
    let index = pulled.document("index.json");
    let named = &index["manifests"][0];
    assert_eq!(layout.digest(NAME).as_deref(), named["digest"].as_str());
    assert_eq!(layout.digest("other"), None);
    assert_eq!(
        named["annotations"],
        serde_json::json!({"io.containerd.image.name": NAME, "org.opencontainers.image.ref.name": "v1"})
    );
    let manifest = pulled.follow(named);
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    let config = pulled.follow(&manifest["config"]);
    let layers = manifest["layers"].as_array().expect("layers");
    let digests: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
    // A layer that is not compressed is its own diff.
    assert_eq!(config["rootfs"], serde_json::json!({"type": "layers", "diff_ids": digests}));
    assert_eq!(
        config["config"],
        serde_json::json!({
            "User": "10000:10000", "Entrypoint": ["/cluster-auth"], "Cmd": ["server"], "Env": ["PATH=/"],
            "Labels": {"org.opencontainers.image.version": "v1"},
        })
    );
    let mut seen = Vec::new();
    for layer in layers {
        for entry in tar::Archive::new(pulled.blob(layer)).entries().expect("a tar") {
            let mut entry = entry.expect("an entry");
            let header = entry.header().clone();
            assert_eq!((header.uid().ok(), header.gid().ok(), header.mtime().ok()), (Some(0), Some(0), Some(0)));
            let mut content = String::new();
            entry.read_to_string(&mut content).expect("text");
            let path = entry.path().expect("a path").display().to_string();
            let link = entry.link_name().expect("a name").map(|target| target.display().to_string());
            seen.push(format!("{path} {:o} {}", header.mode().expect("a mode"), link.unwrap_or(content)));
        }
    }
    let expected =
        ["etc 755 ", "etc/roots.crt 644 roots", "cluster-auth 755 program", "aws-iam-authenticator 777 /cluster-auth"];
    assert_eq!(seen, expected);
}

#[test]
fn several_architectures_have_one_name_and_share_what_is_the_same() {
    let mut layout = Layout::default();
    layout.add(NAME, vec![image(Architecture::Amd64, b"x86"), image(Architecture::Arm64, b"arm")]);
    let pulled = pulled(&layout);
    let list = pulled.follow(&pulled.document("index.json")["manifests"][0]);
    assert_eq!(list["mediaType"], "application/vnd.oci.image.index.v1+json");
    let manifests = list["manifests"].as_array().expect("manifests");
    let platforms: Vec<&Value> = manifests.iter().map(|manifest| &manifest["platform"]["architecture"]).collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    let [first, second] = [&manifests[0], &manifests[1]].map(|manifest| pulled.follow(manifest));
    assert_eq!(first["layers"][0], second["layers"][0]);
    assert!(first["layers"][1] != second["layers"][1]);
    // Two programs, the roots, two configurations, two manifests, the list, and the layout's two files.
    assert_eq!(pulled.0.len(), 10);
}

#[test]
fn the_archive_holds_the_files_and_is_the_same_each_time() {
    let archive = || {
        let mut layout = Layout::default();
        layout.add(NAME, vec![image(Architecture::Amd64, b"program")]);
        let mut archive = Vec::new();
        layout.write_archive(&mut archive).expect("memory");
        (archive, layout.files())
    };
    let (first, files) = archive();
    assert!(first == archive().0);
    let mut archive = tar::Archive::new(first.as_slice());
    let held = archive.entries().expect("a tar").map(|entry| {
        let mut entry = entry.expect("an entry");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("memory");
        (entry.path().expect("a path").display().to_string(), content)
    });
    assert_eq!(held.collect::<Vec<_>>(), files);
}

#[test]
fn paths_stay_within_the_image() {
    for path in ["", "/etc", "etc/", "../etc", "etc/../..", "./etc", "a//b"] {
        let layer = Layer::new(&[Entry::Folder { path, mode: 0o755 }]);
        assert!(matches!(layer, Err(ImageError::Path(of)) if of == path), "{path:?}");
    }
    let long = "a/".repeat(200) + "b";
    let layer = Layer::new(&[Entry::File { path: &long, mode: 0o644, content: b"" }]).expect("a long path");
    let mut archive = tar::Archive::new(layer.tar());
    let entry = archive.entries().expect("a tar").next().expect("one").expect("an entry");
    assert_eq!(entry.path().expect("a path").display().to_string(), long);
}
