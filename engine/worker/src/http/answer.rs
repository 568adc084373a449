//! Reads an answer, keeping no more of it than is asked for, and no secret that the server says back.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};

use crate::activity::Activity;
use crate::mask::{Masker, Secrets};
use crate::tail::Tail;

/// Of a body that nobody reads, no more is taken from the network than this.
const MAX_UNREAD: usize = 1024 * 1024;

/// The body of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Nobody reads it.
    Unread,
    /// All of it.
    Kept(Vec<u8>),
    /// There is more than may be kept.
    TooLarge,
}

impl Body {
    /// The text, if there is all of it; bytes that are not UTF-8 are replaced.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Kept(kept) => Some(String::from_utf8_lossy(kept).into_owned()),
            Self::Unread | Self::TooLarge => None,
        }
    }
}

/// An answer, read to its end or as far as it matters.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Body,
    pub(super) tail: Tail,
}

/// Takes the body from the network, keeping at most `limit` bytes where it is wanted.
pub(super) async fn read(
    mut response: Response,
    limit: Option<usize>,
    secrets: Secrets,
    activity: &Activity,
) -> reqwest::Result<Answer> {
    let mut answer = Answer {
        status: response.status(),
        headers: by_name(response.headers(), &secrets),
        body: if limit.is_some() { Body::Kept(Vec::new()) } else { Body::Unread },
        tail: Tail::default(),
    };
    let mut masker = Masker::new(secrets);
    let mut size = 0;
    while let Some(piece) = response.chunk().await? {
        activity.note();
        size += piece.len();
        if limit.is_some_and(|limit| size > limit) {
            answer.body = Body::TooLarge;
        }
        answer.take(&masker.push(piece));
        let is_enough = match answer.body {
            Body::Kept(_) => false,
            Body::TooLarge => true,
            Body::Unread => size > MAX_UNREAD,
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
        if let Body::Kept(kept) = &mut self.body {
            kept.extend_from_slice(shown);
        }
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
