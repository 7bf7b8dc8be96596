//! A store in memory that takes writes as S3 does, and runs that end after any of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Condition, File, FilesError, Live, NewPair, Pair, Stored, Write};

/// A name, what is there, and what is written then, or said.
type Row<'a> = (&'a str, Vec<(File, &'a str)>, Result<&'a [File], &'a str>);

type Decide = fn(&Live, &str, Timestamp) -> Result<Vec<Write>, FilesError>;

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

const URL: &str = "https://localhost:21362/authenticate";

/// A pair as the program makes it, with an authority of its own.
struct Made {
    key: String,
    chain: String,
    authority: String,
}

fn made() -> Made {
    let authority = tls::Authority::new("CA", now(), SignedDuration::from_hours(10 * 365 * 24)).expect("an authority");
    let names = vec!["localhost".to_owned()];
    let leaf = tls::Leaf { common_name: "server".to_owned(), organization: None, names, usage: tls::Usage::Server };
    let leaf = authority.issue(&leaf).expect("a leaf");
    let chain = format!("{}{}", leaf.cert_pem(), authority.cert_pem());
    Made { key: leaf.key_pem().to_owned(), chain, authority: authority.cert_pem().to_owned() }
}

impl Made {
    fn borrowed(&self) -> NewPair<'_> {
        NewPair { key: &self.key, chain: &self.chain, authority: &self.authority }
    }
}

fn pair(live: &Live, now: Timestamp) -> Pair {
    Pair::of(live, |chain, key| {
        tls::ServerIdentity::from_pem(chain, key, now)?;
        tls::last_certificate(chain)
    })
}

fn completed(live: &Live, url: &str, now: Timestamp) -> Result<Vec<Write>, FilesError> {
    super::completed(live, pair(live, now), url, made().borrowed())
}

fn rotated(live: &Live, url: &str, now: Timestamp) -> Result<Vec<Write>, FilesError> {
    super::rotated(live, pair(live, now), url, made().borrowed())
}

/// An error with everything that it says it comes from.
fn whole(error: &FilesError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// Text and ETag by name.
#[derive(Clone, Default)]
struct Store {
    objects: BTreeMap<&'static str, (String, u32)>,
    writes: u32,
}

impl Store {
    fn with(files: &[(File, &str)]) -> Self {
        let mut store = Self::default();
        for (file, text) in files {
            store.put(&Write { file: *file, text: (*text).to_owned(), condition: Condition::Absent }).expect("empty");
        }
        store
    }

    fn live(&self) -> Live {
        let stored = |file: File| {
            let (text, etag) = self.objects.get(file.name())?;
            Some(Stored { text: text.clone(), etag: etag.to_string() })
        };
        Live { key: stored(File::Key), certificate: stored(File::Certificate), kubeconfig: stored(File::Kubeconfig) }
    }

    fn put(&mut self, Write { file, text, condition }: &Write) -> Result<(), ()> {
        let there = self.objects.get(file.name()).map(|(_, etag)| etag.to_string());
        let holds = match condition {
            Condition::Absent => there.is_none(),
            Condition::Unchanged(etag) => there.as_ref() == Some(etag),
        };
        if !holds {
            return Err(());
        }
        self.writes += 1;
        self.objects.insert(file.name(), (text.clone(), self.writes));
        Ok(())
    }

    /// A run that ends after so many writes.
    fn run(&mut self, decide: Decide, writes: usize) {
        for write in decide(&self.live(), URL, now()).expect("decided").iter().take(writes) {
            self.put(write).expect("nobody else writes");
        }
    }

    fn text(&self, file: File) -> Option<&str> {
        self.objects.get(file.name()).map(|(text, _)| text.as_str())
    }

    /// What a kubeconfig trusts: its authorities' certificates.
    fn trusted(&self) -> Option<String> {
        Some(self.live().kubeconfig.as_ref()?.webhook().expect("a kubeconfig").certificate_authority_pem)
    }

    /// What API servers and servers must find, whichever of them looks at whatever moment.
    fn check(&self, name: &str) {
        if let (Some(trusted), Some(key)) = (self.trusted(), self.text(File::Key)) {
            let authority = tls::last_certificate(key).expect("a chain");
            assert!(trusted.contains(authority.trim()), "{name}: the kubeconfig does not trust what key.pem presents");
        }
    }

    fn check_whole(&self, name: &str) {
        self.check(name);
        let [key, certificate, kubeconfig] = File::ALL.map(|file| self.text(file).unwrap_or_else(|| panic!("{name}")));
        tls::ServerIdentity::from_pem(certificate, key, now()).expect("one pair");
        assert!(kubeconfig.contains(URL), "{name}");
        assert!(completed(&self.live(), URL, now()).expect("decided").is_empty(), "{name}: a rerun writes nothing");
    }
}

#[test]
fn an_upload_that_ended_anywhere_is_completed_by_the_next_one_with_the_same_key() {
    for ended_after in 0..=3 {
        let name = format!("ended after {ended_after} writes");
        let mut store = Store::default();
        store.run(completed, ended_after);
        store.check(&name);
        let key = store.text(File::Key).map(str::to_owned);
        store.run(completed, 3);
        store.check_whole(&name);
        assert!(key.is_none_or(|key| store.text(File::Key) == Some(&key)), "{name}: the key is another one");
    }
}

#[test]
fn a_rotation_that_ended_anywhere_locks_nobody_out_and_either_command_completes_it() {
    for (ended_after, next) in (0..=3).flat_map(|writes| [completed as Decide, rotated].map(|next| (writes, next))) {
        let name = format!("ended after {ended_after} writes");
        let mut store = Store::default();
        store.run(completed, 3);
        let first = tls::last_certificate(store.text(File::Key).expect("a key")).expect("a chain");
        store.run(rotated, ended_after);
        store.check(&name);
        // API servers that have not been restarted know the first pair only, and must go on; those that are know both.
        let pair = tls::last_certificate(store.text(File::Key).expect("a key")).expect("a chain");
        let trusted = store.trusted().expect("a kubeconfig");
        assert!([&first, &pair].iter().all(|authority| trusted.contains(authority.trim())), "{name}");
        store.run(next, 3);
        store.check_whole(&name);
    }
}

#[test]
fn of_two_who_write_at_a_time_one_fails_and_the_store_is_whole_after_a_rerun() {
    let rows: [(bool, Decide, Decide); 3] =
        [(false, completed, completed), (true, rotated, rotated), (true, rotated, completed)];
    for (there_already, first, second) in rows {
        for interleaving in 0..=3 {
            let mut store = Store::default();
            if there_already {
                store.run(completed, 3);
            }
            let decided = [first, second].map(|decide| decide(&store.live(), URL, now()).expect("decided"));
            let (early, late) = decided[0].split_at(interleaving.min(decided[0].len()));
            let mut run = |writes: &[Write]| writes.iter().try_for_each(|write| store.put(write)).is_ok();
            // The one that fails stops there.
            let first_goes_on = run(early);
            let second_done = run(&decided[1]);
            let first_done = first_goes_on && run(late);
            assert!(first_done || second_done, "after {interleaving} writes nobody got through");
            store.check("both have ended");
            store.run(completed, 3);
            store.check_whole("rerun");
        }
    }
}

#[test]
fn what_others_have_put_there_is_kept_where_it_can_be_used() {
    let (pair, other) = (made(), made());
    let config = kubeconfig::webhook(URL, &pair.authority);
    let (key, certificate, kubeconfig) =
        ((File::Key, pair.key.as_str()), (File::Certificate, pair.chain.as_str()), (File::Kubeconfig, config.as_str()));
    let rows: [Row<'_>; 6] = [
        ("the guide's three files", vec![key, certificate, kubeconfig], Ok(&[])),
        ("a pair alone", vec![key, certificate], Ok(&[File::Kubeconfig])),
        (
            "a key alone",
            vec![key],
            Err("key.pem has no certificate, neither in it nor beside it; `--rotate` replaces it"),
        ),
        ("no key", vec![certificate, kubeconfig], Err("there is a kubeconfig and no key.pem")),
        ("two pairs", vec![(File::Key, other.key.as_str()), certificate], Err("cannot be used together; `--rotate`")),
        (
            "no key in it",
            vec![(File::Key, pair.chain.as_str()), certificate],
            Err("key.pem cannot be used; `--rotate`"),
        ),
    ];
    for (name, files, expected) in rows {
        let store = Store::with(&files);
        let decided = completed(&store.live(), URL, now());
        let written = decided.map(|writes| writes.iter().map(|write| write.file).collect::<Vec<_>>());
        match (written, expected) {
            (Ok(written), Ok(expected)) => assert_eq!(written, expected, "{name}"),
            (Err(error), Err(expected)) => assert!(whole(&error).contains(expected), "{name}: {}", whole(&error)),
            (written, _) => panic!("{name}: {written:?}"),
        }
        // A rotation gets out of all of them, and what was trusted stays so.
        let mut store = store;
        store.run(rotated, 3);
        store.check_whole(name);
        if files.contains(&kubeconfig) {
            assert!(store.trusted().expect("a kubeconfig").contains(pair.authority.trim()), "{name}");
        }
    }
}

#[test]
fn a_kubeconfig_for_another_address_or_authority_is_written_anew_and_the_key_stays() {
    let mut store = Store::default();
    store.run(completed, 3);
    let elsewhere = "https://localhost:8443/authenticate";
    let writes = completed(&store.live(), elsewhere, now()).expect("decided");
    let files: Vec<_> = writes.iter().map(|write| write.file).collect();
    assert_eq!(files, [File::Kubeconfig]);
    assert!(writes[0].text.contains("https://localhost:8443/authenticate"));
}

#[test]
fn there_is_nothing_to_rotate_in_an_empty_store() {
    let refused = rotated(&Live::default(), URL, now()).err().expect("refused").to_string();
    assert_eq!(refused, "there is no certificate and key to rotate; leave out `--rotate` to create them");
}

#[test]
fn a_pair_that_has_ended_is_said_and_rotated() {
    let mut store = Store::default();
    store.run(completed, 3);
    let later = "2040-01-01T00:00:00Z".parse().expect("a time");
    let refused = completed(&store.live(), URL, later).err().expect("refused");
    assert!(whole(&refused).contains("`--rotate` replaces it by a new certificate and key"), "{refused}");
    let old = store.trusted().expect("a kubeconfig");
    let writes = rotated(&store.live(), URL, later).expect("decided");
    assert_eq!(
        writes.iter().map(|write| write.file).collect::<Vec<_>>(),
        [File::Kubeconfig, File::Key, File::Certificate]
    );
    for write in &writes {
        store.put(write).expect("nobody else writes");
    }
    assert!(store.trusted().expect("a kubeconfig").contains(old.trim()));
}
