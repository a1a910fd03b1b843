"""MiniStack's process, corrected from the outside where it strays from AWS in what routekeeper relies on.

What MiniStack 1.5.33 does, and the module here that does it as AWS does:

- An alarm mixes its metric over all dimensions, knows no periods and no missing data, and is looked at only when some
  metric arrives: `alarms`.
- The streams of all tables are delivered one batch after the other, without bisection, partial failures or a limit of
  retries: `streams`.
- A rule or schedule invokes a function without retries and without its failure destination: `event_targets`.
- Errors are counted of direct invocations only, queue lengths not at all: `service_metrics`.
- A function's output can be read only after its end: `function_output`.
- Policies know neither `dynamodb:LeadingKeys` nor `events:source`, and nothing outside of MiniStack can ask what a role
  may do: `condition_keys`, `permission_checks`.
- Nobody but its own services can say anything in AWS's name on the event bus: `aws_events`.
- Schedules are looked at every ten seconds, and so drift: `entry` makes it one.

This package runs under MiniStack's interpreter, which has MiniStack's libraries and not the project's.
"""
