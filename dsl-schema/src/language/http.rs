//! `http`.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::values::{
    AnyJson, CelText, Duration, Entries, Flag, Later, Located, OneOrMany, Scalar, TemplateText, Text, inline_schema,
};
use crate::decode::{Cx, Decode, mapping};
use crate::route::Route;
use crate::yaml::{Node, Plain};

mapping! {
    /// One HTTP request.
    #[schemars(example = serde_json::json!({"method": "POST", "url": "https://api.example/deploy", "json": {"version": "{{ inputs.version }}"}}))]
    pub struct Http ("`http`") {
        /// GET unless said; POST where something is sent.
        #[schemars(example = &"POST")]
        "method" method: Option<Text>,
        /// Begins with `https://` or `http://`. Holes are percent-encoded for their component.
        "url" url: TemplateText,
        /// Added to the URL.
        "query" query: Option<Entries<Scalar>>,
        /// Request headers.
        "headers" headers: Option<Entries<Scalar>>,
        /// Credentials.
        "auth" auth: Option<Auth>,
        /// Sent as JSON.
        "json" json: Option<AnyJson>,
        /// Sent as it stands.
        "body" body: Option<TemplateText>,
        /// Sent as a form.
        "form" form: Option<Entries<AnyJson>>,
        /// Which answers are a success; 200 to 299 unless said.
        "expect" expect: Option<ExpectSpec>,
        /// Bound of the request.
        "timeout" timeout: Option<Duration>,
        /// Follow redirects, which is so unless said.
        "follow_redirects" follow_redirects: Option<Flag>,
        /// Certificates.
        "tls" tls: Option<Later>,
        /// The step ends when someone calls back.
        "callback" callback: Option<Later>,
    }
}

mapping! {
    /// Credentials: one of the two.
    pub struct Auth ("`auth`") {
        /// `Authorization: Bearer …`.
        #[schemars(example = &"{{ secrets.DEPLOY_TOKEN }}")]
        "bearer" bearer: Option<TemplateText>,
        /// `Authorization: Basic …`.
        "basic" basic: Option<BasicAuth>,
    }
}

mapping! {
    /// User and password.
    pub struct BasicAuth ("`basic`") {
        /// User.
        "user" user: TemplateText,
        /// Password.
        "password" password: TemplateText,
    }
}

mapping! {
    /// Which answers are a success.
    pub struct ExpectSpec ("`expect`") {
        /// A status like 200, or a class like `2xx`; one or a list.
        "status" status: Option<OneOrMany<StatusSpec>>,
        /// Must hold of `response`. CEL.
        #[schemars(example = &"response.json.ok == true")]
        "if" condition: Option<CelText>,
        /// JSON Schema of the answer's JSON.
        "schema" schema: Option<Later>,
    }
}

/// A status or a class of them, as it is spelled.
#[derive(Debug, Clone)]
pub struct StatusSpec(pub Text);

inline_schema!(StatusSpec, "Status", {
    "anyOf": [
        { "type": "integer", "minimum": 100, "maximum": 599 },
        { "type": "string", "pattern": "^[1-5](xx|[0-9][0-9])$" },
    ],
});

impl Decode for StatusSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match node.scalar() {
            Some(scalar) if !matches!(scalar.resolve(), Plain::Null) => {
                Some(Self(Located { value: scalar.text.clone(), at: at.clone() }))
            }
            _ => {
                let diagnostic = cx.wrong_type(node, at, "a status");
                cx.report(diagnostic.help("write it like `200` or `2xx`"));
                None
            }
        }
    }
}
