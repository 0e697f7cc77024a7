//! Whose registrations are Logweir's own.

use crate::domain::event::is_own;

#[derive(Clone, Copy, Debug)]
pub(super) struct Own<'o> {
    /// The roles of deployed functions.
    pub(super) roles: &'o [String],
    /// Who registers through these ports, where it is known: on the command line, whoever calls it.
    pub(super) registrar: Option<&'o str>,
}

impl Own<'_> {
    /// Whether a registration is ours by its principal. Where ECS does not name one, it cannot speak against it.
    pub(super) fn registered(&self, by: Option<&str>) -> bool {
        let Some(by) = by else { return true };
        let registrar = self.registrar.map(String::from);
        is_own(by, self.roles) || self.registrar == Some(by) || is_own(by, registrar.as_slice())
    }
}
