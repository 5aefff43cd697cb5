//! Who is let in, and what a connected client may become.
//!
//! Here a [`Refusal`] ends: a client hears the same words whatever the reason was, so that nobody
//! learns from them how to make a better forgery.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::Request;
use serde::Deserialize;
use stentor_engine::Identity;
use stentor_wire::room_name::RoomName;

use super::object::Object;
use super::{Refusal, Verifier, credentials, now_unix_millis};
use crate::problem::{Kind, Problem};
use crate::settings::Settings;

/// What everybody hears whose token is not believed.
const NOT_BELIEVED: &str = "the token is not valid";

/// The judge of tokens at the door.
#[derive(Clone, Debug)]
pub struct Guard {
    is_required: bool,
    verifier: Option<Arc<Verifier>>,
}

/// The `data` of an `auth` message.
#[derive(Deserialize)]
struct AuthData<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
}

impl Guard {
    /// A guard by these settings. Without a key, tokens mean nothing.
    pub fn new(settings: &Settings) -> Guard {
        let identity = settings.identity.as_ref();
        Guard {
            is_required: identity.is_some_and(|identity| identity.is_required),
            verifier: identity.map(|identity| {
                Arc::new(Verifier::new(identity.keys.clone(), identity.rules.clone()))
            }),
        }
    }

    /// What tokens are held against, where there is a key.
    pub fn verifier(&self) -> Option<&Arc<Verifier>> {
        self.verifier.as_ref()
    }

    /// Who asks for these rooms; `None` where nobody has to say.
    ///
    /// # Errors
    /// No token where one is needed, one that is not believed, or one that does not allow a room.
    pub fn check<B>(
        &self,
        request: &Request<B>,
        rooms: &[RoomName],
    ) -> Result<Option<Box<Identity>>, Problem> {
        let Some(verifier) = &self.verifier else { return Ok(None) };
        let verdict = match credentials::token(request) {
            Ok(None) if self.is_required => {
                let message = "this server needs a token: ?token=, Authorization: Bearer, or the \
                               subprotocol bearer.<token>";
                return Err(Problem::new(Kind::Unauthorized, message));
            }
            Ok(None) => return Ok(None),
            Ok(Some(token)) => verifier.verify(&token, now_unix_millis()),
            Err(refusal) => Err(refusal),
        };
        let identity =
            verdict.map_err(|refusal| Problem::new(Kind::InvalidToken, tell(refusal)))?;
        let allows = |room: &RoomName| match &identity.rooms {
            Some(patterns) => patterns.allow(room.as_str()),
            None => true,
        };
        if rooms.iter().all(allows) {
            return Ok(Some(Box::new(identity)));
        }
        Err(Problem::new(Kind::ForbiddenRoom, "the token does not allow every room asked for"))
    }

    /// Who a connected client has become: `data` is `{"token":"…"}`, or the token as a text.
    ///
    /// # Errors
    /// What the client is told.
    pub fn recognise(&self, data: &[u8]) -> Result<Identity, Cow<'static, str>> {
        let Some(verifier) = &self.verifier else {
            return Err("this server has no key to check tokens with".into());
        };
        let token = match serde_json::from_slice(data) {
            Ok(Object(AuthData { token })) => token,
            Err(_) => serde_json::from_slice::<Cow<'_, str>>(data)
                .map_err(|_| "the data of an auth message is an object with a token")?,
        };
        verifier.verify(token.as_bytes(), now_unix_millis()).map_err(|refusal| tell(refusal).into())
    }
}

/// The reason to the operator, the same words to the client.
fn tell(refusal: Refusal) -> &'static str {
    tracing::debug!(%refusal, "a token was refused");
    NOT_BELIEVED
}

#[cfg(test)]
mod tests;
