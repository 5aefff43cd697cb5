//! Which web pages may use the server from a browser.
//!
//! Only browsers send `Origin`, so this protects their users from foreign pages; it is no way to
//! keep programs out.

#[cfg(test)]
mod tests;

/// The most patterns of a list.
const PATTERNS_MAX: usize = 256;

/// The allow-list of origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every page.
    Any,
    /// The pages of these origins.
    Listed(Vec<Pattern>),
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This origin, in lower case.
    Exact(String),
    /// Every host below a domain, at any depth, but not the domain itself.
    Below {
        /// With its `://`.
        scheme: String,
        /// With its leading dot, and the port where one was given.
        domain: String,
    },
}

impl Origins {
    /// Reads a comma-separated list of `https://host`, `https://host:port`, `https://*.host`,
    /// `null` and `*`.
    ///
    /// # Errors
    /// The first entry that is none of those, for a person.
    pub fn parse(text: &str) -> Result<Origins, String> {
        let entries: Vec<&str> =
            text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if entries.contains(&"*") {
            return Ok(Origins::Any);
        }
        if entries.is_empty() || entries.len() > PATTERNS_MAX {
            return Err(format!("names {} origins, not 1 to {PATTERNS_MAX}", entries.len()));
        }
        let patterns = entries.into_iter().map(Pattern::parse).collect::<Result<_, _>>()?;
        Ok(Origins::Listed(patterns))
    }

    /// Whether a request with these `Origin` headers may pass. One without any is from no page; one
    /// with several is from no browser, and which of them a proxy has looked at nobody knows.
    pub fn allows<'a>(&self, headers: impl IntoIterator<Item = &'a [u8]>) -> bool {
        let Origins::Listed(patterns) = self else { return true };
        let mut headers = headers.into_iter();
        match (headers.next(), headers.next()) {
            (None, _) => true,
            (Some(origin), None) => {
                let Ok(origin) = std::str::from_utf8(origin) else { return false };
                let origin = origin.to_ascii_lowercase();
                patterns.iter().any(|pattern| pattern.matches(&origin))
            }
            (Some(_), Some(_)) => false,
        }
    }
}

impl Pattern {
    fn parse(entry: &str) -> Result<Pattern, String> {
        let entry = entry.to_ascii_lowercase();
        if entry == "null" {
            return Ok(Pattern::Exact(entry));
        }
        let wrong = || format!("{entry:?} is no origin (such as https://chat.example.com)");
        let (scheme, authority) = entry.split_once("://").ok_or_else(wrong)?;
        let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if scheme.is_empty() || !scheme.bytes().all(in_scheme) {
            return Err(wrong());
        }
        // Browsers leave the usual port out.
        let authority = match scheme {
            "https" => authority.strip_suffix(":443").unwrap_or(authority),
            "http" => authority.strip_suffix(":80").unwrap_or(authority),
            _ => authority,
        };
        match authority.strip_prefix("*.") {
            Some(domain) if is_authority(domain) => {
                Ok(Pattern::Below { scheme: format!("{scheme}://"), domain: format!(".{domain}") })
            }
            None if is_authority(authority) => {
                Ok(Pattern::Exact(format!("{scheme}://{authority}")))
            }
            _ => Err(wrong()),
        }
    }

    /// `origin` is in lower case.
    fn matches(&self, origin: &str) -> bool {
        match self {
            Pattern::Exact(exact) => exact == origin,
            Pattern::Below { scheme, domain } => origin
                .strip_prefix(scheme.as_str())
                .and_then(|authority| authority.strip_suffix(domain.as_str()))
                .is_some_and(is_host),
        }
    }
}

/// A host with an optional port.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_address = host.starts_with('[') && host.ends_with(']');
    (is_host(host) || is_address) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Letters, digits, hyphens and single dots, so that nothing can hide in a host.
fn is_host(text: &str) -> bool {
    text.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    })
}
