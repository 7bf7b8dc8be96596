//! From a plan to credentials: what is kept is used, and the rest is asked for, one step after the other.
//!
//! ```text
//!   what the plan starts with ─► role ─► role        each step's result may be kept: by us, or by the AWS CLI
//!                       ▲
//!                       └ the last one that is good; what comes behind it is asked for
//! ```

use std::cell::OnceCell;

use aws::{
    Obtained,
    credentials::{self, AssumeRole, Base, Credentials, Environment, Rules, Session, SessionKey, Sso, Standing},
};
use jiff::SignedDuration;

use super::{
    Codes, Explained, Sessions,
    clock::{Clock, minutes},
    explained::{Started, Whence},
    sessions::SessionLock,
};
use crate::{process, runtime, signals};

/// Everything that asking takes.
pub(super) struct Asking<'a> {
    pub(super) base: &'a Base,
    pub(super) steps: Vec<Step>,
    pub(super) rules: Rules,
    pub(super) environment: &'a Environment,
    pub(super) sts: &'a aws::Endpoint,
    pub(super) codes: Codes,
    /// What is kept; none where nothing is to be.
    pub(super) sessions: Option<Sessions>,
    pub(super) client: OnceCell<aws::Client>,
    pub(super) clock: &'a Clock,
    pub(super) explained: Explained,
}

/// A role to assume.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) role: AssumeRole,
    /// Under the session name of whoever assumes it.
    pub(super) forwards_session_name: bool,
    /// Whether a profile says so: the AWS CLI keeps the sessions of these.
    pub(super) is_of_profile: bool,
}

/// The furthest credentials on the way that are kept.
#[derive(Clone)]
struct Found {
    /// 0 is what the plan starts with.
    index: usize,
    obtained: Obtained,
    standing: Standing,
    whence: Whence,
}

/// Whose turn it is to ask for one step.
enum Turn {
    /// Somebody else has asked meanwhile.
    Asked(Found),
    /// Ours, as long as this is held; nothing is where nothing is kept.
    Ours(#[expect(dead_code, reason = "it is held")] Option<SessionLock>),
}

/// How long a session lasts that is kept, in seconds: as long as any role's may, and a role's that another assumes.
const KEPT_SECONDS: u32 = 3600;

impl Found {
    fn is_good(&self) -> bool {
        self.standing == Standing::Good
    }
}

impl Asking<'_> {
    /// The credentials at the end. A runtime is made only where somebody has to be asked.
    pub(super) fn credentials(&self) -> anyhow::Result<Obtained> {
        let started = Started::now();
        let (keys, found) = self.look_around(None);
        let is_last = |found: &Found| found.index == self.steps.len();
        if let Some(last) = found.as_ref().filter(|found| is_last(found) && found.is_good()) {
            self.explain(last, &started);
            self.codes.say_unused();
            return Ok(last.obtained.clone());
        }
        let Some(spare) = found.as_ref().filter(|found| is_last(found)).cloned() else {
            return runtime::block_on(self.ask_from(keys, found, &started))?;
        };
        if let (Some(sessions), Some(key)) = (&self.sessions, keys.last()) {
            // Somebody else is renewing them.
            if sessions.try_hold(key).is_none() {
                self.explain(&spare, &started);
                return Ok(spare.obtained);
            }
        }
        // There is a session that is good: nobody waits for a better one.
        self.client()?.ask_once();
        match runtime::block_on(self.ask_from(keys, found, &started))? {
            Err(why) => {
                process::note(&format!("note: the cached session ends soon, and cannot be renewed: {why:#}"));
                self.explain(&spare, &started);
                Ok(spare.obtained)
            }
            asked => asked,
        }
    }

    /// The same where something has to be asked.
    pub(super) async fn ask(&self) -> anyhow::Result<Obtained> {
        let started = Started::now();
        let (keys, found) = self.look_around(None);
        self.ask_from(keys, found, &started).await
    }

    /// The same from the furthest credentials that are good. Where a person may be asked at the terminal, that ends in an orderly way with Ctrl-C:
    /// the terminal is as it was before.
    async fn ask_from(
        &self,
        keys: Vec<SessionKey>,
        found: Option<Found>,
        started: &Started,
    ) -> anyhow::Result<Obtained> {
        let asking = self.ask_each(keys, found, started);
        if !self.may_ask_a_person() {
            return asking.await;
        }
        tokio::select! {
            // It listens before anything is asked.
            biased;
            ended = signals::termination() => ended.and_then(|()| Err(anyhow::anyhow!("interrupted before there was a session"))),
            asked = asking => asked,
        }
    }

    async fn ask_each(
        &self,
        mut keys: Vec<SessionKey>,
        found: Option<Found>,
        started: &Started,
    ) -> anyhow::Result<Obtained> {
        let (mut index, mut obtained) = match found.filter(Found::is_good) {
            Some(found) => {
                self.explain(&found, started);
                (found.index, found.obtained)
            }
            None => {
                let base = self.ask_base(keys.first()).await?;
                let (started, found);
                started = Started::now();
                (keys, found) = self.look_around(Some(&base.credentials));
                match found.filter(|found| found.is_good() && found.index > 0) {
                    Some(found) => {
                        self.explain(&found, &started);
                        (found.index, found.obtained)
                    }
                    None => (0, base),
                }
            }
        };
        while let Some(step) = self.steps.get(index) {
            index += 1;
            obtained = self.assume(index, step, &obtained.credentials, keys.get(index)).await?;
        }
        self.codes.say_unused();
        Ok(obtained)
    }

    /// The keys of every step, as far as it is known who starts, and the furthest credentials that are kept.
    fn look_around(&self, base: Option<&Credentials>) -> (Vec<SessionKey>, Option<Found>) {
        let at_hand = match (base, self.base) {
            (Some(credentials), _) | (None, Base::Static(credentials)) => {
                Some((Obtained::from(credentials.clone()), Whence::AtHand))
            }
            (None, base) => self.sessions.as_ref().and_then(|_| {
                let kept = credentials::aws_cli_base(self.environment, base, process::now())?;
                Some((kept, Whence::AwsCli))
            }),
        };
        let first = self.key_of_base();
        let first = first.or_else(|| at_hand.as_ref().map(|(base, _)| SessionKey::of_keys(&base.credentials)));
        let Some(first) = first else { return (Vec::new(), None) };
        let mut keys = vec![first];
        for step in &self.steps {
            let before = &keys[keys.len() - 1];
            keys.push(before.assumed(&step.role, step.forwards_session_name, self.sts));
        }
        let found = (0..keys.len()).rev().find_map(|index| self.look(index, &keys[index]));
        let at_hand = at_hand.map(|(obtained, whence)| Found { index: 0, obtained, standing: Standing::Good, whence });
        (keys, found.or(at_hand))
    }

    /// What a plan starts with is kept under. Who a program answers with only the program knows: it is run each time, as the AWS CLI does it,
    /// but for a role that asks for a code of a device, which nobody is to look for each time.
    fn key_of_base(&self) -> Option<SessionKey> {
        let is_known = self.asks_a_person(self.steps.len()) || !matches!(self.base, Base::Process { .. });
        is_known.then(|| SessionKey::of_base(self.base, self.environment, self.sts)).flatten()
    }

    /// Whether a person may be asked on the way: for a code, or by a program.
    fn may_ask_a_person(&self) -> bool {
        self.asks_a_person(self.steps.len()) || matches!(self.base, Base::Process { .. })
    }

    /// Whether one of so many steps takes a code of a device.
    fn asks_a_person(&self, steps: usize) -> bool {
        self.steps[..steps].iter().any(|step| step.role.mfa.is_some())
    }

    /// Whether what a plan starts with is kept itself.
    fn is_base_kept(&self) -> bool {
        !matches!(self.base, Base::Static(_) | Base::Process { .. })
    }

    /// What is kept of one step, as far as it may be used.
    fn look(&self, index: usize, key: &SessionKey) -> Option<Found> {
        let now = process::now();
        let ours = self.sessions.as_ref().filter(|_| index > 0 || self.is_base_kept());
        let ours = ours.and_then(|sessions| sessions.get(key)).and_then(|session| match session.standing(now) {
            Standing::Ahead(by) => {
                process::note(&format!(
                    "note: a cached session is not used: by this machine's clock it was obtained {} in the future; set the clock",
                    minutes(by)
                ));
                None
            }
            standing => {
                let obtained = Obtained { credentials: session.credentials, arn: session.arn };
                Some(Found { index, obtained, standing, whence: Whence::Cache })
            }
        });
        let theirs = || {
            let step = self.steps.get(index.checked_sub(1)?).filter(|step| step.is_of_profile)?;
            self.sessions.as_ref()?;
            let obtained = credentials::aws_cli_role(self.environment, &step.role, now)?;
            Some(Found { index, obtained, standing: Standing::Good, whence: Whence::AwsCli })
        };
        let found = ours.filter(|found| found.standing != Standing::Ended).or_else(theirs)?;
        match found.standing {
            // Nobody is to look for a device for what is still good.
            Standing::Renew if self.asks_a_person(index) => Some(Found { standing: Standing::Good, ..found }),
            Standing::Renew if index < self.steps.len() => None,
            _ => Some(found),
        }
    }

    /// Waits until nobody else asks for a step, and looks once more what is kept of it.
    async fn turn(&self, index: usize, key: Option<&SessionKey>) -> Turn {
        let Some((sessions, key)) = self.sessions.as_ref().zip(key) else { return Turn::Ours(None) };
        let held = self.hold(sessions, key).await;
        match self.look(index, key).filter(Found::is_good) {
            Some(found) => Turn::Asked(found),
            None => Turn::Ours(held),
        }
    }

    /// Holds the lock of a session. Whoever has waited for it asks once: if there is still no session, another process has just asked
    /// as often as it may, and one after the other all who wait would do so.
    async fn hold(&self, sessions: &Sessions, key: &SessionKey) -> Option<SessionLock> {
        let held = sessions.hold(key).await?;
        if held.was_waited_for
            && let Ok(client) = self.client()
        {
            client.ask_once();
        }
        Some(held)
    }

    async fn ask_base(&self, key: Option<&SessionKey>) -> anyhow::Result<Obtained> {
        let started = Started::now();
        let _turn = match self.turn(0, key).await {
            Turn::Asked(found) => {
                self.explain(&found, &started);
                return Ok(found.obtained);
            }
            ours @ Turn::Ours(_) => ours,
        };
        // One login is renewed by one alone, whichever roles it is for.
        let renews = match (&self.sessions, SessionKey::of_login(self.base)) {
            (Some(sessions), Some(login)) => self.hold(sessions, &login).await,
            _ => None,
        };
        // Whoever has renewed it meanwhile may have asked for just this, under the key of the new one.
        let renewed = renews.as_ref().and_then(|_| self.look(0, &self.key_of_base()?)).filter(Found::is_good);
        if let Some(found) = renewed {
            self.explain(&found, &started);
            return Ok(found.obtained);
        }
        let (client, started) = (self.client()?, Started::now());
        let found =
            credentials::fetch_base(self.base, self.rules, self.environment, client, self.sts, process::now()).await;
        self.explained.attempts(&self.name(0), client);
        let found = self.explained.tried(&self.name(0), &started, self.clock.compared(found, client))?;
        self.explained.step(&self.name(0), Whence::Asked, &found, &started);
        // Asking may have renewed the token by which it is known who somebody is: then there is another key from now on.
        let from_now_on = self.key_of_base();
        for key in [key, from_now_on.as_ref().filter(|other| key != Some(*other))].into_iter().flatten() {
            self.keep(0, key, &found);
        }
        Ok(found)
    }

    async fn assume(
        &self,
        index: usize,
        step: &Step,
        credentials: &Credentials,
        key: Option<&SessionKey>,
    ) -> anyhow::Result<Obtained> {
        let started = Started::now();
        let _turn = match self.turn(index, key).await {
            Turn::Asked(found) => {
                self.explain(&found, &started);
                return Ok(found.obtained);
            }
            ours @ Turn::Ours(_) => ours,
        };
        let (client, mut role) = (self.client()?, step.role.clone());
        if self.sessions.is_some() {
            role.duration_seconds.get_or_insert(KEPT_SECONDS);
        }
        if step.forwards_session_name {
            let caller = aws::get_caller_identity(client, credentials, self.sts, process::now()).await;
            let caller = self.explained.tried(&self.name(index), &started, caller)?;
            role.session_name = caller.session_name().map(str::to_owned);
        }
        let code = match &role.mfa {
            Some(device) => {
                let code = self.codes.of(device, &role.role_arn).await;
                Some(self.explained.tried(&self.name(index), &started, code)?)
            }
            None => None,
        };
        let (at, started) = (process::now(), Started::now());
        role.session_name.get_or_insert_with(|| self.rules.session_name(at));
        let found = aws::assume_role(client, credentials, self.sts, &role, code.as_ref(), at).await;
        self.explained.attempts(&self.name(index), client);
        let mut found = self.explained.tried(&self.name(index), &started, self.clock.compared(found, client))?;
        if let Some(seconds) = role.duration_seconds {
            let end = &mut found.credentials.expires;
            *end = end.map(|end| self.clock.end(end, at + SignedDuration::from_secs(seconds.into()), client));
        }
        self.explained.step(&self.name(index), Whence::Asked, &found, &started);
        if let Some(key) = key {
            self.keep(index, key, &found);
        }
        Ok(found)
    }

    fn explain(&self, found: &Found, started: &Started) {
        self.explained.step(&self.name(found.index), found.whence, &found.obtained, started);
    }

    /// A step in a few words.
    fn name(&self, index: usize) -> String {
        let step = index.checked_sub(1).and_then(|index| self.steps.get(index));
        match (step, self.base) {
            (Some(step), _) => format!("role {}", step.role.role_arn),
            (None, Base::Static(_)) => "keys".to_owned(),
            (None, Base::WebIdentity { role_arn, .. }) => format!("role {role_arn}"),
            (None, Base::Sso(Sso { role_name, account_id, .. })) => format!("role {role_name} in {account_id}"),
            (None, Base::Login { session, .. }) => format!("login {session}"),
            (None, Base::Process { .. }) => "the program".to_owned(),
            (None, Base::Container) => "the container".to_owned(),
            (None, Base::InstanceMetadata) => "the instance".to_owned(),
        }
    }

    fn keep(&self, index: usize, key: &SessionKey, found: &Obtained) {
        let Obtained { credentials, arn } = found;
        if let Some(sessions) = self.sessions.as_ref().filter(|_| index > 0 || self.is_base_kept()) {
            let (key, credentials, arn) = (key.clone(), credentials.clone(), arn.clone());
            sessions.put(&Session { key, obtained: process::now(), credentials, arn });
        }
    }

    fn client(&self) -> anyhow::Result<&aws::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = aws::Client::new(self.environment)?;
        Ok(self.client.get_or_init(|| client))
    }
}
