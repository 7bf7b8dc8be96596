//! docs/image.md: an image of two files, without Docker.

use std::fs;

use anyhow::ensure;
use e2e::{
    page::{self, Reader},
    process,
    shell::Shell,
    world::World,
};

use crate::Test;

pub(super) const TESTS: &[Test] = &[("docs::an_image_is_two_files", image)];

/// What Docker does with these words, as far as it can be done without it: the archive's files, and what was said of them.
const DOCKER: &str = r#"
case "$1" in
import) [ "$2" = --change ] && [ "$4" = - ] && mkdir -p "$HOME/image" && tar -x -C "$HOME/image" && echo "$3" > "$HOME/change" && echo "$5" > "$HOME/name" ;;
push) [ "$2" = "$(cat "$HOME/name")" ] ;;
*) exit 1 ;;
esac
"#;

fn image(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("docs-image")?;
    fs::create_dir_all(folder.join("target/dist"))?;
    fs::copy(&world.parts.cluster_auth, folder.join("target/dist/cluster-auth"))?;
    let shell = Shell::new(&world.parts, &folder)?;
    shell.stand_in("docker", DOCKER)?;
    page::besides(&mut Builder { shell })?;

    let files = process::run(process::command("find", &folder).args(["image", "-type", "f"]))?.success()?;
    let mut files: Vec<&str> = files.lines().collect();
    files.sort_unstable();
    ensure!(files == ["image/cluster-auth", "image/etc/ssl/certs/ca-certificates.crt"], "{files:?}");
    ensure!(fs::read_to_string(folder.join("change"))?.trim() == "ENTRYPOINT [\"/cluster-auth\"]");
    // It is the program, and what a program without other roots trusts.
    let version = process::run(process::command(folder.join("image/cluster-auth"), &folder).args(["version", "-s"]))?;
    ensure!(version.success()?.trim() == env!("CARGO_PKG_VERSION"));
    let roots = fs::read_to_string(folder.join("image/etc/ssl/certs/ca-certificates.crt"))?;
    ensure!(roots.matches("-----BEGIN CERTIFICATE-----").count() > 20, "{}", roots.len());
    Ok(())
}

struct Builder {
    shell: Shell,
}

impl Reader for Builder {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        self.shell.runs(command).map(drop)
    }
}
