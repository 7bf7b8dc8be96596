//! `/readyz`: ready or not, and why, in words.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

/// The state of the server, as `/readyz` shows it to administrators.
#[derive(Default)]
pub struct Readiness(Mutex<State>);

#[derive(Default)]
struct State {
    mapping_loaded: bool,
    draining: bool,
    /// Files and other sources whose newest version was not taken, and why.
    stale: BTreeMap<&'static str, String>,
    /// Sources that were not read yet, and why.
    not_read: BTreeMap<&'static str, String>,
    /// Why nobody may connect, by the clock.
    certificate: Option<String>,
    notes: Vec<String>,
}

impl Readiness {
    /// Adds a fact that is always shown, such as transport settings.
    pub fn note(&self, text: impl Into<String>) {
        self.lock().notes.push(text.into());
    }

    /// Records why the certificate that is shown is not valid at this time, or that it is.
    pub fn set_certificate_trouble(&self, why: Option<String>) {
        self.lock().certificate = why;
    }

    /// Records that the newest version of a file was refused; the last good one is in use.
    pub fn set_stale(&self, file: &'static str, why: impl Into<String>) {
        self.lock().stale.insert(file, why.into());
    }

    /// Records that the newest version of a file is in use.
    pub fn clear_stale(&self, file: &'static str) {
        self.lock().stale.remove(file);
    }

    /// Records that a source was not read yet: callers whom it alone may map get no answer.
    pub fn set_not_read(&self, source: &'static str, why: impl Into<String>) {
        self.lock().not_read.insert(source, why.into());
    }

    /// Records that a source was read, or is no longer asked.
    pub fn clear_not_read(&self, source: &'static str) {
        self.lock().not_read.remove(source);
    }

    pub(crate) fn mapping_loaded(&self) {
        self.lock().mapping_loaded = true;
    }

    pub(crate) fn draining(&self) {
        self.lock().draining = true;
    }

    /// Whether reviews can be answered, and the text. Stale files do not make the server unready: it answers by what was
    /// good last, and taking it out of service would help nobody.
    pub(crate) fn report(&self) -> (bool, String) {
        let state = self.lock();
        let ready = state.mapping_loaded && !state.draining;
        let mut lines = vec![match (state.mapping_loaded, state.draining) {
            (true, false) => "ok".to_owned(),
            (false, _) => "not ready: no mapping has been loaded yet".to_owned(),
            (true, true) => "not ready: the server is shutting down".to_owned(),
        }];
        lines.extend(state.certificate.clone());
        lines.extend(state.stale.iter().map(|(file, why)| format!("{file}: the last good version is in use: {why}")));
        lines.extend(state.not_read.iter().map(|(source, why)| format!("{source}: not read yet: {why}")));
        lines.extend(state.notes.iter().cloned());
        lines.push(String::new());
        (ready, lines.join("\n"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no holder of this lock panics")
    }
}
