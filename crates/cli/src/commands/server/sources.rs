//! The server's mapping sources in their order, each as it was read last, and the mapping that comes of all of them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use identity::{AccountId, Partitions};
use mapping::{
    BackendMode, Defect, Index, Snapshot, Source, SourceState,
    authenticator::{AwsAuthRead, ServerConfig},
    aws_iam_authenticator::Options,
};
use webhook::Webhook;

use super::mappings::Read;

/// All sources. Each is read by itself, and replaces what it was without a moment in which it is nothing.
pub(super) struct Sources {
    state: Mutex<State>,
    /// How sources are read: of `--feature-gates` and `dynamicfileUserIDStrict`.
    options: Options,
    webhook: Arc<Webhook>,
}

/// A source that is ready to be asked: made where no answer waits for it.
pub(super) struct Indexed {
    index: Index,
    defects: Vec<Defect>,
    lists: Lists,
}

/// What of a source cannot be read, although the rest of it can, and why.
#[derive(Clone, Default, PartialEq, Eq)]
struct Lists {
    /// Lists whose last good version is in use.
    stale: Option<String>,
    /// Lists of which there is no good version. Whoever the rest does not name may stand there.
    not_read: Option<String>,
}

/// A source as it was read last.
struct Reading {
    index: Arc<Index>,
    lists: Lists,
}

impl From<Source> for Indexed {
    fn from(mut source: Source) -> Self {
        let defects = std::mem::take(&mut source.defects);
        Self { index: Index::of(source), defects, lists: Lists::default() }
    }
}

impl From<AwsAuthRead> for Indexed {
    fn from(AwsAuthRead { source, stale, not_read }: AwsAuthRead) -> Self {
        let said = |defects: Vec<Defect>| {
            let said: Vec<String> = defects.iter().map(ToString::to_string).collect();
            Some(said.join("; ")).filter(|said| !said.is_empty())
        };
        Self { lists: Lists { stale: said(stale), not_read: said(not_read) }, ..source.into() }
    }
}

impl Indexed {
    /// Whether every list is in use as it is written now.
    pub(super) fn is_up_to_date(&self) -> bool {
        self.lists == Lists::default()
    }
}

impl From<Index> for Reading {
    fn from(index: Index) -> Self {
        Self { index: index.into(), lists: Lists::default() }
    }
}

impl Reading {
    /// Whether every list is known, if only as it was once.
    fn is_whole(&self) -> bool {
        self.lists.not_read.is_none()
    }
}

struct State {
    partitions: Partitions,
    scrubbed_accounts: Vec<AccountId>,
    /// With what usernames may not begin. They are the configuration's, and hold at once for sources that cannot be read just now.
    reserved_prefixes: BTreeMap<BackendMode, Vec<String>>,
    modes: Vec<BackendMode>,
    access: Option<Arc<Index>>,
    read: BTreeMap<BackendMode, Reading>,
    /// Why sources cannot be read at all, as it was said last.
    said: BTreeMap<BackendMode, String>,
}

impl Sources {
    /// With what the files say, and how many rules that is; the other modes are still to be read.
    pub(super) fn new(webhook: Arc<Webhook>, modes: Vec<BackendMode>, read: Read, options: Options) -> (Self, usize) {
        let state = State {
            partitions: Partitions::default(),
            scrubbed_accounts: Vec::new(),
            reserved_prefixes: BTreeMap::new(),
            modes,
            access: None,
            read: BTreeMap::new(),
            said: BTreeMap::new(),
        };
        let this = Self { state: Mutex::new(state), options, webhook };
        let rules = this.take_files(read);
        (this, rules)
    }

    /// Takes what the access file and the configuration say now.
    ///
    /// Returns how many rules there are, those of the other sources included.
    pub(super) fn take_files(&self, read: Read) -> usize {
        let Read { config, mounted, access, cluster_id: _ } = read;
        let ServerConfig { partitions, scrubbed_accounts, reserved_prefixes, .. } = config;
        let mut state = self.state();
        state.partitions = partitions;
        state.scrubbed_accounts = scrubbed_accounts;
        state.reserved_prefixes = reserved_prefixes;
        state.access = access.map(|access| Arc::new(access.rules));
        state.read.insert(BackendMode::MountedFile, mounted.into());
        self.load(&state)
    }

    /// Takes what a mode's source says now, and logs what in it does not do what it looks like.
    ///
    /// Whoever reads it on another thread takes it here afterwards: of two readings the later one counts, however long the
    /// earlier one took.
    pub(super) fn take(&self, mode: BackendMode, Indexed { index, defects, lists }: Indexed) {
        for Defect { message, hint, .. } in &defects {
            tracing::warn!(mode = %mode, hint, "{message}");
        }
        let rules = index.len();
        let mut state = self.state();
        let before = state.read.insert(mode, Reading { index: index.into(), lists: lists.clone() });
        state.said.remove(&mode);
        self.load(&state);
        self.show(&state, mode);
        drop(state);
        tracing::info!(mode = %mode, rules, "the mappings of this source are in use");
        let Lists { stale, not_read } = before.map(|before| before.lists).unwrap_or_default();
        if let Some(why) = lists.stale.filter(|why| stale.as_ref() != Some(why)) {
            tracing::error!(mode = %mode, error = why, "the last good version of a list of this source stays in use");
        }
        if let Some(why) = lists.not_read.filter(|why| not_read.as_ref() != Some(why)) {
            tracing::error!(mode = %mode, error = why, "a list of this mapping source cannot be read yet");
        }
    }

    /// Says why a source cannot be read. What it said last stays in use; one that has said nothing yet maps nobody, and
    /// refuses nobody.
    pub(super) fn cannot_read(&self, mode: BackendMode, why: &str) {
        let mut state = self.state();
        let is_read = state.read.contains_key(&mode);
        // It is tried every few seconds: the log has it once, until it is another trouble or over.
        let is_new = state.said.insert(mode, why.to_owned()).is_none_or(|said| said != why);
        self.show(&state, mode);
        drop(state);
        match (is_new, is_read) {
            (true, true) => {
                tracing::error!(mode = %mode, error = why, "the last good version of this source stays in use");
            }
            (true, false) => tracing::error!(mode = %mode, error = why, "this mapping source cannot be read yet"),
            (false, _) => {}
        }
    }

    /// A source can be read again, and says what it said last.
    pub(super) fn reads_again(&self, mode: BackendMode) {
        let mut state = self.state();
        state.said.remove(&mode);
        self.show(&state, mode);
        drop(state);
        tracing::info!(mode = %mode, "this mapping source can be read again");
    }

    /// Whether a source was read at least once.
    pub(super) fn has_read(&self, mode: BackendMode) -> bool {
        self.state().read.contains_key(&mode)
    }

    /// Asks these sources from now on, in this order.
    pub(super) fn set_modes(&self, modes: Vec<BackendMode>) {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.modes, modes);
        for mode in before.iter().filter(|mode| !state.modes.contains(mode)) {
            self.webhook.metrics().forget_source(mode.as_str());
        }
        for mode in before.iter().chain(&state.modes) {
            self.show(&state, *mode);
        }
        self.load(&state);
    }

    /// Shows at `/readyz` why a source, or a list of it, cannot be read, and that it can; of one that is not asked, nothing.
    fn show(&self, state: &State, mode: BackendMode) {
        let is_asked = state.modes.contains(&mode);
        let (read, said) = (state.read.get(&mode), state.said.get(&mode));
        let lists = read.map(|read| &read.lists);
        let stale = said.filter(|_| read.is_some()).or_else(|| lists?.stale.as_ref()).filter(|_| is_asked);
        let not_read = said.filter(|_| read.is_none()).or_else(|| lists?.not_read.as_ref()).filter(|_| is_asked);
        let readiness = self.webhook.readiness();
        match stale {
            Some(why) => readiness.set_stale(mode.as_str(), why.clone()),
            None => readiness.clear_stale(mode.as_str()),
        }
        match not_read {
            Some(why) => readiness.set_not_read(mode.as_str(), why.clone()),
            None => readiness.clear_not_read(mode.as_str()),
        }
    }

    /// The sources in the order in which they are asked.
    pub(super) fn modes(&self) -> Vec<BackendMode> {
        self.state().modes.clone()
    }

    /// Whether something else than files says who logs in.
    pub(super) fn has_others(&self) -> bool {
        self.state().modes != [BackendMode::MountedFile]
    }

    /// How sources are to be read.
    pub(super) fn options(&self) -> Options {
        self.options
    }

    pub(super) fn webhook(&self) -> &Arc<Webhook> {
        &self.webhook
    }

    fn load(&self, state: &State) -> usize {
        let is_whole = |mode: &BackendMode| state.read.get(mode).is_some_and(Reading::is_whole);
        // Whoever what was read of a source does not name may stand in what was not.
        let of_mode = |mode: &BackendMode| {
            let read = state.read.get(mode).map(|read| SourceState::Read(Arc::clone(&read.index)));
            read.into_iter().chain((!is_whole(mode)).then_some(SourceState::NotRead(*mode)))
        };
        for mode in &state.modes {
            self.webhook.metrics().set_source_read(mode.as_str(), is_whole(mode));
        }
        let access = state.access.iter().map(|index| SourceState::Read(Arc::clone(index)));
        let sources = access.chain(state.modes.iter().flat_map(of_mode));
        let scrubbed = state.scrubbed_accounts.iter().copied();
        let reserved = state.reserved_prefixes.clone();
        let snapshot = Snapshot::of_indexes(state.partitions, sources, scrubbed).reserving(reserved);
        let rules = snapshot.len();
        self.webhook.load(snapshot);
        rules
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked has put in whole values only.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
