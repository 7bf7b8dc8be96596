//! The attacks, each of which has locked people out or killed the server once.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::ensure;
use sandbox::{Fault, Of};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
};

use super::{
    Field, Logins, PEOPLE, Row, Strangers,
    client::{self, Door, Load, ask, ask_among_others, review},
    login,
    people::{MALLORY, REGION, key},
    probes::Probes,
};
use crate::server::token_review;

/// One of them.
pub(super) struct Attack {
    pub(super) name: &'static str,
    hold: Hold,
}

type Holding<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Logins>> + 'a>>;
type Hold = for<'a> fn(&'a mut Field) -> Holding<'a>;

macro_rules! attacks {
    ($($name:literal: $hold:ident,)*) => {
        pub(super) const ALL: &[Attack] = &[$(Attack { name: $name, hold: |field| Box::pin($hold(field)) },)*];
    };
}

attacks! {
    "an account that STS throttles": throttled,
    "bodies of a megabyte, and endless bodies": bodies,
    "connections that say nothing": silence,
    "connections that say nothing, and everybody connects anew": silence_at_the_door,
    "half a body on each connection, and everybody connects anew": half_bodies,
    "a forged token on each connection, and everybody connects anew": one_forged_token_each,
    "forged tokens for Regions that never answer": slow_regions,
    "more forged tokens at once than there are places": crowd,
    "as many, each on a connection of its own, one after the other": crowd_of_connections,
    "one token again and again, in every order": reordered,
    "denials without end, and a log that nobody reads": denials,
    "forged tokens in the names of those who are mapped": forged_keys,
    "nobody attacks: 200 connections, STS takes 20 ms": nobody,
    "400 first logins at once after a restart": restart,
    "streams of which nothing comes, as many as there can be": streams,
    "one forged token on a thousand streams": one_token,
    "answers that nobody takes, as many as there can be": untaken,
}

/// What they are called.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|attack| attack.name)
}

/// A key in nobody's name.
const MADE_UP: &str = "AKIAMADEUPKEY0000000";

impl Field {
    /// Holds the server against an attack.
    pub(super) async fn hold(&mut self, attack: &Attack) -> anyhow::Result<Row> {
        self.server.cgroup.begin();
        let logins = (attack.hold)(self).await?;
        self.sts.faults.clear();
        self.row(attack.name, logins)
    }

    /// People log in while others do something again and again, so many at once.
    async fn logins_while<F>(&self, at_once: usize, attack: impl Fn(usize) -> F) -> Logins
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut people = self.known.clone();
        people.extend(self.people.new_ones(PEOPLE / 2));
        let mut attackers = JoinSet::new();
        for number in 0..at_once {
            attackers.spawn(attack(number));
        }
        // The attack is in full swing before anybody logs in.
        tokio::time::sleep(self.length / 2).await;
        let probes = Probes::begin(self.server.door.clone());
        let logins = self.logins(&people).await;
        // The attackers end with their set, after the last probe.
        Logins { probes: probes.end().await, ..logins }
    }

    /// The same with connections that are held open after something was said, and opened anew soon after they were hung up on.
    async fn logins_while_held(&self, door: Door, said: impl Fn(usize) -> Vec<u8>) -> Logins {
        let strangers = Arc::clone(&self.strangers);
        self.logins_while(600, move |number| {
            let (door, said, strangers) = (door.clone(), said(number), Arc::clone(&strangers));
            async move {
                loop {
                    hold_open(&door, &said, &strangers).await;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        })
        .await
    }

    /// The same from another machine, where nobody who logs in has a connection already.
    async fn connecting_anew(&mut self, said: impl Fn(usize) -> Vec<u8>) -> Logins {
        let none = Arc::new(client::Kept::none(self.server.door.clone()));
        let kept = std::mem::replace(&mut self.server.kept, none);
        let logins = self.logins_while_held(self.server.door.elsewhere(), said).await;
        self.server.kept = kept;
        logins
    }

    /// The same with reviews of tokens of connections that are shared by many.
    async fn logins_while_shown(&self, at_once: usize, tokens: Vec<String>, pause: Duration) -> anyhow::Result<Logins> {
        let shown = Arc::new(AtomicUsize::new(0));
        let tokens = Arc::new(tokens);
        let mut connections = Vec::new();
        for _ in 0..at_once.div_ceil(100) {
            connections.push(Arc::new(Shared::new(self.server.door.clone()).await?));
        }
        let strangers = Arc::clone(&self.strangers);
        Ok(self
            .logins_while(at_once, move |number| {
                let (shown, tokens) = (Arc::clone(&shown), Arc::clone(&tokens));
                let strangers = Arc::clone(&strangers);
                let connection = Arc::clone(&connections[number / 100]);
                async move {
                    loop {
                        let token = &tokens[shown.fetch_add(1, Ordering::Relaxed) % tokens.len()];
                        if let Ok(answer) = ask_among_others(&connection.open().await, review(token)).await {
                            strangers.saw(&answer);
                        }
                        tokio::time::sleep(pause).await;
                    }
                }
            })
            .await)
    }
}

/// A connection of many, made anew for all of them where the server has ended it: each on one of their own would be another attack.
struct Shared {
    door: Door,
    http: tokio::sync::Mutex<client::Http2>,
}

impl Shared {
    async fn new(door: Door) -> anyhow::Result<Self> {
        let http = door.http2().await?.into();
        Ok(Self { door, http })
    }

    /// It, sooner or later.
    async fn open(&self) -> client::Http2 {
        let mut http = self.http.lock().await;
        while http.is_closed() {
            match self.door.http2().await {
                Ok(new) => *http = new,
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        http.clone()
    }
}

async fn throttled(field: &mut Field) -> anyhow::Result<Logins> {
    field.sts.faults.set_of(Of::AccessKeyId(MALLORY.to_owned()), Fault::Throttle);
    let tokens = (0..800).map(|age| field.people.of_mallory(age)).collect();
    field.logins_while_shown(24, tokens, Duration::from_millis(250)).await
}

async fn bodies(field: &mut Field) -> anyhow::Result<Logins> {
    let door = field.server.door.clone();
    let (megabyte, strangers) = (bytes(1_000_000), Arc::clone(&field.strangers));
    Ok(field
        .logins_while(60, move |number| {
            let (door, megabyte, strangers) = (door.clone(), megabyte.clone(), Arc::clone(&strangers));
            async move {
                loop {
                    match number {
                        0..40 => {
                            if let Ok(mut http) = door.http1().await
                                && let Ok(answer) = ask(&mut http, Load::whole(megabyte.clone())).await
                            {
                                strangers.saw(&answer);
                            }
                        }
                        40..59 => many(&door, 16, || Load::whole(megabyte.slice(..900_000)), 1, &strangers).await,
                        _ => many(&door, 250, || Load::unfinished(megabyte.slice(..16_000)), 1, &strangers).await,
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        })
        .await)
}

/// So many requests of one connection, for some seconds.
async fn many(door: &Door, count: usize, body: impl Fn() -> Load, seconds: u64, strangers: &Arc<Strangers>) {
    let Ok(http) = door.http2().await else { return };
    let mut asking = JoinSet::new();
    for _ in 0..count {
        let (http, body, strangers) = (http.clone(), body(), Arc::clone(strangers));
        asking.spawn(async move {
            if let Ok(answer) = ask_among_others(&http, body).await {
                strangers.saw(&answer);
            }
        });
    }
    // They end with their set.
    let _ = tokio::time::timeout(Duration::from_secs(seconds), asking.join_all()).await;
}

fn bytes(length: usize) -> hyper::body::Bytes {
    vec![b' '; length].into()
}

/// HTTP/2's preface and an empty SETTINGS frame, and a PING. Source: RFC 9113, sections 3.4, 4.1 and 6.7.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The preface, a SETTINGS frame by which no byte of any answer's body may be sent, and `GET /healthz` on each stream that there may be,
/// in HPACK's static table and literals. Source: RFC 9113, sections 4.1, 6.2 and 6.5.2, and RFC 7541, appendix A.
fn questions_without_a_window() -> Vec<u8> {
    const SETTINGS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";
    const HEADERS: &[u8] = b"\x82\x87\x01\x01x\x04\x08/healthz";
    const END_STREAM_AND_HEADERS: u8 = 0x5;
    let mut said = [&HTTP2[..24], SETTINGS].concat();
    for stream in (1..256_u32).step_by(2) {
        let length = u32::try_from(HEADERS.len()).expect("a few bytes").to_be_bytes();
        said.extend_from_slice(&length[1..]);
        said.extend_from_slice(&[1, END_STREAM_AND_HEADERS]);
        said.extend_from_slice(&stream.to_be_bytes());
        said.extend_from_slice(HEADERS);
    }
    said
}

/// What attackers say, and then nothing.
const SILENT: [&[u8]; 5] = [b"", b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", HALF_A_BODY, b"PRI * HTT", HTTP2];

const HALF_A_BODY: &[u8] = b"POST /authenticate HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{\"spec\": ";

async fn silence(field: &mut Field) -> anyhow::Result<Logins> {
    let door = field.server.door.clone();
    let silent = field.logins_while_held(door, |number| SILENT[number % SILENT.len()].to_vec());
    // And while they hold as much memory as they can, everything is read anew.
    let changed = async {
        tokio::time::sleep(field.length).await;
        field.change_mapping()
    };
    let (logins, changed) = tokio::join!(silent, changed);
    changed.map(|()| logins)
}

async fn silence_at_the_door(field: &mut Field) -> anyhow::Result<Logins> {
    Ok(field.connecting_anew(|number| SILENT[number % SILENT.len()].to_vec()).await)
}

async fn half_bodies(field: &mut Field) -> anyhow::Result<Logins> {
    Ok(field.connecting_anew(|_| HALF_A_BODY.to_vec()).await)
}

async fn one_forged_token_each(field: &mut Field) -> anyhow::Result<Logins> {
    let reviews: Vec<_> = (0..900)
        .map(|number| {
            let review = token_review("authentication.k8s.io/v1", &field.people.forged(&key(number), REGION, number));
            let length = review.len();
            format!("POST /authenticate HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{review}")
        })
        .collect();
    Ok(field.connecting_anew(move |number| reviews[number % reviews.len()].clone().into_bytes()).await)
}

/// Holds a connection open until the server hangs up.
async fn hold_open(door: &Door, said: &[u8], strangers: &Strangers) {
    let Ok(mut stream) = door.tls().await else { return };
    let mut answer = [0; 1024];
    let mut rest = said;
    while stream.write_all(rest).await.is_ok() && stream.flush().await.is_ok() {
        let read = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut answer)).await;
        match read {
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(length)) => strangers.saw_text(&String::from_utf8_lossy(&answer[..length])),
            Err(_) => {}
        }
        rest = if said == HTTP2 { PING } else { b"" };
    }
}

async fn slow_regions(field: &mut Field) -> anyhow::Result<Logins> {
    let regions = ["eu-west-3", "sa-east-1", "ap-south-1"];
    for region in regions {
        let host = format!("sts.{region}.amazonaws.com");
        field.sts.faults.set_of(Of::Host(host), Fault::Delay(Duration::from_secs(600)));
    }
    let token = |number: usize| field.people.forged(&key(number % PEOPLE), regions[number % 3], number);
    let tokens = (0..900).map(token).collect();
    field.logins_while_shown(300, tokens, Duration::from_millis(20)).await
}

async fn crowd(field: &mut Field) -> anyhow::Result<Logins> {
    let remembered = field.people.token(field.known[0], 700);
    ensure!(field.server.kept.ask(&remembered).await?.status == 200, "somebody logs in");
    field.sts.faults.set_of(Of::AccessKeyId(MADE_UP.to_owned()), Fault::Delay(Duration::from_secs(2)));
    let tokens = (0..2_000).map(|number| field.people.forged(MADE_UP, REGION, number)).collect();
    let kept = Arc::clone(&field.server.kept);
    let those_remembered = async {
        tokio::time::sleep(field.length).await;
        let mut shed = 0;
        for _ in 0..48 {
            shed += usize::from(kept.ask(&remembered).await.is_ok_and(|answer| answer.status != 200));
        }
        shed
    };
    let (logins, shed) =
        tokio::join!(field.logins_while_shown(800, tokens, Duration::from_millis(20)), those_remembered);
    ensure!(shed == 0, "{shed} of 48 reviews of a token that is remembered were shed");
    logins
}

/// Of the same address as people and probes, and busy all the time.
async fn crowd_of_connections(field: &mut Field) -> anyhow::Result<Logins> {
    field.sts.faults.set_of(Of::AccessKeyId(MADE_UP.to_owned()), Fault::Delay(Duration::from_secs(2)));
    let tokens: Vec<_> = (0..2_000).map(|number| field.people.forged(MADE_UP, REGION, number)).collect();
    let (shown, tokens) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokens));
    let (door, strangers) = (field.server.door.clone(), Arc::clone(&field.strangers));
    Ok(field
        .logins_while(400, move |_| {
            let (shown, tokens) = (Arc::clone(&shown), Arc::clone(&tokens));
            let (door, strangers) = (door.clone(), Arc::clone(&strangers));
            async move {
                loop {
                    if let Ok(mut http) = door.http1().await {
                        let token = || &tokens[shown.fetch_add(1, Ordering::Relaxed) % tokens.len()];
                        while let Ok(answer) = ask(&mut http, review(token())).await {
                            strangers.saw(&answer);
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        })
        .await)
}

async fn reordered(field: &mut Field) -> anyhow::Result<Logins> {
    let token = field.people.of_mallory(810);
    let describe = |token: &str| -> anyhow::Result<String> {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let text = token.strip_prefix(token::PREFIX).unwrap_or_default();
        Ok(String::from_utf8(URL_SAFE_NO_PAD.decode(text)?)?)
    };
    let url = describe(&token)?;
    let (before, query) = url.split_once('?').unwrap_or_default();
    let mut parameters: Vec<_> = query.split('&').collect();
    let mut tokens = vec![field.people.forged(MALLORY, REGION, 0)];
    for turn in 0..300 {
        parameters.rotate_left(1);
        let (a, b) = (turn % parameters.len(), turn / 7 % parameters.len());
        parameters.swap(a, b);
        tokens.push(token::wrap(&format!("{before}?{}", parameters.join("&"))));
    }
    let asked = field.sts.faults.requests("GetCallerIdentity");
    let logins = field.logins_while_shown(100, tokens, Duration::from_millis(5)).await?;
    let asked = field.sts.faults.requests("GetCallerIdentity") - asked;
    // One for each login, and one for each of the attacker's tokens, again only where it was forgotten for others.
    ensure!(asked <= logins.count + 10, "STS was asked {asked} times, of which {} were logins", logins.count);
    Ok(logins)
}

async fn denials(field: &mut Field) -> anyhow::Result<Logins> {
    // A log of its own, read from the start.
    field.restart().await?;
    field.log_in_those_known().await?;
    field.server.log.be_slow(true);
    let logins = field.logins_while_shown(200, vec![field.people.of_mallory(820)], Duration::ZERO).await?;
    field.server.log.be_slow(false);
    let log = field.restart().await?;
    let granted = log.lines().filter(|line| line.contains("\"access granted\"")).count();
    let expected = field.known.len() + logins.count - logins.failed.len();
    ensure!(granted == expected, "{granted} of {expected} logins stand in the log");
    field.log_in_those_known().await?;
    Ok(logins)
}

async fn forged_keys(field: &mut Field) -> anyhow::Result<Logins> {
    // Those of the people who log in now, as well.
    let tokens = (0..1_200).map(|number| field.people.forged(&key(number), REGION, number)).collect();
    field.logins_while_shown(300, tokens, Duration::from_millis(20)).await
}

async fn nobody(field: &mut Field) -> anyhow::Result<Logins> {
    field.sts.faults.set(Fault::Delay(Duration::from_millis(20)));
    let (mut under_way, mut logins) = (JoinSet::new(), Logins::default());
    for person in field.people.new_ones(200) {
        let tokens: Vec<_> = (0..5).map(|age| field.people.token(person, age)).collect();
        let kept = Arc::new(client::Kept::new(field.server.door.clone()));
        kept.open(1).await?;
        logins.count += tokens.len();
        under_way.spawn(async move {
            let mut all = Vec::new();
            for token in tokens {
                all.push(login(Arc::clone(&kept), person, token).await);
            }
            all
        });
    }
    under_way.join_all().await.into_iter().flatten().for_each(|login| logins.take(Ok(login)));
    Ok(logins)
}

async fn restart(field: &mut Field) -> anyhow::Result<Logins> {
    let people = field.people.new_ones(400);
    let tokens: Vec<_> = people.iter().map(|person| field.people.token(*person, 0)).collect();
    field.restart().await?;
    field.sts.faults.set(Fault::Delay(Duration::from_millis(20)));
    let (mut under_way, mut logins) = (JoinSet::new(), Logins::default());
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(field.server.door.http2().await?);
    }
    for (at, (person, token)) in people.into_iter().zip(tokens).enumerate() {
        let http = connections[at % connections.len()].clone();
        logins.count += 1;
        under_way.spawn(async move {
            let start = std::time::Instant::now();
            let answer = ask_among_others(&http, review(&token)).await;
            (person, start.elapsed(), answer)
        });
    }
    while let Some(done) = under_way.join_next().await {
        logins.take(done);
    }
    Ok(logins)
}

async fn streams(field: &mut Field) -> anyhow::Result<Logins> {
    let (door, strangers) = (field.server.door.clone(), Arc::clone(&field.strangers));
    // Four times as many streams as may be open, and 25 times as many as bodies may be begun. More would measure how fast an unoptimised
    // program turns them away.
    Ok(field
        .logins_while(100, move |_| {
            let (door, strangers) = (door.clone(), Arc::clone(&strangers));
            async move {
                loop {
                    many(&door, 128, || Load::unfinished(bytes(0)), 5, &strangers).await;
                }
            }
        })
        .await)
}

async fn one_token(field: &mut Field) -> anyhow::Result<Logins> {
    field.sts.faults.set_of(Of::AccessKeyId(MADE_UP.to_owned()), Fault::Delay(Duration::from_secs(2)));
    let token = field.people.forged(MADE_UP, REGION, 2_001);
    field.logins_while_shown(1_000, vec![token], Duration::from_millis(20)).await
}

async fn untaken(field: &mut Field) -> anyhow::Result<Logins> {
    let said = questions_without_a_window();
    Ok(field.logins_while_held(field.server.door.elsewhere(), move |_| said.clone()).await)
}
