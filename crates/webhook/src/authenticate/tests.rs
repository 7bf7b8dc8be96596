//! What strangers do never changes what people who are mapped are answered: whole histories, with and without the strangers,
//! over the real lanes, breakers and caches, on a clock that goes on only when everybody waits for it.
//!
//! It is promised to people whose key has logged in before, and to those whose key is by its form one of an account that is
//! mapped. In the name of the latter strangers may forge as well: there it holds for as many as STS gets through with.

mod limits;
mod sts;

use std::{cell::Cell, net::SocketAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use http::Request;
use hyper::body::Incoming;
use proptest::{prelude::*, sample::select};
use token::ClusterId;
use tokio::{task::JoinSet, time::sleep};

use self::sts::{CLUSTER, Kind, MAPPING, PEOPLE, answer, genuine, now};
use crate::{
    Settings, Webhook,
    connections::{Place, Stream},
    routes,
};

/// Of the people these have logged in before anything happens.
const KNOWN: usize = PEOPLE / 2;

/// Forged in the names of people who log in for the first time, at most: what STS answers within the time that one waits. Where the
/// people come through an API server, and those who forge do not, it is as many as anybody likes.
const FORGED: RangeInclusive<usize> = 0..=200;
/// More than may wait.
const FORGED_ELSEWHERE: RangeInclusive<usize> = 600..=2_000;

/// Somebody who is mapped logs in.
#[derive(Clone, Copy, Debug)]
struct Login {
    at_millis: u64,
    person: usize,
    /// Which of their tokens: several logins may show one.
    token: usize,
}

/// Strangers come, all at once.
#[derive(Clone, Copy, Debug)]
struct Strangers {
    at_millis: u64,
    kind: Kind,
    how_many: usize,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_strangers_do_never_changes_what_mapped_people_are_answered(logins in logins(), strangers in strangers(FORGED)) {
        let alone = answers(&logins, &[], false);
        for (login, code) in logins.iter().zip(&alone) {
            prop_assert_eq!(*code, if sts::is_over(login.person) { "sts.expired-credentials" } else { "granted" });
        }
        prop_assert_eq!(answers(&logins, &strangers, false), alone);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn nor_does_it_for_those_whom_an_api_server_sends_however_much_others_forge(
        logins in logins(), strangers in strangers(FORGED_ELSEWHERE)
    ) {
        prop_assert_eq!(answers(&logins, &strangers, true), answers(&logins, &[], true));
    }
}

fn logins() -> impl Strategy<Value = Vec<Login>> {
    let login = (0..5_000_u64, 0..PEOPLE, 1..6_usize);
    prop::collection::vec(login.prop_map(|(at_millis, person, token)| Login { at_millis, person, token }), 20..60)
}

fn strangers(forged: RangeInclusive<usize>) -> impl Strategy<Value = Vec<Strangers>> {
    let come = |kinds: Vec<Kind>, how_many| {
        let come = (0..3_000_u64, select(kinds), how_many);
        come.prop_map(|(at_millis, kind, how_many)| Strangers { at_millis, kind, how_many })
    };
    let others = prop::collection::vec(come(Kind::OTHERS.to_vec(), 1..=300), 0..10);
    let forged = prop::collection::vec(come(vec![Kind::ForgedOfMapped], forged), 1..=1);
    (others, forged).prop_map(|(others, forged)| [others, forged].concat())
}

/// The codes of all logins, in their order, while strangers do what they do. The logins come on connections on which others logged in, or not.
fn answers(logins: &[Login], strangers: &[Strangers], came_beside_logins: bool) -> Vec<&'static str> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let webhook = webhook();
        for person in 0..KNOWN {
            let code = webhook.authenticate_by(&genuine(person, 0), false, answer).await.code();
            assert_eq!(code == "granted", !sts::is_over(person), "nobody else is there");
        }
        let mut under_way = JoinSet::new();
        for Strangers { at_millis, kind, how_many } in strangers.iter().copied() {
            for number in 0..how_many {
                let webhook = Arc::clone(&webhook);
                under_way.spawn(async move {
                    sleep(Duration::from_millis(at_millis)).await;
                    let code = webhook.authenticate_by(&kind.token(number), false, answer).await.code();
                    assert_ne!(code, "granted", "{kind:?}");
                });
            }
        }
        let logins = logins.iter().copied().map(|Login { at_millis, person, token }| {
            let webhook = Arc::clone(&webhook);
            tokio::spawn(async move {
                sleep(Duration::from_millis(at_millis)).await;
                webhook.authenticate_by(&genuine(person, token), came_beside_logins, answer).await.code()
            })
        });
        let logins: Vec<_> = logins.collect();
        let mut codes = Vec::new();
        for login in logins {
            codes.push(login.await.expect("no login panics"));
        }
        // So that a stranger who is let in is seen.
        under_way.join_all().await;
        codes
    })
}

fn webhook() -> Arc<Webhook> {
    let authority = tls::Authority::new("nobody", now(), jiff::SignedDuration::from_hours(1)).expect("an authority");
    let transport = aws::Transport {
        roots: tls::Roots::Only(authority.cert_pem().as_bytes().to_vec()),
        ..aws::Transport::default()
    };
    let settings = Settings::new(ClusterId::parse(CLUSTER).expect("an id"), now);
    let webhook = Webhook::new(settings, aws::StsClient::new(&transport).expect("a client that asks nobody"), None);
    let source = document::Source::new("config.yaml", MAPPING.as_str());
    let (config, _) = mapping::authenticator::read_config_in(&source, None).expect("a mapping");
    webhook.load(config.server.into_snapshot(None));
    webhook
}

/// Tokens that are shown again and again fill what is remembered of strangers: one more is asked about once all the same.
#[test]
fn what_came_last_is_remembered_however_often_others_are_shown() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let webhook = webhook();
        let shown: Vec<String> = (0..400).map(|number| Kind::NotMapped.token(number)).collect();
        for token in shown.iter().flat_map(|token| [token; 20]) {
            webhook.authenticate_by(token, false, async |accepted| sts::at_once(accepted)).await;
        }
        let (asked, newcomer) = (Cell::new(0), Kind::NotMapped.token(1_000));
        for _ in 0..20 {
            let ask = async |accepted: &token::Accepted| {
                asked.set(asked.get() + 1);
                sts::at_once(accepted)
            };
            assert_eq!(webhook.authenticate_by(&newcomer, false, ask).await.code(), "mapping.none");
            for token in &shown[300..] {
                webhook.authenticate_by(token, false, async |accepted| sts::at_once(accepted)).await;
            }
        }
        assert_eq!(asked.get(), 1);
    });
}

/// Hundreds wait at a time, in a server that runs in 20 MiB, and thousands come at once: what only one of them needs at a time is made when
/// it does.
#[test]
fn a_review_that_waits_holds_little_and_one_that_has_only_come_less() {
    fn size_of_made<F>(_: impl FnOnce(&'static Arc<Webhook>) -> F) -> usize {
        size_of::<F>()
    }
    fn size_of_answer<F>(
        _: impl FnOnce(&'static Arc<Webhook>, SocketAddr, &'static Place, Stream, Request<Incoming>) -> F,
    ) -> usize {
        size_of::<F>()
    }
    let size = size_of_made(|webhook| webhook.authenticate(""));
    assert!(size < 4 << 10, "{size} bytes");
    let size = size_of_answer(routes::answer);
    assert!(size < 1 << 10, "{size} bytes");
}
