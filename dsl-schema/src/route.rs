//! Routes: the way from the top of the document to a value, by keys and positions.
//!
//! Checks speak of routes only. Which line and column a route leads to is for [`crate::position`] to find out.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The way to a value. Cheap to clone: a longer route shares the shorter one.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Route(Option<Arc<Link>>);

#[derive(PartialEq, Eq)]
struct Link {
    parent: Route,
    segment: Segment,
}

/// One step of a [`Route`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// The value of this key.
    Key(Name),
    /// The item at this position.
    Index(usize),
}

/// A key. Those of the language are not copied, those of a file share their text with its tree: most routes are made for
/// the case that something is wrong there, and nothing is.
#[derive(Clone)]
pub enum Name {
    /// A key of the language.
    OfLanguage(&'static str),
    /// A key of the file.
    OfFile(Arc<str>),
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::OfLanguage(name) => name,
            Self::OfFile(name) => name,
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self::OfLanguage(name)
    }
}

impl From<&Arc<str>> for Name {
    fn from(name: &Arc<str>) -> Self {
        Self::OfFile(Arc::clone(name))
    }
}

impl From<&String> for Name {
    fn from(name: &String) -> Self {
        Self::OfFile(name.as_str().into())
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self::OfFile(name.into())
    }
}

impl From<&Self> for Name {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl Route {
    /// The whole document.
    pub fn root() -> Self {
        Self(None)
    }

    /// On to the value of a key.
    pub fn key(&self, key: impl Into<Name>) -> Self {
        self.join(Segment::Key(key.into()))
    }

    /// On to an item of a list.
    pub fn index(&self, index: usize) -> Self {
        self.join(Segment::Index(index))
    }

    fn join(&self, segment: Segment) -> Self {
        Self(Some(Arc::new(Link { parent: self.clone(), segment })))
    }

    /// Its last segment, and the way to where that begins. None for the whole document.
    pub fn split_last(&self) -> Option<(&Segment, &Self)> {
        self.0.as_deref().map(|link| (&link.segment, &link.parent))
    }

    /// Its segments, from the top of the document.
    pub fn segments(&self) -> Vec<&Segment> {
        let mut segments = Vec::new();
        let mut at = self;
        while let Some(link) = &at.0 {
            segments.push(&link.segment);
            at = &link.parent;
        }
        segments.reverse();
        segments
    }

    /// As a JSON pointer (RFC 6901): `/steps/deploy/needs/0`.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in self.segments() {
            pointer.push('/');
            match segment {
                Segment::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Segment::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pointer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointer_escapes_what_rfc_6901_reserves() {
        let route = Route::root().key("env").key("a/b~c").index(3);
        assert_eq!(route.pointer(), "/env/a~1b~0c/3");
    }
}
