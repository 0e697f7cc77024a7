//! The nine members that ECS computes agree with the SDK's schemas.

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::types::TaskDefinition;
use logweir::domain::ecs::task_definition::COMPUTED;

#[test]
fn the_members_that_only_an_answer_has_are_the_computed_members() {
    let answered: BTreeSet<&str> =
        TaskDefinition::SCHEMA.members().iter().filter_map(|member| member.member_name()).collect();
    let sent: BTreeSet<&str> =
        RegisterTaskDefinitionInput::SCHEMA.members().iter().filter_map(|member| member.member_name()).collect();
    assert!(answered.contains("containerDefinitions") && sent.contains("tags"), "the schemas are not read right");
    let computed: BTreeSet<&str> = answered.difference(&sent).copied().collect();
    assert_eq!(computed, BTreeSet::from(COMPUTED));
    // Only tags can be sent and are not returned in the document. They are returned beside it.
    let lost: Vec<&str> = sent.difference(&answered).copied().collect();
    assert_eq!(lost, ["tags"]);
}
