//! What a chore needs on the machine: looked for all at once, before anything is built. On Debian root gets it installed;
//! everybody else is told everything that is missing, and the one line that brings it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::run;

/// Something that must be on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// What it is.
    name: &'static str,
    /// What it is for.
    why: &'static str,
    /// What it is recognised by.
    sign: Sign,
    /// Debian's package. Go has one that may be too old, and there is none for what a machine allows.
    package: &'static str,
}

/// What something is recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// A program on the PATH.
    Program(&'static str),
    /// A Go that is new enough, or new enough to fetch the one that it needs.
    Go,
    /// A Python that is new enough, and makes virtual environments.
    Python,
    /// Root with the right to make namespaces and mounts, and cgroups that it may write to.
    Node,
}

/// From this version on, Go fetches the version that a go.mod asks for.
const GO_THAT_FETCHES: (u32, u32) = (1, 21);

const fn program(name: &'static str, package: &'static str, why: &'static str) -> Need {
    Need { name, why, sign: Sign::Program(name), package }
}

/// What Rust links with, and ring's C code is compiled by.
const C_COMPILER: Need = program("cc", "build-essential", "a C compiler");

/// What the real parts are made with.
const GO: Need = Need {
    name: "go",
    why: "Go 1.26 or later, to build Kubernetes, Helm, OpenTofu and the Go authenticator: https://go.dev/dl",
    sign: Sign::Go,
    package: "golang-go",
};

const PYTHON: Need = Need {
    name: "python3",
    why: "Python 3.10 or later with its module venv, to install the AWS CLI and moto",
    sign: Sign::Python,
    package: "python3-venv",
};

const LIBSECCOMP: Need = program("/usr/include/seccomp.h", "libseccomp-dev", "the library that runc is built with");
const PKG_CONFIG: Need = program("pkg-config", "pkg-config", "to find that library");

/// What the tests on a node need of the machine beside programs.
const NODE: Need = Need {
    name: "root and cgroups",
    why: "to start a node (namespaces, mounts, /sys/fs/cgroup); `cargo xtask test --without-node` leaves out the tests on it",
    sign: Sign::Node,
    package: "",
};

/// What brings Rust's libraries for other systems.
const RUSTUP: Need = program("rustup", "rustup", "Rust's own installer, to add a target: https://rustup.rs");

/// What building the real parts needs.
pub(crate) const TOOLS: &[Need] = &[C_COMPILER, GO, PYTHON, LIBSECCOMP, PKG_CONFIG];

/// What the unit tests need.
pub(crate) const UNIT_TESTS: &[Need] = &[C_COMPILER];

/// What all tests need.
pub(crate) const TESTS: &[Need] = &[
    C_COMPILER,
    GO,
    PYTHON,
    program("chromium", "chromium", "the browser that looks at the page of `matrix`"),
    program("strace", "strace", "to see what `token` opens"),
    program("zsh", "zsh", "a shell to complete in"),
    program("fish", "fish", "a shell to complete in"),
    program("curl", "curl", "to ask a server whether it is ready, as the documentation does"),
    program("git", "git", "to take a change of an access file back"),
    program("jq", "jq", "to read what the AWS CLI prints, as the documentation does"),
    LIBSECCOMP,
    PKG_CONFIG,
    program("prometheus", "prometheus", "to ask what the dashboard asks"),
];

/// What the tests on a node need besides.
pub(crate) const NODE_TESTS: &[Need] = &[
    program("unshare", "util-linux", "namespaces for a node"),
    program("ip", "iproute2", "a network for a node"),
    program("socat", "socat", "a way out of a node's network"),
    program("/usr/lib/cni/bridge", "containernetworking-plugins", "a network for the pods of a node"),
    NODE,
];

/// What `cargo xtask lint` needs.
pub(crate) const LINT: &[Need] = &[C_COMPILER, GO, program("git", "git", "to list the files of the repository")];

/// What `cargo xtask windows` needs.
pub(crate) const WINDOWS: &[Need] =
    &[C_COMPILER, RUSTUP, program("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64", "a C compiler for Windows")];

/// What `cargo xtask dist` needs.
pub(crate) const DIST: &[Need] =
    &[C_COMPILER, RUSTUP, program("musl-gcc", "musl-tools", "a C compiler for the static binary")];

/// What a static binary for ARM needs: its C compiler comes from Python's packages, its linker with Rust.
pub(crate) const DIST_ARM64: &[Need] = &[C_COMPILER, RUSTUP, PYTHON];

/// What a program for macOS needs, on macOS.
pub(crate) const DIST_MACOS: &[Need] = &[C_COMPILER, RUSTUP];

/// What `cargo xtask release` needs to make its files and to open them.
pub(crate) const RELEASE: &[Need] = &[
    C_COMPILER,
    GO,
    PYTHON,
    RUSTUP,
    program("musl-gcc", "musl-tools", "a C compiler for the static binary"),
    program("git", "git", "to say which commit it is of"),
    program("minisign", "minisign", "to sign, and to verify"),
    program("mandoc", "mandoc", "to check manual pages"),
    program("zsh", "zsh", "to read its completion"),
    program("fish", "fish", "to read its completion"),
    program("systemd-analyze", "systemd", "to check the server's unit"),
    program("ruby", "ruby", "to read Homebrew's formula"),
    program("docker-registry", "docker-registry", "a registry, to push image and chart to"),
    program("skopeo", "skopeo", "to push the image, and to pull it back"),
];

/// What `cargo xtask release --all` needs besides.
pub(crate) const RELEASE_ALL: &[Need] = &[
    program("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64", "a C compiler for Windows"),
    program("qemu-aarch64", "qemu-user", "to run what is built for ARM"),
    program("zip", "zip", "to pack what is built for Windows"),
    program("unzip", "unzip", "to open it"),
];

/// What measuring large files needs.
pub(crate) const BENCH_FILES: &[Need] = &[program("/usr/bin/time", "time", "to measure memory")];

/// What measuring a large cluster needs.
pub(crate) const BENCH_CLUSTER: &[Need] = &[
    GO,
    PYTHON,
    program("/usr/bin/time", "time", "to measure memory"),
    program("curl", "curl", "to fetch the same lists"),
];

/// What measuring both programs side by side needs.
pub(crate) const BENCH_LOAD: &[Need] = &[
    GO,
    program("wrk", "wrk", "to put load on a server"),
    program("hyperfine", "hyperfine", "to measure calls"),
    program("unshare", "util-linux", "a network of its own"),
    program("ip", "iproute2", "a network of its own"),
];

/// Everything is there afterwards, or nothing has been begun: then the error says all that is missing.
pub(crate) fn ensure(chore: &str, needs: &[Need]) -> anyhow::Result<()> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let system = System::here()?;
    if system == System::DebianAsRoot {
        eprintln!("missing: {}", missing.iter().map(|need| need.name).collect::<Vec<_>>().join(", "));
        // A machine that is new has no lists of what there is.
        run::check(apt_get().args(["update", "-qq"]))?;
    }
    match step(chore, &missing, system, &offered) {
        Step::GoOn => Ok(()),
        Step::Stop(message) => anyhow::bail!(message),
        Step::Install(packages) => {
            eprintln!("installing: {INSTALL} {}", packages.join(" "));
            let mut install = apt_get();
            install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
            run::check(install.env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null()))?;
            let still = self::missing(needs);
            anyhow::ensure!(still.is_empty(), "{}", listed(chore, &still));
            Ok(())
        }
    }
}

/// What is typed, whatever is missing.
const INSTALL: &str = "apt-get install --no-install-recommends";

/// Who may install what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    /// Debian or one of its kind, as root.
    DebianAsRoot,
    /// The same as somebody else.
    Debian,
    /// Another one, whose packages have names that are not known here.
    Other,
}

impl System {
    fn here() -> anyhow::Result<Self> {
        if run::find("apt-get").is_none() {
            return Ok(Self::Other);
        }
        let user = run::output(Command::new("id").arg("-u"))?;
        Ok(if user.trim() == "0" { Self::DebianAsRoot } else { Self::Debian })
    }
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    GoOn,
    /// These packages are installed, and then one looks again.
    Install(Vec<&'static str>),
    /// Everything that is missing, and what to do.
    Stop(String),
}

/// Whether packages are installed, or what a person has to do. `offered` says whether apt has what is needed in a package.
fn step(chore: &str, missing: &[Need], system: System, offered: &impl Fn(&Need) -> bool) -> Step {
    if missing.is_empty() {
        return Step::GoOn;
    }
    let message = listed(chore, missing);
    if system == System::Other {
        return Step::Stop(message);
    }
    let (packaged, by_hand): (Vec<&Need>, Vec<&Need>) = missing.iter().partition(|need| offered(need));
    // Why it is needed says what to do about what no package brings.
    let (allowed, by_hand): (Vec<&Need>, Vec<&Need>) = by_hand.into_iter().partition(|need| need.package.is_empty());
    let mut packages: Vec<&str> = packaged.iter().map(|need| need.package).collect();
    packages.sort_unstable();
    packages.dedup();
    if by_hand.is_empty() && allowed.is_empty() && system == System::DebianAsRoot {
        return Step::Install(packages);
    }
    let sudo = if system == System::DebianAsRoot { "" } else { "sudo " };
    let line = format!("\ninstall with: {sudo}{INSTALL} {}", packages.join(" "));
    let by_hand: String =
        by_hand.iter().map(|need| format!("\napt-get has no {} that does: install it by hand", need.name)).collect();
    Step::Stop(message + if packages.is_empty() { "" } else { &line } + &by_hand)
}

/// Everything that is missing.
fn listed(chore: &str, missing: &[Need]) -> String {
    let rows: String = missing.iter().map(|Need { name, why, .. }| format!("\n  {name:<24}{why}")).collect();
    let without = if missing.iter().any(|need| need.name == GO.name || need.name == PYTHON.name) && chore == "test" {
        "\n`cargo xtask test --without-cluster` leaves out the tests that need them"
    } else {
        ""
    };
    format!("missing on this machine, for `cargo xtask {chore}`:{rows}{without}")
}

fn missing(needs: &[Need]) -> Vec<Need> {
    let mut missing: Vec<Need> = Vec::new();
    for need in needs.iter().filter(|need| !need.is_here()) {
        // Several chores may need the same.
        if missing.iter().all(|other| other.name != need.name) {
            missing.push(*need);
        }
    }
    missing
}

impl Need {
    fn is_here(&self) -> bool {
        match self.sign {
            Sign::Program(path) if path.starts_with('/') => Path::new(path).is_file(),
            Sign::Program(program) => run::find(program).is_some(),
            Sign::Go => answer("go", &["version"]).is_some_and(|said| is_new_enough(&said)),
            Sign::Python => {
                let asks = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
                answer("python3", &["-c", asks]).is_some()
            }
            Sign::Node => {
                let cgroup = "for folder in /sys/fs/cgroup /sys/fs/cgroup/memory; do [ -w $folder/cgroup.procs ] && exit; done; exit 1";
                let namespaces =
                    ["--net", "--mount", "--pid", "--fork", "--mount-proc", "mount", "--bind", "/etc", "/srv"];
                answer("unshare", &namespaces).is_some() && answer("sh", &["-c", cgroup]).is_some()
            }
        }
    }
}

/// What a program says where it succeeds.
fn answer(program: &str, args: &[&str]) -> Option<String> {
    let program: PathBuf = run::find(program)?;
    // Outside of the repository: in it, Go would fetch another version to answer with.
    run::output(Command::new(program).current_dir("/").args(args)).ok()
}

/// Whether `go version` names one that works.
fn is_new_enough(said: &str) -> bool {
    let version = said.split("go version go").nth(1).unwrap_or_default();
    at_least(version)
}

/// Whether a version that begins a text, as `1.26.8 linux/amd64`, is new enough.
fn at_least(version: &str) -> bool {
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit()).map(str::parse::<u32>);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= GO_THAT_FETCHES)
}

/// Whether apt has the package, in a version that does: of Go there are old ones.
fn offered(need: &Need) -> bool {
    if need.package.is_empty() {
        return false;
    }
    let said = answer("apt-cache", &["policy", need.package]).unwrap_or_default();
    candidate(&said).is_some_and(|version| !matches!(need.sign, Sign::Go) || at_least(version))
}

/// What `apt-cache policy` says that would be installed, without its epoch: `2:1.24~2` is 1.24.
fn candidate(said: &str) -> Option<&str> {
    let version = said.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    (version != "(none)").then(|| version.split_once(':').map_or(version, |(_, version)| version))
}

fn apt_get() -> Command {
    run::command("apt-get")
}

#[cfg(test)]
mod tests {
    use super::{GO, LINT, NODE_TESTS, Step, System, TESTS, WINDOWS, at_least, candidate, is_new_enough, step};

    #[test]
    fn what_is_missing_is_installed_or_said_all_at_once() {
        let go_on = |missing, system| step("test", missing, system, &|_| true);
        for system in [System::DebianAsRoot, System::Debian, System::Other] {
            assert_eq!(go_on(&[], system), Step::GoOn);
        }
        let all = vec![
            "build-essential",
            "chromium",
            "curl",
            "fish",
            "git",
            "golang-go",
            "jq",
            "libseccomp-dev",
            "pkg-config",
            "prometheus",
            "python3-venv",
            "strace",
            "zsh",
        ];
        assert_eq!(go_on(TESTS, System::DebianAsRoot), Step::Install(all));

        let list = "missing on this machine, for `cargo xtask test`:
  cc                      a C compiler
  go                      Go 1.26 or later, to build Kubernetes, Helm, OpenTofu and the Go authenticator: https://go.dev/dl
  python3                 Python 3.10 or later with its module venv, to install the AWS CLI and moto
  chromium                the browser that looks at the page of `matrix`
  strace                  to see what `token` opens
  zsh                     a shell to complete in
  fish                    a shell to complete in
  curl                    to ask a server whether it is ready, as the documentation does
  git                     to take a change of an access file back
  jq                      to read what the AWS CLI prints, as the documentation does
  /usr/include/seccomp.h  the library that runc is built with
  pkg-config              to find that library
  prometheus              to ask what the dashboard asks
`cargo xtask test --without-cluster` leaves out the tests that need them";
        assert_eq!(go_on(TESTS, System::Other), Step::Stop(list.to_owned()));
        let line = "\ninstall with: sudo apt-get install --no-install-recommends build-essential chromium curl fish git golang-go jq libseccomp-dev pkg-config prometheus python3-venv strace zsh";
        assert_eq!(go_on(TESTS, System::Debian), Step::Stop(format!("{list}{line}")));

        // An old Go is no Go, and then nobody is asked to wait for the rest.
        let line = "\ninstall with: apt-get install --no-install-recommends build-essential chromium curl fish git jq libseccomp-dev pkg-config prometheus python3-venv strace zsh\n\
             apt-get has no go that does: install it by hand";
        let old = |system| step("test", TESTS, system, &|need| need.name != GO.name);
        assert_eq!(old(System::DebianAsRoot), Step::Stop(format!("{list}{line}")));
        assert_eq!(old(System::Debian), Step::Stop(format!("{list}{line}").replace("with: ", "with: sudo ")));
    }

    #[test]
    fn what_no_package_brings_stops_even_root() {
        let missing: Vec<_> = NODE_TESTS.iter().filter(|need| need.package.is_empty()).copied().collect();
        let said = "missing on this machine, for `cargo xtask test`:
  root and cgroups        to start a node (namespaces, mounts, /sys/fs/cgroup); `cargo xtask test --without-node` leaves out the tests on it";
        for system in [System::DebianAsRoot, System::Debian, System::Other] {
            assert_eq!(step("test", &missing, system, &|need| !need.package.is_empty()), Step::Stop(said.to_owned()));
        }
    }

    #[test]
    fn needs_of_several_chores_name_a_package_once() {
        let both = [LINT, WINDOWS].concat();
        let packages = vec!["build-essential", "gcc-mingw-w64-x86-64", "git", "golang-go", "rustup"];
        assert_eq!(step("ci", &both, System::DebianAsRoot, &|_| true), Step::Install(packages));
    }

    #[test]
    fn a_go_that_works_is_new_enough_to_fetch_what_it_lacks() {
        let rows = [
            ("go version go1.26.8 linux/amd64\n", true),
            ("go version go1.21.0 linux/amd64", true),
            ("go version go1.27rc1 darwin/arm64", true),
            ("go version go2.0 linux/amd64", true),
            ("go version go1.19.8 linux/amd64", false),
            ("go version devel", false),
            ("", false),
        ];
        for (said, expected) in rows {
            assert_eq!(is_new_enough(said), expected, "{said}");
        }
        let rows = [("2:1.19~1", Some(false)), ("2:1.24~2", Some(true)), ("1.22", Some(true)), ("(none)", None)];
        for (version, expected) in rows {
            let said = format!("golang-go:\n  Installed: (none)\n  Candidate: {version}\n");
            assert_eq!(candidate(&said).map(at_least), expected, "{version}");
        }
        assert_eq!(candidate(""), None, "apt knows no such package");
    }
}
