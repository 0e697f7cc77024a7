//! An output plugin of Fluent Bit.

use super::option::{Kind, OF_EVERY_PLUGIN, PluginOption, bytes, refused};

/// An output plugin.
#[derive(Debug)]
pub struct Plugin {
    /// The name in the spelling of Fluent Bit, such as `cloudwatch_logs`.
    pub name: &'static str,
    /// The file name of the library, if the plugin is written in Go. Fluent Bit loads such a plugin with the argument
    /// `-e`. `None` for a plugin that is part of Fluent Bit.
    pub library: Option<&'static str>,
    /// The options of the plugin. `None` if Logweir does not know all of them.
    pub(super) options: Option<&'static [PluginOption]>,
    /// The options that the plugin needs. Of each group, a container has to set at least one option.
    pub requires: &'static [&'static [&'static str]],
    /// The options of which the plugin accepts only one of each group.
    pub exclusive: &'static [&'static [&'static str]],
    /// The options for which the plugin accepts only certain words.
    pub(super) choices: &'static [(&'static str, &'static [&'static str])],
}

impl Plugin {
    /// Returns the option with the name: an option of the plugin, or an option that Fluent Bit reads for every plugin.
    pub fn option(&self, name: &str) -> Option<&'static PluginOption> {
        let own = self.options.unwrap_or_default().iter();
        own.chain(OF_EVERY_PLUGIN).find(|option| option.is_named(name))
    }

    /// Whether the option is one of the plugin's own.
    pub fn has(&self, option: &PluginOption) -> bool {
        self.options.unwrap_or_default().contains(option)
    }

    /// Whether Logweir knows all options of the plugin, so that another option is a fault.
    pub fn is_known(&self) -> bool {
        self.options.is_some()
    }

    /// Returns the option of the plugin whose name is most similar to the name, if any is similar.
    pub fn similar(&self, name: &str) -> Option<&'static str> {
        let names = self.options.unwrap_or_default().iter().map(|option| option.name);
        nearest(name, names.filter(|name| !name.ends_with('.')))
    }

    /// Returns the values that Fluent Bit accepts for the option, as a phrase, if Fluent Bit does not start with
    /// `value`. Fluent Bit reads any text as a number or a duration, so such an option accepts every value.
    pub fn refuses(&self, option: &PluginOption, value: &str) -> Option<String> {
        if let Some((_, words)) = self.choices.iter().find(|(name, _)| *name == option.name) {
            return refused(words, value);
        }
        match option.kind {
            // A plugin in Go uses its default instead of a value that is no boolean.
            Kind::Boolean if self.library.is_none() || option.name.starts_with("net.") => {
                refused(&["true", "on", "yes", "false", "off", "no"], value)
            }
            Kind::LogLevel => refused(&["off", "error", "warn", "warning", "info", "debug", "trace"], value),
            Kind::DiskSize if !["off", "false", "no"].iter().any(|word| value.eq_ignore_ascii_case(word)) => {
                bytes(value).is_none().then(|| "a size such as `500M`, or `off`".into())
            }
            _ => None,
        }
    }
}

/// Returns the known name that is most similar to the name, if any is similar. No name is longer than `LONGEST`.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    const LONGEST: usize = 60;
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let near = known.map(|known| (strsim::jaro_winkler(&name, known), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    near.filter(|(likeness, _)| *likeness > 0.87).map(|(_, known)| known)
}
