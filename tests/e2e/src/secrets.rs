//! What no output may hold: every signature, session token and secret key that the tests have used, by its value.
//!
//! ```text
//!   heard     what the sandbox's AWS was sent: signatures and session tokens of every request, whoever has made it
//!   of_token  what a bearer token carries, as it is and as the token encodes it
//!   of_text   the same for every token in a text that may hold some: what `token` prints
//!   refused   an error if a text holds a piece of any of them
//!   ended     the same where nobody can be told at once: it fails the whole run ([`conclusion`])
//! ```
//!
//! A piece is 16 characters, so that a part of a value is found too, and one in the middle of something longer.

use std::{
    collections::HashSet,
    process::Command,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// What every bearer token begins with.
const TOKEN: &str = "k8s-aws-v1.";

/// The parameters of a token's URL that nobody else may know.
const PARAMETERS: [&str; 2] = ["X-Amz-Signature=", "X-Amz-Security-Token="];

const PIECE: usize = 16;

/// What a piece is kept as: its bytes as one number, so that the next one of a text is a shift away. A run of all tests looks through
/// hundreds of megabytes, in a program that is not optimised.
type Piece = u128;

/// What secrets begin with or hold that is none: it stands in the names of roles and in the keys of the tests' people alike, or every
/// session token of AWS's begins so.
const NO_SECRETS: [&[u8; PIECE]; 2] = [b"0123456789abcdef", b"IQoJb3JpZ2luX2Vj"];

#[derive(Default)]
struct State {
    /// Of what was really used.
    used: HashSet<Piece>,
    /// Of what a test puts where it must be found.
    planted: HashSet<Piece>,
    /// Of both, a bit by [`place`]: where there is none, there is no piece.
    perhaps: Vec<bool>,
    values: usize,
    texts: usize,
    found: Vec<String>,
    found_planted: Vec<String>,
}

static STATE: LazyLock<Mutex<State>> =
    LazyLock::new(|| Mutex::new(State { perhaps: vec![false; 1 << PLACES], ..State::default() }));

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a signature, session token or secret key.
pub fn heard(value: &str) {
    let mut state = state();
    let before = state.used.len();
    for piece in pieces(value) {
        state.perhaps[place(piece)] = true;
        state.used.insert(piece);
    }
    state.values += usize::from(state.used.len() > before);
}

/// Takes what a bearer token carries. A text that is none carries nothing.
pub fn of_token(token: &str) {
    for value in values(token) {
        heard(&value);
    }
}

/// Takes what every token in a text carries.
pub fn of_text(text: &str) {
    tokens(text).for_each(of_token);
}

/// Takes what a token carries that was used nowhere: a test is about to put it where it must be found.
pub fn plant(token: &str) {
    let (values, mut state) = (values(token), state());
    for piece in values.iter().flat_map(|value| pieces(value)) {
        state.perhaps[place(piece)] = true;
        state.planted.insert(piece);
    }
}

/// Whether a token's signature is among what is searched for.
pub fn knows(token: &str) -> bool {
    let (values, state) = (values(token), state());
    !values.is_empty() && values.iter().flat_map(|value| pieces(value)).all(|piece| state.used.contains(&piece))
}

/// Refuses a text that holds a secret.
pub fn refused(what: &str, text: &str) -> anyhow::Result<()> {
    match search(what, text) {
        None => Ok(()),
        Some(Found { said, .. }) => anyhow::bail!(said),
    }
}

/// Looks through what a program printed that has ended, or that nobody waits for any more.
pub fn ended(what: &str, text: &str) {
    if let Some(Found { said, is_planted }) = search(what, text) {
        let mut state = state();
        if is_planted { state.found_planted.push(said) } else { state.found.push(said) }
    }
}

/// What was found of the planted ones by [`ended`].
pub fn found_planted() -> Vec<String> {
    state().found_planted.clone()
}

/// What the whole run says: nothing was found, and where all tests ran, there was something to be found, and a place for it.
pub fn conclusion(all_tests_ran: bool) -> anyhow::Result<()> {
    let state = state();
    ensure!(state.found.is_empty(), "a secret was printed:\n{}", state.found.join("\n"));
    let seen = (state.values, state.texts);
    ensure!(!all_tests_ran || (seen.0 > 0 && seen.1 > 0), "nothing was searched for secrets: {seen:?}");
    Ok(())
}

/// A name for what a command prints, and whether a token or credentials are what it was asked to print on standard output.
pub(crate) fn named(command: &Command) -> (String, bool) {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit('/').next().unwrap_or_default();
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let in_script = || args.iter().any(|script| ASKED_FOR_SECRETS.iter().any(|asked| script.contains(asked)));
    let is_asked = match program {
        "bash" | "sh" => in_script(),
        // It repeats what is wrong with a token, and the tokens it is given are made up.
        "token-verifier" => true,
        _ => {
            let is_shell = args.iter().any(|arg| arg == "sh");
            args.iter().any(|arg| ["token", "get-token", "assume-role"].contains(&arg.as_str()))
                || (is_shell && in_script())
        }
    };
    let first = args.first().filter(|_| !is_asked).map(|arg| arg.chars().take(80).collect::<String>());
    (format!("{program} {}", first.unwrap_or_else(|| "token".to_owned())), is_asked)
}

/// What a line in a shell asks for secrets with.
const ASKED_FOR_SECRETS: [&str; 4] = ["cluster-auth token", "get-token", "assume-role", "--print-identities"];

struct Found {
    said: String,
    is_planted: bool,
}

fn search(what: &str, text: &str) -> Option<Found> {
    let mut state = state();
    state.texts += 1;
    let piece = first(text, |piece| {
        state.perhaps[place(piece)] && (state.used.contains(&piece) || state.planted.contains(&piece))
    })?;
    let is_planted = !state.used.contains(&piece);
    let bytes = piece.to_be_bytes();
    let piece = String::from_utf8_lossy(&bytes);
    let line = text.lines().find(|line| line.contains(&*piece)).unwrap_or_default();
    // What is known here are the keys of an AWS that is none.
    let start: String = line.chars().take(300).collect();
    Some(Found { said: format!("{what} printed a secret ({piece}…): {start}"), is_planted })
}

/// The first piece of a text that is one of those.
fn first(text: &str, is_one: impl Fn(Piece) -> bool) -> Option<Piece> {
    let (mut last, mut length) = (0, 0);
    for byte in text.as_bytes() {
        if IS_OF_SECRETS[usize::from(*byte)] {
            last = last << 8 | Piece::from(*byte);
            length += 1;
            if length >= PIECE && is_one(last) {
                return Some(last);
            }
        } else {
            length = 0;
        }
    }
    None
}

/// How many bits a place has.
const PLACES: u32 = 22;

/// Where the bit of a piece is: of the product with an odd number, the highest bits (Knuth's multiplicative hashing).
#[expect(clippy::cast_possible_truncation, reason = "each half has 64 bits, and a place as many as it says")]
fn place(piece: Piece) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let folded = (piece >> 64) as u64 ^ (piece as u64).rotate_left(1);
    (folded.wrapping_mul(ODD) >> (64 - PLACES)) as usize
}

/// What a value is searched by. What is left over at its end stands in the last piece with some of what is before it.
fn pieces(value: &str) -> Vec<Piece> {
    let bytes = value.as_bytes();
    let last = bytes.len().checked_sub(PIECE).map(|start| &bytes[start..]);
    let whole = bytes.chunks_exact(PIECE).chain(last);
    let pieces = whole.filter(|piece| piece.iter().all(|byte| IS_OF_SECRETS[usize::from(*byte)]));
    let pieces = pieces.filter_map(|piece| <[u8; PIECE]>::try_from(piece).ok());
    pieces.filter(|piece| !NO_SECRETS.contains(&piece)).map(Piece::from_be_bytes).collect()
}

/// What base64, hexadecimal and percent-encoded text consists of, by the byte.
const IS_OF_SECRETS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte.is_ascii() {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'%' | b'-' | b'_');
        byte += 1;
    }
    table
};

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(TOKEN).map(|(start, _)| {
        let rest = &text[start..];
        let end = rest[TOKEN.len()..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        end.map_or(rest, |end| &rest[..TOKEN.len() + end])
    })
}

/// What a token carries: as it stands in the URL, and in the base64 of it.
fn values(token: &str) -> Vec<String> {
    let Some(encoded) = token.strip_prefix(TOKEN) else { return Vec::new() };
    let url = URL_SAFE_NO_PAD.decode(encoded).ok().and_then(|url| String::from_utf8(url).ok());
    let Some(url) = url else { return Vec::new() };
    let found = PARAMETERS.iter().filter_map(|name| {
        let start = url.find(name)? + name.len();
        let end = url[start..].find('&').map_or(url.len(), |length| start + length);
        // Three bytes are four characters; what is of the value alone begins and ends with whole ones.
        let (first, last) = (start.div_ceil(3) * 4, end / 3 * 4);
        Some([url[start..end].to_owned(), encoded.get(first..last)?.to_owned()])
    });
    found.flatten().collect()
}

/// A signature that is none but looks like one, in a token.
pub fn made_up_token(signature: &str) -> anyhow::Result<String> {
    ensure!(signature.len() == 64, "a signature has 64 digits");
    let url = format!("https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&{}{signature}", PARAMETERS[0]);
    let token = token::wrap(&url);
    values(&token).first().context("a signature").map(|_| token)
}

#[cfg(test)]
mod tests {
    use super::{IS_OF_SECRETS, Piece, first, made_up_token, pieces, place, tokens, values};

    const SIGNATURE: &str = "5be1c07d93fa2468e0b7d1f35c9a8e26417d0fb2a6c83e95d14b70f2896ac3e7";

    #[test]
    fn a_token_carries_its_signature_and_the_base64_of_it() {
        let token = made_up_token(SIGNATURE).expect("a token");
        let values = values(&token);
        assert_eq!(values[0], SIGNATURE);
        assert!(token.contains(&values[1]) && values[1].len() >= 80, "{values:?}");
        let text = format!("one {token}, \"{token}\"\n{token}");
        assert!(tokens(&text).count() == 3 && tokens(&text).all(|found| found == token));
        assert!(super::values("k8s-aws-v1.%%%").is_empty() && super::values("text").is_empty());
    }

    #[test]
    fn a_piece_is_of_whatever_part_of_a_value() {
        assert_eq!(pieces(SIGNATURE).len(), 5);
        assert_eq!(pieces("0123456789abcdefXY").last(), Some(&Piece::from_be_bytes(*b"23456789abcdefXY")));
        assert!(pieces("short").is_empty() && pieces("0123456789abcdef").is_empty());
        let is_of_secrets = |byte: u8| IS_OF_SECRETS[usize::from(byte)];
        assert!(SIGNATURE.bytes().chain(*b"azAZ09+/=%-_").all(is_of_secrets));
        assert!(!b"\" \n\x00\xc3\xff".iter().any(|byte| is_of_secrets(*byte)));
    }

    #[test]
    fn a_piece_is_found_wherever_it_stands_and_nowhere_else() {
        let all = pieces(SIGNATURE);
        let found = |text: &str| first(text, |piece| all.contains(&piece));
        assert_eq!(found(SIGNATURE), Some(all[0]));
        // The rest of a value, in the middle of something longer, among letters of more than one byte.
        assert_eq!(found(&format!("ä{}", &SIGNATURE[1..])), Some(all[1]));
        assert_eq!(found(&format!("é x=%2F{}/é", &SIGNATURE[40..])), Some(all[3]));
        let parts = [&SIGNATURE[..15], " ", &SIGNATURE[15..30], "\n", &SIGNATURE[16..31], "\"", &SIGNATURE[31..46]];
        assert_eq!(found(&parts.concat()), None);
        assert_eq!((found(""), found(&"x".repeat(64))), (None, None));
        assert!(all.iter().all(|piece| place(*piece) < 1 << super::PLACES));
    }
}
