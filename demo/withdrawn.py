"""A pipeline rolls back: Logweir retires the corrected revision of the revision that the pipeline deregistered."""

import account
import events
from telling import deliver, must, step

RESUME = {"logweir": "resume"}


def retire(stack, source, pipeline):
    """Continues with the deployed stack and a new family."""
    backout, table = stack["BackoutFunctionName"], stack["JournalTable"]

    step("A pipeline rolls back as CloudFormation does: the family's newest revision is again that of before the mistake")
    account.create_task_role("/ecs/", "cart")
    cart_1 = account.ecs("RegisterTaskDefinition", **source)["taskDefinition"]["taskDefinitionArn"]
    mistake = source | {"cpu": "512"}
    registered = account.ecs("RegisterTaskDefinition", **mistake)["taskDefinition"]
    cart_2 = registered["taskDefinitionArn"]
    corrected = deliver(stack, events.registered(mistake, registered, pipeline))["corrected"]
    must(account.revisions("cart") == [cart_1, cart_2, corrected], "cart:2 is corrected")
    account.ecs("DeregisterTaskDefinition", taskDefinition=cart_2)
    must(account.revisions("cart") == [cart_1, corrected], "the pipeline deregistered cart:2, but cart:3 has the same code")
    report = deliver(stack, events.deregistered(registered, pipeline))
    must((report["outcome"], report["reason"]) == ("skipped", "source-withdrawn"), "the function reports: source withdrawn")
    must(account.revisions("cart") == [cart_1, corrected], "cart:3 stays, because a service may use it")
    # Two searches for users of cart:3, at least ten minutes apart.
    account.move_retirement_back(table, cart_2, minutes=15)
    resumed, _ = account.invoke(backout, RESUME)
    must(resumed["reports"] == [] and account.revisions("cart") == [cart_1, corrected], "the first search finds no user")
    account.move_retirement_back(table, cart_2, minutes=10)
    [retired] = account.until(lambda: account.invoke(backout, RESUME)[0]["reports"], "the second search")
    must(retired["outcome"] == "retired", f"{backout} reports: retired")
    must(account.revisions("cart") == [cart_1], "cart:1 is the family's only ACTIVE revision, as before the mistake")
