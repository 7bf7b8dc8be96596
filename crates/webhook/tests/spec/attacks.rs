//! What strangers do, and that the people who are mapped log in all the same. Each attack was a way to lock people out.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use document::Source;
use identity::AccountId;
use sandbox::{Fault, Identities, Of, SandboxCredentials};
use tokio::{
    sync::{Mutex, MutexGuard},
    task::JoinSet,
};

use crate::stage::Stage;

/// Users of the sandbox's examples who may log in.
pub(crate) const MAPPING: &str = r#"
server:
  mapUsers:
  - {userarn: "arn:aws:iam::111122223333:user/alice", username: alice}
  - {userarn: "arn:aws:iam::111122223333:user/ops/bob", username: bob}
  - {userarn: "arn:aws:iam::111122223333:user/carol", username: carol}
"#;

/// The account of the people who are mapped, and access key ids of it as AWS makes them.
const ACCOUNT: &str = "029608264753";
const PREFIX: &str = "AKIAQNZGKIQY5";

/// Mapped people; the first half has logged in before the attack begins, with keys that are known by then.
const PEOPLE: usize = 40;

/// Whoever logs in during an attack does so that often, each time with a new token.
const LOGINS: usize = 5;

/// One at a time: how fast this machine is must not matter, and an attack takes all that it has.
static FIELD: Mutex<()> = Mutex::const_new(());

struct Siege {
    stage: Arc<Stage>,
    attack: JoinSet<()>,
    _field: MutexGuard<'static, ()>,
}

fn key(number: usize) -> String {
    let digits = [number / 1024 % 32, number / 32 % 32, number % 32];
    let letters = digits.map(|digit| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit]));
    format!("{PREFIX}{}6JQ7", letters.iter().collect::<String>())
}

impl Siege {
    /// Of people of whom half have logged in before.
    async fn of_half_known() -> Self {
        let siege = Self::begin(PEOPLE).await;
        for number in 0..PEOPLE / 2 {
            let outcome = siege.stage.webhook.authenticate(&siege.stage.token(&format!("p{number}"), 600)).await;
            assert_eq!(outcome.code(), "granted");
        }
        siege
    }

    async fn begin(people: usize) -> Self {
        let mut identities = format!("account: \"{ACCOUNT}\"\nusers:\n");
        let mut mapping = "server:\n  mapUsers:\n".to_owned();
        for number in 0..people {
            let (key, secret) = (key(number), format!("sandbox/person{number:04}/0123456789abcdefghijk"));
            writeln!(identities, "- {{name: p{number}, accessKeyId: {key}, secretAccessKey: {secret}}}").expect("text");
            writeln!(mapping, "  - {{userarn: \"arn:aws:iam::{ACCOUNT}:user/p{number}\", username: p{number}}}")
                .expect("text");
        }
        identities += "- {name: mallory, account: \"444455556666\", accessKeyId: AKIASANDBOXMALLORY00, \
                       secretAccessKey: sandbox/mallory/0123456789abcdefghijklmn}\n";
        assert_eq!(AccountId::encoded_in(&key(people)), ACCOUNT.parse().ok());
        let identities = Identities::read(&Source::new("identities.yaml", identities)).expect("identities");
        let field = FIELD.lock().await;
        // Times that no machine is too slow for. What is left is in whose favour the server decides.
        let patient = Duration::from_secs(60);
        let stage = Stage::of(identities, patient, |settings| settings.sts_wait = patient).await;
        stage.load(&mapping);
        Self { stage: Arc::new(stage), attack: JoinSet::new(), _field: field }
    }

    /// Shows such tokens without end, `at_once` of them at any time.
    fn attack(&mut self, at_once: usize, token: impl Fn(&Stage, usize) -> String + Clone + Send + Sync + 'static) {
        let shown = Arc::new(AtomicUsize::new(0));
        for _ in 0..at_once {
            let (stage, shown, token) = (Arc::clone(&self.stage), Arc::clone(&shown), token.clone());
            self.attack.spawn(async move {
                loop {
                    let token = token(&stage, shown.fetch_add(1, Ordering::Relaxed));
                    drop(stage.webhook.authenticate(&token).await);
                    // Whoever is turned away at once comes back at once, but lets this machine breathe.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
    }

    /// Everybody logs in, with new tokens, after the attack has gone on for a moment. The codes of those who could not.
    async fn log_in(&self) -> Vec<&'static str> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut logins = JoinSet::new();
        for number in 0..PEOPLE * LOGINS {
            let stage = Arc::clone(&self.stage);
            let token = stage.token(&format!("p{}", number % PEOPLE), i64::try_from(number / PEOPLE).expect("few"));
            logins.spawn(async move { stage.webhook.authenticate(&token).await.code() });
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        logins.join_all().await.into_iter().filter(|code| *code != "granted").collect()
    }
}

/// A token that names this key and was signed with another secret.
fn forged(stage: &Stage, access_key_id: &str, region: &str, number: usize) -> String {
    let secret_access_key = format!("forged{number:034}");
    let credentials =
        SandboxCredentials { access_key_id: access_key_id.to_owned(), secret_access_key, session_token: None };
    stage.signed(&credentials, region, 0)
}

/// A Region's name of the right form that does not exist.
fn made_up_region(number: usize) -> String {
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).expect("below 26"));
    format!("{}{}-north-{}", letter(number), letter(number / 26), number % 9 + 1)
}

#[tokio::test]
async fn an_account_that_sts_throttles_or_fails_for() {
    for fault in [Fault::Throttle, Fault::ServerError] {
        let mut siege = Siege::of_half_known().await;
        siege.stage.faults.set_of(Of::AccessKeyId("AKIASANDBOXMALLORY00".to_owned()), fault);
        siege.attack(95, |stage, number| stage.token("mallory", i64::try_from(number % 800).expect("few")));
        assert_eq!(siege.log_in().await, [""; 0]);
    }
}

#[tokio::test]
async fn hosts_that_never_answer() {
    let mut siege = Siege::of_half_known().await;
    for region in ["eu-west-3", "sa-east-1", "ap-south-1"] {
        siege
            .stage
            .faults
            .set_of(Of::Host(format!("sts.{region}.amazonaws.com")), Fault::Delay(Duration::from_secs(600)));
    }
    siege.attack(300, |stage, number| {
        let region = ["eu-west-3", "sa-east-1", "ap-south-1"][number % 3];
        forged(stage, &key(number % PEOPLE), region, number)
    });
    assert_eq!(siege.log_in().await, [""; 0]);
}

#[tokio::test]
async fn hosts_that_do_not_exist() {
    let mut siege = Siege::of_half_known().await;
    siege.attack(300, |stage, number| forged(stage, "AKIAMADEUPKEY0000000", &made_up_region(number), number));
    assert_eq!(siege.log_in().await, [""; 0]);
}

#[tokio::test]
async fn forged_tokens_that_sts_takes_long_for() {
    let mut siege = Siege::of_half_known().await;
    siege.stage.faults.set_of(Of::AccessKeyId("AKIAMADEUPKEY0000000".to_owned()), Fault::Delay(Duration::from_secs(2)));
    siege.attack(600, |stage, number| forged(stage, "AKIAMADEUPKEY0000000", "us-west-2", number));
    assert_eq!(siege.log_in().await, [""; 0]);
}

#[tokio::test]
async fn forged_tokens_that_name_the_keys_of_those_who_are_mapped() {
    let mut siege = Siege::of_half_known().await;
    siege.attack(300, |stage, number| forged(stage, &key(number % PEOPLE), "us-west-2", number));
    assert_eq!(siege.log_in().await, [""; 0]);
}

#[tokio::test]
async fn a_token_that_is_remembered_needs_no_turn() {
    let mut siege = Siege::begin(PEOPLE).await;
    let token = siege.stage.token("p0", 0);
    assert_eq!(siege.stage.webhook.authenticate(&token).await.code(), "granted");
    siege.stage.faults.set(Fault::Delay(Duration::from_secs(600)));
    siege.attack(1_000, |stage, number| forged(stage, &key(number % PEOPLE), "us-west-2", number));
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..48 {
        assert_eq!(siege.stage.webhook.authenticate(&token).await.code(), "granted");
    }
}

#[tokio::test]
async fn four_hundred_first_logins_at_once_after_a_restart() {
    let siege = Siege::begin(400).await;
    siege.stage.faults.set(Fault::Delay(Duration::from_millis(20)));
    let mut logins = JoinSet::new();
    for number in 0..400 {
        let stage = Arc::clone(&siege.stage);
        logins.spawn(async move { stage.webhook.authenticate(&stage.token(&format!("p{number}"), 0)).await.code() });
    }
    let codes: Vec<_> = logins.join_all().await.into_iter().filter(|code| *code != "granted").collect();
    assert_eq!(codes, [""; 0]);
}
