//! What AWS's own programs and services write: configuration files and XML.

use aws::{
    credentials::{Cache, Environment, Rules, Session, SharedFiles, region, resolve},
    xml,
};

/// Any two files of profiles are read or refused, and a credential of the environment goes before them; so is a cache.
pub(crate) fn configures(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (config, credentials) = text.split_once('\u{c}').unwrap_or((text, text));
    let environment = Environment::default();
    for rules in [Rules::Cli, Rules::Go] {
        let Ok(files) = SharedFiles::parse(config, credentials, rules) else { continue };
        let _ = resolve(&environment, &files, None, rules);
        for profile in files.profiles() {
            let _ = resolve(&environment, &files, Some(&profile), rules);
            let _ = region(&environment, &files, Some(&profile), None);
        }
        assert_eq!(region(&environment, &files, None, Some("eu-central-1")).as_deref(), Some("eu-central-1"));
    }
    // What is kept is kept when it is written.
    if let Some(session) = Session::parse(text) {
        let again = session.to_text().and_then(|text| Session::parse(text.expose()));
        assert!(again.is_some_and(|again| again == session), "a session is another one when it is read again");
    }
    if let Ok(cache) = Cache::parse(text) {
        let again = Cache::parse(cache.to_text().expose());
        assert!(again.is_ok_and(|again| again == cache), "a cache is another one when it is read again");
    }
}

/// Whatever XML it is, each field was in it.
pub(crate) fn lists(bytes: &[u8]) {
    let fields = [xml::children(bytes, "User"), xml::items(bytes, "set"), xml::members(bytes, "Users")];
    for (name, _) in fields.into_iter().flatten().flatten().flatten() {
        let is_there = name.is_empty() || bytes.windows(name.len()).any(|part| part == name.as_bytes());
        assert!(is_there, "a field that is not there");
    }
}
