//! Who is mapped, who is not, and their tokens.

use std::{
    cell::Cell,
    fmt::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use aws::credentials::{Credentials, Environment};
use jiff::{SignedDuration, Timestamp};

use crate::secrets;

/// The cluster that all tokens are for.
pub(super) const CLUSTER: &str = "siege.example.com";

/// Users of the mapping; of these the first have credentials.
const MAPPED: usize = 20_000;
const WITH_CREDENTIALS: usize = 1_200;

/// The account of the people who are mapped, and what access key ids of it begin with.
const ACCOUNT: &str = "029608264753";
const PREFIX: &str = "AKIAQNZGKIQY5";

/// Somebody with an account of their own that nobody has mapped.
pub(super) const MALLORY: &str = "AKIASANDBOXMALLORY00";
const MALLORY_SECRET: &str = "sandbox/mallory/0123456789abcdefghijklmn";

/// The Region that people log in through.
pub(super) const REGION: &str = "us-west-2";

/// Everybody who may log in. Each name is handed out before any is handed out again, so that nobody has been seen before in
/// as many attacks as there are.
pub(super) struct People {
    /// From when on tokens are signed, backwards.
    start: Cell<Timestamp>,
    handed_out: AtomicUsize,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person(usize);

impl People {
    pub(super) fn new(start: Timestamp) -> Self {
        Self { start: Cell::new(start), handed_out: AtomicUsize::new(0) }
    }

    /// The sandbox's people.
    pub(super) fn identities() -> String {
        let mut text = format!("account: \"{ACCOUNT}\"\nusers:\n");
        for number in 0..WITH_CREDENTIALS {
            let Credentials { access_key_id, secret_access_key, .. } = credentials(number);
            let _ = writeln!(
                text,
                "- {{name: p{number}, accessKeyId: {access_key_id}, secretAccessKey: {}}}",
                secret_access_key.expose()
            );
        }
        let _ = writeln!(
            text,
            "- {{name: mallory, account: \"444455556666\", accessKeyId: {MALLORY}, secretAccessKey: {MALLORY_SECRET}}}"
        );
        text
    }

    /// `mapUsers` of the server's configuration.
    pub(super) fn mapping() -> String {
        let mut text = "  mapUsers:\n".to_owned();
        for number in 0..MAPPED {
            let _ = writeln!(
                text,
                "  - userarn: arn:aws:iam::{ACCOUNT}:user/p{number}\n    username: p{number}\n    groups: [developers]"
            );
        }
        text
    }

    /// People whom the server has never seen.
    pub(super) fn new_ones(&self, count: usize) -> Vec<Person> {
        let first = self.handed_out.fetch_add(count, Ordering::Relaxed);
        (first..first + count).map(|number| Person(number % WITH_CREDENTIALS)).collect()
    }

    /// It has become later: what was signed a while ago is over soon.
    pub(super) fn set_start(&self, start: Timestamp) {
        self.start.set(start);
    }

    /// A token of somebody who is mapped: another one for each age.
    pub(super) fn token(&self, person: Person, age: usize) -> String {
        self.signed(&credentials(person.0), REGION, age)
    }

    /// A good token of somebody whom nobody has mapped.
    pub(super) fn of_mallory(&self, age: usize) -> String {
        self.signed(&Credentials::long_term(MALLORY, MALLORY_SECRET), REGION, age)
    }

    /// A token in the name of somebody's key, with a signature that is none: another one for each number.
    pub(super) fn forged(&self, access_key_id: &str, region: &str, number: usize) -> String {
        let secret = format!("forged{number:034}");
        self.signed(&Credentials::long_term(access_key_id, secret), region, 0)
    }

    fn signed(&self, credentials: &Credentials, region: &str, age: usize) -> String {
        let endpoint = aws::sts_endpoint(&Environment::default(), Some(region)).expect("an endpoint of AWS");
        let at = self.start.get() - SignedDuration::from_secs(i64::try_from(age).expect("minutes"));
        let token = token::wrap(&aws::presign_get_caller_identity(credentials, &endpoint, CLUSTER, at));
        secrets::of_token(&token);
        token
    }
}

impl Person {
    pub(super) fn name(self) -> String {
        format!("p{}", self.0)
    }
}

/// The access key id of somebody who is mapped, whether they have logged in or not.
pub(super) fn key(number: usize) -> String {
    let digits = [number / 1024 % 32, number / 32 % 32, number % 32];
    let letters = digits.map(|digit| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit]));
    format!("{PREFIX}{}6JQ7", letters.iter().collect::<String>())
}

fn credentials(number: usize) -> Credentials {
    Credentials::long_term(key(number), format!("sandbox/person{number:04}/0123456789abcdefghijk"))
}
