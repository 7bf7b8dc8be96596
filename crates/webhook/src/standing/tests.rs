//! Who is known, and who drives out whom.

use std::hash::BuildHasher as _;

use identity::{Identity, Partition, Principal, StsHost};

use super::{Asker, Lane, MAX_CREDENTIALS, Standing};

fn session(role: &str, session: usize) -> Identity {
    Identity {
        partition: Partition::Aws,
        account: "111122223333".parse().expect("an account"),
        principal: Principal::AssumedRole { role: role.to_owned(), session: session.to_string() },
        unique_id: format!("AROAEXAMPLE:{session}"),
    }
}

#[test]
fn a_role_that_makes_ever_new_sessions_drives_out_its_own() {
    let host = StsHost::global();
    let standing = Standing::new(std::slice::from_ref(&host));
    let asker = |credentials| Asker {
        credentials,
        account: 0,
        host: standing.hashes.hash_one(host.as_str()),
        is_expected: true,
        came_beside_logins: false,
    };
    for person in 0..100 {
        assert!(standing.let_in(asker(person), &session(&format!("Person{person}"), 0)));
    }
    let greedy = 1_000..1_000 + 2 * MAX_CREDENTIALS as u64;
    for credentials in greedy.clone() {
        standing.let_in(asker(credentials), &session("Greedy", 0));
    }
    assert!((0..100).all(|person| standing.lane(asker(person)) == Lane::Known));
    assert_eq!(standing.lane(asker(greedy.start)), Lane::Expected, "its own go");
    assert_eq!(standing.lane(asker(greedy.end - 1)), Lane::Known);
}
