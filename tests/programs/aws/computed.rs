//! The nine members that ECS computes are what the SDK's own schemas say they are.

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::types::TaskDefinition;
use logweir::domain::ecs::task_definition::COMPUTED;

#[test]
fn the_members_that_only_an_answer_has_are_the_computed_ones() {
    let answered: BTreeSet<&str> =
        TaskDefinition::SCHEMA.members().iter().filter_map(|member| member.member_name()).collect();
    let sent: BTreeSet<&str> =
        RegisterTaskDefinitionInput::SCHEMA.members().iter().filter_map(|member| member.member_name()).collect();
    assert!(answered.contains("containerDefinitions") && sent.contains("tags"), "the schemas are not read right");
    let computed: BTreeSet<&str> = answered.difference(&sent).copied().collect();
    assert_eq!(computed, BTreeSet::from(COMPUTED));
    // What can be sent and never comes back in the document has its own way: it stands beside the document.
    let lost: Vec<&str> = sent.difference(&answered).copied().collect();
    assert_eq!(lost, ["tags"]);
}
