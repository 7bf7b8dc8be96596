//! A layout: blobs by their digests, and an index of what has a name.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;
use tar::{Builder, EntryType};

use crate::{
    Image,
    layer::header,
    manifest::{CONFIG, Configuration, Descriptor, Digest, INDEX, Index, LAYER, MANIFEST, Manifest, Platform},
};

/// Images with their names. Blobs that several of them have are there once.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    blobs: BTreeMap<Digest, Vec<u8>>,
    named: Vec<Descriptor>,
}

/// The version of the layout's format, in a file of its own.
const VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

impl Layout {
    /// Adds an image under its full name (`registry.k8s.io/pause:3.10.2`): one for each architecture. With several, the name is that of
    /// a list of them, of which whoever pulls takes the one for the machine.
    ///
    /// Tools that know an image by its tag alone (`skopeo copy oci:FOLDER:TAG`) find it by that, and containerd by the whole name.
    pub fn add(&mut self, name: &str, images: Vec<Image>) {
        let mut manifests: Vec<Descriptor> = images.into_iter().map(|image| self.image(image)).collect();
        let mut named = match manifests.len() {
            1 => manifests.remove(0),
            _ => self.document(INDEX, &Index::new(&manifests)),
        };
        let tag = name.rsplit_once(':').map_or(name, |(_, tag)| tag);
        let annotations = [("io.containerd.image.name", name), ("org.opencontainers.image.ref.name", tag)];
        named.annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        self.named.push(named);
    }

    /// The digest of what has a name, `sha256:…`, by which it can be pinned.
    pub fn digest(&self, name: &str) -> Option<String> {
        let is_named =
            |named: &&Descriptor| named.annotations.get("io.containerd.image.name").is_some_and(|of| of == name);
        self.named.iter().find(is_named).map(|named| named.digest.to_string())
    }

    /// Every file of the layout's folder: its path within, and what is in it.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        self.each(|path, content| {
            files.push((path.to_owned(), content.to_owned()));
            Ok(())
        })
        .expect("nothing above fails");
        files
    }

    /// Writes the folder as one tar, which `ctr images import` and `skopeo copy oci-archive:…` read.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_archive(&self, to: impl Write) -> io::Result<()> {
        let mut builder = Builder::new(to);
        self.each(|path, content| {
            builder.append_data(&mut header(EntryType::Regular, 0o644, content.len()), path, content)
        })?;
        builder.into_inner()?.flush()
    }

    fn each(&self, mut take: impl FnMut(&str, &[u8]) -> io::Result<()>) -> io::Result<()> {
        take("oci-layout", VERSION)?;
        take("index.json", &json(&Index::new(&self.named)))?;
        self.blobs.iter().try_for_each(|(digest, content)| take(&format!("blobs/sha256/{}", digest.hex()), content))
    }

    fn image(&mut self, image: Image) -> Descriptor {
        let config = self.document(CONFIG, &Configuration::of(&image));
        let architecture = image.architecture.name();
        let layers = image.layers.into_iter().map(|layer| self.blob(LAYER, layer.digest, layer.tar)).collect();
        let platform = Some(Platform { architecture, os: "linux" });
        Descriptor { platform, ..self.document(MANIFEST, &Manifest::new(config, layers)) }
    }

    fn document(&mut self, media_type: &'static str, document: &impl Serialize) -> Descriptor {
        let content = json(document);
        self.blob(media_type, Digest::of(&content), content)
    }

    fn blob(&mut self, media_type: &'static str, digest: Digest, content: Vec<u8>) -> Descriptor {
        let size = content.len();
        self.blobs.insert(digest.clone(), content);
        Descriptor { media_type, digest, size, platform: None, annotations: BTreeMap::new() }
    }
}

fn json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("structs with text keys can be written as JSON")
}
