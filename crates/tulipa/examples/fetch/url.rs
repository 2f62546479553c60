//! From the text of a URL to whom to ask, and for what.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::http::uri::{InvalidUri, Scheme};
use hyper::{Request, Uri, header};

/// What an `http://` URL names.
pub(crate) struct Target {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    uri: Uri,
}

impl Target {
    /// What `url` names, or why it names nothing.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error: InvalidUri| error.to_string())?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(other) => return Err(format!("{other}:// is not spoken here, only http://")),
            None => return Err("it does not begin with http://".to_owned()),
        }
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let port = match authority.strip_prefix(host) {
            Some("" | ":") => 80,
            Some(port) => port[1..]
                .parse()
                .map_err(|_| format!("{} is not a port", &port[1..]))?,
            None => return Err("a user's name would not be sent".to_owned()),
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port, uri })
    }

    /// Asks for the page, and for the connection to be closed after it.
    pub(crate) fn request(&self) -> Request<Empty<Bytes>> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let host = self.uri.authority().map_or("", |host| host.as_str());
        Request::get(path)
            .header(header::HOST, host)
            .header(header::CONNECTION, "close")
            .body(Empty::new())
            .expect("the parts of a URL are fit for a request")
    }
}
