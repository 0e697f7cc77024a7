//! The rights of a task role that IAM's policy simulator does not allow.

use std::collections::BTreeSet;

use super::case::{DefinitionCase, Fault, Verdict, listed};
use crate::domain::fleet::facts::Unread;
use crate::domain::fleet::rights::{Answer, Right};
use crate::domain::text::plain::plain;
use crate::domain::verdict::Decided;

/// The maximum length of a name in a message, in characters.
const LONGEST: usize = 256;

/// Returns the reason why the simulator cannot decide about a right.
pub(super) fn depends(right: &Right, keys: &[String]) -> Unread {
    let keys = plain(&keys.join(", "), LONGEST);
    let (action, resource) = (&right.action, plain(&right.resource, LONGEST));
    let message = format!("whether {action} on {resource} is allowed depends on the condition key {keys}");
    Unread { action: "iam:SimulatePrincipalPolicy", message, is_denied: false }
}

/// Returns a fault that names the rights that the simulator denies. `effect` says what happens without them.
pub(super) fn denied(case: &DefinitionCase<'_>, rights: &BTreeSet<Right>, effect: &str) -> Verdict {
    let (mut denied, mut unread) = (Vec::new(), Vec::new());
    for right in rights {
        match case.fleet.answer(right) {
            Ok(Answer::Allowed) => {}
            Ok(Answer::Denied) => denied.push(right),
            Ok(Answer::Depends(keys)) => unread.push(depends(right, keys)),
            Err(why) => unread.push(why),
        }
    }
    let faults = match denied.first() {
        None => Vec::new(),
        Some(Right { principal, .. }) => {
            let names: Vec<String> = denied.iter().map(|right| name(right)).collect();
            let (role, names) = (plain(principal, LONGEST), listed(&names));
            let message = format!("the task role `{role}` probably lacks {names}, so {effect}");
            let advice = "add these actions to a policy of the task role";
            vec![Fault::new("/taskRoleArn", message, advice).decided(Decided::Likely)]
        }
    };
    Verdict { faults, unread }
}

fn name(right: &Right) -> String {
    match right.resource.as_str() {
        "*" => right.action.clone(),
        resource => format!("{} on {}", right.action, plain(resource, LONGEST)),
    }
}
