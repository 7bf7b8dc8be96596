//! `cargo xtask test` on machines that lack what it needs: nothing is built before everything is there.
//!
//! The machines are folders for the PATH; what stands in for apt-get installs what it is asked for.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A machine with these programs, each a shell script.
fn machine(name: &str, programs: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    // Whatever is built is built by this one, and fails, so that nothing is.
    let cargo = ("cargo", "echo \"$@\" >> \"$(/usr/bin/dirname \"$0\")/built\"; exit 1");
    for (program, script) in [cargo].iter().chain(programs) {
        let path = folder.join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    folder
}

fn test(machine: &Path) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output =
        command.arg("test").env("PATH", machine).env("CARGO", machine.join("cargo")).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

/// What Debian has: apt-get makes the program of a package.
const APT_GET: &str = r#"
here=$(/usr/bin/dirname "$0")
echo "apt-get $*" >> "$here/apt"
for package; do
  case $package in
    build-essential) program=cc ;;
    python3-venv) program=python3 ;;
    iproute2) program=ip ;;
    chromium|curl|fish|git|jq|pkg-config|prometheus|socat|strace|zsh) program=$package ;;
    *) continue ;;
  esac
  printf '#!/bin/sh\n' > "$here/$program"
  /bin/chmod 755 "$here/$program"
done"#;

const APT_CACHE: &str = "echo '  Candidate: 2:1.19~1'";
const GO: (&str, &str) = ("go", "echo go version go1.26.8 linux/amd64");
/// With which a machine shows what it allows.
const UNSHARE: (&str, &str) = ("unshare", "");
const SH: (&str, &str) = ("sh", "");
/// In the order of the alphabet.
const PACKAGES: &str =
    "build-essential chromium curl fish git iproute2 jq pkg-config prometheus python3-venv socat strace zsh";

/// What packages are recognised by that have no program.
const FILES: [&str; 2] = ["/usr/lib/cni/bridge", "/usr/include/seccomp.h"];

/// Without the packages that are recognised by a file of this machine, which may have it.
fn by_program(line: &str) -> String {
    line.replace("containernetworking-plugins ", "").replace("libseccomp-dev ", "")
}

#[test]
fn everything_that_is_missing_is_said_before_anything_is_built() {
    let machine = machine("bare", &[]);
    let (output, said) = test(&machine);
    assert!(!output.status.success());
    for name in [
        "\n  cc ",
        "\n  go ",
        "\n  python3 ",
        "\n  chromium ",
        "\n  strace ",
        "\n  root and cgroups ",
        "--without-cluster",
    ] {
        assert!(said.contains(name), "{name} is missing in\n{said}");
    }
    assert!(!machine.join("built").exists(), "{said}");
}

#[test]
fn on_debian_there_is_one_line_to_type() {
    let debian = [GO, UNSHARE, SH, ("id", "echo 1000"), ("apt-get", APT_GET), ("apt-cache", APT_CACHE)];
    let machine = machine("debian", &debian);
    let (output, said) = test(&machine);
    let line = format!("sudo apt-get install --no-install-recommends {PACKAGES}\n");
    assert!(!output.status.success() && by_program(&said).ends_with(&line), "{said}");
    assert!(!machine.join("apt").exists() && !machine.join("built").exists(), "{said}");
}

#[test]
fn root_gets_it_installed_and_the_tests_go_on() {
    let debian = [GO, UNSHARE, SH, ("id", "echo 0"), ("apt-get", APT_GET), ("apt-cache", APT_CACHE)];
    let machine = machine("root", &debian);
    let (_, said) = test(&machine);
    let typed = fs::read_to_string(machine.join("apt")).expect("apt-get was asked");
    let install = format!("apt-get install -y -qq --no-install-recommends {PACKAGES}");
    assert_eq!(by_program(&typed), format!("apt-get update -qq\n{install}\n"), "{said}");
    let built = fs::read_to_string(machine.join("built")).unwrap_or_default();
    // What stands in for apt-get installs no files elsewhere.
    let missing: Vec<_> = FILES.iter().filter(|file| !Path::new(file).exists()).collect();
    assert!(missing.iter().all(|file| said.contains(**file)), "{said}");
    let begun = if missing.is_empty() { "build --locked --workspace --all-targets\n" } else { "" };
    assert_eq!(built, begun, "{said}");
}

#[test]
fn an_old_go_is_said_and_nothing_is_installed_for_it() {
    let old = ("go", "echo go version go1.19.8 linux/amd64");
    let machine = machine("old-go", &[old, ("id", "echo 0"), ("apt-get", APT_GET), ("apt-cache", APT_CACHE)]);
    let (output, said) = test(&machine);
    assert!(!output.status.success() && said.contains("apt-get has no go that does: install it by hand"), "{said}");
    assert!(!machine.join("built").exists() && !machine.join("strace").exists(), "{said}");
}
