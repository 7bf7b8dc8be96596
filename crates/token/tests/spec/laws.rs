//! What holds for every input.

use proptest::{prelude::*, sample::subsequence};
use token::{ClusterId, Rules, accept, confirm, describe, wrap};

use crate::fixture::{Vector, raw};

/// Any visible ASCII text.
fn visible() -> impl Strategy<Value = String> {
    "[!-~]{1,60}"
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let good = Vector::with_session();
        let shaped = format!("https://sts.us-west-2.amazonaws.com/?{text}");
        for token in [text.clone(), raw(&text), wrap(&text), wrap(&shaped), String::from_utf8_lossy(&bytes).into_owned()] {
            prop_assert!(good.accept(&token).is_err());
            prop_assert!(describe(&token).is_err());
        }
        let _ = ClusterId::parse(&text);
    }

    #[test]
    fn no_answer_makes_it_panic_or_confirms_by_chance(
        status in any::<u16>(),
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let good = Vector::with_session();
        let accepted = good.accept(&good.token).expect("a good token");
        for status in [status, 200, 400, 403] {
            prop_assert!(confirm(&accepted, status, &body).is_err());
        }
    }

    #[test]
    fn several_edits_of_a_good_url_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..8),
    ) {
        let good = Vector::with_session();
        let mut url: Vec<char> = good.url.chars().collect();
        for (place, character) in edits {
            let place = place.index(url.len());
            url[place] = character;
        }
        let _ = good.accept_url(&url.into_iter().collect::<String>());
    }

    #[test]
    fn in_whatever_order_the_parameters_come_the_request_is_one_and_accepts_itself(
        order in Just((0..9).collect::<Vec<usize>>()).prop_shuffle(),
        kept in subsequence(vec!["", "&X-Amz-Security-Token"], 1),
        security_token in visible(),
        expires in 0..=900_u16,
    ) {
        let good = Vector::with_session();
        let (base, query) = good.url.split_once('?').expect("the URL has a query");
        let security_token: String = security_token.bytes().map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        }).collect();
        let pairs: Vec<String> = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name @ "X-Amz-Security-Token", _)) => format!("{name}={security_token}"),
            Some((name @ "X-Amz-Expires", _)) => format!("{name}={expires}"),
            _ => pair.to_owned(),
        }).collect();
        let with_session = !kept[0].is_empty();
        let written = |order: &[usize]| {
            let pairs: Vec<_> = order
                .iter()
                .map(|&index| pairs[index].as_str())
                .filter(|pair| with_session || !pair.starts_with("X-Amz-Security-Token"))
                .collect();
            format!("{base}?{}", pairs.join("&"))
        };
        let request = |url: &str| good.accept_url(url).map(|accepted| accepted.request().url());

        let shuffled = request(&written(&order));
        prop_assert!(shuffled.is_ok());
        prop_assert_eq!(&shuffled, &request(&written(&[0, 1, 2, 3, 4, 5, 6, 7, 8])));
        let rebuilt = shuffled.expect("asserted above");
        prop_assert_eq!(request(&rebuilt), Ok(rebuilt));
    }
}

/// Everything that one keystroke can make of `text`: a character replaced by, or preceded by, one of `alphabet`, or
/// left out.
fn keystrokes<'a>(text: &'a str, alphabet: &'a [u8]) -> impl Iterator<Item = String> + 'a {
    let with = move |place: usize, removed: usize, added: &[u8]| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.splice(place..place + removed, added.iter().copied());
        String::from_utf8(bytes).expect("ASCII stays ASCII")
    };
    (0..text.len()).flat_map(move |place| {
        let added = alphabet.iter().flat_map(move |byte| [with(place, 1, &[*byte]), with(place, 0, &[*byte])]);
        added.chain([with(place, 1, &[])]).filter(move |changed| changed != text)
    })
}

#[test]
fn one_changed_character_of_the_url_never_means_the_same_request() {
    let good = Vector::with_session();
    let ascii: Vec<u8> = (0..0x80).collect();
    never_the_same(&good, keystrokes(&good.url, &ascii).map(|url| wrap(&url)));
}

#[test]
fn one_changed_character_of_the_token_never_means_the_same_request() {
    let good = Vector::with_session();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n\0";
    never_the_same(&good, keystrokes(&good.token, alphabet));
}

fn never_the_same(good: &Vector, changed: impl Iterator<Item = String>) {
    let (cluster, rules, now) = (good.cluster(), Rules::default(), good.signed_at());
    let request = |token: &str| accept(token, &cluster, &rules, now).ok().map(|accepted| accepted.request().url());
    let original = request(&good.token).expect("a good token");
    let (mut accepted, mut refused) = (0, 0);
    for token in changed {
        match request(&token) {
            Some(url) => {
                assert_ne!(url, original, "{token}");
                accepted += 1;
            }
            None => refused += 1,
        }
    }
    // Another digit in the signature, say, is well formed, and is for AWS to refuse.
    assert!(accepted > 0 && refused > accepted, "{accepted} accepted, {refused} refused");
}
