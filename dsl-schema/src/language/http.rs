//! `http`.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::inputs::SchemaSpec;
use super::values::{
    AnyJson, CelText, Duration, Flag, Foreign, Located, OneOrMany, Scalar, TemplateText, Text, inline_schema,
};
use crate::decode::{Cx, Decode, mapping};
use crate::route::Route;
use crate::schema::shape;
use crate::yaml::{Node, Plain};

mapping! {
    /// One HTTP request.
    #[schemars(example = serde_json::json!({"method": "POST", "url": "https://api.example/deploy", "json": {"version": "{{ inputs.version }}"}}))]
    #[schemars(transform = shape::at_most_one(vec!["json", "body", "form"]))]
    pub struct Http ("`http`") {
        /// GET unless said; POST where something is sent.
        #[schemars(example = &"POST")]
        "method" method: Option<Text>,
        /// Begins with `https://` or `http://`. Holes are percent-encoded for their component.
        #[schemars(example = &"https://api.example/deploy/{{ inputs.service }}")]
        "url" url: TemplateText,
        /// Added to the URL.
        #[schemars(example = serde_json::json!({"page": "1"}))]
        "query" query: Option<Foreign<Scalar>>,
        /// Request headers.
        #[schemars(example = serde_json::json!({"Accept": "application/json"}), extend("propertyNames" = shape::headers()))]
        "headers" headers: Option<Foreign<Scalar>>,
        /// Credentials.
        #[schemars(example = serde_json::json!({"bearer": "{{ secrets.DEPLOY_TOKEN }}"}))]
        "auth" auth: Option<Auth>,
        /// Sent as JSON.
        #[schemars(example = serde_json::json!({"version": "{{ inputs.version }}"}))]
        "json" json: Option<AnyJson>,
        /// Sent as it stands.
        #[schemars(example = &"<ping/>")]
        "body" body: Option<TemplateText>,
        /// Sent as a form.
        #[schemars(example = serde_json::json!({"grant_type": "client_credentials"}))]
        "form" form: Option<Foreign<AnyJson>>,
        /// Which answers are a success; 200 to 299 unless said.
        #[schemars(example = serde_json::json!({"status": [200, "2xx"], "if": "response.json.ok == true"}))]
        "expect" expect: Option<ExpectSpec>,
        /// Bound of the request.
        #[schemars(example = &"30s")]
        "timeout" timeout: Option<Duration>,
        /// Follow redirects, which is so unless said.
        #[schemars(example = false, extend("default" = true))]
        "follow_redirects" follow_redirects: Option<Flag>,
        /// Certificates.
        #[schemars(example = serde_json::json!({"ca": "certs/ca.pem"}))]
        "tls" tls: Option<Tls>,
        /// The step ends when someone POSTs to `{{ callback.url }}`, once, not when the request is answered.
        #[schemars(example = serde_json::json!({"timeout": "1h"}))]
        "callback" callback: Option<Callback>,
    }
}

mapping! {
    /// Credentials: one of the two.
    #[schemars(example = serde_json::json!({"bearer": "{{ secrets.DEPLOY_TOKEN }}"}))]
    #[schemars(transform = shape::exactly_one(vec!["bearer", "basic"]))]
    pub struct Auth ("`auth`") {
        /// `Authorization: Bearer …`.
        #[schemars(example = &"{{ secrets.DEPLOY_TOKEN }}")]
        "bearer" bearer: Option<TemplateText>,
        /// `Authorization: Basic …`.
        #[schemars(example = serde_json::json!({"user": "ci", "password": "{{ secrets.PASSWORD }}"}))]
        "basic" basic: Option<BasicAuth>,
    }
}

mapping! {
    /// User and password.
    #[schemars(example = serde_json::json!({"user": "ci", "password": "{{ secrets.PASSWORD }}"}))]
    pub struct BasicAuth ("`basic`") {
        /// User.
        #[schemars(example = &"ci")]
        "user" user: TemplateText,
        /// Password.
        #[schemars(example = &"{{ secrets.PASSWORD }}")]
        "password" password: TemplateText,
    }
}

mapping! {
    /// Certificates of a request.
    #[schemars(example = serde_json::json!({"ca": "certs/ca.pem"}))]
    #[schemars(transform = shape::together(vec!["cert", "key"]))]
    pub struct Tls ("`tls`") {
        /// File with the certificates that the server's one must be signed by, beneath the workspace.
        #[schemars(example = &"certs/ca.pem")]
        "ca" ca: Option<Text>,
        /// File with the client's certificate, beneath the workspace.
        #[schemars(example = &"certs/client.pem")]
        "cert" cert: Option<Text>,
        /// File with the client's private key, beneath the workspace.
        #[schemars(example = &"certs/client.key")]
        "key" key: Option<Text>,
        /// Takes any certificate: whoever is on the way can read and change everything. `false` unless said.
        #[schemars(example = false, extend("default" = false))]
        "insecure" insecure: Option<Flag>,
    }
}

mapping! {
    /// The step ends when someone calls back.
    #[schemars(example = serde_json::json!({"timeout": "1h"}))]
    pub struct Callback ("`callback`") {
        /// Fails with kind `timeout` after this time; 6h unless said.
        #[schemars(example = &"1h", extend("default" = "6h"))]
        "timeout" timeout: Option<Duration>,
    }
}

mapping! {
    /// Which answers are a success.
    #[schemars(example = serde_json::json!({"status": [200, "2xx"], "if": "response.json.ok == true"}))]
    pub struct ExpectSpec ("`expect`") {
        /// A status like 200, or a class like `2xx`; one or a list.
        #[schemars(example = serde_json::json!([200, "2xx"]))]
        "status" status: Option<OneOrMany<StatusSpec>>,
        /// Must hold of `response`. CEL.
        #[schemars(example = &"response.json.ok == true")]
        "if" condition: Option<CelText>,
        /// JSON Schema of the answer's JSON.
        #[schemars(example = serde_json::json!({"type": "object", "required": ["id"]}))]
        "schema" schema: Option<SchemaSpec>,
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
