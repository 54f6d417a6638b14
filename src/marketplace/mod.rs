//! The embedded marketplace: catalog, offers, quotes, payment, agreements, tokens, entitlements, events.
