//! The settings of identity: who must bring a token, and what it is held against.

use super::read::{RATE_LIMIT_MAX, Reader};
use super::{Arguments, SettingFault, SettingsSource, read, values};
use crate::bounded_file::read_up_to;
use crate::identity::{JwksFile, Keys, Rules, SECRET_BYTES_ENOUGH};

/// The leeway unless set otherwise.
const LEEWAY: &str = "30s";

/// The largest file of a public key, in bytes.
const PUBLIC_KEY_BYTES_MAX: u64 = 64 * 1024;

/// What clients prove their identity with. Its keys are not shown.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// Whether a client without a token is refused. Where not, one that brings a token is still
    /// held to it.
    pub is_required: bool,
    /// What tokens are signed with.
    pub keys: Keys,
    /// What else must be so.
    pub rules: Rules,
    /// Where a set among the keys came from, to be looked at again.
    pub jwks_file: Option<JwksFile>,
}

impl IdentitySettings {
    /// Only these of all settings, with what a person should know about them; `None` where there is
    /// no key.
    ///
    /// # Errors
    /// Every one of them that is wrong.
    pub fn read(
        arguments: &Arguments,
    ) -> Result<(Option<IdentitySettings>, Vec<String>), Vec<SettingFault>> {
        let source = SettingsSource::read(arguments)?;
        let judged = read::some(|reader| judge(source.whole(), reader))?;
        Ok((judged.identity, judged.warnings))
    }
}

/// What the settings say of identity.
pub(super) struct Judged {
    /// `None` = there is no key, and tokens mean nothing.
    pub(super) identity: Option<IdentitySettings>,
    pub(super) rate_limit_user: u32,
    pub(super) client_global: bool,
    pub(super) warnings: Vec<String>,
}

/// Each setting on its own, then against the others; `None` where the reader has a fault of them.
pub(super) fn judge(arguments: &Arguments, reader: &mut Reader) -> Option<Judged> {
    let a = arguments;
    let is_required = reader.read("AUTH_ENABLED", &a.auth_enabled, "false", values::truth);
    let issuers = reader.read("JWT_ISSUER", &a.jwt_issuer, "", values::list);
    let audiences = reader.read("JWT_AUDIENCE", &a.jwt_audience, "", values::list);
    let leeway = reader.read("JWT_LEEWAY", &a.jwt_leeway, LEEWAY, values::duration_or_zero);
    let rate_limit_user = reader.read("RATE_LIMIT_USER", &a.rate_limit_user, "0", |text| {
        values::number(text, 0, RATE_LIMIT_MAX)
    });
    let client_global = reader.read("CLIENT_GLOBAL", &a.client_global, "true", values::truth);
    let keys = keys(a, reader);
    let AllKeys { keys, jwks_file, mut warnings } = keys?;
    let (is_required, rate_limit_user) = (is_required?, rate_limit_user? as u32);
    let rules = Rules { issuers: issuers?, audiences: audiences?, leeway: leeway? };
    let client_global = client_global?;
    if keys.is_empty() {
        if is_required {
            let message = "is true, but there is no key to check tokens with: set JWT_SECRET, \
                           JWT_PUBLIC_KEY or JWT_JWKS_FILE";
            reader.fault(SettingFault::new("AUTH_ENABLED", message));
            return None;
        }
        warnings.extend(without_key(a));
        return Some(Judged { identity: None, rate_limit_user, client_global, warnings });
    }
    if is_required && a.api_key.as_deref().is_none_or(str::is_empty) {
        let warning = "AUTH_ENABLED is true, but API_KEY is not set: anybody may publish over HTTP";
        warnings.push(warning.to_owned());
    }
    let identity = Some(IdentitySettings { is_required, keys, rules, jwks_file });
    Some(Judged { identity, rate_limit_user, client_global, warnings })
}

struct AllKeys {
    keys: Keys,
    jwks_file: Option<JwksFile>,
    warnings: Vec<String>,
}

/// Every key of the three sources; none of them is an answer too.
fn keys(a: &Arguments, reader: &mut Reader) -> Option<AllKeys> {
    let keys = reader.read_or_else("JWT_SECRET", &a.jwt_secret, Keys::default, |secret| {
        Keys::default().with_secret(secret.as_bytes())
    });
    let pem = reader.read_or_else(
        "JWT_PUBLIC_KEY",
        &a.jwt_public_key,
        || None,
        |text| {
            let pem = public_key_text(text)?;
            // Judged on its own first, so that a bad secret does not hide a bad public key.
            Keys::default().with_public_key(&pem).map(|_| Some(pem))
        },
    );
    let set = reader.read_or_else(
        "JWT_JWKS_FILE",
        &a.jwt_jwks_file,
        || None,
        |path| {
            let mut file = JwksFile::new(path);
            let set = file.read_if_changed()?;
            Ok(set.map(|set| (file, set)))
        },
    );
    let (mut keys, pem, set) = (keys?, pem?, set?);
    let mut warnings: Vec<String> = short_secret(a).into_iter().collect();
    if let Some(pem) = pem {
        keys = keys.with_public_key(&pem).ok()?;
    }
    let jwks_file = set.map(|(file, set)| {
        keys = std::mem::take(&mut keys).with_set(&set);
        warnings.extend(set.warnings.iter().map(|warning| format!("JWT_JWKS_FILE: {warning}")));
        file
    });
    Some(AllKeys { keys, jwks_file, warnings })
}

/// The PEM text of a key: itself, with line ends that an env file could not hold, or in a file.
fn public_key_text(text: &str) -> Result<String, String> {
    if text.contains("-----BEGIN") {
        return Ok(text.replace("\\n", "\n"));
    }
    let pem = read_up_to(text, PUBLIC_KEY_BYTES_MAX)
        .map_err(|fault| format!("is neither PEM text nor a file: it {fault}"))?;
    String::from_utf8(pem).map_err(|_| "names a file that is no text".to_owned())
}

fn short_secret(a: &Arguments) -> Option<String> {
    let bytes = a.jwt_secret.as_deref().map_or(0, str::len);
    (1..SECRET_BYTES_ENOUGH).contains(&bytes).then(|| {
        format!(
            "JWT_SECRET is shorter than {SECRET_BYTES_ENOUGH} bytes: it can be found by trying, and \
             whoever finds it can be anybody"
        )
    })
}

fn without_key(a: &Arguments) -> Option<String> {
    let settings = [
        ("JWT_ISSUER", &a.jwt_issuer),
        ("JWT_AUDIENCE", &a.jwt_audience),
        ("JWT_LEEWAY", &a.jwt_leeway),
        ("RATE_LIMIT_USER", &a.rate_limit_user),
    ];
    let set = settings.iter().filter(|(_, value)| value.as_deref().is_some_and(|v| !v.is_empty()));
    let names: Vec<&str> = set.map(|(name, _)| *name).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!("no effect without JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_FILE: {names}")
    })
}

#[cfg(test)]
mod tests;
