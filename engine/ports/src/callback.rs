//! Tokens of callbacks: who knows one may end the attempt that it was made for.
//!
//! A token is worked out of a secret of the engine and the attempt's identity, so that it is the same when the request is
//! sent once more after a restart, and nothing of it is stored: neither a history nor a table holds one, or a hash of one.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use loopline_core::canonical::hex;
use loopline_core::id::AttemptId;
use sha2::Sha256;

/// Letters of the part of a token that nobody can guess.
const SEAL: usize = 64;

/// No identity of an attempt is longer, in bytes.
const LONGEST: usize = 4096;

/// Makes tokens, and reads them again. Whoever has it can call back in the name of everybody.
#[derive(Clone)]
pub struct CallbackTokens {
    key: [u8; 32],
}

impl CallbackTokens {
    /// Of a key that nobody else knows, and that stays the same as long as attempts may wait.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The token of an attempt: letters and digits.
    pub fn token(&self, attempt: &AttemptId) -> String {
        let identity = attempt.to_string();
        hex(&self.seal(&identity).finalize().into_bytes()) + &hex(identity.as_bytes())
    }

    /// The attempt whose token this is, if it is one of ours. Takes as long for a wrong one as for a right one.
    pub fn attempt(&self, token: &str) -> Option<AttemptId> {
        if token.len() > SEAL + 2 * LONGEST {
            return None;
        }
        let (seal, identity) = token.split_at_checked(SEAL)?;
        let identity = String::from_utf8(unhex(identity)?).ok()?;
        self.seal(&identity).verify_slice(&unhex(seal)?).ok()?;
        let (run, key) = identity.split_once('.')?;
        Some(AttemptId { run: run.parse().ok()?, key: key.parse().ok()? })
    }

    fn seal(&self, identity: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length of key will do");
        mac.update(b"callback\0");
        mac.update(identity.as_bytes());
        mac
    }
}

impl fmt::Debug for CallbackTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackTokens")
    }
}

/// Lower-case hexadecimal, in no other spelling: each token is one text.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(text: &str) -> AttemptId {
        let (run, key) = text.split_once('.').expect("a run and a key");
        AttemptId { run: run.parse().expect("a run"), key: key.parse().expect("a key") }
    }

    #[test]
    fn a_token_is_that_of_its_attempt_and_of_its_key() {
        let (ours, others) = (CallbackTokens::new([1; 32]), CallbackTokens::new([2; 32]));
        let ids = [
            "01J00000000000000000000000.1.deploy.1.1",
            "01J00000000000000000000000.1.deploy.1.2",
            "01J00000000000000000000000.1.deploy.2.1",
            "01J00000000000000000000000.2.deploy.1.1",
            "01J00000000000000000000000.1.child[4].2.1.deploy[0].1.1",
            "01J00000000000000000000001.1.deploy.1.1",
        ];
        let tokens: Vec<String> = ids.iter().map(|id| ours.token(&attempt(id))).collect();
        for (id, token) in ids.iter().zip(&tokens) {
            assert_eq!(ours.attempt(token), Some(attempt(id)));
            assert_eq!(ours.token(&attempt(id)), *token, "the same whenever it is asked for");
            assert_eq!(others.attempt(token), None);
            assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
        }
        let seals: std::collections::BTreeSet<&str> = tokens.iter().map(|token| &token[..SEAL]).collect();
        assert_eq!(seals.len(), ids.len());
        // The seal of one attempt does not fit another.
        let mixed = format!("{}{}", &tokens[0][..SEAL], &tokens[1][SEAL..]);
        for wrong in ["", "00", &tokens[0][..SEAL], &tokens[0][1..], &tokens[0].to_uppercase(), &mixed, &"é".repeat(80)]
        {
            assert_eq!(ours.attempt(wrong), None, "{wrong}");
        }
        assert_eq!(ours.attempt(&"0".repeat(100_000)), None);
    }
}
