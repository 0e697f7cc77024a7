//! Reads a plan from the text of a file. The file may be written by any principal that can write to the caller's disk.

use serde::Deserialize;
use serde_json::Value;

use super::id::RunId;
use super::item::RunItem;
use super::plan::RunPlan;
use crate::domain::report::schema;
use crate::domain::text::place::{Position, locate, position};
use crate::domain::text::plain::shortened;

/// The maximum length of a text from the file in an error, in characters.
const LONGEST: usize = 80;

/// The reason why a text is not a plan that this version of Logweir applies, and its position in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PlanError {
    pub message: String,
    pub position: Option<Position>,
}

/// The members of a plan file.
const MEMBERS: [&str; 15] = [
    "schema",
    "made",
    "logweir",
    "account",
    "region",
    "mode",
    "baseline_digest",
    "canary",
    "items",
    "left",
    "older",
    "unread",
    "families",
    "run",
    "summary",
];

/// Reads a plan. A member that this version of Logweir does not know is an error, because Logweir would ignore it.
pub fn read(text: &str) -> Result<RunPlan, PlanError> {
    let value: Value = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    let at = |pointer: &str| {
        let found = locate(text, [pointer]);
        found.first().map(|found| position(text, found.member().start))
    };
    let placed = |pointer: &str, message: String| PlanError { message, position: at(pointer) };
    match value["schema"].as_str() {
        Some(schema::PLAN) => {}
        Some(other) => {
            let other = shortened(other, LONGEST);
            let message = format!("this version of Logweir knows no plan with the schema `{other}`");
            return Err(placed("/schema", message));
        }
        None => return Err(placed("", format!("the file is no plan: it has no schema {}", schema::PLAN))),
    }
    let names = value.as_object().into_iter().flat_map(|members| members.keys());
    if let Some(unknown) = names.into_iter().find(|name| !MEMBERS.contains(&name.as_str())) {
        let message = format!("this version of Logweir knows no member `{}` of a plan", shortened(unknown, LONGEST));
        return Err(placed(&format!("/{}", unknown.replace('~', "~0").replace('/', "~1")), message));
    }
    let plan: RunPlan = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    if plan.id().as_str().parse::<RunId>().is_err() {
        return Err(placed("/made", "the year of the plan has more than four digits, or a sign".into()));
    }
    for (index, item) in plan.items.iter().enumerate() {
        let pointer = format!("/items/{index}");
        let RunItem { source, services, .. } = item;
        let is_there = |account: &str, region: &str| (account, region) == (&plan.head.account, &plan.head.region);
        let is_elsewhere = !is_there(&source.account, &source.region)
            || services.iter().any(|service| !is_there(&service.account, &service.region));
        if is_elsewhere {
            let message = format!("the item of {} names another account or Region than the plan", source.short());
            return Err(placed(&pointer, message));
        }
        if plan.items[..index].last().is_some_and(|before| before.source.family >= source.family) {
            let message = format!("the item of {} is not in the order of the families", source.short());
            return Err(placed(&pointer, message));
        }
    }
    Ok(plan)
}

/// Whether the file names the run of another plan, because it was changed after Logweir wrote it.
pub fn is_changed(text: &str, plan: &RunPlan) -> bool {
    #[derive(Deserialize)]
    struct Named {
        run: Option<String>,
    }
    let named = serde_json::from_str::<Named>(text).ok().and_then(|named| named.run);
    named.is_some_and(|run| run != plan.id().as_str())
}

fn syntax(error: &serde_json::Error) -> PlanError {
    // The message of serde_json may repeat a text of the file.
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    PlanError {
        message: format!("the file is no plan: {}", shortened(message, LONGEST * 2)),
        // For an empty text, serde_json counts the column from 0.
        position: Some(Position { line: error.line(), column: error.column().max(1) }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan() -> Value {
        json!({
            "schema": "logweir.plan/1", "made": "2026-12-01T14:38:33Z", "logweir": "0.1.0", "mode": "register",
            "account": "111122223333", "region": "eu-west-1", "baseline_digest": "sha256:0", "canary": 0,
            "items": [
                {"source": "arn:aws:ecs:eu-west-1:111122223333:task-definition/api:1", "source_digest": "sha256:1"},
                {"source": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1", "source_digest": "sha256:1"},
            ],
        })
    }

    fn error(change: impl FnOnce(&mut Value)) -> String {
        let mut plan = plan();
        change(&mut plan);
        read(&plan.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn a_plan_is_read_and_written_back() {
        let read = read(&plan().to_string()).unwrap();
        assert_eq!(super::read(&serde_json::to_string(&read).unwrap()).unwrap(), read);
        assert_eq!(read.id(), super::read(&plan().to_string()).unwrap().id());
    }

    #[test]
    fn a_file_that_names_the_run_of_another_plan_was_changed() {
        let mut written = plan();
        let read_back = |written: &Value| read(&written.to_string()).unwrap();
        assert!(!is_changed(&written.to_string(), &read_back(&written)));
        written["run"] = read_back(&written).id().to_string().into();
        assert!(!is_changed(&written.to_string(), &read_back(&written)));
        written["items"].as_array_mut().unwrap().pop();
        assert!(is_changed(&written.to_string(), &read_back(&written)));
    }

    #[test]
    fn a_file_that_is_no_plan_is_refused_with_its_place() {
        let schema = error(|plan| plan["schema"] = "logweir.plan/99\u{1b}[31m".into());
        assert_eq!(schema, "this version of Logweir knows no plan with the schema `logweir.plan/99[31m`");
        assert!(error(|plan| plan["schema"] = Value::Null).contains("logweir.plan/1"));
        assert!(error(|plan| plan["items"][0]["source"] = "web:1".into()).contains("not the ARN"));
        let elsewhere = "arn:aws:ecs:eu-west-1:999999999999:task-definition/api:1";
        assert!(error(|plan| plan["items"][0]["source"] = elsewhere.into()).contains("another account"));
        assert!(error(|plan| plan["items"].as_array_mut().unwrap().reverse()).contains("order"));
        let early = error(|plan| plan["made"] = "-000001-01-01T00:00:00Z".into());
        assert!(early.contains("year"), "{early}");
        let twice = error(|plan| plan["items"][1] = plan["items"][0].clone());
        assert!(twice.contains("order"), "{twice}");
        let unknown = error(|plan| plan["canray"] = 1.into());
        assert_eq!(unknown, "this version of Logweir knows no member `canray` of a plan");
        assert!(error(|plan| plan["items"][0]["force"] = true.into()).contains("unknown field `force`"));
        assert_eq!(read("").unwrap_err().position, Some(Position { line: 1, column: 1 }));
        let found = read("{\n  \"schema\": \"x\"}").unwrap_err();
        assert_eq!(found.position.map(|at| at.line), Some(2), "{found:?}");
    }
}
