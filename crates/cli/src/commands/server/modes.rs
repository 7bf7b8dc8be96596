//! Which mapping sources are asked, and in which order.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use mapping::{BackendMode, authenticator::ServerConfig};

use super::{
    ServerArgs,
    cluster::{self, Reached},
    dynamic,
    sources::Sources,
};
use crate::process;

/// The modes in force, and what has to be followed for them.
pub(super) struct Modes {
    asked: Mutex<Asked>,
    followed: Mutex<BTreeSet<BackendMode>>,
    reached: Reached,
    dynamic_file: Option<PathBuf>,
    sources: Arc<Sources>,
}

/// Who says which modes are asked.
struct Asked {
    /// By flag or configuration.
    configured: Vec<BackendMode>,
    /// Whether a file names others just now.
    is_by_file: bool,
}

/// The modes of the flag, which goes before the configuration; `MountedFile` where neither says any.
///
/// Names are compared as aws-iam-authenticator does, with case; its old ones are accepted.
pub(super) fn configured(args: &ServerArgs, config: &ServerConfig) -> anyhow::Result<Vec<BackendMode>> {
    let mut modes = Vec::new();
    // In the flag each may stand in quotes, as in a line of CSV.
    let unquoted =
        |name: &'_ String| name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name).to_owned();
    let names: Vec<String> = args.backend_mode.iter().map(unquoted).collect();
    for (at, name) in names.iter().enumerate() {
        let mode = BackendMode::named(name).with_context(|| {
            format!("--backend-mode {name}: modes are MountedFile, EKSConfigMap, CRD and DynamicFile")
        })?;
        anyhow::ensure!(!names[..at].contains(name), "--backend-mode names {mode} twice");
        if modes.contains(&mode) {
            process::note(&format!(
                "note: --backend-mode names {mode} twice, by an old name and the new one; it is asked once"
            ));
        } else {
            modes.push(mode);
        }
    }
    Ok(if modes.is_empty() { of_file(config) } else { modes })
}

/// Those of the configuration, or the default.
pub(super) fn of_file(config: &ServerConfig) -> Vec<BackendMode> {
    if config.backend_modes.is_empty() { vec![BackendMode::MountedFile] } else { config.backend_modes.clone() }
}

/// That a path for `DynamicFile` stands beside the mode, and the mode beside a path.
pub(super) fn check_dynamic_file(modes: &[BackendMode], config: &ServerConfig) -> anyhow::Result<()> {
    let has_mode = modes.contains(&BackendMode::DynamicFile);
    // A file that changes the modes may name it later.
    let may_have = has_mode || config.dynamic_backend_mode_path.is_some();
    match &config.dynamic_file_path {
        None if has_mode => anyhow::bail!(
            "dynamicfile is set in backend-mode but dynamicfilepath is not set: write server.dynamicfilepath into the configuration"
        ),
        Some(path) if !may_have => anyhow::bail!(
            "dynamicfile is not set in backend-mode but dynamicfilepath is set ({}): name DynamicFile in --backend-mode or \
             server.backendMode, or leave the path out",
            path.display()
        ),
        _ => Ok(()),
    }
}

impl Modes {
    /// Follows what the modes of `sources` need.
    pub(super) fn start(reached: Reached, config: &ServerConfig, sources: Arc<Sources>) -> Arc<Self> {
        let modes = sources.modes();
        let this = Arc::new(Self {
            asked: Mutex::new(Asked { configured: modes.clone(), is_by_file: false }),
            followed: Mutex::default(),
            reached,
            dynamic_file: config.dynamic_file_path.clone(),
            sources,
        });
        this.follow(&modes);
        this
    }

    pub(super) fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// Whether something else than files would say who logs in with these in the configuration.
    pub(super) fn would_have_others(&self, configured: Option<&[BackendMode]>) -> bool {
        let asked = self.asked();
        match configured {
            Some(modes) if !asked.is_by_file => modes != [BackendMode::MountedFile],
            _ => self.sources.has_others(),
        }
    }

    /// Asks what a file names, as long as it names them.
    pub(super) async fn ask_named(&self, modes: &[BackendMode]) -> anyhow::Result<()> {
        self.check(modes, "it names DynamicFile, and the configuration has no dynamicfilepath").await?;
        let mut asked = self.asked();
        asked.is_by_file = true;
        self.ask(modes);
        Ok(())
    }

    /// Whether these could be asked, by a configuration that has changed.
    pub(super) async fn check_configured(&self, modes: &[BackendMode]) -> anyhow::Result<()> {
        let without_path = "server.backendMode names DynamicFile, and the server was started without server.dynamicfilepath: start it anew";
        self.check(modes, without_path).await
    }

    /// Whether each is followed, or could be; `without_path` says what is wrong with DynamicFile without a path.
    async fn check(&self, modes: &[BackendMode], without_path: &'static str) -> anyhow::Result<()> {
        anyhow::ensure!(self.dynamic_file.is_some() || !modes.contains(&BackendMode::DynamicFile), without_path);
        let followed = self.followed().clone();
        let new: Vec<BackendMode> = modes.iter().copied().filter(|mode| !followed.contains(mode)).collect();
        self.reached.check(&new).await
    }

    /// Takes what a configuration says now; where a file names others, that is for when it is gone.
    pub(super) fn configure(&self, modes: Vec<BackendMode>) {
        let mut asked = self.asked();
        if !asked.is_by_file {
            self.ask(&modes);
        }
        asked.configured = modes;
    }

    /// Asks these from now on.
    fn ask(&self, modes: &[BackendMode]) {
        if self.sources.modes() != modes {
            self.follow(modes);
            self.sources.set_modes(modes.to_vec());
            tracing::info!(modes = BackendMode::join(modes, " "), "other mapping sources are asked from now on");
        }
    }

    /// Asks those of the configuration again.
    pub(super) fn ask_configured(&self) {
        let mut asked = self.asked();
        asked.is_by_file = false;
        self.ask(&asked.configured);
        self.sources.webhook().metrics().set_dynamic_file_mode(false, false);
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        // Whoever panicked has put in whole values only.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn followed(&self) -> MutexGuard<'_, BTreeSet<BackendMode>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the sources of modes that are not followed yet. Those that are asked no more are followed on: they may be asked
    /// again, and then there is no moment without their logins.
    fn follow(&self, modes: &[BackendMode]) {
        let mut followed = self.followed();
        for mode in modes.iter().copied().filter(|mode| followed.insert(*mode)) {
            let sources = Arc::clone(&self.sources);
            match mode {
                BackendMode::EksConfigMap | BackendMode::Crd => cluster::follow(mode, self.reached.clone(), sources),
                BackendMode::DynamicFile => {
                    if let Some(path) = self.dynamic_file.clone() {
                        dynamic::follow_logins(path, sources);
                    }
                }
                BackendMode::MountedFile | BackendMode::AccessFile | BackendMode::AccessEntries => {}
            }
        }
    }
}
