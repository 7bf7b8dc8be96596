//! CVE-2022-2385: a parameter twice, in spellings that two readers take for different or for the same.

use crate::fixture::{Vector, outcome};

/// The ways to write a name that some reader may take for `name`.
fn spellings(name: &str) -> Vec<String> {
    let mixed: String = name
        .char_indices()
        .map(|(index, letter)| if index % 2 == 0 { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() })
        .collect();
    let first_encoded = |name: &str| format!("%{:02X}{}", name.as_bytes()[0], &name[1..]);
    let all_encoded = |digits: fn(u8) -> String| name.bytes().map(digits).collect::<String>();
    vec![
        name.to_owned(),
        name.to_lowercase(),
        name.to_uppercase(),
        first_encoded(name),
        first_encoded(&name.to_lowercase()),
        all_encoded(|byte| format!("%{byte:02X}")),
        all_encoded(|byte| format!("%{byte:02x}")),
        name.replace('-', "%2D"),
        format!("{name}%00"),
        format!("{name}%20"),
        format!("+{name}"),
        format!("{name}[]"),
        mixed,
    ]
}

#[test]
fn every_parameter_twice_is_refused_in_every_spelling_place_and_value() {
    let good = Vector::with_session();
    let (base, query) = good.url.split_once('?').expect("the URL has a query");
    let pairs: Vec<_> = query.split('&').collect();
    assert_eq!(pairs.len(), 9, "the vector has every parameter");

    let mut tried = 0;
    for pair in &pairs {
        let (name, value) = pair.split_once('=').expect("pairs are name=value");
        for spelling in spellings(name) {
            for value in [value, "", "x", "GetSessionToken"] {
                let second = format!("{spelling}={value}");
                for place in 0..=pairs.len() {
                    let mut both = pairs.clone();
                    both.insert(place, &second);
                    let code = outcome(good.accept_url(&format!("{base}?{}", both.join("&"))));
                    let expected =
                        ["token.parameter-repeated", "token.parameter-unknown", "token.query"].contains(&code);
                    assert!(expected, "{second} in place {place}: {code}");
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, 9 * 13 * 4 * 10);
}

#[test]
fn a_repetition_is_called_one_in_whatever_case() {
    let good = Vector::with_session();
    let query = good.url.split_once('?').expect("the URL has a query").1;
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').expect("pairs are name=value");
        for spelling in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            let url = format!("{}&{spelling}={value}", good.url);
            assert_eq!(outcome(good.accept_url(&url)), "token.parameter-repeated", "{spelling}");
        }
    }
}
