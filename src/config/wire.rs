//! Settings of the marketplace's API for the official SDKs.

use super::{optional, parse_listen};
use crate::marketplace::wire::switches::{Switch, Switches};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// As they were written.
#[derive(Args, Clone, Debug, Default)]
pub struct WireSettings {
    /// Where the official SDKs call: an address and a port of its own, or `off` [default: the portal's own port]
    #[arg(long, env = "CREDITDESK_WIRE_LISTEN", global = true)]
    pub wire_listen: Option<String>,
    /// File of the key under which secrets of access keys are stored [default: wire.key in the data folder, made at the first start]
    #[arg(long, env = "CREDITDESK_WIRE_KEY_FILE", global = true)]
    pub wire_key_file: Option<PathBuf>,
    /// What the API shows of AWS's bad days: `throttling`, `empty-pages`, `disabled-api`, parted by commas [default: nothing]
    #[arg(long, env = "CREDITDESK_WIRE_SWITCHES", global = true)]
    pub wire_switches: Option<String>,
}

/// Where the API answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireListen {
    /// On the portal's own port.
    Portal,
    /// On a port of its own, and nowhere else.
    Own(SocketAddr),
    /// Nowhere.
    Off,
}

/// Checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Where it answers.
    pub listen: WireListen,
    /// The key file, where another than the data folder's is used; it has to be there.
    pub key_file: Option<PathBuf>,
    /// What is switched on.
    pub switches: Switches,
}

impl Wire {
    /// The address of its own, if it has one.
    pub(super) const fn own_listener(&self) -> Option<SocketAddr> {
        match self.listen {
            WireListen::Own(address) => Some(address),
            WireListen::Portal | WireListen::Off => None,
        }
    }

    /// Where the official SDKs call, when the portal's pages are at `origin`; `None` when they cannot.
    #[must_use]
    pub fn endpoint(&self, origin: &str) -> Option<String> {
        match self.listen {
            WireListen::Portal => Some(origin.to_owned()),
            WireListen::Own(address) => Some(format!("http://{address}")),
            WireListen::Off => None,
        }
    }

    /// Checks the settings.
    pub(super) fn from_settings(settings: WireSettings, problems: &mut Vec<String>) -> Self {
        let listen = optional(problems, "CREDITDESK_WIRE_LISTEN", settings.wire_listen, |text| match text {
            "off" => Ok(WireListen::Off),
            address => parse_listen(address).map(WireListen::Own),
        });
        let switches = optional(problems, "CREDITDESK_WIRE_SWITCHES", settings.wire_switches, parse_switches);
        Self { listen: listen.unwrap_or(WireListen::Portal), key_file: settings.wire_key_file, switches: switches.unwrap_or_default() }
    }
}

fn parse_switches(text: &str) -> Result<Switches, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let known = Switch::ALL.iter().map(|switch| switch.as_str()).collect::<Vec<_>>().join(", ");
            Switch::parse(word).ok_or_else(|| format!("must name one or more of {known}, not {word:?}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: WireSettings) -> (Wire, Vec<String>) {
        let mut problems = Vec::new();
        (Wire::from_settings(settings, &mut problems), problems)
    }

    #[test]
    fn the_api_is_on_the_portals_port_with_nothing_switched_on() {
        let (wire, problems) = read(WireSettings::default());
        assert_eq!((wire.listen, wire.switches.is_empty(), problems.is_empty()), (WireListen::Portal, true, true));
        let written = WireSettings {
            wire_listen: Some("127.0.0.1:7000".to_owned()),
            wire_switches: Some("throttling, empty-pages".to_owned()),
            ..WireSettings::default()
        };
        let (wire, problems) = read(written);
        assert_eq!((wire.listen, problems.len()), (WireListen::Own(([127, 0, 0, 1], 7000).into()), 0));
        assert_eq!(wire.switches, [Switch::Throttling, Switch::EmptyPages].into());
        let (wire, _) = read(WireSettings { wire_listen: Some("off".to_owned()), ..WireSettings::default() });
        assert_eq!(wire.listen, WireListen::Off);
        let wrong =
            WireSettings { wire_listen: Some("7000".to_owned()), wire_switches: Some("chaos".to_owned()), ..WireSettings::default() };
        let (_, problems) = read(wrong);
        assert!(problems[0].starts_with("CREDITDESK_WIRE_LISTEN") && problems[1].starts_with("CREDITDESK_WIRE_SWITCHES"), "{problems:?}");
    }
}
