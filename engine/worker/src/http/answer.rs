//! Reads an answer, keeping no more of it than is asked for, and no secret that the server says back.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};

use crate::activity::Activity;
use crate::captured::Captured;
use crate::mask::{Masker, Secrets};
use crate::tail::Tail;

/// Of a body that nobody reads, no more is taken from the network than this.
const MAX_UNREAD: usize = 1024 * 1024;

/// An answer, read to its end or as far as it matters.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Captured,
    pub(super) tail: Tail,
}

/// Takes the body from the network.
pub(super) async fn read(
    mut response: Response,
    capture: bool,
    secrets: Secrets,
    activity: &Activity,
) -> reqwest::Result<Answer> {
    let mut answer = Answer {
        status: response.status(),
        headers: by_name(response.headers(), &secrets),
        body: Captured::new(capture),
        tail: Tail::default(),
    };
    let mut masker = Masker::new(secrets);
    let mut size = 0;
    while let Some(piece) = response.chunk().await? {
        activity.note();
        size += piece.len();
        answer.take(&masker.push(piece));
        let is_enough = match answer.body {
            Captured::Kept(_) => false,
            Captured::TooMuch => true,
            Captured::Off => size > MAX_UNREAD,
        };
        if is_enough {
            break;
        }
    }
    answer.take(&masker.end());
    Ok(answer)
}

impl Answer {
    fn take(&mut self, shown: &[u8]) {
        self.body.push(shown);
        self.tail.push(shown);
    }
}

/// Names are in lower case already; several values of one name are joined.
fn by_name(headers: &HeaderMap, secrets: &Secrets) -> BTreeMap<String, String> {
    let mut by_name = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = secrets.mask(&String::from_utf8_lossy(value.as_bytes()));
        match by_name.get_mut(name.as_str()) {
            Some(values) => {
                values.push_str(", ");
                values.push_str(&value);
            }
            None => {
                by_name.insert(name.as_str().to_owned(), value);
            }
        }
    }
    by_name
}
