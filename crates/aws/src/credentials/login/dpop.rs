//! The proof that whoever sends a request holds a key: a JSON Web Token about it, signed with the key, which it names.
//!
//! Source: RFC 9449, "OAuth 2.0 Demonstrating Proof of Possession (DPoP)"; `_build_dpop_header` of botocore. The key's text is SEC 1's
//! ECPrivateKey (RFC 5915) on the curve P-256, in PEM.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use ring::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::json;

use super::Secret;

/// The value of the header `DPoP`.
pub(super) struct Proof(Secret);

/// A point of the curve, uncompressed: a byte that says so, and its coordinates.
const POINT: usize = 65;

/// A number of the curve.
const NUMBER: usize = 32;

/// Which curve it is, if that stands there: P-256's identifier as an OBJECT IDENTIFIER.
const CURVE: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

impl Proof {
    /// Proves it for a POST to this URL. None where the text is no such key.
    pub(super) fn of(key: &str, url: &str, now: Timestamp) -> Option<Self> {
        let random = SystemRandom::new();
        let mut id = [0; 16];
        random.fill(&mut id).ok()?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let (private, public) = parts(&decoded(key)?)?;
        let (x, y) = public[1..].split_at(NUMBER);
        let of = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        let jwk = json!({"kty": "EC", "x": of(x), "y": of(y), "crv": "P-256"});
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk});
        let payload = json!({"htm": "POST", "htu": url, "iat": now.as_second(), "jti": id});
        let signed = format!("{}.{}", of(header.to_string().as_bytes()), of(payload.to_string().as_bytes()));
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &private, &public, &random);
        let signature = pair.ok()?.sign(&random, signed.as_bytes()).ok()?;
        Some(Self(Secret::new(format!("{signed}.{}", of(signature.as_ref())))))
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The bytes between PEM's lines.
fn decoded(pem: &str) -> Option<Vec<u8>> {
    let lines = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).ok()
}

/// The private number and the public point.
fn parts(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (content, _) = element(der, 0x30)?;
    let (version, rest) = element(content, 0x02)?;
    let (private, rest) = element(rest, 0x04)?;
    let rest = match element(rest, 0xa0) {
        Some((curve, rest)) => (curve == CURVE).then_some(rest)?,
        None => rest,
    };
    let (bits, _) = element(element(rest, 0xa1)?.0, 0x03)?;
    let (unused, public) = bits.split_first()?;
    let is_one = version == [1] && *unused == 0 && private.len() == NUMBER && public.len() == POINT;
    is_one.then(|| (private.to_vec(), public.to_vec()))
}

/// The content of the first element, if it has this tag, and what follows it. Nothing in such a key is longer than a byte can say.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match *first {
        length @ 0..=0x7f => (length, rest),
        0x81 => rest.split_first().map(|(length, rest)| (*length, rest))?,
        _ => return None,
    };
    rest.split_at_checked(length.into())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::{Proof, Timestamp, URL_SAFE_NO_PAD};

    /// Made by `openssl ecparam -name prime256v1 -genkey -noout`, for this test.
    const KEY: &str = include_str!("tests/dpop.pem");

    #[test]
    fn whoever_knows_the_key_can_check_the_proof() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
        let proof = |key: &str| Proof::of(key, "https://x/v1/token", now).map(|proof| proof.expose().to_owned());
        let one = proof(KEY).expect("a proof");
        let parts: Vec<&str> = one.split('.').collect();
        let [header, payload, signature] = parts[..] else { panic!("{one}") };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64");
        let of = |part: &str| serde_json::from_slice::<Value>(&decoded(part)).expect("JSON");
        let (header, payload) = (of(header), of(payload));
        assert_eq!((&header["typ"], &header["alg"]), (&Value::from("dpop+jwt"), &Value::from("ES256")));
        assert_eq!((&payload["htm"], &payload["htu"]), (&Value::from("POST"), &Value::from("https://x/v1/token")));
        assert_eq!(payload["iat"], 1_767_323_045);
        let number = |name: &str| decoded(header["jwk"][name].as_str().expect("a number"));
        let point = [vec![4], number("x"), number("y")].concat();
        let (signed, _) = one.rsplit_once('.').expect("a signature");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(signed.as_bytes(), &decoded(signature)).expect("it is the key's");
        let other = proof(KEY).expect("a proof");
        let other = of(other.split('.').nth(1).expect("a payload"));
        assert_ne!(other["jti"], payload["jti"], "each is good once");
    }

    #[test]
    fn what_is_no_key_proves_nothing() {
        let now = Timestamp::UNIX_EPOCH;
        let lines: Vec<&str> = KEY.lines().collect();
        let cut = KEY.replace(lines[2], "");
        for text in ["", "none", "-----BEGIN EC PRIVATE KEY-----\n!!\n", &cut] {
            assert!(Proof::of(text, "https://x", now).is_none(), "{text:?}");
        }
    }
}
