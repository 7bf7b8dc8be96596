//! What package managers read: krew's manifest and Homebrew's formula, which name archives and their sums.

use std::{fs, path::Path};

use super::{archive::Archive, checksums};
use crate::{run, target::Target};

/// Writes them for archives that are published below a URL.
pub(crate) fn write(base_url: &str, version: &str, archives: &[Archive], folder: &Path) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for Archive { target, file } in archives {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let url = format!("{base_url}/{name}");
        files.push(Published { target, url, sha256: checksums::of(file)? });
    }
    let template = |name: &str| fs::read_to_string(run::root().join("packaging").join(name));
    fs::write(folder.join("krew.yaml"), krew(&template("krew.yaml")?, version, &files))?;
    fs::write(folder.join("homebrew.rb"), homebrew(&template("homebrew.rb")?, version, &files))?;
    Ok(())
}

/// An archive as it can be downloaded.
struct Published<'a> {
    target: &'a Target,
    url: String,
    sha256: String,
}

/// The manifest: one platform for each archive.
fn krew(template: &str, version: &str, files: &[Published<'_>]) -> String {
    let mut text = template.replace("{version}", version);
    for Published { target, url, sha256 } in files {
        let folder = format!("cluster-auth-{version}-{}", target.name());
        text.push_str(&format!(
            "  - selector: {{matchLabels: {{os: {}, arch: {}}}}}\n    uri: {url}\n    sha256: {sha256}\n    \
             files:\n    - {{from: {folder}/{}, to: .}}\n    - {{from: {folder}/LICENSE, to: .}}\n    bin: {}\n",
            target.system,
            target.architecture,
            target.program(),
            target.program(),
        ));
    }
    text
}

/// The formula: the archives for Linux, and the one for macOS where there is one.
fn homebrew(template: &str, version: &str, files: &[Published<'_>]) -> String {
    let mut systems = String::new();
    for (system, block) in [("linux", "on_linux"), ("darwin", "on_macos")] {
        let mut archives = String::new();
        for Published { target, url, sha256 } in files.iter().filter(|file| file.target.system == system) {
            let processor = if target.architecture == "arm64" { "on_arm" } else { "on_intel" };
            archives
                .push_str(&format!("    {processor} do\n      url \"{url}\"\n      sha256 \"{sha256}\"\n    end\n"));
        }
        if !archives.is_empty() {
            systems.push_str(&format!("  {block} do\n{archives}  end\n\n"));
        }
    }
    template.replace("{version}", version).replace("{systems}\n", &systems)
}

#[cfg(test)]
mod tests {
    use super::{Published, homebrew, krew};
    use crate::{release::settled_base_url, run, target::ALL};

    fn published() -> Vec<Published<'static>> {
        let file = |target: &'static _| Published { target, url: "https://x/y".to_owned(), sha256: "00ff".to_owned() };
        ALL.into_iter().map(file).collect()
    }

    #[test]
    fn krew_has_a_platform_for_each_archive() {
        let text = krew("version: v{version}\nplatforms:\n", "1.2.3", &published());
        assert!(
            text.starts_with("version: v1.2.3\nplatforms:\n  - selector: {matchLabels: {os: linux, arch: amd64}}\n")
        );
        assert!(text.contains("from: cluster-auth-1.2.3-windows-amd64/cluster-auth.exe"), "{text}");
        assert!(text.contains("{os: darwin, arch: arm64}"), "{text}");
        assert_eq!(text.matches("uri: https://x/y\n    sha256: 00ff\n").count(), 4);
    }

    #[test]
    fn homebrew_has_one_for_each_processor_and_nothing_of_macos_without_its_archive() {
        let text = homebrew("v {version}\n{systems}\nend\n", "1.2.3", &published());
        let linux = "v 1.2.3\n  on_linux do\n    on_intel do\n      url \"https://x/y\"\n      sha256 \"00ff\"\n    end\n    on_arm do\n";
        assert!(text.starts_with(linux) && !text.contains("windows"), "{text}");
        assert!(text.contains("  on_macos do\n    on_arm do\n      url"), "{text}");
        let without: Vec<_> = published().into_iter().filter(|file| file.target.system != "darwin").collect();
        assert!(!homebrew("{systems}\n", "1.2.3", &without).contains("macos"));
    }

    #[test]
    fn the_action_takes_archives_from_where_they_are_published() {
        let action = std::fs::read_to_string(run::root().join("action.yml")).expect("the action");
        let line = format!("    default: {}\n", settled_base_url().expect("a URL"));
        assert!(action.contains(&line), "{line}");
    }

    /// `cargo binstall` reads our manifest, and not what a release makes: both must say the same.
    #[test]
    fn binstall_finds_what_is_published() {
        let mut cargo = run::cargo();
        cargo.args(["metadata", "--locked", "--no-deps", "--format-version", "1"]);
        let metadata = run::output(&mut cargo).expect("cargo's answer");
        let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("JSON");
        let packages = metadata["packages"].as_array().expect("packages");
        let cli = packages.iter().find(|package| package["name"] == "cli").expect("the program");
        let binstall = &cli["metadata"]["binstall"];
        for target in ALL {
            let of_target = &binstall["overrides"][target.triple];
            let ending = if target.system == "windows" { "zip" } else { "tar.gz" };
            let name = format!("cluster-auth-1.2.3-{}", target.name());
            let filled = |key: &str| {
                let text = of_target[key].as_str().expect(key).replace("{ version }", "1.2.3");
                text.replace("{ bin }", "cluster-auth")
                    .replace("{ binary-ext }", target.program().trim_start_matches("cluster-auth"))
            };
            let base = settled_base_url().expect("a URL").replace("{version}", "1.2.3");
            assert_eq!(filled("pkg-url"), format!("{base}/{name}.{ending}"));
            assert_eq!(filled("bin-dir"), format!("{name}/{}", target.program()));
            assert_eq!(of_target["pkg-fmt"].as_str(), Some(if ending == "zip" { "zip" } else { "tgz" }));
        }
    }
}
